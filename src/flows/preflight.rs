//! The look at an edition before it leaves: errors block its approval, warnings must have been seen.

use std::time::Duration;

use super::edition_content::{Rendering, contents};
use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::edition_content::EditionContent;
use crate::domain::preflight::{Finding, Preflight, Severity};
use crate::domain::texts::preflight as texts;
use crate::domain::time::Timestamp;
use crate::mail::merge::Recipient;
use crate::mail::message::Token;
use crate::store::editions::{self, EditionRow};
use crate::store::newsletters::{self, NewsletterRow};
use crate::store::{Access, StoreError};

/// Above this, Gmail's clipping comes near (it cuts at about 102 kB).
const MAX_HTML: usize = 90_000;
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

/// Words that were meant to be replaced before anybody reads them.
const PLACEHOLDERS: [&str; 5] = ["[voorbeeldtekst]", "lorem ipsum", "{{", "‹", "[sample text]"];

/// Looks at an edition as it is now.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none with this id.
pub async fn preflight(house: &House, id: i64) -> Result<Preflight, FlowError> {
    let mut reader = house.db.read().await?;
    let edition = editions::by_id(&mut reader, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    let newsletter = newsletters::by_id(&mut reader, edition.newsletter_id)
        .await?
        .ok_or_else(|| FlowError::NotFound("newsletter of this edition".to_owned()))?;
    look(&mut reader, house, &newsletter, &edition).await
}

/// The same within a transaction.
///
/// # Errors
/// When the database cannot answer.
pub(super) async fn look(
    on: &mut impl Access,
    house: &House,
    newsletter: &NewsletterRow,
    edition: &EditionRow,
) -> Result<Preflight, FlowError> {
    let contents = contents(on, house, newsletter, edition).await?;
    let mut findings = Findings::default();
    if let Some(content) = contents.iter().find(|content| content.language == newsletter.language) {
        check_content(&mut findings, house, newsletter, content);
    }
    match Rendering::new(house, newsletter, &contents) {
        Ok(rendering) => check_rendering(&mut findings, house, newsletter, &rendering),
        Err(error) => findings.error("template", error.to_string()),
    }
    check_audience(&mut findings, on, house, newsletter, edition).await?;
    Ok(Preflight::of(findings.0))
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn error(&mut self, check: &'static str, message: String) {
        self.0.push(Finding { check, severity: Severity::Error, message });
    }

    fn warning(&mut self, check: &'static str, message: String) {
        self.0.push(Finding { check, severity: Severity::Warning, message });
    }
}

fn check_content(findings: &mut Findings, house: &House, newsletter: &NewsletterRow, content: &EditionContent) {
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
        let mut texts_of_it = vec![("subject", content.subject.as_str()), ("intro", content.intro.as_str())];
        texts_of_it.extend(
            content.items().flat_map(|item| [("title", item.title.as_str()), ("summary", item.summary.as_str())]),
        );
        for (_, text) in texts_of_it {
            let lower = text.to_lowercase();
            if let Some(word) = PLACEHOLDERS.iter().find(|word| lower.contains(**word)) {
                findings.error("placeholder", texts::placeholder(language, word, shortened(text)));
            }
        }
    }
    for item in content.items() {
        check_link(findings, newsletter, &item.title, &item.url, house.catches_all_mail);
        let title = item.title.to_lowercase();
        if title.starts_with("beveiligd:") || title.starts_with("protected:") {
            findings.error("protected", texts::protected(language, shortened(&item.title)));
        }
    }
    if let Some(promo) = &content.promo {
        check_link(findings, newsletter, &promo.title, &promo.url, house.catches_all_mail);
    }
}

fn check_link(findings: &mut Findings, newsletter: &NewsletterRow, title: &str, url: &str, private_is_fine: bool) {
    let language = newsletter.language;
    let parsed = url::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some(parsed) = parsed else {
        return findings.error("link", texts::broken_link(language, shortened(title)));
    };
    let host = parsed.host_str().unwrap_or_default();
    let internal = host == "localhost" || host.ends_with(".local") || host.ends_with(".internal");
    let private = match parsed.host() {
        Some(url::Host::Ipv4(address)) => address.is_private() || address.is_loopback() || address.is_link_local(),
        Some(url::Host::Ipv6(address)) => address.is_loopback() || address.is_unique_local(),
        _ => internal,
    };
    if private && !private_is_fine {
        findings.warning("link", texts::private_link(language, shortened(title), host));
    }
    if url.contains("/wp-admin") || url.contains("preview=true") {
        findings.error("link", texts::unpublished_link(language, shortened(title)));
    }
}

fn check_rendering(findings: &mut Findings, house: &House, newsletter: &NewsletterRow, rendering: &Rendering) {
    let language = newsletter.language;
    let place = rendering.place(language, crate::domain::subscription::MailFormat::Html);
    let composed = rendering.variant(place);
    let html = composed.preview_html();
    if html.len() > MAX_HTML {
        findings.error("size", texts::too_large(language, html.len() / 1000));
    }
    let text = composed.preview_text();
    let link = format!("{}/u/", house.config.public_url);
    for (part, content) in [("HTML", &html), ("text", &text)] {
        if !content.contains(&link) {
            findings.error("unsubscribe-link", texts::no_unsubscribe_link(language, part));
        }
    }
    let Ok(address) = EmailAddress::parse_any_role(&newsletter.from_address) else {
        return findings.error("sender", texts::broken_sender(language));
    };
    let token = Token::parse("sample").expect("a plain word is a token");
    let message = composed.merge(&Recipient::sample(&address, token, house.clock.now()));
    let head = String::from_utf8_lossy(message.as_bytes());
    let head = head.split("\r\n\r\n").next().unwrap_or_default();
    for field in ["List-Unsubscribe:", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"] {
        if !head.contains(field) {
            findings.error("one-click", texts::no_one_click(language));
        }
    }
}

async fn check_audience(
    findings: &mut Findings,
    on: &mut impl Access,
    house: &House,
    newsletter: &NewsletterRow,
    edition: &EditionRow,
) -> Result<(), StoreError> {
    let language = newsletter.language;
    let now = house.clock.now();
    let audience = editions::audience_now(on, newsletter.id).await?;
    if audience == 0 {
        findings.error("audience", texts::no_audience(language));
    }
    let previous = editions::last_started(on, newsletter.id, edition.id).await?;
    if let Some(previous) = &previous {
        if previous.audience >= 50 && (audience - previous.audience).abs() * 5 > previous.audience {
            findings.warning("audience", texts::audience_changed(language, audience, previous.audience));
        }
        let silence = now.since(previous.started_at.unwrap_or(now));
        if silence > MONTH * 18 {
            findings.error("silence", texts::long_silence(language, silence.as_secs() / MONTH.as_secs()));
        } else if silence > MONTH * 6 {
            findings.warning("silence", texts::silence(language, silence.as_secs() / MONTH.as_secs()));
        }
    }
    let year_ago = Timestamp::minus(now, YEAR);
    let sent = editions::started_since(on, newsletter.id, year_ago).await?;
    if sent >= newsletter.max_per_year {
        findings.error("promise", texts::promise_broken(language, sent + 1, newsletter.max_per_year));
    }
    Ok(())
}

fn shortened(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}
