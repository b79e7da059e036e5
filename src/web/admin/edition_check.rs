//! Tab Check: what the check finds, test mails, and the yes of somebody who has seen it.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};

use super::desk;
use super::editions::{head, open};
use super::visit::Visit;
use crate::domain::address::EmailAddress;
use crate::domain::edition::EditionStatus;
use crate::domain::edition_content::EditionContent;
use crate::domain::language::Language;
use crate::domain::preflight::{Preflight, Severity};
use crate::domain::role::Role;
use crate::domain::texts::said::said;
use crate::domain::texts::{desk as texts, desk_editions as words, numbers, sending};
use crate::domain::token::hex;
use crate::flows::approve::{ApprovalError, Approver, approve};
use crate::flows::edition_content::{Contents, Rendering, contents};
use crate::flows::preflight::preflight_in;
use crate::flows::{FlowError, publish, try_out};
use crate::pages::admin::edition::Tab;
use crate::pages::admin::edition::check::{self as shown, Check, Finding, Test};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::{FormFaults, paths};
use crate::store::edition_tests::{self, EditionTestRow};
use crate::store::editions::{self, EditionRow};
use crate::web::Web;
use crate::web::body::Fields;
use crate::web::problem::Problem;

desk! {
    "/admin/editions/{id}/check": get Viewer show;
    "/admin/editions/{id}/test": post Editor test;
    "/admin/editions/{id}/approve": post Editor yes;
}

/// Addresses of one test.
const MOST_TESTS: usize = 10;

async fn show(web: Data<Web>, mut visit: Visit, id: Path<i64>) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    rendered(&web, &visit, &row, Typed::default()).await
}

async fn test(web: Data<Web>, mut visit: Visit, id: Path<i64>, form: Fields) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    let to = form.get("to").unwrap_or_default();
    let addresses = match addresses(to, visit.language) {
        Ok(addresses) => addresses,
        Err(fault) => {
            return rendered(
                &web,
                &visit,
                &row,
                Typed { to: Some(to), fault: Some(("to", fault)), ..Typed::default() },
            )
            .await;
        }
    };
    if publish::needs_mail_server(&web.house).is_err() {
        let fault = Some(("to", sending::no_mail_server(visit.language)));
        return rendered(&web, &visit, &row, Typed { to: Some(to), fault, ..Typed::default() }).await;
    }
    let key = form.get("key").unwrap_or_default();
    match try_out::test_once(&web.house, row.id, &addresses, visit.actor(), key).await {
        Ok(()) => Ok(visit.on_to(paths::tab(row.id, Tab::Check), Some(Notice::TestSent))),
        Err(FlowError::Conflict(why)) => {
            rendered(
                &web,
                &visit,
                &row,
                Typed { to: Some(to), fault: Some(("to", said(visit.language, &why))), ..Typed::default() },
            )
            .await
        }
        Err(error) => Err(error.into()),
    }
}

fn addresses(to: &str, language: Language) -> Result<Vec<EmailAddress>, String> {
    let given: Vec<&str> = to.split([',', ';', '\n']).map(str::trim).filter(|address| !address.is_empty()).collect();
    if given.is_empty() {
        return Err(words::fault_no_address(language));
    }
    if given.len() > MOST_TESTS {
        return Err(words::fault_too_many(language, MOST_TESTS));
    }
    let mut addresses = Vec::new();
    for address in given {
        let parsed = EmailAddress::parse_any_role(address);
        let parsed =
            parsed.map_err(|_| words::fault_address(language, address.chars().take(100).collect::<String>()))?;
        if !addresses.contains(&parsed) {
            addresses.push(parsed);
        }
    }
    Ok(addresses)
}

async fn yes(web: Data<Web>, mut visit: Visit, id: Path<i64>, form: Fields) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    let check = paths::tab(row.id, Tab::Check);
    // What they have looked at must be what is approved.
    if form.get("version") != Some(row.version.to_string().as_str()) || row.status != EditionStatus::Draft {
        return Ok(visit.on_to(check, Some(Notice::OutOfDate)));
    }
    // Going over errors is for administrators alone.
    let reason = form.get("override").filter(|_| visit.may(Role::Admin)).unwrap_or_default();
    let accept_warnings = form.get("seen").is_some();
    let override_reason = Some(reason.trim()).filter(|reason| !reason.is_empty());
    match approve(&web.house, row.id, &Approver { by: visit.actor(), accept_warnings, override_reason }).await {
        Ok(_) => Ok(visit.on_to(check, Some(Notice::Approved))),
        Err(ApprovalError::Findings(found)) => {
            let fault = if found.ok {
                ("seen", words::fault_seen(visit.language))
            } else if visit.may(Role::Admin) {
                ("override", words::fault_reason(visit.language))
            } else {
                ("", texts::check_blocked(visit.language))
            };
            rendered(&web, &visit, &row, Typed { reason, fault: Some(fault), ..Typed::default() }).await
        }
        Err(ApprovalError::Flow(FlowError::Conflict(_))) => Ok(visit.on_to(check, Some(Notice::OutOfDate))),
        Err(ApprovalError::Flow(error)) => Err(error.into()),
    }
}

/// What stands in the forms, and what is wrong with it.
#[derive(Default)]
struct Typed<'a> {
    to: Option<&'a str>,
    reason: &'a str,
    fault: Option<(&'a str, String)>,
}

async fn rendered(web: &Web, visit: &Visit, row: &EditionRow, typed: Typed<'_>) -> Result<HttpResponse, Problem> {
    let house = &web.house;
    let newsletter = visit.newsletter()?;
    let mut looked = preflight_in(house, row.id, Some(visit.language)).await?;
    let mut reader = house.db.read().await?;
    let tests = edition_tests::of_edition(&mut reader, row.id).await?;
    let saved = edition_tests::last_recipients(&mut reader, newsletter.id).await?;
    let audience = editions::audience_now(&mut reader, newsletter.id).await?;
    let now = contents(&mut reader, house, newsletter, row).await?;
    drop(reader);
    let hash = Rendering::new(house, newsletter, &now).map(|rendering| rendering.hash()).unwrap_or_default();

    if row.content_hash.as_ref().is_some_and(|approved| *approved != hash) && waits(row.status) {
        let message = sending::not_what_was_approved(visit.language);
        looked
            .findings
            .insert(0, crate::domain::preflight::Finding { check: "approval", severity: Severity::Error, message });
    }
    let good = good(&looked, visit.language, audience);
    let content = paths::tab(row.id, Tab::Content);
    let findings: Vec<Finding<'_>> = looked
        .findings
        .iter()
        .map(|finding| Finding {
            check: finding.check,
            severity: match finding.severity {
                Severity::Error => shown::Severity::Error,
                Severity::Warning => shown::Severity::Warning,
            },
            message: &finding.message,
            fix: Some(fix(finding.check, &content)),
        })
        .chain(good.iter().map(|(check, message)| Finding {
            check,
            severity: shown::Severity::Good,
            message,
            fix: None,
        }))
        .collect();
    let notes: Vec<&str> = looked.notes.iter().map(|note| note.message.as_str()).collect();
    let told: Vec<Test<'_>> = tests
        .iter()
        .map(|test| Test { at: visit.moment(test.at), to: &test.recipients, current: test.content_hash == hash })
        .collect();
    let changes = changes(tests.first(), &hash, &now, newsletter.language, visit.language);
    let changes: Option<Vec<(&str, &str, &str)>> = changes.as_ref().map(|changes| {
        changes.iter().map(|(field, before, now)| (field.as_str(), before.as_str(), now.as_str())).collect()
    });
    // Who is told about the newsletter is the one who tests it, until somebody says otherwise.
    let proposed = saved.or_else(|| Some(newsletter.notify.replace(',', ", ")).filter(|notify| !notify.is_empty()));
    let proposed = proposed.unwrap_or_else(|| visit.user.email.clone());
    let faults: Vec<(&str, &str)> = typed.fault.iter().map(|(field, message)| (*field, message.as_str())).collect();
    let four_eyes = newsletter.four_eyes && row.edited_by.as_deref() == Some(visit.actor());
    let check = Check {
        head: head(visit, row, &if row.status == EditionStatus::Draft { looked.clone() } else { Preflight::default() }),
        findings: &findings,
        notes: &notes,
        tests: &told,
        changes: changes.as_deref(),
        key: &hex(&house.clock.random::<16>()),
        test_to: typed.to.unwrap_or(&proposed),
        four_eyes: four_eyes.then(|| visit.actor()),
        approved: row.approved_by.as_deref().zip(row.approved_at.map(|at| visit.moment(at))),
        reason: typed.reason,
        faults: FormFaults(&faults),
    };
    let view = |desk: &crate::pages::admin::Desk<'_>| shown::page(desk, &check);
    Ok(if faults.is_empty() { visit.show(view) } else { visit.again(view) })
}

/// Whether it is approved and has not set out.
const fn waits(status: EditionStatus) -> bool {
    matches!(status, EditionStatus::Approved | EditionStatus::Scheduled)
}

/// What was looked at and is as it should be.
fn good(looked: &Preflight, language: Language, audience: i64) -> Vec<(&'static str, String)> {
    let all = [
        ("subject", words::good_subject(language)),
        ("preheader", words::good_preheader(language)),
        ("articles", words::good_articles(language)),
        ("placeholder", words::good_placeholder(language)),
        ("link", words::good_link(language)),
        ("size", words::good_size(language)),
        ("unsubscribe-link", words::good_unsubscribe(language)),
        ("one-click", words::good_one_click(language)),
        ("postal-address", words::good_postal_address(language)),
        ("audience", words::good_audience(language, numbers::count(language, audience))),
        ("promise", words::good_promise(language)),
    ];
    let spoken_of = |check: &str| {
        looked.findings.iter().any(|finding| finding.check == check)
            || looked.notes.iter().any(|note| note.check == check)
    };
    all.into_iter().filter(|(check, _)| !spoken_of(check)).collect()
}

/// Where it can be mended.
fn fix<'a>(check: &str, content: &'a str) -> &'a str {
    match check {
        "postal-address" | "sender" => "/admin/settings/sender",
        "audience" => paths::SUBSCRIBERS,
        "promise" | "silence" | "sources" => "/admin/settings/sources",
        _ => content,
    }
}

/// What changed since the last test: the field, what the test said, what it says now. Nothing without a test, or while
/// the last one is current.
fn changes(
    last: Option<&EditionTestRow>,
    hash: &str,
    now: &Contents,
    readers: Language,
    language: Language,
) -> Option<Vec<(String, String, String)>> {
    let last = last.filter(|test| test.content_hash != hash)?;
    let before: Contents = serde_json::from_str(&last.content).ok()?;
    let of = |contents: &Contents| contents.iter().find(|content| content.language == readers).cloned();
    let (before, now) = (of(&before)?, of(now)?);
    let list = |content: &EditionContent| {
        let items = content.items().map(|item| match item.summary.as_str() {
            "" => item.title.clone(),
            summary => format!("{} ({summary})", item.title),
        });
        items.collect::<Vec<_>>().join("; ")
    };
    let promo = |content: &EditionContent| {
        content
            .promo
            .as_ref()
            .map_or_else(String::new, |promo| format!("{}; {}; {}", promo.title, promo.text, promo.url))
    };
    let fields = [
        (texts::content_subject(language), before.subject.clone(), now.subject.clone()),
        (texts::content_preheader(language), before.preheader.clone(), now.preheader.clone()),
        (texts::content_intro(language), before.intro.clone(), now.intro.clone()),
        (words::order_of_articles(language), list(&before), list(&now)),
        (texts::content_promo(language), promo(&before), promo(&now)),
    ];
    Some(fields.into_iter().filter(|(_, before, now)| before != now).collect())
}
