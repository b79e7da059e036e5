//! What an editor wrote in Markdown, as HTML for a page: paragraphs, headings, lists, links, and nothing else.

use maud::{Markup, html};

use crate::domain::rich_text::{Block, Span, parse_markdown};

/// HTML that [`super::clean_html::CleanHtml`] may vouch for: every word in it is escaped here.
pub fn html(markdown: &str) -> String {
    html! { @for block in parse_markdown(markdown) { (shown(&block)) } }.into_string()
}

fn shown(block: &Block) -> Markup {
    html! {
        @match block {
            Block::Paragraph { spans: text } => { p { (spans(text)) } }
            // The page has its own headings of the first and second degree.
            Block::Heading { spans: text } => { h3 { (spans(text)) } }
            Block::List { ordered: true, items } => { ol { @for item in items { li { (spans(item)) } } } }
            Block::List { ordered: false, items } => { ul { @for item in items { li { (spans(item)) } } } }
        }
    }
}

fn spans(spans: &[Span]) -> Markup {
    html! {
        @for span in spans {
            @if let Some(link) = &span.link { a href=(link) { (words(span)) } } @else { (words(span)) }
        }
    }
}

fn words(span: &Span) -> Markup {
    let lines = html! {
        @for (number, line) in span.text.split('\n').enumerate() {
            @if number > 0 { br; }
            (line)
        }
    };
    html! {
        @match (span.strong, span.emphasis) {
            (true, true) => { strong { em { (lines) } } }
            (true, false) => { strong { (lines) } }
            (false, true) => { em { (lines) } }
            (false, false) => { (lines) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_html_in_which_nothing_runs() {
        assert_eq!(
            html("Dag **lezer**, *kijk* [hier](https://example.nl/?a=1&b=2)\n\n- een\n- twee"),
            "<p>Dag <strong>lezer</strong>, <em>kijk</em> <a href=\"https://example.nl/?a=1&amp;b=2\">hier</a></p>\
             <ul><li>een</li><li>twee</li></ul>"
        );
        let hostile = html("<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)>");
        assert!(!hostile.contains("<script") && !hostile.contains("<img") && !hostile.contains("href"), "{hostile}");
    }
}
