//! Asking readers whether they stay, at the desk: first the numbers, then a question, then the mails.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::desk;
use super::visit::Visit;
use crate::domain::newsletter::NewsletterChange;
use crate::domain::texts::{desk_programs as words, desk_sure as sure, numbers};
use crate::flows::reconfirm::{self as flow, ANSWER_WITHIN};
use crate::flows::{FlowError, newsletters};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::reconfirm::{Reconfirm, page};
use crate::pages::admin::sure::Question;
use crate::pages::admin::{FormFaults, Place, paths};
use crate::web::Web;
use crate::web::body::Fields;
use crate::web::problem::Problem;

desk! {
    "/admin/reconfirm": get Admin show, post Admin press;
}

async fn show(web: Data<Web>, visit: Visit) -> Result<HttpResponse, Problem> {
    let months = visit.newsletter()?.reconfirm_after_months.to_string();
    shown(&web, &visit, &months, None).await
}

async fn press(web: Data<Web>, mut visit: Visit, form: Fields) -> Result<HttpResponse, Problem> {
    visit.take_in_hand(form.get("newsletter").unwrap_or_default())?;
    let (language, newsletter) = (visit.language, visit.newsletter()?);
    match form.get("what") {
        Some("months") => {
            let typed: String = form.get("months").unwrap_or_default().trim().chars().take(20).collect();
            // What is no number is one that cannot be.
            let months = typed.parse().unwrap_or(-1);
            let change = NewsletterChange { reconfirm_after_months: Some(months), ..NewsletterChange::default() };
            match newsletters::edit(&web.house.by(visit.actor()), &newsletter.slug, change).await {
                Ok(_) => Ok(visit.done(paths::RECONFIRM, Notice::Saved)),
                Err(FlowError::Invalid(_)) => {
                    shown(&web, &visit, &typed, Some(words::reconfirm_months_fault(language))).await
                }
                Err(error) => Err(error.into()),
            }
        }
        Some("ask") => {
            let (due, _) = match counted(&web, &newsletter.slug).await? {
                Some(numbers) if numbers.0 > 0 => numbers,
                _ => return Ok(visit.on_to(paths::RECONFIRM, Some(Notice::OutOfDate))),
            };
            if form.get("sure").is_some() {
                flow::ask(&web.house, &newsletter.slug, false, visit.actor()).await?;
                return Ok(visit.done(paths::RECONFIRM, Notice::Asked));
            }
            Ok(visit.asks(&Question {
                place: Place::Subscribers,
                title: &sure::reconfirm(language, &newsletter.title),
                what: &[
                    sure::reconfirm_what(language, numbers::count(language, due)),
                    sure::reconfirm_silent(language, answer_days()),
                    sure::for_good(language),
                ],
                action: paths::RECONFIRM,
                fields: &[("newsletter", &newsletter.slug), ("what", "ask")],
                button: &words::ask(language, due),
                back: &visit.here(paths::RECONFIRM),
            }))
        }
        _ => Err(Problem::bad("this is none of the page's buttons")),
    }
}

/// How many would be asked, and how many have not answered; nothing while the newsletter asks nobody.
async fn counted(web: &Web, slug: &str) -> Result<Option<(i64, i64)>, Problem> {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    match flow::ask(&web.house, slug, true, "").await {
        Ok(asked) => Ok(Some((count(asked.asked), count(asked.unanswered)))),
        Err(FlowError::Conflict(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

const fn answer_days() -> u64 {
    ANSWER_WITHIN.as_secs() / 86_400
}

async fn shown(web: &Web, visit: &Visit, months: &str, fault: Option<String>) -> Result<HttpResponse, Problem> {
    let numbers = counted(web, &visit.newsletter()?.slug).await?;
    let faults: Vec<(&str, &str)> = fault.iter().map(|message| ("months", message.as_str())).collect();
    let asking = Reconfirm { months, numbers, answer_days: answer_days(), faults: FormFaults(&faults) };
    Ok(if faults.is_empty() { visit.show(|desk| page(desk, &asking)) } else { visit.again(|desk| page(desk, &asking)) })
}
