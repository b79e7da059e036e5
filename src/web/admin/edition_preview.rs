//! Tab Preview: the mail as it arrives, in a frame that may do nothing, through anybody's eyes.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use super::desk;
use super::editions::{findings, head, open};
use super::visit::{Visit, see_other};
use crate::domain::address::EmailAddress;
use crate::domain::role::Role;
use crate::domain::subscription::MailFormat;
use crate::domain::texts::desk_editions as words;
use crate::flows::people;
use crate::flows::try_out::{self, Preview};
use crate::pages::admin::edition::Tab;
use crate::pages::admin::edition::preview::{self as shown, View};
use crate::pages::admin::{FormFaults, paths};
use crate::store::editions::EditionRow;
use crate::store::subscriptions::{self, SubscriberRow};
use crate::web::Web;
use crate::web::body::Fields;
use crate::web::envelope::MAIL_POLICY;
use crate::web::problem::Problem;

desk! {
    "/admin/editions/{id}/preview": get Viewer show, post Editor look_as;
    "/admin/editions/{id}/preview.html": get Viewer frame;
    "/admin/editions/{id}/preview.eml": get Viewer message;
}

/// What templates say to readers who like it dark; said to everybody or to nobody, it shows what those readers or all others see.
const FOR_THE_DARK: [&str; 2] = ["(prefers-color-scheme:dark)", "(prefers-color-scheme: dark)"];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Eyes {
    view: String,
    /// A subscriber's id.
    r#as: Option<i64>,
}

impl Eyes {
    fn view(&self) -> View {
        View::ALL.into_iter().find(|view| view.word() == self.view).unwrap_or(View::Desktop)
    }

    /// Who looks; names are for editors.
    async fn person(&self, web: &Web, visit: &Visit) -> Result<Option<SubscriberRow>, Problem> {
        match self.r#as.filter(|_| visit.may(Role::Editor)) {
            Some(id) => Ok(subscriptions::subscriber_by_id(&mut web.house.db.read().await?, id).await?),
            None => Ok(None),
        }
    }
}

async fn mail(web: &Web, row: &EditionRow, person: Option<&SubscriberRow>) -> Result<Preview, Problem> {
    Ok(match person {
        Some(person) => try_out::preview_as(&web.house, row.id, person).await?,
        None => try_out::preview(&web.house, row.id, None).await?,
    })
}

async fn show(web: Data<Web>, mut visit: Visit, id: Path<i64>, eyes: Query<Eyes>) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    let person = eyes.person(&web, &visit).await?;
    let asked = person.as_ref().map_or("", |person| person.email.as_str());
    rendered(&web, &visit, &row, eyes.view(), person.as_ref(), asked, None).await
}

async fn rendered(
    web: &Web,
    visit: &Visit,
    row: &EditionRow,
    view: View,
    person: Option<&SubscriberRow>,
    asked: &str,
    fault: Option<String>,
) -> Result<HttpResponse, Problem> {
    let preview = mail(web, row, person).await?;
    let looked = findings(web, row, visit.language).await?;
    let message = String::from_utf8_lossy(&preview.message);
    let headers = message.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n", "\n");
    // Who wants text alone gets no HTML to look at.
    let text_alone = person.is_some_and(|person| person.format == MailFormat::Text);
    let view = if text_alone && view != View::Headers { View::Text } else { view };
    let faults: Vec<(&str, &str)> = fault.iter().map(|message| ("subscriber", message.as_str())).collect();
    let tab = shown::Preview {
        head: head(visit, row, &looked),
        view,
        text: &preview.text,
        headers: &headers,
        subscriber: asked,
        subscriber_id: person.map(|person| person.id),
        faults: FormFaults(&faults),
    };
    let page = |desk: &crate::pages::admin::Desk<'_>| shown::page(desk, &tab);
    Ok(if faults.is_empty() { visit.show(page) } else { visit.again(page) })
}

async fn look_as(web: Data<Web>, mut visit: Visit, id: Path<i64>, form: Fields) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    let eyes = Eyes { view: form.get("view").unwrap_or_default().to_owned(), r#as: None };
    let here = format!("{}?view={}", paths::tab(row.id, Tab::Preview), eyes.view().word());
    let asked = form.get("subscriber").unwrap_or_default();
    if asked.trim().is_empty() {
        return Ok(see_other(&here));
    }
    let person = match EmailAddress::parse_any_role(asked) {
        Ok(address) => people::find(&mut web.house.db.read().await?, &address).await.ok(),
        Err(_) => None,
    };
    match person {
        Some(person) => Ok(see_other(&format!("{here}&as={}", person.id))),
        None => {
            let fault = Some(words::fault_nobody(visit.language));
            rendered(&web, &visit, &row, eyes.view(), None, asked, fault).await
        }
    }
}

async fn frame(web: Data<Web>, mut visit: Visit, id: Path<i64>, eyes: Query<Eyes>) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    let person = eyes.person(&web, &visit).await?;
    let Preview { html, .. } = mail(&web, &row, person.as_ref()).await?;
    // Whatever the editor's own screen is like.
    let readers = if matches!(eyes.view(), View::Dark) { "all" } else { "not all" };
    let html = FOR_THE_DARK.iter().fold(html, |html, rule| html.replace(rule, readers));
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, MAIL_POLICY))
        .body(html))
}

async fn message(web: Data<Web>, mut visit: Visit, id: Path<i64>, eyes: Query<Eyes>) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    let person = eyes.person(&web, &visit).await?;
    let Preview { message, .. } = mail(&web, &row, person.as_ref()).await?;
    let name = format!("attachment; filename=\"edition-{}.eml\"", row.number);
    Ok(HttpResponse::Ok().content_type("message/rfc822").insert_header((CONTENT_DISPOSITION, name)).body(message))
}
