//! What people read, held to what is there: links lead somewhere, files that are named exist, commands and settings are ours.

use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap::error::ErrorKind;
use postduif::commands::Cli;
use postduif::config::settings::{FILE_SUFFIX, PREFIX, Setting};

/// Places of the repository that a page may name between backticks.
const PLACES: [&str; 9] =
    ["src/", "tests/", "docs/", "packaging/", "benches/", "fuzz/", "templates/", "migrations/", ".ci/"];

/// Words in capitals, and dots, stand for what the reader knows.
fn is_for_the_reader(word: &str) -> bool {
    word.contains('…')
        || (word.chars().any(|c| c.is_ascii_uppercase()) && !word.chars().any(|c| c.is_ascii_lowercase()))
}

#[test]
fn every_link_leads_somewhere_and_every_file_that_is_named_is_there() {
    let mut faults = Vec::new();
    for (file, text) in documents() {
        let prose = prose(&text);
        for link in prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()) {
            if link.starts_with("https://") || link.starts_with("mailto:") {
                continue;
            }
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let folder = file.parent().expect("a document lies in a folder");
            let target = if path.is_empty() { file.clone() } else { folder.join(path) };
            if !target.exists() {
                faults.push(format!("{}: nothing is at {link}", file.display()));
            } else if !heading.is_empty() && !headings(&target).iter().any(|known| known == heading) {
                faults.push(format!("{}: no heading of {path} is {heading}", file.display()));
            }
        }
        for named in prose.split('`').skip(1).step_by(2) {
            let named = named.trim_end_matches(|c: char| c == ':' || c.is_ascii_digit());
            if PLACES.iter().any(|place| named.starts_with(place))
                && !named.contains(['*', ' ', '{', '…', '='])
                && !root().join(named).exists()
            {
                faults.push(format!("{}: there is no {named}", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_command_that_is_written_down_can_be_given() {
    let (mut faults, mut seen) = (Vec::new(), 0);
    for (file, text) in documents() {
        if file.starts_with(root().join("docs/reference")) {
            // Made from the commands themselves.
            continue;
        }
        for line in commands(&text) {
            seen += 1;
            let words = words(&line);
            // "…" is the rest of a line, which only the reader knows.
            let given: Vec<String> = words.iter().filter(|word| *word != "…").map(|word| value(word)).collect();
            let is_whole = !words.iter().any(|word| is_for_the_reader(word));
            let Err(error) = Cli::command().try_get_matches_from(given) else { continue };
            let is_fault = match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => false,
                ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument | ErrorKind::ArgumentConflict => true,
                // In a sentence a command is called by its name alone.
                _ => is_whole && line.is_block,
            };
            if is_fault {
                faults.push(format!("{}: {}\n{error}", file.display(), line.text));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen > 90, "only {seen} commands were found");
}

#[test]
fn every_setting_that_is_named_is_one() {
    let mut faults = Vec::new();
    let mut texts = documents();
    for place in ["compose.yaml", "Dockerfile", "packaging/postduif.service", "packaging/make-secrets"] {
        texts.push((root().join(place), read(&root().join(place))));
    }
    for (file, text) in texts {
        for (at, _) in text.match_indices(PREFIX) {
            let rest = &text[at..];
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let name = rest[..end].trim_end_matches('_');
            let is_known = |name: &str| {
                name.strip_prefix(PREFIX).is_some_and(|key| Setting::by_key(&key.to_ascii_lowercase()).is_some())
            };
            let is_other = name.starts_with("POSTDUIF_TEST") || name == "POSTDUIF_REVISION" || name == "POSTDUIF";
            if !is_other && !is_known(name) && !name.strip_suffix(FILE_SUFFIX).is_some_and(is_known) {
                faults.push(format!("{}: {name}", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn who_maintains_it_and_where_it_lies_is_written_in_one_place_and_repeated_in_the_one_that_is_read_by_itself() {
    let (maintainers, place) = (env!("CARGO_PKG_AUTHORS"), env!("CARGO_PKG_REPOSITORY"));
    let (name, address) = maintainers.trim_end_matches('>').split_once(" <").expect("a name and an address");
    let described = read(&root().join("publiccode.yml"));
    assert!(described.lines().any(|line| line == format!("url: {place}")), "publiccode.yml names another place");
    assert!(described.contains(&format!("- name: {name}\n")), "publiccode.yml names other maintainers");
    if let Some((_, contact)) = described.split_once("email: ") {
        assert_eq!(contact.lines().next(), Some(address), "publiccode.yml has another address");
    }
    let domain = place.trim_start_matches("https://").split('/').next().expect("an address has a host");
    let elsewhere = documents().into_iter().filter(|(_, text)| text.contains(domain) || text.contains(address));
    let elsewhere: Vec<_> = elsewhere.map(|(file, _)| file).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?} would have to change with it");
}

/// A command as it is written.
struct Line {
    text: String,
    /// In a block of its own, to be copied, and not in a sentence.
    is_block: bool,
}

/// Whether a line is a command of ours, and not Postfix's line about a service of that name.
fn is_ours(line: &str) -> bool {
    line.starts_with("postduif ") && !line.starts_with("postduif unix ")
}

/// Every command of ours in a document.
fn commands(text: &str) -> Vec<Line> {
    let mut found = Vec::new();
    let mut blocks = text.split("```");
    let mut prose = String::new();
    while let Some(before) = blocks.next() {
        prose.push_str(before);
        let Some(block) = blocks.next() else { break };
        let block = block.replace("\\\n", " ");
        for line in block.lines() {
            let line = line.trim_start();
            let line = line.split(" # ").next().unwrap_or_default().trim_end();
            for before in ["", "sudo -u postduif ", "docker compose exec postduif "] {
                if let Some(line) = line.strip_prefix(before).filter(|line| is_ours(line)) {
                    found.push(Line { text: line.to_owned(), is_block: true });
                }
            }
        }
    }
    let prose = prose.replace('\n', " ");
    for named in prose.split('`').skip(1).step_by(2).filter(|named| is_ours(named)) {
        found.push(Line { text: named.to_owned(), is_block: false });
    }
    found
}

/// The words of a line as a shell takes them apart, up to a redirection.
fn words(line: &Line) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote) = (None::<String>, None);
    for c in line.text.chars().chain([' ']) {
        match (quote, c) {
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), _) if open == c => quote = None,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    let end = words.iter().position(|word| matches!(word.as_str(), ">" | "|" | "<" | "&&")).unwrap_or(words.len());
    words.truncate(end);
    words
}

/// Something that a word in capitals may stand for.
fn value(word: &str) -> String {
    match word {
        "N" | "ID" | "DELIVERY" => "1".to_owned(),
        _ => word.trim_end_matches('…').to_owned(),
    }
}

/// What a document says outside of its blocks.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect::<Vec<_>>().join(" ")
}

/// The names by which the headings of a page are linked to.
fn headings(page: &Path) -> Vec<String> {
    let text = prose(&read(page));
    let name = |line: &str| {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    text.lines().filter(|line| line.starts_with('#')).map(name).collect()
}

fn documents() -> Vec<(PathBuf, String)> {
    let mut files: Vec<PathBuf> =
        ["README.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md", "templates/README.md"]
            .iter()
            .map(|name| root().join(name))
            .collect();
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder can be listed") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                files.push(path);
            }
        }
    }
    files.sort();
    files.into_iter().map(|file| (file.clone(), read(&file))).collect()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
