//! What an edition says: from its rows while it is a draft, from its approval ever after.

use super::newsletters::promo_of;
use super::subscribe::organisation;
use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::edition_content::{EditionContent, Item, Section};
use crate::domain::language::Language;
use crate::domain::newsletter::{Promo, promise};
use crate::domain::schedule::zone;
use crate::domain::sender::Sender;
use crate::domain::slug::Slug;
use crate::domain::subscription::MailFormat;
use crate::domain::texts::dates;
use crate::mail::compose::{ComposeError, Composed, Mailing};
use crate::store::editions::{self, EditionRow};
use crate::store::newsletters::{self, NewsletterRow};
use crate::store::{Access, StoreError};

/// An edition's content in every language in which somebody may read it.
pub type Contents = Vec<EditionContent>;

/// The content of an edition: what was approved, or what its rows say now.
///
/// # Errors
/// When the database cannot answer.
pub async fn contents(
    on: &mut impl Access,
    house: &House,
    newsletter: &NewsletterRow,
    edition: &EditionRow,
) -> Result<Contents, StoreError> {
    match edition.content.as_deref().and_then(|json| serde_json::from_str(json).ok()) {
        Some(approved) => Ok(approved),
        None => from_rows(on, house, newsletter, edition).await,
    }
}

async fn from_rows(
    on: &mut impl Access,
    house: &House,
    newsletter: &NewsletterRow,
    edition: &EditionRow,
) -> Result<Contents, StoreError> {
    let sections = newsletters::sections(on, newsletter.id).await?;
    let items = editions::items(on, edition.id).await?;
    let zone = zone(&newsletter.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let moment = edition.send_at.unwrap_or_else(|| house.clock.now().max(edition.created_at));
    let day = moment.in_zone(&zone).date();
    let promo: Option<Promo> = match &edition.promo {
        Some(json) => serde_json::from_str(json).ok(),
        None => None,
    };
    Ok(Language::ALL
        .into_iter()
        .map(|language| EditionContent {
            language,
            newsletter_title: newsletter.title.clone(),
            sender_name: newsletter.from_name.clone(),
            number: edition.number,
            date_label: dates::month_and_year(language, day),
            subject: edition.subject.clone(),
            preheader: edition.preheader.clone(),
            intro: edition.intro.clone(),
            sections: sections
                .iter()
                .map(|section| Section {
                    key: section.key.clone(),
                    title: section.title(language).to_owned(),
                    style: section.style,
                    items: items
                        .iter()
                        .filter(|item| item.section == section.key)
                        .map(|item| Item {
                            article: item.article_id,
                            title: item.title.clone(),
                            url: item.url.clone(),
                            summary: item.summary.clone(),
                            source_url: item.source_url.clone(),
                        })
                        .collect(),
                })
                .filter(|section| !section.items.is_empty())
                .collect(),
            promo: promo.clone(),
            promise: promise(newsletter.max_per_year, language),
            organisation: organisation(newsletter).to_owned(),
            postal_address: newsletter.postal_address.clone(),
            privacy_url: newsletter.privacy_url.clone(),
            look: newsletter.look(),
        })
        .collect())
}

/// Which block of its own a new edition of this newsletter gets, as it is stored.
pub fn promo_for_new(newsletter: &NewsletterRow) -> Option<String> {
    promo_of(newsletter).and_then(|promo| serde_json::to_string(&promo).ok())
}

/// An edition composed in every language and form.
#[derive(Debug)]
pub struct Rendering {
    variants: Vec<(Language, MailFormat, Composed)>,
}

/// Why an edition cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error(transparent)]
    Compose(#[from] ComposeError),
    #[error("the newsletter's {0} is broken; set it again")]
    Setting(&'static str),
}

impl From<RenderError> for FlowError {
    fn from(error: RenderError) -> Self {
        Self::Conflict(error.to_string())
    }
}

impl Rendering {
    /// Renders an edition; the same content and templates give the same bytes.
    ///
    /// # Errors
    /// When an operator's template fails on this content.
    pub fn new(house: &House, newsletter: &NewsletterRow, contents: &Contents) -> Result<Self, RenderError> {
        let envelope = Envelope::of(house, newsletter)?;
        let mut variants = Vec::new();
        for content in contents {
            for format in MailFormat::ALL {
                let composed = Composed::new(&house.templates.now(), content, &envelope.mailing(house), *format)?;
                variants.push((content.language, *format, composed));
            }
        }
        Ok(Self { variants })
    }

    /// The place of a variant in this rendering.
    pub fn place(&self, language: Language, format: MailFormat) -> usize {
        self.variants.iter().position(|(l, f, _)| (*l, *f) == (language, format)).unwrap_or(0)
    }

    /// The variant at a place.
    pub fn variant(&self, place: usize) -> &Composed {
        &self.variants[place.min(self.variants.len() - 1)].2
    }

    /// The hash of all that will be sent: approval holds it, sending checks it.
    pub fn hash(&self) -> String {
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        for (_, _, composed) in &self.variants {
            context.update(&composed.fingerprint());
        }
        crate::domain::token::hex(context.finish().as_ref())
    }
}

/// The owned values behind a [`Mailing`].
pub struct Envelope {
    slug: Slug,
    sender: Sender,
    reply_to: Option<EmailAddress>,
    unsubscribe_address: Option<EmailAddress>,
}

impl Envelope {
    /// From a newsletter's settings and the house's.
    ///
    /// # Errors
    /// When somebody broke the settings in the database by hand.
    pub fn of(house: &House, newsletter: &NewsletterRow) -> Result<Self, RenderError> {
        Ok(Self {
            slug: newsletter.slug.parse().map_err(|_| RenderError::Setting("short name"))?,
            sender: sender(newsletter).ok_or(RenderError::Setting("sender"))?,
            reply_to: newsletter.reply_to.as_deref().and_then(|address| EmailAddress::parse_any_role(address).ok()),
            unsubscribe_address: house.unsubscribe_address(),
        })
    }

    /// What composing needs.
    pub fn mailing<'a>(&'a self, house: &'a House) -> Mailing<'a> {
        Mailing {
            slug: &self.slug,
            sender: &self.sender,
            reply_to: self.reply_to.as_ref(),
            public_url: &house.config.public_url,
            unsubscribe_address: self.unsubscribe_address.as_ref(),
        }
    }
}

/// Who the newsletter is from.
pub fn sender(newsletter: &NewsletterRow) -> Option<Sender> {
    Some(Sender::new(&newsletter.from_name, EmailAddress::stored(newsletter.from_address.clone())?))
}
