//! What the doctor, the sources and the mail server's dialogue say in English, the desk says in Dutch: all of it.

use std::path::Path;

use postduif::domain::language::Language;
use postduif::domain::role::Role;
use postduif::domain::texts::said::{DUTCH, said};

use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![a_dutch_desk_shows_the_doctors_words_and_a_sources_in_dutch];

/// Where sentences are made that the desk shows.
const SOURCES: [&str; 6] = [
    "src/flows/doctor/clock.rs",
    "src/flows/doctor/domains.rs",
    "src/flows/doctor/outside.rs",
    "src/flows/doctor/own.rs",
    "src/content/fetch.rs",
    "src/content/parse/mod.rs",
];

/// What stands in those files for nobody to read at the desk: for the log, in a record to paste.
const NOT_SHOWN: [&str; 11] = [
    " TXT ",
    ". MX ",
    "postduif newsletter edit {}",
    "v=spf1 {term}",
    "p=quarantine ({name})",
    "p=reject ({name})",
    "always",
    "a fetch",
    "user-agent",
    "application/rss+xml",
    "failed to lookup",
];

#[test]
fn whatever_the_doctor_or_a_source_says_is_said_in_dutch_too() {
    let mut unknown = Vec::new();
    for file in SOURCES {
        for text in sentences(file) {
            let shown = text.replace("{login}", "").replace("{}", "x");
            if said(Language::Nl, &filled(&shown)) == filled(&shown) {
                unknown.push(format!("{file}: {text}"));
            }
        }
    }
    assert!(unknown.is_empty(), "domain/texts/said.rs does not know: {unknown:#?}");
}

#[test]
fn nothing_is_translated_that_nobody_says_any_more() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = String::new();
    read(&folder, &mut all);
    let all = filled_with(&all.replace("\\\n", ""), "{}");
    // Sentences are broken over lines, and hold numbers that are constants.
    let all = all.split_whitespace().collect::<Vec<_>>().join(" ");
    for (english, _) in DUTCH {
        let longest = english.split("{}").max_by_key(|part| part.len()).expect("there is one").trim();
        assert!(all.contains(longest), "nobody says “{english}”");
    }
}

fn read(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).expect("the source is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            read(&path, into);
        } else if !path.ends_with("said.rs") {
            into.push_str(&std::fs::read_to_string(path).unwrap_or_default());
        }
    }
}

/// The literals of a file that are sentences, tests and comments left out.
fn sentences(file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("the source is there");
    let text = text.split("#[cfg(test)]").next().expect("there is a beginning");
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let (code, mut found) = (code.join("\n"), Vec::new());
    let mut rest = code.as_str();
    while let Some(at) = rest.find('"') {
        rest = &rest[at + 1..];
        let mut end = 0;
        while !rest[end..].starts_with('"') {
            end += if rest[end..].starts_with('\\') { 2 } else { rest[end..].chars().next().map_or(1, char::len_utf8) };
        }
        let literal = rest[..end].replace("\\\"", "\"").replace("\\\n", "");
        rest = &rest[end + 1..];
        let words =
            literal.split(' ').filter(|word| word.chars().filter(|c| c.is_ascii_lowercase()).count() > 1).count();
        if words > 1 && !NOT_SHOWN.iter().any(|part| literal.contains(part)) {
            found.push(literal);
        }
    }
    found
}

/// With something in each place that is filled in.
fn filled(text: &str) -> String {
    filled_with(text, "x")
}

fn filled_with(text: &str, with: &str) -> String {
    let (mut told, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((inner, after)) = behind.split_once('}') else { break };
        told.push_str(before);
        if inner.chars().all(|c| c.is_alphanumeric() || "_.:?".contains(c)) {
            told.push_str(with);
            rest = after;
        } else {
            told.push('{');
            rest = behind;
        }
    }
    told + rest
}

fn a_dutch_desk_shows_the_doctors_words_and_a_sources_in_dutch(database: Database) {
    let served = Served::with(database);
    let seat = served.seat(Role::Admin);
    served.database.sql("update users set language = 'nl'");
    served.database.sql(
        "insert into sources (newsletter_id, url, section, created_at, next_fetch_at, failures, last_error) \
         select id, 'https://www.example.nl/feed', 'blogs', 0, 0, 4, 'the source is gone for good (410)' from newsletters",
    );
    seat.press("/admin/settings/system", &[("what", "examine")]);
    let system = seat.get("/admin/settings/system").text();
    for words in [
        "antwoordt en is gaaf",
        "er is geen mailserver ingesteld",
        "4 keer achter elkaar mislukt; de laatste keer: de bron is voorgoed weg",
    ] {
        assert!(system.contains(words), "{words} is not in {system}");
    }
    assert!(!system.contains("in a row") && !system.contains("answers and is sound"), "{system}");
    assert!(seat.get("/admin/settings/sources").text().contains("de bron is voorgoed weg (410)"));
    assert!(seat.get("/admin").text().contains("de bron is voorgoed weg (410)"));
    served.subscribe("cas@example.nl");
    let cas = served.database.texts("select cast(id as text) from subscribers").concat();
    let again = [("action", "resend"), ("newsletter", "ibp")];
    let refused = seat.press(&format!("/admin/subscribers/{cas}"), &again).text();
    assert!(refused.contains("Dat kan nu niet: er ging net een e-mail naar dit adres"), "{refused}");
}
