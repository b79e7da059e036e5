//! Awkward feeds of our own making, read as an operator would try them out: the right titles, links and dates.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::kit::program::Program;

/// A file and what stands in it: title, link, and the moment in UTC.
type Expected<'a> = (&'a str, &'a [(&'a str, &'a str, &'a str)]);

const CORPUS: [Expected<'_>; 12] = [
    (
        "no-declaration-entities.xml",
        &[
            ("I&P: auto’s & fietsen", "https://a.example/een", "2026-03-03T08:30:00Z"),
            ("Café open", "https://a.example/twee", "2026-03-03T08:30:00Z"),
        ],
    ),
    ("latin-1.xml", &[("Privé in de gemeente Súdwest-Fryslân", "https://b.example/1", "2026-03-02T05:00:00Z")]),
    ("windows-1252-says-utf-8.xml", &[("“Slimme” auto’s – nu", "https://c.example/1", "2026-03-01T12:00:00Z")]),
    ("utf-16.xml", &[("名前 🕊", "https://d.example/1", "2026-02-28T23:59:59Z")]),
    ("leading-blanks-and-junk.xml", &[("Na lege regels", "https://e.example/1", "2026-02-27T00:00:00Z")]),
    ("bare-ampersands.xml", &[("AT&T en R&D; samen", "https://f.example/?a=1&b=2", "2026-02-26T10:00:00Z")]),
    (
        "relative-links-atom.xml",
        &[
            ("Een kop", "https://g.example/blog/2026/een", "2026-02-25T04:30:00Z"),
            ("5 < 6 &amp; letterlijk", "https://g.example/blog/twee", "2026-02-24T11:00:00.123Z"),
        ],
    ),
    ("rdf.xml", &[("Uit RDF", "https://h.example/1", "2026-02-23T06:00:00Z")]),
    (
        "guid-is-the-link.xml",
        &[
            ("Alleen een guid", "https://i.example/1", "2026-02-22T09:00:00Z"),
            ("Een guid die geen link is", "https://i.example/2", "2026-02-22T08:00:00Z"),
        ],
    ),
    ("cut-off.xml", &[("Heel", "https://j.example/1", "2026-02-21T10:00:00Z")]),
    (
        "json-feed.json",
        &[
            ("Een ‘kop’ & meer", "https://k.example/een", "2026-02-20T09:00:00Z"),
            ("", "https://k.example/twee", "2026-02-19T10:00:00Z"),
        ],
    ),
    (
        "hostile-words.xml",
        &[
            ("Regel Bcc: x@y.nl\u{200b} eind", "https://l.example/1", "2026-02-18T10:00:00Z"),
            ("Wat doet <script>alert(1)</script>?", "https://l.example/2", "2026-02-18T09:00:00Z"),
            ("{{ 7*7 }} &b; &x;", "https://l.example/3", ""),
        ],
    ),
];

fn check(files: &[String]) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let arguments = ["source", "check", "--json"].into_iter().chain(files.iter().map(String::as_str));
    let outcome = Program::new(folder.path(), &arguments.collect::<Vec<_>>()).run();
    outcome.out.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

#[test]
fn awkward_feeds_are_read_as_their_authors_meant_them() {
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/feeds/awkward");
    let files: Vec<String> = CORPUS.iter().map(|(name, _)| format!("{place}/{name}")).collect();
    let read = check(&files);
    assert_eq!(read.len(), CORPUS.len());
    for ((name, expected), feed) in CORPUS.iter().zip(&read) {
        let text = |item: &Value, field: &str| item[field].as_str().unwrap_or_default().to_owned();
        let items = feed["items"].as_array().unwrap_or_else(|| panic!("{name}: {feed}"));
        let found: Vec<_> =
            items.iter().map(|item| (text(item, "title"), text(item, "url"), text(item, "published"))).collect();
        let expected: Vec<_> = expected.iter().map(|(t, u, p)| ((*t).into(), (*u).into(), (*p).into())).collect();
        let expected: Vec<(String, String, String)> = expected;
        // A feed that was cut off may still give what came of its last item.
        let kept = if *name == "cut-off.xml" { found.len().min(1) } else { found.len() };
        assert_eq!(found[..kept], expected, "{name}");
    }
}

#[test]
fn megabytes_of_what_is_made_to_be_slow_take_no_time() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = |name: &str, title: &str| {
        let file = folder.path().join(name);
        let feed = format!(
            "<rss version=\"2.0\"><channel><title>T</title><item><title>{title}</title><link>https://a.example/1</link>\
             <description>{title}</description></item></channel></rss>"
        );
        std::fs::write(&file, feed).expect("it can be written");
        file.display().to_string()
    };
    let most = 4 << 20;
    for (name, title) in [
        ("ampersands", "&".repeat(most)),
        ("references", "&amp;".repeat(most / 5)),
        ("halves", "&am".repeat(most / 3)),
        ("numbers", "&#".repeat(most / 2)),
        ("tags", "&lt;b&gt;".repeat(most / 9)),
        ("angles", "&lt;".repeat(most / 4)),
        ("brackets", "[a ".repeat(most / 3)),
        ("cdata", "<![CDATA[x]]>".repeat(most / 13)),
    ] {
        let file = file(name, &title);
        let began = Instant::now();
        let read = check(&[file]);
        assert!(began.elapsed() < Duration::from_secs(10), "{name} took {:?}", began.elapsed());
        assert_eq!(read.len(), 1, "{name}");
        println!("{name}: {:?}", began.elapsed());
    }
}
