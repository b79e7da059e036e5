//! A newsletter as programs see it; its fields are those by which it is changed.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::look::Logo;
use crate::domain::newsletter::Promo;
use crate::domain::safety::Safety;
use crate::domain::time::Timestamp;
use crate::store::newsletters::{self, NewsletterRow, SectionRow};
use crate::store::{Access, StoreError};

/// A publication that people subscribe to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NewsletterAnswer {
    pub slug: String,
    pub title: String,
    pub description: String,
    pub language: &'static str,
    /// `Name <address>`.
    pub from: String,
    pub reply_to: Option<String>,
    pub organisation: String,
    pub postal_address: String,
    pub privacy_url: Option<String>,
    pub timezone: String,
    /// When editions are assembled: five fields of cron, or a preset in words.
    pub assemble: String,
    pub review_days: i64,
    pub approval: &'static str,
    pub max_per_year: i64,
    pub min_articles: i64,
    pub on_unknown: &'static str,
    /// Where uncertain mail is repeated: how often at most, each time after another lost reply.
    pub repeats: i64,
    #[schema(value_type = Option<Object>)]
    pub promo: Option<Promo>,
    /// Addresses that get notices, separated by commas.
    pub notify: String,
    pub archive_indexed: bool,
    /// Whoever changed an edition last may not approve it.
    pub four_eyes: bool,
    /// When its sending stops by itself and asks.
    pub safety: Safety,
    #[schema(value_type = Option<Object>)]
    pub logo: Option<Logo>,
    /// The colour of links and buttons, where it has one of its own.
    pub accent: Option<String>,
    /// Whether an edition must have been sent as a test after its last change before it is approved.
    pub test_required: bool,
    /// After how many months of silence readers can be asked whether they stay; 0 is never.
    pub reconfirm_after_months: i64,
    pub sections: Vec<SectionAnswer>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_assemble_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A heading under which articles stand.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SectionAnswer {
    pub key: String,
    /// In the newsletter's language.
    pub title: String,
    pub style: &'static str,
    pub max_items: i64,
}

impl NewsletterAnswer {
    /// The answer about this newsletter.
    ///
    /// # Errors
    /// When the database cannot answer; so for every answer.
    pub async fn of(on: &mut impl Access, row: NewsletterRow) -> Result<Self, StoreError> {
        let sections = newsletters::sections(on, row.id).await?;
        let section = |section: SectionRow| SectionAnswer {
            title: section.title(row.language).to_owned(),
            key: section.key,
            style: section.style.as_str(),
            max_items: section.max_items,
        };
        let safety = row.safety();
        Ok(Self {
            sections: sections.into_iter().map(section).collect(),
            from: format!("{} <{}>", row.from_name, row.from_address),
            logo: row.look().logo,
            accent: row.accent,
            test_required: row.test_required,
            reconfirm_after_months: row.reconfirm_after_months,
            promo: row.promo.as_deref().and_then(|json| serde_json::from_str(json).ok()),
            slug: row.slug,
            title: row.title,
            description: row.description,
            language: row.language.tag(),
            reply_to: row.reply_to,
            organisation: row.organisation,
            postal_address: row.postal_address,
            privacy_url: row.privacy_url,
            timezone: row.timezone,
            assemble: row.assemble_rule,
            review_days: row.review_days,
            approval: row.approval.as_str(),
            max_per_year: row.max_per_year,
            min_articles: row.min_articles,
            on_unknown: row.on_unknown.as_str(),
            repeats: row.repeats,
            notify: row.notify,
            archive_indexed: row.archive_indexed,
            four_eyes: row.four_eyes,
            safety,
            next_assemble_at: row.next_assemble_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }

    /// The answers about all newsletters.
    ///
    /// # Errors
    /// As [`NewsletterAnswer::of`].
    pub async fn all(on: &mut impl Access) -> Result<Vec<Self>, StoreError> {
        let mut answers = Vec::new();
        for row in newsletters::all(on).await? {
            answers.push(Self::of(on, row).await?);
        }
        Ok(answers)
    }
}
