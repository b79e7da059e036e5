//! The look before an edition leaves: what blocks it, what must be seen, and what is only told.

use std::time::Duration;

use postduif::domain::checkup::CheckStatus;
use postduif::domain::preflight::{Preflight, Severity};
use postduif::domain::time::Timestamp;
use postduif::flows::approve::{ApprovalError, Approver, approve};
use postduif::flows::articles::{self, EnteredArticle};
use postduif::flows::assemble::{Assembled, assemble};
use postduif::flows::doctor::run;
use postduif::flows::preflight::preflight;
use postduif::flows::{newsletters, publish, try_out};
use postduif::mail::sample::SAMPLE_TOKEN;
use postduif::store::doctor::{self, NewCheck};
use postduif::store::{Db, meta, migrate};

use crate::kit::database::Database;
use crate::kit::dns;
use crate::kit::feeds::Site;
use crate::kit::house::Served;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script;
use crate::kit::{on_each_engine, wait};

on_each_engine![
    the_last_run_of_the_doctor_is_the_one_that_counts,
    what_the_real_doctor_finds_about_this_newsletter_blocks,
    mail_that_leaves_this_machine_is_looked_at_by_the_doctor_and_needs_a_way_back,
    what_could_not_be_checked_is_told_and_blocks_nothing,
    what_the_doctor_knows_to_be_wrong_blocks_and_what_it_knew_long_ago_does_not,
    a_test_mail_after_the_last_change_is_needed_where_the_newsletter_says_so,
    what_went_out_before_when_it_leaves_and_an_old_backup_must_be_seen,
    a_one_click_link_that_does_not_answer_with_200_blocks,
    what_is_left_over_in_any_text_blocks_and_so_do_links_to_nowhere,
];

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A house with a reader and a draft of one article.
fn with_draft(database: Database, settings: &[(&str, &str)]) -> (Served, i64) {
    let served = Served::set(database, settings);
    served.confirmed("ada@example.nl");
    article(&served, "Een artikel", "https://www.example.nl/1", "Waar het over gaat.");
    let draft = draft(&served);
    (served, draft)
}

fn article(served: &Served, title: &str, url: &str, summary: &str) -> i64 {
    let entered = EnteredArticle {
        section: "blogs".into(),
        title: title.into(),
        url: url.into(),
        summary: summary.into(),
        published: None,
    };
    served.run(articles::enter(&served.house, "ibp", entered)).expect("it is taken").0.id
}

fn draft(served: &Served) -> i64 {
    match served.run(assemble(&served.house, "ibp", None)) {
        Ok(Assembled::Draft(edition)) => edition.id,
        _ => panic!("there is no new draft"),
    }
}

fn look(served: &Served, id: i64) -> Preflight {
    served.run(preflight(&served.house, id)).expect("it can be looked at")
}

/// The checks that found something so bad.
fn checks(preflight: &Preflight, severity: Severity) -> Vec<&str> {
    preflight.findings.iter().filter(|finding| finding.severity == severity).map(|finding| finding.check).collect()
}

const PLAINLY: Approver<'_> = Approver { by: "ada", accept_warnings: false, override_reason: None };

fn what_could_not_be_checked_is_told_and_blocks_nothing(database: Database) {
    let (served, id) = with_draft(database, &[("offline", "true")]);
    let found = look(&served, id);
    assert!(found.ok && found.findings.is_empty(), "{found:?}");
    let notes: Vec<_> = found.notes.iter().map(|note| note.message.as_str()).collect();
    assert_eq!(
        notes,
        [
            "Niet gecontroleerd: of afmelden met één klik werkt (de server is offline gezet).",
            "Niet gecontroleerd: 1 links (de server is offline gezet).",
            "Er is na de laatste wijziging geen testmail verstuurd. Stuur er een naar jezelf.",
            "Niet gecontroleerd: DNS en mailserver. Laat `postduif doctor` kijken.",
        ]
    );
    served.run(approve(&served.house, id, &PLAINLY)).expect("nothing stands in the way");
}

fn what_the_doctor_knows_to_be_wrong_blocks_and_what_it_knew_long_ago_does_not(database: Database) {
    let (served, id) = with_draft(database, &[]);
    let record = |checks: &[NewCheck<'_>]| {
        served.run(async {
            let mut tx = served.house.db.write().await.unwrap();
            doctor::record(&mut tx, served.house.clock.now(), checks).await.unwrap();
            tx.commit().await.unwrap();
        });
    };
    let check = |name, status, message| NewCheck { name, status, message };
    record(&[
        check("spf:example.nl", CheckStatus::Fail, "example.nl noemt de mailserver niet"),
        check("spf:elsewhere.nl", CheckStatus::Fail, "een andere nieuwsbrief"),
        check("dmarc:example.nl", CheckStatus::Warn, "p=none"),
        check("dkim:one._domainkey.example.nl", CheckStatus::Unknown, "DNS antwoordt niet"),
        check("clock", CheckStatus::Fail, "een uur achter"),
    ]);
    let found = look(&served, id);
    // Where no mail leaves this machine, what is no more than unwise is only told.
    assert_eq!((checks(&found, Severity::Error), checks(&found, Severity::Warning)), (vec!["checkup"], vec![]));
    assert!(found.notes.iter().any(|note| note.message == "dmarc:example.nl: p=none"), "{found:?}");
    assert!(found.messages(Severity::Error)[0].contains("example.nl noemt de mailserver niet"), "{found:?}");
    assert!(found.notes.iter().any(|note| note.message.contains("dkim:one._domainkey")), "{found:?}");
    let seen = Approver { accept_warnings: true, ..PLAINLY };
    let refused = served.run(approve(&served.house, id, &seen)).expect_err("an error blocks");
    assert!(matches!(refused, ApprovalError::Findings(_)), "{refused}");

    served.wait(DAY + Duration::from_secs(7200));
    let found = look(&served, id);
    assert!(found.ok && !found.findings.iter().any(|finding| finding.check == "checkup"), "{found:?}");
    assert!(found.notes.iter().any(|note| note.message.contains("26 uur geleden")), "{found:?}");
    record(&[check("spf:example.nl", CheckStatus::Ok, "")]);
    assert!(!look(&served, id).findings.iter().any(|finding| finding.check == "checkup"));
    record(&[check("spf:example.nl", CheckStatus::Fail, "weg")]);
    let overriding = Approver { override_reason: Some("de DNS wordt vanavond gewijzigd"), ..PLAINLY };
    let approved = served.run(approve(&served.house, id, &overriding)).expect("a reason passes errors too");
    assert_eq!(approved.override_reason.as_deref(), Some("de DNS wordt vanavond gewijzigd"));
    let log = served.database.texts("select detail from audit_log where action = 'edition.approve'");
    assert_eq!(log, ["override: de DNS wordt vanavond gewijzigd"]);
}

fn what_the_real_doctor_finds_about_this_newsletter_blocks(database: Database) {
    // A domain from which anybody may send, with two keys' worth of policy, and another newsletter's that has nothing.
    let zone = vec![
        ("example.nl", "TXT", "v=spf1 +all".to_owned()),
        ("example.nl", "MX", "10 mail.example.nl".to_owned()),
        ("mail.example.nl", "A", "192.0.2.25".to_owned()),
        ("_dmarc.example.nl", "TXT", "v=DMARC1; p=none".to_owned()),
    ];
    let server = dns::serve(zone).to_string();
    let double = SmtpDouble::start(Script::offering(&[]));
    let (served, id) = with_draft(database, &[("dns", &server), ("smtp_url", &double.url("tls=none"))]);
    let other = postduif::domain::newsletter::NewsletterChange {
        slug: Some("other".into()),
        from: Some("Ander <news@nothing.example>".into()),
        ..crate::kit::house::newsletter()
    };
    served.run(newsletters::create(&served.house, other)).expect("a second newsletter is made");
    let checked = served.run(run(&served.house)).expect("the doctor looks");
    let failed = |name: &str| checked.iter().any(|check| check.name == name && check.status == CheckStatus::Fail);
    assert!(failed("spf:example.nl") && failed("spf:nothing.example"), "{checked:?}");
    let found = look(&served, id);
    let errors = found.messages(Severity::Error);
    assert!(errors.len() == 1 && errors[0].starts_with("spf:example.nl: "), "{found:?}");
    assert!(found.notes.iter().any(|note| note.message.starts_with("dmarc:example.nl: p=none")), "{found:?}");
    assert!(!found.findings.iter().any(|finding| finding.message.contains("nothing.example")), "{found:?}");
}

fn mail_that_leaves_this_machine_is_looked_at_by_the_doctor_and_needs_a_way_back(database: Database) {
    // Enough for a reader to sign up there, and nothing of what a sender needs.
    let server = dns::serve(vec![("example.nl", "A", "192.0.2.7".to_owned())]).to_string();
    let settings = [("dns", server.as_str()), ("smtp_url", "smtp://mail.invalid?tls=none")];
    let (served, id) = with_draft(database, &settings);
    let found = look(&served, id);
    let errors = found.messages(Severity::Error).join("\n");
    // Nobody has let the doctor look, so it looks now; a GET leaves no trace of it.
    assert!(errors.contains("smtp:mail.invalid: ") && errors.contains("spf:example.nl: "), "{found:?}");
    assert_eq!(served.database.texts("select check_name from doctor_runs"), [] as [&str; 0]);
    assert!(checks(&found, Severity::Error).contains(&"public-url"), "{found:?}");
    assert!(errors.contains("POSTDUIF_PUBLIC_URL"), "{errors}");
    assert!(checks(&found, Severity::Warning).contains(&"bounces"), "{found:?}");
    let seen = Approver { accept_warnings: true, ..PLAINLY };
    served.run(approve(&served.house, id, &seen)).expect_err("errors block");

    for (url, errors, warnings) in [
        ("https://nieuws.example.nl", vec![], vec![]),
        ("http://nieuws.example.nl", vec![], vec!["public-url"]),
        ("https://nieuws.local", vec!["public-url"], vec![]),
        ("https://10.1.2.3", vec!["public-url"], vec![]),
    ] {
        // Offline it is known all the same.
        let settings = [
            ("smtp_url", "smtp://mail.invalid?tls=none"),
            ("offline", "true"),
            ("public_url", url),
            ("bounce_address", "bounces@example.nl"),
        ];
        let mut house = served.house.clone();
        let values = [("database_url", served.database.url()), ("secret_key", Served::SECRET)];
        let values: Vec<_> = values.into_iter().chain(settings).collect();
        house.config = std::sync::Arc::new(postduif::config::Config::from_values(&values).expect("they are right"));
        let found = served.run(preflight(&house, id)).expect("it can be looked at");
        assert_eq!((checks(&found, Severity::Error), checks(&found, Severity::Warning)), (errors, warnings), "{url}");
    }
}

fn a_test_mail_after_the_last_change_is_needed_where_the_newsletter_says_so(database: Database) {
    let (served, id) = with_draft(database, &[("smtp_url", "smtp://127.0.0.1:9?tls=none")]);
    let required = postduif::domain::newsletter::NewsletterChange { test_required: Some(true), ..Default::default() };
    served.run(newsletters::edit(&served.house, "ibp", required)).expect("it can be asked for");
    assert_eq!(checks(&look(&served, id), Severity::Error), ["test-mail"]);
    let to = ["editor@example.nl".parse().expect("a plain address is one")];
    let test = || served.run(try_out::test(&served.house, id, &to, "ada")).expect("a test can be sent");
    test();
    assert!(look(&served, id).ok);
    // The article itself changes, and with it what would be sent.
    article(&served, "Een ander woord", "https://www.example.nl/1", "Waar het over gaat.");
    assert_eq!(checks(&look(&served, id), Severity::Error), ["test-mail"]);
    test();
    served.run(approve(&served.house, id, &PLAINLY)).expect("what was tested may leave");
    assert!(look(&served, id).ok, "approving changes no byte");
}

fn what_went_out_before_when_it_leaves_and_an_old_backup_must_be_seen(database: Database) {
    let (served, first) = with_draft(database, &[("smtp_url", "smtp://127.0.0.1:9?tls=none")]);
    served.run(approve(&served.house, first, &PLAINLY)).expect("nothing stands in the way");
    served.run(publish::send(&served.house, first, None)).expect("it may go out");
    served.wait(Duration::from_secs(3600));
    article(&served, "Nog een", "https://www.example.nl/2", "Ook iets.");
    let second = draft(&served);
    let put = "insert into edition_items (edition_id, article_id, section, position) \
               select 2, article_id, 'news', 9 from edition_items where edition_id = 1";
    served.database.sql(put);
    let found = look(&served, second);
    assert_eq!(checks(&found, Severity::Warning), ["sent-before"]);
    assert_eq!(checks(&found, Severity::Error), ["sending"], "one after the other: {found:?}");
    served.database.sql("update editions set status = 'sent' where id = 1");
    served.database.sql("delete from edition_items where edition_id = 2 and position = 9");
    assert_eq!(checks(&look(&served, second), Severity::Warning), [] as [&str; 0]);

    for (moment, says) in [
        ("2026-02-07T09:30:00Z", "in het weekend"),
        ("2026-04-27T09:00:00Z", "Koningsdag"),
        ("2026-02-03T20:30:00Z", "tussen 7 en 20 uur"),
        ("2026-02-03T05:59:00Z", "tussen 7 en 20 uur"),
        ("2026-02-03T06:00:00Z", ""),
    ] {
        let micros = Timestamp::parse(moment).expect("a moment").as_micros();
        served.database.sql(&format!("update editions set send_at = {micros} where id = {second}"));
        let found = look(&served, second);
        let told = found.findings.iter().find(|finding| finding.check == "moment");
        assert_eq!(told.is_some(), !says.is_empty(), "{moment}: {found:?}");
        assert!(told.is_none_or(|finding| finding.message.contains(says)), "{moment}: {found:?}");
    }
    served.database.sql(&format!("update editions set send_at = null where id = {second}"));

    let backed_up = |moment: Timestamp| {
        served.run(async {
            let mut tx = served.house.db.write().await.unwrap();
            meta::set(&mut tx, "backup.last_success", &moment.to_string()).await.unwrap();
            tx.commit().await.unwrap();
        });
    };
    backed_up(served.house.clock.now());
    assert!(look(&served, second).findings.is_empty());
    served.wait(DAY + Duration::from_secs(3600));
    assert_eq!(look(&served, second).messages(Severity::Warning).len(), 1);
    assert!(look(&served, second).messages(Severity::Warning)[0].contains("25 uur oud"));
    let refused = served.run(approve(&served.house, second, &PLAINLY)).expect_err("a warning must be seen");
    assert!(matches!(refused, ApprovalError::Findings(found) if found.ok));
    served.run(approve(&served.house, second, &Approver { accept_warnings: true, ..PLAINLY })).expect("it was seen");
}

fn a_one_click_link_that_does_not_answer_with_200_blocks(database: Database) {
    let site = Site::open();
    let answers = site.show(&format!("/u/{SAMPLE_TOKEN}"), "");
    let (base, _) = answers.rsplit_once("/u/").expect("it was shown there");
    let (served, id) = with_draft(database, &[("public_url", base)]);
    let found = look(&served, id);
    assert!(found.ok && !found.notes.iter().any(|note| note.check == "one-click"), "{found:?}");
    site.hide(&format!("/u/{SAMPLE_TOKEN}"));
    let found = look(&served, id);
    assert_eq!(checks(&found, Severity::Error), ["one-click"]);
    assert!(found.messages(Severity::Error)[0].contains("antwoordt met 404"), "{found:?}");
}

fn what_is_left_over_in_any_text_blocks_and_so_do_links_to_nowhere(database: Database) {
    let (served, id) = with_draft(database, &[("offline", "true")]);
    let set = |column: &str, text: &str| {
        served.database.sql(&format!("update editions set {column} = '{text}' where id = {id}"));
        look(&served, id)
    };
    for (text, check) in [
        ("Beste {{ naam }}", "placeholder"),
        ("Beste {naam},", "placeholder"),
        ("Lees [[VUL IN]] nu", "placeholder"),
        ("Dag *|FNAME|*", "placeholder"),
        ("Lorem ipsum dolor", "placeholder"),
        ("‹hier de inleiding›", "placeholder"),
        ("[Voorbeeldtekst] dag", "placeholder"),
        ("Zie [hier](https://www.example.nl/?p=7&preview=true)", "link"),
        ("Zie [hier](https://www.example.nl/wp-admin/post.php?post=7)", "link"),
    ] {
        assert_eq!(checks(&set("intro", text), Severity::Error), [check], "{text}");
    }
    for url in [
        "http://192.168.1.7/",
        "http://localhost:8080/",
        "http://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/",
        "http://intranet/",
        "http://nas.local/",
    ] {
        let found = set("intro", &format!("Zie [hier]({url})"));
        assert_eq!(checks(&found, Severity::Error), ["link"], "{url}: {found:?}");
    }
    set("intro", "Dag");
    let promo = r#"{"heading":"Boek","title":"Titel","text":"Zie [hier](http://10.0.0.1/)","url":"https://www.example.nl/boek","button":"Kijk"}"#;
    assert_eq!(checks(&set("promo", promo), Severity::Error), ["link"]);
    served.database.sql(&format!("update editions set promo = null where id = {id}"));
    assert!(set("intro", "Dag [allemaal](https://www.example.nl/)").findings.is_empty());
    assert_eq!(checks(&set("subject", ""), Severity::Error), ["subject"]);
    assert_eq!(checks(&set("subject", &"x".repeat(61)), Severity::Warning), ["subject"]);
    assert!(set("subject", "Goed nieuws").findings.is_empty());
    assert_eq!(checks(&set("preheader", ""), Severity::Warning), ["preheader"]);
    set("preheader", "Kort");
    served.database.sql("update articles set title = 'Beveiligd: voor leden'");
    assert_eq!(checks(&look(&served, id), Severity::Error), ["protected"]);
    served.database.sql("update articles set title = 'Geschützt: für Mitglieder'");
    assert_eq!(checks(&look(&served, id), Severity::Error), ["protected"]);
    // Others write titles as they like.
    served.database.sql("update articles set title = 'Waarom {{ 7*7 }} geen 49 is'");
    assert!(look(&served, id).findings.is_empty());
    served.database.sql("update newsletters set postal_address = ''");
    assert_eq!(checks(&look(&served, id), Severity::Error), ["postal-address"]);
    served.database.sql("update newsletters set postal_address = 'Straat 1'");
    served.database.sql("update articles set title = 'Open'");
    served.database.sql("update subscriptions set status = 'unsubscribed', ended_at = 1");
    assert_eq!(checks(&look(&served, id), Severity::Error), ["audience"]);
    served.database.sql("delete from edition_items");
    assert_eq!(checks(&look(&served, id), Severity::Error), ["articles", "audience"]);
}

fn the_last_run_of_the_doctor_is_the_one_that_counts(database: Database) {
    wait(|| async {
        let db = Db::open(database.url()).await.unwrap();
        migrate::migrate(&db).await.unwrap();
        assert_eq!(doctor::latest(&mut db.read().await.unwrap()).await.unwrap(), []);
        let check = |name, status| NewCheck { name, status, message: "as it is" };
        let (long_ago, yesterday, today) = ("2025-01-01T06:00:00Z", "2026-02-01T06:00:00Z", "2026-02-02T06:00:00Z");
        for (at, checks) in [
            (long_ago, vec![check("clock", CheckStatus::Ok)]),
            (yesterday, vec![check("spf.include", CheckStatus::Fail), check("dkim.record", CheckStatus::Unknown)]),
            (today, vec![check("spf.include", CheckStatus::Ok), check("dmarc.policy", CheckStatus::Warn)]),
        ] {
            let mut tx = db.write().await.unwrap();
            doctor::record(&mut tx, Timestamp::parse(at).unwrap(), &checks).await.unwrap();
            tx.commit().await.unwrap();
        }
        let latest = doctor::latest(&mut db.read().await.unwrap()).await.unwrap();
        let told: Vec<_> = latest.iter().map(|row| (row.at.to_string(), row.check_name.as_str(), row.status)).collect();
        assert_eq!(
            told,
            [
                ("2026-02-02T06:00:00Z".to_owned(), "dmarc.policy", CheckStatus::Warn),
                ("2026-02-02T06:00:00Z".to_owned(), "spf.include", CheckStatus::Ok)
            ]
        );
        assert_eq!(database.texts("select cast(count(*) as text) from doctor_runs"), ["4"], "old runs are forgotten");
    });
}
