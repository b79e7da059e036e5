//! Sender and DNS: who the newsletter is from, the mail server, and the records that make others believe it.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::{Faulty, back, outcome};
use crate::domain::checkup::CheckStatus;
use crate::domain::newsletter::NewsletterChange;
use crate::flows::{doctor as examine, newsletters, test_letter};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::settings::SettingsTab;
use crate::pages::admin::settings::sender::{Record, RecordState, Sender, Smtp, SmtpTest, tab};
use crate::pages::admin::{FormFaults, paths};
use crate::store::doctor::{self, CheckRow};
use crate::store::newsletters::NewsletterRow;
use crate::web::Web;
use crate::web::admin::desk;
use crate::web::admin::visit::Visit;
use crate::web::body::Fields;
use crate::web::problem::Problem;

desk! {
    "/admin/settings/sender": get Viewer show, post Admin press;
}

async fn show(web: Data<Web>, visit: Visit) -> Result<HttpResponse, Problem> {
    let from = visit.newsletter().map(Author::of).unwrap_or_default();
    shown(&web, &visit, &from, &Faulty::default()).await
}

async fn press(web: Data<Web>, request: HttpRequest, mut visit: Visit, form: Fields) -> Result<HttpResponse, Problem> {
    if let Some(slug) = form.get("newsletter") {
        visit.take_in_hand(slug)?;
    }
    match form.get("what") {
        Some("sender") => {
            let from = Author::from(&form);
            let saved = newsletters::edit(&web.house.by(visit.actor()), &visit.newsletter()?.slug, from.change()).await;
            match outcome(visit.language, saved.map(drop))? {
                Ok(()) => Ok(visit.done(paths::settings(SettingsTab::Sender.segment()), Notice::Saved)),
                Err(faulty) => shown(&web, &visit, &from, &faulty).await,
            }
        }
        Some("test") => {
            test_letter::owe(&web.house, visit.newsletter()?, &visit.user).await?;
            Ok(back(&request, &visit, SettingsTab::Sender, Notice::TestSent))
        }
        Some("examine") => {
            examine::look_now(&web.house).await;
            Ok(back(&request, &visit, SettingsTab::Sender, Notice::Examined))
        }
        _ => Err(Problem::bad("this is none of the page's buttons")),
    }
}

async fn shown(web: &Web, visit: &Visit, from: &Author, faulty: &Faulty) -> Result<HttpResponse, Problem> {
    let facts = Facts::gather(web, visit).await?;
    let (faults, smtp, records) = (faulty.pairs(), facts.smtp(), facts.records());
    Ok(visit.page(faulty.status(), |desk| tab(desk, &from.shown(), &smtp, &records, FormFaults(&faults))))
}

/// Who the newsletter is from, as stored or typed.
#[derive(Default)]
pub struct Author {
    from: String,
    reply_to: String,
    organisation: String,
    postal_address: String,
    privacy_url: String,
}

impl Author {
    /// As stored.
    pub fn of(row: &NewsletterRow) -> Self {
        Self {
            from: format!("{} <{}>", row.from_name, row.from_address),
            reply_to: row.reply_to.clone().unwrap_or_default(),
            organisation: row.organisation.clone(),
            postal_address: row.postal_address.clone(),
            privacy_url: row.privacy_url.clone().unwrap_or_default(),
        }
    }

    /// As typed.
    pub fn from(form: &Fields) -> Self {
        let field = |name: &str| form.get(name).unwrap_or_default().to_owned();
        Self {
            from: field("from"),
            reply_to: field("reply_to"),
            organisation: field("organisation"),
            postal_address: field("postal_address"),
            privacy_url: field("privacy_url"),
        }
    }

    /// As the view takes it.
    pub fn shown(&self) -> Sender<'_> {
        Sender {
            from: &self.from,
            reply_to: &self.reply_to,
            organisation: &self.organisation,
            postal_address: &self.postal_address,
            privacy_url: &self.privacy_url,
        }
    }

    /// What it makes of a newsletter.
    pub fn change(&self) -> NewsletterChange {
        NewsletterChange {
            from: Some(self.from.clone()),
            reply_to: Some(self.reply_to.clone()),
            organisation: Some(self.organisation.clone()),
            postal_address: Some(self.postal_address.clone()),
            privacy_url: Some(self.privacy_url.clone()),
            ..NewsletterChange::default()
        }
    }
}

/// What the server's own settings say about mail, and what was found.
pub struct Facts {
    server: Option<String>,
    /// What the mail server said to the last test mail, while it waits or has failed.
    refusal: Option<String>,
    records: Vec<(String, &'static str, String)>,
    checks: Vec<CheckRow>,
}

impl Facts {
    /// Looks them up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn gather(web: &Web, visit: &Visit) -> Result<Self, Problem> {
        let house = &web.house;
        let servers: Vec<String> =
            house.config.smtp.iter().map(|server| format!("{}:{}", server.host, server.port)).collect();
        let from = visit.newsletter().ok().map(|newsletter| newsletter.from_address.as_str());
        let records = examine::to_paste(house, from);
        Ok(Self {
            server: (!servers.is_empty()).then(|| servers.join(", ")),
            refusal: test_letter::refusal(house, &visit.user).await?,
            records,
            checks: doctor::latest(&mut house.db.read().await?).await?,
        })
    }

    /// The mail server, as the view takes it.
    pub fn smtp(&self) -> Smtp<'_> {
        let test = self.refusal.as_deref().map(|dialogue| SmtpTest::Failed { dialogue });
        Smtp { server: self.server.as_deref(), test }
    }

    /// The records for DNS, each with what was found there last.
    pub fn records(&self) -> Vec<Record<'_>> {
        self.records
            .iter()
            .map(|(name, kind, value)| Record { name, kind, value, state: self.state_of(kind, name) })
            .collect()
    }

    fn state_of(&self, kind: &str, name: &str) -> RecordState<'static> {
        let check = match kind {
            "MX" => "mx",
            _ if name.starts_with("_dmarc") => "dmarc",
            _ if name.contains("._domainkey.") => "dkim",
            _ => "spf",
        };
        let about = |row: &&CheckRow| {
            row.check_name.split_once(':').is_some_and(|(what, of)| what == check && (check == "dmarc" || of == name))
        };
        let found = self.checks.iter().filter(about).map(|row| row.status);
        match found.max() {
            None | Some(CheckStatus::Unknown) => RecordState::NotChecked,
            Some(CheckStatus::Ok) => RecordState::Fine,
            Some(CheckStatus::Warn | CheckStatus::Fail) => RecordState::Missing,
        }
    }
}
