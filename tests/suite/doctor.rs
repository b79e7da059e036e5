//! The doctor, against a DNS server with one fault a zone, servers that are not there, and a house in disorder.

use std::process::Command;

use serde_json::Value;

use crate::kit::database::Engine;
use crate::kit::dns::{self, Entry};
use crate::kit::feeds::Site;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script;
use crate::kit::{Installation, on, on_each_engine};

on_each_engine![
    every_fault_in_dns_is_named_with_what_to_do,
    the_key_in_dns_is_compared_with_ours,
    offline_nothing_is_asked_and_nothing_blocks,
    the_house_itself_is_looked_at_and_the_result_is_kept,
    the_clock_is_compared_with_those_of_the_sites_that_are_read,
    a_return_path_that_dmarc_does_not_count_is_named,
];

/// A zone in which nothing is wrong.
fn sound(domain: &'static str, mail: &'static str) -> Vec<Entry> {
    let dmarc: &'static str = format!("_dmarc.{domain}").leak();
    vec![
        (domain, "TXT", "v=spf1 mx -all".into()),
        (domain, "MX", format!("10 {mail}")),
        (mail, "A", "192.0.2.25".into()),
        (mail, "AAAA", "2001:db8::25".into()),
        (dmarc, "TXT", "v=DMARC1; p=reject; rua=mailto:a@b.example".into()),
    ]
}

/// The same with one entry of the domain changed, or taken out by an empty value.
fn faulty(domain: &'static str, mail: &'static str, name: &str, kind: &str, value: &str) -> Vec<Entry> {
    let mut zone = sound(domain, mail);
    zone.retain_mut(|entry| {
        if entry.0 == name && entry.1 == kind {
            entry.2 = value.to_owned();
        }
        !entry.2.is_empty()
    });
    zone
}

fn every_fault_in_dns_is_named_with_what_to_do(mut installation: Installation) {
    let includes: String = (0..11).map(|number| format!("include:i{number}.example ")).collect();
    let mut zones = [
        sound("fine.example", "mail.fine.example"),
        faulty("none.example", "m.none.example", "none.example", "TXT", ""),
        faulty("open.example", "m.open.example", "open.example", "TXT", "v=spf1 mx +all"),
        faulty("typo.example", "m.typo.example", "typo.example", "TXT", "v=spf1 inlcude:x.example -all"),
        faulty("deep.example", "m.deep.example", "deep.example", "TXT", &format!("v=spf1 {includes}-all")),
        faulty("weak.example", "m.weak.example", "_dmarc.weak.example", "TXT", "v=DMARC1; p=none"),
        faulty("bare.example", "m.bare.example", "_dmarc.bare.example", "TXT", ""),
        faulty("null.example", "m.null.example", "null.example", "MX", "0 ."),
        faulty("lost.example", "m.lost.example", "lost.example", "MX", ""),
    ]
    .concat();
    // Two records make both void.
    zones.extend(sound("two.example", "m.two.example"));
    zones.push(("two.example", "TXT", "v=spf1 -all".into()));
    for number in 0..11 {
        zones.push((format!("i{number}.example").leak(), "TXT", "v=spf1 ip4:192.0.2.1 -all".into()));
    }
    installation.set("OFFLINE", "false");
    installation.set("DNS", &dns::serve(zones).to_string());
    installation.set("PUBLIC_URL", "http://127.0.0.1:9");
    let names = ["fine", "none", "open", "typo", "deep", "weak", "bare", "null", "lost", "two"];
    for name in names {
        let from = format!("N <news@{name}.example>");
        let create = ["newsletter", "create", name, "--title", "N", "--from", &from, "--postal-address", "S"];
        installation.run(&create).done();
    }
    let outcome = installation.run(&["doctor", "--json"]);
    assert_eq!(outcome.code, 1, "something is broken: {}", outcome.err);
    let checks: Vec<Value> = outcome.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let said = |name: &str, status: &str, words: &str| {
        let check = checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name}"));
        assert!(check["status"] == status && check.to_string().contains(words), "{check}");
    };
    for what in ["spf:fine.example", "dmarc:fine.example", "mx:fine.example"] {
        said(what, "ok", "");
    }
    said("spf:none.example", "fail", "v=spf1 include:");
    said("spf:open.example", "fail", "lets anybody send");
    said("spf:typo.example", "fail", "inlcude:x.example");
    said("spf:deep.example", "fail", "11 of 10 look-ups");
    said("spf:two.example", "fail", "2 SPF records");
    said("dmarc:weak.example", "warn", "p=quarantine");
    said("dmarc:bare.example", "warn", "_dmarc.bare.example. TXT");
    said("mx:null.example", "fail", "null MX");
    said("mx:lost.example", "fail", "neither MX nor address");
    said("internet.nl:fine.example", "warn", "IPv6 yes, DNSSEC no, DANE no, STARTTLS not tried");
    said("dmarc.alignment:fine.example", "ok", "fine.example");
    said("smtp", "fail", "POSTDUIF_SMTP_URL");
    said("url.public", "fail", "cannot be reached");
    let text = installation.run(&["doctor"]);
    assert!(text.code == 1 && text.out.contains("BROKEN") && text.out.contains("broken, "), "{}", text.out);
}

fn the_key_in_dns_is_compared_with_ours(mut installation: Installation) {
    let key = |name: &str| {
        let file = installation.folder().join(name).display().to_string();
        let made = Command::new("openssl").args(["genpkey", "-algorithm", "ed25519", "-out", &file]).output();
        assert!(made.expect("openssl is here").status.success());
        file
    };
    let (one, two) = (key("one.pem"), key("two.pem"));
    let public = |file: &str| {
        let public = Command::new("openssl").args(["pkey", "-in", file, "-pubout", "-outform", "DER"]).output();
        // The key itself is the end of its envelope.
        let der = public.expect("openssl is here").stdout;
        let encode = |bytes: &[u8]| {
            let mut text = String::new();
            for chunk in bytes.chunks(3) {
                let word =
                    chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
                let digit = |at: u32| {
                    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                        [(word >> (18 - 6 * at) & 63) as usize]
                };
                (0..4).for_each(|at| text.push(if at <= chunk.len() as u32 { digit(at).into() } else { '=' }));
            }
            text
        };
        encode(&der[der.len() - 32..])
    };
    let mut zone = sound("mail.signed.example", "mx.signed.example");
    zone.push(("one._domainkey.signed.example", "TXT", format!("v=DKIM1; k=ed25519; p={}", public(&one))));
    zone.push(("two._domainkey.signed.example", "TXT", format!("v=DKIM1; k=ed25519; p={}", public(&one))));
    zone.push(("_25._tcp.mx.signed.example", "TLSA", String::new()));
    zone.push((
        "_dmarc.signed.example",
        "TXT",
        format!("v=DMARC1; p=quarantine; rua=mailto:{}@x.example", "a".repeat(600)),
    ));
    zone.retain(|entry| entry.0 != "_dmarc.mail.signed.example");
    installation.set("OFFLINE", "false");
    installation.set("DNS", &dns::serve(zone).to_string());
    installation.set("DKIM_DOMAIN", "signed.example");
    installation.set("DKIM_SELECTOR", "one,two");
    installation.set("DKIM_KEY_FILE", &format!("{one},{two}"));
    let create =
        ["newsletter", "create", "n", "--title", "N", "--from", "N <n@mail.signed.example>", "--postal-address", "S"];
    installation.run(&create).done();
    let outcome = installation.run(&["doctor", "--json"]);
    let said = |name: &str| {
        let line = outcome.out.lines().find(|line| line.contains(&format!("\"name\":\"{name}\"")));
        serde_json::from_str::<Value>(line.unwrap_or_else(|| panic!("no {name}: {}", outcome.out))).expect("JSON")
    };
    assert_eq!(said("dkim:one._domainkey.signed.example")["status"], "ok");
    let wrong = said("dkim:two._domainkey.signed.example");
    assert_eq!(wrong["status"], "fail");
    assert_eq!(
        wrong["advice"][0],
        format!("two._domainkey.signed.example. TXT \"v=DKIM1; k=ed25519; p={}\"", public(&two))
    );
    // Without asking anybody, both commands say what to paste.
    installation.set("OFFLINE", "true");
    let record = format!("two._domainkey.signed.example. TXT \\\"v=DKIM1; k=ed25519; p={}\\\"", public(&two));
    for command in ["doctor", "config"] {
        let out = installation.run(&[command, "--json"]).out;
        assert!(out.contains(&record), "{command}: {out}");
        let out = installation.run(&[command]).out;
        assert!(out.contains(&record.replace('\\', "")), "{command}: {out}");
    }
    // Found one step up, over TCP because it is long, and counted as the same organisation.
    let dmarc = said("dmarc:mail.signed.example");
    assert!(dmarc["status"] == "ok" && dmarc["message"] == "p=quarantine (signed.example)", "{dmarc}");
    let modern = said("internet.nl:mail.signed.example");
    assert!(
        modern["status"] == "ok"
            && modern["message"].as_str().is_some_and(|said| said.starts_with("IPv6 yes, DNSSEC yes, DANE yes, ")),
        "{modern}"
    );
}

fn offline_nothing_is_asked_and_nothing_blocks(mut installation: Installation) {
    installation.set("SMTP_URL", "smtp://mail.example:25?tls=none");
    installation.newsletter();
    let outcome = installation.run(&["doctor", "--json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.out);
    for name in
        ["spf:example.org", "dmarc:example.org", "mx:example.org", "smtp:mail.example", "url.public", "url.oneclick"]
    {
        let line = outcome.out.lines().find(|line| line.contains(&format!("\"{name}\""))).expect("it is listed");
        assert!(line.contains("\"unknown\"") && line.contains("not checked"), "{line}");
    }
}

fn the_house_itself_is_looked_at_and_the_result_is_kept(mut installation: Installation) {
    installation.newsletter();
    let out = installation.run(&["doctor"]).out;
    let row = |start: &str| {
        out.lines().find(|line| line.contains(start)).unwrap_or_else(|| panic!("no {start}: {out}")).to_owned()
    };
    assert!(row(" backup ").starts_with("WARNING") && row(" database ").starts_with("ok"), "{out}");
    assert!(row(" schedule:nieuws ").contains("the next draft is assembled at"), "{out}");
    assert!(row(" source:").starts_with("ok"), "{out}");
    let kept = installation.database.texts("select check_name || ' ' || status from doctor_runs order by at desc, 1");
    assert!(kept.contains(&"backup warn".to_owned()) && kept.contains(&"clock ok".to_owned()), "{kept:?}");

    installation.run(&["backup", "one.backup"]).done();
    // Somebody has seen a later day here than the clock shows.
    installation.database.sql("update doctor_runs set at = at + 864000000000");
    let out = installation.run(&["doctor"]).out;
    let row = |start: &str| out.lines().find(|line| line.contains(start)).expect("it is listed").to_owned();
    assert!(row(" backup ").starts_with("ok") && row(" clock ").starts_with("BROKEN"), "{out}");

    // Served here, the address for readers and the button of mail programs can be tried.
    installation.set("OFFLINE", "false");
    installation.set("DNS", &dns::serve(Vec::new()).to_string());
    let _serving = installation.serve();
    let out = installation.run(&["doctor"]).out;
    let row = |start: &str| out.lines().find(|line| line.contains(start)).expect("it is listed").to_owned();
    assert!(row(" url.oneclick ").starts_with("ok"), "{out}");
    assert!(row(" url.public ").contains("in clear"), "{out}");
}

/// What a command of the doctor said about one thing.
fn about(installation: &Installation, name: &str) -> Value {
    let out = installation.run(&["doctor", "--json"]).out;
    let checks = out.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    checks.into_iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name}: {out}"))
}

fn the_clock_is_compared_with_those_of_the_sites_that_are_read(mut installation: Installation) {
    installation.newsletter();
    assert_eq!(about(&installation, "clock")["status"], "ok", "offline nobody is asked");
    installation.set("OFFLINE", "false");
    installation.set("DNS", &dns::serve(Vec::new()).to_string());
    let said = about(&installation, "clock");
    assert!(said["message"].to_string().contains("no site outside told its time"), "{said}");
    let site = Site::open();
    let feed = site.show("/feed/", "<rss version=\"2.0\"><channel><title>x</title></channel></rss>");
    installation.run(&["source", "add", "nieuws", &feed, "--section", "blogs", "--allow-private"]).done();
    let now = jiff::Timestamp::now;
    let told = |moment: jiff::Timestamp| {
        let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&moment);
        site.tells(&format!("date: {}", date.expect("a year of four digits")));
    };
    told(now());
    let said = about(&installation, "clock");
    assert!(said["status"] == "ok" && said["message"].to_string().contains("as late as at 127.0.0.1"), "{said}");
    told(now() - jiff::SignedDuration::from_secs(120));
    let said = about(&installation, "clock");
    assert!(said["status"] == "warn" && said["message"].to_string().contains("ahead of"), "{said}");
    told(now() + jiff::SignedDuration::from_secs(7200));
    let said = about(&installation, "clock");
    assert!(said["status"] == "fail" && said["message"].to_string().contains("behind the clock of"), "{said}");
    assert!(said["advice"].to_string().contains("timedatectl"), "{said}");
    // What a cache kept for two hours says nothing about today.
    let date = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&(now() - jiff::SignedDuration::from_secs(7200)));
    site.tells(&format!("date: {}\r\nage: 7200", date.expect("a year of four digits")));
    assert_eq!(about(&installation, "clock")["status"], "ok");
    // One site whose own clock is wrong accuses nobody while another one agrees.
    told(now() + jiff::SignedDuration::from_secs(7200));
    let other = Site::open();
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now());
    other.tells(&format!("date: {}", date.expect("a year of four digits")));
    let feed = other.show("/feed/", "<rss version=\"2.0\"><channel><title>y</title></channel></rss>");
    installation.run(&["source", "add", "nieuws", &feed, "--section", "blogs", "--allow-private"]).done();
    assert_eq!(about(&installation, "clock")["status"], "ok");
}

fn a_return_path_that_dmarc_does_not_count_is_named(mut installation: Installation) {
    let mut zones = sound("own.example", "m.own.example");
    zones.extend(faulty(
        "strict.example",
        "m.strict.example",
        "_dmarc.strict.example",
        "TXT",
        "v=DMARC1; p=reject; aspf=s",
    ));
    zones.extend(sound("far.example", "m.far.example"));
    zones.push(("bounces.own.example", "MX", "10 m.own.example".into()));
    zones.push(("bounces.strict.example", "MX", "10 m.strict.example".into()));
    installation.set("OFFLINE", "false");
    installation.set("DNS", &dns::serve(zones).to_string());
    for name in ["own", "strict"] {
        let from = format!("N <news@{name}.example>");
        let create = ["newsletter", "create", name, "--title", "N", "--from", &from, "--postal-address", "S"];
        installation.run(&create).done();
    }
    for (bounces, own, strict) in [
        ("b@own.example", "ok", "warn"),
        ("b@bounces.own.example", "ok", "warn"),
        ("b@far.example", "warn", "warn"),
        ("b@bounces.strict.example", "warn", "warn"),
        ("b@strict.example", "warn", "ok"),
    ] {
        installation.set("BOUNCE_ADDRESS", bounces);
        for (name, status) in [("own", own), ("strict", strict)] {
            let said = about(&installation, &format!("dmarc.alignment:{name}.example"));
            assert_eq!(said["status"], status, "{bounces}: {said}");
            let advice = format!(
                "POSTDUIF_BOUNCE_ADDRESS=bounces@{}{name}.example",
                if name == "own" { "bounces." } else { "" }
            );
            assert!(status == "ok" || said["advice"].to_string().contains(&advice), "{said}");
        }
    }
}

#[test]
fn mail_servers_that_do_not_encrypt_are_named() {
    // Port 25 it must be, and not everybody may have that.
    if std::net::TcpListener::bind("127.0.0.1:25").is_err() {
        println!("skipped: port 25 is not to be had");
        return;
    }
    on(Engine::Sqlite, |mut installation: Installation| {
        let mut zone = sound("here.signed.example", "mx.here.signed.example");
        zone.retain(|entry| entry.1 != "A" && entry.1 != "AAAA");
        zone.push(("mx.here.signed.example", "A", "127.0.0.1".into()));
        installation.set("OFFLINE", "false");
        installation.set("DNS", &dns::serve(zone).to_string());
        installation.newsletter();
        installation.set("BOUNCE_ADDRESS", "b@here.signed.example");
        let said =
            |installation: &Installation| about(installation, "internet.nl:here.signed.example")["message"].to_string();
        assert!(said(&installation).contains("STARTTLS not tried"), "{}", said(&installation));
        let double = SmtpDouble::start_at(Script::offering(&["PIPELINING"]), 25);
        assert!(said(&installation).contains("STARTTLS no"), "{}", said(&installation));
        drop(double);
        std::thread::sleep(std::time::Duration::from_millis(300));
        let _double = SmtpDouble::start_at(Script::offering(&["PIPELINING", "STARTTLS"]), 25);
        assert!(said(&installation).contains("STARTTLS yes (TLS 1.3)"), "{}", said(&installation));
    });
}
