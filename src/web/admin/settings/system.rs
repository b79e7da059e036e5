//! System: what is fine and what is not, who did what, what is kept for how long.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use serde::Deserialize;

use crate::domain::checkup::CheckStatus;
use crate::domain::language::Language;
use crate::domain::retention::Entry;
use crate::domain::texts::said::said;
use crate::domain::texts::{deeds as told, desk_settings as texts, retention as words};
use crate::flows::{deeds, doctor as examine, retention};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::paths;
use crate::pages::admin::settings::SettingsTab;
use crate::pages::admin::settings::system::{Deed, Point, PointState, System, tab};
use crate::store::doctor;
use crate::web::Web;
use crate::web::admin::desk;
use crate::web::admin::visit::Visit;
use crate::web::problem::Problem;

desk! {
    "/admin/settings/system": get Admin show, post Admin look;
}

/// Lines of the log on one page.
const LINES: i64 = 50;

#[derive(Deserialize)]
struct Page {
    cursor: Option<i64>,
}

async fn show(web: Data<Web>, visit: Visit, query: Query<Page>) -> Result<HttpResponse, Problem> {
    let house = &web.house;
    let language = visit.language;
    let checks = doctor::latest(&mut house.db.read().await?).await?;
    let messages: Vec<String> = checks.iter().map(|row| said(language, &row.message)).collect();
    let points: Vec<Point<'_>> = checks
        .iter()
        .zip(&messages)
        .map(|(row, message)| Point { check: &row.check_name, state: state(row.status), message, advice: None })
        .collect();
    let deeds = deeds::page(house, query.cursor, LINES).await?;
    let more = (deeds.len() as i64 == LINES).then(|| deeds.last().map(|deed| deed.id.to_string())).flatten();
    let told: Vec<String> =
        deeds.iter().map(|deed| told::deed(language, &deed.action, &deed.target, &deed.detail)).collect();
    let doers: Vec<String> = deeds.iter().map(|deed| told::actor(language, &deed.actor)).collect();
    let log: Vec<Deed<'_>> = deeds
        .iter()
        .zip(&told)
        .zip(&doers)
        .map(|((deed, what), who)| Deed { at: visit.moment(deed.at), who, what })
        .collect();
    let kept = kept(language, retention::register(house).await?);
    let kept: Vec<(&str, &str)> = kept.iter().map(|(what, how_long)| (what.as_str(), how_long.as_str())).collect();
    let system = System {
        version: env!("CARGO_PKG_VERSION"),
        checked: checks.first().map(|row| visit.moment(row.at)),
        points: &points,
        log: &log,
        more: more.as_deref(),
        kept: &kept,
    };
    Ok(visit.show(|desk| tab(desk, &system)))
}

async fn look(web: Data<Web>, visit: Visit) -> Result<HttpResponse, Problem> {
    examine::look_now(&web.house).await;
    Ok(visit.done(paths::settings(SettingsTab::System.segment()), Notice::Examined))
}

fn state(status: CheckStatus) -> PointState {
    match status {
        CheckStatus::Ok => PointState::Fine,
        CheckStatus::Warn => PointState::Attention,
        CheckStatus::Fail => PointState::Wrong,
        CheckStatus::Unknown => PointState::NotChecked,
    }
}

/// Kinds of data, and how long each is kept: as in the register.
fn kept(language: Language, register: Vec<Entry>) -> Vec<(String, String)> {
    let mut lines = vec![(texts::kept_subscribers(language), texts::kept_until_they_leave(language))];
    lines.extend(register.into_iter().map(|entry| {
        let days = entry.period.map(|period| period.as_secs() / 86_400);
        let how_long = match days {
            None => words::for_ever(language),
            Some(1) => words::one_day(language),
            Some(days) => words::days(language, days),
        };
        (words::what(language, entry.kept), how_long)
    }));
    lines
}
