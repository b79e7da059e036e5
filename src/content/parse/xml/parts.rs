//! What the elements of a feed mean, and what has been found of an item and of the feed around it.

use std::rc::Rc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use url::Url;

use super::names::Namespace;
use crate::content::parse::date;
use crate::content::parse::draft::{Draft, Link, resolve};
use crate::content::parse::text::RawText;
use crate::domain::time::Timestamp;

/// The most links and categories of one item that are looked at.
const MAX_REPEATED: usize = 50;

/// What an element tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    OtherTitle,
    Link,
    Id,
    Summary,
    OtherSummary,
    Content,
    Published,
    OtherPublished,
    Updated,
    Author,
    Category,
    Language,
    Generator,
}

impl Field {
    /// The meaning of an element directly in an item.
    pub(super) fn of_item(namespace: Namespace, name: &str) -> Option<Self> {
        use Namespace::{Atom, Content, Dublin, Itunes, Media, Rss, Xhtml};
        Some(match (namespace, name) {
            (Rss | Atom, "title") => Self::Title,
            (Dublin | Media | Itunes, "title") => Self::OtherTitle,
            (Rss | Atom, "link") => Self::Link,
            (Rss | Atom, "guid" | "id") => Self::Id,
            (Rss | Atom, "description" | "summary" | "abstract") => Self::Summary,
            (Dublin | Media, "description") | (Itunes, "summary") => Self::OtherSummary,
            (Content, "encoded") | (Rss | Atom, "content" | "body" | "fullitem") | (Xhtml, "body" | "div") => {
                Self::Content
            }
            (Rss | Atom, "pubdate" | "published" | "issued") | (Dublin, "issued") => Self::Published,
            (Dublin, "date" | "created") | (Rss | Atom, "created" | "date") => Self::OtherPublished,
            (Rss | Atom, "updated" | "modified") | (Dublin, "modified") => Self::Updated,
            (Rss | Atom, "author") | (Dublin, "creator" | "author") | (Itunes, "author") => Self::Author,
            (Rss | Atom, "category") | (Dublin, "subject") => Self::Category,
            _ => return None,
        })
    }

    /// The meaning of an element directly in a channel or feed.
    pub(super) fn of_feed(namespace: Namespace, name: &str) -> Option<Self> {
        Some(match (namespace, name) {
            (Namespace::Rss | Namespace::Atom, "title") => Self::Title,
            (Namespace::Rss | Namespace::Atom, "link") => Self::Link,
            (Namespace::Rss | Namespace::Dublin, "language") => Self::Language,
            (Namespace::Rss | Namespace::Atom, "generator") => Self::Generator,
            _ => return None,
        })
    }
}

/// An element with its text.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) field: Field,
    pub(super) namespace: Namespace,
    /// Names in lower case without prefix, references decoded.
    pub(super) attributes: Vec<(String, String)>,
    /// The text of the element and all in it, references decoded.
    pub(super) text: String,
    /// The same as markup.
    pub(super) markup: String,
    /// Whether there are elements in it, so that its markup is what it says.
    pub(super) has_elements: bool,
    /// `xml:base`.
    pub(super) base: Option<Rc<Url>>,
}

impl Value {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        attribute(&self.attributes, name)
    }

    /// The text with what is known about its kind: `type` and, in Atom 0.3, `mode`.
    fn raw(self) -> RawText {
        let kind = self.attribute("type").map(str::to_ascii_lowercase);
        let kind = kind.as_deref();
        let is_binary =
            kind.is_some_and(|kind| kind.contains('/') && !kind.starts_with("text/") && !kind.ends_with("xml"));
        if self.has_elements {
            return RawText::Html(self.markup);
        }
        let is_html = matches!(kind, Some("html" | "text/html" | "xhtml" | "application/xhtml+xml"));
        if is_binary || self.attribute("mode") == Some("base64") {
            let compact: String = self.text.split_whitespace().collect();
            let bytes = BASE64_STANDARD.decode(compact).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            return if is_html { RawText::Html(text) } else { RawText::Unknown(text) };
        }
        match kind {
            _ if is_html => RawText::Html(self.text),
            Some("text" | "text/plain") => RawText::Plain(self.text),
            // RFC 4287 section 3.1.1: "text" is what Atom means when it says nothing.
            None if self.namespace == Namespace::Atom && self.field == Field::Title => RawText::Plain(self.text),
            _ => RawText::Unknown(self.text),
        }
    }

    /// The text of an element that everybody fills with HTML, whatever they say.
    fn body(self) -> RawText {
        let is_atom = self.namespace == Namespace::Atom;
        match self.raw() {
            RawText::Unknown(text) if !is_atom => RawText::Html(text),
            text => text,
        }
    }

    fn plain(self) -> Option<String> {
        Some(self.text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn moment(&self) -> Option<Timestamp> {
        date::parse(&self.text)
    }

    /// The address a link element holds, as an attribute or as its text.
    pub(super) fn href(&self) -> &str {
        self.attribute("href").unwrap_or(&self.text).trim()
    }

    fn is_rel(&self, rel: &str) -> bool {
        // RFC 4287 section 4.2.7.2: a registered name is short for an address at IANA.
        let short =
            |value: &str| value.trim().trim_start_matches("http://www.iana.org/assignments/relation/").to_owned();
        self.attribute("rel").is_some_and(|value| short(value).eq_ignore_ascii_case(rel))
    }

    /// How much a link of an item looks like the one to its page; `None` when it leads elsewhere.
    fn page_rank(&self) -> Option<u8> {
        let is_page = self.attribute("rel").is_none() || self.is_rel("alternate");
        let is_html = self.attribute("type").is_none_or(|kind| kind.contains("html"));
        (is_page && !self.href().is_empty()).then_some(if is_html { 0 } else { 1 })
    }
}

/// The value of an attribute by its lower-case name.
pub(super) fn attribute<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// What has been found of one item.
#[derive(Debug, Default)]
pub(super) struct ItemParts {
    /// Where its picture lies, as the feed writes it.
    pub(super) image: Option<String>,
    about: Option<String>,
    base: Option<Rc<Url>>,
    id: Option<Value>,
    links: Vec<Value>,
    title: Option<Value>,
    other_title: Option<Value>,
    summary: Option<Value>,
    other_summary: Option<Value>,
    content: Option<Value>,
    published: Option<Timestamp>,
    other_published: Option<Timestamp>,
    updated: Option<Timestamp>,
    author: Option<String>,
    categories: Vec<RawText>,
}

impl ItemParts {
    /// An item that RSS 1.0 identifies by `rdf:about`, and CDF by `href` beside `lastmod`, with its `xml:base`.
    pub(super) fn new(attributes: &[(String, String)], base: Option<Rc<Url>>) -> Self {
        let about = attribute(attributes, "about").or(attribute(attributes, "href")).map(str::to_owned);
        Self { about, updated: attribute(attributes, "lastmod").and_then(date::parse), base, ..Self::default() }
    }

    pub(super) fn set(&mut self, value: Value) {
        let slot = match value.field {
            Field::Title => &mut self.title,
            Field::OtherTitle => &mut self.other_title,
            Field::Id => &mut self.id,
            Field::Summary => &mut self.summary,
            Field::OtherSummary => &mut self.other_summary,
            Field::Content => &mut self.content,
            Field::Published => return keep(&mut self.published, value.moment()),
            Field::OtherPublished => return keep(&mut self.other_published, value.moment()),
            Field::Updated => return keep(&mut self.updated, value.moment()),
            Field::Author => return keep(&mut self.author, value.plain()),
            Field::Link => {
                let is_picture =
                    value.is_rel("enclosure") && value.attribute("type").is_some_and(|t| t.starts_with("image/"));
                if is_picture {
                    keep(&mut self.image, value.attribute("href").map(str::to_owned));
                } else if self.links.len() < MAX_REPEATED {
                    self.links.push(value);
                }
                return;
            }
            Field::Category => {
                if self.categories.len() < MAX_REPEATED {
                    let named = value.attribute("label").or(value.attribute("term")).map(str::to_owned);
                    self.categories.push(named.map_or_else(|| value.raw(), RawText::Plain));
                }
                return;
            }
            Field::Language | Field::Generator => return,
        };
        // The first that says anything: later ones are extensions that repeat it.
        if slot.as_ref().is_none_or(|value| value.text.trim().is_empty() && !value.has_elements) {
            *slot = Some(value);
        }
    }

    /// Whether there is anything to make an article of.
    pub(super) fn is_empty(&self) -> bool {
        self.title.is_none() && self.links.is_empty() && self.id.is_none() && self.summary.is_none()
    }

    pub(super) fn draft(self, page_base: Option<&Url>) -> Draft {
        let base = self.base.as_deref().or(page_base);
        let link = self
            .links
            .iter()
            .filter_map(|link| Some((link.page_rank()?, link)))
            .min_by_key(|(rank, _)| *rank)
            .and_then(|(_, link)| Link::resolve(link.href(), link.base.as_deref().or(base)))
            .or_else(|| permalink(self.id.as_ref()?, base))
            .or_else(|| Link::resolve(self.about.as_deref()?, base))
            // RFC 4287 section 4.1.3.2: the article is elsewhere, and this is where.
            .or_else(|| Link::resolve(self.content.as_ref()?.attribute("src")?, base));
        let is_relative = |id: &&Value| Url::parse(id.text.trim()) == Err(url::ParseError::RelativeUrlWithoutBase);
        let whole_id = self.id.as_ref().filter(is_relative).and_then(|id| permalink(id, base)).map(|link| link.url);
        let image = self.image.as_deref().and_then(|href| resolve(href, base));
        Draft {
            id: self.id.and_then(Value::plain).or(self.about),
            title: self.title.or(self.other_title).map(Value::raw),
            link,
            published: self.published.or(self.other_published),
            updated: self.updated,
            summary: self.summary.or(self.other_summary).map(Value::body),
            content: self.content.map(Value::body),
            author: self.author,
            image,
            categories: self.categories,
            protected: false,
            whole_id,
            base: base.cloned(),
        }
    }
}

/// The address that an identifier is at the same time, where its feed does not deny it.
fn permalink(id: &Value, base: Option<&Url>) -> Option<Link> {
    let is_denied = id.attribute("ispermalink").is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
    let text = id.text.trim();
    // "646326554" is a number, not a path: only what looks like an address is taken as relative to another.
    let is_address = text.contains(['/', '?']);
    if is_denied || !is_address { None } else { Link::resolve(text, base) }
}

/// What has been found of the feed as a whole.
#[derive(Debug, Default)]
pub(super) struct FeedParts {
    pub(super) title: Option<String>,
    pub(super) language: Option<String>,
    pub(super) is_wordpress: bool,
    pub(super) link: Option<Value>,
    pub(super) next: Option<Value>,
}

impl FeedParts {
    pub(super) fn set(&mut self, value: Value) {
        match value.field {
            Field::Title => keep(&mut self.title, Some(value.raw().title()).filter(|title| !title.is_empty())),
            Field::Language => keep(&mut self.language, value.plain()),
            Field::Generator => {
                let uri = value.attribute("uri").unwrap_or_default();
                self.is_wordpress |= [value.text.as_str(), uri].iter().any(|text| text.contains("wordpress.org"));
            }
            // RFC 5005: a paged feed goes on at "next", an archived one at "prev-archive".
            Field::Link if value.is_rel("next") || value.is_rel("prev-archive") => keep(&mut self.next, Some(value)),
            Field::Link if value.page_rank().is_some() => keep(&mut self.link, Some(value)),
            _ => {}
        }
    }
}

fn keep<T>(slot: &mut Option<T>, value: Option<T>) {
    if slot.is_none() {
        *slot = value;
    }
}
