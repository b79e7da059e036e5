//! What holds for every page, shown on a sample of each.

mod desk_samples;
mod samples;

use std::collections::HashSet;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use insta::assert_snapshot;
use samples::Words;

use super::{feed, snippets};
use crate::domain::language::Language;
use crate::domain::time::Timestamp;

/// Everything that must stay text wherever it stands.
const HOSTILE: Words = Words::everywhere(
    r#""><script>alert(1)</script><img src=x onerror=alert(1)>'</title></textarea>{{7*7}}"#,
    "javascript:alert(document.domain)//https://x.nl",
);

/// The start tags of a page, as a browser's own tokenizer finds them.
fn tags(html: &str) -> Vec<Tag> {
    #[derive(Default)]
    struct Collector(std::cell::RefCell<Vec<Tag>>);
    impl TokenSink for Collector {
        type Handle = ();
        fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
            if let Token::TagToken(tag) = token
                && tag.kind == TagKind::StartTag
            {
                self.0.borrow_mut().push(tag);
            }
            TokenSinkResult::Continue
        }
    }
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let tokenizer = Tokenizer::new(Collector::default(), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

fn attribute<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| &*attribute.value)
}

fn every_page(words: Words) -> impl Iterator<Item = (Language, &'static str, String)> {
    Language::ALL.into_iter().flat_map(move |language| {
        let pages = samples::all(language, words).into_iter().chain(desk_samples::all(language, words));
        pages.map(move |(name, page)| (language, name, page.into_string()))
    })
}

#[test]
fn every_page_has_one_heading_of_the_first_rank_a_language_and_a_title() {
    for (language, name, page) in every_page(Words::KIND) {
        let tags = tags(&page);
        let count = |wanted: &str| tags.iter().filter(|tag| &*tag.name == wanted).count();
        assert_eq!((count("h1"), count("title"), count("main")), (1, 1, 1), "{name}");
        assert!(page.starts_with(&format!("<!DOCTYPE html><html lang=\"{language}\">")), "{name}");
        assert!(!page.contains("<title></title>"), "{name}");
    }
}

#[test]
fn no_page_carries_script_or_style_of_its_own_or_anything_from_elsewhere() {
    for (_, name, page) in every_page(Words::KIND) {
        for tag in tags(&page) {
            let ours = |key| attribute(&tag, key).is_some_and(|path| path.starts_with('/') && !path.starts_with("//"));
            assert!(!["style", "img", "object", "base"].contains(&&*tag.name), "{name}: {}", tag.name);
            assert_eq!(attribute(&tag, "style"), None, "{name}");
            match &*tag.name {
                // A visitor's page has none but where a sign-up asks for some work.
                "script" => {
                    let works = name.starts_with("effort") || name.ends_with("-with-work");
                    assert!((name.starts_with("desk") || works) && ours("src"), "{name}");
                }
                "iframe" => {
                    let may = attribute(&tag, "sandbox").unwrap();
                    assert!(ours("src") && !may.contains("script") && !may.contains("origin"), "{name}: {may}");
                }
                "link" => assert!(ours("href"), "{name}"),
                "form" => assert!(ours("action"), "{name}"),
                _ => {}
            }
        }
    }
}

/// A GET changes nothing, so on a visitor's page there is no form that sends one.
#[test]
fn every_form_of_a_visitor_is_a_post() {
    for (_, name, page) in every_page(Words::KIND).filter(|(_, name, _)| !name.starts_with("desk")) {
        for form in tags(&page).iter().filter(|tag| &*tag.name == "form") {
            assert_eq!(attribute(form, "method"), Some("post"), "{name}");
        }
    }
}

#[test]
fn a_viewer_finds_no_button_that_changes_the_newsletter() {
    for (_, name, page) in every_page(Words::KIND).filter(|(_, name, _)| name.ends_with("-viewer")) {
        let open =
            tags(&page).into_iter().filter(|tag| &*tag.name == "form" && attribute(tag, "method") == Some("post"));
        for form in open {
            let action = attribute(&form, "action").unwrap();
            // The fieldsets of these are disabled, and their buttons left out.
            let shown_only = ["/admin/editions/7/content", "/admin/settings/sender"].contains(&action);
            assert!(shown_only || action == "/admin/logout", "{name}: {action}");
        }
        assert!(!page.contains("class=\"btn\" type=\"submit\""), "{name}");
    }
}

/// An SMTP 250 proves that a mail server took the mail, and no more.
#[test]
fn no_page_calls_a_mail_delivered() {
    for (language, name, page) in every_page(Words::KIND) {
        let page = page.to_lowercase();
        for word in ["delivered", "bezorgd", "afgeleverd"] {
            assert!(!page.contains(word), "{name} in {language}: {word}");
        }
    }
}

#[test]
fn hostile_text_in_every_field_stays_text() {
    let kind: Vec<_> = every_page(Words::KIND).collect();
    for ((_, name, hostile), (_, _, kind)) in every_page(HOSTILE).zip(kind) {
        let mut seen = false;
        for tag in tags(&hostile) {
            let runs =
                &*tag.name == "script" && attribute(&tag, "src").is_none_or(|path| !path.starts_with("/assets/"));
            assert!(!runs && &*tag.name != "img", "{name}: {}", tag.name);
            for attribute in &tag.attrs {
                assert!(!attribute.name.local.starts_with("on"), "{name}: {}", attribute.name.local);
                let is_typed = &*attribute.name.local == "value";
                assert!(
                    is_typed || !attribute.value.trim_start().starts_with("javascript:"),
                    "{name}: {}",
                    attribute.value
                );
            }
            seen |= &*tag.name == "html";
        }
        assert!(seen, "{name}");
        // Hostile addresses are left out, so a page may lose links, but never win a tag.
        let [hostile, kind] = [tags(&hostile).len(), tags(&kind).len()];
        assert!(hostile <= kind, "{name}: {hostile} tags instead of {kind}");
    }
}

#[test]
fn every_id_is_there_once_and_everything_that_names_one_finds_it() {
    for (_, name, page) in every_page(Words::KIND) {
        let tags = tags(&page);
        let ids: Vec<_> = tags.iter().filter_map(|tag| attribute(tag, "id")).collect();
        let unique: HashSet<_> = ids.iter().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: {ids:?}");
        for tag in &tags {
            let named =
                ["for", "aria-describedby", "aria-labelledby"].into_iter().filter_map(|key| attribute(tag, key));
            let linked = attribute(tag, "href").and_then(|href| href.strip_prefix('#'));
            for id in named.flat_map(str::split_whitespace).chain(linked) {
                assert!(unique.contains(&id), "{name}: nothing has the id {id}");
            }
        }
        for input in tags.iter().filter(|tag| &*tag.name == "input" && attribute(tag, "type") != Some("hidden")) {
            let id = attribute(input, "id").expect("a field has an id, so that its label can name it");
            assert!(tags.iter().any(|tag| attribute(tag, "for") == Some(id)), "{name}: {id} has no label");
        }
    }
}

#[test]
fn a_faulty_form_says_so_before_its_title_and_keeps_what_was_typed() {
    for (language, name, page) in every_page(Words::KIND) {
        let faulty = page.contains("id=\"summary-title\"");
        let prefix = if language == Language::Nl { "<title>Fout: " } else { "<title>Error: " };
        assert_eq!(page.contains(prefix), faulty, "{name}");
        if faulty && name.starts_with("signup") {
            assert!(page.contains("value=\"anna@gemeente\""), "{name}");
        }
    }
}

#[test]
fn the_faulty_form_reads_as_designed() {
    let pages = samples::all(Language::Nl, Words::KIND);
    let (_, page) = pages.iter().find(|(name, _)| *name == "signup-malformed").unwrap();
    assert_snapshot!(masked(&page.0));
}

#[test]
fn the_page_after_unsubscribing_reads_as_designed() {
    let pages = samples::all(Language::En, Words::KIND);
    let (_, page) = pages.iter().find(|(name, _)| *name == "unsubscribe-done").unwrap();
    assert_snapshot!(masked(&page.0));
}

#[test]
fn an_edition_in_the_archive_reads_as_designed() {
    let pages = samples::all(Language::Nl, Words::KIND);
    let (_, page) = pages.iter().find(|(name, _)| *name == "archive-edition").unwrap();
    assert_snapshot!(masked(&page.0));
}

#[test]
fn the_snippets_for_other_sites_read_as_designed() {
    let newsletter = samples::newsletter(Language::Nl, Words::KIND);
    let base = "https://nieuws.example.nl";
    assert_snapshot!(
        [
            snippets::form(&newsletter, base, Language::Nl),
            snippets::frame(&newsletter, base, Language::Nl),
            snippets::link(&newsletter, base, Language::En),
        ]
        .join("\n\n")
    );
}

#[test]
fn a_feed_reader_gets_the_editions_back_out_of_the_feed() {
    let newsletter = samples::newsletter(Language::Nl, HOSTILE);
    let sent_at = Timestamp::from_seconds(1_764_662_400);
    let base = "https://nieuws.example.nl";
    let xml = samples::with_edition(Words { subject: "A & B <i>\u{1}", ..HOSTILE }, |edition| {
        feed::atom(
            &newsletter,
            base,
            Timestamp::default(),
            &[feed::Entry { edition: *edition, sent_at, preheader: "" }],
        )
    });
    let parsed = feed_rs::parser::parse(xml.as_bytes()).unwrap();
    assert_eq!(parsed.title.unwrap().content, HOSTILE.title);
    let [entry] = &parsed.entries[..] else { panic!("one edition, one entry") };
    assert_eq!(entry.links[0].href, "https://nieuws.example.nl/n/ibp/archive/4");
    assert_eq!(entry.published.unwrap().timestamp(), sent_at.as_seconds());
    assert!(entry.content.as_ref().unwrap().body.as_ref().unwrap().contains("Beste lezer"));
}

#[test]
#[ignore = "writes every sample to target/pages, for a look with a browser"]
fn every_sample_is_written_to_a_folder() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pages");
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    for asset in super::assets::all() {
        std::fs::write(folder.join("assets").join(&asset.name), asset.bytes).unwrap();
    }
    for (language, name, page) in every_page(Words::KIND) {
        std::fs::write(folder.join(format!("{name}.{language}.html")), page).unwrap();
    }
}

/// A line per element, so that a difference shows, and no hash of a file in it.
fn masked(page: &str) -> String {
    let page = super::assets::all()
        .iter()
        .fold(page.to_owned(), |page, asset| page.replace(&asset.name, "(asset)"))
        .replace("><", ">\n<");
    page.lines().skip_while(|line| !line.starts_with("<title>")).collect::<Vec<_>>().join("\n")
}
