//! What every flow is handed: the database, the clock, the keys, the settings and the templates.

use std::sync::Arc;

use tokio::sync::Notify;

use super::demo::Demo;
use super::mail_domains::MailDomains;
use super::own_domains::OwnDomains;
use super::passwords::Hashing;
use super::remembered::Remembered;
use super::seen::Seen;
use super::subscribe::SignUps;
use super::tally::Tally;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::content::fetch::Fetcher;
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentBody, ConsentMeans};
use crate::domain::fault::Faults;
use crate::domain::language::Language;
use crate::domain::newsletter;
use crate::domain::swap::Swap;
use crate::domain::token::{Keys, Link, hex};
use crate::mail::dkim_key::{DkimKey, KeyError};
use crate::mail::message::Message;
use crate::mail::sign::Signer;
use crate::mail::smtp::{Tls, Untrusting};
use crate::mail::template::{TemplateError, Templates};
use crate::store::newsletters::NewsletterRow;
use crate::store::{Db, StoreError, Tx, audit};

/// The installation as flows see it. Cheap to clone.
#[derive(Clone)]
pub struct House {
    pub db: Db,
    pub clock: Clock,
    pub keys: Keys,
    pub config: Arc<Config>,
    pub templates: Swap<Templates>,
    pub signer: Arc<Signer>,
    pub fetcher: Fetcher,
    pub wake: Arc<Wake>,
    pub tally: Tally,
    pub hashing: Arc<Hashing>,
    /// For pages over long lists.
    pub remembered: Arc<Remembered>,
    /// Which domains take mail.
    pub mail_domains: MailDomains,
    /// Where most readers have their mailbox.
    pub own_domains: OwnDomains,
    /// Newsletters that forms were sent for a moment ago.
    pub seen: Seen,
    /// Sign-ups that wait to be stored together.
    pub sign_ups: SignUps,
    /// Who acts, for the log of deeds; see [`House::by`].
    pub actor: Arc<str>,
    /// All mail ends in the demo's own mailbox, so sample texts may stand in it.
    pub catches_all_mail: bool,
    /// In the process that is the demo, what it serves as such.
    pub demo: Option<Arc<Demo>>,
}

/// Wakes workers of this process as soon as there is something to do; other processes find it by looking.
#[derive(Default)]
pub struct Wake {
    /// A letter is owed.
    pub letters: Notify,
    /// An edition goes out, pauses, goes on or stops.
    pub editions: Notify,
}

/// Why the house cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum FurnishError {
    #[error("POSTDUIF_DKIM_KEY_FILE: {0} cannot be read: {1}")]
    KeyFile(String, std::io::Error),
    #[error("POSTDUIF_DKIM_KEY_FILE: {0}: {1}")]
    Key(String, KeyError),
    #[error("POSTDUIF_TEMPLATES: {0}")]
    Templates(#[from] TemplateError),
    #[error(transparent)]
    Trust(#[from] Untrusting),
}

fn templates(config: &Config) -> Result<Templates, TemplateError> {
    config.templates.as_deref().map_or_else(|| Ok(Templates::embedded()), Templates::from_folder)
}

fn signing_key(key: &config::DkimKey) -> Result<DkimKey, FurnishError> {
    let place = || key.key_file.display().to_string();
    let pem = std::fs::read(&key.key_file).map_err(|error| FurnishError::KeyFile(place(), error))?;
    DkimKey::from_pem(&key.domain, &key.selector, &pem).map_err(|error| FurnishError::Key(place(), error))
}

/// All that would keep a house from being put together with these settings.
pub fn furniture_faults(config: &Config) -> Vec<FurnishError> {
    let keys = config.dkim.iter().filter_map(|key| signing_key(key).err());
    keys.chain(templates(config).err().map(FurnishError::from)).collect()
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
    /// The house as somebody's hands: what is done with it is theirs in the log of deeds. Without this it is the program's.
    pub fn by(&self, actor: &str) -> Self {
        Self { actor: actor.into(), ..self.clone() }
    }

    /// Notes a deed within the transaction that does it.
    pub(super) async fn note(&self, tx: &mut Tx, deed: &str, target: &str, detail: &str) -> Result<(), StoreError> {
        audit::note(tx, &self.actor, deed, target, detail, self.clock.now()).await
    }

    /// A fresh random link.
    pub fn link(&self) -> Link {
        self.clock.random()
    }

    /// Puts the house together: reads the keys for signing and tries the templates out.
    ///
    /// # Errors
    /// [`FurnishError`] names the setting that is wrong.
    pub fn new(db: Db, clock: Clock, keys: Keys, config: Config) -> Result<Self, FurnishError> {
        let signing = config.dkim.iter().map(signing_key).collect::<Result<Vec<_>, _>>()?;
        let templates = templates(&config)?;
        Ok(Self {
            db,
            clock,
            keys,
            fetcher: Fetcher::new(&config.user_agent()),
            mail_domains: MailDomains::new(&config),
            own_domains: OwnDomains::default(),
            config: Arc::new(config),
            templates: Swap::new(templates),
            signer: Arc::new(Signer::new(signing)),
            wake: Arc::default(),
            tally: Tally::default(),
            hashing: Arc::default(),
            remembered: Arc::default(),
            seen: Seen::default(),
            sign_ups: SignUps::default(),
            actor: "the program".into(),
            catches_all_mail: false,
            demo: None,
        })
    }

    /// Reads anew what an operator may change while we work: the templates, and whom this machine trusts, of which `tls`
    /// is told. All of it is proved first; what is in hand goes on with what it has.
    ///
    /// # Errors
    /// [`FurnishError`] names what is wrong; then everything is as it was.
    pub fn refurnish(&self, tls: &Tls) -> Result<(), FurnishError> {
        let templates = templates(&self.config)?;
        let trusted = Tls::proved_from_system()?;
        self.templates.put(Arc::new(templates));
        tls.follow(&trusted);
        self.fetcher.work_as(&Fetcher::new(&self.config.user_agent()));
        Ok(())
    }

    /// Signs a message with every key of the settings; without any it leaves as it is.
    pub fn sign(&self, message: Message) -> Message {
        if self.signer.keys().is_empty() {
            return message;
        }
        let unsigned = message.clone();
        self.signer.sign(message, self.clock.now()).unwrap_or_else(|error| {
            tracing::error!(%error, "a message could not be signed and leaves without a signature");
            unsigned
        })
    }

    /// Where bounces of a message go: a path of its own, where the settings name an address for them.
    pub fn return_path(&self, token: &str) -> Option<EmailAddress> {
        self.config.bounce_address.as_ref()?.tagged(token)
    }

    /// Where mail programs may send the wish to unsubscribe: beside the address for bounces, because who reads the
    /// one reads the other.
    pub fn unsubscribe_address(&self) -> Option<EmailAddress> {
        let address = self.config.bounce_address.as_ref()?;
        EmailAddress::parse_any_role(&format!("unsubscribe@{}", address.domain())).ok()
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
