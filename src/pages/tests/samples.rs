//! One sample of every page in every state, made of the same data.

use jiff::civil::date;
use maud::Markup;

use crate::domain::address::InvalidAddress;
use crate::domain::language::Language;
use crate::pages::clean_html::CleanHtml;
use crate::pages::fault::Fault;
use crate::pages::layout::{Brand, Imprint};
use crate::pages::preferences::{Centre, Format, Standing, Subscription};
use crate::pages::problem::Problem;
use crate::pages::{
    NewsletterView, Visit, archive, check_inbox, confirm, demo_mailbox, effort, embed, home, preferences, problem,
    signup, unsubscribe,
};

/// What people and feeds may have typed.
#[derive(Clone, Copy)]
pub struct Words {
    pub organisation: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    pub street: &'static str,
    pub email: &'static str,
    pub masked: &'static str,
    pub subject: &'static str,
    pub article: &'static str,
    pub summary: &'static str,
    pub url: &'static str,
    pub person: &'static str,
    pub section: &'static str,
}

impl Words {
    pub const KIND: Self = Self {
        organisation: "IB&P Voorbeeldadvies",
        title: "Nieuwsbrief Informatiebeveiliging & Privacy",
        about: "Onze nieuwsbrief gaat over informatiebeveiliging en privacy bij gemeenten.",
        street: "Voorbeeldstraat 1, 1234 AB Voorbeeldstad",
        email: "anna@gemeente",
        masked: "a•••@gemeente-voorbeeld.example",
        subject: "Ethisch hacken, de AVG voor applicatiebeheerders en veilige software",
        article: "Wat is ethisch hacken en waarom is het belangrijk?",
        summary: "Een ethische hacker zoekt met toestemming naar zwakke plekken in een systeem.",
        url: "https://www.example.nl/over?a=1&b=2",
        person: "Anna de Vries",
        section: "Recente blogs",
    };

    /// The same text in every field.
    pub const fn everywhere(text: &'static str, url: &'static str) -> Self {
        Self {
            organisation: text,
            title: text,
            about: text,
            street: text,
            email: text,
            masked: text,
            subject: text,
            article: text,
            summary: text,
            url,
            person: text,
            section: text,
        }
    }
}

pub fn newsletter(language: Language, words: Words) -> NewsletterView<'static> {
    NewsletterView {
        slug: "ibp",
        title: words.title,
        organisation: words.organisation,
        description: words.about,
        promise: match language {
            Language::Nl => "3 tot 4 keer per jaar",
            Language::En => "3 to 4 times a year",
        },
        language: Language::Nl,
        privacy_url: Some(words.url),
        postal_address: words.street,
        brand: Brand::default(),
        archive: true,
        next: Some(date(2026, 3, 1)),
    }
}

/// Every page with the name of its sample.
pub fn all(language: Language, words: Words) -> Vec<(&'static str, Markup)> {
    let newsletter = newsletter(language, words);
    let form = signup::Form { newsletter: &newsletter, language, email: "", fault: None, work: None, form_page: None };
    let typed = signup::Form { email: words.email, ..form };
    let visit = Visit { newsletter: &newsletter, language, token: "7K3M9QXA2H4VB6TD8EFG" };
    let imprint = Some(newsletter.imprint());
    let domain = words.email;
    let work = effort::Work { challenge: words.email, bits: 16 };
    let step = effort::Step {
        newsletter: &newsletter,
        language,
        email: words.email,
        work,
        pause: words.email,
        seconds: 10,
        too_early: false,
        form_page: Some("https://www.example.nl/\"nieuws\""),
    };
    let mut pages = vec![
        ("home", home::page(language, imprint, &[newsletter, newsletter])),
        ("home-empty", home::page(language, None, &[])),
        ("signup", signup::page(&form)),
        ("signup-malformed", signup::page(&with(typed, Fault::Address(InvalidAddress::Malformed)))),
        ("signup-no-server", signup::page(&with(typed, Fault::NoMailServer { domain }))),
        ("signup-too-often", signup::page(&with(typed, Fault::TooOften { minutes: 10 }))),
        ("signup-not-saved", signup::page(&with(typed, Fault::NotSaved))),
        ("signup-typo", signup::typo_question(&typed, "anna@gmail.com")),
        ("embed", embed::page(&newsletter, language, None)),
        ("embed-with-work", embed::page(&newsletter, language, Some(work))),
        ("signup-with-work", signup::page(&signup::Form { work: Some(work), ..form })),
        ("effort", effort::page(&step)),
        ("effort-too-early", effort::page(&effort::Step { too_early: true, ..step })),
        ("check-inbox", check_inbox::page(&newsletter, language)),
        ("confirm", confirm::ask(visit, words.masked)),
        ("confirm-done", confirm::done(visit, words.masked, Some(4))),
        ("confirm-already", confirm::already(visit)),
        ("confirm-expired", confirm::expired(visit, 7)),
        ("unsubscribe", unsubscribe::ask(visit, words.masked, Some("/p/7K3M9QXA2H4VB6TD8EFG"))),
        ("unsubscribe-done", unsubscribe::done(visit)),
        ("unsubscribe-already", unsubscribe::already(visit, true)),
        ("unsubscribe-long-ago", unsubscribe::already(visit, false)),
        ("unsubscribe-undone", unsubscribe::undone(visit)),
        ("unsubscribe-thanks", unsubscribe::thanks(visit)),
        ("unsubscribe-nothing-kept", unsubscribe::nothing_kept(language, imprint)),
        ("preferences-ask", preferences::ask(language, imprint, "", None)),
        ("preferences-ask-empty", preferences::ask(language, imprint, "", Some(Fault::Address(InvalidAddress::Empty)))),
        ("preferences-sent", preferences::sent(language, imprint)),
        ("preferences-address-sent", preferences::address_sent(language, imprint)),
        ("preferences-move", preferences::move_question(language, imprint, visit.token, words.masked)),
        ("preferences-moved", preferences::moved(language, imprint, words.masked)),
        ("preferences-erase", preferences::erase_question(language, imprint, visit.token)),
        ("preferences-erased", preferences::erased(language, imprint)),
    ];
    pages.extend(centres(language, words, imprint));
    pages.extend(archives(language, words, &newsletter));
    pages.extend(demo(language, words));
    pages.extend(problems(language, imprint));
    pages
}

fn with<'a>(form: signup::Form<'a>, fault: Fault<'a>) -> signup::Form<'a> {
    signup::Form { fault: Some(fault), ..form }
}

fn centres(language: Language, words: Words, imprint: Option<Imprint<'_>>) -> [(&'static str, Markup); 2] {
    let subscriptions = [Standing::Confirmed { since: date(2025, 3, 12) }, Standing::Pending, Standing::Left]
        .map(|standing| Subscription { slug: "ibp", title: words.title, language: Language::Nl, standing });
    let centre = Centre {
        language,
        imprint,
        token: "7K3M9QXA2H4VB6TD8EFG",
        masked: words.masked,
        mail_language: Language::Nl,
        format: Format::Html,
        subscriptions: &subscriptions,
        fresh: true,
        saved: true,
        email: Some(""),
        fault: None,
    };
    let fault = Some(Fault::Address(InvalidAddress::Domain));
    [
        ("preferences", preferences::centre(&centre)),
        (
            "preferences-fault",
            preferences::centre(&Centre { fresh: false, saved: false, email: Some(words.email), fault, ..centre }),
        ),
    ]
}

/// The edition that the archive and the feed show.
pub fn with_edition<R>(words: Words, show: impl FnOnce(&archive::Edition<'_>) -> R) -> R {
    let told = archive::Item {
        title: words.article,
        url: words.url,
        summary: Some(words.summary),
        source_url: Some(words.url),
    };
    let listed = archive::Item { summary: None, ..told };
    let sections = [
        archive::Section { title: "Recente blogs", items: &[told, told] },
        archive::Section { title: "Meer recente berichten", items: &[listed, listed] },
    ];
    show(&archive::Edition {
        number: 4,
        subject: words.subject,
        sent_on: date(2025, 12, 2),
        intro: CleanHtml::vouched("<p>Beste lezer,</p><p>Dit is de <strong>vierde</strong> van dit jaar.</p>"),
        sections: &sections,
        promo: Some(archive::Promo {
            heading: "Lees ons boek",
            title: "Gemeenten",
            body: CleanHtml::vouched("<p>Gemeenten. Bewustzijn. Privacy.</p>"),
            link: Some((words.url, words.article)),
        }),
        indexed: true,
    })
}

fn archives(language: Language, words: Words, newsletter: &NewsletterView<'_>) -> [(&'static str, Markup); 3] {
    let line = archive::Line { number: 4, subject: words.subject, sent_on: date(2025, 12, 2) };
    [
        ("archive", archive::list(newsletter, language, &[line, line])),
        ("archive-empty", archive::list(newsletter, language, &[])),
        ("archive-edition", with_edition(words, |edition| archive::edition(newsletter, language, edition))),
    ]
}

fn demo(language: Language, words: Words) -> [(&'static str, Markup); 3] {
    let received = "2026-03-01 09:00:12";
    let line = demo_mailbox::Line { id: 7, subject: words.subject, to: words.email, received };
    let mail = demo_mailbox::Opened {
        line,
        author: words.organisation,
        return_path: words.email,
        text: Some(words.url),
        has_html: true,
        source: words.summary,
    };
    [
        ("demo-mailbox", demo_mailbox::list(language, "ibp", &[line, line])),
        ("demo-mailbox-empty", demo_mailbox::list(language, "ibp", &[])),
        ("demo-mail", demo_mailbox::mail(language, &mail)),
    ]
}

fn problems(language: Language, imprint: Option<Imprint<'_>>) -> [(&'static str, Markup); 9] {
    [
        ("problem-400", Problem::BadRequest),
        ("problem-403", Problem::Forbidden),
        ("problem-404", Problem::NotFound),
        ("problem-404-link", Problem::BrokenLink),
        ("problem-405", Problem::Method),
        ("problem-410", Problem::Withdrawn),
        ("problem-429", Problem::TooMany { minutes: 12 }),
        ("problem-500", Problem::Internal { request_id: "4F2A-91C0" }),
        ("problem-503", Problem::Unavailable),
    ]
    .map(|(name, problem)| (name, problem::page(language, imprint, problem)))
}
