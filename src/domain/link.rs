//! Links that may stand in a mail: where they lead is plain to see, and nothing runs when they are opened.

use url::Url;

/// An http or https address, ready for an attribute and for a line of plain text: visible ASCII only.
/// It stays exactly as it was written where that is already so.
pub fn web_link(text: &str) -> Option<String> {
    link_with_scheme(text, &["http", "https"])
}

/// The same for texts in which a mail address may be linked as well.
pub fn web_or_mail_link(text: &str) -> Option<String> {
    link_with_scheme(text, &["http", "https", "mailto"])
}

fn link_with_scheme(text: &str, schemes: &[&str]) -> Option<String> {
    let text = text.trim();
    let url = Url::parse(text).ok()?;
    if !schemes.contains(&url.scheme()) || (url.scheme() != "mailto" && url.host_str().is_none_or(str::is_empty)) {
        return None;
    }
    // `<`, `>` and `"` would end a link early in plain text, where nothing is escaped.
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"\\".contains(&byte));
    if plain(text) {
        return Some(text.to_owned());
    }
    let text = url.to_string().replace('\\', "%5C").replace('<', "%3C").replace('>', "%3E").replace('"', "%22");
    plain(&text).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_links_stay_as_they_were_written() {
        for text in ["https://example.org", "http://example.org/a?b=1&c=2#d", "HTTPS://Example.org/%C3%BC"] {
            assert_eq!(web_link(text).as_deref(), Some(text));
        }
        assert_eq!(web_or_mail_link("mailto:a@example.org").as_deref(), Some("mailto:a@example.org"));
    }

    #[test]
    fn other_characters_are_escaped_the_way_browsers_do_it() {
        assert_eq!(web_link("https://café.example/é a").as_deref(), Some("https://xn--caf-dma.example/%C3%A9%20a"));
        assert_eq!(web_link(" https://example.org/a\nb ").as_deref(), Some("https://example.org/ab"));
        assert_eq!(web_link("https://example.org/\"<b>").as_deref(), Some("https://example.org/%22%3Cb%3E"));
    }

    #[test]
    fn what_is_no_web_address_is_no_link() {
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "mailto:a@example.org",
            "/relative",
            "",
            "https://",
            "ftp://x.org/",
        ] {
            assert_eq!(web_link(text), None, "{text}");
        }
        assert_eq!(web_or_mail_link("JavaScript:alert(1)"), None);
    }
}
