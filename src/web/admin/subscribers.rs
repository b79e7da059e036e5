//! Readers at the desk: found, looked at, added, let go, taken along, forgotten.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Bytes, Data, Path};
use futures_util::stream;

use super::desk;
use super::visit::{Visit, see_other};
use crate::answers::{ConsentProofAnswer, ExportAnswer, PersonExport, csv_of};
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentBody, ConsentMeans};
use crate::domain::role::Role;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::texts::{desk_people, desk_sure as asked_first, numbers, pages as texts, people as words};
use crate::flows::at_the_desk::{self, Invitation};
use crate::flows::export::Export;
use crate::flows::{FlowError, House, consent_proof, erase, people, preferences};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::person::{Delivery, Event, Person, Subscription, page as person_page};
use crate::pages::admin::subscribers::{Addition, Found, Line, add as add_page, list as list_page};
use crate::pages::admin::sure::Question;
use crate::pages::admin::{FormFaults, Place, paths};
use crate::pages::proof;
use crate::store::{audit, deliveries, subscriptions, suppressions};
use crate::web::Web;
use crate::web::body::Fields;
use crate::web::problem::Problem;

desk! {
    "/admin/subscribers": get Viewer list;
    "/admin/subscribers/search": post Viewer search;
    "/admin/subscribers/new": get Admin new, post Admin add;
    "/admin/subscribers/export": post Admin export;
    "/admin/subscribers/{id}": get Editor show, post Editor press;
    "/admin/subscribers/{id}/export": post Admin take_along;
    "/admin/subscribers/{id}/proof": post Editor proof_page;
}

/// People on a page.
const PAGE: i64 = 50;
/// Longest part of an address that is looked for, in characters.
const MOST_QUERY: usize = 254;

async fn list(web: Data<Web>, visit: Visit) -> Result<HttpResponse, Problem> {
    found(&web, &visit, "", None, None).await
}

async fn search(web: Data<Web>, mut visit: Visit, form: Fields) -> Result<HttpResponse, Problem> {
    take_in_hand(&mut visit, &form)?;
    let query: String = form.get("query").unwrap_or_default().trim().chars().take(MOST_QUERY).collect();
    let status = form.get("status").and_then(|word| word.parse().ok());
    let cursor = form.get("cursor").and_then(|cursor| cursor.parse().ok());
    found(&web, &visit, &query, status, cursor).await
}

/// The newsletter that the form is about.
fn take_in_hand(visit: &mut Visit, form: &Fields) -> Result<(), Problem> {
    match form.get("newsletter").filter(|slug| !slug.is_empty()) {
        Some(slug) => visit.take_in_hand(slug),
        None => Ok(()),
    }
}

async fn found(
    web: &Web,
    visit: &Visit,
    query: &str,
    status: Option<SubscriptionStatus>,
    before: Option<i64>,
) -> Result<HttpResponse, Problem> {
    let newsletter = visit.newsletter()?;
    // Whoever may not see addresses cannot ask for one either: whether it is found would tell.
    let names = visit.may(Role::Editor);
    let query = if names { query } else { "" };
    let mut reader = web.house.db.read().await?;
    let rows =
        subscriptions::search(&mut reader, newsletter.id, status, query, before.unwrap_or(i64::MAX), PAGE).await?;
    let name = format!("readers {} {status:?} {query}", newsletter.id);
    let count = async || subscriptions::search_count(&mut reader, newsletter.id, status, query).await;
    let total = *web.house.remembered.or_count(name, count).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|count| count == PAGE);
    let more = rows.last().filter(|_| full).map(|row| row.id.to_string());
    let masked = |email: &str| EmailAddress::parse_any_role(email).map(|email| email.masked()).unwrap_or_default();
    let shown: Vec<String> =
        rows.iter().map(|row| if names { row.email.clone() } else { masked(&row.email) }).collect();
    let lines: Vec<Line<'_>> = (rows.iter().zip(&shown))
        .map(|(row, email)| Line {
            id: row.subscriber_id,
            email,
            status: row.status,
            language: row.language,
            since: visit.moment(row.requested_at).date(),
            wants_back: row.wants_back,
        })
        .collect();
    let found = Found { query, status, total, people: &lines, more: more.as_deref() };
    Ok(visit.show(|desk| list_page(desk, &found)))
}

async fn new(visit: Visit) -> Result<HttpResponse, Problem> {
    let language = visit.newsletter()?.language;
    let addition = Addition { email: "", language, evidence: "", faults: FormFaults::default() };
    Ok(visit.show(|desk| add_page(desk, &addition)))
}

async fn add(web: Data<Web>, mut visit: Visit, form: Fields) -> Result<HttpResponse, Problem> {
    take_in_hand(&mut visit, &form)?;
    let field = |name: &str| form.get(name).unwrap_or_default();
    let language = field("language").parse().unwrap_or(visit.newsletter()?.language);
    let mut faults: Vec<(&str, String)> = Vec::new();
    match EmailAddress::parse(field("email")) {
        Err(fault) => faults.push(("email", texts::invalid_address(visit.language, fault))),
        Ok(email) => {
            let invitation = Invitation {
                newsletter: &visit.newsletter()?.slug,
                email: &email,
                language,
                evidence: field("evidence"),
                actor: visit.actor(),
            };
            match at_the_desk::invite(&web.house, invitation).await {
                Ok(id) => return Ok(visit.done(paths::person(id), Notice::Added)),
                Err(FlowError::Invalid(_)) => faults.push(("evidence", words::evidence_too_short(visit.language))),
                Err(FlowError::Conflict(why)) => faults.push(("email", words::cannot_now(visit.language, &why))),
                Err(other) => return Err(other.into()),
            }
        }
    }
    let told: Vec<(&str, &str)> = faults.iter().map(|(field, message)| (*field, message.as_str())).collect();
    let addition = Addition { email: field("email"), language, evidence: field("evidence"), faults: FormFaults(&told) };
    Ok(visit.again(|desk| add_page(desk, &addition)))
}

async fn show(web: Data<Web>, visit: Visit, id: Path<i64>) -> Result<HttpResponse, Problem> {
    person(&web.house, &visit, *id, None).await
}

/// The buttons of a person's page. Erasing and letting in again are for administrators.
async fn press(web: Data<Web>, visit: Visit, id: Path<i64>, form: Fields) -> Result<HttpResponse, Problem> {
    let house = &web.house;
    let slug = form.get("newsletter").unwrap_or_default();
    let here = paths::person(*id);
    let action = form.get("action").unwrap_or_default();
    if action == "erase" && !visit.may(Role::Admin) {
        return Err(Problem::NotAllowed(Role::Admin));
    }
    if ["erase", "unsubscribe"].contains(&action) && form.get("sure").is_none() {
        return sure(house, &visit, *id, &form).await;
    }
    let done = match action {
        "unsubscribe" => {
            let note = form.get(&format!("note-{slug}")).unwrap_or_default();
            at_the_desk::let_go(house, *id, slug, note, visit.actor()).await.map(|_| (here, Notice::Unsubscribed))
        }
        "resend" => at_the_desk::ask_again(house, *id, slug, visit.actor()).await.map(|()| (here, Notice::MailSent)),
        "let-back" if !visit.may(Role::Admin) => return Err(Problem::NotAllowed(Role::Admin)),
        "let-back" => at_the_desk::let_back(house, *id, slug, visit.actor()).await.map(|()| (here, Notice::MailSent)),
        "erase" => {
            let means = ConsentMeans::Operator;
            let erased = erase::erase(house, *id, means, visit.actor()).await;
            erased.map(|()| (paths::SUBSCRIBERS.to_owned(), Notice::Erased))
        }
        _ => return Ok(see_other(&here)),
    };
    match done {
        Ok((place, notice)) => Ok(visit.done(place, notice)),
        Err(FlowError::Conflict(why)) => {
            person(house, &visit, *id, Some(&words::cannot_now(visit.language, &why))).await
        }
        Err(other) => Err(other.into()),
    }
}

/// Asks before somebody's subscription ends, or all that is known about them goes.
async fn sure(house: &House, visit: &Visit, id: i64, form: &Fields) -> Result<HttpResponse, Problem> {
    let language = visit.language;
    let mut reader = house.db.read().await?;
    let row = people::by_id(&mut reader, id).await?;
    let (here, slug) = (paths::person(id), form.get("newsletter").unwrap_or_default());
    let question = |title: &str, what: &[String], fields: &[(&str, &str)], button: &str| {
        let (action, back) = (here.as_str(), here.as_str());
        visit.asks(&Question { place: Place::Subscribers, title, what, action, fields, button, back })
    };
    if form.get("action") == Some("erase") {
        let count = |number: usize| numbers::count(language, i64::try_from(number).unwrap_or(i64::MAX));
        let held = subscriptions::of_subscriber(&mut reader, id).await?.len();
        let received = deliveries::of_person(&mut reader, id).await?.len();
        let what = [
            asked_first::erase_count(language, count(held), count(received)),
            desk_people::person_erase_hint(language),
        ];
        let (title, button) = (asked_first::erase(language, &row.email), desk_people::person_erase(language));
        return Ok(question(&title, &what, &[("action", "erase")], &button));
    }
    let newsletter = visit.newsletters().iter().find(|newsletter| newsletter.slug == slug);
    let newsletter = newsletter.ok_or_else(|| FlowError::no_newsletter(slug))?;
    let field = format!("note-{slug}");
    let fields =
        [("action", "unsubscribe"), ("newsletter", slug), (field.as_str(), form.get(&field).unwrap_or_default())];
    let what = [asked_first::unsubscribe_one(language), asked_first::unsubscribe_back(language)];
    let title = asked_first::unsubscribe(language, &row.email, &newsletter.title);
    Ok(question(&title, &what, &fields, &desk_people::person_unsubscribe(language, &newsletter.title)))
}

async fn person(house: &House, visit: &Visit, id: i64, refused: Option<&str>) -> Result<HttpResponse, Problem> {
    let mut reader = house.db.read().await?;
    let row = people::by_id(&mut reader, id).await?;
    let held = subscriptions::of_subscriber(&mut reader, id).await?;
    let received = deliveries::of_person(&mut reader, id).await?;
    let suppressed = suppressions::by_hash(&mut reader, &row.address_hash).await?;
    drop(reader);
    let records = consent_proof::records(house, &people::address(&row)?).await?;
    let suppressed = suppressed.map(|one| words::reason(visit.language, one.reason));

    let title = |slug: &str| {
        let found = visit.newsletters().iter().find(|newsletter| newsletter.slug == slug);
        found.map_or_else(String::new, |newsletter| newsletter.title.clone())
    };
    let titles: Vec<String> = held.iter().map(|one| title(&one.newsletter)).collect();
    let of = held.iter().zip(&titles).map(|(one, title)| Subscription {
        slug: &one.newsletter,
        title,
        status: one.status,
        requested: visit.moment(one.requested_at),
        confirmed: one.confirmed_at.map(|moment| visit.moment(moment)),
        ended: one.ended_at.map(|moment| visit.moment(moment)),
    });
    let of: Vec<Subscription<'_>> = of.collect();
    let said: Vec<(String, Option<String>)> = records
        .iter()
        .map(|record| {
            let body: Option<ConsentBody> = record.body.as_deref().and_then(|body| serde_json::from_str(body).ok());
            let event = words::event(visit.language, record.event);
            let Some(body) = body else { return (event, None) };
            let note = body.note.map_or_else(String::new, |note| format!(": {note}"));
            (format!("{event} {}{note}", words::means(visit.language, body.means)), body.text)
        })
        .collect();
    let history: Vec<Event<'_>> = records
        .iter()
        .zip(&said)
        .map(|(record, (what, shown))| Event { at: visit.moment(record.at), what, shown: shown.as_deref() })
        .collect();
    let received: Vec<Delivery<'_>> = received
        .iter()
        .map(|row| Delivery { edition: row.edition_id, number: row.number, subject: &row.subject, state: row.state })
        .collect();
    let view = Person {
        id,
        email: &row.email,
        language: row.language,
        subscriptions: &of,
        history: &history,
        deliveries: &received,
        suppressed: suppressed.as_deref(),
        refused,
    };
    Ok(visit.show(|desk| person_page(desk, &view)))
}

/// The evidence of one person's consent as a page of its own, to print or to hand over.
async fn proof_page(web: Data<Web>, visit: Visit, id: Path<i64>) -> Result<HttpResponse, Problem> {
    let row = people::by_id(&mut web.house.db.read().await?, *id).await?;
    let address = people::address(&row)?;
    let answer = ConsentProofAnswer::new(address.as_str(), consent_proof::records(&web.house, &address).await?);
    let records: Vec<proof::Record> = answer.records.iter().map(crate::web::proof_record).collect();
    noted(&web.house, &visit, "consent.export", &format!("subscriber {id}")).await?;
    let page = proof::proof(&answer.email, &records, web.house.clock.now());
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page.into_string()))
}

/// Everything that is held about one person, for themselves.
async fn take_along(web: Data<Web>, visit: Visit, id: Path<i64>) -> Result<HttpResponse, Problem> {
    let row = people::by_id(&mut web.house.db.read().await?, *id).await?;
    let consents = preferences::consents(&web.house, &row).await?;
    let export = PersonExport::of(&mut web.house.db.read().await?, row, consents).await?;
    let text = serde_json::to_string_pretty(&export).map_err(|_| Problem::Internal)?;
    noted(&web.house, &visit, "subscriber.export", &format!("subscriber {id}")).await?;
    Ok(attachment("application/json", &format!("subscriber-{id}.json")).body(text))
}

/// The whole list of the newsletter in hand, or with `all` everything there is; written while it is read.
async fn export(web: Data<Web>, mut visit: Visit, form: Fields) -> Result<HttpResponse, Problem> {
    take_in_hand(&mut visit, &form)?;
    let all = form.get("all").is_some();
    let slug = (!all).then(|| visit.newsletter().map(|newsletter| newsletter.slug.clone())).transpose()?;
    let export = Export::of(&web.house, slug.as_deref(), None).await?;
    noted(&web.house, &visit, "subscriber.export", slug.as_deref().unwrap_or("all")).await?;
    let head = csv_of([ExportAnswer::HEAD.map(str::to_owned)]).map(Bytes::from).map_err(std::io::Error::other);
    let house = web.house.clone();
    let pages = stream::unfold((house, export), |(house, mut export)| async move {
        match page_of(&house, &mut export).await {
            Ok(None) => None,
            Ok(Some(bytes)) => Some((Ok(bytes), (house, export))),
            Err(error) => {
                tracing::error!(%error, "an export broke off");
                // A list that ends early must not look like a whole one: the connection breaks as well.
                Some((Err(std::io::Error::other("the export broke off")), (house, export)))
            }
        }
    });
    let whole = futures_util::StreamExt::chain(stream::iter([head]), pages);
    let name = format!("{}.csv", slug.as_deref().unwrap_or("subscribers"));
    Ok(attachment("text/csv; charset=utf-8", &name).streaming(whole))
}

async fn page_of(house: &House, export: &mut Export) -> Result<Option<Bytes>, FlowError> {
    let mut page: Vec<ExportAnswer> = export.next(house).await?.into_iter().map(ExportAnswer::from).collect();
    if page.is_empty() {
        page.extend(export.next_suppressions(house).await?.into_iter().map(ExportAnswer::from));
    }
    if page.is_empty() {
        return Ok(None);
    }
    let rows = csv_of(page.iter().map(ExportAnswer::cells));
    Ok(Some(Bytes::from(rows.map_err(|error| FlowError::Conflict(error.to_string()))?)))
}

/// A file to keep.
pub(super) fn attachment(kind: &'static str, name: &str) -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer.content_type(kind).insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    answer
}

/// Who took data out of the house is kept.
async fn noted(house: &House, visit: &Visit, action: &str, target: &str) -> Result<(), Problem> {
    let mut tx = house.db.write().await?;
    audit::note(&mut tx, visit.actor(), action, target, "", house.clock.now()).await?;
    Ok(tx.commit().await?)
}
