//! The posts of WordPress's REST interface, `/wp-json/wp/v2/posts`.

use serde::Deserialize;
use url::Url;

use super::draft::{Draft, Link, resolve};
use super::loose::{Few, Loose};
use super::text::RawText;
use super::{Feed, FeedError, FeedFormat, MAX_ITEMS, date, json};
use crate::content::clean;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Post {
    id: Loose,
    date: Loose,
    date_gmt: Loose,
    modified_gmt: Loose,
    guid: Rendered,
    link: Loose,
    title: Rendered,
    content: Rendered,
    excerpt: Rendered,
    categories: Few<Loose, 50>,
    #[serde(rename = "_embedded")]
    embedded: Embedded,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Rendered {
    rendered: Loose,
    protected: Loose,
}

/// What `_embed` adds: names for the numbers of categories, and the picture.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Embedded {
    #[serde(rename = "wp:term")]
    terms: Few<Few<Term, 50>, 5>,
    #[serde(rename = "wp:featuredmedia")]
    media: Few<Media, 1>,
    author: Few<Loose, 1>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Term {
    taxonomy: Loose,
    name: Loose,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Media {
    source_url: Loose,
}

/// Reads an array of posts.
pub(super) fn read(text: &str, base: Option<&Url>) -> Result<Feed, FeedError> {
    let posts: Few<Option<Post>, MAX_ITEMS> = serde_json::from_str(text).map_err(|error| json::broken(&error))?;
    let posts: Vec<Post> = posts.0.into_iter().flatten().collect();
    if posts.iter().any(|post| post.id.0.is_none() || post.title.rendered.0.is_none()) {
        return Err(FeedError::NotAFeed);
    }
    Ok(Feed {
        format: FeedFormat::WordPress,
        title: String::new(),
        language: None,
        items: posts.into_iter().map(|post| post.draft(base).finish()).collect(),
        // The next page is named in a header of the answer, not in the list.
        next: None,
        is_wordpress: true,
    })
}

impl Post {
    fn draft(self, base: Option<&Url>) -> Draft {
        let Embedded { terms, media, author } = self.embedded;
        let named: Vec<_> = terms
            .0
            .into_iter()
            .flat_map(|terms| terms.0)
            .filter(|term| term.taxonomy.0.as_deref() == Some("category"))
            .filter_map(|term| term.name.0.map(RawText::Html))
            .collect();
        let numbers = self.categories.0.into_iter().filter_map(|number| number.0.map(RawText::Plain));
        let categories = if named.is_empty() { numbers.collect() } else { named };
        // `date_gmt` is UTC without saying so, and `date` is the site's own time without saying which; a draft that was
        // never given a date has a `date_gmt` of zeros, which is no date.
        let published = self.date_gmt.0.or(self.date.0).and_then(|text| date::parse(&text));
        let is_true = |value: &Loose| value.0.as_deref() == Some("true");
        Draft {
            // The guid is what the site's RSS feed calls the post, so that a source may change from one to the other.
            id: self.guid.rendered.0.as_deref().map(clean::html_to_text).or(self.id.0),
            title: self.title.rendered.0.map(RawText::Html),
            link: self.link.0.and_then(|href| Link::resolve(&href, base)),
            published,
            updated: self.modified_gmt.0.and_then(|text| date::parse(&text)),
            protected: is_true(&self.content.protected) || is_true(&self.excerpt.protected),
            summary: self.excerpt.rendered.0.map(RawText::Html),
            content: self.content.rendered.0.map(RawText::Html),
            author: author.0.into_iter().find_map(|author| author.0),
            image: media.0.into_iter().find_map(|media| resolve(&media.source_url.0?, base)),
            categories,
            whole_id: None,
            base: base.cloned(),
        }
    }
}
