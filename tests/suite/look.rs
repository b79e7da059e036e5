//! What a newsletter looks like of its own: a logo, one colour, and templates in a folder.

use postduif::domain::role::Role;
use serde_json::{Value, json};

use crate::kit::database::{Database, Engine};
use crate::kit::house::Served;
use crate::kit::on_each_engine;
use crate::kit::program::Program;

on_each_engine![a_logo_and_a_colour_are_set_checked_and_shown];

fn a_logo_and_a_colour_are_set_checked_and_shown(database: Database) {
    let served = Served::set(database, &[("public_url", "https://nieuws.example.nl")]);
    let bearer = format!("Bearer {}", served.api_token(Role::Admin));
    let api = |method: &str, place: &str, body: &Value| {
        let ask = served.http.ask(method, &format!("/api/v1{place}")).header("authorization", &bearer);
        ask.header("content-type", "application/json").send_body(&body.to_string())
    };
    let refused = api("PATCH", "/newsletters/ibp", &json!({"accent": "#ff9900"}));
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("is the nearest shade that can"), "{}", refused.text());
    let logo = json!({"url": "https://nieuws.example.nl/static/logo.png", "width": 200, "height": 50, "alt": "IB&P"});
    let mut insecure = logo.clone();
    insecure["url"] = json!("http://www.example.nl/logo.png");
    assert!(api("PATCH", "/newsletters/ibp", &json!({"logo": insecure})).text().contains("must begin with https://"));
    let mut nameless = logo.clone();
    nameless["alt"] = json!(" ");
    assert_eq!(api("PATCH", "/newsletters/ibp", &json!({"logo": nameless})).status, 400);

    let set = api("PATCH", "/newsletters/ibp", &json!({"accent": "#7A1FA2", "logo": logo, "test_required": true}));
    assert_eq!(set.status, 200, "{}", set.text());
    let set = set.json();
    assert_eq!((&set["accent"], &set["logo"], &set["test_required"]), (&json!("#7a1fa2"), &logo, &json!(true)));

    let article = json!({"section": "blogs", "title": "Een", "url": "https://www.example.nl/1", "summary": "Kort."});
    api("POST", "/newsletters/ibp/articles", &article);
    let edition = api("POST", "/newsletters/ibp/editions", &json!({})).json()["id"].to_string();
    let ask = served.http.ask("GET", &format!("/api/v1/editions/{edition}/preview.html"));
    let mail = ask.header("authorization", &bearer).send().text();
    let picture = "<img src=\"https://nieuws.example.nl/static/logo.png\" width=\"200\" height=\"50\" alt=\"IB&amp;P\"";
    assert!(mail.contains(picture), "{mail}");
    assert!(mail.contains("style=\"color:#7a1fa2\"") && !mail.contains("#0b5c8a"), "{mail}");

    let page = served.http.get("/n/ibp").text();
    assert!(page.contains("<img src=\"/static/logo.png\" width=\"200\" height=\"50\" alt=\"IB&amp;P\">"), "{page}");
    assert!(page.contains("href=\"/assets/accent-7a1fa2.css\""), "{page}");
    let style = served.http.get("/assets/accent-7a1fa2.css");
    assert_eq!((style.status, style.header("content-type")), (200, "text/css; charset=utf-8"));
    assert!(style.text().contains("--accent: #7a1fa2"), "{}", style.text());

    // A picture that lies elsewhere stands in the mail alone: our pages load nothing from others.
    let show = |arguments: &[&str]| served.cli(&[&["newsletter", "edit", "ibp", "--json"], arguments].concat());
    let elsewhere = "https://www.example.nl/logo.png";
    let picture = ["--logo-url", elsewhere, "--logo-width", "100", "--logo-height", "40", "--logo-alt", "IB&P"];
    assert_eq!(show(&picture).json()[0]["logo"]["url"], elsewhere);
    let page = served.http.get("/n/ibp").text();
    assert!(!page.contains("<img") && page.contains("<strong>IB&amp;P Voorbeeldadvies</strong>"), "{page}");
    let half = show(&["--logo-url", elsewhere]);
    assert!(half.code == 2 && half.err.contains("--logo-alt"), "{}", half.err);
    let plain = show(&["--no-logo", "--accent", ""]).json().remove(0);
    assert_eq!((&plain["logo"], &plain["accent"]), (&Value::Null, &Value::Null));
    assert!(!served.http.get("/n/ibp").text().contains("accent-"));
}

#[test]
fn a_fault_in_an_operators_template_stops_the_start_and_says_where_it_is() {
    let Some(database) = Database::fresh(Engine::Sqlite) else { return };
    let folder = database.folder().join("templates");
    std::fs::create_dir(&folder).expect("there is room for a folder");
    let template = include_str!("../../templates/newsletter.txt");
    let run = |text: &str, arguments: &[&str]| {
        std::fs::write(folder.join("newsletter.txt"), text).expect("there is room for a template");
        let arguments = [arguments, &["--database-url", database.url()]].concat();
        Program::new(database.folder(), &arguments)
            .env("POSTDUIF_TEMPLATES", folder.to_str().expect("a plain path"))
            .run()
    };
    let message = run(&template.replacen("{% endfor %}", "", 1), &["migrate"]).failed();
    assert!(
        message.starts_with("postduif: POSTDUIF_TEMPLATES: the template newsletter.txt does not work"),
        "{message}"
    );
    assert!(message.contains("(in newsletter.txt:"), "{message}");
    let message = run(&template.replace("{{ subject|upper|wrap }}", "\n{{ sujbect }}"), &["serve"]).failed();
    assert!(message.contains("undefined value") && message.contains("(in newsletter.txt:23)"), "{message}");
    let own = template.replace("{{ words.view_in_browser }}", "Online");
    let from = ["newsletter", "create", "ibp", "--title", "IBP", "--from", "IBP <a@example.org>"];
    run(&own, &from).done();
    let article =
        ["article", "add", "ibp", "--section", "blogs", "--title", "Een", "--url", "https://www.example.org/1"];
    run(&own, &article).done();
    run(&own, &["edition", "assemble", "ibp"]).done();
    let out = database.folder().join("out");
    run(&own, &["edition", "preview", "1", "--out", out.to_str().expect("a plain path")]).done();
    let text = std::fs::read_to_string(out.join("preview.txt")).expect("it was written");
    assert!(text.contains("Online: http"), "{text}");
}
