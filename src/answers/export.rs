//! A subscription as it leaves the house.

use serde::Serialize;

use crate::domain::consent::ConsentBody;
use crate::domain::csv_cell::guarded;
use crate::domain::suppression::SuppressionReason;
use crate::domain::time::Timestamp;
use crate::store::subscriptions::ExportRow;
use crate::store::suppressions::SuppressionRow;

/// One line of an export: our own import reads it back.
#[derive(Clone, Serialize)]
pub struct ExportAnswer {
    pub email: String,
    pub language: &'static str,
    pub format: &'static str,
    /// None for an address of which nothing is kept but that it must not be mailed.
    pub newsletter: Option<String>,
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
    /// Why the address must not be mailed.
    pub suppressed: Option<&'static str>,
}

impl ExportAnswer {
    /// The names of the cells, in order.
    pub const HEAD: [&'static str; 12] = [
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
        "suppressed",
    ];

    /// The cells, not yet guarded against spreadsheets.
    pub fn cells(&self) -> [String; 12] {
        let moment = |moment: Option<Timestamp>| moment.map_or_else(String::new, |moment| moment.to_string());
        [
            self.email.clone(),
            self.language.to_owned(),
            self.newsletter.clone().unwrap_or_default(),
            self.status.to_owned(),
            self.requested_at.to_string(),
            moment(self.confirmed_at),
            moment(self.ended_at),
            self.format.to_owned(),
            self.consent_means.unwrap_or_default().to_owned(),
            self.consent_text.clone().unwrap_or_default(),
            self.consent_note.clone().unwrap_or_default(),
            self.suppressed.unwrap_or_default().to_owned(),
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
            newsletter: Some(row.newsletter),
            status: row.status.as_str(),
            requested_at: row.requested_at,
            confirmed_at: row.confirmed_at,
            ended_at: row.ended_at,
            consent_means,
            consent_text,
            consent_note,
            suppressed: row.suppressed.map(SuppressionReason::as_str),
        }
    }
}

impl From<SuppressionRow> for ExportAnswer {
    fn from(row: SuppressionRow) -> Self {
        Self {
            email: row.email.unwrap_or_default(),
            language: "",
            format: "",
            newsletter: None,
            status: row.reason.as_str(),
            requested_at: row.created_at,
            confirmed_at: None,
            ended_at: Some(row.created_at),
            consent_means: None,
            consent_text: None,
            consent_note: row.note,
            suppressed: Some(row.reason.as_str()),
        }
    }
}

/// Rows as RFC 4180 writes them, no cell a formula.
///
/// # Errors
/// When memory cannot be written, which does not happen.
pub fn csv_of<const N: usize>(rows: impl IntoIterator<Item = [String; N]>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.iter().map(|cell| guarded(cell).into_owned()))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
