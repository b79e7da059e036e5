//! What would be sent: both parts complete, not too large, and what mail programs need to let people leave.

use super::Findings;
use crate::domain::address::EmailAddress;
use crate::domain::edition_content::EditionContent;
use crate::domain::subscription::MailFormat;
use crate::domain::texts::mails;
use crate::domain::texts::preflight as texts;
use crate::flows::House;
use crate::flows::edition_content::Rendering;
use crate::mail::merge::Recipient;
use crate::mail::message::Token;
use crate::store::newsletters::NewsletterRow;

/// Above this, Gmail's clipping comes near (it cuts at about 102 kB).
const MAX_HTML: usize = 90_000;

pub(super) fn check(
    findings: &mut Findings,
    house: &House,
    newsletter: &NewsletterRow,
    content: &EditionContent,
    rendering: &Rendering,
) {
    let language = findings.language;
    let composed = rendering.variant(rendering.place(content.language, MailFormat::Html));
    let (html, text) = (composed.preview_html(), composed.preview_text());
    if html.len() > MAX_HTML {
        findings.error("size", texts::too_large(language, html.len() / 1000));
    }
    if text.trim().is_empty() {
        findings.error("text", texts::no_text(language));
    }
    let link = format!("{}/u/", house.config.public_url);
    let reason = only_words(&mails::footer_why(content.language, &content.promise));
    for (part, says, words) in [("HTML", &html, only_words(&unescaped(&html))), ("text", &text, only_words(&text))] {
        if !says.contains(&link) {
            findings.error("unsubscribe-link", texts::no_unsubscribe_link(language, part));
        }
        if content.postal_address.lines().any(|line| !words.contains(&only_words(line))) {
            findings.error("postal-address", texts::no_address_in(language, part));
        }
        if !words.contains(&reason) {
            findings.error("why", texts::no_reason_in(language, part));
        }
    }
    let silent = html.split("<img").skip(1).filter(|rest| !tag(rest).contains(" alt=\"")).count();
    if silent > 0 {
        findings.warning("images", texts::image_without_words(language, silent));
    }
    check_header(findings, house, newsletter, rendering);
}

fn check_header(findings: &mut Findings, house: &House, newsletter: &NewsletterRow, rendering: &Rendering) {
    let language = findings.language;
    let Ok(address) = EmailAddress::parse_any_role(&newsletter.from_address) else {
        return findings.error("sender", texts::broken_sender(language));
    };
    let token = Token::parse("sample").expect("a plain word is a token");
    let composed = rendering.variant(rendering.place(newsletter.language, MailFormat::Html));
    let message = house.sign(composed.merge(&Recipient::sample(&address, token, house.clock.now())));
    let head = String::from_utf8_lossy(message.as_bytes());
    let head = head.split("\r\n\r\n").next().unwrap_or_default();
    for field in ["\r\nList-Unsubscribe:", "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"] {
        if !head.contains(field) {
            findings.error("one-click", texts::no_one_click(language));
        }
    }
    // RFC 8058 section 4: a signature that does not cover both fields does not count.
    let folded: String = head.split_ascii_whitespace().collect();
    for signature in folded.split("DKIM-Signature:").skip(1) {
        let names = signature.split("h=").nth(1).and_then(|rest| rest.split(';').next()).unwrap_or_default();
        let covers = |name: &str| names.split(':').any(|signed| signed.eq_ignore_ascii_case(name));
        if !covers("List-Unsubscribe") || !covers("List-Unsubscribe-Post") {
            findings.error("one-click", texts::not_signed(language));
        }
    }
}

/// A tag from behind its name to its end.
fn tag(rest: &str) -> &str {
    rest.split('>').next().unwrap_or_default()
}

/// The few entities that our own templates write.
fn unescaped(html: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .iter()
        .fold(html.to_owned(), |html, (entity, character)| html.replace(entity, character))
}

/// Letters and digits alone: how lines are broken and what stands between words is the template's own affair.
fn only_words(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).collect()
}
