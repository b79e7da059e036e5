//! The HTML of a mail, as the standard for HTML and as readers with a screen reader have it.

use std::collections::HashSet;

use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use crate::accessible::Judge;
use crate::valid_html;

/// The HTML of a message that has one.
pub fn html_of(bytes: &[u8]) -> Option<String> {
    let mail = mail_parser::MessageParser::default().parse(bytes).expect("it is a message");
    (mail.parts.len() > 1).then(|| mail.body_html(0).expect("it has HTML").into_owned())
}

/// Nothing that the HTML standard calls a parse error; every element is closed in its place, no block stands in a
/// paragraph, and no id stands there twice.
pub fn check_html(html: &str) {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let tokenizer = Tokenizer::new(Nesting::default(), TokenizerOpts { exact_errors: true, ..Default::default() });
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let state = tokenizer.sink.0.into_inner();
    assert!(state.faults.is_empty(), "{:#?}\n{html}", state.faults);
    assert!(state.open.is_empty() && state.doctype, "{:?} stay open", state.open);
    valid_html::judge(&[("mail".to_owned(), html.to_owned())]);
}

#[derive(Default)]
struct Nesting(std::cell::RefCell<Nested>);

#[derive(Default)]
struct Nested {
    doctype: bool,
    open: Vec<String>,
    ids: HashSet<String>,
    faults: Vec<String>,
}

const VOID: [&str; 5] = ["meta", "img", "br", "hr", "link"];
const BLOCKS: [&str; 10] = ["p", "table", "div", "h1", "h2", "h3", "ul", "ol", "tr", "td"];

impl TokenSink for Nesting {
    type Handle = ();

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
        let mut state = self.0.borrow_mut();
        match token {
            Token::ParseError(error) => state.faults.push(format!("line {line}: {error}")),
            Token::DoctypeToken(_) => state.doctype = true,
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                let name = tag.name.to_string();
                if BLOCKS.contains(&name.as_str()) && state.open.iter().any(|open| open == "p") {
                    state.faults.push(format!("line {line}: <{name}> in a paragraph"));
                }
                for attribute in &tag.attrs {
                    if &*attribute.name.local == "id" && !state.ids.insert(attribute.value.to_string()) {
                        state.faults.push(format!("line {line}: the id {} twice", attribute.value));
                    }
                }
                if name == "img" && !tag.attrs.iter().any(|attribute| &*attribute.name.local == "alt") {
                    state.faults.push(format!("line {line}: an image without words"));
                }
                if !VOID.contains(&name.as_str()) {
                    state.open.push(name.clone());
                }
                match name.as_str() {
                    "style" => return TokenSinkResult::RawData(RawKind::Rawtext),
                    "title" => return TokenSinkResult::RawData(RawKind::Rcdata),
                    _ => {}
                }
            }
            Token::TagToken(tag) => {
                let open = state.open.pop();
                if open.as_deref() != Some(&*tag.name) {
                    state.faults.push(format!("line {line}: </{}> closes {open:?}", tag.name));
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// Without barriers, where there is a browser to tell.
pub fn check_access(html: &str) {
    let Some(judge) = Judge::called() else { return };
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("mail.html");
    std::fs::write(&file, html).expect("it can be written");
    judge.visit(&format!("file://{}", file.display()));
}
