//! An editor's text becomes blocks, whatever it says; links in them lead to the web or a mail address.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postduif::domain::rich_text::{Block, parse_markdown};

fuzz_target!(|text: &str| {
    for block in parse_markdown(text) {
        let spans = match block {
            Block::Paragraph { spans } | Block::Heading { spans } => spans,
            Block::List { items, .. } => items.concat(),
        };
        for link in spans.iter().filter_map(|span| span.link.as_deref()) {
            assert!(["https:", "http:", "mailto:"].iter().any(|scheme| link.to_lowercase().starts_with(scheme)), "{link:?}");
        }
    }
});
