//! A web page and the text of an article: where its feed is, and what of it can stand in a mail.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postduif::content::clean::{EXCERPT_CHARS, excerpt, html_to_text, summary};
use postduif::content::discover::discover;
use url::Url;

fuzz_target!(|page: &str| {
    let url = Url::parse("https://example.nl/nieuws/").expect("the base is a URL");
    if let Some(feed) = discover(page, &[page.lines().next().unwrap_or_default().to_owned()], &url) {
        assert!(matches!(feed.scheme(), "https" | "http"), "{feed}");
    }
    let text = html_to_text(page);
    assert!(!text.contains(char::is_control), "{text:?}");
    let summary = summary(&text);
    assert!(!summary.contains(char::is_control), "{summary:?}");
    assert!(excerpt(&summary, EXCERPT_CHARS).chars().count() <= EXCERPT_CHARS);
});
