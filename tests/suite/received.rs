//! An edition with everything nasty in it, as it arrived at hundreds of readers: no fault in form, headers, MIME or
//! signatures, no Message-ID twice, and no two mails that differ in more than what is the reader's own.
//!
//! `POSTDUIF_TEST_RECEIVED=10000` makes it as many readers as that.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use postduif::domain::smarthost::Smarthost;
use postduif::flows::approve::{Approver, approve};
use postduif::flows::articles::{EnteredArticle, enter};
use postduif::flows::assemble::{Assembled, assemble};
use postduif::flows::deliver::{Mailer, Relays};
use postduif::flows::{House, publish};
use postduif::mail::dkim_key::DkimKey;
use postduif::mail::sign::Signer;
use postduif::mail::smtp::{Relay, Timeouts, Tls};

use super::accessible::Judge;
use super::signatures::{ed25519, rsa};
use crate::kit::database::{Database, Engine};
use crate::kit::house::Served;
use crate::kit::smtp_double::script::Script;
use crate::kit::smtp_double::{Message, SmtpDouble};
use crate::kit::{given, on_each_engine};

on_each_engine![what_arrives_is_without_fault_whatever_feeds_and_people_write];

/// As feeds, and people who mean no good, write them.
fn titles() -> Vec<String> {
    [
        "\r\nBcc: victim@example.org\r\n\r\n.\r\n",
        "a\n.\nb\r.\rc\n..\n\u{0}\u{1}\u{2}\u{3}d",
        "<script>alert(1)</script><img src=x onerror=alert(1)></title></table>",
        "{{ 7*7 }} {% raw %} {# x #} %s ${jndi:ldap://x}",
        "=?utf-8?q?evil?= =?utf-8?b?eA==?=",
        "👩\u{200d}👩\u{200d}👧\u{200d}👦 🕊\u{fe0f} 名前 ﷽",
        "שלום עולם \u{202e}txt.exe مرحبا",
        "“IB&P”: 'auto’s' \"quoted\" <a@b>, (x) \\ ; &amp; &#038;",
        ".",
        "From me to you",
        "--=_postduif_boundary--",
        "=3D=\r\n=20",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain(["é".repeat(3_000), "x".repeat(3_000), "woord ".repeat(500), "🕊".repeat(3_000)])
    .collect()
}

const NAME: &str = "IB&P \"Één\" <x>,\r\nBcc: victim@example.org (名前) \u{202e}";

/// How many get it.
fn readers(engine: Engine) -> usize {
    let asked = std::env::var("POSTDUIF_TEST_RECEIVED").ok().and_then(|number| number.parse().ok());
    asked.unwrap_or(if engine == Engine::Sqlite { 300 } else { 60 })
}

fn what_arrives_is_without_fault_whatever_feeds_and_people_write(database: Database) {
    let readers = readers(database.engine());
    let double = SmtpDouble::start(Script::offering(&["PIPELINING"]));
    let settings = [
        ("smtp_url", double.url("tls=none")),
        ("offline", "true".to_owned()),
        ("public_url", "https://nieuws.example.nl".to_owned()),
        ("bounce_address", "bounces@example.nl".to_owned()),
    ];
    let settings: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let served = Served::set(database, &settings);
    let signer = Signer::new(vec![rsa(), ed25519()]);
    let records = signer.keys().iter().map(DkimKey::dns_record).map(|record| (record.name, record.value)).collect();
    let house = House { signer: Arc::new(signer), ..served.house.clone() };
    for (number, title) in titles().into_iter().enumerate() {
        let article = EnteredArticle {
            section: if number % 3 == 0 { "news" } else { "blogs" }.to_owned(),
            url: format!("https://www.example.nl/{number}?a=1&b=\"<>'"),
            summary: title.chars().take(400).collect(),
            title,
            published: None,
        };
        served.run(enter(&house, "ibp", article)).expect("it is cleaned, not refused");
    }
    served.confirmed("o'brien+tag@xn--bcher-kva.example");
    served.readers(readers - 1);
    served.database.sql("update subscribers set language = 'en' where id % 3 = 0");
    served.database.sql("update subscribers set format = 'text' where id % 5 = 0");
    // Since when somebody reads is their own too; here it is the same for all.
    served.database.sql("update subscriptions set confirmed_at = 0");
    let Ok(Assembled::Draft(edition)) = served.run(assemble(&house, "ibp", None)) else { panic!("no draft") };
    // Past every check of what people may type.
    let subject = format!("Onderwerp {}", titles()[..8].join(" "));
    let promo = r#"{"heading":"Lees\r\nBcc: x@y.nl","title":"<b>","text":"**Vet** en [een link](https://www.example.nl/?a=1&b=2)\r\n.\r\n","url":"https://www.example.nl/","button":"\u0000.\n"}"#;
    served.run(async {
        let mut tx = house.db.write().await.expect("the database takes it");
        let texts = postduif::store::editions::EditionTexts {
            subject: subject.replace('\0', ""),
            preheader: titles()[1].replace('\0', ""),
            intro: format!("Beste\r\n.\r\n..\r\n\r\n{}", titles()[2]),
            promo: Some(promo.to_owned()),
        };
        postduif::store::editions::edit(&mut tx, edition.id, edition.version, &texts, "a test", house.clock.now())
            .await
            .expect("it is stored");
        tx.commit().await.expect("the database keeps it");
    });
    served
        .database
        .sql(&format!("update newsletters set from_name = '{NAME}', title = '{NAME}', organisation = '{NAME}'"));
    let anyway = Approver { by: "a test", accept_warnings: true, override_reason: Some("it is to be nasty") };
    served.run(approve(&house, edition.id, &anyway)).expect("a reason passes everything");
    let server = Smarthost::parse_list(&double.url("tls=none")).expect("it is an address").remove(0);
    // A busy machine is no reason for a doubt: the test's clock stands still, and a repeat would never be due.
    let relay = Relay::new(server, "test.example", Timeouts::all(Duration::from_secs(120)), Tls::from_system());
    let mailer = served.run(async { Mailer::start(&house, Relays::new(house.clock.clone(), vec![relay])) });
    served.run(publish::send(&house, edition.id, None)).expect("it goes out");
    let told = || served.database.texts("select status || ' ' || audience || ' ' || accepted from editions").concat();
    let (began, patience) = (Instant::now(), Duration::from_secs(60 + readers as u64 / 10));
    while told() != format!("sent {readers} {readers}") {
        assert!(began.elapsed() < patience, "it came only to this: {}", told());
        std::thread::sleep(Duration::from_millis(50));
    }
    served.run(mailer.stop());
    assert_eq!(double.seen().violations, Vec::<String>::new());
    let mut messages = std::mem::take(&mut double.seen().messages);
    // Who signed up got letters too.
    messages.retain(|message| message.bytes.windows(10).any(|field| field == b"\r\nList-Id:"));
    assert_eq!(messages.len(), readers);
    for message in &messages {
        check_form(&message.bytes);
    }
    let kinds = check_likeness(&messages);
    let all: usize = kinds.values().map(|(count, _)| count).sum();
    assert_eq!((kinds.len(), all), (4, readers), "two languages in two forms");
    check_by_another_reader(&messages, &records);
    for (_, example) in kinds.values() {
        if let Some(html) = html_of(&example.bytes) {
            check_html(&html);
            check_access(&html);
        }
    }
}

/// Lines end in CRLF and are short enough, the header is ASCII, and every field stands there once.
fn check_form(bytes: &[u8]) {
    assert!(!bytes.contains(&0) && bytes.ends_with(b"\r\n"));
    let text = std::str::from_utf8(bytes).expect("what is not ASCII is UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").expect("a header ends");
    for line in text.split("\r\n") {
        assert!(!line.contains(['\r', '\n']), "a bare CR or LF: {line:?}");
        assert!(line.len() <= 998, "{} octets in a line", line.len());
    }
    assert!(head.is_ascii() && body.is_ascii());
    let mut seen = HashSet::new();
    for line in head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])) {
        let (name, _) = line.split_once(": ").unwrap_or_else(|| panic!("no field: {line:?}"));
        assert!(name == "DKIM-Signature" || seen.insert(name.to_ascii_lowercase()), "{name} twice: {head}");
    }
    for name in ["bcc", "cc", "sender"] {
        assert!(!seen.contains(name), "{name} was smuggled in: {head}");
    }
}

/// Puts mails of a kind side by side: with a reader's own taken out, nothing differs. The kinds, how many there are of
/// each, and one of them.
fn check_likeness(messages: &[Message]) -> BTreeMap<(String, bool), (usize, &Message)> {
    let mut ids = HashSet::new();
    let mut first: HashMap<(String, bool), String> = HashMap::new();
    let mut kinds = BTreeMap::new();
    for message in messages {
        let text = std::str::from_utf8(&message.bytes).expect("it was read before");
        let (head, body) = text.split_once("\r\n\r\n").expect("it was read before");
        let field = |name: &str| {
            let at = head.find(&format!("\r\n{name}:")).unwrap_or_else(|| panic!("no {name} in {head}"));
            let value = &head[at + name.len() + 3..];
            let end = value.match_indices("\r\n").find(|(at, _)| !value[at + 2..].starts_with([' ', '\t']));
            value[..end.map_or(value.len(), |(at, _)| at)].replace("\r\n", "")
        };
        let id = field("Message-ID");
        let token = |text: &str, before: &str, after: char| {
            let at = text.find(before).unwrap_or_else(|| panic!("no {before} in {text}")) + before.len();
            // Quoted-printable may break its line before a token, and never within one.
            let rest = text[at..].strip_prefix("=\r\n").unwrap_or(&text[at..]);
            rest.split(after).next().unwrap_or_default().to_owned()
        };
        let unsubscribe = token(&field("List-Unsubscribe"), "/u/", '>');
        let delivery = token(&id, "<", '@');
        let preferences = token(body, "/p/", '\r');
        assert!(message.from.contains(&delivery), "the return path names the delivery: {}", message.from);
        assert!(ids.insert(id), "a Message-ID came twice");
        let kind = (field("Content-Language").trim().to_owned(), field("Content-Type").contains("multipart"));
        let mut rest = without_signatures(text).replace("\r\n <", " <");
        for own in [&message.to, &unsubscribe, &delivery, &preferences] {
            assert!(own.len() > 10, "{own}");
            rest = rest.replace(own.as_str(), "OWN");
        }
        let like = first.entry(kind.clone()).or_insert_with(|| rest.clone());
        if let Some((one, other)) = like.lines().zip(rest.lines()).find(|(one, other)| one != other) {
            panic!("two mails of one edition differ in more than the reader's own:\n{one}\n{other}");
        }
        assert_eq!(like.len(), rest.len());
        kinds.entry(kind).or_insert((0, message)).0 += 1;
    }
    kinds
}

fn without_signatures(text: &str) -> String {
    let mut inside = false;
    let kept = text.split("\r\n").filter(|line| {
        if !line.starts_with([' ', '\t']) {
            inside = line.starts_with("DKIM-Signature:");
        }
        !inside
    });
    kept.collect::<Vec<_>>().join("\r\n")
}

/// Python's mail reader and dkimpy judge every message as it arrived.
fn check_by_another_reader(messages: &[Message], records: &BTreeMap<String, String>) {
    let Some(python) = given("PYTHON") else { return };
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("records.json");
    std::fs::write(&file, serde_json::to_vec(records).expect("texts become JSON")).expect("it can be written");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verify_dkim.py");
    for batch in messages.chunks(500) {
        let files = batch.iter().enumerate().map(|(number, message)| {
            let file = folder.path().join(format!("{number}.eml"));
            std::fs::write(&file, &message.bytes).expect("it can be written");
            file
        });
        let verdict = Command::new(&python).arg(script).arg("--received").arg(&file).args(files).output();
        let verdict = verdict.expect("Python runs");
        assert!(verdict.status.success(), "{}", String::from_utf8_lossy(&verdict.stderr));
        let out = String::from_utf8(verdict.stdout).expect("JSON is UTF-8");
        assert_eq!(out.lines().count(), batch.len());
        for (line, message) in out.lines().zip(batch) {
            let read: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
            assert_eq!((read["signatures"].as_i64(), read["to"].as_str()), (Some(2), Some(message.to.as_str())));
            let told = |field: &str| read[field].as_str().unwrap_or_default().to_owned();
            // Between two encoded words of a name Python's reader puts a blank that is not there (RFC 2047 section 6.2).
            let (subject, from, text) = (told("subject"), told("from").replace("  ", " "), told("text"));
            assert!(subject.starts_with("Onderwerp Bcc: victim@example.org . a . b . c .. d <script>"), "{subject}");
            assert!(subject.contains("👩\u{200d}👩\u{200d}👧\u{200d}👦") && subject.contains("שלום עולם"), "{subject}");
            assert!(subject.contains("“IB&P”: 'auto’s' \"quoted\" <a@b>"), "{subject}");
            assert!(from.contains("IB&P \"Één\" <x>, Bcc: victim@example.org (名前)"), "{from}");
            assert!(text.contains("\n.\n") || text.contains(" . "), "{text}");
            assert!(text.contains(&"x".repeat(3_000)), "a long word stays whole");
            if let Some(html) = read["html"].as_str() {
                assert!(html.contains(&"🕊".repeat(3_000)) && !html.contains("<script"), "{html}");
                assert!(html.contains("&lt;script&gt;") && html.contains("{{ 7*7 }}"), "{html}");
            }
        }
    }
}

fn html_of(bytes: &[u8]) -> Option<String> {
    let mail = mail_parser::MessageParser::default().parse(bytes).expect("it is a message");
    (mail.parts.len() > 1).then(|| mail.body_html(0).expect("it has HTML").into_owned())
}

/// Nothing that the HTML standard calls a parse error; every element is closed in its place, no block stands in a
/// paragraph, and no id stands there twice.
fn check_html(html: &str) {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let tokenizer = Tokenizer::new(Nesting::default(), TokenizerOpts { exact_errors: true, ..Default::default() });
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let state = tokenizer.sink.0.into_inner();
    assert!(state.faults.is_empty(), "{:#?}\n{html}", state.faults);
    assert!(state.open.is_empty() && state.doctype, "{:?} stay open", state.open);
}

#[derive(Default)]
struct Nesting(std::cell::RefCell<Nested>);

#[derive(Default)]
struct Nested {
    doctype: bool,
    open: Vec<String>,
    ids: HashSet<String>,
    faults: Vec<String>,
}

const VOID: [&str; 5] = ["meta", "img", "br", "hr", "link"];
const BLOCKS: [&str; 10] = ["p", "table", "div", "h1", "h2", "h3", "ul", "ol", "tr", "td"];

impl TokenSink for Nesting {
    type Handle = ();

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
        let mut state = self.0.borrow_mut();
        match token {
            Token::ParseError(error) => state.faults.push(format!("line {line}: {error}")),
            Token::DoctypeToken(_) => state.doctype = true,
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                let name = tag.name.to_string();
                if BLOCKS.contains(&name.as_str()) && state.open.iter().any(|open| open == "p") {
                    state.faults.push(format!("line {line}: <{name}> in a paragraph"));
                }
                for attribute in &tag.attrs {
                    if &*attribute.name.local == "id" && !state.ids.insert(attribute.value.to_string()) {
                        state.faults.push(format!("line {line}: the id {} twice", attribute.value));
                    }
                }
                if name == "img" && !tag.attrs.iter().any(|attribute| &*attribute.name.local == "alt") {
                    state.faults.push(format!("line {line}: an image without words"));
                }
                if !VOID.contains(&name.as_str()) {
                    state.open.push(name.clone());
                }
                match name.as_str() {
                    "style" => return TokenSinkResult::RawData(RawKind::Rawtext),
                    "title" => return TokenSinkResult::RawData(RawKind::Rcdata),
                    _ => {}
                }
            }
            Token::TagToken(tag) => {
                let open = state.open.pop();
                if open.as_deref() != Some(&*tag.name) {
                    state.faults.push(format!("line {line}: </{}> closes {open:?}", tag.name));
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// Without barriers, where there is a browser to tell.
fn check_access(html: &str) {
    let Some(judge) = Judge::called() else { return };
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("mail.html");
    std::fs::write(&file, html).expect("it can be written");
    judge.visit(&format!("file://{}", file.display()));
}
