//! The house rules that ARCHITECTURE.md states as absences, held to the source itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Each room, and the rooms that it may know: arrows point down only.
const MAY_KNOW: [(&str, &[&str]); 13] = [
    ("domain", &[]),
    ("clock", &["domain"]),
    ("config", &["clock", "domain"]),
    ("store", &["domain"]),
    ("content", &["domain"]),
    ("mail", &["domain"]),
    ("pages", &["domain"]),
    ("answers", &["domain", "store"]),
    ("flows", &["clock", "config", "content", "domain", "mail", "store"]),
    ("jobs", &["clock", "config", "content", "domain", "flows", "mail", "store"]),
    ("web", &["answers", "clock", "config", "content", "domain", "flows", "mail", "pages", "store"]),
    ("app", &["answers", "clock", "config", "content", "domain", "flows", "jobs", "mail", "pages", "store", "web"]),
    (
        "commands",
        &["answers", "app", "clock", "config", "content", "domain", "flows", "jobs", "mail", "pages", "store", "web"],
    ),
];

/// Words that only some places may say.
const SAID_IN: [(&str, &[&str]); 6] = [
    ("sqlx::", &["store/"]),
    ("actix_web::", &["web/", "app.rs", "app/"]),
    ("maud::", &["pages/", "web/"]),
    // An address is only good if the mail library can send to it.
    ("lettre::", &["mail/", "domain/address.rs"]),
    ("SystemTime::now", &["clock.rs"]),
    ("std::env::", &["config/"]),
];

#[test]
fn every_room_knows_only_the_rooms_below_it() {
    let may_know = BTreeMap::from(MAY_KNOW);
    let mut faults = Vec::new();
    for (place, code) in sources() {
        let room = place.split(['/', '.']).next().unwrap_or_default();
        if room == "lib" || room == "main" {
            continue;
        }
        let Some(may_know) = may_know.get(room) else {
            faults.push(format!("{place}: {room} is a room without a rule"));
            continue;
        };
        for known in code.split("crate::").skip(1) {
            let known = known.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default();
            if known.is_empty() {
                faults.push(format!("{place}: one `use` for each room, so that this test can read it"));
            }
            let is_room = MAY_KNOW.iter().any(|(name, _)| *name == known);
            if is_room && known != room && !may_know.contains(&known) {
                faults.push(format!("{place}: {room} may not know {known}"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_word_is_said_only_where_it_belongs() {
    let mut faults = Vec::new();
    for (place, code) in sources() {
        for (word, places) in SAID_IN {
            if code.contains(word) && !places.iter().any(|allowed| place.starts_with(allowed)) {
                faults.push(format!("{place} says {word}, which belongs in {places:?}"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_file_begins_with_a_line_that_says_what_it_is_for() {
    for folder in ["src", "tests", "benches"] {
        for file in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) {
            let text = std::fs::read_to_string(&file).expect("a source can be read");
            assert!(text.starts_with("//! "), "{}", file.display());
        }
    }
}

/// Every file under `src` by its place there, without comments and without the tests inside it.
fn sources() -> impl Iterator<Item = (String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let is_test = |place: &str| place.ends_with("tests.rs") || place.contains("/tests/");
    rust_files(&root).into_iter().filter_map(move |file| {
        let place = file.strip_prefix(&root).expect("it lies there").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).expect("a source can be read");
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let code = code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
        (!is_test(&place)).then_some((place, code))
    })
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
