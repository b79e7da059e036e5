//! The frame around every page of the desk: menu, newsletter in hand, who is signed in, what was done just now.

use maud::{DOCTYPE, Markup, html};

use super::notice::Notice;
use super::parts::FormFaults;
use super::paths;
use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::texts::{desk as texts, desk_settings as settings, pages};
use crate::pages::assets;
use crate::pages::layout::{head, language_switch};

/// Who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct User<'a> {
    pub name: &'a str,
    pub role: Role,
}

/// A newsletter that the desk can take in hand.
#[derive(Clone, Copy, Debug)]
pub struct NewsletterChoice<'a> {
    pub slug: &'a str,
    pub title: &'a str,
}

/// Where in the menu a page lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Overview,
    Editions,
    Articles,
    Subscribers,
    Settings,
    Account,
}

/// What every page of the desk needs besides its own data.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    pub language: Language,
    /// The organisation, above the menu.
    pub house: &'a str,
    pub user: User<'a>,
    /// The path of this page, for the switch to the other language.
    pub path: &'a str,
    /// All newsletters; with more than one a choice is offered.
    pub newsletters: &'a [NewsletterChoice<'a>],
    /// The slug of the one in hand.
    pub newsletter: &'a str,
    pub notice: Option<Notice>,
}

impl Desk<'_> {
    /// Whether the one signed in may do what asks for `needed`; the handlers check it again.
    pub(super) fn may(&self, needed: Role) -> bool {
        self.user.role.may(needed)
    }

    /// `path` for the newsletter in hand.
    pub(super) fn here(&self, path: &str) -> String {
        if self.newsletters.len() > 1 { format!("{path}?newsletter={}", self.newsletter) } else { path.to_owned() }
    }

    /// A page of the desk; `content` brings its one `h1`.
    pub(super) fn page(&self, place: Place, title: &str, content: &Markup) -> Markup {
        self.faulty_page(place, title, FormFaults::default(), content)
    }

    /// The same, with the faults of a form above everything.
    pub(super) fn faulty_page(&self, place: Place, title: &str, faults: FormFaults<'_>, content: &Markup) -> Markup {
        self.document(
            title,
            faults,
            &html! {},
            &html! {
                (self.header(place))
                main.wide #content tabindex="-1" {
                    (faults.summary(self.language, content))
                    (self.news())
                    (content)
                }
            },
        )
    }

    /// A page that shows something moving: without script it loads itself again every ten seconds.
    pub(super) fn live_page(&self, place: Place, title: &str, content: &Markup) -> Markup {
        let refresh = html! { noscript { meta http-equiv="refresh" content="10"; } };
        self.document(
            title,
            FormFaults::default(),
            &refresh,
            &html! {
                (self.header(place))
                main.wide #content tabindex="-1" {
                    (self.news())
                    (content)
                }
            },
        )
    }

    /// What was done just now.
    fn news(&self) -> Markup {
        html! {
            @if let Some(notice) = self.notice {
                div class=(if notice.is_good() { "good" } else { "note attention" }) role="status" {
                    p { (notice.sentence(self.language)) }
                }
            }
        }
    }

    fn document(&self, title: &str, faults: FormFaults<'_>, more_head: &Markup, body: &Markup) -> Markup {
        let language = self.language;
        html! {
            (DOCTYPE)
            html lang=(language) {
                (head(&html! {
                    title {
                        @if !faults.is_empty() { (pages::title_error_prefix(language)) }
                        (title) " – " (texts::desk(language))
                    }
                    meta name="robots" content="noindex";
                    (more_head)
                    script src=(assets::DESK_SCRIPT.path()) defer {}
                }))
                body.desk {
                    a.skip href="#content" { (pages::skip_link(language)) }
                    (body)
                    footer.site { div.inner.wide { ul.links {
                        (language_switch(language, self.path))
                        // The switch is about this page alone.
                        li { a href=(paths::ACCOUNT) { (settings::account_language(language)) } }
                    } } }
                }
            }
        }
    }

    fn header(&self, place: Place) -> Markup {
        let language = self.language;
        let entries = [
            (Place::Overview, self.here(paths::OVERVIEW), texts::nav_overview(language)),
            (Place::Editions, self.here(paths::EDITIONS), texts::nav_editions(language)),
            (Place::Articles, self.here(paths::ARTICLES), texts::nav_articles(language)),
            (Place::Subscribers, self.here(paths::SUBSCRIBERS), texts::nav_subscribers(language)),
            (Place::Settings, self.here(paths::SETTINGS), texts::nav_settings(language)),
        ];
        html! {
            header.site { div.inner.wide {
                div.house {
                    strong { (self.house) }
                    (self.newsletter_choice())
                    div.me {
                        a href=(paths::ACCOUNT) aria-current=[(place == Place::Account).then_some("page")]
                            aria-label={ (texts::nav_account(language)) ": " (self.user.name) } { (self.user.name) }
                        form method="post" action=(paths::LOGOUT) {
                            button.plain type="submit" { (texts::sign_out(language)) }
                        }
                    }
                }
                nav aria-label=(texts::menu(language)) {
                    ul.menu {
                        @for (entry, path, label) in &entries {
                            li { a href=(path) aria-current=[(*entry == place).then_some("page")] { (label) } }
                        }
                    }
                }
            } }
        }
    }

    /// Several newsletters: a form with a button, because a choice that acts by itself startles (WCAG 3.2.2).
    fn newsletter_choice(&self) -> Markup {
        html! {
            @if self.newsletters.len() > 1 {
                form.pick method="get" action=(paths::OVERVIEW) {
                    label.away for="newsletter-in-hand" { (texts::choose_newsletter(self.language)) }
                    select #newsletter-in-hand name="newsletter" {
                        @for choice in self.newsletters {
                            option value=(choice.slug) selected[choice.slug == self.newsletter] { (choice.title) }
                        }
                    }
                    button.btn.sec type="submit" { (texts::choose(self.language)) }
                }
            }
        }
    }
}
