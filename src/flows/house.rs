//! What every flow is handed: the database, the clock, the keys, the settings and the templates.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentBody, ConsentMeans};
use crate::domain::fault::Faults;
use crate::domain::language::Language;
use crate::domain::newsletter;
use crate::domain::token::{Keys, Link, hex};
use crate::store::newsletters::NewsletterRow;
use crate::store::{Db, StoreError};

/// The installation as flows see it. Cheap to clone.
#[derive(Clone)]
pub struct House {
    pub db: Db,
    pub clock: Clock,
    pub keys: Keys,
    pub config: Arc<Config>,
    pub wake: Arc<Wake>,
}

/// Wakes workers of this process as soon as there is something to do; other processes find it by looking.
#[derive(Default)]
pub struct Wake {
    /// A letter is owed.
    pub letters: Notify,
    /// An edition goes out, pauses, goes on or stops.
    pub editions: Notify,
}

/// Why a flow came to nothing, where its own answer has no place for it.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// What was named does not exist.
    #[error("there is no {0}")]
    NotFound(String),
    /// The input is wrong; nothing was changed.
    #[error("{0}")]
    Invalid(#[from] Faults),
    /// The state of things forbids it; nothing was changed.
    #[error("{0}")]
    Conflict(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FlowError {
    /// “there is no newsletter ‘x’”.
    pub fn no_newsletter(slug: &str) -> Self {
        Self::NotFound(format!("newsletter “{}”", slug.chars().take(63).collect::<String>()))
    }

    /// “there is no edition 7”.
    pub fn no_edition(id: impl std::fmt::Display) -> Self {
        Self::NotFound(format!("edition {id}"))
    }
}

impl House {
    /// A fresh random link.
    pub fn link(&self) -> Link {
        self.clock.random()
    }

    /// The body of a consent record, salted.
    pub fn consent_body(
        &self,
        newsletter: &NewsletterRow,
        email: &EmailAddress,
        language: Language,
        means: ConsentMeans,
    ) -> ConsentBody {
        ConsentBody {
            email: email.as_str().to_owned(),
            newsletter: newsletter.slug.clone(),
            language: language.tag().to_owned(),
            means,
            text: None,
            text_version: None,
            promise: Some(newsletter::promise(newsletter.max_per_year, language)),
            origin: None,
            note: None,
            salt: hex(&self.clock.random::<16>()),
        }
    }
}
