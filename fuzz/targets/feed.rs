//! A feed is read or refused; what comes out of it can stand in a mail: text without controls, links of the web.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postduif::content::parse::parse_feed;

fuzz_target!(|bytes: &[u8]| {
    let base = url::Url::parse("https://example.nl/feed").expect("the base is a URL");
    let Ok(feed) = parse_feed(bytes, None, Some(&base)) else { return };
    for item in feed.items {
        assert!(!item.title.chars().any(char::is_control), "{:?}", item.title);
        if let Some(url) = item.url {
            let scheme = url.split(':').next().map(str::to_lowercase);
            assert!(matches!(scheme.as_deref(), Some("https" | "http")), "{url:?}");
        }
    }
});
