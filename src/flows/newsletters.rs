//! Making and changing newsletters, and the moments that follow from their schedule.

use super::{FlowError, House};
use crate::domain::edition::SectionStyle;
use crate::domain::fault::Faults;
use crate::domain::newsletter::{NewsletterChange, NewsletterSettings, Promo, one_line};
use crate::domain::schedule::{AssembleRule, sending_moment, zone};
use crate::domain::slug::Slug;
use crate::domain::time::Timestamp;
use crate::store::newsletters::{NewsletterRow, SectionRow};
use crate::store::{Access, newsletters};

/// The newsletter with this slug.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none.
pub async fn find(on: &mut impl Access, slug: &str) -> Result<NewsletterRow, FlowError> {
    // What cannot be a slug is not asked for: PostgreSQL calls some bytes an error.
    let slug: Slug = slug.parse().map_err(|_| FlowError::no_newsletter(slug))?;
    newsletters::by_slug(on, slug.as_str()).await?.ok_or_else(|| FlowError::no_newsletter(slug.as_str()))
}

/// Whether these settings would make a newsletter, or change the one with this slug.
///
/// # Errors
/// [`FlowError::Invalid`] with every fault; [`FlowError::NotFound`] for a newsletter that does not exist.
pub async fn look(house: &House, slug: Option<&str>, change: NewsletterChange) -> Result<(), FlowError> {
    let settings = match slug {
        Some(slug) => settings_of(&find(&mut house.db.read().await?, slug).await?)?.changed(change)?,
        None => NewsletterSettings::create(change)?,
    };
    Ok(check_logo(house, &settings)?)
}

/// Makes a newsletter with its two usual sections.
///
/// # Errors
/// [`FlowError::Invalid`] with every fault; [`FlowError::Conflict`] when the slug is taken.
pub async fn create(house: &House, change: NewsletterChange) -> Result<NewsletterRow, FlowError> {
    let settings = NewsletterSettings::create(change)?;
    check_logo(house, &settings)?;
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let row = newsletters::insert(&mut tx, &settings, next_assembly(&settings, now), now)
        .await?
        .ok_or_else(|| FlowError::Conflict(format!("there is a newsletter “{}” already", settings.slug)))?;
    for section in usual_sections() {
        newsletters::insert_section(&mut tx, row.id, &section).await?;
    }
    house.note(&mut tx, "newsletter.create", &row.slug, "").await?;
    tx.commit().await?;
    Ok(row)
}

/// Changes a newsletter.
///
/// # Errors
/// [`FlowError::Invalid`] with every fault; then nothing is changed.
pub async fn edit(house: &House, slug: &str, change: NewsletterChange) -> Result<NewsletterRow, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let before = find(&mut tx, slug).await?;
    let settings = settings_of(&before)?;
    let rescheduled = change.assemble.is_some() || change.timezone.is_some();
    let settings = settings.changed(change)?;
    check_logo(house, &settings)?;
    let next = if rescheduled { next_assembly(&settings, now) } else { before.next_assemble_at };
    let row = newsletters::update(&mut tx, before.id, &settings, next, now).await?;
    let changes = changes(&before, &row);
    if !changes.is_empty() {
        house.note(&mut tx, "newsletter.edit", &row.slug, &changes).await?;
    }
    tx.commit().await?;
    Ok(row)
}

/// Longest value that the log of deeds repeats, in characters.
const TELLING: usize = 80;

/// What differs, as “four_eyes: true → false; …”; of a long value only that it does.
fn changes(before: &NewsletterRow, after: &NewsletterRow) -> String {
    let fields = |row: &NewsletterRow| {
        let optional = |value: &Option<String>| value.clone().unwrap_or_default();
        [
            ("title", row.title.clone()),
            ("description", row.description.clone()),
            ("language", row.language.to_string()),
            ("from", format!("{} <{}>", row.from_name, row.from_address)),
            ("reply_to", optional(&row.reply_to)),
            ("organisation", row.organisation.clone()),
            ("postal_address", row.postal_address.clone()),
            ("privacy_url", optional(&row.privacy_url)),
            ("timezone", row.timezone.clone()),
            ("assemble", row.assemble_rule.clone()),
            ("review_days", row.review_days.to_string()),
            ("approval", row.approval.to_string()),
            ("max_per_year", row.max_per_year.to_string()),
            ("min_articles", row.min_articles.to_string()),
            ("on_unknown", row.on_unknown.to_string()),
            ("repeats", row.repeats.to_string()),
            ("promo", optional(&row.promo)),
            ("notify", row.notify.clone()),
            ("archive_indexed", row.archive_indexed.to_string()),
            ("four_eyes", row.four_eyes.to_string()),
            ("safety", row.safety.clone()),
            ("logo", optional(&row.logo)),
            ("accent", optional(&row.accent)),
            ("test_required", row.test_required.to_string()),
        ]
    };
    let (old, new) = (fields(before), fields(after));
    let differing = old.into_iter().zip(new).filter(|((_, old), (_, new))| old != new);
    let told = differing.map(|((name, old), (_, new))| {
        let long = [&old, &new].iter().any(|value| value.chars().count() > TELLING);
        let shown = |value: String| if value.is_empty() { "–".to_owned() } else { value };
        if long { name.to_owned() } else { format!("{name}: {} → {}", shown(old), shown(new)) }
    });
    told.collect::<Vec<_>>().join("; ")
}

/// The settings of a stored newsletter.
///
/// # Errors
/// [`FlowError::Invalid`] when somebody changed the database by hand.
pub fn settings_of(row: &NewsletterRow) -> Result<NewsletterSettings, Faults> {
    NewsletterSettings::create(NewsletterChange {
        slug: Some(row.slug.clone()),
        title: Some(row.title.clone()),
        description: Some(row.description.clone()),
        language: Some(row.language.tag().to_owned()),
        from: Some(format!("{} <{}>", row.from_name, row.from_address)),
        reply_to: row.reply_to.clone(),
        organisation: Some(row.organisation.clone()),
        postal_address: Some(row.postal_address.clone()),
        privacy_url: row.privacy_url.clone(),
        timezone: Some(row.timezone.clone()),
        assemble: Some(row.assemble_rule.clone()),
        review_days: Some(row.review_days),
        approval: Some(row.approval.as_str().to_owned()),
        max_per_year: Some(row.max_per_year),
        min_articles: Some(row.min_articles),
        on_unknown: Some(row.on_unknown.as_str().to_owned()),
        repeats: Some(row.repeats),
        promo: Some(promo_of(row)),
        notify: Some(row.notify.clone()),
        archive_indexed: Some(row.archive_indexed),
        four_eyes: Some(row.four_eyes),
        safety: Some(row.safety().into()),
        logo: Some(row.look().logo),
        accent: row.accent.clone(),
        test_required: Some(row.test_required),
        reconfirm_after_months: Some(row.reconfirm_after_months),
    })
}

/// Which `http` address is ours only the house knows.
fn check_logo(house: &House, settings: &NewsletterSettings) -> Result<(), Faults> {
    let public_url = &house.config.public_url;
    match &settings.look.logo {
        Some(logo) if !logo.is_safe(public_url) => {
            Err(Faults::one("logo", format!("must begin with https://, or lie on our own server at {public_url}")))
        }
        _ => Ok(()),
    }
}

/// The block that recommends something of its own, if it has one.
pub fn promo_of(row: &NewsletterRow) -> Option<Promo> {
    row.promo.as_deref().and_then(|json| serde_json::from_str(json).ok())
}

/// A coming edition: when it is assembled and when it goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coming {
    pub assemble_at: Timestamp,
    pub send_at: Timestamp,
}

/// The coming moments after `from`.
///
/// # Errors
/// [`FlowError::Invalid`] when the stored rule is broken.
pub fn coming(row: &NewsletterRow, from: Timestamp, count: usize) -> Result<Vec<Coming>, FlowError> {
    let rule = AssembleRule::parse(&row.assemble_rule).map_err(|error| Faults::one("assemble", error.to_string()))?;
    let zone = zone(&row.timezone).map_err(|error| Faults::one("timezone", error.to_string()))?;
    let mut moments = Vec::new();
    let mut after = from;
    while moments.len() < count {
        let Some(assemble_at) = rule.next_after(after, &zone) else { break };
        moments.push(Coming { assemble_at, send_at: sending_moment(assemble_at, row.review_days, &zone) });
        after = assemble_at;
    }
    Ok(moments)
}

fn next_assembly(settings: &NewsletterSettings, now: Timestamp) -> Option<Timestamp> {
    AssembleRule::parse(&settings.assemble_rule).ok()?.next_after(now, &settings.zone())
}

/// “Recente blogs” with excerpts, “Meer recente berichten” as titles.
fn usual_sections() -> [SectionRow; 2] {
    let section = |key: &str, position, style, max_items, title_nl: &str, title_en: &str| SectionRow {
        key: key.to_owned(),
        position,
        style,
        max_items,
        title_nl: title_nl.to_owned(),
        title_en: title_en.to_owned(),
    };
    [
        section("blogs", 1, SectionStyle::Excerpts, 5, "Recente blogs", "Recent blog posts"),
        section("news", 2, SectionStyle::Titles, 10, "Meer recente berichten", "More recent news"),
    ]
}

/// A section's key as it is asked for: one of the newsletter's.
///
/// # Errors
/// [`FlowError::Invalid`] that names the keys there are.
pub async fn known_section(on: &mut impl Access, newsletter: &NewsletterRow, key: &str) -> Result<String, FlowError> {
    let sections = newsletters::sections(on, newsletter.id).await?;
    if sections.iter().any(|section| section.key == key) {
        return Ok(key.to_owned());
    }
    let keys: Vec<_> = sections.iter().map(|section| section.key.as_str()).collect();
    let key = one_line(key).unwrap_or_default();
    Err(Faults::one("section", format!("“{key}” is no section of this newsletter; choose one of: {}", keys.join(", ")))
        .into())
}
