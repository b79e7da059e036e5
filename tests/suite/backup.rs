//! Backups: made while serving, proved, put back into either engine, and harmless afterwards.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use postduif::flows::backup;
use postduif::store::Db;
use postduif::store::migrate::migrate_through;

use crate::kit::database::{Database, Engine};
use crate::kit::house::Served;
use crate::kit::program::{Outcome, Program};
use crate::kit::{Installation, on_each_engine, wait};

on_each_engine![
    what_was_backed_up_while_serving_comes_back_whole,
    a_restore_goes_over_no_data_without_being_told_to,
    after_a_restore_nothing_due_fires_by_itself,
    everything_moves_to_the_other_engine_and_back_unchanged,
    a_restore_waits_for_nobody_to_work_on_the_database,
    ids_that_were_handed_out_are_not_handed_out_again_after_a_restore,
    before_the_schema_changes_everything_is_backed_up,
];

fn what_was_backed_up_while_serving_comes_back_whole(database: Database) {
    let engine = database.engine();
    let served = Served::with(database);
    let token = served.confirmed("ada@example.org");
    served.subscribe("waits@example.org");
    let file = served.database.folder().join("evening.backup");
    let made = served.cli(&["backup", path(&file), "--json"]).json().remove(0);
    assert_eq!((made["tables"]["subscribers"]["rows"].as_u64(), made["key"].as_str()), (Some(2), Some("apart")));
    assert_eq!(mode(&file), 0o600);
    assert!(!served.database.texts("select value from meta where key = 'backup.last_success'").is_empty());
    // What happens afterwards is not in it.
    served.confirmed("late@example.org");

    let Some(elsewhere) = Database::fresh(engine) else { return };
    restore(&elsewhere, &[path(&file)]).done();
    assert_eq!(
        elsewhere.texts("select email from subscribers order by email"),
        ["ada@example.org", "waits@example.org"]
    );
    let again = Served::again(elsewhere);
    let answer = again.form(&format!("/u/{token}"), &[("List-Unsubscribe", "One-Click")]);
    assert_eq!((answer.status, again.status("ada@example.org").as_str()), (200, "unsubscribed"));
}

fn a_restore_goes_over_no_data_without_being_told_to(database: Database) {
    let mut installation = Installation::from(database);
    let backups = installation.folder().join("kept");
    installation.set("BACKUP_FOLDER", path(&backups));
    installation.newsletter();
    installation.run(&["backup", "one.backup"]).done();
    installation.readers(3, "example.org");
    let refusal = installation.run(&["restore", "one.backup"]).failed();
    assert!(refusal.contains("--replace"), "{refusal}");
    assert_eq!(installation.database.texts("select email from subscribers").len(), 3);

    let held = installation.run(&["restore", "one.backup", "--replace", "--json"]).json()[0]["held"].clone();
    assert!(installation.database.texts("select email from subscribers").is_empty());
    let before = held["before"].as_str().expect("what was there was backed up").to_owned();
    assert!(before.starts_with(path(&backups)) && mode(Path::new(&before)) == 0o600, "{before}");
    installation.run(&["restore", &before, "--replace"]).done();
    assert_eq!(installation.database.texts("select email from subscribers").len(), 3);
}

fn after_a_restore_nothing_due_fires_by_itself(database: Database) {
    let engine = database.engine();
    let mut installation = Installation::from(database);
    // Nobody is there, and nobody needs to be: the edition is only planned.
    installation.set("SMTP_URL", "smtp://127.0.0.1:9?tls=none");
    installation.newsletter();
    installation.readers(3, "example.org");
    let planned = installation.run(&["edition", "assemble", "nieuws", "--json"]).json()[0]["id"].to_string();
    installation.run(&["edition", "approve", &planned, "--accept-warnings"]).done();
    installation.run(&["edition", "send", &planned, "--at", "2099-01-01T09:00:00Z"]).done();
    installation.database.sql("update newsletters set next_assemble_at = 1");
    installation.database.sql("insert into webhooks (url, events, link, created_at) select 'https://a.example/', '', address_hash, 0 from subscribers where id = 1");
    installation.database.sql(
        "insert into webhook_deliveries (webhook_id, uid, event, body, next_at, created_at) \
         select id, 'msg_1', 'subscriber.confirmed', '{}', 0, 0 from webhooks",
    );
    installation.run(&["backup", "one.backup"]).done();
    let text = std::fs::read(installation.folder().join("one.backup")).expect("the backup is there");

    let Some(elsewhere) = Database::fresh(engine) else { return };
    let copy = elsewhere.folder().join("copy.backup");
    std::fs::write(&copy, text).expect("there is room");
    let elsewhere = Installation::from(elsewhere);
    let held = elsewhere.run(&["restore", path(&copy), "--json"]).json()[0]["held"].clone();
    assert_eq!((held["planned"].to_string(), held["assemblies"].as_u64()), (format!("[{planned}]"), Some(1)));
    assert_eq!(held["webhooks"].as_u64(), Some(1));
    assert_eq!(elsewhere.database.texts("select state from webhook_deliveries"), ["failed"]);
    let edition = elsewhere.run(&["edition", "show", &planned, "--json"]).json().remove(0);
    assert_eq!((edition["status"].as_str(), edition["send_at"].as_str()), (Some("approved"), None));
    let due = "select cast(count(*) as text) from newsletters where next_assemble_at < 1000000000000000";
    assert_eq!(elsewhere.database.texts(due), ["0"]);

    // An edition on its way is paused: some may have got it since.
    installation.database.sql("update editions set status = 'sending', started_at = 1, send_at = null");
    installation.run(&["backup", "two.backup"]).done();
    let held =
        elsewhere.run(&["restore", path(&installation.folder().join("two.backup")), "--replace", "--json"]).json();
    assert_eq!(held[0]["held"]["paused"].to_string(), format!("[{planned}]"));
    assert_eq!(elsewhere.database.texts("select status from editions"), ["paused"]);
}

fn everything_moves_to_the_other_engine_and_back_unchanged(database: Database) {
    let (other, third) = match database.engine() {
        Engine::Sqlite => (Engine::Postgres, Engine::Sqlite),
        Engine::Postgres => (Engine::Sqlite, Engine::Postgres),
    };
    let (Some(other), Some(third)) = (Database::fresh(other), Database::fresh(third)) else { return };
    let here = Installation::from(database);
    here.newsletter();
    here.readers(1200, "example.org");
    let edition = here.run(&["edition", "assemble", "nieuws", "--json"]).json()[0]["id"].to_string();
    here.run(&["edition", "approve", &edition, "--accept-warnings"]).done();
    here.run(&["token", "create", "robot", "--role", "admin"]).done();
    let there = here.run(&["migrate", "--to", other.url(), "--json"]).json().remove(0);
    assert_eq!(there["tables"]["subscriptions"]["rows"].as_u64(), Some(1200));
    let other = Installation::from(other);
    let back = other.run(&["migrate", "--to", third.url(), "--json"]).json().remove(0);
    assert_eq!(back["tables"], there["tables"]);
    // The move leaves what was there alone, and goes over no data.
    let refusal = here.run(&["migrate", "--to", third.url()]).failed();
    assert!(refusal.contains("has data already"), "{refusal}");
    assert_eq!(here.database.texts("select cast(count(*) as text) from subscribers"), ["1200"]);
    Installation::from(third).serve();
}

fn a_restore_waits_for_nobody_to_work_on_the_database(database: Database) {
    let installation = Installation::from(database);
    installation.newsletter();
    let _serving = installation.serve();
    installation.run(&["backup", "one.backup"]).done();
    let refusal = installation.run(&["restore", "one.backup", "--replace"]).failed();
    assert!(refusal.contains("stop every"), "{refusal}");
}

fn ids_that_were_handed_out_are_not_handed_out_again_after_a_restore(database: Database) {
    let engine = database.engine();
    let installation = Installation::from(database);
    installation.newsletter();
    installation.readers(5, "example.org");
    installation.database.sql("delete from subscribers where id = 5");
    installation.run(&["backup", "one.backup"]).done();
    let Some(elsewhere) = Database::fresh(engine) else { return };
    let refusal = restore(&elsewhere, &[path(&installation.folder().join("one.backup"))]).failed();
    assert!(refusal.contains("is not the one of this backup"), "{refusal}");
    let elsewhere = Installation::from(elsewhere);
    elsewhere.run(&["restore", path(&installation.folder().join("one.backup"))]).done();
    elsewhere.database.sql(
        "insert into subscribers (email, email_key, address_hash, domain, language, created_at, updated_at) \
         select 'new', 'new', address_hash, domain, language, 0, 0 from subscribers where id = 1",
    );
    assert_eq!(elsewhere.database.texts("select cast(id as text) from subscribers where email = 'new'"), ["6"]);
}

fn before_the_schema_changes_everything_is_backed_up(database: Database) {
    wait(|| async {
        let db = Db::open(database.url()).await.expect("the database opens");
        migrate_through(&db, 1).await.expect("the first schema there was");
        db.close().await;
    });
    let mut installation = Installation::from(database);
    let kept = installation.folder().join("kept");
    installation.set("BACKUP_FOLDER", path(&kept));
    installation.readers(4, "example.org");
    installation.run(&["migrate"]).done();
    let mut files =
        std::fs::read_dir(&kept).expect("there are backups").map(|file| file.expect("it has a name").path());
    let (file, none) = (files.next().expect("there is a backup"), files.next());
    assert!(none.is_none() && path(&file).ends_with("-before-schema-change.backup"), "{file:?} {none:?}");

    // What was made before an upgrade is restored after it, with the schema of today.
    installation.run(&["restore", path(&file), "--replace"]).done();
    assert_eq!(installation.database.texts("select cast(count(*) as text) from subscribers"), ["4"]);
    installation.newsletter();
}

#[test]
fn the_key_beside_a_database_goes_along_in_the_backup() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    // The widest umask there is: nothing of ours may rely on it.
    let umask = |arguments: &str| {
        let script = format!("umask 000; exec {} {arguments}", env!("CARGO_BIN_EXE_postduif"));
        let mut command = Command::new("sh");
        command.env_clear().current_dir(folder.path()).args(["-c", &script]);
        Outcome::of(command.output().expect("a shell starts"))
    };
    umask("newsletter create nieuws --title Nieuws --from 'A <a@example.org>' --postal-address 'Straat 1'").done();
    umask("backup one.backup").done();
    let at = |name: &str| folder.path().join(name);
    for file in ["postduif.db", "postduif.db.key", "one.backup"] {
        assert_eq!(mode(&at(file)), 0o600, "{file}");
    }
    umask("restore one.backup --database-url sqlite:other.db").done();
    let key = |name: &str| std::fs::read_to_string(at(name)).expect("the key is there");
    assert_eq!(key("other.db.key"), key("postduif.db.key"));
    assert_eq!(mode(&at("other.db.key")), 0o600);
    umask("restore one.backup --key-to key.txt").done();
    assert_eq!((key("key.txt"), mode(&at("key.txt"))), (key("postduif.db.key"), 0o600));

    // Another installation's database is not taken over, whatever was told.
    umask("newsletter create nieuws --title N --from 'A <a@example.org>' --postal-address S --database-url sqlite:third.db")
        .done();
    let refusal = umask("restore one.backup --replace --database-url sqlite:third.db").failed();
    assert!(refusal.contains("another installation"), "{refusal}");
}

#[test]
fn what_is_no_sound_backup_is_refused_and_changes_nothing() {
    let Some(database) = Database::fresh(Engine::Sqlite) else { return };
    let installation = Installation::from(database);
    installation.newsletter();
    installation.readers(300, "example.org");
    installation.run(&["backup", "one.backup"]).done();
    let file = |name: &str| installation.folder().join(name);
    let sound = std::fs::read(file("one.backup")).expect("the backup is there");
    let refused = |name: &str, bytes: &[u8]| {
        std::fs::write(file(name), bytes).expect("there is room");
        let target = format!("sqlite:{}", file("target.db").display());
        let refusal = installation.run(&["restore", name, "--database-url", &target]).failed();
        assert!(!file("target.db").exists(), "{name}");
        refusal
    };
    assert!(refused("no-file-of-ours", b"hello").contains("no backup of postduif"));
    assert!(refused("half", &sound[..sound.len() / 2]).contains("backup"));
    // One letter of one address is another one: SQLite itself sees nothing wrong.
    let at = sound.windows(9).position(|bytes| bytes == b"reader-77").expect("the reader is in the backup");
    let mut other = sound.clone();
    other[at] = b'R';
    let refusal = refused("one-letter", &other);
    assert!(refusal.contains("damaged") && refusal.contains("subscribers"), "{refusal}");

    std::fs::write(file("precious.txt"), "do not lose this").expect("there is room");
    let refusal = installation.run(&["backup", "precious.txt"]).failed();
    assert!(refusal.contains("no backup of postduif"), "{refusal}");
    assert_eq!(std::fs::read(file("precious.txt")).expect("it is there"), b"do not lose this");
    // A backup may follow an older one under the same name, as a nightly one does.
    installation.run(&["backup", "one.backup"]).done();
}

#[test]
fn a_backup_of_a_newer_version_is_refused_with_the_version_to_use() {
    let Some(database) = Database::fresh(Engine::Sqlite) else { return };
    let served = Served::with(database);
    served.database.sql(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
         values (9999, 'from the future', true, x'00', 0)",
    );
    let file = served.database.folder().join("future.backup");
    served.run(backup::make((&served.house).into(), &file)).expect("a newer program makes a backup");
    let Some(elsewhere) = Database::fresh(Engine::Sqlite) else { return };
    let refusal = restore(&elsewhere, &[path(&file)]).failed();
    assert!(refusal.contains("newer than this program") && refusal.contains("9999"), "{refusal}");
}

fn restore(database: &Database, arguments: &[&str]) -> Outcome {
    let arguments = [&["restore"], arguments, &["--database-url", database.url()]].concat();
    Program::new(database.folder(), &arguments).env("POSTDUIF_SECRET_KEY", Served::SECRET).run()
}

fn path(path: &Path) -> &str {
    path.to_str().expect("the tests' paths are UTF-8")
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("the file is there").permissions().mode() & 0o777
}
