//! The log of deeds: who did what, and from what to what.

use postduif::domain::role::Role;
use serde_json::json;

use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![whoever_changes_something_stands_in_the_log_with_it];

fn whoever_changes_something_stands_in_the_log_with_it(database: Database) {
    let served = Served::with(database);
    let bearer = format!("Bearer {}", served.api_token(Role::Admin));
    let call = |method: &str, place: &str, body: serde_json::Value| {
        let ask = served.http.ask(method, &format!("/api/v1{place}")).header("authorization", &bearer);
        let answer = ask.header("content-type", "application/json").send_body(&body.to_string());
        assert!(answer.status < 300, "{method} {place}: {}", answer.text());
        answer
    };
    call("PATCH", "/newsletters/ibp", json!({"four_eyes": true, "description": "x".repeat(200), "title": "Nieuw"}));
    call("PATCH", "/newsletters/ibp", json!({"title": "Nieuw"}));
    let article = json!({"section": "blogs", "title": "Wachten", "url": "https://www.example.nl/w"});
    let article = call("POST", "/newsletters/ibp/articles", article).json()["id"].to_string();
    call("PATCH", &format!("/articles/{}", article.trim_matches('"')), json!({"hidden": true}));
    let seat = served.seat(Role::Editor);
    let fields = [
        ("newsletter", "ibp"),
        ("section", "blogs"),
        ("title", "Zelf"),
        ("url", "https://www.example.nl/z"),
        ("summary", ""),
    ];
    assert_eq!(seat.press("/admin/articles/new", &fields).status, 303);
    served.cli(&["suppression", "add", "bob@example.nl"]).done();
    let told = served.database.texts(
        "select actor || ' | ' || action || ' | ' || detail from audit_log \
         where action in ('newsletter.edit', 'article.enter', 'article.change', 'suppression.add') order by id",
    );
    assert_eq!(
        told,
        [
            "token test | newsletter.edit | title: Nieuwsbrief IB&P → Nieuw; description; four_eyes: false → true",
            "token test | article.enter | Wachten",
            "token test | article.change | Wachten",
            "editor@example.org | article.enter | Zelf",
            "command line | suppression.add | ",
        ],
        "what changes nothing is no deed"
    );
    let log = served.seat(Role::Admin).get("/admin/settings/system").text();
    assert!(log.contains("changed the settings of ibp") && log.contains("four_eyes: false → true"), "{log}");
}
