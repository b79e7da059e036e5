//! Articles: when two addresses mean the same one.

use std::fmt;

use url::Url;

/// Query parameters that follow readers around and never choose an article.
const TRACKING: [&str; 6] = ["fbclid", "gclid", "mc_cid", "mc_eid", "msclkid", "igshid"];

/// What WordPress puts before the title of a post that asks for a password, in the languages its sites are likely in.
const PROTECTED: [&str; 5] = ["beveiligd", "protected", "geschützt", "protégé", "beschermd"];

/// The longest title, in characters: far longer than anybody reads, so that what a source brings or an editor was given
/// is never refused when it comes back.
pub const MAX_TITLE: usize = 5_000;
/// The longest summary, in characters; a mail shows far less.
pub const MAX_SUMMARY: usize = 8_000;

/// Whether a title says that the article is behind a password: `Beveiligd: jaarcijfers`.
pub fn is_protected(title: &str) -> bool {
    let Some((word, _)) = title.split_once(':') else { return false };
    // Longer than any of them, a word need not be folded.
    let word = word.trim();
    word.len() < 20 && PROTECTED.contains(&word.to_lowercase().as_str())
}

/// What remains of an article's address once everything is gone that does not choose the article.
///
/// Two sources that carry the same article give the same key: `http` and `https`, upper and lower case of the host,
/// a default port, a trailing slash, the fragment, the order of the query and tracking parameters make no difference.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UrlKey(String);

impl UrlKey {
    /// The key of an absolute web address; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok().filter(is_web)?;
        let mut key = url.host_str()?.trim_end_matches('.').to_owned();
        // A port that is not its scheme's default chooses another server.
        if let Some(port) = url.port() {
            key.push_str(&format!(":{port}"));
        }
        key.push_str(url.path().trim_end_matches('/'));
        let mut query = kept_query(&url);
        query.sort();
        for (index, (name, value)) in query.iter().enumerate() {
            key.push(if index == 0 { '?' } else { '&' });
            key.extend([name, "=", value]);
        }
        Some(Self(key))
    }

    /// The key as the database keeps it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UrlKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `url` is one that a browser may be sent to from a page or a mail: http or https, with a host.
pub fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

/// The address without the parameters that follow readers around; everything else stays as it was.
pub fn without_tracking(mut url: Url) -> Url {
    let all = url.query_pairs().count();
    let kept = kept_query(&url);
    // Rewriting a query may change how it is escaped, so an address without trackers is left alone.
    if kept.len() < all {
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
    }
    url
}

fn kept_query(url: &Url) -> Vec<(String, String)> {
    url.query_pairs()
        .filter(|(name, _)| {
            let name = name.to_ascii_lowercase();
            !name.starts_with("utm_") && !TRACKING.contains(&name.as_str())
        })
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> String {
        UrlKey::parse(text).unwrap().to_string()
    }

    #[test]
    fn spellings_of_one_article_share_a_key() {
        for spelling in [
            "https://Example.NL/a/b",
            "http://example.nl/a/b/",
            "https://example.nl:443/a/b#comments",
            "https://example.nl/a/b/?utm_source=x&UTM_medium=y&fbclid=1",
            " https://example.nl./a/b ",
        ] {
            assert_eq!(key(spelling), "example.nl/a/b", "{spelling}");
        }
        assert_eq!(key("https://example.nl/?b=2&a=1"), key("https://example.nl?a=1&utm_id=7&b=2"));
    }

    #[test]
    fn different_articles_keep_different_keys() {
        for (one, other) in [
            ("https://example.nl/?p=1", "https://example.nl/?p=2"),
            ("https://example.nl/a", "https://example.nl/A"),
            ("https://example.nl/a", "https://www.example.nl/a"),
            ("https://example.nl/a", "https://example.nl:8443/a"),
        ] {
            assert_ne!(key(one), key(other));
        }
    }

    #[test]
    fn what_is_no_web_address_has_no_key() {
        for text in ["", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "/relative", "https://"] {
            assert_eq!(UrlKey::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_trackers_leave_an_address() {
        let clean = |text: &str| without_tracking(Url::parse(text).unwrap()).to_string();
        assert_eq!(clean("https://bron.example/artikel?utm_source=x"), "https://bron.example/artikel");
        assert_eq!(clean("https://bron.example/a?id=7&utm_source=x#deel"), "https://bron.example/a?id=7#deel");
        assert_eq!(clean("https://bron.example/a?q=een%20twee&r"), "https://bron.example/a?q=een%20twee&r");
    }
}
