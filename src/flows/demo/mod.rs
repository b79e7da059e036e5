//! The demo: a newsletter with a past, its articles, and a mailbox in which all of its mail ends.

mod feed;
mod past;
mod people;

use std::collections::BTreeMap;
use std::net::SocketAddr;

pub use self::feed::Feed;
use super::approve::ApprovalError;
use super::collect_articles::{self, NewSource, Reading};
use super::newsletters;
use super::{FlowError, House};
use crate::domain::newsletter::{NewsletterChange, Promo};
use crate::domain::smarthost::TlsMode;
use crate::mail::mailbox::Mailbox;
use crate::store::{StoreError, meta};

/// The demo's newsletter.
pub const NEWSLETTER: &str = "nieuwsbrief";
/// Where the demo serves its feed.
pub const FEED_PATH: &str = "/demo/feed/";
/// Where the database notes which mail server the demo opened for it.
const OWN_MAILBOX: &str = "demo-mailbox";

/// What the demo serves besides what every house does.
pub struct Demo {
    pub mailbox: Mailbox,
    pub feed: Feed,
}

/// Why the demo could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error("the sample edition was {0}")]
    Approval(#[from] ApprovalError),
    #[error("no sample edition was made")]
    NoEdition,
    #[error("the demo's own feed cannot be read: {0}")]
    Feed(String),
}

impl From<StoreError> for DemoError {
    fn from(error: StoreError) -> Self {
        Self::Flow(error.into())
    }
}

/// Whether all mail ends in the demo's own mailbox: the settings name the mail server that the demo opened, and no
/// other. A database of a demo that is served with other settings is no demo any more.
///
/// # Errors
/// When the database cannot answer.
pub async fn catches_all_mail(house: &House) -> Result<bool, StoreError> {
    let [server] = house.config.smtp.as_slice() else { return Ok(false) };
    let noted = meta::get(&mut house.db.read().await?, OWN_MAILBOX).await?;
    Ok(server.tls == TlsMode::None && noted == Some(format!("{}:{}", server.host, server.port)))
}

/// Makes the newsletter, its readers, and the edition that they got three months ago. Do it before anything sends.
///
/// # Errors
/// When the database refuses.
pub async fn furnish(house: &mut House, mailbox: SocketAddr) -> Result<(), DemoError> {
    let mut tx = house.db.write().await?;
    meta::set(&mut tx, OWN_MAILBOX, &mailbox.to_string()).await?;
    tx.commit().await?;
    house.catches_all_mail = catches_all_mail(house).await?;
    let newsletter = newsletters::create(house, newsletter()).await?;
    past::tell(house, &newsletter).await
}

/// Adds the demo's feed as a source and reads it over HTTP, as any other.
///
/// # Errors
/// When it cannot be read.
pub async fn collect(house: &House, serving: SocketAddr) -> Result<(), DemoError> {
    // What listens on every address is reached by way of our own.
    let ours = if serving.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], serving.port())) } else { serving };
    let source = NewSource {
        url: &format!("http://{ours}{FEED_PATH}"),
        section: "news",
        category_sections: BTreeMap::from([("Blogs".to_owned(), "blogs".to_owned())]),
        allow_private: true,
    };
    let source = collect_articles::add(house, NEWSLETTER, source).await?;
    match collect_articles::fetch(house, &source).await? {
        Reading { error: Some(error), .. } => Err(DemoError::Feed(error)),
        _ => Ok(()),
    }
}

fn newsletter() -> NewsletterChange {
    let promo = Promo {
        heading: "Lees ons boek".to_owned(),
        title: "Gemeenten. Bewustzijn. Privacy.".to_owned(),
        text: "Het handboek voor informatiebewustzijn bij de lokale overheid.".to_owned(),
        url: "https://www.example.nl/boek/".to_owned(),
        button: "Bekijk het boek".to_owned(),
    };
    NewsletterChange {
        slug: Some(NEWSLETTER.to_owned()),
        title: Some("Nieuwsbrief".to_owned()),
        description: Some(
            "[Voorbeeldtekst] Onze blogs en het nieuws over informatiebeveiliging en privacy bij gemeenten.".to_owned(),
        ),
        language: Some("nl".to_owned()),
        from: Some("Voorbeeld I&P <nieuws@example.nl>".to_owned()),
        organisation: Some("Voorbeeld I&P".to_owned()),
        postal_address: Some("Voorbeeldstraat 1, 1234 AB Voorbeeldstad".to_owned()),
        privacy_url: Some("https://www.example.nl/privacy/".to_owned()),
        promo: Some(Some(promo)),
        ..NewsletterChange::default()
    }
}

#[cfg(test)]
mod tests;
