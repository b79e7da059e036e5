//! The demo, walked through as it tells people to walk.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mail_parser::{Message, MessageParser};
use serde_json::Value;
use tempfile::TempDir;

use crate::kit::http::Http;
use crate::kit::program::{Outcome, Program};

/// `postduif demo` at work in a folder of its own; ended when dropped.
struct Demo {
    folder: TempDir,
    child: Child,
    http: Http,
    /// What every command against it begins with.
    command: String,
    /// The same without the program.
    arguments: Vec<String>,
}

impl Demo {
    fn begin() -> Self {
        Self::begin_with(|program| program)
    }

    fn begin_with(surroundings: impl FnOnce(Program) -> Program) -> Self {
        let folder = TempDir::with_prefix("postduif-").expect("a temporary folder can be made");
        let program = program(&folder, &["demo", "--listen", "127.0.0.1:0", "--json"]);
        let mut command = surroundings(program).into_command();
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut line = String::new();
        let said = child.stdout.take().expect("its output is ours");
        BufReader::new(said).read_line(&mut line).expect("it says what there is to try");
        let walk: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("no walk ({error}): {line}"));
        let text = |key: &str| walk[key].as_str().expect("the walk is texts").to_owned();
        assert!(text("token").starts_with("pd_live_"));
        let command = text("command");
        let arguments = command.split(' ').skip(1).map(str::to_owned).collect();
        Self { folder, child, http: Http::to(text("url")), command, arguments }
    }

    /// A command in a second terminal.
    fn run(&self, arguments: &[&str]) -> Outcome {
        let all: Vec<&str> = self.arguments.iter().map(String::as_str).chain(arguments.iter().copied()).collect();
        program(&self.folder, &all).run()
    }

    /// The source of the latest mail for this reader whose subject begins so, once it is there.
    fn mail(&self, to: &str, subject: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let list = self.http.get("/demo/mailbox.json").json();
            let found = list.as_array().expect("a list").iter().rev().find(|mail| {
                mail["to"] == to && mail["subject"].as_str().is_some_and(|found| found.starts_with(subject))
            });
            if let Some(mail) = found {
                let source = self.http.get(mail["raw"].as_str().expect("the path of the source"));
                assert_eq!(source.header("content-type"), "message/rfc822");
                return source.text();
            }
            assert!(Instant::now() < deadline, "no “{subject}” for {to} in {list}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn press(&self, address: &str, body: &str) -> u16 {
        let ask = self.http.ask("POST", address).header("content-type", "application/x-www-form-urlencoded");
        ask.send_body(body).status
    }

    /// Ctrl-C, and the exit code.
    fn interrupt(mut self) -> (Option<i32>, TempDir) {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        assert!(sent.expect("kill can be run").success(), "it still runs");
        let code = self.child.wait().expect("a child can be waited for").code();
        let nothing = TempDir::new().expect("a temporary folder can be made");
        (code, std::mem::replace(&mut self.folder, nothing))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Failing means that it has ended already, which is all that is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(folder: &TempDir, arguments: &[&str]) -> Program {
    let place = folder.path().to_str().expect("a temporary folder has a plain name");
    Program::new(folder.path(), arguments).env("TMPDIR", place)
}

fn link(mail: &Message<'_>, kind: &str) -> String {
    let text = mail.body_text(0).expect("every mail has a text");
    let found = text.split_whitespace().find(|word| word.contains(kind));
    found.unwrap_or_else(|| panic!("no {kind} in {text}")).to_owned()
}

#[test]
fn the_walk_leads_from_sign_up_to_the_newsletter_and_out_again() {
    let demo = Demo::begin();
    let reader = "jij@gemeente.example";
    assert_eq!(demo.press("/n/nieuwsbrief/subscribe", &format!("email={reader}&website=")), 303);
    let confirmation = demo.mail(reader, "Bevestig");
    let confirmation = MessageParser::default().parse(&confirmation).expect("the mail is one");
    assert_eq!(demo.press(&link(&confirmation, "/c/"), ""), 200);
    demo.mail(reader, "Welkom");

    let edition = demo.run(&["--json", "edition", "assemble", "nieuwsbrief"]).json().remove(0);
    assert_eq!(edition["subject"], "Wat is ethisch hacken, Applicatiebeheer en de AVG, en meer");
    let titles = |section: usize| -> Vec<&str> {
        let items = edition["sections"][section]["items"].as_array().expect("a section has items");
        items.iter().map(|item| item["title"].as_str().expect("an item has a title")).collect()
    };
    assert_eq!(
        titles(0),
        [
            "Wat is ethisch hacken en waarom is het belangrijk?",
            "Applicatiebeheer en de AVG: wat moet je weten?",
            "Van code naar vertrouwen: bouw het veilig",
        ]
    );
    assert_eq!(titles(1).len(), 10);
    assert!(!titles(1).iter().any(|title| title.starts_with("Chinese camera")), "the oldest is left for later");

    demo.run(&["edition", "approve", "2"]).done();
    let sent = demo.run(&["--json", "edition", "send", "2", "--wait"]).json().remove(0);
    assert_eq!((&sent["status"], &sent["counts"]["accepted"]), (&"sent".into(), &sent["audience"]));

    let newsletter = demo.mail(reader, "Wat is ethisch hacken");
    let newsletter = MessageParser::default().parse(&newsletter).expect("the mail is one");
    let header = |name: &str| newsletter.header_raw(name).unwrap_or_else(|| panic!("no {name}")).to_owned();
    assert_eq!(header("List-Unsubscribe-Post").trim(), "List-Unsubscribe=One-Click");
    let ways = header("List-Unsubscribe");
    let way = ways.split(['<', '>']).find(|way| way.starts_with("http")).expect("one way is a web address");
    assert_eq!(demo.press(way, "List-Unsubscribe=One-Click"), 200);
    let known = demo.run(&["--json", "subscriber", "show", reader]).json().remove(0);
    assert_eq!(known["subscriptions"][0]["status"], "unsubscribed");

    let (code, folder) = demo.interrupt();
    assert_eq!(code, Some(0));
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder can be listed").count(), 0, "something is left");
}

#[test]
fn the_mailbox_is_a_page_that_shows_a_mail_without_letting_it_do_anything() {
    let demo = Demo::begin();
    assert_eq!(demo.http.get("/demo/mailbox.json").json(), serde_json::json!([]));
    assert_eq!(demo.press("/n/nieuwsbrief/subscribe", "email=you%40council.example&language=en&website="), 303);
    demo.mail("you@council.example", "");
    let list = demo.http.get("/demo/mailbox").text();
    assert!(list.contains("href=\"/demo/mailbox/1?language=en\""), "{list}");
    let page = demo.http.get("/demo/mailbox/1").text();
    assert!(page.contains("sandbox=\"allow-popups allow-popups-to-escape-sandbox\""), "{page}");
    assert!(page.contains("/c/") && !page.contains("<script"), "{page}");
    let framed = demo.http.get("/demo/mailbox/1.html");
    let policy = framed.header("content-security-policy");
    assert!(policy.contains("sandbox") && policy.starts_with("default-src 'none'"), "{policy}");
    assert_eq!(framed.header("x-frame-options"), "", "the page around it is ours");
    assert!(framed.text().contains("<base target=\"_blank\">"));
    assert_eq!(demo.http.get("/demo/mailbox/2").status, 404);
}

#[test]
fn the_feed_of_the_demo_says_when_nothing_is_new_and_ends() {
    let demo = Demo::begin();
    let first = demo.http.get("/demo/feed/");
    let again = demo.http.ask("GET", "/demo/feed/").header("if-none-match", first.header("etag")).send();
    assert_eq!((first.status, again.status, again.text().as_str()), (200, 304, ""));
    assert_eq!(demo.http.get("/demo/feed/?paged=2").status, 200);
    assert_eq!(demo.http.get("/demo/feed/?paged=3").status, 404);
}

#[test]
fn a_port_in_use_is_named_with_the_way_to_another_and_nothing_is_left_behind() {
    let neighbour = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    let address = neighbour.local_addr().expect("it has an address").to_string();
    let folder = TempDir::new().expect("a temporary folder can be made");
    let message = program(&folder, &["demo", "--listen", &address]).run().failed();
    assert!(message.contains(&address) && message.contains("--listen"), "{message}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder can be listed").count(), 0);
}

#[test]
fn the_printed_commands_let_no_variable_lead_them_elsewhere() {
    let demo = Demo::begin_with(|program| program.env("POSTDUIF_DATABASE_URL", "sqlite:real.db"));
    assert!(demo.command.starts_with("env -u POSTDUIF_DATABASE_URL "), "{}", demo.command);
    assert!(!demo.folder.path().join("real.db").exists());
}

#[test]
fn settings_are_refused_because_a_demo_must_not_reach_real_readers() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let message = program(&folder, &["demo", "--set", "smtp_url=smtp://mail.example.org"]).run().failed();
    assert!(message.contains("postduif serve"), "{message}");
}
