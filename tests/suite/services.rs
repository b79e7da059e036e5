//! Mail services tell what came back: each proves itself in its own way, and what it says counts like a report.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use postduif::domain::token::{delivery_link, hex};
use serde_json::{Value, json};

use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![what_a_service_proves_counts_like_a_report, who_proves_nothing_changes_nothing,];

const POSTMARK: &str = "postmark:a-long-password";
const MAILGUN: &str = "mailgun-signing-key";

fn served(database: Database) -> Served {
    let settings = [
        ("feedback_postmark_secret", POSTMARK),
        ("feedback_mailgun_key", MAILGUN),
        ("bounce_address", "b@example.org"),
    ];
    Served::set(database, &settings)
}

/// An edition that went to everybody there is, behind the program's back; the Message-IDs by address.
pub(crate) fn edition(served: &Served) -> Vec<(String, String)> {
    let now = served.house.clock.now().as_micros();
    served.database.sql(&format!(
        "insert into editions (uid, newsletter_id, number, status, subject, preheader, intro, cutoff_at, started_at, audience, \
         accepted, created_at, updated_at) select 4711, id, 1, 'sent', 'x', 'x', 'x', 0, {now}, 2, 2, 0, 0 from newsletters"
    ));
    served.database.sql(&format!(
        "insert into deliveries (edition_id, seq, subscription_id, email, domain, state, next_at, started_at, finished_at) \
         select e.id, s.id, s.id, p.email, p.domain, 'accepted', 0, {now}, {now} from editions e cross join subscriptions s \
         join subscribers p on p.id = s.subscriber_id"
    ));
    let rows = served.database.texts("select cast(seq as text) || ' ' || email from deliveries order by seq");
    let id = |row: &String| {
        let (seq, email) = row.split_once(' ').expect("two words");
        let token = served.house.keys.seal_delivery(&delivery_link(4711, seq.parse().expect("a number")));
        (email.to_owned(), format!("<{token}@example.nl>"))
    };
    rows.iter().map(id).collect()
}

fn call(served: &Served, provider: &str, authorization: &str, body: &Value) -> u16 {
    let place = format!("/api/v1/feedback/{provider}");
    let ask = served.http.ask("POST", &place).header("content-type", "application/json");
    ask.header("authorization", authorization).send_body(&body.to_string()).status
}

fn mailgun(served: &Served, word: &str, age_seconds: i64, message_id: &str) -> Value {
    let moment = (served.house.clock.now().as_seconds() - age_seconds).to_string();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, MAILGUN.as_bytes());
    let signature = hex(aws_lc_rs::hmac::sign(&key, format!("{moment}{word}").as_bytes()).as_ref());
    json!({
        "signature": {"timestamp": moment, "token": word, "signature": signature},
        "event-data": {"event": "complained", "message": {"headers": {"message-id": message_id.trim_matches(['<', '>'])}}}
    })
}

fn what_a_service_proves_counts_like_a_report(database: Database) {
    let served = served(database);
    served.confirmed("anna@example.com");
    served.confirmed("bert@example.com");
    let sent = edition(&served);
    let basic = format!("Basic {}", BASE64.encode(POSTMARK));
    let bounce = json!({
        "RecordType": "Bounce", "Type": "HardBounce", "Email": "anna@example.com", "Details": "550 5.1.1 unknown",
        "Content": format!("Subject: Undelivered\n\nyour mail\n\nMessage-ID: {}\n", sent[0].1)
    });
    for _ in 0..2 {
        assert_eq!(call(&served, "postmark", &basic, &bounce), 204);
    }
    // A service that we were away from tries again for days, with the signature of the first time.
    let complaint = mailgun(&served, "a-word", 10, &sent[1].1);
    for _ in 0..2 {
        assert_eq!(call(&served, "mailgun", "", &complaint), 204);
    }
    assert_eq!([served.status("anna@example.com"), served.status("bert@example.com")], ["bounced", "complained"]);
    let known = served.database.texts("select kind || ' ' || channel || ' ' || effect from feedback order by seq");
    assert_eq!(known, ["bounce service suppressed", "complaint service suppressed"]);
    assert_eq!(served.database.texts("select cast(bounced + complained as text) from editions"), ["2"]);
}

fn who_proves_nothing_changes_nothing(database: Database) {
    let served = served(database);
    served.confirmed("anna@example.com");
    let sent = edition(&served);
    let bounce = json!({"RecordType": "SpamComplaint", "Content": format!("Message-ID: {}\n", sent[0].1)});
    let wrong = format!("Basic {}", BASE64.encode("postmark:another-password"));
    assert_eq!(call(&served, "postmark", &wrong, &bounce), 401);
    assert_eq!(call(&served, "postmark", "", &bounce), 401);
    assert_eq!(call(&served, "mailgun", "", &mailgun(&served, "an-old-word", 4 * 24 * 3600, &sent[0].1)), 401);
    let mut forged = mailgun(&served, "a-word", 0, &sent[0].1);
    forged["signature"]["token"] = "another-word".into();
    assert_eq!(call(&served, "mailgun", "", &forged), 401);
    for absent in ["sendgrid", "brevo", "ses", "nobody", "%00"] {
        assert_eq!(call(&served, absent, "", &json!([])), 404, "{absent}");
    }
    let basic = format!("Basic {}", BASE64.encode(POSTMARK));
    assert_eq!(call(&served, "postmark", &basic, &json!("not an event")), 400);
    // Somebody else's mail, or one of which nothing is known, is no fault of the service.
    assert_eq!(call(&served, "postmark", &basic, &json!({"RecordType": "SpamComplaint", "MessageID": "x"})), 204);
    assert_eq!(served.status("anna@example.com"), "confirmed");
    assert_eq!(served.database.texts("select kind from feedback"), [""; 0]);
}
