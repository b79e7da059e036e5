//! Tokens of the API: each for what it was made for, for as long as it was made for.

use std::time::Duration;

use postduif::domain::role::Role;
use postduif::domain::scope::Scope;
use serde_json::Value;

use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::http::Answer;
use crate::kit::on_each_engine;

on_each_engine![
    a_token_does_what_its_scopes_name_and_nothing_else,
    a_token_is_made_at_the_command_line_for_a_year_and_for_what_is_said,
    a_token_is_made_at_the_desk_for_what_is_ticked,
    a_token_from_before_there_were_scopes_may_all_that_its_role_may,
];

fn call(served: &Served, token: &str, method: &str, place: &str) -> Answer {
    let ask = served.http.ask(method, place).header("authorization", &format!("Bearer {token}"));
    if ["GET", "DELETE"].contains(&method) { ask.send() } else { ask.send_body("{\"nonsense\": 1}") }
}

fn a_token_does_what_its_scopes_name_and_nothing_else(database: Database) {
    let served = Served::with(database);
    let description = served.http.get("/api/v1/openapi.json").json();
    let tokens: Vec<(Scope, String, String)> = (Scope::ALL.iter())
        .map(|scope| {
            let others: Vec<Scope> = Scope::ALL.iter().copied().filter(|other| other != scope).collect();
            let only = served.api_token_for(Role::Admin, &[*scope]);
            (*scope, only, served.api_token_for(Role::Admin, &others))
        })
        .collect();
    let mut seen = 0;
    for (path, methods) in description["paths"].as_object().expect("there are calls") {
        let place = path.replace("{slug}", "none").replace("{provider}", "none");
        let place = place.replace("{id}", "999999").replace("{delivery}", "999999");
        for (method, about) in methods.as_object().expect("each has methods") {
            let Some(needed) = about["security"][0]["token"][0].as_str() else { continue };
            let (_, only, others) = tokens.iter().find(|(scope, ..)| scope.as_str() == needed).expect("it is a scope");
            let method = method.to_uppercase();
            let refused = call(&served, others, &method, &place);
            assert_eq!(refused.status, 403, "{method} {place} without {needed}");
            let problem = refused.json();
            assert!(problem["type"] == "/api/docs#missing-scope", "{problem}");
            assert_eq!(problem["detail"], format!("this needs a token with the scope {needed}"));
            assert!(refused.header("www-authenticate").contains(&format!("scope=\"{needed}\"")));
            let let_in = call(&served, only, &method, &place).status;
            assert!(![401, 403, 500].contains(&let_in), "{method} {place} with {needed} alone: {let_in}");
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} calls need a scope");
    let head = served.http.ask("HEAD", "/api/v1/editions").header("authorization", &format!("Bearer {}", tokens[0].1));
    assert_eq!(head.send().status, 403);
}

fn a_token_is_made_at_the_command_line_for_a_year_and_for_what_is_said(database: Database) {
    let served = Served::with(database);
    let make = |more: &[&str]| -> Value {
        let words = [&["token", "create", "site", "--role", "editor", "--json"], more].concat();
        served.cli(&words).json().remove(0)
    };
    let usual = make(&[]);
    let scopes = usual["scopes"].as_array().expect("there are scopes");
    assert!(scopes.contains(&"editions:send".into()) && !scopes.contains(&"subscribers:read".into()), "{usual}");
    let span = |made: &Value| {
        let moment = |name: &str| made[name].as_str().expect("a moment").parse::<jiff::Timestamp>().expect("a moment");
        (moment("expires_at").duration_since(moment("created_at")).as_secs() + 60) / 3600
    };
    assert_eq!(span(&usual), 365 * 24);
    let small = make(&["--scope", "articles:write,editions:read", "--expires", "30"]);
    assert_eq!((&small["scopes"], span(&small)), (&serde_json::json!(["articles:write", "editions:read"]), 720));
    assert!(make(&["--expires", "never"])["expires_at"].is_null());
    let refused = |more: &[&str]| {
        let words = [&["token", "create", "site", "--role", "editor"], more].concat();
        served.cli(&words).err
    };
    assert!(refused(&["--scope", "subscribers:read"]).contains("needs the role admin"));
    assert!(refused(&["--scope", "everything"]).contains("choose one of"));
    assert!(refused(&["--expires", "2001-01-01T00:00:00Z"]).contains("has passed"));
    assert!(refused(&["--expires", "soon"]).contains("never"));
    let log = served.database.texts(
        "select actor || ' ' || target || ' ' || detail from audit_log where action = 'token.create' order by id",
    );
    assert_eq!(log[1], "command line site editor: articles:write editions:read");
}

fn a_token_is_made_at_the_desk_for_what_is_ticked(database: Database) {
    let served = Served::with(database);
    let admin = served.seat(Role::Admin);
    let make = |role: &str, ticks: &[&str]| {
        let mut fields = vec![("what", "token"), ("token_name", "site"), ("token_role", role)];
        fields.extend(ticks.iter().map(|tick| (*tick, "on")));
        fields.push(("token_expires", "2026-12-31"));
        admin.press("/admin/settings/users", &fields)
    };
    let made = make("editor", &["scope-editions-read"]);
    let text = made.text();
    let (_, rest) = text.split_once("<pre id=\"new-token\" tabindex=\"0\"><code>").expect("the token is shown");
    let token = rest.split('<').next().expect("it ends").to_owned();
    assert_eq!(call(&served, &token, "GET", "/api/v1/editions").status, 200);
    assert_eq!(call(&served, &token, "GET", "/api/v1/newsletters").status, 403);
    let page = admin.get("/admin/settings/users").text();
    assert!(page.contains("<code>editions:read</code>") && page.contains("2 February 2026"), "{page}");
    let beyond = make("viewer", &["scope-editions-send", "scope-editions-read"]);
    assert!(beyond.status == 400 && beyond.text().contains("editions:send needs the role editor"), "{}", beyond.text());
    served.wait(Duration::from_secs(334 * 24 * 3600));
    assert_eq!(call(&served, &token, "GET", "/api/v1/editions").status, 401, "its time is over");
}

fn a_token_from_before_there_were_scopes_may_all_that_its_role_may(database: Database) {
    let served = Served::with(database);
    let token = served.api_token(Role::Editor);
    served.database.sql("update api_tokens set scopes = null");
    assert_eq!(call(&served, &token, "GET", "/api/v1/editions").status, 200);
    let refused = call(&served, &token, "GET", "/api/v1/subscribers").json();
    assert_eq!(refused["type"], "/api/docs#not-allowed");
}
