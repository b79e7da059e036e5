//! What templates see: the content of a mail, cleaned, with every word already in its language.

use serde::Serialize;

use crate::domain::edition::SectionStyle;
use crate::domain::edition_content::{EditionContent, Item, Section};
use crate::domain::link::web_link;
use crate::domain::look::Look;
use crate::domain::newsletter::Promo;
use crate::domain::plain_text::{clean_line, clean_lines};
use crate::domain::public_url::PublicUrl;
use crate::domain::rich_text::{Block, Span, parse_markdown};
use crate::domain::texts::mails;

use super::slot::Slot;

/// A newsletter as `newsletter.html` and `newsletter.txt` get it.
#[derive(Serialize)]
pub(super) struct NewsletterView {
    language: &'static str,
    /// False in the archive, where the page is nobody's own copy and must hold no one's links.
    personal: bool,
    subject: String,
    preheader: String,
    sender_name: String,
    issue_line: String,
    issue_line_plain: String,
    browser_url: String,
    unsubscribe_url: String,
    preferences_url: String,
    privacy_url: Option<String>,
    intro: Vec<BlockView>,
    sections: Vec<SectionView>,
    promo: Option<PromoView>,
    address_lines: Vec<String>,
    look: LookView,
    words: NewsletterWords,
}

/// The logo and the colours, by day and at night.
#[derive(Clone, Serialize)]
pub(super) struct LookView {
    logo: Option<LogoView>,
    accent: String,
    accent_dark: String,
}

#[derive(Clone, Serialize)]
struct LogoView {
    url: String,
    width: i64,
    height: i64,
    alt: String,
}

impl From<&Look> for LookView {
    fn from(look: &Look) -> Self {
        let accent = look.accent();
        let logo = look.logo.as_ref().and_then(|logo| {
            let (url, alt) = (web_link(&logo.url)?, clean_line(&logo.alt));
            Some(LogoView { url, width: logo.width, height: logo.height, alt })
        });
        Self { logo, accent: accent.light().to_string(), accent_dark: accent.dark().to_string() }
    }
}

#[derive(Serialize)]
struct NewsletterWords {
    newsletter: String,
    view_in_browser: String,
    read_more: String,
    read_at_source: String,
    why: String,
    since: String,
    archive_why: String,
    no_tracking: String,
    unsubscribe: String,
    change_details: String,
    privacy_statement: String,
}

#[derive(Serialize)]
struct SectionView {
    title: String,
    style: SectionStyle,
    articles: Vec<ItemView>,
}

#[derive(Serialize)]
struct ItemView {
    title: String,
    url: Option<String>,
    summary: String,
    source_url: Option<String>,
    read_more_label: String,
    source_label: String,
}

#[derive(Serialize)]
struct PromoView {
    heading: String,
    title: String,
    /// The words alone, on one line.
    text: String,
    blocks: Vec<BlockView>,
    url: Option<String>,
    button: String,
}

/// A block of the intro: its styled spans for HTML; its words and the links that follow them for plain text.
#[derive(Serialize)]
struct BlockView {
    kind: &'static str,
    ordered: bool,
    #[serde(flatten)]
    line: LineView,
    items: Vec<LineView>,
}

#[derive(Serialize, Default)]
struct LineView {
    spans: Vec<Span>,
    plain: String,
    urls: Vec<String>,
}

impl NewsletterView {
    pub(super) fn new(content: &EditionContent, slug: &str, public_url: &PublicUrl, personal: bool) -> Self {
        let language = content.language;
        let promise = clean_line(&content.promise);
        let date_label = clean_line(&content.date_label);
        Self {
            language: language.tag(),
            personal,
            subject: clean_line(&content.subject),
            preheader: clean_line(&content.preheader),
            sender_name: clean_line(&content.sender_name),
            issue_line: mails::issue_line(language, content.number, &date_label),
            issue_line_plain: mails::issue_line_plain(language, content.number, &date_label),
            browser_url: public_url.archived_edition(slug, content.number),
            unsubscribe_url: public_url.unsubscribe(&Slot::UnsubscribeToken.mark().to_string()),
            preferences_url: public_url.preferences(&Slot::PreferencesToken.mark().to_string()),
            privacy_url: content.privacy_url.as_deref().and_then(web_link),
            intro: parse_markdown(&content.intro).into_iter().map(BlockView::from).collect(),
            sections: content
                .sections
                .iter()
                .filter(|section| !section.items.is_empty())
                .map(|section| SectionView::new(section, content))
                .collect(),
            promo: content.promo.as_ref().map(PromoView::from),
            address_lines: address_lines(&content.organisation, &content.postal_address),
            look: LookView::from(&content.look),
            words: NewsletterWords {
                newsletter: mails::newsletter_word(language),
                view_in_browser: mails::view_in_browser(language),
                read_more: mails::read_more(language),
                read_at_source: mails::read_at_source(language),
                why: mails::footer_why(language, &promise),
                since: mails::footer_since(language, Slot::SubscribedOn.mark()),
                archive_why: mails::footer_archive(language, &promise),
                no_tracking: mails::footer_no_tracking(language),
                unsubscribe: mails::unsubscribe(language),
                change_details: mails::change_details(language),
                privacy_statement: mails::privacy_statement(language),
            },
        }
    }
}

impl SectionView {
    fn new(section: &Section, content: &EditionContent) -> Self {
        let articles = section.items.iter().map(|item| ItemView::new(item, content)).collect();
        Self { title: clean_line(&section.title), style: section.style, articles }
    }
}

impl ItemView {
    fn new(item: &Item, content: &EditionContent) -> Self {
        let title = clean_line(&item.title);
        Self {
            url: web_link(&item.url),
            summary: clean_line(&item.summary),
            source_url: item.source_url.as_deref().and_then(web_link),
            read_more_label: mails::read_more_about(content.language, &title),
            source_label: mails::read_at_source_about(content.language, &title),
            title,
        }
    }
}

impl From<&Promo> for PromoView {
    fn from(promo: &Promo) -> Self {
        let blocks = parse_markdown(&promo.text);
        Self {
            heading: clean_line(&promo.heading),
            title: clean_line(&promo.title),
            text: clean_line(&blocks.iter().map(Block::words).collect::<Vec<_>>().join(" ")),
            blocks: blocks.into_iter().map(BlockView::from).collect(),
            url: web_link(&promo.url),
            button: clean_line(&promo.button),
        }
    }
}

impl From<Block> for BlockView {
    fn from(block: Block) -> Self {
        let (kind, ordered, line, items) = match block {
            Block::Paragraph { spans } => ("paragraph", false, LineView::from(spans), Vec::new()),
            Block::Heading { spans } => ("heading", false, LineView::heading(spans), Vec::new()),
            Block::List { ordered, items } => {
                ("list", ordered, LineView::default(), items.into_iter().map(LineView::from).collect())
            }
        };
        Self { kind, ordered, line, items }
    }
}

impl From<Vec<Span>> for LineView {
    fn from(spans: Vec<Span>) -> Self {
        let mut plain = String::new();
        let mut urls: Vec<String> = Vec::new();
        for span in &spans {
            match &span.link {
                // Who wrote the link itself means it to be read here.
                Some(link) if *link == span.text => {
                    plain.truncate(plain.trim_end_matches(' ').len());
                    plain.push_str(if plain.is_empty() || plain.ends_with('\n') { "" } else { "\n" });
                    plain.push_str(link);
                    plain.push('\n');
                }
                Some(link) => {
                    plain.push_str(&span.text);
                    let link = link.strip_prefix("mailto:").unwrap_or(link);
                    if link != span.text && urls.iter().all(|url| url != link) {
                        urls.push(link.to_owned());
                    }
                }
                None => plain.push_str(&span.text),
            }
        }
        Self { plain: plain.trim_end().to_owned(), urls, spans }
    }
}

impl LineView {
    /// Headings are put in capitals, which a link would not survive: all links follow.
    fn heading(spans: Vec<Span>) -> Self {
        let plain = spans.iter().map(|span| span.text.as_str()).collect();
        let urls = spans.iter().filter_map(|span| span.link.clone()).collect();
        Self { plain, urls, spans }
    }
}

/// The organisation and its postal address, as the last lines of a mail.
pub(super) fn address_lines(organisation: &str, postal_address: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        clean_lines(postal_address).lines().map(clean_line).filter(|line| !line.is_empty()).collect();
    let organisation = clean_line(organisation);
    match lines.first_mut() {
        Some(first) if !organisation.is_empty() => *first = format!("{organisation}, {first}"),
        None if !organisation.is_empty() => lines.push(organisation),
        _ => {}
    }
    lines
}

/// A letter as `letter.html` and `letter.txt` get it.
#[derive(Clone, Serialize)]
pub(super) struct LetterView {
    pub(super) language: &'static str,
    pub(super) subject: String,
    pub(super) preheader: String,
    pub(super) sender_name: String,
    pub(super) hello: String,
    pub(super) before: Vec<String>,
    pub(super) articles: Vec<String>,
    pub(super) button: Option<ButtonView>,
    pub(super) after: Vec<String>,
    pub(super) unsubscribe_url: Option<String>,
    pub(super) address_lines: Vec<String>,
    pub(super) privacy_url: Option<String>,
    pub(super) look: LookView,
    pub(super) words: LetterWords,
}

#[derive(Clone, Serialize)]
pub(super) struct LetterWords {
    pub(super) unsubscribe: String,
    pub(super) privacy_statement: String,
}

#[derive(Clone, Serialize)]
pub(super) struct ButtonView {
    pub(super) text: String,
    pub(super) url: String,
}
