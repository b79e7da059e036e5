//! A source that lets us wait keeps nothing else waiting, and a program that dies while it waits has lost nothing.

use std::time::{Duration, Instant};

use crate::kit::database::{Database, Engine};
use crate::kit::feeds::Site;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script;
use crate::kit::{Installation, on_each_engine};

on_each_engine![
    a_stop_or_a_kill_while_an_assembly_waits_for_its_sources_loses_no_edition,
    a_source_that_lets_us_wait_delays_no_planned_edition_and_no_other_source,
];

const PATIENCE: Duration = Duration::from_secs(60);

fn until(what: &str, done: impl FnMut() -> bool) {
    crate::kit::until(PATIENCE, what, done);
}

/// Now, by the database's own clock, in microseconds.
fn now(database: &Database) -> &'static str {
    match database.engine() {
        Engine::Sqlite => "cast(strftime('%s', 'now') as integer) * 1000000",
        Engine::Postgres => "cast(extract(epoch from now()) * 1000000 as bigint)",
    }
}

/// Adds a source to `nieuws` that lets us wait.
fn slow_source(installation: &Installation) -> Site {
    let site = Site::open();
    let feed = "<rss version=\"2.0\"><channel><title>Traag</title><item><title>Laat</title>\
                <link>https://www.example.org/laat</link></item></channel></rss>";
    let url = site.show("/slow/", feed);
    site.stall("/slow/", true);
    installation.run(&["source", "add", "nieuws", &url, "--section", "blogs", "--allow-private"]).done();
    site
}

fn a_stop_or_a_kill_while_an_assembly_waits_for_its_sources_loses_no_edition(installation: Installation) {
    installation.newsletter();
    let site = slow_source(&installation);
    let (database, now) = (&installation.database, now(&installation.database));
    // Its daily reading is far away: whoever asks for it does so for the assembly.
    database.sql(&format!("update sources set next_fetch_at = {now} + 3600000000"));
    database.sql(&format!("update newsletters set next_assemble_at = {now} - 60000000"));
    let nothing_lost = || {
        assert_eq!(database.texts("select status from editions"), [""; 0]);
        assert_eq!(database.texts("select state from moments where kind = 'assemble'"), [""; 0]);
        let due = format!("select slug from newsletters where next_assemble_at < {now}");
        assert_eq!(database.texts(&due), ["nieuws"], "the moment is still due");
    };
    let mut serving = installation.serve();
    until("the slow source was asked", || site.visits("/slow/") == 1);
    let told = Instant::now();
    assert_eq!(serving.terminate().code(), Some(0), "{}", serving.log());
    assert!(told.elapsed() < Duration::from_secs(8), "it took {:?} to stop", told.elapsed());
    nothing_lost();
    let serving = installation.serve();
    until("the slow source was asked again", || site.visits("/slow/") == 2);
    serving.kill();
    nothing_lost();
    site.stall("/slow/", false);
    let _serving = installation.serve();
    until("there was a draft", || database.texts("select status from editions") == ["draft"]);
    assert_eq!(database.texts("select state from moments where kind = 'assemble'"), ["done"]);
    let late = "select a.title from edition_items i join articles a on a.id = i.article_id where a.title = 'Laat'";
    assert_eq!(database.texts(late), ["Laat"]);
}

fn a_source_that_lets_us_wait_delays_no_planned_edition_and_no_other_source(mut installation: Installation) {
    let double = SmtpDouble::start(Script::offering(&["PIPELINING"]));
    installation.set("SMTP_URL", &double.url("tls=none"));
    installation.newsletter();
    installation.readers(1, "example.org");
    let made = installation.run(&["edition", "assemble", "nieuws", "--json"]).json()[0]["id"].to_string();
    let edition = made.trim_matches('"');
    installation.run(&["edition", "approve", edition, "--accept-warnings"]).done();
    let site = slow_source(&installation);
    let feed = "<rss version=\"2.0\"><channel><title>Vlot</title></channel></rss>";
    let quick = site.show("/quick/", feed);
    installation.run(&["source", "add", "nieuws", &quick, "--section", "blogs", "--allow-private"]).done();
    let _serving = installation.serve();
    until("both were asked", || site.visits("/slow/") == 1 && site.visits("/quick/") == 1);
    let (database, now) = (&installation.database, now(&installation.database));
    database.sql(&format!("update editions set status = 'scheduled', send_at = {now} - 1000000"));
    let planned = Instant::now();
    until("the edition was out", || double.seen().messages.iter().any(|message| message.to.starts_with("reader-1")));
    assert!(planned.elapsed() < Duration::from_secs(20), "it was {:?} late", planned.elapsed());
    assert_eq!(site.visits("/slow/"), 1, "the slow source is still being waited for");
}
