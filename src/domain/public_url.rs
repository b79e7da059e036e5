//! The address under which the world reaches us, and the links that hang below it.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// An http or https address without query or fragment. Paths in mails are short and the same in every language,
/// so that a link keeps working however pages are named later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    url: Url,
    /// The same as text, without a slash at the end.
    base: String,
}

/// A text that cannot be the base of links.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("“{0}” cannot be the base of links; write it like https://news.example.org")]
pub struct InvalidPublicUrl(String);

impl PublicUrl {
    /// The scheme, host and path of every link, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.base
    }

    /// The host: a name or a literal address.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether browsers reach us over TLS.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Confirms a sign-up.
    pub fn confirm(&self, token: &str) -> String {
        format!("{}/c/{token}", self.base)
    }

    /// Ends a subscription.
    pub fn unsubscribe(&self, token: &str) -> String {
        format!("{}/u/{token}", self.base)
    }

    /// Shows and changes what we know about a reader.
    pub fn preferences(&self, token: &str) -> String {
        format!("{}/p/{token}", self.base)
    }

    /// All past editions of a newsletter.
    pub fn archive(&self, slug: &str) -> String {
        format!("{}/n/{slug}/archive", self.base)
    }

    /// One past edition.
    pub fn archived_edition(&self, slug: &str, number: i64) -> String {
        format!("{}/n/{slug}/archive/{number}", self.base)
    }
}

impl FromStr for PublicUrl {
    type Err = InvalidPublicUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || InvalidPublicUrl(text.to_owned());
        let url = Url::parse(text.trim()).map_err(|_| refused())?;
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) || !plain {
            return Err(refused());
        }
        let base = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { url, base })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_hang_below_the_public_url_wherever_it_lies() {
        for (text, link) in [
            ("https://news.example.org", "https://news.example.org/u/abc"),
            ("https://example.org/news/", "https://example.org/news/u/abc"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/u/abc"),
            ("https://café.example", "https://xn--caf-dma.example/u/abc"),
        ] {
            assert_eq!(text.parse::<PublicUrl>().unwrap().unsubscribe("abc"), link);
        }
        for text in ["", "news.example.org", "ftp://example.org", "https://example.org/?a=1", "https://a:b@example.org"]
        {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
    }
}
