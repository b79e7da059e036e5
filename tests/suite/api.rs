//! The API for programs: who may do what, what comes back, and how it says what is wrong.

use postduif::domain::role::Role;
use serde_json::{Value, json};

use crate::kit::database::{Database, Engine};
use crate::kit::house::Served;
use crate::kit::http::Answer;
use crate::kit::on_each_engine;

on_each_engine![
    an_edition_is_made_changed_approved_and_let_go_by_the_api,
    without_a_mail_server_nothing_is_sent_and_the_answer_says_what_is_missing,
    a_post_that_mails_happens_once_for_one_key,
    people_are_listed_page_by_page_and_found_by_address,
    what_the_commands_tell_the_api_tells_as_well,
];

/// A mail server that is set and need not be there: the tests' houses have no workers.
const SERVER: &str = "smtp://127.0.0.1:1?tls=none";

/// Somebody with a token.
pub struct Caller<'a> {
    served: &'a Served,
    bearer: String,
}

impl<'a> Caller<'a> {
    pub fn of(served: &'a Served, role: Role) -> Self {
        Self { served, bearer: format!("Bearer {}", served.api_token(role)) }
    }

    pub fn ask(&self, method: &str, place: &str, body: Option<&Value>) -> Answer {
        self.with_key(method, place, body, None)
    }

    fn with_key(&self, method: &str, place: &str, body: Option<&Value>, key: Option<&str>) -> Answer {
        let mut ask = self.served.http.ask(method, &format!("/api/v1{place}")).header("authorization", &self.bearer);
        if let Some(key) = key {
            ask = ask.header("idempotency-key", key);
        }
        match body {
            Some(body) => ask.header("content-type", "application/json").send_body(&body.to_string()),
            None if method == "POST" => ask.send_body(""),
            None => ask.send(),
        }
    }

    pub fn get(&self, place: &str) -> Answer {
        self.ask("GET", place, None)
    }

    pub fn post(&self, place: &str, body: Value) -> Answer {
        self.ask("POST", place, Some(&body))
    }
}

fn an_edition_is_made_changed_approved_and_let_go_by_the_api(database: Database) {
    let served = Served::set(database, &[("smtp_url", SERVER)]);
    let editor = Caller::of(&served, Role::Editor);
    for (number, section) in [(1, "blogs"), (2, "blogs"), (3, "news")] {
        let article = json!({"section": section, "title": format!("Artikel {number}"),
            "url": format!("https://www.example.nl/{number}"), "summary": "Waar het over gaat."});
        let answer = editor.post("/newsletters/ibp/articles", article.clone());
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(editor.post("/newsletters/ibp/articles", article).status, 200, "the same again is no new one");
    }
    let listed = editor.get("/newsletters/ibp/articles?limit=2").json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
    let next = listed["next"].as_str().expect("there is another page");
    let rest = editor.get(&format!("/newsletters/ibp/articles?limit=2&cursor={next}")).json();
    assert_eq!((rest["items"].as_array().map(Vec::len), &rest["next"]), (Some(1), &Value::Null));

    let made = editor.ask("POST", "/newsletters/ibp/editions", None);
    assert_eq!(made.status, 201, "{}", made.text());
    let edition = made.json();
    let again = editor.ask("POST", "/newsletters/ibp/editions", None);
    assert_eq!((again.status, again.json()), (200, edition.clone()));
    assert_eq!(
        (&edition["newsletter"], &edition["number"], &edition["status"]),
        (&json!("ibp"), &json!(1), &json!("draft"))
    );
    let place = format!("/editions/{}", edition["id"]);
    assert_eq!(editor.get(&place).json(), edition);
    assert_eq!(edition["sections"][0]["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(edition["counts"]["accepted"], 0);
    assert_eq!(edition["started_at"], Value::Null);

    let mut sections = edition["sections"].clone();
    sections[0]["items"].as_array_mut().expect("a list").reverse();
    let first = sections[0]["items"][0]["title"].clone();
    for section in sections.as_array_mut().expect("a list") {
        section.as_object_mut().expect("an object").remove("title");
    }
    let change = json!({"subject": "Een ander onderwerp", "sections": sections, "version": edition["version"]});
    let changed = editor.ask("PATCH", &place, Some(&change));
    assert_eq!(changed.status, 200, "{}", changed.text());
    let changed = changed.json();
    assert_eq!(
        (&changed["subject"], &changed["sections"][0]["items"][0]["title"]),
        (&json!("Een ander onderwerp"), &first)
    );
    assert_eq!(editor.ask("PATCH", &place, Some(&change)).status, 409, "somebody else was quicker");

    for (ending, kind) in [("html", "text/html"), ("txt", "text/plain"), ("eml", "message/rfc822")] {
        let preview = editor.get(&format!("{place}/preview.{ending}"));
        assert_eq!(preview.status, 200, "{}", preview.text());
        assert!(preview.header("content-type").starts_with(kind), "{ending}");
    }
    assert!(editor.get(&format!("{place}/preview.html")).text().contains("Artikel 3"));

    let early = editor.ask("POST", &format!("{place}/send"), None);
    assert_eq!(early.status, 409);
    assert!(early.json()["detail"].as_str().is_some_and(|why| why.contains("Approve it first")), "{}", early.text());
    let preflight = editor.get(&format!("{place}/preflight")).json();
    assert_eq!(preflight["ok"], false, "nobody would get it: {preflight}");
    assert_eq!(editor.ask("POST", &format!("{place}/approve"), None).status, 409);
    let approved = editor.post(&format!("{place}/approve"), json!({"override": "een proef"}));
    assert_eq!(approved.status, 200, "{}", approved.text());
    assert_eq!(approved.json()["approved_by"], "token test");
    let sent = editor.ask("POST", &format!("{place}/send"), None);
    assert_eq!((sent.status, &sent.json()["status"]), (200, &json!("sending")));
    let paused = editor.post(&format!("{place}/pause"), json!({"reason": "even wachten"}));
    assert_eq!(paused.json()["pause_reason"], "even wachten");
    assert_eq!(editor.ask("POST", &format!("{place}/cancel"), None).json()["status"], "cancelled");
    assert_eq!(editor.get(&format!("{place}/deliveries")).json(), json!({"items": [], "next": null}));
    assert_eq!(editor.get("/editions?newsletter=ibp").json()["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(editor.get("/editions?newsletter=other").status, 404);

    let page = served.http.get("/n/ibp/archive");
    assert!(page.text().contains("Een ander onderwerp"), "what began to go out stands in the archive");
    let page = served.http.get("/n/ibp/archive/1");
    assert!(page.status == 200 && page.text().contains("Artikel 3"), "{}", page.text());
    assert!(served.http.get("/n/ibp/feed.xml").text().contains("<title>Een ander onderwerp</title>"));
    assert_eq!(served.http.get("/n/ibp/archive/2").status, 404);
}

fn without_a_mail_server_nothing_is_sent_and_the_answer_says_what_is_missing(database: Database) {
    let served = Served::with(database);
    let editor = Caller::of(&served, Role::Editor);
    let article =
        json!({"section": "blogs", "title": "Artikel", "url": "https://www.example.nl/1", "summary": "Kort."});
    assert_eq!(editor.post("/newsletters/ibp/articles", article).status, 201);
    let edition = editor.ask("POST", "/newsletters/ibp/editions", None).json();
    let place = format!("/editions/{}", edition["id"]);
    assert_eq!(editor.post(&format!("{place}/approve"), json!({"override": "een proef"})).status, 200);
    for (what, body) in [
        ("send", json!({})),
        ("send", json!({"at": "2999-01-01T09:00:00Z"})),
        ("test", json!({"to": ["a@example.nl"]})),
    ] {
        let refused = editor.post(&format!("{place}/{what}"), body);
        assert_eq!(refused.status, 409, "{}", refused.text());
        assert!(refused.json()["detail"].as_str().is_some_and(|why| why.contains("POSTDUIF_SMTP_URL")));
    }
    assert_eq!(editor.get(&place).json()["status"], "approved", "nothing has changed");
    assert!(served.letters().is_empty());
}

fn a_post_that_mails_happens_once_for_one_key(database: Database) {
    let served = Served::set(database, &[("smtp_url", SERVER)]);
    let editor = Caller::of(&served, Role::Editor);
    let article = json!({"section": "blogs", "title": "Artikel", "url": "https://www.example.nl/1"});
    assert_eq!(editor.post("/newsletters/ibp/articles", article).status, 201);
    let edition = editor.ask("POST", "/newsletters/ibp/editions", None).json();
    let place = format!("/editions/{}/test", edition["id"]);
    let to = json!({"to": ["ada@example.nl", "postmaster@example.nl"]});
    let first = editor.with_key("POST", &place, Some(&to), Some("one"));
    assert_eq!((first.status, first.json()), (202, json!({"queued": 2})));
    let again = editor.with_key("POST", &place, Some(&to), Some("one"));
    assert_eq!((again.status, again.json()), (202, json!({"queued": 2})));
    assert_eq!(served.letters().len(), 2);
    let other = editor.with_key("POST", &place, Some(&json!({"to": ["bob@example.nl"]})), Some("one"));
    assert_eq!(other.status, 409);
    // What came to nothing may be tried again under its key.
    let none = json!({"to": []});
    assert_eq!(editor.with_key("POST", &place, Some(&none), Some("two")).status, 400);
    assert_eq!(editor.with_key("POST", &place, Some(&to), Some("two")).status, 202);
    assert_eq!(served.letters().len(), 4);
    let another = Caller::of(&served, Role::Editor);
    assert_eq!(another.with_key("POST", &place, Some(&to), Some("one")).status, 202, "a key is its caller's own");
    assert_eq!(served.letters().len(), 6);
}

fn people_are_listed_page_by_page_and_found_by_address(database: Database) {
    let served = Served::set(database, &[("signups_per_network", "0"), ("signups_total", "0")]);
    let body = |email: &str| json!({"newsletter": "ibp", "email": email, "language": "en"});
    let known = served.http.post_json("/api/v1/subscriptions", &body("ada@example.nl"));
    assert_eq!(known.status, 202, "{}", known.text());
    let again = served.http.post_json("/api/v1/subscriptions", &body("ada@example.nl"));
    let other = served.http.post_json("/api/v1/subscriptions", &body("bob@example.nl"));
    assert_eq!((again.status, again.text(), other.text()), (202, known.text(), known.text()));
    served.confirmed("carl@example.nl");

    let admin = Caller::of(&served, Role::Admin);
    let first = admin.get("/subscribers?limit=2").json();
    assert_eq!(first["items"].as_array().map(Vec::len), Some(2));
    let cursor = first["next"].as_str().expect("there is another page");
    let second = admin.get(&format!("/subscribers?limit=2&cursor={cursor}")).json();
    assert_eq!(second["items"][0]["email"], "carl@example.nl");
    assert_eq!(second["next"], Value::Null);
    let confirmed = admin.get("/subscribers?newsletter=ibp&status=confirmed").json();
    assert_eq!(confirmed["items"].as_array().map(Vec::len), Some(1));
    let found = admin.post("/subscribers/_search", json!({"email": "ADA@example.nl"})).json();
    assert_eq!(found["items"][0]["language"], "en");
    assert_eq!(found["items"][0]["subscriptions"][0]["newsletter"], "ibp");
    assert_eq!(found["items"][0]["subscriptions"][0]["status"], "pending");
    let one = admin.get(&format!("/subscribers/{}", found["items"][0]["id"])).json();
    assert_eq!(one, found["items"][0]);
    assert_eq!(admin.get("/subscribers/999999").status, 404);

    let dora = json!({"newsletter": "ibp", "email": "dora@example.nl", "consent": "op papier, 3 mei 2025"});
    let added = admin.post("/subscribers", dora.clone());
    assert_eq!((added.status, &added.json()["subscriptions"][0]["status"]), (201, &json!("confirmed")));
    assert_eq!(admin.post("/subscribers", dora.clone()).status, 200);
    served.database.sql("update subscriptions set status = 'unsubscribed' where confirmed_at is not null");
    assert_eq!(admin.post("/subscribers", dora).status, 409, "who left is not brought back");
}

#[test]
fn a_role_may_do_what_is_its_own_and_nobody_without_a_token() {
    let Some(database) = Database::fresh(Engine::Sqlite) else { return };
    let served = Served::with(database);
    let places = [
        ("GET", "/newsletters", Role::Viewer),
        ("GET", "/newsletters/ibp", Role::Viewer),
        ("GET", "/editions", Role::Viewer),
        ("POST", "/newsletters/ibp/articles", Role::Editor),
        ("POST", "/newsletters/ibp/editions", Role::Editor),
        ("POST", "/editions/1/send", Role::Editor),
        ("POST", "/newsletters", Role::Admin),
        ("PATCH", "/newsletters/ibp", Role::Admin),
        ("POST", "/newsletters/ibp/sources", Role::Admin),
        ("GET", "/subscribers", Role::Admin),
        ("GET", "/suppressions", Role::Admin),
    ];
    let callers = [Role::Viewer, Role::Editor, Role::Admin].map(|role| (role, Caller::of(&served, role)));
    for (method, place, needed) in places {
        let nobody = served.http.ask(method, &format!("/api/v1{place}"));
        let nobody = if method == "GET" { nobody.send() } else { nobody.send_body("") };
        assert_eq!((nobody.status, nobody.header("www-authenticate")), (401, "Bearer"), "{place}");
        for (role, caller) in &callers {
            let answer = caller.ask(method, place, (method != "GET").then(|| json!({"nonsense": 1})).as_ref());
            let refused = answer.status == 403;
            assert_eq!(refused, !role.may(needed), "{role} {method} {place}: {}", answer.text());
        }
    }
    let wrong = served.http.ask("GET", "/api/v1/newsletters").header("authorization", "Bearer pd_live_wrong").send();
    assert_eq!(wrong.status, 401);
    served.database.sql("update api_tokens set revoked_at = 1");
    assert_eq!(callers[2].1.get("/newsletters").status, 401, "a revoked token is dead at once");
}

#[test]
fn input_that_is_wrong_is_told_with_every_fault_and_its_field() {
    let Some(database) = Database::fresh(Engine::Sqlite) else { return };
    let served = Served::with(database);
    let admin = Caller::of(&served, Role::Admin);
    let fields = |answer: &Answer| -> Vec<String> {
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (400, "application/problem+json"),
            "{}",
            answer.text()
        );
        let problem = answer.json();
        assert_eq!((&problem["type"], &problem["status"]), (&json!("/api/docs#bad-input"), &json!(400)));
        let errors = problem["errors"].as_array().expect("a list of faults").clone();
        let mut fields: Vec<String> =
            errors.iter().map(|fault| fault["field"].as_str().expect("a field").to_owned()).collect();
        fields.sort_unstable();
        fields
    };
    let unknown = admin.post("/newsletters", json!({"slug": "x", "role": "admin", "review_days": "seven"}));
    assert_eq!(fields(&unknown), ["from", "review_days", "role", "title"]);
    let all = admin.post("/newsletters", json!({"slug": "A B", "title": "", "from": "x", "unknown": 1}));
    assert_eq!(fields(&all), ["from", "slug", "title", "unknown"]);
    let change =
        admin.ask("PATCH", "/newsletters/ibp", Some(&json!({"title": "", "review_days": "x", "language": "fr"})));
    assert_eq!(fields(&change), ["language", "review_days", "title"]);
    let article = json!({"section": "x", "title": "", "url": "ftp://x", "published": "yesterday"});
    assert_eq!(fields(&admin.post("/newsletters/ibp/articles", article)), ["published", "section", "title", "url"]);
    let webhook = json!({"url": "x", "events": ["nope"]});
    assert_eq!(fields(&admin.post("/webhooks", webhook)), ["events", "url"]);
    let source = json!({"url": "x", "section": "x", "category_sections": {"A": "y"}, "allow_private": "no"});
    let source = fields(&admin.post("/newsletters/ibp/sources", source));
    assert_eq!(source, ["allow_private", "category_sections", "section", "url"]);
    let person = json!({"email": "ada@example.nl", "newsletter": "ibp", "consent": "", "language": "fr"});
    assert_eq!(fields(&admin.post("/subscribers", person)), ["consent", "language"]);
    let asked = json!({"newsletter": "ibp", "email": "anna@gemeente", "language": "fr"});
    assert_eq!(fields(&served.http.post_json("/api/v1/subscriptions", &asked)), ["email", "language"]);
    assert_eq!(served.database.texts("select slug from newsletters"), ["ibp"], "nothing was made");
    let faulty = admin.post("/newsletters", json!({"slug": "No Slug", "title": "", "max_per_year": 0}));
    assert_eq!(fields(&faulty), ["from", "max_per_year", "slug", "title"]);
    assert_eq!(fields(&admin.post("/newsletters/ibp/articles", json!({}))), ["section", "title"]);
    assert_eq!(fields(&admin.post("/subscribers/_search", json!({"email": "anna@gemeente"}))), ["email"]);
    assert_eq!(fields(&admin.get("/editions?limit=0&cursor=x")), ["cursor", "limit"]);
    assert_eq!(fields(&admin.get("/editions?sort=id")), ["sort"]);
    // What is wrong with the shape of one parameter hides nothing of the others.
    assert_eq!(
        fields(&admin.get("/subscribers?limit=0&status=asleep&cursor=x&colour=red")),
        ["colour", "cursor", "limit", "status"]
    );
    assert_eq!(fields(&admin.get("/newsletters/ibp/articles?limit=many&cursor=x")), ["cursor", "limit"]);
    assert_eq!(fields(&admin.get("/newsletters/ibp/articles?limit=900&cursor=x")), ["cursor", "limit"]);
    assert_eq!(fields(&admin.get("/subscribers?status=asleep")), ["status"]);
    assert_eq!(admin.post("/newsletters", json!([1])).status, 400);
    let deep = admin.served.http.ask("POST", "/api/v1/newsletters").header("authorization", &admin.bearer);
    let deep = deep.header("content-type", "application/json").send_body(&"[".repeat(100_000));
    assert_eq!(deep.status, 400);
    let form = admin.served.http.ask("POST", "/api/v1/newsletters").header("authorization", &admin.bearer);
    assert_eq!(form.header("content-type", "text/plain").send_body("{}").status, 415);
    assert_eq!(admin.get("/editions/one").status, 404);
    assert_eq!(admin.get("/editions/99").json()["detail"], "there is no edition 99");
    let method = admin.ask("DELETE", "/newsletters", None);
    assert_eq!((method.status, method.json()["type"].clone()), (405, json!("/api/docs#method")));
    assert!(method.header("allow").contains("GET"), "{}", method.header("allow"));
    let taken = admin.post("/newsletters", json!({"slug": "ibp", "title": "x", "from": "a@example.nl"}));
    assert_eq!(taken.status, 409);
    let private = served.http.post_json("/api/v1/subscriptions", &json!({"newsletter": "1", "email": "a@example.nl"}));
    assert_eq!(private.status, 404, "a newsletter is known by its slug, not by its id");
}

#[test]
fn the_api_describes_itself_to_programs_and_to_people() {
    let Some(database) = Database::fresh(Engine::Sqlite) else { return };
    let served = Served::with(database);
    let answer = served.http.get("/api/v1/openapi.json");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, "*"));
    assert_eq!(answer.header("api-version"), env!("CARGO_PKG_VERSION"));
    let description = answer.json();
    assert!(description["openapi"].as_str().is_some_and(|version| version.starts_with("3.")));
    for (path, methods) in description["paths"].as_object().expect("there are paths") {
        for (method, call) in methods.as_object().expect("there are methods") {
            assert!(call["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path} says what it does");
            assert!(!call["responses"].as_object().expect("there are answers").is_empty());
        }
    }
    let text = answer.text();
    for part in text.split("\"$ref\":\"#/").skip(1) {
        let place = part.split('"').next().expect("the text ends");
        assert!(description.pointer(&format!("/{place}")).is_some(), "{place} is described");
    }
    let page = served.http.get("/api/docs");
    assert!(page.status == 200 && page.text().contains("/api/v1/editions/{id}/approve"), "{}", page.text());
    assert!(page.text().contains("id=\"rate-limited\"") && !page.text().contains("<script"));
}

fn what_the_commands_tell_the_api_tells_as_well(database: Database) {
    let served = Served::set(database, &[("smtp_url", SERVER)]);
    let (viewer, editor) = (Caller::of(&served, Role::Viewer), Caller::of(&served, Role::Editor));
    let admin = Caller::of(&served, Role::Admin);

    let schedule = viewer.get("/newsletters/ibp/schedule?from=2026-03-01T00:00:00Z&count=2").json();
    let printed =
        served.cli(&["schedule", "ibp", "--from", "2026-03-01T01:00:00+01:00", "--count", "2", "--json"]).json();
    assert_eq!(schedule["items"].as_array(), Some(&printed));
    assert_eq!(viewer.get("/newsletters/ibp/schedule?count=0").status, 400);
    assert_eq!(viewer.get("/newsletters/ibp/schedule").json()["items"].as_array().map(Vec::len), Some(4));
    assert_eq!(viewer.get("/newsletters/nothing/schedule").status, 404);

    let article = json!({"section": "blogs", "title": "Een", "url": "https://www.example.nl/1"});
    assert_eq!(editor.post("/newsletters/ibp/articles", article).status, 201);
    let id = editor.post("/newsletters/ibp/editions", json!({})).json()["id"].to_string();
    let report = viewer.get(&format!("/editions/{id}/report"));
    assert_eq!(report.status, 200, "{}", report.text());
    assert_eq!(report.json(), served.cli(&["edition", "report", &id, "--json"]).json().remove(0));
    assert_eq!(viewer.get("/editions/9999/report").status, 404);

    served.confirmed("ada@example.org");
    let found = admin.post("/subscribers/_search", json!({"email": "ada@example.org"})).json();
    let place = format!("/subscribers/{}/unsubscribe", found["items"][0]["id"]);
    assert_eq!(editor.post(&place, json!({})).status, 403);
    assert_eq!(admin.post(&place, json!({"newsletter": "nothing"})).status, 404);
    for _ in 0..2 {
        let ended = admin.post(&place, json!({"newsletter": "ibp"}));
        assert_eq!((ended.status, &ended.json()["subscriptions"][0]["status"]), (200, &json!("unsubscribed")));
    }
    assert_eq!(admin.post("/subscribers/9999/unsubscribe", json!({})).status, 404);

    let ask = || admin.post("/newsletters/ibp/reconfirm", json!({"dry_run": true}));
    assert_eq!(ask().status, 409, "this newsletter does not ask");
    served.cli(&["newsletter", "edit", "ibp", "--reconfirm-after-months", "6"]).done();
    assert_eq!(ask().json(), json!({"asked": 0, "unanswered": 0, "dry_run": true}));

    let list = |csv: &str| json!({"csv": csv, "consent": "a paper list", "name": "paper.csv"});
    let take = |body: Value| admin.post("/newsletters/ibp/imports", body);
    assert_eq!(editor.post("/newsletters/ibp/imports", list("email\na@example.org\n")).status, 403);
    let broken = take(list("email,name\nbob@example.org\n"));
    assert_eq!((broken.status, &broken.json()["errors"][0]["field"]), (400, &json!("csv")), "{}", broken.text());
    assert_eq!(take(json!({"csv": "email\nbob@example.org\n", "consent": " "})).status, 400);
    let mut tried = list("email\nbob@example.org\nnobody\nada@example.org\n");
    tried["dry_run"] = true.into();
    let counts = json!({"rows": 3, "imported": 1, "unchanged": 0, "suppressed": 1, "rejected": 1});
    let came_to =
        |answer: &Value| counts.as_object().expect("an object").iter().all(|(name, count)| answer[name] == *count);
    let dry = take(tried.clone());
    assert!(dry.status == 200 && came_to(&dry.json()) && dry.json()["batch"].is_null(), "{}", dry.text());
    assert_eq!(dry.json()["rejects"][0]["line"], 3);
    tried["dry_run"] = false.into();
    let taken = take(tried);
    assert!(taken.status == 201 && came_to(&taken.json()), "{}", taken.text());
    let undo = || admin.ask("DELETE", &format!("/imports/{}", taken.json()["batch"]), None);
    assert_eq!((undo().json()["subscriptions"].clone(), undo().status), (json!(1), 200));
    assert_eq!(admin.ask("DELETE", "/imports/9999", None).status, 404);
}
