//! A disk without room, and one that nobody may write to: nothing is half stored, and all goes on by itself once there is room.

use std::time::Duration;

use crate::kit::Installation;
use crate::kit::database::Database;
use crate::kit::disk::Disk;
use crate::kit::http::Answer;
use crate::kit::installation::Serving;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script;

const READERS: usize = 1_000;
const CONNECTIONS: usize = 4;
const PATIENCE: Duration = Duration::from_secs(60);

fn until(what: &str, done: impl FnMut() -> bool) {
    crate::kit::until(PATIENCE, what, done);
}

fn sign_up(serving: &Serving, name: &str) -> Answer {
    let form = serving.http.ask("POST", "/n/nieuws/subscribe");
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    form.send_body(&format!("email={name}%40example.net"))
}

#[test]
fn without_room_sending_stops_and_nobody_is_half_signed_up_and_with_room_again_both_go_on() {
    let Some(disk) = Disk::of_megabytes(24) else { return };
    let mut installation = Installation::from(Database::at(&disk.path().join("postduif.db")));
    let mut script = Script::offering(&["PIPELINING", "ENHANCEDSTATUSCODES"]);
    script.delay = Duration::from_millis(5);
    let double = SmtpDouble::start(script);
    installation.set("SMTP_URL", &double.url("tls=none"));
    installation.set("SMTP_CONNECTIONS", &CONNECTIONS.to_string());
    installation.newsletter();
    installation.readers(READERS, "example.org");
    let serving = installation.serve();
    let edition = installation.publish();
    let came = || double.seen().messages.len();
    until("it was under way", || came() > 30);
    disk.fill();
    until("it was noticed", || serving.log().contains("sending waits"));

    let refused = sign_up(&serving, "too-late");
    assert_eq!((refused.status, refused.header("retry-after")), (503, "60"), "{}", refused.text());
    assert_eq!(serving.http.get("/n/nieuws").status, 200, "what is there can be read");
    assert_eq!(serving.http.get("/health/live").status, 200, "it is no reason to die");
    std::thread::sleep(Duration::from_secs(1));
    let stands_at = came();
    std::thread::sleep(Duration::from_secs(2));
    assert!(came() == stands_at && stands_at < READERS, "{stands_at} were out, then {}", came());

    disk.make_room();
    let counts = installation.sent(&edition);
    assert_eq!(counts["accepted"], READERS, "{counts}");
    let copies = double.copies();
    let copies_to_readers = copies.iter().filter(|(to, _)| to.ends_with("@example.org")).map(|(_, copies)| copies);
    assert_eq!((copies_to_readers.clone().count(), copies_to_readers.sum::<usize>()), (READERS, READERS));
    let kept = |table: &str, column: &str| {
        let query = format!("select cast(count(*) as text) from {table} where {column} like 'too-late%'");
        installation.database.texts(&query).remove(0)
    };
    assert_eq!((kept("subscribers", "email"), kept("outbox", "recipient")), ("0".to_owned(), "0".to_owned()));
    assert_eq!(sign_up(&serving, "in-time").status, 303);
    until("the letter came", || double.copies().keys().any(|to| to.starts_with("in-time@")));
    let sound = installation.database.texts("pragma integrity_check");
    assert_eq!(sound, ["ok"]);
}

#[test]
fn a_disk_that_may_not_be_written_to_is_named_at_the_start() {
    let Some(disk) = Disk::of_megabytes(8) else { return };
    let installation = Installation::from(Database::at(&disk.path().join("postduif.db")));
    let elsewhere = Installation::from(Database::at(&disk.path().join("other.db")));
    installation.newsletter();
    disk.protect();
    for installation in [installation, elsewhere] {
        let refusal = installation.run(&["serve"]).failed();
        let place = disk.path().display().to_string();
        assert!(refusal.contains(&place) && refusal.contains("cannot be written to"), "{refusal}");
        assert!(refusal.contains("Read-only file system"), "{refusal}");
    }
}
