//! The pages of docs/reference about the API, made of its own description.

use serde_json::Value;

use super::api::description;
use super::problem::CATALOGUE;

/// Every call in a line.
pub fn calls() -> String {
    let mut page =
        "# The API\n\nBelow `/api/v1`; JSON, with `Authorization: Bearer TOKEN` where nothing else is said. \
                    `GET /api/v1/openapi.json` says it all to programs: fields, parameters, answers.\n\n\
                    | call | does | answers |\n| --- | --- | --- |\n"
            .to_owned();
    let description = description();
    for (path, methods) in description["paths"].as_object().into_iter().flatten() {
        for (method, about) in methods.as_object().into_iter().flatten() {
            let words = |field: &str| about[field].as_str().unwrap_or_default().replace('\n', " ");
            let more = words("description");
            let more = if more.is_empty() { String::new() } else { format!(". {more}") };
            let public =
                about["security"].as_array().is_some_and(|all| all.contains(&Value::Object(Default::default())));
            let public = if public { " (no token)" } else { "" };
            let answers: Vec<&str> =
                about["responses"].as_object().into_iter().flatten().map(|(status, _)| status.as_str()).collect();
            page.push_str(&format!(
                "| `{} {path}`{public} | {}{more} | {} |\n",
                method.to_uppercase(),
                words("summary"),
                answers.join(", ")
            ));
        }
    }
    page
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
