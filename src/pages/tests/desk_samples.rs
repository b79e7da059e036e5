//! One sample of every page of the desk, as an administrator and as a viewer see it.

use jiff::civil::{DateTime, date};
use maud::Markup;

use super::samples::{Words, newsletter};
use crate::domain::delivery::{Counts, DeliveryState, OnUnknown};
use crate::domain::edition::{Approval, EditionStatus};
use crate::domain::feedback::Channel;
use crate::domain::import::ImportState;
use crate::domain::language::Language;
use crate::domain::retention::Kept;
use crate::domain::role::Role;
use crate::domain::scope::Scope;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::suppression::SuppressionReason;
use crate::domain::webhook::Event;
use crate::pages::admin::edition::{self, Head, check, content, evidence, preview, result, send};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::passkey::PasskeyRequest;
use crate::pages::admin::settings::{feedback, form, schedule, sender, sources, system, users, webhooks};
use crate::pages::admin::sure::Question;
use crate::pages::admin::{
    Desk, FormFaults, NewsletterChoice, Place, Point, User, account, articles, editions, import, login, overview,
    person, reconfirm, retention, setup, subscribers, suppressions, sure,
};

/// Every page of the desk with the name of its sample.
pub fn all(language: Language, words: Words) -> Vec<(&'static str, Markup)> {
    let newsletters = [NewsletterChoice { slug: "ibp", title: words.title }; 2];
    let desk = Desk {
        language,
        house: words.organisation,
        user: User { name: words.person, role: Role::Admin },
        path: "/admin",
        newsletters: &newsletters,
        newsletter: "ibp",
        notice: Some(Notice::Saved),
    };
    let viewer = Desk {
        user: User { name: words.person, role: Role::Viewer },
        newsletters: &newsletters[..1],
        notice: None,
        ..desk
    };
    let mut pages = outside(language, words);
    pages.extend(overviews(&desk, words));
    pages.extend(editing(&desk, &viewer, words));
    pages.extend(checking(&desk, &viewer, words));
    pages.extend(sending(&desk, words));
    pages.extend(people(&desk, words));
    pages.extend(settings(&desk, &viewer, words));
    pages.extend(programs(&desk, words));
    pages
}

fn noon() -> DateTime {
    date(2026, 3, 1).at(12, 0, 0, 0)
}

fn head(words: Words, status: EditionStatus) -> Head<'static> {
    Head { id: 7, number: 5, subject: words.subject, status, assembled: noon(), version: 3, findings: 2 }
}

fn counts() -> Counts {
    Counts { queued: 592, sending: 8, accepted: 596, deferred: 5, rejected: 2, unknown: 1, ..Counts::default() }
}

fn points() -> [Point<'static>; 5] {
    [("januari", 980), ("maart", 1_020), ("juni", 1_090), ("september", 1_204), ("december", 1_187)]
        .map(|(label, value)| Point { label, value })
}

/// What a browser is told to make or use a passkey.
const PASSKEY: PasskeyRequest<'_> = PasskeyRequest {
    challenge: "Y2hhbGxlbmdl",
    site: "news.example.org",
    user: "dXNlcg",
    user_name: "\"",
    known: "b25l dHdv",
};

fn outside(language: Language, words: Words) -> Vec<(&'static str, Markup)> {
    let sign_in = login::Login { language, email: "", next: "/admin", typed: "", refusal: None, provider: None };
    let fault = [("password", words.about)];
    let again = login::Login {
        email: words.email,
        refusal: Some(login::Refusal::Wrong),
        provider: Some(words.organisation),
        ..sign_in
    };
    let admin = setup::FirstAdmin { email: words.email, faults: FormFaults(&fault), ..setup::FirstAdmin::default() };
    vec![
        ("desk-login", login::page(&sign_in)),
        ("desk-login-wrong", login::page(&again)),
        ("desk-login-code", login::code(language, ("/admin", ""), None, Some(login::WrongStep::Code))),
        (
            "desk-login-passkey",
            login::code(language, ("/admin", "subject=x"), Some(&PASSKEY), Some(login::WrongStep::Passkey)),
        ),
        ("desk-login-provider", login::to_provider(language, words.organisation, "https://id.example.org/?a=\"b")),
        ("desk-forgotten", login::forgotten(language, "", FormFaults::default())),
        ("desk-forgotten-sent", login::forgotten_sent(language)),
        ("desk-password", login::password(language, "K3", words.email, Some(words.person), FormFaults(&fault))),
        ("desk-setup", setup::first(language, &admin)),
    ]
}

fn overviews(desk: &Desk<'_>, words: Words) -> Vec<(&'static str, Markup)> {
    let (edition, number, subject) = (7, 5, words.subject);
    let tasks = [
        overview::Task::Draft { edition, number, subject, warnings: 2, errors: 1 },
        overview::Task::Approved { edition, number, subject },
        overview::Task::Scheduled { edition, number, at: noon() },
        overview::Task::Sending { edition, number, done: 612, total: 1_204 },
        overview::Task::Paused { edition, number, reason: words.about },
        overview::Task::Unknown { edition, number, count: 1 },
        overview::Task::Source { title: words.organisation, error: words.about },
        overview::Task::Unread { count: 3 },
        overview::Task::NoMailServer,
        overview::Task::NoSource,
        overview::Task::NoReaders,
        overview::Task::NeverChecked,
        overview::Task::Faults { count: 2 },
        overview::Task::Setup,
    ];
    let figures = overview::Figures {
        confirmed: 1_204,
        joined: 38,
        left: 9,
        pending: 11,
        confirmations: [31, 22, 20],
        next_draft: Some(noon()),
        last: Some((date(2025, 12, 2), 1_171)),
        checked: Some(noon()),
        system_attention: 2,
        growth: &points(),
    };
    let quiet =
        overview::Figures { next_draft: None, last: None, system_attention: 0, growth: &points()[..1], ..figures };
    vec![
        ("desk-overview", overview::page(desk, &tasks, &figures)),
        ("desk-overview-quiet", overview::page(desk, &[], &quiet)),
    ]
}

fn editing(desk: &Desk<'_>, viewer: &Desk<'_>, words: Words) -> Vec<(&'static str, Markup)> {
    let lines = [EditionStatus::Draft, EditionStatus::Sent, EditionStatus::Cancelled].map(|status| editions::Line {
        id: 7,
        number: 5,
        subject: words.subject,
        status,
        moment: noon(),
        accepted: 1_171,
        audience: 1_180,
    });
    let items = [11, 12, 13].map(|article| content::Item { article, title: words.article, summary: words.summary });
    let available = [content::Available { article: 14, title: words.article }];
    let sections = [
        content::Section {
            key: "blogs",
            title: words.section,
            with_summaries: true,
            items: &items[..2],
            available: &[],
        },
        content::Section {
            key: "news",
            title: words.section,
            with_summaries: false,
            items: &items[2..],
            available: &available,
        },
    ];
    let promo = content::Promo {
        shown: true,
        heading: words.section,
        title: words.article,
        text: words.summary,
        url: words.url,
        button: words.section,
    };
    let changed = [(words.section, words.subject, words.article)];
    let fault = [("subject", words.about)];
    let unread = [words.about];
    let draft = content::Content {
        head: head(words, EditionStatus::Draft),
        subject: words.subject,
        preheader: words.summary,
        intro: words.about,
        unread: &unread,
        sections: &sections,
        promo: Some(promo),
        saved: noon(),
        conflict: None,
        pressed: Some(("up", 12)),
        unsaved: false,
        faults: FormFaults::default(),
    };
    let conflict = Some(content::Conflict { who: words.person, when: noon(), fields: &changed });
    let contested = content::Content { conflict, faults: FormFaults(&fault), ..draft };
    let sections = [articles::SectionChoice { key: "blogs", title: words.section }];
    let lines_of_articles = [(false, None), (true, None), (false, Some(4))].map(|(hidden, sent_in)| articles::Line {
        id: 11,
        section: "blogs",
        title: words.article,
        url: words.url,
        source: (!hidden).then_some(words.organisation),
        published: date(2026, 2, 11),
        hidden,
        withdrawn: false,
        sent_in,
    });
    let form = articles::Form {
        id: Some(11),
        edition: None,
        sections: &sections,
        section: "blogs",
        title: words.article,
        url: words.url,
        summary: words.summary,
        unsaved: false,
        faults: FormFaults::default(),
    };
    let faults = FormFaults(&[("url", "?")]);
    vec![
        ("desk-editions", editions::page(desk, &lines, true, Some("NEXT"))),
        ("desk-editions-empty", editions::page(viewer, &[], true, None)),
        ("desk-content", content::page(desk, &draft)),
        ("desk-content-conflict", content::page(desk, &contested)),
        ("desk-content-viewer", content::page(viewer, &draft)),
        ("desk-articles", articles::list(desk, &sections, "blogs", &lines_of_articles, Some("NEXT"))),
        ("desk-articles-viewer", articles::list(viewer, &sections, "", &lines_of_articles, None)),
        ("desk-article", articles::form(desk, &form)),
        ("desk-article-new", articles::form(desk, &articles::Form { id: None, edition: Some(7), faults, ..form })),
    ]
}

fn checking(desk: &Desk<'_>, viewer: &Desk<'_>, words: Words) -> Vec<(&'static str, Markup)> {
    let findings = [check::Severity::Good, check::Severity::Warning, check::Severity::Error].map(|severity| {
        check::Finding { check: "P13", severity, message: words.about, fix: Some("/admin/editions/7/content") }
    });
    let changed = [(words.section, words.subject, words.article)];
    let tests = [true, false].map(|current| check::Test { at: noon(), to: words.masked, current });
    let draft = check::Check {
        head: head(words, EditionStatus::Draft),
        findings: &findings,
        notes: &[words.about],
        tests: &tests,
        changes: Some(&changed),
        key: "01J",
        test_to: words.email,
        four_eyes: None,
        approved: None,
        reason: "",
        faults: FormFaults::default(),
    };
    let fault = [("override", words.about)];
    let faulty = check::Check { reason: words.summary, faults: FormFaults(&fault), ..draft };
    let approved =
        check::Check { head: head(words, EditionStatus::Approved), approved: Some((words.person, noon())), ..draft };
    let shown = preview::Preview {
        head: head(words, EditionStatus::Draft),
        view: preview::View::Phone,
        text: words.about,
        headers: words.summary,
        subscriber: words.email,
        subscriber_id: Some(3),
        faults: FormFaults::default(),
    };
    vec![
        ("desk-check", check::page(desk, &draft)),
        ("desk-check-fault", check::page(desk, &faulty)),
        ("desk-check-viewer", check::page(viewer, &draft)),
        ("desk-check-four-eyes", check::page(desk, &check::Check { four_eyes: Some(words.person), ..draft })),
        ("desk-check-approved", check::page(desk, &approved)),
        ("desk-preview", preview::page(desk, &shown)),
        ("desk-preview-text", preview::page(desk, &preview::Preview { view: preview::View::Text, ..shown })),
        ("desk-preview-headers", preview::page(viewer, &preview::Preview { view: preview::View::Headers, ..shown })),
    ]
}

fn sending(desk: &Desk<'_>, words: Words) -> Vec<(&'static str, Markup)> {
    let page = |status, stage| send::page(desk, &send::Send { head: head(words, status), stage });
    let fault = [("recipients", words.about)];
    let order = send::Order {
        from: words.organisation,
        audience: 1_204,
        first_line: words.subject,
        last_line: words.street,
        warnings: &[words.about],
        key: "01J",
        zone: "Europe/Amsterdam",
        hold_minutes: 5,
        later: true,
        date: "2026-03-03",
        time: "09:30",
        moment: Some((noon(), noon())),
        typed_number: "12",
        faults: FormFaults(&fault),
    };
    let (counts, audience) = (counts(), 1_204);
    let pace = Some(send::Pace { per_minute: 100, minutes_left: 6 });
    let waiting =
        |seconds_left| send::Stage::Waiting { at: noon(), utc: noon(), seconds_left, audience, from: words.title };
    let domains = [result::DomainLine { domain: "gemeente-voorbeeld.example", counts, reason: Some(words.about) }];
    let recipients = [Some(words.email), None].map(|email| result::Recipient {
        email,
        state: DeliveryState::Rejected,
        moment: Some(noon()),
        reason: Some(words.about),
        reply: Some(words.summary),
    });
    let report = result::Report {
        head: head(words, EditionStatus::Sent),
        counts,
        audience,
        undecided: 1,
        may_repeat: true,
        started: Some(noon()),
        finished: Some(noon()),
        domains: &domains,
        recipients: &recipients,
        filter: Some(DeliveryState::Rejected),
        more: Some("NEXT"),
        pace: &points(),
        withdrawn: false,
    };
    let deeds = [evidence::Deed { at: noon(), who: words.person, action: "edition.approve", detail: words.about }];
    let proof = evidence::Evidence {
        head: head(words, EditionStatus::Sent),
        content_hash: Some("9f86d081884c7d65"),
        approved: Some((words.person, noon())),
        override_reason: Some(words.about),
        edited: Some((words.person, noon())),
        ordered_by: Some(words.person),
        started: Some(noon()),
        finished: Some(noon()),
        counts,
        audience,
        version: "0.1.0",
        tests: &[(noon(), words.person, words.email)],
        deeds: &deeds,
    };
    vec![
        ("desk-send-draft", page(EditionStatus::Draft, send::Stage::NotApproved)),
        ("desk-send", page(EditionStatus::Approved, send::Stage::Ready(order))),
        ("desk-send-hold", page(EditionStatus::Scheduled, waiting(Some(252)))),
        ("desk-send-planned", page(EditionStatus::Scheduled, waiting(None))),
        (
            "desk-send-running",
            page(
                EditionStatus::Sending,
                send::Stage::Running { counts, audience, pace, standstill: Some(words.about) },
            ),
        ),
        (
            "desk-send-paused",
            page(EditionStatus::Paused, send::Stage::Paused { counts, audience, reason: words.about }),
        ),
        ("desk-send-sent", page(EditionStatus::Sent, send::Stage::Sent)),
        ("desk-send-cancelled", page(EditionStatus::Cancelled, send::Stage::Cancelled)),
        ("desk-result", result::page(desk, &report)),
        ("desk-evidence", evidence::page(desk, &proof)),
        ("desk-result-none", result::page(desk, &result::Report { started: None, ..report })),
        ("desk-result-withdrawn", result::page(desk, &result::Report { withdrawn: true, ..report })),
    ]
}

fn people(desk: &Desk<'_>, words: Words) -> Vec<(&'static str, Markup)> {
    let lines = [SubscriptionStatus::Confirmed, SubscriptionStatus::Complained].map(|status| subscribers::Line {
        id: 3,
        email: words.email,
        status,
        language: Language::En,
        since: date(2025, 3, 12),
        wants_back: status == SubscriptionStatus::Complained,
    });
    let found = subscribers::Found {
        query: words.email,
        status: Some(SubscriptionStatus::Confirmed),
        total: 2,
        people: &lines,
        more: Some("NEXT"),
    };
    let fault = [("evidence", words.about)];
    let addition = subscribers::Addition {
        email: words.email,
        language: Language::Nl,
        evidence: words.summary,
        faults: FormFaults(&fault),
    };
    let subscriptions = [SubscriptionStatus::Confirmed, SubscriptionStatus::Pending].map(|status| {
        let slug = status.as_str();
        person::Subscription {
            slug,
            title: words.title,
            status,
            requested: noon(),
            confirmed: Some(noon()),
            ended: None,
        }
    });
    let somebody = person::Person {
        id: 3,
        email: words.email,
        language: Language::En,
        subscriptions: &subscriptions,
        history: &[person::Event { at: noon(), what: words.about, shown: Some(words.summary) }],
        deliveries: &[person::Delivery {
            edition: 7,
            number: 5,
            subject: words.subject,
            state: DeliveryState::Accepted,
        }],
        suppressed: Some(words.about),
        refused: Some(words.about),
    };
    let outcome = import::Outcome {
        rows: 1_204,
        imported: 1_150,
        unchanged: 9,
        suppressed: 41,
        rejected: 4,
        first_faults: &[(17, words.about)],
        warning: Some(words.about),
    };
    let earlier = [ImportState::Done, ImportState::Running, ImportState::Undone].map(|state| import::Earlier {
        batch: "7",
        at: noon(),
        origin: words.subject,
        imported: 1_150,
        state,
    });
    let line = suppressions::Line {
        email: Some(words.email),
        reason: SuppressionReason::Complained,
        note: Some(words.about),
        since: noon().date(),
    };
    let lines = [line, suppressions::Line { email: None, note: None, ..line }];
    let blocked = suppressions::Blocked {
        total: 2,
        lines: &lines,
        more: Some("2"),
        add: words.email,
        remove: words.email,
        faults: FormFaults(&[("add", words.about), ("remove", words.about)]),
    };
    let register: Vec<_> = Kept::ALL
        .iter()
        .map(|kept| retention::Line { kept: *kept, days: Some(30), forgotten: 12, last: Some(noon().date()) })
        .chain([retention::Line { kept: Kept::Audit, days: None, forgotten: 0, last: None }])
        .collect();
    let list = import::List { batch: "B1", report: "/admin/import/B1/report", origin: words.title };
    let session = account::Session { since: noon(), seen: noon(), this_one: true };
    let sessions = [session, account::Session { this_one: false, ..session }];
    let keys = [("b25l", words.section, None), ("dHdv", words.person, Some(noon()))];
    let keys = keys.map(|(id, name, used)| account::Passkey { id, name, made: noon(), used });
    let passkeys = account::Passkeys { possible: true, all: &keys, making: None, name: "" };
    let plain = account::Account {
        second_step: account::SecondStep::Off,
        passkeys: account::Passkeys { possible: false, all: &[], ..passkeys },
        recovery: &[],
        asks_password: true,
        sessions: &sessions,
        faults: FormFaults::default(),
    };
    let codes = [words.summary.to_owned()];
    let own = |account: account::Account<'_>| account::page(desk, &account);
    let begun = account::SecondStep::Begun { secret: words.summary, uri: "otpauth://totp/x" };
    let making = account::Passkeys { making: Some(PASSKEY), name: words.section, ..passkeys };
    let faults = [("password-1", words.about), ("passkey_name", words.about)];
    vec![
        ("desk-subscribers", subscribers::list(desk, &found)),
        ("desk-subscriber-new", subscribers::add(desk, &addition)),
        ("desk-person", person::page(desk, &somebody)),
        ("desk-import", import::form(desk, words.about, FormFaults(&[("file", words.about)]), &earlier)),
        ("desk-import-undone", import::undone(desk, 1_204, 41)),
        ("desk-suppressions", suppressions::page(desk, &blocked)),
        ("desk-retention", retention::page(desk, &register)),
        ("desk-import-dry", import::dry_run(desk, "B1", &outcome)),
        ("desk-import-done", import::done(desk, &[list, list], &outcome)),
        ("desk-account", own(plain)),
        ("desk-account-begun", own(account::Account { second_step: begun, asks_password: false, ..plain })),
        ("desk-account-new", own(account::Account { second_step: account::SecondStep::On, recovery: &codes, ..plain })),
        ("desk-account-passkeys", own(account::Account { passkeys, ..plain })),
        ("desk-account-passkey", own(account::Account { passkeys: making, faults: FormFaults(&faults), ..plain })),
        ("desk-account-on", own(account::Account { second_step: account::SecondStep::On, ..plain })),
    ]
}

fn settings(desk: &Desk<'_>, viewer: &Desk<'_>, words: Words) -> Vec<(&'static str, Markup)> {
    let none = FormFaults::default();
    let fault = [("from", words.about)];
    let from = sender::Sender {
        from: words.organisation,
        reply_to: words.email,
        organisation: words.organisation,
        postal_address: words.street,
        privacy_url: words.url,
    };
    let records = [
        sender::RecordState::Fine,
        sender::RecordState::Missing,
        sender::RecordState::Different { found: words.summary },
        sender::RecordState::NotChecked,
    ]
    .map(|state| sender::Record { name: "nb2026._domainkey", kind: "TXT", value: words.about, state });
    let failed = Some(sender::SmtpTest::Failed { dialogue: words.about });
    let smtp = sender::Smtp { server: Some("smtp.example.net:587"), test: failed };
    let sections = [articles::SectionChoice { key: "blogs", title: words.section }];
    let listed = [0, 3].map(|failures| sources::Source {
        id: 1,
        title: words.organisation,
        url: words.url,
        section: words.section,
        articles: 13,
        last_success: Some(noon()),
        failures,
        last_error: Some(words.about),
        gap: Some(words.about),
    });
    let found = Some(sources::Found { title: words.title, items: &[(words.article, words.url)] });
    let addition = sources::Addition { url: words.url, section: "blogs", allow_private: false, found };
    let when = schedule::Schedule {
        rule: "0 9 1 3,6,9,12 *",
        zone: "Europe/Amsterdam",
        review_days: "7",
        approval: Approval::Required,
        min_articles: "1",
        max_per_year: "4",
        notify: words.email,
        on_unknown: OnUnknown::Repeat,
        four_eyes: true,
        test_required: true,
        coming: &[(noon(), noon())],
    };
    let promo = content::Promo {
        shown: false,
        heading: words.section,
        title: words.article,
        text: words.summary,
        url: words.url,
        button: words.section,
    };
    let texts = form::Texts {
        title: words.title,
        description: words.about,
        language: Language::Nl,
        archive_indexed: true,
        promo,
        look: form::Look { logo: words.url, alt: words.title, ..form::Look::default() },
    };
    let public = newsletter(Language::Nl, words);
    let points = [system::PointState::Fine, system::PointState::Wrong, system::PointState::Attention]
        .map(|state| system::Point { check: "spf.include", state, message: words.about, advice: Some(words.summary) });
    let house = system::System {
        version: "0.1.0",
        checked: Some(noon()),
        points: &points,
        log: &[system::Deed { at: noon(), who: words.person, what: words.about }],
        more: Some("NEXT"),
        kept: &[(words.section, words.about)],
    };
    let step = |step: setup::Step<'_>| setup::step(desk, &step, none);
    vec![
        ("desk-sender", sender::tab(desk, &from, &smtp, &records, FormFaults(&fault))),
        ("desk-sender-viewer", sender::tab(viewer, &from, &sender::Smtp::default(), &[], none)),
        ("desk-sources", sources::tab(desk, &listed, &sections, &addition, &when, none)),
        ("desk-form", form::tab(desk, &texts, &public, "https://nieuws.example.nl", none)),
        ("desk-users", users_tab(desk, words, Some("pd_7K3M9QXA2H4VB6TD8EFG"))),
        ("desk-users-viewer", users_tab(viewer, words, None)),
        ("desk-system", system::tab(desk, &house)),
        ("desk-setup-2", step(setup::Step::Newsletter { slug: "ibp", texts, sender: from })),
        ("desk-setup-3", step(setup::Step::Mail { smtp, records: &records })),
        ("desk-setup-4", step(setup::Step::Sources { sources: &listed, sections: &sections, addition })),
        ("desk-setup-5", step(setup::Step::Schedule { when, newsletter: &public, base: "https://nieuws.example.nl" })),
    ]
}

fn programs(desk: &Desk<'_>, words: Words) -> Vec<(&'static str, Markup)> {
    use webhooks::TellingOutcome::{Arrived, GivenUp, Waits};
    let mail = feedback::Unread {
        id: 3,
        at: noon(),
        edition: 7,
        number: 5,
        email: Some(words.email),
        channel: Channel::Mailbox,
        subject: words.about,
        words: words.summary,
    };
    let mails = [mail, feedback::Unread { id: 2, email: None, subject: "", words: "", ..mail }];
    let told = [(Arrived, Some("200")), (Waits, Some(words.about)), (GivenUp, None)].map(|(outcome, answer)| {
        webhooks::Telling { id: 4, event: "edition.completed", outcome, attempts: 3, answer, at: noon() }
    });
    let webhook = webhooks::Webhook {
        id: 1,
        url: words.url,
        host: "hooks.example.org",
        events: &["edition.completed"],
        since: noon(),
        off: None,
        last: Some(told[1]),
    };
    let gone = webhooks::Webhook { id: 2, events: &[], off: Some("it answered 410 Gone"), last: None, ..webhook };
    let all = webhooks::Webhooks {
        all: &[webhook, gone],
        secret: Some(("hooks.example.org", "whsec_x")),
        url: words.url,
        events: &[Event::EditionCompleted],
        faults: FormFaults(&[("url", words.about)]),
    };
    let asking = reconfirm::Reconfirm {
        months: "18",
        numbers: Some((1_204, 3)),
        answer_days: 30,
        faults: FormFaults::default(),
    };
    let never = reconfirm::Reconfirm { numbers: None, faults: FormFaults(&[("months", words.about)]), ..asking };
    let question = Question {
        place: Place::Subscribers,
        title: words.about,
        what: &[words.summary.to_owned(), words.about.to_owned()],
        action: "/admin/subscribers/7",
        fields: &[("action", "erase")],
        button: words.section,
        back: "/admin/subscribers/7",
    };
    vec![
        ("desk-feedback", feedback::tab(desk, 21, &mails, Some("2"))),
        ("desk-feedback-none", feedback::tab(desk, 0, &[], None)),
        ("desk-webhooks", webhooks::tab(desk, &all)),
        ("desk-webhook", webhooks::log(desk, &webhook, &told, Some("4"))),
        ("desk-reconfirm", reconfirm::page(desk, &asking)),
        ("desk-reconfirm-never", reconfirm::page(desk, &never)),
        ("desk-sure", sure::page(desk, &question)),
    ]
}

fn users_tab(desk: &Desk<'_>, words: Words, new_token: Option<&str>) -> Markup {
    let people = [users::UserStanding::Active, users::UserStanding::Invited, users::UserStanding::Disabled];
    let people: Vec<_> = people
        .into_iter()
        .zip(1..)
        .map(|(standing, id)| users::UserLine {
            id,
            name: words.person,
            email: words.email,
            role: Role::Editor,
            standing,
            second_factor: id == 1,
            last_seen: Some(noon()),
        })
        .collect();
    let token = users::TokenLine {
        id: 1,
        name: words.section,
        role: Role::Editor,
        scopes: &[Scope::EditionsRead, Scope::EditionsSend],
        expires: None,
        last_used: None,
    };
    let faults = FormFaults::default();
    users::tab(
        desk,
        &users::Users {
            users: &people,
            tokens: &[token],
            new_token,
            email: words.email,
            token_name: words.section,
            token_expires: "2027-01-01",
            scopes: &[Scope::EditionsRead],
            faults,
        },
    )
}

/// Every tab has an address of its own.
#[test]
fn every_tab_of_an_edition_has_an_address_of_its_own() {
    let segments: std::collections::HashSet<_> = edition::Tab::ALL.map(edition::Tab::segment).into();
    assert_eq!(segments.len(), edition::Tab::ALL.len());
}
