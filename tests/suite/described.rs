//! The API answers as its description says, to thousands of requests that a stranger makes of it.

use std::process::Command;

use postduif::domain::role::Role;
use serde_json::json;

use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::{given, on_each_engine};

on_each_engine![every_answer_is_one_that_the_description_knows];

/// What the stranger looks at. Not whether all that fits the description is taken: a title that fits may be of an edition that is
/// gone, and an address that fits may be one that no mail reaches.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,negative_data_rejection,ignored_auth,unsupported_method";

fn every_answer_is_one_that_the_description_knows(database: Database) {
    let Some(schemathesis) = given("SCHEMATHESIS") else { return };
    let settings = [("smtp_url", "smtp://127.0.0.1:9?tls=none"), ("offline", "true"), ("signups_per_network", "0")];
    let served = Served::set(database, &settings);
    served.readers(3);
    let token = format!("Bearer {}", served.api_token(Role::Admin));
    for number in 1..4 {
        let url = format!("https://www.example.org/{number}");
        let article =
            json!({ "section": "blogs", "title": format!("Article {number}"), "url": url, "summary": "Words." });
        let ask = served.http.ask("POST", "/api/v1/newsletters/ibp/articles").header("authorization", &token);
        assert_eq!(ask.header("content-type", "application/json").send_body(&article.to_string()).status, 201);
    }
    let ask = served.http.ask("POST", "/api/v1/newsletters/ibp/editions").header("authorization", &token);
    assert_eq!(ask.send_body("").status, 201);

    // Fetching asks the network, which a test does not; and a stranger that revokes its own token sees no more.
    let output = Command::new(schemathesis)
        .current_dir(served.database.folder())
        .args(["run", &served.http.address("/api/v1/openapi.json"), "--header", &format!("Authorization: {token}")])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", "8", "--seed", "1"])
        .args(["--exclude-path-regex", "/fetch$|/tokens/", "--no-color"])
        .output()
        .expect("schemathesis starts");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
}
