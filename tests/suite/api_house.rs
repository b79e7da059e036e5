//! The house itself by the API: what the doctor found, who may sign in, which tokens there are.

use postduif::domain::role::Role;
use serde_json::{Value, json};

use crate::api::Caller;
use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::http::Answer;
use crate::kit::on_each_engine;

on_each_engine![
    who_may_what_in_the_house_is_told_and_taken_away_by_the_api_and_never_given,
    what_the_doctor_found_is_told_by_the_api_and_looked_at_anew,
];

fn who_may_what_in_the_house_is_told_and_taken_away_by_the_api_and_never_given(database: Database) {
    let served = Served::with(database);
    let (admin, editor) = (Caller::of(&served, Role::Admin), Caller::of(&served, Role::Editor));
    let by_id = |mut items: Vec<Value>| {
        items.sort_by_key(|item| item["id"].as_i64());
        items
    };
    let items = |answer: Answer| answer.json()["items"].as_array().expect("a list").clone();
    assert_eq!(editor.get("/tokens").status, 403);
    let tokens = items(admin.get("/tokens"));
    assert_eq!(tokens.len(), 2);
    let mut printed = by_id(served.cli(&["token", "list", "--json"]).json());
    // The token that asks was used in between.
    for (told, printed) in tokens.iter().zip(&mut printed) {
        printed["last_used_at"] = told["last_used_at"].clone();
    }
    assert_eq!(tokens, printed);
    let editors = tokens.iter().find(|token| token["role"] == "editor").expect("there is one")["id"].to_string();
    assert_eq!(editor.get("/editions").status, 200);
    let revoke = || admin.ask("DELETE", &format!("/tokens/{editors}"), None).status;
    assert_eq!((revoke(), revoke()), (204, 404));
    assert_eq!(editor.get("/editions").status, 401);
    assert_eq!(admin.post("/tokens", json!({"name": "another", "role": "admin"})).status, 405);

    for (email, role) in [("ada@example.org", "admin"), ("bob@example.org", "editor")] {
        served.cli_with(&["user", "add", email, "--role", role], "").done();
    }
    let page = admin.get("/users?limit=1").json();
    assert_eq!(page["items"].as_array().map(Vec::len), Some(1));
    let users = [
        items(admin.get("/users?limit=1")),
        items(admin.get(&format!("/users?cursor={}", page["next"].as_str().expect("there is more")))),
    ];
    let users = users.concat();
    assert_eq!(users, by_id(served.cli(&["user", "list", "--json"]).json()));
    let bob = users.iter().find(|user| user["email"] == "bob@example.org").expect("he is there")["id"].to_string();
    let shut = admin.post(&format!("/users/{bob}/disable"), json!({}));
    assert!(shut.status == 200 && shut.json()["disabled_at"].is_string(), "{}", shut.text());
    assert_eq!(admin.post("/users/9999/disable", json!({})).status, 404);
    for (place, status) in [("/users", 405), (&format!("/users/{bob}/enable"), 404)] {
        assert_eq!(admin.post(place, json!({})).status, status, "nobody is let in by a token");
    }
    let log = "select action || ' ' || target from audit_log where actor like 'token %' order by id";
    assert_eq!(served.database.texts(log).len(), 2, "{:?}", served.database.texts(log));
}

fn what_the_doctor_found_is_told_by_the_api_and_looked_at_anew(database: Database) {
    let served = Served::set(database, &[("offline", "true")]);
    let (admin, editor) = (Caller::of(&served, Role::Admin), Caller::of(&served, Role::Editor));
    assert_eq!(admin.get("/doctor").json(), json!({"at": null, "checks": []}));
    assert_eq!((editor.get("/doctor").status, editor.post("/doctor", json!({})).status), (403, 403));
    let looked = admin.post("/doctor", json!({}));
    assert!(looked.status == 200 && looked.json()["at"].is_string(), "{}", looked.text());
    let names = |checks: &[Value]| {
        let mut names: Vec<String> = checks.iter().map(|check| check["name"].to_string()).collect();
        names.sort();
        names
    };
    // It exits with 1 where something is broken, as no mail server is set here.
    let printed = served.cli(&["doctor", "--json", "--set", "offline=true"]).out;
    let printed: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    assert_eq!(names(looked.json()["checks"].as_array().expect("a list")), names(&printed));
    let told = admin.get("/doctor").json();
    for check in told["checks"].as_array().expect("a list") {
        assert!(printed.contains(check), "{check}");
    }
}
