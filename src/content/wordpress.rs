//! What WordPress does in its own way: a REST interface of posts, and further pages of feeds that no feed mentions.

use url::Url;

/// Only what is read, so that a hundred posts stay a small answer.
const FIELDS: &str = "id,date_gmt,modified_gmt,guid,link,title,excerpt,content,categories,_links,_embedded";

/// The list of posts of the site whose REST interface has its root at `api`: `/wp-json/`, or `/?rest_route=/` on a site
/// without readable addresses.
pub fn posts_url(api: &Url) -> Url {
    let mut url = api.clone();
    let route = api.query_pairs().find(|(name, _)| name == "rest_route").map(|(_, route)| route.into_owned());
    url.set_query(None);
    match route {
        Some(route) => {
            url.query_pairs_mut().append_pair("rest_route", &format!("{}/wp/v2/posts", route.trim_end_matches('/')));
        }
        None => url.set_path(&format!("{}/wp/v2/posts", api.path().trim_end_matches('/'))),
    }
    // A hundred is the most that WordPress gives; it refuses more.
    url.query_pairs_mut()
        .append_pair("per_page", "100")
        .append_pair("_embed", "wp:term,wp:featuredmedia")
        .append_pair("_fields", FIELDS);
    url
}

/// Page `number` of a feed that WordPress wrote; there is a 404 behind the last.
pub fn feed_page(feed: &Url, number: usize) -> Url {
    let kept: Vec<_> = feed
        .query_pairs()
        .filter(|(name, _)| name != "paged")
        .map(|pair| (pair.0.into_owned(), pair.1.into_owned()))
        .collect();
    let mut url = feed.clone();
    url.query_pairs_mut().clear().extend_pairs(kept).append_pair("paged", &number.to_string());
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn posts_are_found_with_and_without_readable_addresses() {
        let readable = posts_url(&url("https://example.nl/blog/wp-json/"));
        assert!(
            readable.as_str().starts_with("https://example.nl/blog/wp-json/wp/v2/posts?per_page=100&"),
            "{readable}"
        );
        let plain = posts_url(&url("https://example.nl/?rest_route=/"));
        assert!(
            plain.as_str().starts_with("https://example.nl/?rest_route=%2Fwp%2Fv2%2Fposts&per_page=100&"),
            "{plain}"
        );
    }

    #[test]
    fn pages_of_a_feed_keep_the_rest_of_its_address() {
        assert_eq!(feed_page(&url("https://example.nl/feed/"), 2).as_str(), "https://example.nl/feed/?paged=2");
        let category = url("https://example.nl/?feed=rss2&cat=2&paged=2");
        assert_eq!(feed_page(&category, 3).as_str(), "https://example.nl/?feed=rss2&cat=2&paged=3");
    }
}
