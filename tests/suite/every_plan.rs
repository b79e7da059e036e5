//! Every statement of the store, as the database would carry it out: none walks through all readers, mails or records, but
//! for the few that are listed here with the reason.
//!
//! `POSTDUIF_TEST_ROWS=1000000` fills the tables with so many; then PostgreSQL is asked what it would really do, where of a
//! small table it is only asked whether it could do otherwise.

use std::collections::BTreeSet;
use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};

use crate::kit::Installation;
use crate::kit::database::{Database, Engine};
use crate::kit::{on, wait};

/// Tables with a row, or several, for each reader or mail.
const LARGE: [&str; 9] = [
    "subscribers",
    "subscriptions",
    "confirmations",
    "consent_records",
    "deliveries",
    "suppressions",
    "feedback",
    "attempts",
    "sent_letters",
];

/// Functions that walk through all of a large table, and why they may.
const WALKS: [(&str, &str); 11] = [
    ("consent::append_many", "the newest alone, from the end of the table"),
    ("deliveries::freeze_some", "the next ten thousand of the audience, from where it stopped"),
    ("metrics::subscriptions", "counts all, in an index alone"),
    ("metrics::suppressions", "counts all, in an index alone"),
    ("suppressions::count", "counts all, in an index alone"),
    ("suppressions::forget_addresses", "once a night"),
    ("backup::is_empty", "stops at the first"),
    ("newsletters::insert", "once in the life of a newsletter"),
    ("subscriptions::frequent_domains", "counts all, now and then"),
    ("traces::forget", "looks for a domain that has a pace of its own, and stops at the first of its readers"),
    ("subscriptions::forget_moves", "changes of address alone, in their own index"),
];

/// What PostgreSQL walks through of its own will where there is a million of each, because it is told no moment and takes
/// a third of the table for older than it. With a moment it goes by the index.
const OF_ITS_OWN_WILL: [(&str, &str); 8] = [
    ("feedback::forget_words", "once a night"),
    ("sent_letters::forget", "once a night"),
    ("limits::forget", "once a night"),
    ("subscriptions::ended_before", "once a night"),
    ("imports::forget_ahead", "once for a list that is taken back"),
    ("set_back::move_along", "once for a clock that was set back"),
    ("subscriptions::search_count", "counts what holds a text anywhere in it"),
    (
        "editions::audience_now",
        "counts a tenth of all with an eye on the other tables: one walk costs less than as many ways",
    ),
];

/// A statement, and the function that it stands in.
struct Statement {
    name: String,
    text: String,
}

/// Every statement that stands in one piece in the source of the store. Those put together from pieces, where the engines
/// differ, are held to their plans by `plans.rs`.
fn statements() -> Vec<Statement> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the source is here").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).expect("it is text");
            let source = source.split("#[cfg(test)]").next().unwrap_or_default();
            let file = match path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default() {
                "mod" => path.parent().and_then(|folder| folder.file_name()).and_then(|name| name.to_str()),
                stem => Some(stem),
            };
            of_file(file.unwrap_or_default(), source, &mut found);
        }
    }
    found
}

fn of_file(file: &str, source: &str, found: &mut Vec<Statement>) {
    let mut function = "";
    for line in split_literals(source) {
        match line {
            Piece::Code(code) => {
                if let Some((_, name)) = code.rsplit_once("fn ") {
                    function = name.split(['(', '<']).next().unwrap_or_default();
                }
            }
            Piece::Literal(text) => {
                let text = text.split("\\\n").map(str::trim_start).collect::<String>().replace("\\\"", "\"");
                let verb = text.split(' ').next().unwrap_or_default();
                let is_statement =
                    ["select", "update", "delete", "insert", "with"].contains(&verb) && text.contains(' ');
                // What ends in a blank goes on in another piece.
                if is_statement && !text.ends_with(' ') {
                    found.push(Statement { name: format!("{file}::{function}"), text });
                }
            }
        }
    }
}

enum Piece<'a> {
    Code(&'a str),
    Literal(&'a str),
}

/// Source in turns of what is code and what stands between quotation marks.
fn split_literals(source: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = source;
    while let Some(begin) = rest.find('"') {
        pieces.push(Piece::Code(&rest[..begin]));
        let after = &rest[begin + 1..];
        let mut is_escaped = false;
        let end = after.bytes().position(|byte| {
            let ends = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            ends
        });
        let Some(end) = end else { break };
        pieces.push(Piece::Literal(&after[..end]));
        rest = &after[end + 1..];
    }
    pieces
}

fn may_walk(name: &str) -> bool {
    WALKS.iter().any(|(walker, _)| *walker == name)
}

/// How many readers there are in the tables.
fn rows() -> usize {
    std::env::var("POSTDUIF_TEST_ROWS").ok().map_or(20_000, |number| number.parse().expect("a number of rows"))
}

/// Newsletters in the house: what is asked of one must not walk through the readers, mails and reports of the others.
const NEWSLETTERS: usize = 10;

/// Newsletters with readers, each of whom it once mailed, and with what is kept of all of them.
fn filled(database: Database) -> Installation {
    let installation = Installation::from(database);
    installation.newsletter();
    installation.readers(rows(), "example.org");
    for number in 2..=NEWSLETTERS {
        let slug = format!("brief{number}");
        let create = ["newsletter", "create", &slug, "--title", "Brief", "--from", "Brief <brief@example.org>"];
        installation.run(&create).done();
        let add = ["article", "add", &slug, "--section", "blogs", "--title", "Een artikel", "--summary", "Kort."];
        installation.run(&add).done();
        installation.run(&["edition", "assemble", &slug]).done();
    }
    installation.run(&["edition", "assemble", "nieuws"]).done();
    let random = match installation.database.engine() {
        Engine::Sqlite => "randomblob(32)",
        Engine::Postgres => "uuid_send(gen_random_uuid())",
    };
    let mailed = "from editions e join subscriptions s on s.newsletter_id = e.newsletter_id";
    for statement in [
        format!(
            "update subscriptions set newsletter_id = (select min(n.id) from newsletters n) + id % {NEWSLETTERS} \
             where id % {NEWSLETTERS} > 0"
        ),
        format!(
            "insert into deliveries (edition_id, seq, subscription_id, email, domain, state, next_at) \
             select e.id, s.id, s.id, 'x@example.org', 'example.org', 'accepted', 0 {mailed}"
        ),
        format!(
            "insert into feedback (at, newsletter_id, edition_id, seq, subscription_id, kind, channel, words, effect) \
             select s.id, e.newsletter_id, e.id, s.id, s.id, 'bounce', 'report', 'no', 'counted' {mailed}"
        ),
        format!(
            "insert into consent_records (id, at, newsletter_id, subject, event, body_hash, previous, hash) \
             select s.id + 1000000000, s.id, s.newsletter_id, {random}, 'imported', {random}, {random}, {random} \
             from subscriptions s"
        ),
        format!(
            "insert into suppressions (address_hash, reason, created_at) select {random}, 'bounced', s.id from subscriptions s"
        ),
        format!("insert into attempts (kind, key, at) select 'signup', {random}, s.id from subscriptions s"),
        format!(
            "insert into confirmations (link, subscription_id, created_at, expires_at) select {random}, s.id, 0, s.id \
             from subscriptions s"
        ),
        format!(
            "insert into sent_letters (uid, subscription_id, address_hash, sent_at) select {random}, s.id, {random}, s.id \
             from subscriptions s"
        ),
    ] {
        installation.database.sql(&statement);
    }
    // SQLite is never asked to by the program; PostgreSQL sees to itself, and not before a while.
    if installation.database.engine() == Engine::Postgres {
        installation.database.sql("vacuum analyze");
    }
    installation
}

#[test]
fn no_statement_walks_through_everybody_on_sqlite() {
    on(Engine::Sqlite, |database: Database| {
        let installation = filled(database);
        let walks = wait(|| async {
            let mut connection = SqliteConnection::connect(installation.database.url()).await.expect("the file opens");
            let mut walks = Vec::new();
            let mut looked = 0;
            for Statement { name, text } in statements() {
                let asked = sqlx::raw_sql(AssertSqlSafe(format!("explain query plan {text}")));
                // What is PostgreSQL's own, or the beginning of a longer one, is not understood here.
                let Ok(plan) = asked.fetch_all(&mut connection).await else { continue };
                looked += 1;
                for line in plan.iter().map(|row| row.get::<String, _>(3)) {
                    let walked = line.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
                    if walked.is_some_and(|table| LARGE.contains(&table_of(&text, table))) && !may_walk(&name) {
                        walks.push(format!("{name}: {line}\n  {text}"));
                    }
                }
            }
            println!("{looked} statements looked at on SQLite");
            assert!(looked > 250, "the statements are found");
            walks
        });
        assert!(walks.is_empty(), "{}", walks.join("\n"));
    });
}

#[test]
fn no_statement_walks_through_everybody_on_postgres() {
    on(Engine::Postgres, |database: Database| {
        let installation = filled(database);
        let walks = wait(|| async {
            let mut connection = PgConnection::connect(installation.database.url()).await.expect("the server answers");
            let mut run = async |text: String| sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(&mut connection).await;
            // Parameters are unknown to it, as to the plan that it settles for in the end.
            run("set plan_cache_mode = force_generic_plan".to_owned()).await.expect("it is a setting");
            if rows() < 1_000_000 {
                run("set enable_seqscan = off".to_owned()).await.expect("it is a setting");
            }
            let (mut walks, mut looked, mut unknown) = (Vec::new(), 0, BTreeSet::new());
            for Statement { name, text } in statements() {
                if run(format!("prepare it as {text}")).await.is_err() {
                    unknown.insert(name);
                    continue;
                }
                let most = (1..40).rfind(|number| text.contains(&format!("${number}"))).unwrap_or(0);
                let nothing = vec!["null"; most].join(", ");
                let values = if most == 0 { String::new() } else { format!("({nothing})") };
                if let Ok(plan) = run(format!("explain execute it{values}")).await {
                    looked += 1;
                    for line in plan.iter().map(|row| row.get::<String, _>(0)) {
                        let walked = line.split("Seq Scan on ").nth(1).and_then(|rest| rest.split(' ').next());
                        let chosen = rows() >= 1_000_000 && OF_ITS_OWN_WILL.iter().any(|(walker, _)| *walker == name);
                        if walked.is_some_and(|table| LARGE.contains(&table)) && !may_walk(&name) && !chosen {
                            walks.push(format!("{name}: {}\n  {text}", line.trim()));
                        }
                    }
                }
                run("deallocate it".to_owned()).await.expect("it was prepared");
            }
            println!("{looked} statements looked at on PostgreSQL; not those in {unknown:?}");
            assert!(looked > 250, "the statements are found");
            walks
        });
        assert!(walks.is_empty(), "{}", walks.join("\n"));
    });
}

/// The table that a plan calls by the name it has in the statement.
fn table_of<'a>(text: &'a str, name: &'a str) -> &'a str {
    let words: Vec<&str> =
        text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect();
    let named = words.windows(2).find(|pair| pair[1] == name && LARGE.contains(&pair[0]));
    named.map_or(name, |pair| pair[0])
}
