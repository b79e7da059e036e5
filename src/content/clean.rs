//! Text that may be shown: no markup, no control characters, no left-overs of the system that wrote it.

use crate::content::html;

/// How much of a text an overview of articles shows, in characters.
pub const EXCERPT_CHARS: usize = 220;

/// How a link from a short item to the article it is about is called.
const SOURCE_PHRASES: [&str; 8] = [
    "verder lezen bij de bron",
    "lees verder bij de bron",
    "lees meer bij de bron",
    "naar de bron",
    "read more at the source",
    "continue reading at the source",
    "read the source",
    "to the source",
];

/// How themes call the link from an excerpt to its article.
const MORE_PHRASES: [&str; 8] = [
    "verder lezen",
    "lees verder",
    "lees meer",
    "meer lezen",
    "continue reading",
    "read more",
    "keep reading",
    "more…",
];

/// Shortcodes that WordPress itself and its commonest companions leave in a text without any attribute.
const BARE_SHORTCODES: [&str; 8] = ["gallery", "caption", "embed", "audio", "video", "playlist", "toc", "contact-form"];

/// The text of a piece of HTML on one line.
pub fn html_to_text(html: &str) -> String {
    one_line(&html::read(html).text)
}

/// One line of text: white space collapsed; control characters and those that turn the direction of writing removed.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        // U+2028 and U+2029 part lines and paragraphs; `is_whitespace` knows them, and the C0 controls that are space.
        if c.is_whitespace() {
            gap = true;
        } else if !is_unwanted(c) {
            if gap && !line.is_empty() {
                line.push(' ');
            }
            gap = false;
            line.push(c);
        }
    }
    line
}

fn is_unwanted(c: char) -> bool {
    // Direction overrides, embeddings and isolates can make "exe.txt" of "txt.exe"; the marks U+200E/F are harmless.
    c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// The beginning of `text`: whole sentences where they fill at least a third of the room, else whole words and "…".
pub fn excerpt(text: &str, max_chars: usize) -> String {
    let Some((limit, _)) = text.char_indices().nth(max_chars) else { return text.to_owned() };
    if let Some(end) = last_sentence_end(text, limit).filter(|end| *end >= limit / 3) {
        return text[..end].to_owned();
    }
    // Room for the ellipsis itself.
    let room = text[..limit].char_indices().next_back().map_or(0, |(at, _)| at);
    let cut = match text[..room].rfind(char::is_whitespace) {
        Some(space) if space > 0 && !text[room..].starts_with(char::is_whitespace) => space,
        _ => room,
    };
    with_ellipsis(&text[..cut])
}

/// A text for an overview: without shortcodes, without the phrase of a link that lost its link, and without the mark
/// with which WordPress ends an excerpt it cut in the middle of a sentence.
pub fn summary(text: &str) -> String {
    let line = one_line(&without_shortcodes(text));
    let (line, was_cut) = without_tail(&line);
    if !was_cut || line.is_empty() || ends_sentence(line) {
        return line.to_owned();
    }
    match last_sentence_end(line, line.len()) {
        Some(end) if end >= line.len() / 3 => line[..end].to_owned(),
        _ => with_ellipsis(line),
    }
}

/// Whether `text` is the whole text of a link that only leads on: "Lees verder", "Read more »", "Verder lezen bij de bron".
pub fn is_link_phrase(text: &str) -> bool {
    let text = phrase(text);
    MORE_PHRASES.iter().any(|more| text == *more) || SOURCE_PHRASES.contains(&text.as_str())
}

/// Whether `text` is the whole text of a link to what an item is about.
pub fn is_source_phrase(text: &str) -> bool {
    SOURCE_PHRASES.contains(&phrase(text).as_str())
}

fn phrase(text: &str) -> String {
    one_line(text).trim_end_matches(is_ornament).to_lowercase()
}

fn is_ornament(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | '…' | '»' | '›' | '→' | '>' | ':')
}

/// Removes what excerpts end with, as often as there is one; the second value tells whether the text was cut there.
fn without_tail(text: &str) -> (&str, bool) {
    let mut line = text.trim_end();
    let mut was_cut = false;
    loop {
        let before = line.len();
        for mark in ["[…]", "[...]", "(…)", "…", "..."] {
            if let Some(rest) = line.strip_suffix(mark) {
                line = rest.trim_end();
                was_cut = true;
            }
        }
        let bare = line.trim_end_matches(is_ornament);
        if let Some(rest) =
            SOURCE_PHRASES.iter().chain(&MORE_PHRASES).find_map(|tail| strip_suffix_caseless(bare, tail))
        {
            line = rest.trim_end();
        }
        if let Some(rest) = without_syndication_note(line) {
            line = rest;
        }
        if line.len() == before {
            return (line, was_cut);
        }
    }
}

/// "Het bericht X verscheen eerst op Y." is what a common plugin writes below every item of a WordPress feed.
fn without_syndication_note(line: &str) -> Option<&str> {
    const NOTES: [(&str, &str); 4] = [
        ("Het bericht ", " verscheen eerst op "),
        ("The post ", " appeared first on "),
        ("The post ", " first appeared on "),
        ("Het artikel ", " verscheen eerst op "),
    ];
    NOTES.iter().find_map(|(begin, middle)| {
        let start = line.rfind(begin)?;
        let note = &line[start..];
        (note.contains(middle) && note.len() < 500).then(|| line[..start].trim_end())
    })
}

fn strip_suffix_caseless<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let (start, _) = text.char_indices().rev().nth(suffix.chars().count() - 1)?;
    // A phrase begins a word: "Ik wil meer lezen" keeps its end only when nothing but that phrase would be left over.
    let (rest, tail) = text.split_at(start);
    let parted = rest.is_empty() || rest.ends_with(|c: char| c.is_whitespace() || is_ornament(c));
    let alone = rest.trim_end().ends_with(['.', '!', '?', '…', ':', ']', ')', '”', '"']) || rest.is_empty();
    (parted && alone && tail.to_lowercase() == suffix).then_some(rest)
}

/// Where the last sentence ends that lies wholly before `limit` (a byte position).
fn last_sentence_end(text: &str, limit: usize) -> Option<usize> {
    text[..limit]
        .char_indices()
        .filter(|(_, c)| matches!(c, '.' | '!' | '?'))
        .map(|(at, c)| {
            // A closing quotation mark or bracket belongs to the sentence it closes.
            let after = at + c.len_utf8();
            after + text[after..limit].chars().take_while(|c| is_closing(*c)).map(char::len_utf8).sum::<usize>()
        })
        .rfind(|end| {
            let rest = &text[*end..];
            let next_begins = rest.is_empty()
                || rest
                    .strip_prefix(char::is_whitespace)
                    .is_some_and(|next| next.starts_with(|c: char| !c.is_lowercase()));
            next_begins && !is_abbreviation(&text[..*end])
        })
}

fn is_closing(c: char) -> bool {
    matches!(c, '"' | '\'' | '”' | '’' | '»' | ')' | ']')
}

fn ends_sentence(text: &str) -> bool {
    last_sentence_end(text, text.len()) == Some(text.len())
}

/// Whether the full stop at the end belongs to an abbreviation or an initial rather than to a sentence.
fn is_abbreviation(text: &str) -> bool {
    const KNOWN: [&str; 16] =
        ["bijv", "bv", "dhr", "mevr", "mr", "mrs", "dr", "drs", "prof", "ir", "nr", "ca", "incl", "excl", "resp", "vs"];
    const LONGEST: usize = 16;
    let Some(stem) = text.strip_suffix('.') else { return false };
    let reversed = stem.chars().rev().take(LONGEST).take_while(|c| !c.is_whitespace() && *c != '(');
    let word: String = reversed.collect::<Vec<_>>().into_iter().rev().flat_map(char::to_lowercase).collect();
    word.contains('.') || word.chars().filter(|c| c.is_alphabetic()).count() == 1 || KNOWN.contains(&word.as_str())
}

fn with_ellipsis(text: &str) -> String {
    let text =
        text.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '.' | '-' | '–' | '('));
    format!("{text}…")
}

/// Removes `[name key="value"]` and `[/name]`: what a plugin that is no longer there leaves in an article. Brackets
/// that people write, such as `[sic]` and `[Voorbeeldtekst]`, stay.
fn without_shortcodes(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        kept.push_str(&rest[..open]);
        rest = &rest[open..];
        let length = shortcode_length(rest);
        if length == 0 {
            kept.push('[');
            rest = &rest[1..];
        } else {
            kept.push(' ');
            rest = &rest[length..];
        }
    }
    kept.push_str(rest);
    kept
}

/// The length in bytes of the shortcode that `text` begins with, its enclosed caption included; 0 when it begins with none.
fn shortcode_length(text: &str) -> usize {
    const LONGEST_CAPTION: usize = 1000;
    // WordPress allows no bracket within the brackets, which also keeps a text full of them linear.
    let Some(end) = text[1..].find(['[', ']']).map(|at| at + 1).filter(|at| text[*at..].starts_with(']')) else {
        return 0;
    };
    let inner = &text[1..end];
    let (closing, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
    let name_end = inner.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')));
    let (name, attributes) = inner.split_at(name_end.unwrap_or(inner.len()));
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return 0;
    }
    let has_attributes = attributes.starts_with(char::is_whitespace) && attributes.contains('=');
    let is_bare = attributes.trim_matches(['/', ' ']).is_empty();
    if !(closing && is_bare || has_attributes || is_bare && BARE_SHORTCODES.contains(&name)) {
        return 0;
    }
    let after = &text[end + 1..];
    let caption = &after[..after.floor_char_boundary(LONGEST_CAPTION)];
    match caption.find("[/caption]").filter(|_| name == "caption" && !closing) {
        Some(at) => end + 1 + at + "[/caption]".len(),
        None => end + 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_line_keeps_words_and_drops_what_cannot_be_seen() {
        assert_eq!(one_line(" a\u{a0}\n b\u{0}\u{8}c\u{202e}d\u{2028}e\u{feff} "), "a bcd e");
        assert_eq!(one_line("👩\u{200d}💻 שלום"), "👩\u{200d}💻 שלום");
    }

    #[test]
    fn an_excerpt_ends_with_a_sentence() {
        let text = "Een zin. Nog een zin met dr. Jansen erin. En een derde die te lang is om erbij te passen.";
        assert_eq!(excerpt(text, 50), "Een zin. Nog een zin met dr. Jansen erin.");
        assert_eq!(excerpt(text, 500), text);
    }

    #[test]
    fn an_excerpt_without_a_sentence_ends_with_a_word() {
        assert_eq!(excerpt("een twee drie, vier vijf zes", 16), "een twee drie…");
        assert_eq!(excerpt("Rotterdamsestraatwegverbreding", 10), "Rotterdam…");
        assert_eq!(excerpt("", 10), "");
    }

    #[test]
    fn the_mark_of_a_cut_excerpt_goes_and_the_broken_sentence_with_it() {
        assert_eq!(
            summary("Een hele zin. En een halve die hier [&#8230;]".replace("&#8230;", "…").as_str()),
            "Een hele zin."
        );
        assert_eq!(summary("Een halve zin die nergens ophoudt en […]"), "Een halve zin die nergens ophoudt en…");
        assert_eq!(summary("Een hele zin. […]"), "Een hele zin.");
    }

    #[test]
    fn the_phrase_of_a_lost_link_goes() {
        for tail in ["Verder lezen bij de bron", "Lees verder »", "READ MORE…", "Continue reading →"] {
            assert_eq!(summary(&format!("Kort bericht. {tail}")), "Kort bericht.", "{tail}");
        }
        assert_eq!(summary("Ik zou graag meer lezen"), "Ik zou graag meer lezen");
        assert_eq!(summary("Tekst. Het bericht Titel verscheen eerst op Site."), "Tekst.");
    }

    #[test]
    fn shortcodes_go_and_brackets_of_people_stay() {
        let text = "[caption id=\"a\" width=\"3\"]Foto: ons[/caption] [Voorbeeldtekst] A [sic] b \
                    [onbekend foo=”1″] c [gallery] d [/vc_row] [1] e";
        assert_eq!(summary(text), "[Voorbeeldtekst] A [sic] b c d [1] e");
    }

    #[test]
    fn link_phrases_are_whole_phrases() {
        assert!(is_link_phrase(" Lees\n verder → "));
        assert!(is_source_phrase("Verder lezen bij de bron."));
        assert!(!is_link_phrase("Lees verder over privacy"));
    }

    proptest! {
        #[test]
        fn an_excerpt_is_never_longer_than_asked(text in ".{0,300}", max in 1usize..250) {
            let line = one_line(&text);
            prop_assert!(excerpt(&line, max).chars().count() <= max);
        }

        #[test]
        fn a_summary_of_a_summary_is_that_summary(text in "[a-z .\\[\\]/=…]{0,80}") {
            let once = summary(&text);
            prop_assert!(once.chars().count() <= text.chars().count() + 1);
            prop_assert!(!once.contains('\n'));
        }

        #[test]
        fn no_html_survives_or_breaks_the_reader(text in "(<|>|/|a|script|&amp;|&|\"| |!--|x=|\\PC){0,60}") {
            let read = html_to_text(&text);
            prop_assert!(!read.contains(char::is_control));
        }
    }
}
