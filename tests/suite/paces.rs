//! A domain that asks us to slow down keeps nobody else waiting, and is left alone beyond a restart.

use std::time::{Duration, Instant};

use postduif::domain::smarthost::Smarthost;
use postduif::flows::deliver::{Mailer, Relays};
use postduif::flows::{House, publish};
use postduif::mail::smtp::{Relay, Timeouts, Tls};

use crate::delivery::{approved, house, until};
use crate::kit::database::{Database, Engine};
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::{Script, Step};
use crate::kit::{on_each_engine, wait};

on_each_engine![
    a_domain_that_is_blocked_keeps_nobody_else_waiting,
    the_pace_of_a_domain_holds_beyond_a_restart,
    a_door_that_closes_on_a_domain_is_its_last_reply_and_slows_it_down,
];

const BLOCKED: usize = 6_000;
const HEALTHY: usize = 200;

fn mailer(house: &House, double: &SmtpDouble) -> Mailer {
    let server = Smarthost::parse_list(&double.url("tls=none")).unwrap().remove(0);
    let relay = Relay::new(server, "test.example", Timeouts::all(Duration::from_secs(5)), Tls::from_system());
    Mailer::start(house, Relays::new(house.clock.clone(), vec![relay]))
}

fn refusing(who: &'static str, reply: &'static str) -> SmtpDouble {
    let mut script = Script::offering(&["PIPELINING", "ENHANCEDSTATUSCODES"]);
    script.refuses = vec![(who, reply)];
    SmtpDouble::start(script)
}

/// Many readers of one domain who came before all others, and some of twenty others.
fn add_readers(database: &Database) {
    let random = match database.engine() {
        Engine::Sqlite => "randomblob(16)",
        Engine::Postgres => "uuid_send(gen_random_uuid())",
    };
    let domain = format!("case when i <= {BLOCKED} then 'blocked.example' else 'well' || (i % 20) || '.example' end");
    let all = BLOCKED + HEALTHY;
    database.sql(&format!(
        "insert into subscribers (email, email_key, address_hash, domain, language, created_at, updated_at) \
         with recursive n(i) as (select 1 union all select i + 1 from n where i < {all}) \
         select 'r' || i || '@' || {domain}, 'r' || i || '@' || {domain}, {random}, {domain}, 'nl', 0, 0 from n"
    ));
    database.sql(&format!(
        "insert into subscriptions (link, subscriber_id, newsletter_id, status, requested_at, confirmed_at) \
         select {random}, s.id, n.id, 'confirmed', 0, 0 from subscribers s cross join newsletters n order by s.id"
    ));
}

fn a_domain_that_is_blocked_keeps_nobody_else_waiting(database: Database) {
    wait(|| async {
        let house = house(&database, 0).await;
        add_readers(&database);
        let double = refusing("@blocked.example", "450 4.7.28 too much mail from you");
        let id = approved(&house).await;
        let mailer = mailer(&house, &double);
        publish::send(&house, id, None).await.unwrap();
        let healthy = i64::try_from(HEALTHY).unwrap();
        until(&house, id, |edition| edition.accepted == healthy).await;
        // Nor does it once it stands before the others in the ledger.
        database.sql("update deliveries set next_at = 1 where state = 'queued'");
        database.sql("update deliveries set next_at = 2, state = 'queued' where state = 'accepted'");
        database.sql("update editions set accepted = 0, queued = queued + 200");
        let edition = until(&house, id, |edition| edition.accepted == healthy).await;
        mailer.stop().await;
        assert_eq!(edition.rejected, 0);
        let asked = double.seen().commands.iter().filter(|command| command.contains("@blocked.example")).count();
        assert!(asked < 100, "{asked} times it was asked again");
    });
}

fn the_pace_of_a_domain_holds_beyond_a_restart(database: Database) {
    wait(|| async {
        let house = house(&database, 0).await;
        add_readers(&database);
        database.sql("delete from subscriptions where id > 50");
        let double = refusing("@blocked.example", "450 4.7.28 too much mail from you");
        let id = approved(&house).await;
        let first = mailer(&house, &double);
        publish::send(&house, id, None).await.unwrap();
        let began = Instant::now();
        while double.seen().reached(Step::Mail) < 1 {
            assert!(began.elapsed() < Duration::from_secs(30), "nobody was tried");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        first.stop().await;
        assert_eq!(database.texts("select domain from domain_paces where complaints > 0"), ["blocked.example"]);
        // As if a long pause had been asked for.
        database.sql("update domain_paces set resume_at = resume_at + 600000000");
        database.sql("update deliveries set next_at = 0 where state in ('queued', 'deferred')");
        let asked = || double.seen().commands.iter().filter(|command| command.starts_with("RCPT")).count();
        let before = asked();
        let second = mailer(&house, &double);
        tokio::time::sleep(Duration::from_secs(2)).await;
        second.stop().await;
        assert_eq!(asked(), before, "it was to be left alone");
    });
}

fn a_door_that_closes_on_a_domain_is_its_last_reply_and_slows_it_down(database: Database) {
    wait(|| async {
        let house = house(&database, 3).await;
        let double = refusing("@host1.example", "421 4.7.0 not now");
        let id = approved(&house).await;
        let mailer = mailer(&house, &double);
        publish::send(&house, id, None).await.unwrap();
        until(&house, id, |edition| edition.accepted == 2 && edition.deferred == 1).await;
        assert_eq!(database.texts("select reply from deliveries where state = 'deferred'"), ["not now"]);
        assert_eq!(database.texts("select cast(code as text) from deliveries where state = 'deferred'"), ["421"]);
        let began = Instant::now();
        let slowed = "select domain from domain_paces where complaints > 0";
        while database.texts(slowed) != ["host1.example"] {
            assert!(began.elapsed() < Duration::from_secs(30), "its pace is as before");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        mailer.stop().await;
    });
}
