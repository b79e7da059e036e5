//! The frame around every page: head, skip link, header, footer and the switch to the other language.

use maud::{DOCTYPE, Markup, html};

use super::assets;
use super::components::web_link;
use crate::domain::colour::Accent;
use crate::domain::language::Language;
use crate::domain::look::Logo;
use crate::domain::texts::pages as texts;

/// Who speaks and where they live.
#[derive(Clone, Copy, Debug)]
pub struct Imprint<'a> {
    pub organisation: &'a str,
    pub postal_address: &'a str,
    /// Only `http` and `https` addresses become a link.
    pub privacy_url: Option<&'a str>,
    pub brand: Brand<'a>,
}

/// What a newsletter's pages look like of their own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brand<'a> {
    /// A picture on our own server, with its path there: pages load nothing from elsewhere.
    pub logo: Option<(&'a Logo, &'a str)>,
    pub accent: Option<Accent>,
}

/// One page for visitors.
#[derive(Clone, Copy, Debug, Default)]
pub struct Page<'a> {
    pub language: Language,
    pub title: &'a str,
    /// The page gives a form back because something in it is wrong.
    pub faulty: bool,
    /// Nobody speaks on a page that belongs to no newsletter.
    pub imprint: Option<Imprint<'a>>,
    /// Where a GET shows this page, for the link to it in the other language.
    pub path: Option<&'a str>,
    /// Search engines may show it.
    pub indexed: bool,
    /// What its head holds besides.
    pub head: Option<&'a Markup>,
    /// The Atom feed that belongs to this page.
    pub feed: Option<&'a str>,
    /// It asks the browser for some work, with a script of our own.
    pub scripted: bool,
}

impl Page<'_> {
    /// The whole document around `content`, which brings the page's one `h1`.
    pub fn around(&self, content: &Markup) -> Markup {
        let organisation = self.imprint.map(|imprint| imprint.organisation).filter(|name| !name.is_empty());
        self.document(&html! {
            a.skip href="#content" { (texts::skip_link(self.language)) }
            @if let Some(organisation) = organisation {
                header.site { div.inner {
                    @if let Some((logo, path)) = self.imprint.and_then(|imprint| imprint.brand.logo) {
                        img src=(path) width=(logo.width) height=(logo.height) alt=(logo.alt);
                    } @else {
                        strong { (organisation) }
                    }
                } }
            }
            main #content tabindex="-1" { (content) }
            (self.footer())
        })
    }

    /// The content alone, for a frame on another site.
    pub fn bare(&self, content: &Markup) -> Markup {
        self.document(&html! { main.bare #content { (content) } })
    }

    fn document(&self, body: &Markup) -> Markup {
        let organisation = self.imprint.map(|imprint| imprint.organisation).filter(|name| !name.is_empty());
        html! {
            (DOCTYPE)
            html lang=(self.language.tag()) {
                (head(&html! {
                    title {
                        @if self.faulty { (texts::title_error_prefix(self.language)) }
                        (self.title)
                        @if let Some(organisation) = organisation { " – " (organisation) }
                    }
                    @if let Some(accent) = self.imprint.and_then(|imprint| imprint.brand.accent) {
                        link rel="stylesheet" href=(assets::accent_path(accent));
                    }
                    @if let Some(head) = self.head { (head) }
                    @if self.scripted { script src=(assets::EFFORT_SCRIPT.path()) defer {} }
                    @if !self.indexed { meta name="robots" content="noindex"; }
                    @if let Some(feed) = self.feed {
                        link rel="alternate" type="application/atom+xml" href=(feed);
                    }
                }))
                body { (body) }
            }
        }
    }

    fn footer(&self) -> Markup {
        html! {
            footer.site { div.inner {
                @if let Some(imprint) = self.imprint {
                    p {
                        (imprint.organisation)
                        @if !imprint.postal_address.is_empty() { ", " (imprint.postal_address) }
                    }
                }
                @let privacy = self.imprint.and_then(|imprint| imprint.privacy_url);
                @if privacy.is_some() || self.path.is_some() {
                    ul.links {
                        @if let Some(url) = privacy { li { (web_link(url, &texts::privacy_statement(self.language))) } }
                        @if let Some(path) = self.path { (language_switch(self.language, path)) }
                    }
                }
                p.hint {
                    @if self.scripted { (texts::page_with_own_script(self.language)) }
                    @else { (texts::page_without_tracking(self.language)) }
                }
            } }
        }
    }
}

/// What every page's head holds besides its title.
pub(super) fn head(own: &Markup) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            (own)
            link rel="icon" type="image/svg+xml" href=(assets::ICON.path());
            link rel="stylesheet" href=(assets::STYLE.path());
        }
    }
}

/// The same page in each other language, named in that language; `path` may have a query of its own.
pub(super) fn language_switch(current: Language, path: &str) -> Markup {
    let joint = if path.contains('?') { "&" } else { "?" };
    html! {
        @for other in Language::ALL.into_iter().filter(|language| *language != current) {
            li {
                a href={ (path) (joint) "language=" (other) } lang=(other) hreflang=(other) { (texts::language_name(other)) }
            }
        }
    }
}
