//! Every link that an edition's readers may follow, with the words it stands behind.

use crate::domain::edition_content::EditionContent;
use crate::domain::rich_text::parse_markdown;

/// A link and what it is called.
pub(super) struct Named<'a> {
    pub title: &'a str,
    pub url: String,
    /// The article that brought it.
    pub article: Option<i64>,
}

/// The links of an edition, but for mail addresses.
pub(super) fn of(content: &EditionContent) -> Vec<Named<'_>> {
    let mut links = Vec::new();
    for item in content.items() {
        // A block of one's own may lead nowhere.
        for url in std::iter::once(&item.url).filter(|url| !url.is_empty()).chain(&item.source_url) {
            links.push(Named { title: &item.title, url: url.clone(), article: Some(item.article) });
        }
    }
    let own = |title, url| Named { title, url, article: None };
    if let Some(promo) = &content.promo {
        if !promo.url.is_empty() {
            links.push(own(promo.title.as_str(), promo.url.clone()));
        }
        links.extend(written(&promo.text).into_iter().map(|url| own(&promo.title, url)));
    }
    links.extend(content.privacy_url.iter().map(|url| own(&content.organisation, url.clone())));
    links.extend(written(&content.intro).into_iter().map(|url| own(&content.subject, url)));
    links
}

/// The links in a text of Markdown.
fn written(markdown: &str) -> Vec<String> {
    let blocks = parse_markdown(markdown);
    let links = blocks.iter().flat_map(|block| block.spans()).filter_map(|span| span.link.clone());
    links.filter(|link| !link.starts_with("mailto:")).collect()
}
