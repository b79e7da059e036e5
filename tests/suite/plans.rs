//! What is done for every message finds its rows by an index, however large the ledger is.

use postduif::domain::delivery::DeliveryState;
use postduif::store::deliveries::{self, Claim, Settled, Start};
use postduif::store::sign_ups::EVERY_SIGN_UP;
use postduif::store::{Db, Durability, editions};

use crate::kit::Installation;
use crate::kit::database::{Database, Engine};
use crate::kit::{on, wait};

/// So many that no planner would read them all for a few.
const READERS: usize = 100_000;
/// Statements that stand in one piece and run for every claim, or once a second; what reads a whole edition on purpose
/// (counting, reports) is not among them.
const EVERY_DAY: [&str; 7] = ["look_ahead", "claimed", "release_owner", "owners", "repeatable", "next_due", "page"];

#[test]
fn no_statement_of_every_day_reads_the_whole_ledger_on_sqlite() {
    on(Engine::Sqlite, |database: Database| {
        let installation = Installation::from(database);
        installation.run(&["migrate"]).done();
        let source = concat!(
            include_str!("../../src/store/deliveries/mod.rs"),
            include_str!("../../src/store/deliveries/claims.rs"),
            include_str!("../../src/store/deliveries/waiting.rs"),
        );
        let mut texts: Vec<(&str, String)> = Vec::new();
        for name in EVERY_DAY {
            let found = texts_of(source, name);
            assert!(!found.is_empty(), "{name} has a statement");
            texts.extend(found.into_iter().map(|text| (name, text)));
        }
        for (name, [text, _]) in deliveries::EVERY_MESSAGE {
            let pieces = text.split("; ").filter(|piece| !["begin immediate", "commit"].contains(piece));
            texts.extend(pieces.map(|piece| (name, piece.to_owned())));
        }
        for (name, text) in texts {
            let plan = plan(&installation.database, &text);
            let whole = |line: &&String| {
                line.starts_with("SCAN deliveries") || *line == "SCAN d" || line.ends_with("PRIMARY KEY (edition_id=?)")
            };
            assert_eq!(plan.iter().filter(whole).count(), 0, "{name}: {text}\n{}", plan.join("\n"));
        }
    });
}

#[test]
fn no_statement_of_a_sign_up_reads_all_that_there_is_on_sqlite() {
    on(Engine::Sqlite, |database: Database| {
        let installation = Installation::from(database);
        installation.run(&["migrate"]).done();
        for (name, [text, _]) in EVERY_SIGN_UP {
            let plan = plan(&installation.database, text);
            // Tables that it does not name stand in a plan for broken references, of which there are none to look for.
            let named = |line: &&String| line.strip_prefix("SCAN ").is_some_and(|table| text.contains(table));
            assert_eq!(plan.iter().filter(named).count(), 0, "{name}: {text}\n{}", plan.join("\n"));
        }
    });
}

#[test]
fn no_statement_of_a_sign_up_reads_all_that_there_is_on_postgres() {
    on(Engine::Postgres, |database: Database| {
        let mut installation = Installation::from(database);
        installation.set("SIGNUPS_TOTAL", "0");
        installation.set("SIGNUPS_PER_NETWORK", "0");
        installation.newsletter();
        installation.readers(READERS, "example.org");
        installation.database.sql(
            "insert into attempts (kind, key, at) select case when g % 2 = 0 then 'letter' else 'network' end, \
             uuid_send(gen_random_uuid()), 9e15 from generate_series(1, 100000) as g",
        );
        installation.database.sql("analyze");
        installation.database.sql("select cast(1 as text) from pg_stat_reset()");
        let served = installation.serve();
        for number in 0..12 {
            let ask = served.http.ask("POST", "/n/nieuws/subscribe");
            let ask = ask.header("content-type", "application/x-www-form-urlencoded");
            assert_eq!(ask.send_body(&format!("email=new{number}%40example.org")).status, 303);
        }
        drop(served);
        let scans = "select coalesce(cast(sum(seq_tup_read) as text), '0') from pg_stat_user_tables \
                     where relname in ('attempts', 'subscribers', 'subscriptions', 'suppressions', 'confirmations')";
        let read: usize = installation.database.texts(scans)[0].parse().expect("a number of rows");
        // Once, for the question “did you mean …?”, all readers' domains are counted.
        assert!(read <= 2 * READERS, "{read} rows were read to sign up twelve people");
    });
}

/// The last column of each line of the plan.
fn plan(database: &Database, text: &str) -> Vec<String> {
    wait(|| async {
        use sqlx::{AssertSqlSafe, ConnectOptions, Row, sqlite::SqliteConnectOptions};
        let file: SqliteConnectOptions = database.url().parse().expect("the kit wrote the URL");
        let mut connection = file.connect().await.expect("the file opens");
        let query = sqlx::raw_sql(AssertSqlSafe(format!("explain query plan {text}")));
        let rows = query.fetch_all(&mut connection).await.unwrap_or_else(|error| panic!("{error}: {text}"));
        rows.iter().map(|row| row.get(3)).collect()
    })
}

/// The statements in a function of the store, as SQLite gets them.
fn texts_of(source: &str, name: &str) -> Vec<String> {
    let begin = source.find(&format!("async fn {name}(")).unwrap_or_else(|| panic!("{name} is there"));
    let body = &source[begin..];
    let body = &body[..body.find("\n}\n").expect("a function ends")];
    let mut literals = literals(body);
    literals.retain(|literal| literal.contains("deliveries") && literal.contains(' '));
    literals
}

fn literals(body: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = body;
    while let Some(begin) = rest.find('"') {
        rest = &rest[begin + 1..];
        let Some(end) = rest.find('"') else { break };
        let text = rest[..end].split("\\\n").map(str::trim_start).collect::<String>();
        found.push(text);
        rest = &rest[end + 1..];
    }
    found
}

#[test]
fn no_statement_of_every_day_reads_the_whole_ledger_on_postgres() {
    on(Engine::Postgres, |database: Database| {
        let mut installation = Installation::from(database);
        installation.set("SMTP_URL", "smtp://127.0.0.1:1?tls=none");
        installation.newsletter();
        installation.readers(READERS, "example.org");
        let id: i64 = installation.publish().parse().expect("an id is a number");
        wait(|| async {
            let db = Db::open(installation.database.url()).await.unwrap();
            let mut tx = db.write().await.unwrap();
            let edition = editions::by_id(&mut tx, id).await.unwrap().unwrap();
            let now = edition.started_at.unwrap();
            while !deliveries::freeze_some(&mut tx, id, edition.newsletter_id, now).await.unwrap() {}
            tx.commit().await.unwrap();
            db.close().await;
        });
        installation.database.sql("analyze");
        installation.database.sql("select cast(1 as text) from pg_stat_reset()");
        wait(|| async {
            let db = Db::open(installation.database.url()).await.unwrap();
            // Often enough that the server settles for the plan it will use for ever.
            for number in 1..=8 {
                message_by_message(&db, id, number).await;
            }
            // What was counted is told when the session ends.
            db.close().await;
        });
        let scans = "select cast(seq_scan as text) from pg_stat_user_tables where relname = 'deliveries'";
        assert_eq!(installation.database.texts(scans), ["0"], "the whole ledger was read");
        let read = "select cast(sum(idx_tup_read) as text) from pg_stat_user_indexes where relname = 'deliveries'";
        let read: usize = installation.database.texts(read)[0].parse().expect("a number of rows");
        assert!(read < READERS, "{read} rows were read to send 240 mails");
    });
}

async fn message_by_message(db: &Db, id: i64, number: i64) {
    let mut tx = db.write().await.unwrap();
    let edition = editions::by_id(&mut tx, id).await.unwrap().unwrap();
    let now = edition.started_at.unwrap();
    deliveries::next_due(&mut tx, id, 1).await.unwrap();
    let claim = Claim { owner: "one", number };
    let seqs = deliveries::claim(&mut tx, id, claim, 1, 200, &[], now).await.unwrap();
    assert_eq!(deliveries::claimed(&mut tx, id, claim).await.unwrap().len(), 200);
    tx.commit().await.unwrap();
    let start = |seq: &i64| Start { edition_id: id, seq: *seq, claim: number };
    let settled = |seq: &i64| Settled {
        edition_id: id,
        seq: *seq,
        claim: number,
        state: DeliveryState::Accepted,
        attempts: 1,
        next_at: 0,
        code: Some(250),
        status: None,
        reply: Some("ok".into()),
        reason: None,
    };
    let starts: Vec<Start> = seqs[..10].iter().map(start).collect();
    deliveries::note_at_once(db, &[], &starts, now).await.unwrap();
    let results: Vec<Settled> = seqs[..10].iter().map(settled).collect();
    let starts: Vec<Start> = seqs[10..20].iter().map(start).collect();
    let noted = deliveries::note_at_once(db, &results, &starts, now).await.unwrap().expect("PostgreSQL does so");
    assert_eq!((noted.settled, noted.granted.len()), (10, 10));
    let mut tx = db.write_with(Durability::Process).await.unwrap();
    deliveries::settle(&mut tx, &seqs[10..20].iter().map(settled).collect::<Vec<_>>(), now).await.unwrap();
    deliveries::start(&mut tx, &seqs[20..30].iter().map(start).collect::<Vec<_>>(), now).await.unwrap();
    deliveries::owners(&mut tx, id).await.unwrap();
    deliveries::repeatable(&mut tx, id, 1).await.unwrap();
    deliveries::release_owner(&mut tx, id, "one", false, now).await.unwrap();
    deliveries::page(&mut tx, id, None, 100, 50).await.unwrap();
    tx.commit().await.unwrap();
}
