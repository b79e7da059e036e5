//! A database of every schema there ever was, with something in it, opened by the program of today: backed up first, brought to
//! this version, and nobody in it lost.

use std::collections::BTreeMap;

use postduif::store::Db;
use postduif::store::migrate::{migrate_through, missing};

use crate::kit::database::{Database, Engine};
use crate::kit::program::Program;
use crate::kit::{Installation, on, wait};

const SUBSCRIBERS: usize = 7;

/// Says how many rows each table has, but for those in which the program notes what it does itself.
fn counts(database: &Database) -> BTreeMap<String, String> {
    let tables = database.texts(match database.engine() {
        Engine::Sqlite => "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'",
        Engine::Postgres => "select cast(tablename as text) from pg_tables where schemaname = 'public'",
    });
    let ours = |name: &String| !matches!(name.as_str(), "_sqlx_migrations" | "meta" | "audit_log" | "server_marks");
    let count = |name: String| {
        let count = database.texts(&format!("select cast(count(*) as text) from {name}")).remove(0);
        (name, count)
    };
    tables.into_iter().filter(ours).map(count).collect()
}

/// Something in every table of the first schema that people would miss. Later columns have their defaults.
fn furnish(installation: &Installation) {
    let database = &installation.database;
    let bytes = |number: u8| match database.engine() {
        Engine::Sqlite => format!("x'{}'", format!("{number:02x}").repeat(16)),
        Engine::Postgres => format!("cast('\\x{}' as bytea)", format!("{number:02x}").repeat(16)),
    };
    let statements = [
        "insert into newsletters (slug, title, language, from_name, from_address, postal_address, timezone, assemble_rule, \
         review_days, approval, max_per_year, created_at, updated_at) values ('nieuws', 'Nieuwsbrief', 'nl', 'Bureau', \
         'nieuws@example.org', 'Straat 1', 'Europe/Amsterdam', '0 9 1 3,6,9,12 *', 7, 'required', 4, 1, 1)"
            .to_owned(),
        "insert into sections (newsletter_id, key, position, style, max_items, title_nl, title_en) \
         values (1, 'blogs', 1, 'excerpts', 5, 'Blogs', 'Blogs')"
            .to_owned(),
        "insert into sources (newsletter_id, url, section, next_fetch_at, created_at) \
         values (1, 'https://www.example.org/feed/', 'blogs', 9000000000000000, 1)"
            .to_owned(),
        "insert into articles (newsletter_id, source_id, guid, canonical, section, title, url, summary, published_at, \
         created_at, updated_at) values (1, 1, 'a', 'a', 'blogs', 'Een bericht', 'https://www.example.org/a', 'Kort', 1, 1, 1)"
            .to_owned(),
        "insert into editions (uid, newsletter_id, number, status, subject, preheader, intro, cutoff_at, started_at, \
         finished_at, frozen, audience, accepted, created_at, updated_at) values (42, 1, 1, 'sent', 'Nieuws', 'Kort', 'Hallo', \
         1, 1, 2, FROZEN, 7, 7, 1, 1)"
            .replace("FROZEN", if database.engine() == Engine::Sqlite { "1" } else { "true" }),
        "insert into edition_items (edition_id, article_id, section, position) values (1, 1, 'blogs', 1)".to_owned(),
        "insert into deliveries (edition_id, seq, subscription_id, email, domain, state, attempts, next_at, started_at, \
         finished_at) select 1, id, id, 'reader-' || id || '@example.org', 'example.org', 'accepted', 1, 1, 1, 2 \
         from subscriptions"
            .to_owned(),
        format!(
            "insert into suppressions (address_hash, email, reason, created_at) values ({}, 'weg@example.org', 'manual', 1)",
            bytes(1)
        ),
        format!(
            "insert into outbox (uid, kind, newsletter_id, recipient, body, state, next_at, expires_at, created_at) values \
             ({}, 'welcome', 1, 'reader-1@example.org', '{{}}', 'failed', 9000000000000000, 9000000000000000, 1)",
            bytes(2)
        ),
        "insert into users (email, email_key, name, role, created_at, updated_at) \
         values ('ada@example.org', 'ada@example.org', 'Ada', 'admin', 1, 1)"
            .to_owned(),
        format!("insert into api_tokens (name, role, hash, created_at) values ('site', 'editor', {}, 1)", bytes(3)),
        "insert into moments (kind, scope, due_at, state, node, started_at, finished_at) \
         values ('assemble', 'nieuws', 1, 'done', '', 1, 1)"
            .to_owned(),
    ];
    let (first, rest) = statements.split_first().expect("there are some");
    database.sql(first);
    installation.readers(SUBSCRIBERS, "example.org");
    rest.iter().for_each(|statement| database.sql(statement));
}

fn from_every_schema(engine: Engine) {
    let schemas: Vec<i64> = missing(&[]).into_iter().map(|(version, _)| version).collect();
    let newest = *schemas.last().expect("there are schema changes");
    for schema in schemas {
        let Some(database) = Database::fresh(engine) else { return };
        wait(|| async {
            let db = Db::open(database.url()).await.expect("the database opens");
            migrate_through(&db, schema).await.expect("so it was made once");
            db.close().await;
        });
        let mut installation = Installation::from(database);
        let kept = installation.folder().join("kept");
        installation.set("BACKUP_FOLDER", kept.to_str().expect("the tests' paths are UTF-8"));
        furnish(&installation);
        let before = counts(&installation.database);
        assert_eq!(before["subscribers"], SUBSCRIBERS.to_string());
        installation.run(&["migrate"]).done();

        let after = counts(&installation.database);
        for (table, count) in &before {
            assert_eq!(after.get(table), Some(count), "{table}, from schema {schema}");
        }
        let report = installation.run(&["edition", "report", "1", "--json"]).json().remove(0);
        assert!(report["audience"] == SUBSCRIBERS && report["adds_up"] == true, "from schema {schema}: {report}");
        let shown = installation.run(&["subscriber", "show", "reader-3@example.org", "--json"]).json().remove(0);
        assert_eq!(shown["subscriptions"][0]["status"], "confirmed", "from schema {schema}");

        let backups: Vec<_> = std::fs::read_dir(&kept).into_iter().flatten().flatten().map(|one| one.path()).collect();
        if schema == newest {
            assert!(backups.is_empty(), "nothing had to change: {backups:?}");
            continue;
        }
        let [backup] = &backups[..] else { panic!("from schema {schema} there are {backups:?}") };
        // Back to where it was, on either engine: here into a file.
        let file = installation.folder().join("back.db");
        let url = format!("sqlite:{}", file.display());
        let restored = Program::new(installation.folder(), &["restore", &backup.display().to_string(), "--json"]);
        let restored = restored.env("POSTDUIF_DATABASE_URL", &url).env("POSTDUIF_SECRET_KEY", SECRET).run();
        let restored = restored.json().remove(0);
        assert_eq!(restored["tables"]["subscribers"]["rows"], SUBSCRIBERS, "from schema {schema}: {restored}");
    }
}

/// As the kit's installations have it.
const SECRET: &str = "cG9zdGR1aWYgY2FycmllcyB0aGUgbWFpbCBvZiBhIHRlc3Q=";

#[test]
fn from_every_schema_there_was_nobody_is_lost_on_sqlite() {
    from_every_schema(Engine::Sqlite);
}

#[test]
fn from_every_schema_there_was_nobody_is_lost_on_postgres() {
    from_every_schema(Engine::Postgres);
}

#[test]
fn a_database_of_a_newer_program_is_refused_with_the_version_to_use() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        on(engine, |installation: Installation| {
            installation.newsletter();
            installation.database.sql(
                "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
                 values (9999, 'from the future', true, 'x', 0)"
                    .replace("'x'", if installation.database.engine() == Engine::Sqlite { "x'00'" } else { "'\\x00'" })
                    .as_str(),
            );
            installation.database.sql("update meta set value = '9.8.7' where key = 'schema.version'");
            for command in ["serve", "migrate"] {
                let refusal = installation.run(&[command]).failed();
                assert!(
                    refusal.contains("9999") && refusal.contains("postduif 9.8.7 or newer"),
                    "{command}: {refusal}"
                );
            }
        });
    }
}
