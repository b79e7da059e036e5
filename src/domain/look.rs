//! What a newsletter may look like of its own: a logo and one colour. Without them it looks finished as well.

use serde::{Deserialize, Serialize};

use super::colour::Accent;
use super::fault::Faults;
use super::newsletter::{one_line, web_address};
use super::public_url::PublicUrl;

/// As wide as the text of a mail.
const MAX_WIDTH: i64 = 536;
const MAX_HEIGHT: i64 = 300;

/// A picture above the title. Its address is the same for every reader, so that it can follow none of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Logo {
    /// `https`, or on the newsletter's own server.
    pub url: String,
    /// As it is shown, in pixels.
    pub width: i64,
    pub height: i64,
    /// What is read aloud, and shown where pictures are not.
    pub alt: String,
}

impl Logo {
    /// The same, with every part fit for a mail.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn checked(self) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let url = faults.keep("logo", web_address(&self.url));
        let alt = one_line(&self.alt).filter(|alt| !alt.is_empty());
        if alt.is_none() {
            faults.add("logo", "needs a text in place of the picture (alt): one line, such as the organisation's name");
        }
        if !(1..=MAX_WIDTH).contains(&self.width) || !(1..=MAX_HEIGHT).contains(&self.height) {
            let largest = format!("must be shown at 1 by 1 to {MAX_WIDTH} by {MAX_HEIGHT} pixels");
            faults.add("logo", largest);
        }
        match (url, alt) {
            (Some(url), Some(alt)) if faults.0.is_empty() => Ok(Self { url, alt, ..self }),
            _ => Err(faults),
        }
    }

    /// Whether it can be loaded without being read or changed on the way: `https`, or our own server, which is as safe as
    /// the mail's other links.
    pub fn is_safe(&self, public_url: &PublicUrl) -> bool {
        self.url.starts_with("https://") || self.path_at(public_url).is_some()
    }

    /// Its path, where it lies on our own server.
    pub fn path_at(&self, public_url: &PublicUrl) -> Option<&str> {
        self.url.strip_prefix(public_url.as_str()).filter(|path| path.starts_with('/'))
    }
}

/// What a mail looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<Logo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accent: Option<Accent>,
}

impl Look {
    /// The colour of links and buttons.
    pub fn accent(&self) -> Accent {
        self.accent.unwrap_or(Accent::USUAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logo(url: &str) -> Logo {
        Logo { url: url.into(), width: 200, height: 50, alt: "IB&P".into() }
    }

    #[test]
    fn a_logo_without_words_size_or_address_is_refused_with_every_reason() {
        assert_eq!(logo("https://www.example.org/logo.png").checked(), Ok(logo("https://www.example.org/logo.png")));
        let bad = Logo { width: 0, alt: " ".into(), ..logo("javascript:alert(1)") };
        assert_eq!(bad.checked().unwrap_err().0.len(), 3);
    }

    #[test]
    fn a_logo_is_loaded_safely_or_from_ourselves() {
        let own: PublicUrl = "http://news.example.org".parse().unwrap();
        assert!(logo("https://www.example.org/logo.png").is_safe(&own));
        assert_eq!(logo("http://news.example.org/static/logo.png").path_at(&own), Some("/static/logo.png"));
        for foreign in ["http://www.example.org/logo.png", "http://news.example.org.evil.example/logo.png"] {
            assert!(!logo(foreign).is_safe(&own), "{foreign}");
        }
    }
}
