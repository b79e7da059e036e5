//! RSS 0.9x, 1.0 and 2.0 and Atom 0.3 and 1.0, as they are written rather than as they should be.
//!
//! A walk over the tags with a stack of open elements and no tree. What is not understood is passed over; tags that do
//! not match are closed where their parent closes; a document that breaks off gives the items before the break.

mod names;
mod parts;
mod references;

use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use url::Url;

use self::names::{Namespace, Prefixes};
use self::parts::{FeedParts, Field, ItemParts, Value, attribute};
use super::draft::resolve;
use super::{Feed, FeedError, FeedFormat, MAX_ITEMS};

/// Feeds nest six deep, the XHTML in them a few dozen.
const MAX_DEPTH: usize = 128;

/// More attributes on one element are passed over.
const MAX_ATTRIBUTES: usize = 64;

/// The most text that is kept of one element, in bytes.
const MAX_VALUE_BYTES: usize = 1024 * 1024;

/// Reads an RSS or Atom document.
pub(super) fn read(text: &str, base: Option<&Url>) -> Result<Feed, FeedError> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    config.expand_empty_elements = true;
    let mut walk = Walk::default();
    let mut is_broken = false;
    while walk.items.len() < MAX_ITEMS && !is_broken {
        match reader.read_event() {
            Ok(Event::Start(tag)) => walk.open(&tag, base)?,
            Ok(Event::End(tag)) => walk.close(tag.name().into_inner()),
            Ok(Event::Text(text)) => walk.text(&text),
            Ok(Event::CData(text)) => walk.text(&text),
            Ok(Event::GeneralRef(name)) => walk.reference(&name),
            Ok(Event::DocType(text)) if is_html_doctype(&text) => return Err(FeedError::WebPage),
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(_) => is_broken = true,
        }
        is_broken |= walk.open.len() > MAX_DEPTH;
    }
    walk.finish(is_broken, base)
}

fn is_html_doctype(text: &str) -> bool {
    text.trim_start().get(..4).is_some_and(|name| name.eq_ignore_ascii_case("html"))
}

#[derive(Default)]
struct Walk {
    format: Option<FeedFormat>,
    prefixes: Prefixes,
    open: Vec<Element>,
    /// The element whose text is being collected, and how many elements were open when it began.
    value: Option<(usize, Value)>,
    /// Whether the rest of that element says nothing more.
    is_settled: bool,
    item: Option<(usize, ItemParts)>,
    items: Vec<ItemParts>,
    feed: FeedParts,
}

/// An open element.
struct Element {
    /// As it is written, prefix and all.
    name: Box<str>,
    default_namespace: Namespace,
    base: Option<Rc<Url>>,
}

impl Walk {
    fn open(&mut self, tag: &BytesStart, document: Option<&Url>) -> Result<(), FeedError> {
        let name = tag.name().into_inner();
        let (prefix, local) = name.split_once(':').map_or((None, name), |(prefix, local)| (Some(prefix), local));
        let local = local.to_ascii_lowercase();
        let element = self.element(tag, document);
        let namespace = prefix.map_or(element.default_namespace, |prefix| self.prefixes.namespace(prefix));
        let base = element.base.clone();
        let begins_item = matches!(namespace, Namespace::Rss | Namespace::Atom) && matches!(&*local, "item" | "entry");
        if begins_item
            && self.value.is_none()
            && let Some((depth, item)) = self.item.take()
        {
            // Items do not lie in each other: somebody forgot to close the one before.
            self.open.truncate(depth - 1);
            self.items.push(item);
        }
        self.open.push(element);
        if let Some((_, value)) = &mut self.value {
            if value.field == Field::Author && local == "name" {
                // Of a person's name, page and address, the name is wanted.
                value.text.clear();
                self.is_settled = false;
            }
            value.has_elements = true;
            push_within_limit(&mut value.markup, &["<", tag, ">"]);
            return Ok(());
        }
        if self.format.is_none() {
            match (namespace, local.as_str()) {
                (Namespace::Rss | Namespace::Xhtml, "html") => return Err(FeedError::WebPage),
                (_, "feed") => self.format = Some(FeedFormat::Atom),
                (_, "rss" | "rdf" | "channel") => self.format = Some(FeedFormat::Rss),
                _ => return Ok(()),
            }
            if let Some(prefix) = prefix.filter(|_| namespace == Namespace::Other) {
                // Whatever namespace it claims, by its root it is a feed.
                self.prefixes.mean(prefix, Namespace::Rss);
            }
        }
        let is_in_feed = self.is_in_feed();
        let field = match &mut self.item {
            None if begins_item => {
                self.item = Some((self.open.len(), ItemParts::new(&attributes(tag), base)));
                return Ok(());
            }
            None if is_in_feed => Field::of_feed(namespace, &local),
            None => None,
            Some((depth, item)) => {
                if item.image.is_none() {
                    item.image = picture(namespace, &local, tag);
                }
                if self.open.len() == *depth + 1 { Field::of_item(namespace, &local) } else { None }
            }
        };
        self.is_settled = false;
        self.value = field.map(|field| {
            let attributes = attributes(tag);
            let value = Value {
                field,
                namespace,
                attributes,
                text: String::new(),
                markup: String::new(),
                has_elements: false,
                base,
            };
            (self.open.len(), value)
        });
        Ok(())
    }

    /// The element that `tag` opens, with the namespaces and the base that hold in it.
    fn element(&mut self, tag: &BytesStart, document: Option<&Url>) -> Element {
        let parent = self.open.last();
        let mut element = Element {
            name: tag.name().into_inner().into(),
            default_namespace: parent.map(|parent| parent.default_namespace).unwrap_or_default(),
            base: parent.and_then(|parent| parent.base.clone()),
        };
        let written = tag.attributes_raw();
        if written.contains("xml") {
            for (name, value) in raw_attributes(tag) {
                if name == "xmlns" {
                    element.default_namespace = Namespace::of_default(&value);
                } else if let Some(prefix) = name.strip_prefix("xmlns:") {
                    self.prefixes.declare(prefix, &value);
                } else if name == "xml:base" {
                    let base = element.base.as_deref().or(document);
                    element.base = resolve(&value, base).map(Rc::new).or(element.base);
                } else if name == "xml:lang" && self.open.is_empty() {
                    self.feed.language = Some(value);
                }
            }
        }
        element
    }

    /// Whether the parent of the element just opened is the feed itself.
    fn is_in_feed(&self) -> bool {
        let parent = self.open.len().checked_sub(2).and_then(|index| self.open.get(index));
        parent.is_some_and(|parent| {
            let local = parent.name.rsplit(':').next().unwrap_or_default();
            ["channel", "feed", "rss"].iter().any(|name| local.eq_ignore_ascii_case(name))
        })
    }

    /// Closes the innermost open element of that name and all that is open in it; an end without a beginning is nothing.
    fn close(&mut self, name: &str) {
        let Some(index) = self.open.iter().rposition(|element| &*element.name == name) else { return };
        self.open.truncate(index);
        if let Some((_, value)) = self.value.as_mut().filter(|(depth, _)| *depth <= index) {
            push_within_limit(&mut value.markup, &["</", name, ">"]);
            self.is_settled |= value.field == Field::Author;
        }
        self.settle();
    }

    /// Takes in the value and the item whose elements are no longer open.
    fn settle(&mut self) {
        if let Some((_, value)) = self.value.take_if(|(depth, _)| *depth > self.open.len()) {
            match &mut self.item {
                Some((_, item)) => item.set(value),
                None => self.feed.set(value),
            }
        }
        if let Some((_, item)) = self.item.take_if(|(depth, _)| *depth > self.open.len()) {
            self.items.push(item);
        }
    }

    fn text(&mut self, text: &str) {
        if let Some((_, value)) = self.value.as_mut().filter(|_| !self.is_settled) {
            push_within_limit(&mut value.text, &[text]);
            push_within_limit(&mut value.markup, &[&text.replace('&', "&amp;").replace('<', "&lt;")]);
        }
    }

    fn reference(&mut self, name: &str) {
        if let Some((_, value)) = self.value.as_mut().filter(|_| !self.is_settled) {
            match references::resolve(name) {
                Some(meaning) => push_within_limit(&mut value.text, &[&meaning]),
                None => push_within_limit(&mut value.text, &["&", name, ";"]),
            }
            push_within_limit(&mut value.markup, &["&", name, ";"]);
        }
    }

    fn finish(mut self, is_broken: bool, document: Option<&Url>) -> Result<Feed, FeedError> {
        self.open.clear();
        let complete = self.items.len();
        self.settle();
        if self.items.len() > complete && self.items.last().is_some_and(ItemParts::is_empty) {
            self.items.pop();
        }
        let format = self.format.ok_or(FeedError::NotAFeed)?;
        if is_broken && self.items.is_empty() {
            return Err(FeedError::BrokenXml);
        }
        let resolved =
            |value: Option<&Value>| value.and_then(|value| resolve(value.href(), value.base.as_deref().or(document)));
        let home = resolved(self.feed.link.as_ref());
        // RSS says nothing of relative links, and its writers mean their site; Atom's are relative to the document.
        let base = match format {
            FeedFormat::Rss => home.as_ref().or(document),
            _ => document.or(home.as_ref()),
        };
        Ok(Feed {
            format,
            title: self.feed.title.unwrap_or_default(),
            language: self.feed.language,
            next: resolved(self.feed.next.as_ref()),
            items: self.items.into_iter().map(|item| item.draft(base).finish()).collect(),
            is_wordpress: self.feed.is_wordpress,
        })
    }
}

/// Appends `parts` unless that would keep more of one element than is wanted.
fn push_within_limit(text: &mut String, parts: &[&str]) {
    if text.len() + parts.iter().map(|part| part.len()).sum::<usize>() <= MAX_VALUE_BYTES {
        text.extend(parts.iter().copied());
    }
}

/// The address of the picture that an element of an item names in its attributes.
fn picture(namespace: Namespace, local: &str, tag: &BytesStart) -> Option<String> {
    let wanted = match (namespace, local) {
        (Namespace::Rss, "enclosure") | (Namespace::Media, "thumbnail" | "content") => "url",
        (Namespace::Itunes, "image") => "href",
        _ => return None,
    };
    let attributes = attributes(tag);
    let is_picture = match local {
        "thumbnail" | "image" => true,
        _ => {
            attribute(&attributes, "medium") == Some("image")
                || attribute(&attributes, "type").is_some_and(|kind| kind.starts_with("image/"))
        }
    };
    attribute(&attributes, wanted).filter(|_| is_picture).map(str::to_owned)
}

/// The attributes of an element by their lower-case names without prefix.
fn attributes(tag: &BytesStart) -> Vec<(String, String)> {
    raw_attributes(tag)
        .map(|(name, value)| (name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase(), value))
        .collect()
}

fn raw_attributes<'a>(tag: &'a BytesStart) -> impl Iterator<Item = (&'a str, String)> {
    let mut attributes = tag.html_attributes();
    // Looking for duplicates among a hundred thousand attributes is what an attacker wants us to do.
    attributes.with_checks(false);
    let read = attributes.take(MAX_ATTRIBUTES).filter_map(Result::ok);
    read.map(|attribute| (attribute.key.into_inner(), references::decode(&attribute.value).into_owned()))
}
