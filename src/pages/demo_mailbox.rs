//! The demo's mailbox: what came in, and one mail with all its parts.

use maud::{Markup, html};

use super::layout::Page;
use super::paths;
use crate::domain::language::Language;
use crate::domain::texts::demo as texts;

/// One mail in the list.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    pub id: u64,
    pub subject: &'a str,
    pub to: &'a str,
    /// When it came, in words.
    pub received: &'a str,
}

/// One mail opened.
#[derive(Clone, Copy, Debug)]
pub struct Opened<'a> {
    pub line: Line<'a>,
    /// Whom its header names.
    pub author: &'a str,
    /// The envelope's sender; empty for a report.
    pub return_path: &'a str,
    pub text: Option<&'a str>,
    /// Whether there is a part in HTML; it stands in a frame, never in the page.
    pub has_html: bool,
    pub source: &'a str,
}

/// The list, newest first as given.
pub fn list(language: Language, newsletter: &str, lines: &[Line<'_>]) -> Markup {
    let title = texts::mailbox_title(language);
    Page { language, title: &title, path: Some(paths::DEMO_MAILBOX), ..Page::default() }.around(&html! {
        h1 { (title) }
        p { (texts::mailbox_intro(language)) }
        p.actions {
            a.btn href={ (paths::DEMO_MAILBOX) "?language=" (language) } { (texts::mailbox_refresh(language)) }
            a.btn.sec href=(paths::newsletter(newsletter)) { (texts::mailbox_sign_up(language)) }
        }
        @if lines.is_empty() { p.note { (texts::mailbox_empty(language)) } }
        @else {
            p.hint { (texts::mailbox_count(language, lines.len())) }
            ul.cards {
                @for line in lines {
                    li {
                        h2 { a href={ (paths::demo_mail(line.id)) "?language=" (language) } { (subject(language, line)) } }
                        p.hint { (texts::mail_to(language)) " " (line.to) " · " (line.received) }
                    }
                }
            }
        }
    })
}

/// One mail.
pub fn mail(language: Language, mail: &Opened<'_>) -> Markup {
    let line = mail.line;
    let title = subject(language, &line);
    let path = paths::demo_mail(line.id);
    Page { language, title: &title, path: Some(&path), ..Page::default() }.around(&html! {
        p { a href={ (paths::DEMO_MAILBOX) "?language=" (language) } { (texts::mailbox_back(language)) } }
        h1 { (title) }
        ul.lines {
            li { strong { (texts::mail_from(language)) } " " (mail.author) }
            li { strong { (texts::mail_to(language)) } " " (line.to) }
            li {
                strong { (texts::mail_return_path(language)) } " "
                @if mail.return_path.is_empty() { (texts::mail_nobody(language)) } @else { (mail.return_path) }
            }
            li { strong { (texts::mail_received(language)) } " " (line.received) }
        }
        @if mail.has_html {
            h2 { (texts::mail_html(language)) }
            iframe.mail title=(texts::mail_html(language)) src=(paths::demo_mail_html(line.id))
                sandbox="allow-popups allow-popups-to-escape-sandbox" {}
            p { a href=(paths::demo_mail_html(line.id)) { (texts::mail_html_alone(language)) } }
        }
        @if let Some(text) = mail.text {
            h2 { (texts::mail_text(language)) }
            pre.mail { (with_links(text)) }
        }
        details {
            summary { (texts::mail_source(language)) }
            pre.mail { (mail.source) }
        }
        p { a href=(paths::demo_mail_source(line.id)) { (texts::mail_download(language)) } }
    })
}

fn subject(language: Language, line: &Line<'_>) -> String {
    if line.subject.is_empty() { texts::mail_no_subject(language) } else { line.subject.to_owned() }
}

/// Plain text whose web addresses can be followed; everything else stays as it is.
fn with_links(text: &str) -> Markup {
    let mut rest = text;
    let mut pieces = Vec::new();
    while let Some(at) = [rest.find("http://"), rest.find("https://")].into_iter().flatten().min() {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ')')).unwrap_or(from.len());
        let (url, after) = from.split_at(end);
        pieces.push((before, url));
        rest = after;
    }
    html! {
        @for (before, url) in pieces { (before) a href=(url) { (url) } }
        (rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_a_text_become_links_and_the_text_stays_what_it_was() {
        let shown = with_links("Bevestig: http://127.0.0.1/c/abc\n<https://x.nl/?a=1&b=2> & klaar").into_string();
        assert_eq!(
            shown,
            "Bevestig: <a href=\"http://127.0.0.1/c/abc\">http://127.0.0.1/c/abc</a>\n\
             &lt;<a href=\"https://x.nl/?a=1&amp;b=2\">https://x.nl/?a=1&amp;b=2</a>&gt; &amp; klaar"
        );
    }
}
