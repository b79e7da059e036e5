//! HTML from strangers as plain text: a tokenizer without a tree, so that depth of nesting costs nothing.

use std::borrow::Cow;
use std::cell::RefCell;

use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use crate::content::clean;

/// html5ever compares every attribute of a tag with those before it: 800,000 of them would take minutes.
const MAX_TAG_BYTES: usize = 4096;

/// What a piece of HTML holds for a newsletter.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Its text with white space as it came; blocks are parted by line breaks.
    pub text: String,
    /// Where the link "Verder lezen bij de bron" leads. The link itself is not in `text`.
    pub source_href: Option<String>,
    /// Where its first picture lies.
    pub image_src: Option<String>,
}

/// Reads `html` to its end: no input fails, and the time it takes grows with its length alone.
pub fn read(html: &str) -> Reading {
    each_token(html, Reader::default()).state.into_inner().reading
}

/// Walks through the tags of a page, for those who look for `<link>` elements. Scripts and styles are passed over.
pub fn each_tag(html: &str, visit: impl FnMut(&Tag)) {
    each_token(html, TagVisitor(RefCell::new(visit)));
}

/// The value of an attribute by its lower-case name.
pub fn attribute<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| &*attribute.value)
}

fn each_token<S: TokenSink>(html: &str, sink: S) -> S {
    let html = without_oversized_tags(html);
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(&html));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink
}

/// Takes the attributes off any tag that is too long to be honest.
fn without_oversized_tags(html: &str) -> Cow<'_, str> {
    let mut kept = String::new();
    let mut copied = 0;
    let mut from = 0;
    while let Some(open) = html[from..].find('<').map(|at| from + at) {
        let end = html[open..].find('>').map_or(html.len(), |at| open + at);
        if end - open > MAX_TAG_BYTES {
            let name = html[open + 1..end].find(|c: char| c.is_whitespace()).map_or(end, |at| open + 1 + at);
            kept.push_str(&html[copied..name.min(open + 64)]);
            copied = end;
        }
        from = end;
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    kept.push_str(&html[copied..]);
    Cow::Owned(kept)
}

/// The tokenizer must be told where text is no HTML, or a `<` in a script would open a tag.
fn raw_kind(tag: &Tag) -> Option<RawKind> {
    match &*tag.name {
        "script" => Some(RawKind::ScriptData),
        "style" => Some(RawKind::Rawtext),
        _ => None,
    }
}

struct TagVisitor<F>(RefCell<F>);

impl<F: FnMut(&Tag)> TokenSink for TagVisitor<F> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else { return TokenSinkResult::Continue };
        if tag.kind == TagKind::StartTag {
            if let Some(kind) = raw_kind(&tag) {
                return TokenSinkResult::RawData(kind);
            }
            (self.0.borrow_mut())(&tag);
        }
        TokenSinkResult::Continue
    }
}

#[derive(Default)]
struct Reader {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    reading: Reading,
    /// The link we are in: its address, and where its text begins.
    link: Option<(String, usize)>,
    in_code: bool,
}

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::CharacterTokens(text) if !state.in_code => state.reading.text.push_str(&text),
            Token::TagToken(tag) => {
                let raw = raw_kind(&tag);
                match tag.kind {
                    TagKind::StartTag => state.open(&tag),
                    TagKind::EndTag => state.close(&tag),
                }
                if raw.is_some() {
                    state.in_code = tag.kind == TagKind::StartTag;
                }
                if let (Some(kind), TagKind::StartTag) = (raw, tag.kind) {
                    return TokenSinkResult::RawData(kind);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }

    /// Text in CDATA sections is text in XHTML, and gone in HTML; feeds mean the former.
    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        true
    }
}

impl State {
    fn open(&mut self, tag: &Tag) {
        match &*tag.name {
            "a" => self.link = attribute(tag, "href").map(|href| (href.to_owned(), self.reading.text.len())),
            "img" if self.reading.image_src.is_none() => {
                self.reading.image_src = attribute(tag, "src").map(str::to_owned);
            }
            name if is_block(name) => self.reading.text.push('\n'),
            _ => {}
        }
    }

    fn close(&mut self, tag: &Tag) {
        if is_block(&tag.name) {
            self.reading.text.push('\n');
        }
        if &*tag.name == "a"
            && let Some((href, start)) = self.link.take()
            && clean::is_link_phrase(&self.reading.text[start..])
        {
            if clean::is_source_phrase(&self.reading.text[start..]) {
                self.reading.source_href.get_or_insert(href);
            }
            self.reading.text.truncate(start);
        }
    }
}

fn is_block(name: &str) -> bool {
    const BLOCKS: &[&str] = &[
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "caption",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ];
    BLOCKS.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(html: &str) -> String {
        clean::one_line(&read(html).text)
    }

    #[test]
    fn blocks_part_words_and_inline_tags_do_not() {
        assert_eq!(text("<p>Een</p><p>twee <b>dr</b>ie</p>vier<br>vijf"), "Een twee drie vier vijf");
    }

    #[test]
    fn references_are_decoded_once() {
        assert_eq!(
            text("I&#038;P &amp;amp; auto&#8217;s &euro;5 &onbekend; AT&T"),
            "I&P &amp; auto’s €5 &onbekend; AT&T"
        );
    }

    #[test]
    fn scripts_and_styles_leave_nothing_behind() {
        assert_eq!(text("a<script>if (1 < 2) alert('<b>x</b>')</script>b<style>p{}</style>c<!-- d -->"), "abc");
        assert_eq!(text("a<script>alert(1)"), "a");
        assert_eq!(text("safe<iframe src=x> description</iframe>"), "safe description");
    }

    #[test]
    fn the_link_to_the_source_becomes_data() {
        let reading = read("<p>Kort.</p><p><a href=\"https://bron.example/a\">Verder lezen bij <b>de bron</b></a></p>");
        assert_eq!(reading.source_href.as_deref(), Some("https://bron.example/a"));
        assert_eq!(clean::one_line(&reading.text), "Kort.");
        assert_eq!(read("<a href=x>Lees de hele bron</a>").source_href, None);
    }

    #[test]
    fn a_tag_with_a_million_attributes_is_cut_down() {
        let attributes: String = (0..200_000).map(|n| format!(" a{n}")).collect();
        assert_eq!(text(&format!("voor<p{attributes}>na <b title='x'>het</b>")), "voor na het");
        assert_eq!(text(&format!("voor<p{attributes}")), "voor");
    }

    #[test]
    fn the_list_of_blocks_is_sorted() {
        for name in ["address", "br", "p", "td", "ul"] {
            assert!(is_block(name), "{name}");
        }
        assert!(!is_block("span"));
    }
}
