//! What an edition says: is everything there, is nothing left over that was meant to be replaced, do links lead to readers.

use super::links::{Named, of};
use super::{Findings, shortened};
use crate::domain::edition_content::EditionContent;
use crate::domain::texts::preflight as texts;
use crate::flows::House;
use crate::store::newsletters::NewsletterRow;

/// Words that were meant to be replaced before anybody reads them.
const PLACEHOLDERS: [&str; 5] = ["[voorbeeldtekst]", "lorem ipsum", "{{", "‹", "[sample text]"];
/// Titles that a site gives to what is behind a password.
const PROTECTED: [&str; 2] = ["beveiligd:", "protected:"];

pub(super) fn check(findings: &mut Findings, house: &House, newsletter: &NewsletterRow, content: &EditionContent) {
    let language = newsletter.language;
    let subject = content.subject.trim();
    if subject.is_empty() {
        findings.error("subject", texts::no_subject(language));
    } else if subject.chars().count() > 60 {
        findings.warning("subject", texts::long_subject(language, subject.chars().count()));
    }
    match content.preheader.trim().chars().count() {
        0 => findings.warning("preheader", texts::no_preheader(language)),
        length @ 111.. => findings.warning("preheader", texts::long_preheader(language, length)),
        _ => {}
    }
    if content.items().next().is_none() {
        findings.error("articles", texts::no_articles(language));
    }
    if newsletter.postal_address.trim().is_empty() {
        findings.warning("postal-address", texts::no_postal_address(language));
    }
    // The demo's mail goes no further than its own mailbox, and its texts say what they are.
    if !house.catches_all_mail {
        placeholders(findings, newsletter, content);
    }
    for item in content.items() {
        let title = item.title.to_lowercase();
        if PROTECTED.iter().any(|prefix| title.starts_with(prefix)) {
            findings.error("protected", texts::protected(language, shortened(&item.title)));
        }
    }
    for link in of(content) {
        check_link(findings, newsletter, &link, house.catches_all_mail);
    }
}

fn placeholders(findings: &mut Findings, newsletter: &NewsletterRow, content: &EditionContent) {
    let own = [content.subject.as_str(), &content.preheader, &content.intro];
    let promo = content.promo.iter().flat_map(|promo| [promo.heading.as_str(), &promo.title, &promo.text]);
    let items = content.items().flat_map(|item| [item.title.as_str(), &item.summary]);
    for text in own.into_iter().chain(promo).chain(items) {
        let lower = text.to_lowercase();
        if let Some(word) = PLACEHOLDERS.iter().find(|word| lower.contains(**word)) {
            findings.error("placeholder", texts::placeholder(newsletter.language, word, shortened(text)));
        }
    }
}

fn check_link(findings: &mut Findings, newsletter: &NewsletterRow, link: &Named<'_>, private_is_fine: bool) {
    let language = newsletter.language;
    let title = shortened(link.title);
    let parsed = url::Url::parse(&link.url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some(parsed) = parsed else {
        return findings.error("link", texts::broken_link(language, title));
    };
    let host = parsed.host_str().unwrap_or_default();
    let internal = host == "localhost" || host.ends_with(".local") || host.ends_with(".internal");
    let private = match parsed.host() {
        Some(url::Host::Ipv4(address)) => address.is_private() || address.is_loopback() || address.is_link_local(),
        Some(url::Host::Ipv6(address)) => address.is_loopback() || address.is_unique_local(),
        _ => internal,
    };
    if private && !private_is_fine {
        findings.warning("link", texts::private_link(language, &title, host));
    }
    if link.url.contains("/wp-admin") || link.url.contains("preview=true") {
        findings.error("link", texts::unpublished_link(language, title));
    }
}
