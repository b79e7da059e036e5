//! Every link that an edition's readers may follow, with the words it stands behind.

use crate::domain::edition_content::EditionContent;
use crate::domain::rich_text::{Block, Span, parse_markdown};

/// A link and what it is called.
pub(super) struct Named<'a> {
    pub title: &'a str,
    pub url: String,
}

/// The links of an edition, but for mail addresses.
pub(super) fn of(content: &EditionContent) -> Vec<Named<'_>> {
    let mut links = Vec::new();
    for item in content.items() {
        links.push(Named { title: &item.title, url: item.url.clone() });
        links.extend(item.source_url.iter().map(|url| Named { title: &item.title, url: url.clone() }));
    }
    links.extend(content.promo.iter().map(|promo| Named { title: &promo.title, url: promo.url.clone() }));
    links.extend(content.privacy_url.iter().map(|url| Named { title: &content.organisation, url: url.clone() }));
    let intro = parse_markdown(&content.intro).into_iter().flat_map(spans);
    let intro = intro.filter_map(|span| span.link).filter(|link| !link.starts_with("mailto:"));
    links.extend(intro.map(|url| Named { title: &content.subject, url }));
    links
}

fn spans(block: Block) -> Vec<Span> {
    match block {
        Block::Paragraph { spans } | Block::Heading { spans } => spans,
        Block::List { items, .. } => items.into_iter().flatten().collect(),
    }
}
