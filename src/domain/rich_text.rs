//! What an editor may write: a little Markdown, read into blocks that HTML and plain text are both made from.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde::Serialize;

use super::link::web_or_mail_link;
use super::plain_text::clean_lines;

/// One block of text. Raw HTML, images and tables do not exist here: what cannot be shown everywhere is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Block {
    Paragraph { spans: Vec<Span> },
    Heading { spans: Vec<Span> },
    List { ordered: bool, items: Vec<Vec<Span>> },
}

impl Block {
    /// Its runs of text, in order.
    pub fn spans(&self) -> Vec<&Span> {
        match self {
            Self::Paragraph { spans } | Self::Heading { spans } => spans.iter().collect(),
            Self::List { items, .. } => items.iter().flatten().collect(),
        }
    }

    /// Its words, without style or links.
    pub fn words(&self) -> String {
        match self {
            Self::Paragraph { spans } | Self::Heading { spans } => words(spans),
            Self::List { items, .. } => items.iter().map(|item| words(item)).collect::<Vec<_>>().join(" "),
        }
    }
}

fn words(spans: &[Span]) -> String {
    spans.iter().map(|span| span.text.as_str()).collect()
}

/// A run of text in one style.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Span {
    /// A line break within a block is `\n`.
    pub text: String,
    pub strong: bool,
    pub emphasis: bool,
    /// Where the text leads: http, https or mailto.
    pub link: Option<String>,
}

/// Reads Markdown. Any text is Markdown, so nothing is refused; HTML and links with other schemes lose their
/// power and keep their words.
pub fn parse_markdown(source: &str) -> Vec<Block> {
    let source = clean_lines(source);
    let mut reader = Reader::default();
    for event in Parser::new_ext(&source, Options::empty()) {
        reader.take(event);
    }
    reader.flush();
    reader.blocks
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    spans: Vec<Span>,
    strong: usize,
    emphasis: usize,
    link: Option<String>,
    heading: bool,
    /// Whether each list around the current place counts; lists in lists become one.
    lists: Vec<bool>,
    items: Vec<Vec<Span>>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) | Event::Code(text) => self.push(&text),
            Event::SoftBreak => self.push(" "),
            Event::HardBreak => self.push("\n"),
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Strong => self.strong += 1,
            Tag::Emphasis => self.emphasis += 1,
            Tag::Link { dest_url, .. } => self.link = web_or_mail_link(&dest_url),
            Tag::Paragraph | Tag::CodeBlock(_) => self.flush(),
            Tag::Heading { .. } => {
                self.flush();
                self.heading = true;
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(first.is_some());
            }
            Tag::Item => self.flush(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strong => self.strong -= 1,
            TagEnd::Emphasis => self.emphasis -= 1,
            TagEnd::Link => self.link = None,
            TagEnd::Paragraph | TagEnd::CodeBlock | TagEnd::Item => self.flush(),
            TagEnd::Heading(_) => {
                self.flush();
                self.heading = false;
            }
            TagEnd::List(_) => {
                self.flush();
                let ordered = self.lists.pop().unwrap_or_default();
                if self.lists.is_empty() && !self.items.is_empty() {
                    self.blocks.push(Block::List { ordered, items: std::mem::take(&mut self.items) });
                }
            }
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        let span = Span {
            text: text.to_owned(),
            strong: self.strong > 0,
            emphasis: self.emphasis > 0,
            link: self.link.clone(),
        };
        match self.spans.last_mut() {
            Some(last) if (last.strong, last.emphasis, &last.link) == (span.strong, span.emphasis, &span.link) => {
                last.text.push_str(text);
            }
            _ => self.spans.push(span),
        }
    }

    /// Ends the block being read; blank ones vanish.
    fn flush(&mut self) {
        let mut spans = std::mem::take(&mut self.spans);
        if let Some(last) = spans.last_mut() {
            last.text.truncate(last.text.trim_end_matches(['\n', ' ']).len());
        }
        if spans.iter().all(|span| span.text.trim().is_empty()) {
            return;
        }
        if !self.lists.is_empty() {
            self.items.push(spans);
        } else if self.heading {
            self.blocks.push(Block::Heading { spans });
        } else {
            self.blocks.push(Block::Paragraph { spans });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(spans: &[Span]) -> String {
        spans.iter().map(|span| span.text.as_str()).collect()
    }

    #[test]
    fn markdown_becomes_paragraphs_headings_and_lists() {
        let blocks =
            parse_markdown("# Kop\n\nBeste **lezer**,\nhallo  \nregel\n\n1. een\n2. *twee*\n   - diep\n\n> citaat");
        let [Block::Heading { spans: heading }, Block::Paragraph { spans }, Block::List { ordered, items }, quote] =
            &blocks[..]
        else {
            panic!("{blocks:?}");
        };
        assert_eq!(text(heading), "Kop");
        assert_eq!(text(spans), "Beste lezer, hallo\nregel");
        assert_eq!(spans[1], Span { text: "lezer".into(), strong: true, ..Span::default() });
        assert!(ordered);
        assert_eq!(items.iter().map(|item| text(item)).collect::<Vec<_>>(), ["een", "twee", "diep"]);
        assert!(matches!(quote, Block::Paragraph { spans } if text(spans) == "citaat"));
    }

    #[test]
    fn html_and_dangerous_links_lose_their_power_and_keep_their_words() {
        let blocks = parse_markdown(
            "<script>alert(1)</script>\n\na <b onclick=x>b</b> [c](javascript:alert(1)) [d](https://example.org/?a=1&b=2) \
             ![e](https://example.org/pixel.gif)",
        );
        let [Block::Paragraph { spans }] = &blocks[..] else { panic!("{blocks:?}") };
        assert_eq!(text(spans), "a b c d e");
        let links: Vec<_> = spans.iter().filter_map(|span| span.link.as_deref()).collect();
        assert_eq!(links, ["https://example.org/?a=1&b=2"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_control_characters(source in "[\\PC\\n\\r\\t\\x00*_#>\\[\\]()<`-]{0,200}") {
            for block in parse_markdown(&source) {
                let all: Vec<Vec<Span>> = match block {
                    Block::Paragraph { spans } | Block::Heading { spans } => vec![spans],
                    Block::List { items, .. } => items,
                };
                for span in all.into_iter().flatten() {
                    assert!(!span.text.chars().any(|c| c.is_control() && c != '\n'), "{span:?}");
                }
            }
        }
    }
}
