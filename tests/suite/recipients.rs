//! Who got what: each recipient with the mail server's own reply, on the command line and by the API.

use serde_json::json;

use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script;
use crate::kit::{Installation, on_each_engine};

on_each_engine![each_recipient_is_reported_with_the_whole_reply];

fn each_recipient_is_reported_with_the_whole_reply(mut installation: Installation) {
    let mut script = Script::offering(&["PIPELINING", "ENHANCEDSTATUSCODES"]);
    script.refuses = vec![("reader-2@example.org", "550 5.1.1 no such user")];
    let double = SmtpDouble::start(script);
    installation.set("SMTP_URL", &double.url("tls=none"));
    installation.newsletter();
    installation.readers(3, "example.org");
    let _serving = installation.serve();
    let edition = installation.publish();
    installation.sent(&edition);

    let report = ["edition", "report", &edition, "--recipients"];
    let all = installation.run(&[&report[..], &["--json"]].concat()).json();
    assert_eq!(all.len(), 3, "{all:?}");
    let refused = installation.run(&[&report[..], &["--status", "rejected", "--json"]].concat()).json();
    assert_eq!(refused.len(), 1);
    let one = &refused[0];
    assert_eq!((&one["address"], &one["status"]), (&json!("reader-2@example.org"), &json!("rejected")));
    assert_eq!(one["last_reply"], "550 5.1.1 no such user");
    assert_eq!((&one["code"], &one["enhanced_status"]), (&json!(550), &json!("5.1.1")));
    assert_eq!((&one["attempts"], &one["repeats"], &one["next_attempt_at"]), (&json!(1), &json!(0), &json!(null)));
    let text = installation.run(&[&report[..], &["--status", "rejected"]].concat()).done();
    assert_eq!(text.trim_end(), "reader-2@example.org  rejected  1 attempt  550 5.1.1 no such user  (user-unknown)");
    let lost = installation.run(&["edition", "report", &edition, "--recipients", "--status", "lost"]);
    assert!(lost.code == 2 && lost.err.contains("“lost” is no state of a delivery"), "{}", lost.err);
}
