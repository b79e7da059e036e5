//! Newsletters and their sections.

use super::{Access, StoreError, Tx, execute, fetch_all, fetch_one, fetch_optional, row};
use crate::domain::delivery::OnUnknown;
use crate::domain::edition::{Approval, SectionStyle};
use crate::domain::language::Language;
use crate::domain::look::Look;
use crate::domain::newsletter::NewsletterSettings;
use crate::domain::safety::Safety;
use crate::domain::time::Timestamp;

row! {
    /// A newsletter as it is stored.
    #[derive(Clone, Debug)]
    pub struct NewsletterRow {
        pub id: i64,
        pub slug: String,
        pub title: String,
        pub description: String,
        pub language: Language,
        pub from_name: String,
        pub from_address: String,
        pub reply_to: Option<String>,
        pub organisation: String,
        pub postal_address: String,
        pub privacy_url: Option<String>,
        pub timezone: String,
        pub assemble_rule: String,
        pub review_days: i64,
        pub approval: Approval,
        pub max_per_year: i64,
        pub min_articles: i64,
        pub on_unknown: OnUnknown,
        /// How often an uncertain delivery is repeated at most.
        pub repeats: i64,
        pub promo: Option<String>,
        pub notify: String,
        pub archive_indexed: bool,
        /// Who changed an edition last may not approve it.
        pub four_eyes: bool,
        /// JSON of [`Safety`]; what it leaves out is as usual.
        pub safety: String,
        /// JSON of [`crate::domain::look::Logo`].
        pub logo: Option<String>,
        /// `#0b5c8a`.
        pub accent: Option<String>,
        pub test_required: bool,
        /// After how many months of silence readers are asked whether they stay; 0 is never.
        pub reconfirm_after_months: i64,
        pub next_assemble_at: Option<Timestamp>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

row! {
    /// A section of a newsletter: where its articles stand and how.
    #[derive(Clone, Debug)]
    pub struct SectionRow {
        pub key: String,
        pub position: i64,
        pub style: SectionStyle,
        pub max_items: i64,
        pub title_nl: String,
        pub title_en: String,
    }
}

impl NewsletterRow {
    /// When its sending stops by itself.
    pub fn safety(&self) -> Safety {
        serde_json::from_str(&self.safety).unwrap_or_default()
    }

    /// What it looks like of its own. What somebody broke in the database by hand is left out.
    pub fn look(&self) -> Look {
        Look {
            logo: self.logo.as_deref().and_then(|json| serde_json::from_str(json).ok()),
            accent: self.accent.as_deref().and_then(|text| text.parse().ok()),
        }
    }
}

impl SectionRow {
    /// Its heading in a language.
    pub fn title(&self, language: Language) -> &str {
        match language {
            Language::Nl => &self.title_nl,
            Language::En => &self.title_en,
        }
    }
}

/// The newsletter with this slug.
///
/// # Errors
/// When the database cannot answer; so for every function of this room.
pub async fn by_slug(on: &mut impl Access, slug: &str) -> Result<Option<NewsletterRow>, StoreError> {
    fetch_optional!(on, NewsletterRow, "select * from newsletters where slug = $1", slug)
}

/// The newsletter with this id.
pub async fn by_id(on: &mut impl Access, id: i64) -> Result<Option<NewsletterRow>, StoreError> {
    fetch_optional!(on, NewsletterRow, "select * from newsletters where id = $1", id)
}

/// Every newsletter, in order of slug. There are few.
pub async fn all(on: &mut impl Access) -> Result<Vec<NewsletterRow>, StoreError> {
    fetch_all!(on, NewsletterRow, "select * from newsletters order by slug")
}

/// Newsletters whose moment of assembly has come.
pub async fn due_for_assembly(on: &mut impl Access, now: Timestamp) -> Result<Vec<NewsletterRow>, StoreError> {
    fetch_all!(
        on,
        NewsletterRow,
        "select * from newsletters where next_assemble_at <= $1 order by next_assemble_at, id",
        now
    )
}

/// Stores a new newsletter; `None` when the slug is taken.
pub async fn insert(
    tx: &mut Tx,
    settings: &NewsletterSettings,
    next_assemble_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<NewsletterRow>, StoreError> {
    fetch_optional!(
        tx,
        NewsletterRow,
        "insert into newsletters (slug, title, description, language, from_name, from_address, reply_to, organisation, \
         postal_address, privacy_url, timezone, assemble_rule, review_days, approval, max_per_year, min_articles, on_unknown, \
         promo, notify, archive_indexed, safety, next_assemble_at, created_at, updated_at, four_eyes, repeats, logo, accent, \
         test_required, reconfirm_after_months) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, \
         $23, $24, $25, $26, $27, $28, $29) \
         on conflict (slug) do nothing returning *",
        settings.slug.as_str(),
        settings.title.as_str(),
        settings.description.as_str(),
        settings.language,
        settings.from_name.as_str(),
        settings.from_address.as_str(),
        settings.reply_to.as_ref().map(ToString::to_string),
        settings.organisation.as_str(),
        settings.postal_address.as_str(),
        settings.privacy_url.as_deref(),
        settings.timezone.as_str(),
        settings.assemble_rule.as_str(),
        settings.review_days,
        settings.approval,
        settings.max_per_year,
        settings.min_articles,
        settings.on_unknown,
        promo_text(settings),
        settings.notify.as_str(),
        settings.archive_indexed,
        safety_text(settings),
        next_assemble_at,
        now,
        settings.four_eyes,
        settings.repeats,
        logo_text(settings),
        accent_text(settings),
        settings.test_required,
        settings.reconfirm_after_months,
    )
}

/// Stores changed settings.
pub async fn update(
    tx: &mut Tx,
    id: i64,
    settings: &NewsletterSettings,
    next_assemble_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<NewsletterRow, StoreError> {
    fetch_one!(
        tx,
        NewsletterRow,
        "update newsletters set title = $2, description = $3, language = $4, from_name = $5, from_address = $6, reply_to = $7, \
         organisation = $8, postal_address = $9, privacy_url = $10, timezone = $11, assemble_rule = $12, review_days = $13, \
         approval = $14, max_per_year = $15, min_articles = $16, on_unknown = $17, promo = $18, notify = $19, \
         archive_indexed = $20, safety = $21, next_assemble_at = $22, updated_at = $23, four_eyes = $24, repeats = $25, \
         logo = $26, accent = $27, test_required = $28, reconfirm_after_months = $29 where id = $1 returning *",
        id,
        settings.title.as_str(),
        settings.description.as_str(),
        settings.language,
        settings.from_name.as_str(),
        settings.from_address.as_str(),
        settings.reply_to.as_ref().map(ToString::to_string),
        settings.organisation.as_str(),
        settings.postal_address.as_str(),
        settings.privacy_url.as_deref(),
        settings.timezone.as_str(),
        settings.assemble_rule.as_str(),
        settings.review_days,
        settings.approval,
        settings.max_per_year,
        settings.min_articles,
        settings.on_unknown,
        promo_text(settings),
        settings.notify.as_str(),
        settings.archive_indexed,
        safety_text(settings),
        next_assemble_at,
        now,
        settings.four_eyes,
        settings.repeats,
        logo_text(settings),
        accent_text(settings),
        settings.test_required,
        settings.reconfirm_after_months,
    )
}

/// Moves the moment of assembly on, if nobody else has: whoever gets `true` does the work.
pub async fn advance(tx: &mut Tx, id: i64, from: Timestamp, to: Option<Timestamp>) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update newsletters set next_assemble_at = $3 where id = $1 and next_assemble_at = $2",
        id,
        from,
        to
    )?;
    Ok(touched == 1)
}

/// Its sections, in the order in which they stand in an edition.
pub async fn sections(on: &mut impl Access, newsletter_id: i64) -> Result<Vec<SectionRow>, StoreError> {
    fetch_all!(
        on,
        SectionRow,
        "select key, position, style, max_items, title_nl, title_en from sections where newsletter_id = $1 order by position, key",
        newsletter_id
    )
}

/// Adds a section.
pub async fn insert_section(tx: &mut Tx, newsletter_id: i64, section: &SectionRow) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into sections (newsletter_id, key, position, style, max_items, title_nl, title_en) \
         values ($1, $2, $3, $4, $5, $6, $7)",
        newsletter_id,
        section.key.as_str(),
        section.position,
        section.style,
        section.max_items,
        section.title_nl.as_str(),
        section.title_en.as_str(),
    )?;
    Ok(())
}

fn safety_text(settings: &NewsletterSettings) -> String {
    serde_json::to_string(&settings.safety).expect("numbers alone always become JSON")
}

fn promo_text(settings: &NewsletterSettings) -> Option<String> {
    settings.promo.as_ref().map(|promo| serde_json::to_string(promo).expect("texts alone always become JSON"))
}

fn logo_text(settings: &NewsletterSettings) -> Option<String> {
    settings.look.logo.as_ref().map(|logo| serde_json::to_string(logo).expect("texts and numbers always become JSON"))
}

fn accent_text(settings: &NewsletterSettings) -> Option<String> {
    settings.look.accent.map(|accent| accent.to_string())
}
