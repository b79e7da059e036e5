//! What comes back is about somebody only if it carries what we made; then it counts, once, and for good.

use std::io::Write;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::kit::database::Database;
use crate::kit::installation::{Installation, Serving, free_address};
use crate::kit::postman::{Postman, away, bounce, complaint};
use crate::kit::program::Outcome;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::{Fault, Script, Step, When};
use crate::kit::{given, on_each_engine};

on_each_engine![
    what_comes_back_counts_for_the_right_people_and_once,
    a_forged_report_changes_nothing,
    a_full_mailbox_is_given_three_editions,
    a_mailbox_that_is_gone_while_we_send_is_the_same_verdict,
    a_sending_stops_by_itself_and_goes_on_when_told,
    complaints_stop_a_sending_before_the_list_is_spent,
    the_first_wave_leaves_and_the_rest_waits,
    every_report_that_was_taken_counts_once_though_the_taker_is_killed,
];

/// A house whose mail ends in a double and whose bounces come in at a listener.
struct Post {
    installation: Installation,
    double: SmtpDouble,
    inbound: String,
}

/// One mail that went out: what its reports must carry.
struct Sent {
    to: String,
    return_path: String,
    message: String,
}

impl Post {
    fn with(database: Installation, script: Script, readers: usize) -> Self {
        let mut installation = database;
        let double = SmtpDouble::start(script);
        let inbound = free_address();
        installation.set("SMTP_URL", &double.url("tls=none"));
        installation.set("SMTP_CONNECTIONS", "4");
        installation.set("INBOUND_LISTEN", &inbound);
        installation.set("BOUNCE_ADDRESS", "bounces@post.example.org");
        installation.newsletter();
        installation.readers(readers, "example.net");
        Self { installation, double, inbound }
    }

    fn working(installation: Installation, readers: usize) -> Self {
        Self::with(installation, Script::offering(&["PIPELINING", "ENHANCEDSTATUSCODES"]), readers)
    }

    /// The mail to `reader-N`.
    fn sent_to(&self, reader: usize) -> Sent {
        let to = format!("reader-{reader}@example.net");
        let seen = self.double.seen();
        let mail = seen.messages.iter().rfind(|message| message.to == to).expect("the reader got a mail");
        let return_path = mail.from.split(['<', '>']).nth(1).expect("there is a return path").to_owned();
        Sent { to, return_path, message: String::from_utf8_lossy(&mail.bytes).replace("\r\n", "\n") }
    }

    /// Where the subscription of `reader-N` stands.
    fn status(&self, reader: usize) -> String {
        self.one(&format!(
            "select s.status from subscriptions s join subscribers p on p.id = s.subscriber_id \
             where p.email = 'reader-{reader}@example.net'"
        ))
    }

    fn one(&self, query: &str) -> String {
        self.database().texts(query).pop().unwrap_or_default()
    }

    fn database(&self) -> &Database {
        &self.installation.database
    }

    fn report(&self, edition: &str) -> Value {
        self.installation.run(&["edition", "report", edition, "--json"]).json().remove(0)
    }

    fn until(&self, edition: &str, status: &str) -> Value {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let report = self.report(edition);
            if report["status"] == status {
                return report;
            }
            assert!(Instant::now() < deadline, "never {status}: {report}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn ingest(&self, message: &str, arguments: &[&str]) -> Outcome {
        let mut command = self.installation.command(&[&["feedback", "ingest"], arguments].concat());
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        child.stdin.take().expect("a pipe").write_all(message.as_bytes()).expect("it reads");
        Outcome::of(child.wait_with_output().expect("it ends"))
    }
}

fn header(message: &str, name: &str) -> String {
    let unfolded = message.replace("\n ", " ");
    let line = unfolded.lines().find(|line| line.starts_with(&format!("{name}: "))).expect("the field is there");
    line.split_once(": ").expect("it has a value").1.to_owned()
}

fn what_comes_back_counts_for_the_right_people_and_once(installation: Installation) {
    let post = Post::working(installation, 8);
    let mut serving = post.installation.serve();
    let edition = post.installation.publish();
    post.installation.sent(&edition);
    let sent: Vec<Sent> = (1..=8).map(|reader| post.sent_to(reader)).collect();

    let mut postman = Postman::lmtp(&post.inbound);
    let gone = bounce(&sent[0].to, "5.1.1", "no such user");
    // A server may fold the case of a return path, and a report may come twice.
    assert!(postman.bring(&sent[0].return_path.to_uppercase(), &gone).starts_with("250"));
    assert!(postman.bring(&sent[0].return_path, &gone).starts_with("250"));
    let mut postman = Postman::smtp(&post.inbound);
    let full = bounce(&sent[1].to, "5.2.2", "mailbox full");
    assert!(postman.bring(&sent[1].return_path, &full).starts_with("250"));
    let blocked = bounce(&sent[2].to, "5.7.1", "blocked by our list");
    assert!(postman.bring(&sent[2].return_path, &blocked).starts_with("250"));
    // A complaint in which all that names the reader is gone but our Message-ID.
    let returned = format!("From: x@example.org\nMessage-ID: {}\nSubject: x", header(&sent[3].message, "Message-ID"));
    assert!(postman.bring("bounces@post.example.org", &complaint(&returned)).starts_with("250"));
    // Mail programs send the wish to leave to the address of List-Unsubscribe; any words will do.
    let unsubscribe = header(&sent[4].message, "List-Unsubscribe");
    let mailto = unsubscribe.split("<mailto:").nth(1).and_then(|rest| rest.split(['?', '>']).next());
    let wish = "From: somebody.else@example.com\nSubject: hello\n\nhello\n";
    assert!(postman.bring(mailto.expect("there is a mailto"), wish).starts_with("250"));
    assert!(postman.bring(&sent[5].return_path, &away(&sent[5].to)).starts_with("250"));
    let delayed = bounce(&sent[6].to, "4.4.1", "no answer").replace("Action: failed", "Action: delayed");
    assert!(postman.bring(&sent[6].return_path, &delayed).starts_with("250"));
    let ordinary = "From: reader-8@example.net\nSubject: Re: newsletter\n\nThank you, I read it with pleasure.\n";
    assert!(postman.bring(&sent[7].return_path, ordinary).starts_with("250"));

    let statuses: Vec<String> = (1..=8).map(|reader| post.status(reader)).collect();
    let confirmed = "confirmed";
    assert_eq!(
        statuses,
        ["bounced", confirmed, confirmed, "complained", "unsubscribed", confirmed, confirmed, confirmed]
    );
    let suppressed = post.database().texts("select email || ' ' || reason from suppressions order by id");
    assert_eq!(suppressed, ["reader-1@example.net bounced", "reader-4@example.net complained"]);
    let consents = post.database().texts("select event from consent_records order by id");
    assert_eq!(consents, ["bounced", "complained", "unsubscribed"]);
    post.installation.run(&["consent", "verify"]).done();

    let report = post.report(&edition);
    assert_eq!((&report["counts"]["accepted"], &report["adds_up"]), (&8.into(), &true.into()), "{report}");
    assert_eq!((&report["came_back"]["bounced"], &report["came_back"]["complained"]), (&3.into(), &1.into()));
    let words: Vec<&str> = report["came_back"]["reasons"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["words"].as_str())
        .collect();
    assert!(words.contains(&"het adres bestaat niet (meer)") && words.contains(&"de mailbox is vol"), "{words:?}");
    assert_eq!(post.double.copies().len(), 8, "nothing is mailed in answer");
    assert!(post.double.copies().values().all(|copies| *copies == 1));
    let log = serving.log();
    assert!(!log.contains("reader-") && !log.contains(&sent[0].return_path), "{log}");
    assert!(serving.terminate().success());
}

fn a_forged_report_changes_nothing(installation: Installation) {
    let post = Post::working(installation, 3);
    let serving = post.installation.serve();
    let edition = post.installation.publish();
    post.installation.sent(&edition);
    let sent = post.sent_to(1);
    let mut postman = Postman::smtp(&post.inbound);
    for foreign in
        ["reader-1@example.net", "bounces@elsewhere.example", "bouncesx@post.example.org", "x@post.example.org"]
    {
        assert!(postman.bring(foreign, &bounce(&sent.to, "5.1.1", "x")).starts_with("550"), "{foreign} is relayed");
    }
    let mut forged = sent.return_path.clone().into_bytes();
    forged[9] = if forged[9] == b'a' { b'b' } else { b'a' };
    let forged = String::from_utf8(forged).expect("letters");
    for recipient in [
        forged.as_str(),
        "bounces@post.example.org",
        "unsubscribe+abc@post.example.org",
        "unsubscribe@post.example.org",
    ] {
        for message in [bounce(&sent.to, "5.1.1", "x"), complaint(&format!("To: {}\nSubject: x", sent.to))] {
            assert!(postman.bring(recipient, &message).starts_with("250"));
        }
    }
    // Other people's bytes: nothing of it may do more than be refused or ignored.
    for hostile in [
        "",
        "\0\u{ff}",
        &"Content-Type: multipart/report; boundary=\"a\"\n\n--a\n".repeat(3000),
        &"Received: x\n".repeat(200),
    ] {
        let reply = postman.bring("bounces@post.example.org", hostile);
        assert!(reply.starts_with("250") || reply.starts_with("554"), "{reply}");
    }
    assert_eq!(post.one("select cast(count(*) as text) from subscriptions where status <> 'confirmed'"), "0");
    assert_eq!(post.one("select cast(count(*) as text) from suppressions"), "0");
    // After an erasure a true report is about nobody.
    post.installation.run(&["subscriber", "erase", &sent.to]).done();
    assert!(postman.bring(&sent.return_path, &bounce(&sent.to, "5.1.1", "x")).starts_with("250"));
    assert_eq!(post.one("select reason from suppressions"), "erased");
    drop(serving);
}

fn a_full_mailbox_is_given_three_editions(installation: Installation) {
    let post = Post::working(installation, 2);
    let serving = post.installation.serve();
    let statuses: Vec<String> = (0..4)
        .map(|round| {
            if round == 3 {
                // Three in a row, but within an hour: that may be a holiday. Now it is a quarter of a year.
                let days = 40_i64 * 24 * 3600 * 1_000_000;
                post.database().sql(&format!("update editions set started_at = started_at - {days}"));
            }
            if round > 0 {
                let url = format!("https://www.example.org/{round}");
                let add = ["article", "add", "nieuws", "--section", "blogs", "--title", "More", "--url", &url];
                post.installation.run(&add).done();
            }
            let edition = post.installation.publish();
            post.installation.sent(&edition);
            let sent = post.sent_to(1);
            let full = bounce(&sent.to, "5.2.2", "mailbox full");
            for _ in 0..3 {
                post.ingest(&full, &["--recipient", &sent.return_path]).done();
            }
            post.status(1)
        })
        .collect();
    assert_eq!(statuses, ["confirmed", "confirmed", "confirmed", "bounced"]);
    assert_eq!(post.status(2), "confirmed");
    drop(serving);
}

fn a_mailbox_that_is_gone_while_we_send_is_the_same_verdict(installation: Installation) {
    let mut script = Script::offering(&["PIPELINING", "ENHANCEDSTATUSCODES"]);
    script.refuses =
        vec![("reader-1@example.net", "550 5.1.1 no such user"), ("reader-2@example.net", "552 5.2.2 mailbox full")];
    let post = Post::with(installation, script, 4);
    let serving = post.installation.serve();
    let edition = post.installation.publish();
    let counts = post.installation.sent(&edition);
    assert_eq!((&counts["accepted"], &counts["rejected"]), (&2.into(), &2.into()));
    assert_eq!([post.status(1), post.status(2)], ["bounced", "confirmed"]);
    let known = post
        .database()
        .texts("select kind || ' ' || channel || ' ' || reason || ' ' || effect from feedback order by seq");
    assert_eq!(known, ["bounce smtp user-unknown suppressed", "bounce smtp mailbox-full counted"]);
    assert_eq!(post.report(&edition)["came_back"]["bounced"], 0, "who was refused at once is counted as rejected");
    drop(serving);
}

fn a_sending_stops_by_itself_and_goes_on_when_told(installation: Installation) {
    let script =
        Script::offering(&["PIPELINING"]).with(Step::Rcpt, Fault::Says("550 5.1.1 no such user"), When::Every(2));
    let post = Post::with(installation, script, 300);
    post.installation.run(&["newsletter", "edit", "nieuws", "--notify", "editor@example.org"]).done();
    let serving = post.installation.serve();
    let edition = post.installation.publish();
    let paused = post.until(&edition, "paused");
    let rejected = paused["counts"]["rejected"].as_i64().expect("a number");
    assert!((20..60).contains(&rejected), "the rest of the list is not spent: {paused}");
    let why = paused["pause_reason"].as_str().expect("it says why");
    // Refusals that are noted in one commit are counted together, so the number may go a little beyond the limit.
    assert!(why.contains("weigerden"), "{why}");
    // It stays in the outbox when this server refuses it too, and leaves it between two looks when it does not.
    let owed = "select cast(count(*) as text) from outbox where recipient = 'editor@example.org'";
    let deadline = Instant::now() + Duration::from_secs(30);
    while post.one(owed) == "0" && !post.double.copies().contains_key("editor@example.org") {
        assert!(Instant::now() < deadline, "the editor is told");
        std::thread::sleep(Duration::from_millis(10));
    }
    post.installation.run(&["edition", "resume", &edition]).done();
    let report = post.until(&edition, "sent");
    assert_eq!(report["adds_up"], true, "{report}");
    drop(serving);
}

fn complaints_stop_a_sending_before_the_list_is_spent(installation: Installation) {
    let post = Post::working(installation, 200);
    // Slow enough that complaints come while it goes out.
    let mut installation = post.installation;
    installation.set("SMTP_RATE", "600");
    let post = Post { installation, ..post };
    let serving = post.installation.serve();
    let edition = post.installation.publish();
    let deadline = Instant::now() + Duration::from_secs(60);
    while post.double.seen().messages.len() < 8 {
        assert!(Instant::now() < deadline, "{}", serving.log());
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut postman = Postman::lmtp(&post.inbound);
    let sent: Vec<String> = post.double.seen().messages.iter().take(4).map(|mail| mail.from.clone()).collect();
    for from in sent {
        let return_path = from.split(['<', '>']).nth(1).expect("there is a return path");
        // The courier's note that the mail was accepted may still be on its way.
        assert!(postman.bring(return_path, &complaint("Subject: x")).starts_with("250"));
    }
    let paused = post.until(&edition, "paused");
    assert!(paused["pause_reason"].as_str().is_some_and(|why| why.contains("spam")), "{paused}");
    assert!(post.double.seen().messages.len() < 200, "the rest of the list is not spent");
    drop(serving);
}

fn the_first_wave_leaves_and_the_rest_waits(installation: Installation) {
    let post = Post::working(installation, 200);
    let wave = ["newsletter", "edit", "nieuws", "--first-wave", "5", "--first-wave-wait", "60"];
    post.installation.run(&wave).done();
    let serving = post.installation.serve();
    let edition = post.installation.publish();
    let deadline = Instant::now() + Duration::from_secs(60);
    while post.one("select cast(wave_until as text) from editions where wave_until is not null").is_empty() {
        assert!(Instant::now() < deadline, "{}", serving.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(post.double.copies().len(), 10, "one in twenty has gone, and nobody else");
    post.database().sql("update editions set wave_until = 1");
    let counts = post.installation.sent(&edition);
    assert_eq!(counts["accepted"], 200);
    drop(serving);
}

/// `POSTDUIF_TEST_KILLS=100` kills so often; without it, thrice.
fn every_report_that_was_taken_counts_once_though_the_taker_is_killed(installation: Installation) {
    let kills: usize =
        std::env::var("POSTDUIF_TEST_KILLS").map_or(3, |count| count.parse().expect("a number of kills"));
    let per_round = 20;
    let readers = (kills + 1) * per_round;
    let post = Post::working(installation, readers);
    post.installation.run(&["newsletter", "edit", "nieuws", "--stop-at-bounced", "0"]).done();
    let mut serving = post.installation.serve();
    let edition = post.installation.publish();
    post.installation.sent(&edition);
    let sent: Vec<Sent> = (1..=readers).map(|reader| post.sent_to(reader)).collect();
    let mut taken = Vec::new();
    for round in 0..=kills {
        let batch = &sent[round * per_round..(round + 1) * per_round];
        let count = AtomicUsize::new(0);
        let deliver = || {
            let mut taken = Vec::new();
            let mut postman = Postman::lmtp(&post.inbound);
            for mail in batch {
                // Twice each: the second must change nothing.
                for _ in 0..2 {
                    match postman.try_bring(&mail.return_path, &bounce(&mail.to, "5.1.1", "gone")) {
                        Some(reply) if reply.starts_with("250") => {
                            taken.push(mail.to.clone());
                            count.fetch_add(1, Ordering::Relaxed);
                        }
                        _ => return taken,
                    }
                }
            }
            taken
        };
        if round == kills {
            taken.extend(deliver());
            break;
        }
        taken.extend(std::thread::scope(|scope| {
            let delivering = scope.spawn(deliver);
            // Some were taken; the rest is in the middle of it.
            let deadline = Instant::now() + Duration::from_secs(60);
            while count.load(Ordering::Relaxed) <= round % 5 {
                assert!(Instant::now() < deadline, "reports are taken");
                std::thread::sleep(Duration::from_micros(100));
            }
            serving.kill();
            delivering.join().expect("the postman does not fall over")
        }));
        serving = post.installation.serve();
    }
    taken.sort();
    taken.dedup();
    assert!(taken.len() > per_round, "reports were taken: {}", taken.len());
    let counted = post.database().texts("select p.email from feedback f join subscriptions s on s.id = f.subscription_id join subscribers p on p.id = s.subscriber_id order by p.email");
    assert!(taken.iter().all(|who| counted.contains(who)), "every 250 is counted");
    let mut once = counted.clone();
    once.dedup();
    assert_eq!(once, counted, "and once");
    let bounced = post.one("select cast(bounced as text) from editions");
    assert_eq!(bounced, counted.len().to_string());
    assert_eq!(post.database().texts("select event from consent_records").len(), counted.len());
    post.installation.run(&["consent", "verify"]).done();
    drop::<Serving>(serving);
}

fn lent(installation: Installation) -> (Post, Serving, Sent) {
    let post = Post::working(installation, 1);
    let serving = post.installation.serve();
    let edition = post.installation.publish();
    post.installation.sent(&edition);
    let sent = post.sent_to(1);
    (post, serving, sent)
}

#[test]
fn a_pipe_is_read_and_a_message_for_a_house_that_is_shut_is_kept_by_the_mail_server() {
    let database = Database::fresh(crate::kit::database::Engine::Sqlite).expect("SQLite is always there");
    let (mut post, serving, sent) = lent(database.into());
    let ordinary = post.ingest("Subject: hello\n\nhello\n", &["--json"]);
    assert_eq!(ordinary.json()[0]["outcome"], "harmless", "what is not ours is no fault");
    let report = bounce(&sent.to, "5.1.1", "no such user");
    assert_eq!(post.ingest(&report, &["--json"]).json()[0]["outcome"], "unmatched");

    let file = post.installation.folder().join("report.eml");
    let arrived = format!("Delivered-To: {}\n{report}", sent.return_path);
    std::fs::write(&file, &arrived).expect("there is room");
    let parsed =
        post.installation.run(&["feedback", "parse", file.to_str().expect("UTF-8"), "--json"]).json().remove(0);
    assert_eq!((&parsed["kind"], &parsed["edition"], &parsed["delivery"]), (&"bounce".into(), &1.into(), &1.into()));
    assert_eq!(parsed["recipients"][0]["status"], "5.1.1");
    assert_eq!(post.status(1), "confirmed", "looking changes nothing");

    assert_eq!(post.ingest(&arrived, &["--json"]).json()[0]["outcome"], "suppressed");
    assert_eq!(post.ingest(&arrived, &["--json"]).json()[0]["outcome"], "repeated");
    assert_eq!(post.status(1), "bounced");
    drop(serving);
    post.installation.set("DATABASE_URL", "sqlite:/nowhere/at/all.db");
    assert_eq!(post.ingest(&arrived, &[]).code, 1);
    assert_eq!(post.ingest(&arrived, &["--sysexits"]).code, 75);
}

#[test]
fn a_real_mail_server_sends_its_bounces_back_and_the_right_people_are_suppressed() {
    let (Some(postfix), Some(refusing), Some(inbound)) =
        (given("SMTP_PLAIN_URL"), given("REFUSING_PORT"), given("BOUNCES_PORT"))
    else {
        return;
    };
    let mut script = Script::offering(&["PIPELINING", "ENHANCEDSTATUSCODES"]);
    script.refuses = vec![
        ("reader-2@", "550 5.1.1 no such user here"),
        ("reader-3@", "550 5.7.1 blocked for your reputation"),
        ("reader-4@", "552 5.2.2 the mailbox is full"),
    ];
    let _refusing = SmtpDouble::start_at(script, refusing.parse().expect("a port"));
    for protocol in ["smtp", "lmtp"] {
        let database = Database::fresh(crate::kit::database::Engine::Sqlite).expect("SQLite is always there");
        let mut installation = Installation::from(database);
        installation.set("SMTP_URL", &postfix);
        installation.set("INBOUND_LISTEN", &format!("127.0.0.1:{inbound}"));
        installation.set("BOUNCE_ADDRESS", &format!("bounces@{protocol}.bounces.example"));
        installation.newsletter();
        installation.readers(4, "refusing.example");
        let mut serving = installation.serve();
        let edition = installation.publish();
        assert_eq!(installation.sent(&edition)["accepted"], 4, "Postfix takes everything at first");
        let deadline = Instant::now() + Duration::from_secs(60);
        while installation.database.texts("select kind from feedback").len() < 3 {
            assert!(Instant::now() < deadline, "the bounces never came: {}", serving.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        let statuses = installation.database.texts("select status from subscriptions order by id");
        assert_eq!(statuses, ["confirmed", "bounced", "confirmed", "confirmed"], "{protocol}");
        let known = installation.database.texts("select reason || ' ' || effect from feedback order by seq");
        assert_eq!(known, ["user-unknown suppressed", "policy noted", "mailbox-full counted"], "{protocol}");
        assert!(serving.terminate().success());
    }
}
