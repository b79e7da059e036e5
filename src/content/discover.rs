//! From a page that people read to the feed that it announces.

use url::Url;

use crate::content::{html, links, wordpress};
use crate::domain::article::is_web;

const FEED_TYPES: [&str; 4] =
    ["application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"];

/// Types that say no more than that it is XML, or nothing: then it must be called a feed.
const OTHER_TYPES: [&str; 3] = ["text/xml", "application/xml", ""];

/// How WordPress calls the root of its REST interface, in a header and in the page.
const WORDPRESS_API: &str = "https://api.w.org/";

/// The feed that best stands for the page at `page_url`: of those it announces, the one for just this part of the site,
/// else the site's own, never the one of comments; else, on a WordPress site without feeds, its list of posts.
///
/// `link_headers` are the `Link` headers that came with the page.
pub fn discover(page: &str, link_headers: &[String], page_url: &Url) -> Option<Url> {
    let mut base = page_url.clone();
    let mut feeds = Vec::new();
    let mut api = links::with_rel(link_headers, WORDPRESS_API);
    html::each_tag(page, |tag| {
        let attribute = |name| html::attribute(tag, name).unwrap_or_default().trim();
        let has_rel = |rel: &str| attribute("rel").split_whitespace().any(|word| word.eq_ignore_ascii_case(rel));
        match &*tag.name {
            "base" => base = page_url.join(attribute("href")).unwrap_or_else(|_| base.clone()),
            "link" if has_rel(WORDPRESS_API) => api = api.take().or_else(|| Some(attribute("href").to_owned())),
            "link" if has_rel("alternate") => {
                let kind = attribute("type").to_ascii_lowercase();
                let kind = kind.split(';').next().unwrap_or_default().trim();
                let is_feed =
                    FEED_TYPES.contains(&kind) || (OTHER_TYPES.contains(&kind) && is_called_a_feed(attribute("href")));
                if is_feed && !is_of_comments(attribute("title"), attribute("href")) {
                    feeds.push(attribute("href").to_owned());
                }
            }
            _ => {}
        }
    });
    let absolute = |href: &str| base.join(href).ok().filter(is_web);
    let feeds: Vec<_> = feeds.iter().filter_map(|href| absolute(href)).collect();
    let part = page_url.path().trim_end_matches('/');
    let of_this_part = feeds.iter().find(|feed| !part.is_empty() && feed.path().starts_with(part));
    of_this_part.or(feeds.first()).cloned().or_else(|| Some(wordpress::posts_url(&absolute(&api?)?)))
}

fn is_called_a_feed(href: &str) -> bool {
    let href = href.to_lowercase();
    ["rss", "atom", "feed"].iter().any(|word| href.contains(word))
}

fn is_of_comments(title: &str, href: &str) -> bool {
    let (title, href) = (title.to_lowercase(), href.to_lowercase());
    href.contains("/comments/feed")
        || href.contains("feed=comments")
        || ["comment", "reactie"].iter().any(|word| title.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(page: &str, headers: &[&str], url: &str) -> Option<String> {
        let headers: Vec<_> = headers.iter().map(|header| (*header).to_owned()).collect();
        discover(page, &headers, &Url::parse(url).unwrap()).map(String::from)
    }

    const WORDPRESS: &str = r#"<!doctype html><html><head><script>"<link rel='alternate' type='application/rss+xml' href='/no'>"</script>
        <LINK REL="alternate" TYPE="application/rss+xml" title="Voorbeeld &raquo; reacties feed" href="/comments/feed/">
        <link rel='alternate' type='application/rss+xml; charset=utf-8' title='Voorbeeld feed' href='/feed/'>
        <link rel='alternate' type='application/rss+xml' title='Blogs' href='/category/blogs/feed/'>
        <link rel='alternate' type='application/json' href='/wp-json/wp/v2/pages/2'>
        <link rel='https://api.w.org/' href='https://www.example.nl/wp-json/'>"#;

    #[test]
    fn the_site_s_own_feed_is_found_and_not_the_one_of_comments() {
        assert_eq!(found(WORDPRESS, &[], "https://www.example.nl/").unwrap(), "https://www.example.nl/feed/");
    }

    #[test]
    fn a_part_of_a_site_has_its_own_feed() {
        let url = "https://www.example.nl/category/blogs/";
        assert_eq!(found(WORDPRESS, &[], url).unwrap(), "https://www.example.nl/category/blogs/feed/");
    }

    #[test]
    fn a_wordpress_without_feeds_has_its_list_of_posts() {
        let header = "<https://www.example.nl/wp-json/>; rel=\"https://api.w.org/\"";
        let url = found("<html>", &[header], "https://www.example.nl/").unwrap();
        assert!(url.starts_with("https://www.example.nl/wp-json/wp/v2/posts?per_page=100"), "{url}");
    }

    #[test]
    fn relative_addresses_follow_the_base_of_the_page() {
        let page = "<base href='https://cdn.example/x/'><link rel=alternate type=application/atom+xml href=atom.xml>";
        assert_eq!(found(page, &[], "https://www.example.nl/").unwrap(), "https://cdn.example/x/atom.xml");
    }

    #[test]
    fn a_feed_of_no_known_type_is_told_by_its_name() {
        let page = "<link rel=alternate hreflang=en href=/en/><link rel=alternate type=text/xml href=/sitemap.xml>\
                    <link rel='alternate feed' type=text/xml href=/rss.xml>";
        assert_eq!(found(page, &[], "https://www.example.nl/").unwrap(), "https://www.example.nl/rss.xml");
    }

    #[test]
    fn a_page_that_announces_nothing_leads_nowhere() {
        assert_eq!(found("<p>hoi</p>", &[], "https://www.example.nl/"), None);
        let script = "<link rel=alternate type=application/rss+xml href='javascript:alert(1)'>";
        assert_eq!(found(script, &[], "https://www.example.nl/"), None);
    }
}
