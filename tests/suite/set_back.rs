//! The clock is set back while we work: what waits does not wait twice, and nothing that has happened happens again.

use std::time::Duration;

use postduif::clock::Clock;
use postduif::domain::edition::EditionStatus;
use postduif::flows::deliver::Mailer;
use postduif::flows::{keep_schedule, publish, set_back};

use crate::delivery::{approved, house, relays, sent, until};
use crate::kit::database::Database;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script;
use crate::kit::{on_each_engine, wait};
use crate::schedule;

on_each_engine![
    a_sending_goes_on_and_nobody_gets_it_twice,
    a_moment_of_the_calendar_that_comes_twice_makes_one_edition,
    what_waits_for_a_moment_waits_no_longer_for_it,
];

const HOUR: Duration = Duration::from_secs(3600);

fn a_sending_goes_on_and_nobody_gets_it_twice(database: Database) {
    wait(|| async {
        let mut house = house(&database, 200).await;
        house.clock = Clock::manual(house.clock.now());
        let mut script = Script::offering(&["PIPELINING"]);
        script.delay = Duration::from_millis(5);
        let double = SmtpDouble::start(script);
        let id = approved(&house).await;
        let mailer = Mailer::start(&house, relays(&house, &double));
        publish::send(&house, id, None).await.unwrap();
        let watched = house.clone();
        let noticed = tokio::spawn(async move { set_back::noticed(&watched).await });
        until(&house, id, |edition| edition.accepted > 40).await;
        // By then the clock has been looked at.
        tokio::time::sleep(Duration::from_millis(100)).await;
        house.clock.set(house.clock.now().minus(HOUR));
        let by = tokio::time::timeout(Duration::from_secs(5), noticed).await.expect("it is noticed").unwrap();
        assert_eq!(by, HOUR);
        // As the program does it.
        mailer.stop().await;
        set_back::mend(&house, by).await.unwrap();
        let mailer = Mailer::start(&house, relays(&house, &double));
        let edition = until(&house, id, sent).await;
        mailer.stop().await;
        assert_eq!((edition.audience, edition.accepted), (200, 200));
        let copies = double.copies();
        let readers = copies.iter().filter(|(to, _)| to.starts_with("reader")).map(|(_, copies)| *copies);
        assert_eq!((readers.clone().count(), readers.sum::<usize>()), (200, 200));
    });
}

fn a_moment_of_the_calendar_that_comes_twice_makes_one_edition(database: Database) {
    wait(|| async {
        let house = schedule::house(&database, "required").await;
        let due = schedule::at("2026-12-01T08:00:00Z");
        schedule::article(&house, "one").await;
        house.clock.set(due.plus(Duration::from_secs(1)));
        keep_schedule::keep(&house).await.unwrap();
        let made = schedule::all(&house).await;
        assert_eq!(made.len(), 1);
        // It is out, so that nothing but the calendar stands in the way of another one.
        schedule::finish(&house, &made[0]).await;
        schedule::article(&house, "two").await;
        house.clock.set(due.minus(24 * HOUR));
        set_back::mend(&house, 24 * HOUR).await.unwrap();
        // Somebody gives it the same calendar anew: its next moment is the one that has been already.
        database.sql(&format!("update newsletters set next_assemble_at = {}", due.as_micros()));
        for _ in 0..48 {
            house.clock.set(house.clock.now().plus(HOUR));
            keep_schedule::keep(&house).await.unwrap();
        }
        let made = schedule::all(&house).await;
        assert_eq!(made.iter().map(|edition| edition.status).collect::<Vec<_>>(), [EditionStatus::Sent]);
        let told = database.texts("select cast(count(*) as text) from outbox where kind = 'notice'");
        assert_eq!(told, ["1"], "whom it concerns is told once");
    });
}

fn what_waits_for_a_moment_waits_no_longer_for_it(database: Database) {
    wait(|| async {
        let mut house = house(&database, 3).await;
        house.clock = Clock::manual(house.clock.now());
        let id = approved(&house).await;
        publish::send(&house, id, None).await.unwrap();
        let now = house.clock.now().as_micros();
        let soon = now + 60_000_000;
        database.sql(&format!("insert into leases (name, owner, fence, until_at) values ('smtp-rate', '', 0, {soon})"));
        database.sql(&format!("insert into mailboxes (account, next_at, held_until) values ('a', {soon}, {soon})"));
        let key = match database.engine() {
            crate::kit::database::Engine::Sqlite => "x'00'",
            crate::kit::database::Engine::Postgres => "'\\x00'",
        };
        database.sql(&format!("insert into attempts (kind, key, at) values ('x', {key}, {now})"));
        house.clock.set(house.clock.now().minus(HOUR));
        set_back::mend(&house, HOUR).await.unwrap();
        let minute_ahead = house.clock.now().as_micros() + 60_000_000;
        for column in ["until_at from leases", "next_at from mailboxes", "held_until from mailboxes"] {
            let (name, table) = column.split_once(" from ").expect("column and table");
            let moment = database.texts(&format!("select cast({name} as text) from {table}"));
            assert_eq!(moment, [minute_ahead.to_string()], "{column}");
        }
        assert_eq!(database.texts("select cast(count(*) as text) from attempts where kind = 'x'"), ["0"]);
        let deeds = database.texts("select action from audit_log where action like 'clock%'");
        assert_eq!(deeds, ["clock.set-back"]);
    });
}
