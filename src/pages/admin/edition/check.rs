//! Tab Check: what is good, what asks for attention, what is wrong; test mails; approval.

use jiff::civil::DateTime;
use maud::{Markup, html};

use super::{Head, Tab};
use crate::domain::edition::EditionStatus;
use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::texts::{dates, desk as texts, desk_editions as words};
use crate::pages::admin::frame::{Desk, Place};
use crate::pages::admin::parts::{Field, FormFaults, Kind, Tone, checkbox, press, table, tag};
use crate::pages::admin::paths;
use crate::pages::components::hidden;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Stops the approval.
    Error,
    /// Must be seen.
    Warning,
    Good,
}

/// One point of the check.
#[derive(Clone, Copy, Debug)]
pub struct Finding<'a> {
    /// Its number in the docs, such as `P13`.
    pub check: &'a str,
    pub severity: Severity,
    pub message: &'a str,
    /// Where it can be mended.
    pub fix: Option<&'a str>,
}

/// A test mail that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Test<'a> {
    pub at: DateTime,
    pub to: &'a str,
    /// Nothing has changed since.
    pub current: bool,
}

/// Everything on the tab.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    pub head: Head<'a>,
    pub findings: &'a [Finding<'a>],
    /// What could not be looked at, and what is worth knowing.
    pub notes: &'a [&'a str],
    pub tests: &'a [Test<'a>],
    /// What changed since the last test: the field, what the test said, what it says now. `None` while nothing did.
    pub changes: Option<&'a [(&'a str, &'a str, &'a str)]>,
    /// Makes a second press of the button for a test the same press.
    pub key: &'a str,
    /// Proposed or typed addresses for a test mail.
    pub test_to: &'a str,
    /// Two persons are asked for, and this one changed it last.
    pub four_eyes: Option<&'a str>,
    pub approved: Option<(&'a str, DateTime)>,
    /// A reason that was typed.
    pub reason: &'a str,
    pub faults: FormFaults<'a>,
}

/// The page.
pub fn page(desk: &Desk<'_>, check: &Check<'_>) -> Markup {
    let language = desk.language;
    let head = &check.head;
    let count = |severity| check.findings.iter().filter(|finding| finding.severity == severity).count();
    let (good, warnings, errors) = (count(Severity::Good), count(Severity::Warning), count(Severity::Error));
    let title = head.title(language, Tab::Check);
    desk.faulty_page(
        Place::Editions,
        &title,
        check.faults,
        &html! {
            (head.render(language, Tab::Check))
            div.row {
                p role="status" { strong { (texts::check_sum(language, good, warnings, errors)) } }
                a.btn.sec href=(paths::tab(head.id, Tab::Check)) { (texts::check_again(language)) }
            }
            (findings(language, check.findings))
            @if !check.notes.is_empty() { ul.hint { @for note in check.notes { li { (note) } } } }
            @if head.is_open() && desk.may(Role::Editor) { (tests(language, check)) }
            h2 { (texts::check_approve(language)) }
            @if let Some((who, when)) = check.approved {
                p { (texts::check_approved_by(language, who, dates::moment(language, when))) }
                @if head.is_open() && desk.may(Role::Editor) {
                    div.actions {
                        a.btn href=(paths::tab(head.id, Tab::Send)) { (texts::task_approved_button(language)) }
                        (press(&paths::act(head.id, "reopen"), "sec", &texts::check_reopen(language), &[]))
                    }
                }
            } @else if head.status == EditionStatus::Draft && desk.may(Role::Editor) {
                (approval(desk, check, warnings, errors))
            }
        },
    )
}

fn findings(language: Language, findings: &[Finding<'_>]) -> Markup {
    let columns = [texts::column_status(language), texts::check_findings(language), texts::check_fix(language)];
    let mut sorted: Vec<_> = findings.iter().collect();
    sorted.sort_by_key(|finding| match finding.severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Good => 2,
    });
    table(
        &texts::check_findings(language),
        &columns,
        &html! {
            @for finding in sorted {
                tr {
                    td {
                        @match finding.severity {
                            Severity::Error => (tag(Tone::Bad, &texts::check_error(language))),
                            Severity::Warning => (tag(Tone::Attention, &texts::check_warning(language))),
                            Severity::Good => (tag(Tone::Good, &texts::check_good(language))),
                        }
                    }
                    td data-check=(finding.check) { (finding.message) }
                    td {
                        @if let Some(path) = finding.fix.filter(|_| finding.severity != Severity::Good) {
                            a href=(path) aria-label=(texts::check_fix_label(language, finding.message)) {
                                (texts::check_fix(language))
                            }
                        }
                    }
                }
            }
        },
    )
}

fn tests(language: Language, check: &Check<'_>) -> Markup {
    html! {
        h2 { (texts::check_test(language)) }
        @if !check.tests.is_empty() {
            ul.lines {
                @for test in check.tests {
                    li.row {
                        span { (texts::check_tested(language, dates::moment(language, test.at), test.to)) }
                        @if test.current { (tag(Tone::Good, &texts::check_tested_current(language))) }
                        @else { (tag(Tone::Attention, &texts::check_tested_old(language))) }
                    }
                }
            }
        }
        @if let Some(changes) = check.changes { (changed(language, changes)) }
        form method="post" action=(paths::act(check.head.id, "test")) novalidate {
            (hidden("key", check.key))
            (Field::line("to", &texts::check_test_to(language), check.test_to)
                .hint(&texts::check_test_hint(language)).render(language, check.faults))
            p.actions { button.btn.sec type="submit" { (texts::check_test_button(language)) } }
        }
    }
}

fn changed(language: Language, changes: &[(&str, &str, &str)]) -> Markup {
    let columns = [texts::conflict_field(language), words::column_before(language), words::column_now(language)];
    html! {
        details open {
            summary { (words::changed_since_test(language)) }
            @if changes.is_empty() { p { (words::changed_elsewhere(language)) } }
            @else {
                (table(&words::changed_since_test(language), &columns, &html! {
                    @for (field, before, now) in changes {
                        tr { th scope="row" { (field) } td { del { (before) } } td { ins { (now) } } }
                    }
                }))
            }
        }
    }
}

/// Errors stop it, unless an administrator gives a reason that is kept; warnings must be seen.
fn approval(desk: &Desk<'_>, check: &Check<'_>, warnings: usize, errors: usize) -> Markup {
    let language = desk.language;
    let may_override = desk.may(Role::Admin);
    html! {
        @if let Some(who) = check.four_eyes {
            p.note.attention { (texts::check_four_eyes(language, who)) }
        } @else if errors > 0 && !may_override {
            p.note.attention { (texts::check_blocked(language)) }
        } @else {
            p { (texts::check_approve_hint(language)) }
            form method="post" action=(paths::act(check.head.id, "approve")) novalidate {
                (hidden("version", &check.head.version.to_string()))
                @if warnings > 0 {
                    @if let Some(message) = check.faults.of("seen") { p.fault { (message) } }
                    (checkbox("seen", false, &texts::check_seen(language)))
                }
                @if errors > 0 {
                    p.note.attention { (texts::check_blocked(language)) }
                    (Field::line("override", &texts::check_override(language), check.reason)
                        .hint(&texts::check_override_hint(language)).kind(Kind::Text { rows: 2 })
                        .render(language, check.faults))
                }
                p.actions { button.btn type="submit" { (texts::check_approve(language)) } }
            }
        }
    }
}
