//! The `Link` header (RFC 8288).

/// The target of the first link that has `rel` among its relations.
pub(super) fn with_rel(headers: &[String], rel: &str) -> Option<String> {
    headers.iter().flat_map(|header| split_outside(header, ',')).find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let has_rel = split_outside(parameters, ';').any(|parameter| {
            parameter.split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel")
                    && value.trim().trim_matches('"').split_whitespace().any(|word| word.eq_ignore_ascii_case(rel))
            })
        });
        has_rel.then(|| target.trim().to_owned())
    })
}

/// The pieces of `text` between separators that stand neither in quotes nor in angle brackets.
fn split_outside(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut bracketed) = (false, false);
    text.split(move |c| {
        match c {
            '"' => quoted = !quoted,
            '<' if !quoted => bracketed = true,
            '>' if !quoted => bracketed = false,
            _ => {}
        }
        c == separator && !quoted && !bracketed
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_found_by_its_relation() {
        let headers = [
            "<https://a.example/x,y;z>; rel=\"prev\"; title=\"a, <b>; rel=next\"".to_owned(),
            "<https://a.example/wp-json/>; rel=\"https://api.w.org/\", </posts?page=2>; REL=next".to_owned(),
        ];
        assert_eq!(with_rel(&headers, "next").as_deref(), Some("/posts?page=2"));
        assert_eq!(with_rel(&headers, "prev").as_deref(), Some("https://a.example/x,y;z"));
        assert_eq!(with_rel(&headers, "https://api.w.org/").as_deref(), Some("https://a.example/wp-json/"));
        assert_eq!(with_rel(&headers, "last"), None);
    }
}
