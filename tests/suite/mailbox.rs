//! A mailbox in which bounces arrive: what is ours is taken and marked, everything else stays as it is.

use std::time::Duration;

use postduif::domain::feedback::Channel;
use postduif::flows::feedback;

use crate::kit::database::{Database, Engine};
use crate::kit::house::{Served, unhex};
use crate::kit::imap_double::ImapDouble;
use crate::kit::on_each_engine;
use crate::kit::postman::{away, bounce};
use crate::services::edition;

on_each_engine![
    what_is_ours_in_a_mailbox_is_taken_and_marked_and_the_rest_stays_unread,
    a_mailbox_that_cannot_be_opened_is_told_of_in_one_line,
    what_only_a_person_can_read_is_kept_for_one,
    a_letter_that_comes_back_stops_the_letters,
];

fn at(to: &str, message: &str) -> String {
    format!("Delivered-To: {to}\n{message}")
}

fn served(database: Database, double: &ImapDouble) -> Served {
    Served::set(database, &[("imap_url", &double.url()), ("bounce_address", "b@example.org")])
}

/// The return path of a delivery, by its Message-ID.
fn return_path(message_id: &str) -> String {
    let token = message_id.trim_start_matches('<').split('@').next().expect("an ID has a left side");
    format!("b+{token}@example.org")
}

fn what_is_ours_in_a_mailbox_is_taken_and_marked_and_the_rest_stays_unread(database: Database) {
    let double = ImapDouble::start();
    let served = served(database, &double);
    for name in ["anna", "bert", "carl"] {
        served.confirmed(&format!("{name}@example.com"));
    }
    let sent = edition(&served);
    double.deliver(&at("b@example.org", "From: a friend\nSubject: Lunch?\n\nTomorrow?\n"));
    double.deliver(&at(&return_path(&sent[0].1), &bounce("anna@example.com", "5.1.1", "no such user")));
    double.deliver(&at("b@example.org", &bounce("bert@example.com", "5.1.1", "a forged one")));
    double.deliver(&at(&return_path(&sent[1].1), &away("bert@example.com")));

    let looked = served.run(feedback::look_now(&served.house)).expect("the mailbox is open");
    assert_eq!((looked.messages, looked.taken, looked.left_alone), (4, 1, 3));
    assert_eq!([served.status("anna@example.com"), served.status("bert@example.com")], ["bounced", "confirmed"]);
    assert_eq!(double.seen(), [false, true, false, false], "only what was ours looks dealt with");

    // A second look begins behind the first, and one that is not due is none.
    let looked = served.run(feedback::look_now(&served.house)).expect("it is still open");
    assert_eq!(looked.messages, 0);
    assert_eq!(served.run(feedback::look_when_due(&served.house)).expect("no fault"), None);
    served.wait(feedback::EVERY + Duration::from_secs(1));
    double.deliver(&at(&return_path(&sent[2].1), &bounce("carl@example.com", "5.1.1", "gone")));
    let looked = served.run(feedback::look_when_due(&served.house)).expect("no fault").expect("it is due");
    assert_eq!((looked.messages, looked.taken), (1, 1));

    // New numbers: all is looked at again, and nothing happens twice.
    double.state().uid_validity += 1;
    let looked = served.run(feedback::look_now(&served.house)).expect("it is still open");
    assert_eq!((looked.messages, looked.taken), (5, 2));
    assert_eq!(served.consents().iter().filter(|event| *event == "bounced").count(), 2);
    let asked = &double.state().asked;
    let harmful = ["EXPUNGE", "CLOSE", "DELETE", "MOVE", "COPY", "\\Deleted", "BODY["];
    assert!(!asked.iter().any(|command| harmful.iter().any(|word| command.contains(word))), "{asked:?}");
}

fn a_mailbox_that_cannot_be_opened_is_told_of_in_one_line(database: Database) {
    let double = ImapDouble::start();
    let served = served(database, &double);
    double.state().password = "another";
    let outcome = served.cli(&[
        "feedback",
        "poll",
        "--set",
        &format!("imap_url={}", double.url()),
        "--set",
        "bounce_address=b@example.org",
    ]);
    let said = outcome.failed();
    assert!(said.contains("refused to let us in") && !said.contains("dove"), "{said}");
    let outcome = served.cli(&["feedback", "poll"]);
    assert!(outcome.failed().contains("POSTDUIF_IMAP_URL"));
}

fn what_only_a_person_can_read_is_kept_for_one(database: Database) {
    let double = ImapDouble::start();
    let served = served(database, &double);
    served.confirmed("anna@example.com");
    let sent = edition(&served);
    let riddle = "From: post@example.com\nSubject: Re: nieuws\n\nDe brief ligt bij de buren, zegt de portier.\n";
    let taken = |to: &str, message: &str| {
        let message = message.as_bytes().to_vec();
        let outcome = served.run(feedback::take(&served.house, message, Some(to), Channel::Listener));
        outcome.expect("it is stored").as_str()
    };
    assert_eq!(taken(&return_path(&sent[0].1), riddle), "unclassified");
    assert_eq!(taken(&return_path(&sent[0].1), riddle), "unclassified", "twice is once");
    assert_eq!(taken("b@example.org", riddle), "harmless", "nothing says that it is about us");
    assert_eq!(taken(&return_path(&sent[0].1), &away("anna@example.com")), "harmless");

    let list = served.cli(&["feedback", "list", "--json"]).json();
    assert_eq!(list.len(), 1);
    assert_eq!(
        (list[0]["subject"].as_str(), list[0]["email"].as_str()),
        (Some("Re: nieuws"), Some("anna@example.com"))
    );
    assert!(list[0]["text"].as_str().is_some_and(|text| text.contains("bij de buren")));
    assert_eq!(served.status("anna@example.com"), "confirmed");
    let id = list[0]["id"].to_string();
    served.cli(&["feedback", "dismiss", &id]).done();
    assert!(served.cli(&["feedback", "list", "--json"]).json().is_empty());
    assert!(served.cli(&["feedback", "dismiss", &id]).failed().contains("no unread mail"));

    assert_eq!(taken(&return_path(&sent[0].1), riddle), "unclassified");
    served.cli(&["subscriber", "erase", "anna@example.com"]).done();
    assert!(served.cli(&["feedback", "list", "--json"]).json().is_empty(), "erasing takes it along");
}

fn a_letter_that_comes_back_stops_the_letters(database: Database) {
    let double = ImapDouble::start();
    let served = served(database, &double);
    let day = Duration::from_secs(24 * 3600);
    let letters =
        || served.database.texts("select cast(count(*) as text) from attempts where kind = 'letter'").remove(0);
    // A letter leaves; behind the program's back, because this house has no mail server.
    let leaves = || {
        let now = served.house.clock.now().as_micros();
        served.database.sql(&format!(
            "insert into sent_letters (uid, subscription_id, address_hash, sent_at) select o.uid, o.subscription_id, \
             p.address_hash, {now} from outbox o join subscriptions s on s.id = o.subscription_id \
             join subscribers p on p.id = s.subscriber_id"
        ));
        let hex = match served.database.engine() {
            Engine::Sqlite => "hex(uid)",
            Engine::Postgres => "encode(uid, 'hex')",
        };
        let hex = served.database.texts(&format!("select {hex} from outbox order by id desc")).remove(0);
        served.database.sql("delete from outbox");
        served.house.keys.seal_delivery(&unhex(&hex))
    };
    served.subscribe("typo@example.com");
    let token = leaves();
    let report = bounce("typo@example.com", "5.1.1", "no such user").into_bytes();
    let path = format!("b+{token}@example.org");
    let take = || served.run(feedback::take(&served.house, report.clone(), Some(&path), Channel::Listener));
    assert_eq!(take().expect("it is stored").as_str(), "noted");
    assert_eq!(take().expect("it is stored").as_str(), "forgotten", "once is enough");
    assert_eq!((served.status("typo@example.com").as_str(), letters().as_str()), ("pending", "1"));
    served.wait(2 * day);
    assert_eq!(served.subscribe("typo@example.com").status, 303, "the screen says the same as ever");
    assert_eq!(letters(), "1", "but no letter is owed");
    served.wait(29 * day);
    served.subscribe("typo@example.com");
    assert_eq!(letters(), "2", "mailboxes get repaired");

    // For a reader it is what a returned edition is.
    served.confirmed("anna@example.com");
    let token = leaves();
    let report = bounce("anna@example.com", "5.1.1", "no such user").into_bytes();
    let path = format!("b+{token}@example.org");
    let outcome = served.run(feedback::take(&served.house, report, Some(&path), Channel::Listener));
    assert_eq!(
        (outcome.expect("it is stored").as_str(), served.status("anna@example.com").as_str()),
        ("suppressed", "bounced")
    );
}
