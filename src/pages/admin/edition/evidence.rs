//! The evidence of an edition, on one page to keep or to print: what was sent, by whose word, and what became of it.

use jiff::civil::DateTime;
use maud::{Markup, html};

use super::send::ledger;
use super::{Head, Tab};
use crate::domain::delivery::Counts;
use crate::domain::texts::{dates, deeds as told, desk as texts, desk_editions as words};
use crate::pages::admin::frame::{Desk, Place};
use crate::pages::admin::parts::{facts, table};
use crate::pages::admin::paths;

/// Everything on the page. Moments are on the newsletter's own clock.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    pub head: Head<'a>,
    pub content_hash: Option<&'a str>,
    pub approved: Option<(&'a str, DateTime)>,
    /// Why it went in spite of errors.
    pub override_reason: Option<&'a str>,
    pub edited: Option<(&'a str, DateTime)>,
    pub ordered_by: Option<&'a str>,
    pub started: Option<DateTime>,
    pub finished: Option<DateTime>,
    pub counts: Counts,
    pub audience: i64,
    /// Of this program.
    pub version: &'a str,
    /// When, by whom and to whom tests went.
    pub tests: &'a [(DateTime, &'a str, &'a str)],
    pub deeds: &'a [Deed<'a>],
}

/// Something that somebody did to the edition.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a> {
    pub at: DateTime,
    pub who: &'a str,
    /// Its name in the log.
    pub action: &'a str,
    pub detail: &'a str,
}

/// The page.
pub fn page(desk: &Desk<'_>, evidence: &Evidence<'_>) -> Markup {
    let language = desk.language;
    let head = &evidence.head;
    let title = words::evidence_title(language, head.number);
    let moment = |moment: Option<DateTime>| {
        html! { @match moment { Some(moment) => (dates::moment(language, moment)), None => "–" } }
    };
    let by_at = |fact: Option<(&str, DateTime)>| {
        html! {
            @match fact {
                Some((who, at)) => (words::evidence_by_at(language, told::actor(language, who), dates::moment(language, at))),
                None => "–",
            }
        }
    };
    let mut lines = vec![
        (texts::column_subject(language), html! { (head.subject) }),
        (words::evidence_hash(language), html! { code { (evidence.content_hash.unwrap_or("–")) } }),
        (words::evidence_assembled(language), moment(Some(head.assembled))),
        (words::evidence_edited(language), by_at(evidence.edited)),
        (words::evidence_approved(language), by_at(evidence.approved)),
    ];
    if let Some(reason) = evidence.override_reason {
        lines.push((words::evidence_override(language), html! { (reason) }));
    }
    lines.extend([
        (
            words::evidence_ordered(language),
            html! { (evidence.ordered_by.map_or_else(|| "–".to_owned(), |who| told::actor(language, who))) },
        ),
        (words::evidence_started(language), moment(evidence.started)),
        (words::evidence_finished(language), moment(evidence.finished)),
        (words::evidence_rule(language), html! { (words::evidence_rule_words(language)) }),
        (words::evidence_version(language), html! { (evidence.version) }),
    ]);
    desk.page(
        Place::Editions,
        &title,
        &html! {
            h1 { (title) }
            p.lead { (words::evidence_lead(language)) }
            (facts(&lines))
            h2 { (words::evidence_audience(language)) }
            (ledger(language, evidence.counts, evidence.audience))
            (history(desk, evidence))
            p.actions {
                a.btn.sec href=(paths::act(head.id, "evidence.json")) { (texts::result_evidence_json(language)) }
                a.btn.sec href=(paths::tab(head.id, Tab::Result)) { (texts::send_to_result(language)) }
            }
        },
    )
}

fn history(desk: &Desk<'_>, evidence: &Evidence<'_>) -> Markup {
    let language = desk.language;
    let columns = [
        texts::column_when(language),
        words::evidence_who(language),
        words::evidence_deed(language),
        words::evidence_detail(language),
    ];
    html! {
        @if !evidence.tests.is_empty() {
            h2 { (words::evidence_tests(language)) }
            ul.lines {
                @for (at, who, to) in evidence.tests {
                    li { (texts::check_tested(language, dates::moment(language, *at), to)) " (" (told::actor(language, who)) ")" }
                }
            }
        }
        @if !evidence.deeds.is_empty() {
            h2 { (words::evidence_history(language)) }
            (table(&words::evidence_history(language), &columns, &html! {
                @for deed in evidence.deeds {
                    tr {
                        td { (dates::moment(language, deed.at)) }
                        td { (told::actor(language, deed.who)) }
                        th scope="row" { (words::deed(language, deed.action)) }
                        td { (deed.detail) }
                    }
                }
            }))
        }
    }
}
