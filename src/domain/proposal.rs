//! The subject and the preheader that an edition proposes for itself.

use super::language::Language;
use super::texts::editions as texts;

/// Longest topic in a proposed subject, in characters: two of them and “en meer” stay below 60.
const MAX_TOPIC: usize = 26;

/// Longest topic that stands alone before “en meer”, in characters.
const MAX_ONLY_TOPIC: usize = 50;

/// A subject from the titles of an edition, the most important first.
pub fn subject(titles: &[&str], newsletter: &str, language: Language) -> String {
    match titles {
        [] => texts::empty_subject(language, newsletter),
        [only] => cut(only.trim(), 60),
        [first, second] => texts::two_topics(language, topic(first), topic(second)),
        [first, second, ..] => match (topic(first), topic(second)) {
            // Two stumps say less than one topic that is whole.
            (one, other) if one.ends_with('…') || other.ends_with('…') => match head(first) {
                whole if whole.chars().count() <= MAX_ONLY_TOPIC => texts::one_topic_and_more(language, whole),
                _ => texts::more_topics(language, one, other),
            },
            (one, other) => texts::more_topics(language, one, other),
        },
    }
}

/// The line beside the subject: what there is to read.
pub fn preheader(blogs: usize, messages: usize, language: Language) -> String {
    let blogs_text = if blogs == 1 { texts::one_blog(language) } else { texts::blogs(language, blogs) };
    let messages_text = if messages == 1 { texts::one_message(language) } else { texts::messages(language, messages) };
    match (blogs, messages) {
        (_, 0) => texts::one_count(language, blogs_text),
        (0, _) => texts::one_count(language, messages_text),
        _ => texts::both_counts(language, blogs_text, messages_text),
    }
}

/// What a title begins with: its part before a colon, a question mark or a dash.
fn head(title: &str) -> &str {
    let title = title.trim();
    let head =
        [": ", "? ", " – ", " - "].iter().filter_map(|mark| title.find(mark)).min().map_or(title, |end| &title[..end]);
    head.trim_end_matches(['?', '!', '.', ':'])
}

/// What a title is about, in short: its head, and of that what stands before “and …” while it is long.
fn topic(title: &str) -> String {
    let head = head(title);
    if head.chars().count() <= MAX_TOPIC {
        return head.to_owned();
    }
    let joined = [" en ", " and ", " of ", " or ", ", "]
        .iter()
        .filter_map(|word| head.find(word))
        .filter(|end| (8..=MAX_TOPIC).contains(&head[..*end].chars().count()))
        .max();
    joined.map_or_else(|| cut(head, MAX_TOPIC), |end| head[..end].to_owned())
}

/// At most so many characters, cut between words where there is a gap.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let end = text.char_indices().nth(most - 1).map_or(text.len(), |(end, _)| end);
    let whole = text[..end].rfind(' ').filter(|gap| *gap > end / 2).unwrap_or(end);
    format!("{}…", text[..whole].trim_end_matches([' ', ',', ';']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_proposes_what_an_editor_would_write() {
        let titles = [
            "Wat is ethisch hacken en waarom is het belangrijk?",
            "Applicatiebeheer en de AVG: wat moet je weten?",
            "Van code naar vertrouwen: bouw het veilig",
        ];
        assert_eq!(subject(&titles, "x", Language::Nl), "Wat is ethisch hacken, Applicatiebeheer en de AVG, en meer");
        assert_eq!(preheader(3, 10, Language::Nl), "3 nieuwe blogs en 10 berichten.");
    }

    #[test]
    fn one_whole_topic_goes_before_two_that_are_cut() {
        let titles = ["Gegevens delen binnen de overheid", "Hoe veilig is de cloud van de gemeente", "x"];
        assert_eq!(subject(&titles, "x", Language::Nl), "Gegevens delen binnen de overheid, en meer");
        assert_eq!(subject(&titles, "x", Language::En), "Gegevens delen binnen de overheid, and more");
        let long = "Achterstallig onderhoud in een database van de politie is een overtreding";
        assert_eq!(subject(&[long, "Kort", "x"], "x", Language::Nl), "Achterstallig onderhoud…, Kort, en meer");
    }

    proptest::proptest! {
        #[test]
        fn any_titles_give_a_short_line(titles in proptest::collection::vec("\\PC{0,200}", 0..5)) {
            let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
            let subject = subject(&titles, "Nieuwsbrief", Language::Nl);
            assert!(subject.chars().count() <= 70, "{subject}");
        }
    }
}
