//! One person's evidence as programs, courts and the person see it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::consent::ConsentBody;
use crate::domain::time::Timestamp;
use crate::domain::token::hex;
use crate::store::consent::ConsentRow;

/// Everything recorded about one address, oldest first.
#[derive(Clone, Serialize, ToSchema)]
pub struct ConsentProofAnswer {
    pub email: String,
    pub records: Vec<ConsentRecordAnswer>,
}

/// One record, with all that is needed to recompute its hash.
#[derive(Clone, Serialize, ToSchema)]
pub struct ConsentRecordAnswer {
    pub id: i64,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub event: &'static str,
    pub newsletter: Option<String>,
    /// By which way.
    pub means: Option<&'static str>,
    pub language: Option<String>,
    /// The address at that time.
    pub email: Option<String>,
    /// The sentence that was shown, and the version that showed it.
    pub text: Option<String>,
    pub text_version: Option<String>,
    /// How often was promised.
    pub promise: Option<String>,
    pub origin: Option<String>,
    /// The operator's statement or evidence, or a mail server's words.
    pub note: Option<String>,
    pub newsletter_id: i64,
    /// The record's words exactly as they were hashed; null after erasure.
    pub body: Option<String>,
    pub subject: String,
    pub body_hash: String,
    pub previous: String,
    pub hash: String,
}

impl ConsentProofAnswer {
    /// The proof made of these records.
    pub fn new(email: &str, records: Vec<ConsentRow>) -> Self {
        Self { email: email.to_owned(), records: records.into_iter().map(ConsentRecordAnswer::from).collect() }
    }
}

impl From<ConsentRow> for ConsentRecordAnswer {
    fn from(row: ConsentRow) -> Self {
        let said: Option<ConsentBody> = row.body.as_deref().and_then(|body| serde_json::from_str(body).ok());
        let part =
            |part: fn(&ConsentBody) -> Option<String>| said.as_ref().and_then(part).filter(|part| !part.is_empty());
        Self {
            id: row.id,
            at: row.at,
            event: row.event.as_str(),
            newsletter: part(|body| Some(body.newsletter.clone())),
            means: said.as_ref().map(|body| body.means.as_str()),
            language: part(|body| Some(body.language.clone())),
            email: part(|body| Some(body.email.clone())),
            text: part(|body| body.text.clone()),
            text_version: part(|body| body.text_version.clone()),
            promise: part(|body| body.promise.clone()),
            origin: part(|body| body.origin.clone()),
            note: part(|body| body.note.clone()),
            newsletter_id: row.newsletter_id,
            body: row.body,
            subject: hex(&row.subject),
            body_hash: hex(&row.body_hash),
            previous: hex(&row.previous),
            hash: hex(&row.hash),
        }
    }
}
