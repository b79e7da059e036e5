//! Every page and mail against the HTML standard, by a validator that is not ours.

use std::process::Command;
use std::time::Duration;

use postduif::domain::role::Role;
use postduif::flows::articles::{EnteredArticle, enter};

use crate::accessible::archived_edition;
use crate::kit::database::{Database, Engine};
use crate::kit::given;
use crate::kit::house::Served;

/// Lets html-validate read these pages, each with a name, if it is here.
pub fn judge(pages: &[(String, String)]) {
    let Some(validator) = given("HTML_VALIDATE") else { return };
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("it can be written");
        file
    };
    let rules = write("rules.json", r#"{"root": true, "extends": ["html-validate:standard"]}"#);
    let files = pages.iter().enumerate().map(|(number, (_, text))| write(&format!("{number}.html"), text));
    let judged = Command::new(validator).arg("--config").arg(rules).args(files).output().expect("it runs");
    let names: Vec<_> =
        pages.iter().enumerate().map(|(number, (name, _))| format!("{number}.html is {name}")).collect();
    let said = [judged.stdout, judged.stderr].concat();
    assert!(judged.status.success(), "{}{}", String::from_utf8_lossy(&said), names.join("\n"));
}

#[test]
fn every_page_is_what_the_standard_calls_html() {
    let Some(database) = Database::fresh(Engine::Sqlite) else { return };
    let served = Served::set(database, &[("smtp_url", "smtp://127.0.0.1:9?tls=none"), ("offline", "true")]);
    let leave = served.confirmed("ada@example.nl");
    served.subscribe("ben@example.nl");
    served.form("/p", &[("email", "ada@example.nl")]);
    let (confirm, identity) = (served.token("ben@example.nl"), served.token("ada@example.nl"));
    archived_edition(&served);
    let mut pages = Vec::new();
    let places = ["/", "/n/ibp", "/n/ibp/embed", "/n/ibp/check-inbox", "/n/ibp/archive", "/n/ibp/archive/1", "/p"];
    let tokens = [format!("/c/{confirm}"), format!("/p/{identity}"), format!("/u/{leave}"), "/u/broken".to_owned()];
    let others = ["/nothing/here", "/api/docs", "/admin/login", "/admin/forgotten"];
    for place in places.into_iter().chain(tokens.iter().map(String::as_str)).chain(others) {
        for language in ["nl", "en"] {
            pages.push((place.to_owned(), served.http.get(&format!("{place}?language={language}")).text()));
        }
    }
    pages.push(("the form with a fault".to_owned(), served.form("/n/ibp/subscribe", &[("email", "nobody")]).text()));

    let seat = served.seat(Role::Admin);
    served.database.sql("update editions set status = 'sent', finished_at = started_at");
    served.wait(Duration::from_secs(60));
    let article = EnteredArticle {
        section: "blogs".into(),
        title: "“Vijf” < zes & zeven".into(),
        url: "https://www.example.nl/?a=1&b=2".into(),
        summary: "Een <b>.".into(),
        published: None,
    };
    served.run(enter(&served.house, "ibp", article)).expect("an article is entered");
    let made = seat.press("/admin/editions", &[("newsletter", "ibp")]);
    let open = made.header("location").split("/content").next().expect("it leads to the content").to_owned();
    let desk = ["/admin", "/admin/editions", "/admin/articles", "/admin/subscribers", "/admin/subscribers/new"];
    let more = ["/admin/import", "/admin/suppressions", "/admin/retention", "/admin/account"];
    let settings = ["sender", "sources", "form", "users", "system"].map(|tab| format!("/admin/settings/{tab}"));
    let tabs = ["content", "check", "preview", "send", "result"].map(|tab| format!("{open}/{tab}"));
    for place in desk.into_iter().chain(more).chain(settings.iter().chain(&tabs).map(String::as_str)) {
        let answer = seat.get(place);
        assert_eq!(answer.status, 200, "{place}");
        pages.push((place.to_owned(), answer.text()));
    }
    let edition = open.rsplit('/').next().expect("it has a number").to_owned();
    let token = served.api_token(Role::Admin);
    let preview = served.http.ask("GET", &format!("/api/v1/editions/{edition}/preview.html"));
    pages.push(("the mail".to_owned(), preview.header("authorization", &format!("Bearer {token}")).send().text()));
    assert!(pages.iter().all(|(place, text)| text.contains("<html") || place.starts_with('/')), "they are pages");
    judge(&pages);
}
