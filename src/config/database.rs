//! Which database is ours, without showing its password.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use url::Url;

/// `sqlite:PATH` or `postgres://…`.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    text: String,
    shown: String,
}

/// A text that names no database. No message repeats a password.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidDatabaseUrl {
    #[error("a database is written sqlite:PATH or postgres://user:password@host/name")]
    Scheme,
    #[error("after sqlite: comes the path of a file, without “?”; a database in memory would be lost")]
    Path,
    #[error("this is not a URL ({0}); in a user or password write @ as %40, / as %2F, ? as %3F and # as %23")]
    Url(url::ParseError),
}

impl DatabaseUrl {
    /// The whole, with its password: for opening the database only.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The file, where the database is one.
    pub fn sqlite_path(&self) -> Option<&Path> {
        self.text.strip_prefix("sqlite:").map(Path::new)
    }
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(':') || path.contains(['?', '\0']) {
                return Err(InvalidDatabaseUrl::Path);
            }
            let text = format!("sqlite:{path}");
            return Ok(Self { shown: text.clone(), text });
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(InvalidDatabaseUrl::Scheme);
        }
        let mut url = Url::parse(text).map_err(InvalidDatabaseUrl::Url)?;
        if url.password().is_some() {
            // Only a URL without a host refuses a password, and then it has none.
            let _ = url.set_password(Some(MASK));
        }
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        if query.iter().any(|(key, _)| is_password(key)) {
            let masked = query.iter().map(|(key, value)| (key, if is_password(key) { MASK } else { value }));
            url.query_pairs_mut().clear().extend_pairs(masked);
        }
        Ok(Self { text: text.to_owned(), shown: url.to_string() })
    }
}

/// Survives percent-encoding, so that the masked URL stays readable.
const MASK: &str = "***";

fn is_password(key: &str) -> bool {
    key.to_ascii_lowercase().contains("password")
}

/// Without its password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Without its password.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_however_it_is_written() {
        for (text, path) in [
            ("sqlite:postduif.db", "postduif.db"),
            ("sqlite:/var/lib/postduif/news.db", "/var/lib/postduif/news.db"),
            ("sqlite:///var/lib/postduif/news.db", "/var/lib/postduif/news.db"),
            ("sqlite://news.db", "news.db"),
        ] {
            assert_eq!(text.parse::<DatabaseUrl>().unwrap().sqlite_path(), Some(Path::new(path)), "{text}");
        }
    }

    #[test]
    fn the_password_is_for_the_database_alone() {
        for text in
            ["postgres://jan:hunter2@db.example/news", "postgresql://jan@db/news?sslmode=require&password=hunter2"]
        {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(url.reveal(), text);
            assert!(!format!("{url} {url:?}").contains("hunter2"), "{url}");
            assert!(url.to_string().contains("***"), "{url}");
        }
        assert_eq!("postgres://db/news".parse::<DatabaseUrl>().unwrap().to_string(), "postgres://db/news");
    }

    #[test]
    fn what_names_no_database_is_refused_without_repeating_it() {
        for text in [
            "",
            "mysql://jan:hunter2@db/x",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:x?mode=hunter2",
            "postgres://jan:hunter2@db:x/y",
        ] {
            assert!(!text.parse::<DatabaseUrl>().unwrap_err().to_string().contains("hunter2"), "{text}");
        }
    }
}
