//! People. Addresses stand in bodies alone, never in a path or a query.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::caller::Admin;
use super::input::{Json, Page, Query};
use super::{Answered, Listed, created, ok};
use crate::answers::{PersonExport, SubscriberAnswer};
use crate::domain::address::EmailAddress;
use crate::domain::consent::ConsentMeans;
use crate::domain::language::Language;
use crate::domain::subscription::{MailFormat, SubscriptionStatus};
use crate::flows::people::{self, Addition};
use crate::flows::{FlowError, erase, newsletters, preferences};
use crate::store::subscriptions;
use crate::web::Web;
use crate::web::problem::{Problem, ProblemBody};

/// Which people.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SubscriberQuery {
    /// With a subscription to this newsletter.
    newsletter: Option<String>,
    /// With a subscription in this status.
    status: Option<SubscriptionStatus>,
    /// At most so many items, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Whom to look for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchInput {
    #[schema(value_type = String, format = Email)]
    email: EmailAddress,
}

/// Somebody who asked in another way than by the form.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdditionInput {
    #[schema(value_type = String, format = Email)]
    email: EmailAddress,
    /// The newsletter's slug.
    newsletter: String,
    /// nl or en; otherwise the newsletter's.
    language: Option<Language>,
    /// When and how they asked: kept as evidence.
    consent: String,
}

/// What of a person can be changed; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonInput {
    language: Option<Language>,
    /// html or text.
    format: Option<MailFormat>,
}

/// What ends.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EndInput {
    /// Only this newsletter; left out, all.
    newsletter: Option<String>,
}

/// People, in the order in which they came
#[utoipa::path(get, path = "/api/v1/subscribers", tag = "subscribers", params(SubscriberQuery),
    responses((status = 200, body = Listed<SubscriberAnswer>), (status = 404, body = ProblemBody)))]
pub async fn list(web: Data<Web>, _: Admin, query: Query<SubscriberQuery>) -> Answered {
    let (query, page) = query.with(|asked| Page::new(asked.limit, asked.cursor.as_deref()))?;
    let mut reader = web.house.db.read().await?;
    let of = match &query.newsletter {
        Some(slug) => Some(newsletters::find(&mut reader, slug).await?.id),
        None => None,
    };
    let after = page.after.unwrap_or(0);
    let rows = subscriptions::page(&mut reader, of, query.status, after, page.limit).await?;
    let next = page.next(&rows, |row| row.id);
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(SubscriberAnswer::of(&mut reader, row).await?);
    }
    ok(&Listed { items, next })
}

/// Find a person by address
#[utoipa::path(post, path = "/api/v1/subscribers/_search", tag = "subscribers", request_body = SearchInput,
    responses((status = 200, body = Listed<SubscriberAnswer>), (status = 400, body = ProblemBody)))]
pub async fn search(web: Data<Web>, _: Admin, body: Json<SearchInput>) -> Answered {
    let email = body.value?.email;
    let mut reader = web.house.db.read().await?;
    let found = subscriptions::subscriber_by_email(&mut reader, &email).await?;
    let items = match found {
        Some(row) => vec![SubscriberAnswer::of(&mut reader, row).await?],
        None => Vec::new(),
    };
    ok(&Listed { items, next: None })
}

/// One person
#[utoipa::path(get, path = "/api/v1/subscribers/{id}", tag = "subscribers", params(("id" = i64, Path)),
    responses((status = 200, body = SubscriberAnswer), (status = 404, body = ProblemBody)))]
pub async fn show(web: Data<Web>, _: Admin, id: Path<i64>) -> Answered {
    let mut reader = web.house.db.read().await?;
    let row = subscriptions::subscriber_by_id(&mut reader, *id).await?;
    let row = row.ok_or_else(|| FlowError::NotFound(format!("subscriber {id}")))?;
    ok(&SubscriberAnswer::of(&mut reader, row).await?)
}

/// Everything that is held about a person
///
/// For whoever asks for their data (GDPR articles 15 and 20).
#[utoipa::path(get, path = "/api/v1/subscribers/{id}/export", tag = "subscribers", params(("id" = i64, Path)),
    responses((status = 200, body = PersonExport), (status = 404, body = ProblemBody)))]
pub async fn export(web: Data<Web>, _: Admin, id: Path<i64>) -> Answered {
    let row = subscriptions::subscriber_by_id(&mut web.house.db.read().await?, *id).await?;
    let row = row.ok_or_else(|| FlowError::NotFound(format!("subscriber {id}")))?;
    let consents = preferences::consents(&web.house, &row).await?;
    ok(&PersonExport::of(&mut web.house.db.read().await?, row, consents).await?)
}

/// Forget a person
///
/// GDPR article 17: what stays is a keyed hash, so that no import brings them back by accident.
#[utoipa::path(delete, path = "/api/v1/subscribers/{id}", tag = "subscribers", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
pub async fn erase(web: Data<Web>, admin: Admin, id: Path<i64>) -> Answered {
    erase::erase(&web.house, *id, ConsentMeans::Operator, &admin.actor).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Subscribe somebody who asked in another way than by the form
///
/// They are not mailed; what proves that they asked is recorded.
#[utoipa::path(post, path = "/api/v1/subscribers", tag = "subscribers", request_body = AdditionInput,
    responses((status = 201, body = SubscriberAnswer), (status = 200, body = SubscriberAnswer), (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn add(web: Data<Web>, _: Admin, body: Json<AdditionInput>) -> Answered {
    let look = async |rest: AdditionInput| Ok(people::statement("consent", &rest.consent).map(drop)?);
    let AdditionInput { email, newsletter, language, consent } = body.or_every_fault(look).await?;
    let means = ConsentMeans::Api;
    let addition = Addition { newsletter: &newsletter, email, language, evidence: &consent, means };
    let (row, added) = people::add(&web.house, addition).await?;
    let answer = SubscriberAnswer::of(&mut web.house.db.read().await?, row).await?;
    if added { created(&answer) } else { ok(&answer) }
}

/// Change a person's language or format
#[utoipa::path(patch, path = "/api/v1/subscribers/{id}", tag = "subscribers", params(("id" = i64, Path)),
    request_body = PersonInput, responses((status = 200, body = SubscriberAnswer), (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub async fn change(web: Data<Web>, _: Admin, id: Path<i64>, body: Json<PersonInput>) -> Answered {
    let PersonInput { language, format } = body.value?;
    let row = people::choose(&web.house, *id, language, format).await?;
    ok(&SubscriberAnswer::of(&mut web.house.db.read().await?, row).await?)
}

/// Unsubscribe somebody who asked for it in another way
///
/// At once, also in the middle of a sending. What had ended before stays as it is.
#[utoipa::path(post, path = "/api/v1/subscribers/{id}/unsubscribe", tag = "subscribers", params(("id" = i64, Path)),
    request_body = EndInput, responses((status = 200, body = SubscriberAnswer), (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub async fn unsubscribe(web: Data<Web>, admin: Admin, id: Path<i64>, body: Json<EndInput>) -> Answered {
    let newsletter = body.value?.newsletter;
    let row = subscriptions::subscriber_by_id(&mut web.house.db.read().await?, *id).await?;
    let row = row.ok_or_else(|| FlowError::NotFound(format!("subscriber {id}")))?;
    let house = web.house.by(&admin.actor);
    let address = EmailAddress::parse_any_role(&row.email).map_err(|_| Problem::Internal)?;
    let (row, _) = people::unsubscribe(&house, &address, newsletter.as_deref(), ConsentMeans::Api).await?;
    ok(&SubscriberAnswer::of(&mut web.house.db.read().await?, row).await?)
}
