//! A subscription as it leaves the house.

use serde::Serialize;

use crate::domain::consent::ConsentBody;
use crate::domain::time::Timestamp;
use crate::store::subscriptions::ExportRow;

/// One line of an export: our own import reads it back.
#[derive(Clone, Serialize)]
pub struct ExportAnswer {
    pub email: String,
    pub language: &'static str,
    pub format: &'static str,
    pub newsletter: String,
    pub status: &'static str,
    pub requested_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// By which way they asked.
    pub consent_means: Option<&'static str>,
    /// The sentence that was shown to them.
    pub consent_text: Option<String>,
    /// The operator's statement or evidence.
    pub consent_note: Option<String>,
}

impl ExportAnswer {
    /// The names of the cells, in order.
    pub const HEAD: [&'static str; 11] = [
        "email",
        "language",
        "newsletter",
        "status",
        "requested_at",
        "confirmed_at",
        "ended_at",
        "format",
        "consent_means",
        "consent_text",
        "consent_note",
    ];

    /// The cells, not yet guarded against spreadsheets.
    pub fn cells(&self) -> [String; 11] {
        let moment = |moment: Option<Timestamp>| moment.map_or_else(String::new, |moment| moment.to_string());
        [
            self.email.clone(),
            self.language.to_owned(),
            self.newsletter.clone(),
            self.status.to_owned(),
            self.requested_at.to_string(),
            moment(self.confirmed_at),
            moment(self.ended_at),
            self.format.to_owned(),
            self.consent_means.unwrap_or_default().to_owned(),
            self.consent_text.clone().unwrap_or_default(),
            self.consent_note.clone().unwrap_or_default(),
        ]
    }
}

impl From<ExportRow> for ExportAnswer {
    fn from(row: ExportRow) -> Self {
        let consent: Option<ConsentBody> = row.consent.as_deref().and_then(|body| serde_json::from_str(body).ok());
        let (consent_means, consent_text, consent_note) =
            consent.map_or((None, None, None), |body| (Some(body.means.as_str()), body.text, body.note));
        Self {
            email: row.email,
            language: row.language.tag(),
            format: row.format.as_str(),
            newsletter: row.newsletter,
            status: row.status.as_str(),
            requested_at: row.requested_at,
            confirmed_at: row.confirmed_at,
            ended_at: row.ended_at,
            consent_means,
            consent_text,
            consent_note,
        }
    }
}
