//! What an edition says: is everything there, is nothing left over that was meant to be replaced, do links lead to readers.

use super::links::{Named, of};
use super::{Findings, shortened};
use crate::domain::article::{is_protected, is_web};
use crate::domain::edition_content::EditionContent;
use crate::domain::reach::is_public_host;
use crate::domain::texts::preflight as texts;
use crate::flows::House;
use crate::store::newsletters::NewsletterRow;

/// Sample texts, which nobody means to send, wherever they stand.
const SAMPLES: [&str; 3] = ["[voorbeeldtekst]", "[sample text]", "lorem ipsum"];
/// What opens and closes a place that was to be filled in, in the ways of several programs.
const BRACKETS: [(&str, &str); 6] = [("{", "}"), ("[[", "]]"), ("‹", "›"), ("<<", ">>"), ("*|", "|*"), ("[vul ", "]")];
/// A longer run of text between brackets is a sentence that somebody means.
const LONGEST_PLACE: usize = 60;

/// `inside` names the articles whose source may lie in a private network.
pub(super) fn check(
    findings: &mut Findings,
    house: &House,
    newsletter: &NewsletterRow,
    content: &EditionContent,
    inside: &[i64],
) {
    let language = findings.language;
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
        findings.error("postal-address", texts::no_postal_address(language));
    }
    // The demo's mail goes no further than its own mailbox, and its texts say what they are.
    if !house.catches_all_mail {
        placeholders(findings, content);
    }
    for item in content.items() {
        if is_protected(&item.title) {
            findings.error("protected", texts::protected(language, shortened(&item.title)));
        }
    }
    for link in of(content) {
        let private_is_fine = house.catches_all_mail || link.article.is_some_and(|article| inside.contains(&article));
        check_link(findings, &link, private_is_fine);
    }
}

fn placeholders(findings: &mut Findings, content: &EditionContent) {
    let language = findings.language;
    let mut tell = |found: Option<String>, text: &str| {
        if let Some(found) = found {
            findings.error("placeholder", texts::placeholder(language, found, shortened(text)));
        }
    };
    let promo = content.promo.iter().flat_map(|promo| [promo.heading.as_str(), &promo.title, &promo.text]);
    for text in [content.subject.as_str(), &content.preheader, &content.intro].into_iter().chain(promo) {
        tell(sample_in(text).or_else(|| place_in(text)), text);
    }
    // Others write titles as they like: one about templates may well hold a `{{ name }}`.
    for text in content.items().flat_map(|item| [item.title.as_str(), &item.summary]) {
        tell(sample_in(text), text);
    }
}

fn sample_in(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    SAMPLES.iter().find(|sample| lower.contains(**sample)).map(|sample| (*sample).to_owned())
}

/// The first place in a text that was left to be filled in.
fn place_in(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    BRACKETS.iter().find_map(|(open, close)| {
        lower.match_indices(open).find_map(|(at, _)| {
            let rest = &lower[at + open.len()..];
            let inner = &rest[..rest.find(close)?];
            let is_place = inner.chars().any(char::is_alphanumeric)
                && !inner.contains('\n')
                && inner.chars().count() <= LONGEST_PLACE;
            is_place.then(|| format!("{open}{inner}{close}"))
        })
    })
}

fn check_link(findings: &mut Findings, link: &Named<'_>, private_is_fine: bool) {
    let language = findings.language;
    let title = shortened(link.title);
    let parsed = url::Url::parse(&link.url).ok().filter(is_web);
    let Some((parsed, host)) = parsed.as_ref().and_then(|url| Some((url, url.host()?))) else {
        return findings.error("link", texts::broken_link(language, title));
    };
    if !is_public_host(&host) {
        let told = texts::private_link(language, &title, &host);
        match private_is_fine {
            true => findings.note("link", told),
            false => findings.error("link", told),
        }
    }
    if parsed.path().contains("/wp-admin") || parsed.query().is_some_and(|query| query.contains("preview=true")) {
        findings.error("link", texts::unpublished_link(language, title));
    }
}
