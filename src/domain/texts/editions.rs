//! The sentences with which an edition begins, before an editor changes them.

use super::texts;

texts! {
    /// What stands above the articles.
    intro() {
        nl: "Beste lezer,\n\nJe leest wat er nieuw is bij ons en welke berichten ons opvielen. Veel leesplezier!",
        en: "Dear reader,\n\nHere is what is new with us, and the news that caught our eye. Enjoy reading!",
    }
    two_topics(first, second) { nl: "{first} en {second}", en: "{first} and {second}" }
    more_topics(first, second) { nl: "{first}, {second}, en meer", en: "{first}, {second}, and more" }
    one_topic_and_more(first) { nl: "{first}, en meer", en: "{first}, and more" }
    one_blog() { nl: "1 nieuwe blog", en: "1 new blog post" }
    blogs(count) { nl: "{count} nieuwe blogs", en: "{count} new blog posts" }
    one_message() { nl: "1 bericht", en: "1 news item" }
    messages(count) { nl: "{count} berichten", en: "{count} news items" }
    both_counts(blogs, messages) { nl: "{blogs} en {messages}.", en: "{blogs} and {messages}." }
    one_count(count) { nl: "{count}.", en: "{count}." }
    empty_subject(title) { nl: "{title}: nieuws", en: "{title}: news" }
}
