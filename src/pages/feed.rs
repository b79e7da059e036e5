//! The Atom feed of a newsletter's editions (RFC 4287).

use std::fmt::Write;

use super::archive::{self, Edition};
use super::{NewsletterView, paths};
use crate::domain::time::Timestamp;

/// An edition in the feed.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    pub edition: Edition<'a>,
    pub sent_at: Timestamp,
    /// The line beside the subject in an inbox; may be empty.
    pub preheader: &'a str,
}

/// The feed, newest entry first as given. `base` is the public URL without a slash at its end; without entries
/// the feed is as old as the newsletter, `begun`.
pub fn atom(newsletter: &NewsletterView<'_>, base: &str, begun: Timestamp, entries: &[Entry<'_>]) -> String {
    let own = format!("{base}{}", paths::feed(newsletter.slug));
    let list = format!("{base}{}", paths::archive(newsletter.slug));
    let updated = entries.iter().map(|entry| entry.sent_at).max().unwrap_or(begun);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    let _ = write!(
        xml,
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{language}\">\n\
         <id>{id}</id>\n<title>{title}</title>\n<subtitle>{subtitle}</subtitle>\n<updated>{updated}</updated>\n\
         <author><name>{author}</name></author>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{id}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{list}\"/>\n",
        language = newsletter.language,
        id = escaped(&own),
        title = escaped(newsletter.title),
        subtitle = escaped(newsletter.description),
        author = escaped(newsletter.organisation),
        list = escaped(&list),
    );
    for entry in entries {
        let link = format!("{base}{}", paths::edition(newsletter.slug, entry.edition.number));
        let content = archive::body(newsletter.language, &entry.edition).into_string();
        let _ = write!(
            xml,
            "<entry>\n<id>{link}</id>\n<title>{title}</title>\n<published>{at}</published>\n<updated>{at}</updated>\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{link}\"/>\n<summary>{summary}</summary>\n\
             <content type=\"html\">{content}</content>\n</entry>\n",
            link = escaped(&link),
            title = escaped(entry.edition.subject),
            at = entry.sent_at,
            summary = escaped(entry.preheader),
            content = escaped(&content),
        );
    }
    xml.push_str("</feed>\n");
    xml
}

/// Text for an element or a quoted attribute, without the control characters that XML 1.0 cannot hold.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}
