//! Sender and DNS: who the newsletter is from, and the records that make mail servers believe it.

use maud::{Markup, html};

use super::{SettingsTab, form, page};
use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::texts::{desk as desk_texts, desk_settings as texts};
use crate::pages::admin::frame::Desk;
use crate::pages::admin::parts::{Field, FormFaults, Kind, Tone, copyable, press, tag};
use crate::pages::admin::paths;

/// Who the newsletter is from, as stored or typed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sender<'a> {
    /// `Name <address>`.
    pub from: &'a str,
    pub reply_to: &'a str,
    pub organisation: &'a str,
    pub postal_address: &'a str,
    pub privacy_url: &'a str,
}

/// One DNS record to set, and what was found.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub name: &'a str,
    /// `TXT`, `MX` …
    pub kind: &'a str,
    pub value: &'a str,
    pub state: RecordState<'a>,
}

/// What a look into the DNS gave.
#[derive(Clone, Copy, Debug)]
pub enum RecordState<'a> {
    Fine,
    Missing,
    Different { found: &'a str },
    NotChecked,
}

/// The mail server in use, and what came of the last test.
#[derive(Clone, Copy, Debug, Default)]
pub struct Smtp<'a> {
    /// Host and port; `None` while none is set.
    pub server: Option<&'a str>,
    pub test: Option<SmtpTest<'a>>,
}

/// What came of a test mail.
#[derive(Clone, Copy, Debug)]
pub enum SmtpTest<'a> {
    Accepted,
    /// The conversation, without the password.
    Failed {
        dialogue: &'a str,
    },
}

/// The tab.
pub fn tab(
    desk: &Desk<'_>,
    sender: &Sender<'_>,
    smtp: &Smtp<'_>,
    records: &[Record<'_>],
    faults: FormFaults<'_>,
) -> Markup {
    let language = desk.language;
    let may = desk.may(Role::Admin);
    page(
        desk,
        SettingsTab::Sender,
        faults,
        &html! {
            (form(desk, SettingsTab::Sender, "sender", !faults.is_empty(), &fields(language, sender, faults)))
            h2 { (texts::smtp_title(language)) }
            (mail_server(language, smtp, may))
            h2 { (texts::dns_title(language)) }
            @if may {
                (press(&paths::settings(SettingsTab::Sender.segment()), "sec", &texts::system_look_now(language), &[("what", "examine")]))
            }
            (dns(language, records))
        },
    )
}

/// The fields about the sender, which the wizard shows as well.
pub(in crate::pages::admin) fn fields(language: Language, sender: &Sender<'_>, faults: FormFaults<'_>) -> Markup {
    html! {
        (Field::line("from", &texts::sender_from(language), sender.from)
            .hint(&texts::sender_from_hint(language)).render(language, faults))
        (Field::line("reply_to", &texts::sender_reply_to(language), sender.reply_to)
            .hint(&texts::sender_reply_to_hint(language)).optional().render(language, faults))
        (Field::line("organisation", &texts::sender_organisation(language), sender.organisation).render(language, faults))
        (Field::line("postal_address", &texts::sender_address(language), sender.postal_address)
            .hint(&texts::sender_address_hint(language)).render(language, faults))
        (Field::line("privacy_url", &texts::sender_privacy(language), sender.privacy_url)
            .kind(Kind::Url).optional().render(language, faults))
    }
}

/// The mail server with its test, which the wizard shows as well.
pub(in crate::pages::admin) fn mail_server(language: Language, smtp: &Smtp<'_>, may: bool) -> Markup {
    let action = paths::settings(SettingsTab::Sender.segment());
    html! {
        @match smtp.server {
            None => p.note.attention { (texts::smtp_none(language)) },
            Some(server) => {
                p { (texts::smtp_server(language, server)) }
                @if may { (press(&action, "sec", &texts::smtp_test(language), &[("what", "test")])) }
            }
        }
        @match smtp.test {
            None => {}
            Some(SmtpTest::Accepted) => p.good role="status" { (texts::smtp_fine(language)) },
            Some(SmtpTest::Failed { dialogue }) => {
                div.note.attention role="alert" {
                    p { (texts::smtp_failed(language)) }
                    pre.mail tabindex="0" { (dialogue) }
                }
            }
        }
    }
}

/// The records to paste, which the wizard shows as well.
pub(in crate::pages::admin) fn dns(language: Language, records: &[Record<'_>]) -> Markup {
    html! {
        @if records.is_empty() { p.note.attention { (texts::dns_none(language)) } }
        @else {
            p { (texts::dns_body(language)) }
            ul.cards {
                @for (place, record) in records.iter().enumerate() {
                    li {
                        div.row { strong { (record.kind) " " (record.name) } (found(language, record.state)) }
                        (copyable(language, &format!("record-{place}"), record.value))
                        @if let RecordState::Different { found } = record.state {
                            p { (texts::dns_found(language)) ":" }
                            pre.mail tabindex="0" { (found) }
                        }
                    }
                }
            }
        }
    }
}

fn found(language: Language, state: RecordState<'_>) -> Markup {
    match state {
        RecordState::Fine => tag(Tone::Good, &desk_texts::check_good(language)),
        RecordState::Missing => tag(Tone::Bad, &texts::dns_nothing(language)),
        RecordState::Different { .. } => tag(Tone::Bad, &desk_texts::check_error(language)),
        RecordState::NotChecked => tag(Tone::Plain, &texts::dns_not_checked(language)),
    }
}
