//! Webhooks at the desk: who is told what happens, how it went, and their secrets.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use super::Faulty;
use crate::domain::texts::{desk_programs as texts, desk_sure as sure};
use crate::domain::webhook::Event;
use crate::flows::{FlowError, webhooks};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::settings::SettingsTab;
use crate::pages::admin::settings::webhooks::{Telling, TellingOutcome, Webhook, Webhooks, event_field, log, tab};
use crate::pages::admin::sure::Question;
use crate::pages::admin::{FormFaults, Place, paths};
use crate::store::webhooks::{self as store, WebhookDeliveryRow, WebhookRow};
use crate::web::Web;
use crate::web::admin::desk;
use crate::web::admin::visit::Visit;
use crate::web::body::Fields;
use crate::web::problem::Problem;

desk! {
    "/admin/settings/webhooks": get Admin show, post Admin press;
    "/admin/settings/webhooks/{id}": get Admin told, post Admin again;
}

/// What one was told, on one page.
const PAGE: i64 = 50;

/// What was typed, and a secret made just now.
#[derive(Default)]
struct Typed {
    url: String,
    events: Vec<Event>,
    secret: Option<(String, String)>,
}

async fn show(web: Data<Web>, visit: Visit) -> Result<HttpResponse, Problem> {
    shown(&web, &visit, &Typed::default(), &Faulty::default()).await
}

async fn press(web: Data<Web>, visit: Visit, form: Fields) -> Result<HttpResponse, Problem> {
    let (house, actor) = (&web.house, visit.actor());
    let id = form.get("webhook").and_then(|id| id.parse().ok()).unwrap_or_default();
    let what = form.get("what").unwrap_or_default();
    if ["disable", "rotate", "remove"].contains(&what) && form.get("sure").is_none() {
        return asked(&web, &visit, what, id).await;
    }
    let secret_of =
        |row: &WebhookRow| Typed { secret: Some((host(&row.url), webhooks::secret(house, row))), ..Typed::default() };
    let notice = match what {
        "add" => {
            let events: Vec<Event> =
                Event::ALL.iter().copied().filter(|event| form.get(&event_field(*event)).is_some()).collect();
            let url = form.get("url").unwrap_or_default().trim().to_owned();
            let (typed, fault) = match webhooks::add(house, &url, &events, actor).await {
                Ok(row) => (secret_of(&row), Faulty::default()),
                Err(FlowError::Invalid(_)) => {
                    (Typed { url, events, secret: None }, Faulty::one("url", texts::webhooks_private(visit.language)))
                }
                Err(FlowError::Conflict(_)) => {
                    (Typed { url, events, secret: None }, Faulty::one("url", texts::webhooks_taken(visit.language)))
                }
                Err(error) => return Err(error.into()),
            };
            return shown(&web, &visit, &typed, &fault).await;
        }
        "rotate" => {
            let row = webhooks::rotate(house, id, actor).await?;
            return shown(&web, &visit, &secret_of(&row), &Faulty::default()).await;
        }
        "enable" => webhooks::enable(house, id, actor).await.map(|()| Notice::Saved)?,
        "disable" => webhooks::disable(house, id, actor).await.map(|()| Notice::Saved)?,
        "remove" => webhooks::remove(house, id, actor).await.map(|()| Notice::Removed)?,
        _ => return Err(Problem::bad("this is none of the page's buttons")),
    };
    Ok(visit.done(tab_path(), notice))
}

/// Asks before one is told nothing more, or has to learn another secret.
async fn asked(web: &Web, visit: &Visit, what: &str, id: i64) -> Result<HttpResponse, Problem> {
    let language = visit.language;
    let mut reader = web.house.db.read().await?;
    let row = store::by_id(&mut reader, id).await?.ok_or_else(|| webhooks::no_webhook(id))?;
    let queued = store::count_queued(&mut reader, id).await?;
    let host = host(&row.url);
    let void = sure::webhook_remove_what(language, queued);
    let (title, will, button) = match what {
        "disable" => {
            let will = vec![void, sure::can_be_undone(language)];
            (sure::webhook_stop(language, host), will, texts::webhooks_disable(language))
        }
        "rotate" => {
            let will = vec![sure::webhook_rotate_what(language)];
            (sure::webhook_rotate(language, host), will, texts::webhooks_rotate(language))
        }
        _ => {
            let will = vec![void, sure::for_good(language)];
            (sure::webhook_remove(language, host), will, texts::webhooks_remove(language))
        }
    };
    Ok(visit.asks(&Question {
        place: Place::Settings,
        title: &title,
        what: &will,
        action: &tab_path(),
        fields: &[("what", what), ("webhook", &id.to_string())],
        button: &button,
        back: &tab_path(),
    }))
}

fn tab_path() -> String {
    paths::settings(SettingsTab::Webhooks.segment())
}

async fn shown(web: &Web, visit: &Visit, typed: &Typed, faulty: &Faulty) -> Result<HttpResponse, Problem> {
    let mut reader = web.house.db.read().await?;
    let mut rows = Vec::new();
    for row in store::all(&mut reader).await? {
        let last = store::page(&mut reader, row.id, i64::MAX, 1).await?.pop();
        rows.push((row, last));
    }
    drop(reader);
    let known: Vec<Known<'_>> = rows.iter().map(|(row, last)| Known::of(row, last.as_ref())).collect();
    let all: Vec<Webhook<'_>> = known.iter().map(|known| known.view(visit)).collect();
    let faults = faulty.pairs();
    let page = Webhooks {
        all: &all,
        secret: typed.secret.as_ref().map(|(host, secret)| (host.as_str(), secret.as_str())),
        url: &typed.url,
        events: &typed.events,
        faults: FormFaults(&faults),
    };
    Ok(visit.page(faulty.status(), |desk| tab(desk, &page)))
}

/// One webhook with what the view takes apart.
struct Known<'a> {
    row: &'a WebhookRow,
    last: Option<&'a WebhookDeliveryRow>,
    host: String,
    events: Vec<&'a str>,
}

impl<'a> Known<'a> {
    fn of(row: &'a WebhookRow, last: Option<&'a WebhookDeliveryRow>) -> Self {
        let events = row.events.split(',').filter(|event| !event.is_empty()).collect();
        Self { row, last, host: host(&row.url), events }
    }

    fn view(&self, visit: &Visit) -> Webhook<'_> {
        Webhook {
            id: self.row.id,
            url: &self.row.url,
            host: &self.host,
            events: &self.events,
            since: visit.moment(self.row.created_at),
            off: self.row.disabled_at.map(|_| self.row.disabled_reason.as_deref().unwrap_or_default()),
            last: self.last.map(|row| telling(visit, row)),
        }
    }
}

fn telling<'a>(visit: &Visit, row: &'a WebhookDeliveryRow) -> Telling<'a> {
    let outcome = match row.state.as_str() {
        "delivered" => TellingOutcome::Arrived,
        "queued" => TellingOutcome::Waits,
        _ => TellingOutcome::GivenUp,
    };
    let (answer, at) = (row.last_answer.as_deref(), visit.moment(row.created_at));
    Telling { id: row.id, event: &row.event, outcome, attempts: row.attempts, answer, at }
}

fn host(url: &str) -> String {
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| url.to_owned())
}

#[derive(Deserialize)]
struct Cursor {
    cursor: Option<i64>,
}

async fn told(web: Data<Web>, visit: Visit, id: Path<i64>, place: Query<Cursor>) -> Result<HttpResponse, Problem> {
    let mut reader = web.house.db.read().await?;
    let row = store::by_id(&mut reader, *id).await?.ok_or_else(|| webhooks::no_webhook(*id))?;
    let rows = store::page(&mut reader, *id, place.cursor.unwrap_or(i64::MAX), PAGE).await?;
    drop(reader);
    let more = rows.last().filter(|_| rows.len() as i64 == PAGE).map(|row| row.id.to_string());
    let all: Vec<Telling<'_>> = rows.iter().map(|row| telling(&visit, row)).collect();
    let known = Known::of(&row, None);
    Ok(visit.show(|desk| log(desk, &known.view(&visit), &all, more.as_deref())))
}

async fn again(web: Data<Web>, visit: Visit, id: Path<i64>, form: Fields) -> Result<HttpResponse, Problem> {
    let delivery = form.get("delivery").and_then(|id| id.parse().ok()).unwrap_or_default();
    webhooks::replay(&web.house, *id, delivery, visit.actor()).await?;
    Ok(visit.done(paths::webhook(*id), Notice::ToldAgain))
}
