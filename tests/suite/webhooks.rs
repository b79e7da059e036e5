//! Outgoing webhooks: told once something has happened, signed, told again until heard, and never where they must not go.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postduif::domain::role::Role;
use postduif::flows::webhooks::tell_due;
use serde_json::{Value, json};

use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::http::Answer;
use crate::kit::on_each_engine;

on_each_engine![
    what_happens_to_people_and_editions_is_told_signed_and_without_addresses,
    who_does_not_answer_is_told_again_and_who_is_gone_no_more,
    private_networks_are_not_called_unless_that_is_set,
    a_secret_is_replaced_while_both_sign_and_who_was_gone_is_told_again,
    only_admins_say_who_is_told,
    a_list_of_suppressions_is_told_for_each_subscriber_and_for_no_stranger,
];

/// Somebody who listens: gives each answer in turn, the last one for ever, and passes on what came.
fn listener(answers: &'static [u16]) -> (String, Receiver<(String, String)>) {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}/hook", socket.local_addr().expect("it is bound"));
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for (at, stream) in socket.incoming().enumerate() {
            let Ok(mut stream) = stream else { return };
            let mut bytes = Vec::new();
            let mut buffer = [0; 4096];
            let (head, body) = loop {
                let read = stream.read(&mut buffer).unwrap_or(0);
                bytes.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if let Some((head, body)) = text.split_once("\r\n\r\n") {
                    let length = head
                        .lines()
                        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                    if body.len() >= length.unwrap_or(0) {
                        break (head.to_owned(), body.to_owned());
                    }
                }
                if read == 0 {
                    break (text, String::new());
                }
            };
            let status = answers[at.min(answers.len() - 1)];
            let _ = write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            if tell.send((head, body)).is_err() {
                return;
            }
        }
    });
    (url, told)
}

fn served(database: Database) -> (Served, String) {
    let served = Served::set(database, &[("webhooks_private", "true")]);
    let token = served.api_token(Role::Admin);
    (served, token)
}

fn call(served: &Served, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let ask = served.http.ask(method, &format!("/api/v1{path}")).header("authorization", &format!("Bearer {token}"));
    if *body == Value::Null {
        return ask.send();
    }
    ask.header("content-type", "application/json").send_body(&body.to_string())
}

fn due(served: &Served) -> usize {
    served.run(tell_due(&served.house)).expect("what is due is told")
}

fn what_happens_to_people_and_editions_is_told_signed_and_without_addresses(database: Database) {
    let (served, token) = served(database);
    let (url, told) = listener(&[200]);
    let added = call(&served, &token, "POST", "/webhooks", &json!({ "url": url }));
    assert_eq!(added.status, 201, "{}", added.text());
    let secret = added.json()["secret"].as_str().expect("it is shown once").to_owned();
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("as the specification writes it")).expect("base64");
    assert!((24..=64).contains(&key.len()));
    assert!(call(&served, &token, "GET", "/webhooks", &Value::Null).json()["items"][0]["secret"].is_null());

    let leave = served.confirmed("ada@example.org");
    served.form(&format!("/u/{leave}"), &[("List-Unsubscribe", "One-Click")]);
    assert_eq!(due(&served), 2);
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (head, body) = told.recv_timeout(Duration::from_secs(20)).expect("it is told");
        let header = |name: &str| {
            let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")));
            line.expect("the header is there").split_once(": ").expect("it has a value").1.to_owned()
        };
        let signed = format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp"));
        let tag = STANDARD.decode(header("webhook-signature").strip_prefix("v1,").expect("version 1")).expect("base64");
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes(), &tag).expect("it is ours");
        assert!(head.to_lowercase().contains("content-type: application/json") && !body.contains("ada"), "{body}");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        assert!(body["timestamp"].is_string() && body["data"]["newsletter"] == "ibp", "{body}");
        ids.push((body["type"].as_str().expect("a type").to_owned(), header("webhook-id")));
    }
    ids.sort();
    assert_eq!((ids[0].0.as_str(), ids[1].0.as_str()), ("subscriber.confirmed", "subscriber.unsubscribed"));
    assert_ne!(ids[0].1, ids[1].1);

    let listed = call(&served, &token, "GET", "/webhooks/1/deliveries", &Value::Null).json();
    assert_eq!(
        (listed["items"][0]["state"].as_str(), listed["items"][0]["attempts"].as_i64()),
        (Some("delivered"), Some(1))
    );
    // Told again it has the id it had.
    let replay = format!("/webhooks/1/deliveries/{}/replay", listed["items"][1]["id"]);
    assert_eq!(call(&served, &token, "POST", &replay, &Value::Null).status, 202);
    assert_eq!(due(&served), 1);
    let (head, _) = told.recv_timeout(Duration::from_secs(20)).expect("it is told again");
    assert!(head.contains(&ids[0].1), "{head}");
}

fn who_does_not_answer_is_told_again_and_who_is_gone_no_more(database: Database) {
    let (served, token) = served(database);
    let (url, told) = listener(&[503, 302, 410]);
    let wanted = json!({ "url": url, "events": ["subscriber.confirmed"] });
    assert_eq!(call(&served, &token, "POST", "/webhooks", &wanted).status, 201);
    assert_eq!(call(&served, &token, "POST", "/webhooks", &wanted).status, 409);
    served.confirmed("ada@example.org");
    let state = || served.database.texts("select state || ' ' || coalesce(last_answer, '') from webhook_deliveries");
    for (pause, count, expected) in
        [(0, 1, "queued 503"), (1, 0, "queued 503"), (6, 1, "queued 302"), (400, 1, "failed 410")]
    {
        served.wait(Duration::from_secs(pause));
        assert_eq!((due(&served), state()), (count, vec![expected.to_owned()]), "after {pause} seconds");
    }
    assert_eq!(told.try_iter().count(), 3);
    let listed = call(&served, &token, "GET", "/webhooks", &Value::Null).json();
    assert_eq!(listed["items"][0]["disabled_reason"], "it answered 410 Gone");
    served.confirmed("bob@example.org");
    assert_eq!((due(&served), state().len()), (0, 1));
}

fn private_networks_are_not_called_unless_that_is_set(database: Database) {
    let served = Served::with(database);
    let token = served.api_token(Role::Admin);
    let (url, told) = listener(&[200]);
    // What is private as it is written is refused at once, and so are other ports.
    for wrong in
        [url.as_str(), "http://10.0.0.1/", "https://[::1]/", "http://localhost/hook", "https://hooks.example:8443/"]
    {
        let refused = call(&served, &token, "POST", "/webhooks", &json!({ "url": wrong }));
        assert_eq!(refused.status, 400, "{wrong}");
        assert!(refused.text().contains("POSTDUIF_WEBHOOKS_PRIVATE"), "{}", refused.text());
    }
    // A name may come to lead there later.
    let wanted = json!({ "url": "https://hooks.example/in" });
    assert_eq!(call(&served, &token, "POST", "/webhooks", &wanted).status, 201);
    for (now_at, why) in [("http://127.0.0.1/hook", "private network"), (url.as_str(), "port")] {
        served.database.sql(&format!("update webhooks set url = '{now_at}'"));
        served.confirmed(&format!("{}@example.org", why.len()));
        served.wait(Duration::from_secs(6));
        due(&served);
        let answers = served.database.texts("select last_answer from webhook_deliveries order by id desc");
        assert!(answers[0].contains(why), "{answers:?}");
    }
    assert!(told.try_recv().is_err(), "nobody was called");
}

fn a_secret_is_replaced_while_both_sign_and_who_was_gone_is_told_again(database: Database) {
    let (served, _) = served(database);
    let (url, told) = listener(&[410, 200]);
    let added = served.cli(&[
        "webhook",
        "add",
        &url,
        "--event",
        "subscriber.confirmed",
        "--set",
        "webhooks_private=true",
        "--json",
    ]);
    let (id, old) = {
        let added = &added.json()[0];
        (added["id"].to_string(), added["secret"].as_str().expect("it is shown").to_owned())
    };
    served
        .cli(&["subscriber", "add", "ada@example.org", "--newsletter", "ibp", "--consent", "paper form at the fair"])
        .done();
    // The program's own clock is ahead of the test's.
    served.database.sql("update webhook_deliveries set next_at = 0");
    assert_eq!(due(&served), 1);
    told.recv_timeout(Duration::from_secs(20)).expect("it was told once");
    let state = || served.cli(&["webhook", "list", "--json"]).json()[0]["disabled_reason"].clone();
    assert_eq!(state(), "it answered 410 Gone");
    served.cli(&["webhook", "enable", &id]).done();
    assert_eq!(state(), Value::Null);
    let new =
        served.cli(&["webhook", "rotate", &id, "--json"]).json()[0]["secret"].as_str().expect("it is shown").to_owned();
    let delivery = served.cli(&["webhook", "deliveries", &id, "--json"]).json()[0]["id"].to_string();

    let signed_by = |secrets: &[&str]| {
        served.cli(&["webhook", "replay", &id, &delivery]).done();
        served.database.sql("update webhook_deliveries set next_at = 0");
        assert_eq!(due(&served), 1);
        let (head, body) = told.recv_timeout(Duration::from_secs(20)).expect("it is told again");
        let header = |name: &str| {
            let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")));
            line.expect("the header is there").split_once(": ").expect("it has a value").1.to_owned()
        };
        let signed = format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp"));
        let signatures = header("webhook-signature");
        assert_eq!(signatures.split(' ').count(), secrets.len(), "{signatures}");
        for (signature, secret) in signatures.split(' ').zip(secrets) {
            let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
            let tag = STANDARD.decode(signature.strip_prefix("v1,").expect("version 1")).expect("base64");
            hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes(), &tag).expect("it is ours");
        }
    };
    assert_ne!(old, new);
    signed_by(&[&new, &old]);
    served.database.sql("update webhooks set former_until = 0");
    signed_by(&[&new]);

    served.cli(&["suppression", "add", "ada@example.org"]).done();
    assert_eq!(served.database.texts("select event from webhook_deliveries"), ["subscriber.confirmed"]);
    served.database.sql("update webhooks set events = ''");
    served.cli(&["suppression", "add", "bob@example.org"]).done();
    let last = "select event from webhook_deliveries order by id desc limit 1";
    assert_eq!(served.database.texts(last), ["subscriber.suppressed"]);
}

fn only_admins_say_who_is_told(database: Database) {
    let (served, admin) = served(database);
    let editor = served.api_token(Role::Editor);
    let wanted = json!({ "url": "https://hooks.example/in" });
    assert_eq!(call(&served, &editor, "POST", "/webhooks", &wanted).status, 403);
    assert_eq!(call(&served, &editor, "GET", "/webhooks", &Value::Null).status, 403);
    for wrong in [
        json!({ "url": "ftp://x.example" }),
        json!({ "url": "https://x.example", "events": ["moon.rises"] }),
        json!({}),
    ] {
        assert_eq!(call(&served, &admin, "POST", "/webhooks", &wrong).status, 400, "{wrong}");
    }
    assert_eq!(call(&served, &admin, "POST", "/webhooks", &wanted).status, 201);
    assert_eq!(call(&served, &admin, "DELETE", "/webhooks", &json!({ "id": 1 })).status, 204);
    assert_eq!(call(&served, &admin, "DELETE", "/webhooks", &json!({ "id": 1 })).status, 404);
    assert_eq!(call(&served, &admin, "DELETE", "/webhooks", &json!({})).status, 400);
    let again = call(&served, &admin, "POST", "/webhooks", &wanted).json();
    let place = format!("/webhooks/{}", again["id"]);
    assert_eq!(call(&served, &admin, "DELETE", &place, &Value::Null).status, 204);
    assert_eq!(call(&served, &admin, "DELETE", &place, &Value::Null).status, 404);
}

fn a_list_of_suppressions_is_told_for_each_subscriber_and_for_no_stranger(database: Database) {
    let (served, token) = served(database);
    for who in ["ada", "bob", "eve", "old"] {
        served.confirmed(&format!("{who}@example.org"));
    }
    served.cli(&["suppression", "add", "old@example.org"]).done();
    let wanted = json!({ "url": "http://127.0.0.1:9/", "events": ["subscriber.suppressed"] });
    assert_eq!(call(&served, &token, "POST", "/webhooks", &wanted).status, 201);
    let folder = tempfile::tempdir().unwrap();
    let list = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let told = || served.database.texts("select body from webhook_deliveries order by id");

    let blocked = list("b.csv", "email,reason\nADA@example.org,HardBounce\nstranger@example.net,\nold@example.org,\n");
    served.cli(&["suppression", "import", &blocked]).done();
    served.cli(&["suppression", "import", &blocked]).done();
    let bodies = told();
    assert!(bodies.len() == 1 && bodies[0].contains("\"bounced\"") && !bodies[0].contains("ada"), "{bodies:?}");
    // A complaint is graver than what was known, and is told as well.
    let complaints = list("c.csv", "email,reason\nada@example.org,SpamComplaint\n");
    served.cli(&["suppression", "import", &complaints]).done();
    let bodies = told();
    assert!(bodies.len() == 2 && bodies[1].contains("\"complained\""), "{bodies:?}");

    let readers = list(
        "r.csv",
        "email,status\nbob@example.org,unsubscribed\nnew@example.net,unsubscribed\neve@example.org,subscribed\n",
    );
    served.cli(&["subscriber", "import", &readers, "--newsletter", "ibp", "--consent", "Asked at the desk."]).done();
    let bodies = told();
    assert!(bodies.len() == 3 && bodies[2].contains("\"unsubscribed\""), "{bodies:?}");
}
