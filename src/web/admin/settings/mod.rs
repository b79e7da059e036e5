//! The settings: seven tabs; what each role may read and change of them stands in their tables.

mod feedback;
pub mod form;
pub mod sender;
pub mod sources;
mod system;
mod users;
mod webhooks;

use actix_web::http::StatusCode;
use actix_web::http::header::REFERER;
use actix_web::{HttpRequest, HttpResponse};

use super::visit::{Visit, see_other};
use super::{Route, desk};
use crate::domain::fault::Faults;
use crate::domain::language::Language;
use crate::domain::texts::desk_settings as texts;
use crate::flows::FlowError;
use crate::pages::admin::notice::Notice;
use crate::pages::admin::paths;
use crate::pages::admin::settings::SettingsTab;
use crate::web::problem::Problem;

desk! {
    "/admin/settings": get Viewer first_tab;
}

/// The tables of the tabs.
pub const TABS: [&[Route]; 7] =
    [sender::ROUTES, sources::ROUTES, form::ROUTES, users::ROUTES, feedback::ROUTES, webhooks::ROUTES, system::ROUTES];

async fn first_tab(visit: Visit) -> HttpResponse {
    visit.on_to(paths::settings(SettingsTab::Sender.segment()), None)
}

/// What is wrong with a form, each fault with its field, in the language of the desk.
#[derive(Default)]
pub struct Faulty(Vec<(&'static str, String)>);

impl Faulty {
    /// One fault alone; without a field it is about the whole.
    pub fn one(field: &'static str, message: String) -> Self {
        Self(vec![(field, message)])
    }

    /// As views take it.
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(field, message)| (*field, message.as_str())).collect()
    }

    /// Another name for a field that stands under it in the form.
    pub fn rename(&mut self, from: &str, to: &'static str) {
        for (field, _) in self.0.iter_mut().filter(|(field, _)| *field == from) {
            *field = to;
        }
    }

    /// 400 when something is wrong.
    pub fn status(&self) -> StatusCode {
        if self.0.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST }
    }
}

/// Faults of fields in the language of the desk.
pub fn told(language: Language, faults: &Faults) -> Vec<(&'static str, String)> {
    let named = |field| if field == "promo" { "promo-heading" } else { field };
    faults.0.iter().map(|fault| (named(fault.field), texts::fault(language, fault.field, &fault.message))).collect()
}

/// What came of saving a form: done, or faults to show with it again.
///
/// # Errors
/// What no form can say.
pub fn outcome(language: Language, saved: Result<(), FlowError>) -> Result<Result<(), Faulty>, Problem> {
    match saved {
        Ok(()) => Ok(Ok(())),
        Err(FlowError::Invalid(faults)) => Ok(Err(Faulty(told(language, &faults)))),
        Err(FlowError::Conflict(why)) => Ok(Err(Faulty::one("", texts::fault(language, "", &why)))),
        Err(error) => Err(error.into()),
    }
}

/// Back to where a button was pressed: a step of the first start, or else the tab.
fn back(request: &HttpRequest, visit: &Visit, tab: SettingsTab, notice: Notice) -> HttpResponse {
    let from = request.headers().get(REFERER).and_then(|place| url::Url::parse(place.to_str().ok()?).ok());
    let step = from.and_then(|place| {
        let (_, step) = place.path().split_once(paths::SETUP)?;
        step.strip_prefix('/')?.parse::<u8>().ok()
    });
    match step {
        Some(step) => see_other(&format!("{}/{step}?done={notice}", paths::SETUP)),
        None => visit.done(paths::settings(tab.segment()), notice),
    }
}
