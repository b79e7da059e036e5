//! What is older than it may be is forgotten by itself, and only counts are left.

use std::time::Duration;

use postduif::domain::address::EmailAddress;
use postduif::domain::suppression::SuppressionReason;
use postduif::flows::{retention, suppress};
use serde_json::{Value, json};

use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![
    who_never_confirmed_or_left_long_ago_is_forgotten_and_counted,
    the_ledger_of_an_old_edition_forgets_to_whom_it_went,
    what_is_kept_for_ever_by_the_settings_stays,
];

const DAY: Duration = Duration::from_secs(86_400);

fn register(served: &Served, what: &str) -> Value {
    let lines = served.cli(&["subscriber", "retention", "--json"]).json();
    lines.into_iter().find(|line| line["what"] == what).expect("it is in the register")
}

fn who_never_confirmed_or_left_long_ago_is_forgotten_and_counted(database: Database) {
    let served = Served::with(database);
    served.subscribe("pending@example.nl");
    served.confirmed("reader@example.nl");
    let token = served.confirmed("left@vanderbuuren.example");
    served.form(&format!("/u/{token}"), &[("List-Unsubscribe", "One-Click")]);
    let blocked = EmailAddress::parse("blocked@vanderbuuren.example").unwrap();
    served.run(suppress::add(&served.house, &blocked, SuppressionReason::Manual, Some("by letter"), "a test")).unwrap();
    assert_eq!(
        (&register(&served, "unconfirmed")["days"], &register(&served, "ended")["days"]),
        (&json!(30), &json!(730))
    );

    served.wait(31 * DAY);
    served.run(retention::forget(&served.house)).unwrap();
    assert_eq!(
        (served.status("pending@example.nl").as_str(), served.status("left@vanderbuuren.example").as_str()),
        ("", "unsubscribed")
    );
    assert_eq!(register(&served, "unconfirmed")["forgotten"], 1);

    served.wait(700 * DAY);
    served.run(retention::forget(&served.house)).unwrap();
    assert_eq!(served.status("left@vanderbuuren.example"), "");
    assert_eq!(served.status("reader@example.nl"), "confirmed");
    assert_eq!(
        (&register(&served, "ended")["forgotten"], &register(&served, "suppressions")["forgotten"]),
        (&json!(1), &json!(1))
    );
    let kept = served.cli(&["suppression", "list", "--json"]).json();
    let kept: Vec<_> =
        kept.iter().map(|one| (one["email"].clone(), one["reason"].as_str().unwrap().to_owned())).collect();
    assert_eq!(kept.len(), 2);
    assert!(
        kept.contains(&(Value::Null, "manual".to_owned())) && kept.contains(&(Value::Null, "unsubscribed".to_owned()))
    );
    for table in ["subscribers", "subscriptions", "suppressions", "consent_records", "audit_log", "outbox", "forgotten"]
    {
        let rows = served.database.texts(&match served.database.engine() {
            crate::kit::database::Engine::Postgres => format!("select cast(t as text) from {table} t"),
            crate::kit::database::Engine::Sqlite => continue,
        });
        assert!(rows.iter().all(|row| !row.contains("vanderbuuren")), "{table}");
    }
    if let Some(file) = served.house.db.path() {
        let content = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
        assert!(!content.contains("vanderbuuren"));
    }
    served.cli(&["consent", "verify"]).done();
    // They may come back, by themselves alone.
    let add = ["subscriber", "add", "left@vanderbuuren.example", "--newsletter", "ibp", "--consent", "by telephone"];
    assert!(served.cli(&add).failed().contains("unsubscribed"));
    served.confirmed("left@vanderbuuren.example");
}

fn the_ledger_of_an_old_edition_forgets_to_whom_it_went(database: Database) {
    let served = Served::with(database);
    let now = served.house.clock.now().as_micros();
    served.database.sql(&format!(
        "insert into editions (id, uid, newsletter_id, number, status, subject, preheader, intro, cutoff_at, created_at, \
         updated_at, finished_at, audience, rejected) values (1, 1, 1, 1, 'sent', 's', '', '', 1, 1, 1, {now}, 2, 2)"
    ));
    served.database.sql(
        "insert into deliveries (edition_id, seq, subscription_id, email, domain, state, next_at, reply) values \
         (1, 1, 7, 'ada@example.nl', 'example.nl', 'rejected', 1, '550 <ada@example.nl> unknown'), \
         (1, 2, 8, 'bob@example.nl', 'example.nl', 'rejected', 1, null)",
    );
    let row = || {
        served.database.texts(
            "select coalesce(email, '-') || ' ' || coalesce(reply, '-') || ' ' || state from deliveries order by seq",
        )
    };
    served.wait(91 * DAY);
    served.run(retention::forget(&served.house)).unwrap();
    assert_eq!(row(), ["ada@example.nl - rejected", "bob@example.nl - rejected"]);
    served.wait(700 * DAY);
    served.run(retention::forget(&served.house)).unwrap();
    served.run(retention::forget(&served.house)).unwrap();
    assert_eq!(row(), ["- - rejected", "- - rejected"]);
    assert_eq!(
        (&register(&served, "delivery-addresses")["forgotten"], &register(&served, "server-replies")["forgotten"]),
        (&json!(2), &json!(1))
    );
}

fn what_is_kept_for_ever_by_the_settings_stays(database: Database) {
    let served = Served::set(database, &[("keep_ended_days", "0")]);
    let token = served.confirmed("left@example.nl");
    served.form(&format!("/u/{token}"), &[("List-Unsubscribe", "One-Click")]);
    served.wait(4000 * DAY);
    served.run(retention::forget(&served.house)).unwrap();
    assert_eq!(served.status("left@example.nl"), "unsubscribed");
}
