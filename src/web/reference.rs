//! The pages of docs/reference about the web: problems, made of their catalogue, and calls, made of their description.

use std::fmt::Write as _;

use serde_json::Value;

use super::problem::CATALOGUE;

/// Every call of the API: what it does, who may, what it takes and answers.
pub fn api() -> String {
    let description = super::api::description();
    let mut page = String::from(
        "# The HTTP API\n\nThe same as `/api/v1/openapi.json`, which `/api/docs` shows, in short. Calls want \
         `Authorization: Bearer TOKEN` (`postduif token create`) unless they are public; lists take `limit` and `cursor`; \
         every fault is a [problem](problems.md). Any call \
         may be answered with 401 or 403 (the token), 405, 429 and 503; one with a body also with 400, 408, 413 and 415.\n\n\
         Some things are no call on purpose. A token can tell who may sign in and which tokens there are, shut users out and \
         revoke tokens; it cannot let anybody in or make a token, because one that leaked would then outlive its own end. At the \
         desk an administrator proves who they are before that, at the command line the machine does. `backup`, `restore`, \
         `migrate` and `config` touch everybody's addresses, the secret key or the machine itself, and stay with whoever has a \
         shell on it; `feedback parse`, `source check` and `demo` are for a terminal. What comes of `backup` is in the metrics and \
         in what the doctor says.\n",
    );
    let none = serde_json::Map::new();
    for (path, methods) in description["paths"].as_object().unwrap_or(&none) {
        for (method, call) in methods.as_object().unwrap_or(&none) {
            // Writing to a String cannot fail.
            let _ = writeln!(page, "\n## `{} {path}`\n", method.to_uppercase());
            for text in [&call["summary"], &call["description"]].into_iter().filter_map(Value::as_str) {
                let _ = writeln!(page, "{text}\n");
            }
            if call["security"].as_array().is_some_and(Vec::is_empty) || call["security"] == serde_json::json!([{}]) {
                let _ = writeln!(page, "Public.\n");
            }
            if let Some(scope) = call["security"][0]["token"][0].as_str() {
                let _ = writeln!(page, "Needs the scope `{scope}`.\n");
            }
            for parameter in call["parameters"].as_array().into_iter().flatten() {
                let text = parameter["description"].as_str().unwrap_or_default();
                let name = parameter["name"].as_str().unwrap_or_default();
                let place = parameter["in"].as_str().unwrap_or_default();
                let _ = writeln!(page, "{}", format!("- `{name}` ({place}) {text}").trim_end());
            }
            if let Some(body) = call.pointer("/requestBody/content/application~1json/schema") {
                let _ = writeln!(page, "- Body: {}", shape(description, body));
            }
            let told =
                |status: &str| !["400", "401", "403", "405", "408", "413", "415", "429", "503"].contains(&status);
            for (status, answer) in
                call["responses"].as_object().unwrap_or(&none).iter().filter(|(status, _)| told(status))
            {
                let what = answer.pointer("/content/application~1json/schema").map(|schema| shape(description, schema));
                let words = what.as_deref().or(answer["description"].as_str()).filter(|words| !words.is_empty());
                let _ = writeln!(page, "- {status}: {}", words.unwrap_or("done"));
            }
        }
    }
    page
}

/// The names in an object, those that must be there first; what may be left out carries a question mark.
fn shape(description: &Value, schema: &Value) -> String {
    let schema = match schema["$ref"].as_str() {
        Some(place) => description.pointer(place.trim_start_matches('#')).unwrap_or(schema),
        None => schema,
    };
    let Some(properties) = schema["properties"].as_object() else { return String::new() };
    let must: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let (first, rest): (Vec<&String>, Vec<&String>) = properties.keys().partition(|name| must.contains(&name.as_str()));
    let names = first.iter().map(|name| format!("`{name}`")).chain(rest.iter().map(|name| format!("`{name}`?")));
    names.collect::<Vec<_>>().join(", ")
}

/// Every kind of problem in a line.
pub fn problems() -> String {
    let rows: String =
        CATALOGUE.iter().map(|(kind, status, title)| format!("| `{kind}` | {status} | {title} |\n")).collect();
    format!(
        "# Problems\n\nWhat goes wrong is answered as `application/problem+json` (RFC 9457). `type` ends in one of these \
         words; `detail` says it of this request, `errors` names every field that is wrong, and `request_id` is the one in \
         the log and in the header `X-Request-Id`.\n\n| type | status | title |\n| --- | --- | --- |\n{rows}"
    )
}
