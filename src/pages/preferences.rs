//! One's own data: ask for the link, change things, take a copy, be forgotten.

use jiff::civil::Date;
use maud::{Markup, html};

use super::components::{
    EmailField, button_form, emphasised, error_summary, hidden, honeypot, post_form, primary, secondary, success,
};
use super::fault::Fault;
use super::layout::{Imprint, Page};
use super::paths;
use crate::domain::language::Language;
use crate::domain::texts::{dates, pages as texts};

/// How somebody wants the newsletter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Html,
    Text,
}

impl Format {
    /// The value in the form's field `format`.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Text => "text",
        }
    }
}

/// How it stands with one newsletter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Pending,
    Confirmed { since: Date },
    Left,
}

/// One newsletter of this person.
#[derive(Clone, Copy, Debug)]
pub struct Subscription<'a> {
    pub slug: &'a str,
    pub title: &'a str,
    /// The language in which the newsletter is written.
    pub language: Language,
    pub standing: Standing,
}

/// Everything that the page of one's own data shows.
#[derive(Clone, Copy, Debug)]
pub struct Centre<'a> {
    /// The page's language.
    pub language: Language,
    pub imprint: Option<Imprint<'a>>,
    pub token: &'a str,
    pub masked: &'a str,
    /// The language in which this person gets mail.
    pub mail_language: Language,
    pub format: Format,
    pub subscriptions: &'a [Subscription<'a>],
    /// The link is from a mail of the last hour: a copy and an erasure may be asked for at once.
    pub fresh: bool,
    /// A choice was stored just now.
    pub saved: bool,
    /// A new address as it was typed, where the address can be changed, and what is wrong with it.
    pub email: Option<&'a str>,
    pub fault: Option<Fault<'a>>,
}

/// The field that asks for an address; the answer is the same for everyone.
pub fn ask(language: Language, imprint: Option<Imprint<'_>>, email: &str, fault: Option<Fault<'_>>) -> Markup {
    let title = texts::prefs_title(language);
    Page {
        language,
        title: &title,
        faulty: fault.is_some(),
        imprint,
        path: Some(paths::PREFERENCES),
        ..Page::default()
    }
    .around(&html! {
        @if let Some(fault) = fault { (error_summary(language, fault)) }
        h1 { (title) }
        p { (texts::prefs_ask_body(language)) }
        (post_form(paths::PREFERENCES, language, &html! {
            (EmailField {
                label: &texts::form_email_label(language),
                hint: Some(&texts::prefs_ask_hint(language)),
                value: email,
                fault,
            }.render(language))
            (honeypot(language))
            p.actions { (primary(&texts::prefs_ask_button(language))) }
        }))
    })
}

/// What follows [`ask`], whether we know the address or not.
pub fn sent(language: Language, imprint: Option<Imprint<'_>>) -> Markup {
    plain(
        language,
        imprint,
        &texts::check_title(language),
        &html! {
            p { (texts::prefs_sent_body(language)) }
            h2 { (texts::check_none_title(language)) }
            ul {
                li { (texts::check_none_wait(language)) }
                li { (texts::check_none_spam(language)) }
            }
        },
    )
}

/// The page of one's own data.
pub fn centre(centre: &Centre<'_>) -> Markup {
    let language = centre.language;
    let title = texts::prefs_title(language);
    let path = paths::preferences(centre.token);
    Page {
        language,
        title: &title,
        faulty: centre.fault.is_some(),
        imprint: centre.imprint,
        path: Some(&path),
        ..Page::default()
    }
    .around(&html! {
        @if let Some(fault) = centre.fault { (error_summary(language, fault)) }
        @if centre.saved {
            div.good role="status" { p { strong { (texts::prefs_saved(language)) } " " (texts::prefs_saved_body(language)) } }
        }
        h1 { (title) }
        p { (emphasised(&texts::prefs_for(language, centre.masked), centre.masked)) }
        (subscriptions(centre, &path))
        (choices(centre, &path))
        @if let Some(email) = centre.email {
            h2 { (texts::prefs_address(language)) }
            (post_form(&path, language, &html! {
                (hidden("action", "address"))
                (EmailField {
                    label: &texts::prefs_address_label(language),
                    hint: Some(&texts::prefs_address_help(language)),
                    value: email,
                    fault: centre.fault,
                }.render(language))
                p.actions { (secondary(&texts::prefs_address_button(language))) }
            }))
        }
        h2 { (texts::prefs_data(language)) }
        @if centre.fresh {
            (button_form(&path, language, Some("download"), &secondary(&texts::prefs_download(language))))
            (button_form(&path, language, Some("erase"), &secondary(&texts::prefs_delete(language))))
        } @else {
            p { (texts::prefs_fresh_needed(language)) }
            (button_form(&path, language, Some("link"), &secondary(&texts::prefs_fresh_button(language))))
        }
    })
}

/// A mail is on its way to the new address.
pub fn address_sent(language: Language, imprint: Option<Imprint<'_>>) -> Markup {
    plain(language, imprint, &texts::check_title(language), &html! { p { (texts::prefs_address_sent(language)) } })
}

/// The page behind the link in the mail to the new address; showing it changes nothing.
pub fn move_question(language: Language, imprint: Option<Imprint<'_>>, token: &str, masked: &str) -> Markup {
    plain(
        language,
        imprint,
        &texts::prefs_move_title(language),
        &html! {
            p { (emphasised(&texts::prefs_move_body(language, masked), masked)) }
            (button_form(&paths::preferences(token), language, Some("move"), &primary(&texts::prefs_move_button(language))))
        },
    )
}

/// The new address is in use.
pub fn moved(language: Language, imprint: Option<Imprint<'_>>, masked: &str) -> Markup {
    let title = texts::prefs_moved_title(language);
    Page { language, title: &title, imprint, ..Page::default() }
        .around(&success(&title, &html! { p { (emphasised(&texts::prefs_moved_body(language, masked), masked)) } }))
}

/// The new address cannot be used; nothing was changed.
pub fn not_moved(language: Language, imprint: Option<Imprint<'_>>, masked: &str) -> Markup {
    plain(
        language,
        imprint,
        &texts::prefs_not_moved_title(language),
        &html! { p { (emphasised(&texts::prefs_not_moved_body(language, masked), masked)) } },
    )
}

/// "Do you want to delete all your data?" The button carries `confirm=yes` as well.
pub fn erase_question(language: Language, imprint: Option<Imprint<'_>>, token: &str) -> Markup {
    let path = paths::preferences(token);
    plain(
        language,
        imprint,
        &texts::prefs_delete_title(language),
        &html! {
            p { (texts::prefs_delete_help(language)) }
            (post_form(&path, language, &html! {
                (hidden("action", "erase"))
                (hidden("confirm", "yes"))
                p.actions {
                    button.btn.danger type="submit" { (texts::prefs_delete_button(language)) }
                    a.btn.sec href=(path) { (texts::prefs_delete_no(language)) }
                }
            }))
        },
    )
}

/// Forgotten.
pub fn erased(language: Language, imprint: Option<Imprint<'_>>) -> Markup {
    let title = texts::prefs_deleted_title(language);
    Page { language, title: &title, imprint, ..Page::default() }
        .around(&success(&title, &html! { p { (texts::nothing_kept_body(language)) } }))
}

fn subscriptions(centre: &Centre<'_>, path: &str) -> Markup {
    let language = centre.language;
    html! {
        h2 { (texts::prefs_subscriptions(language)) }
        @if centre.subscriptions.is_empty() { p { (texts::prefs_no_subscriptions(language)) } }
        @else {
            ul.cards {
                @for subscription in centre.subscriptions {
                    li {
                        h3 lang=[(subscription.language != language).then(|| subscription.language.tag())] {
                            (subscription.title)
                        }
                        p.hint { (standing(language, subscription.standing)) }
                        @if subscription.standing != Standing::Left {
                            (button_form(path, language, Some("unsubscribe"), &html! {
                                (hidden("newsletter", subscription.slug))
                                button.btn.sec type="submit"
                                    aria-label=(texts::prefs_leave_label(language, subscription.title)) {
                                    (texts::prefs_leave(language))
                                }
                            }))
                        }
                    }
                }
            }
        }
    }
}

fn standing(language: Language, standing: Standing) -> String {
    match standing {
        Standing::Pending => texts::prefs_pending(language),
        Standing::Confirmed { since } => texts::prefs_since(language, dates::day(language, since)),
        Standing::Left => texts::prefs_left(language),
    }
}

fn choices(centre: &Centre<'_>, path: &str) -> Markup {
    let language = centre.language;
    html! {
        h2 { (texts::prefs_choices(language)) }
        (post_form(path, language, &html! {
            (hidden("action", "choices"))
            fieldset {
                legend { (texts::prefs_language(language)) }
                @for choice in Language::ALL {
                    @let id = format!("mail-language-{choice}");
                    div.choice {
                        input #(id) type="radio" name="mail_language" value=(choice) checked[choice == centre.mail_language];
                        label for=(id) lang=[(choice != language).then_some(choice)] { (texts::language_name(choice)) }
                    }
                }
            }
            fieldset {
                legend { (texts::prefs_format(language)) }
                @for (choice, label) in [
                    (Format::Html, texts::prefs_format_html(language)),
                    (Format::Text, texts::prefs_format_text(language)),
                ] {
                    @let id = format!("format-{}", choice.value());
                    div.choice {
                        input #(id) type="radio" name="format" value=(choice.value()) checked[choice == centre.format];
                        label for=(id) { (label) }
                    }
                }
            }
            p.actions { (secondary(&texts::prefs_save(language))) }
        }))
    }
}

fn plain(language: Language, imprint: Option<Imprint<'_>>, title: &str, rest: &Markup) -> Markup {
    Page { language, title, imprint, ..Page::default() }.around(&html! { h1 { (title) } (rest) })
}
