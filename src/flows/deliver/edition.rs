//! An edition on its way: composed once, and the message of each of its recipients.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::tz::TimeZone;

use super::lanes::Job;
use crate::domain::address::EmailAddress;
use crate::domain::retry::RetryPolicy;
use crate::domain::safety::Safety;
use crate::domain::time::Timestamp;
use crate::domain::token::{Link, Purpose, delivery_link};
use crate::flows::edition_content::Rendering;
use crate::flows::{House, spans};
use crate::mail::merge::Recipient;
use crate::mail::message::{Message, Token};
use crate::store::editions::EditionRow;

/// So many refusals of us or the content in a row stop the edition; fewer where fewer are left to be refused.
pub const REFUSALS_THAT_STOP: u32 = 3;
/// So many recipients in a row that are refused as a matter of policy stop it too: a mail server that relays for
/// nobody, or a block list, would otherwise reject the whole audience one by one.
pub const POLICY_REFUSALS_THAT_STOP: u32 = 10;

/// An edition that is being sent by this process.
pub struct Running {
    pub id: i64,
    pub uid: i64,
    pub started_at: Timestamp,
    /// When it began, or was let go on.
    pub resumed_at: Timestamp,
    /// How often an uncertain delivery is repeated at most.
    pub repeats: i64,
    pub retry: RetryPolicy,
    pub rendering: Rendering,
    /// Where bounces go while the settings name no address for them.
    pub sender: EmailAddress,
    pub safety: Safety,
    /// Of traces; see [`crate::flows::spans`].
    pub span: tracing::Span,
    /// Where the newsletter's clock hangs.
    zone: TimeZone,
    refusals: AtomicU32,
    policy_refusals: AtomicU32,
    /// Who has not come to an end yet, as far as is known.
    left: AtomicI64,
    /// What the last refusal of us or the content said.
    why: Mutex<Option<String>>,
    stopped: AtomicBool,
}

impl Running {
    /// An edition begins, or goes on.
    pub fn new(edition: &EditionRow, rendering: Rendering, settings: Settings) -> Self {
        Self {
            id: edition.id,
            uid: edition.uid,
            started_at: edition.started_at.unwrap_or(edition.updated_at),
            resumed_at: edition.updated_at,
            repeats: settings.repeats,
            retry: settings.retry,
            rendering,
            sender: settings.sender,
            safety: settings.safety,
            span: spans::edition(edition.id),
            zone: settings.zone,
            refusals: AtomicU32::new(0),
            policy_refusals: AtomicU32::new(0),
            left: AtomicI64::new(i64::MAX),
            why: Mutex::default(),
            stopped: AtomicBool::new(false),
        }
    }

    /// What the delivery's token carries: the edition's random number and the recipient's place.
    pub fn delivery_link(&self, seq: i64) -> Link {
        delivery_link(self.uid, seq)
    }

    /// When a message was tried for the first time, going by its attempts: an edition that was paused for days, or goes
    /// out slowly, gives its last readers as many as its first.
    pub fn first_tried(&self, attempts: u32, now: Timestamp) -> Timestamp {
        now.minus(self.retry.planned_age(attempts)).max(self.started_at)
    }

    /// A message was accepted: what was refused before was not about us.
    pub fn accepted(&self) {
        self.refusals.store(0, Ordering::Relaxed);
        self.policy_refusals.store(0, Ordering::Relaxed);
    }

    /// Us or the content was refused; `true` when it is time to stop. Once only: the refusals that other connections
    /// had in hand must not stop it again after somebody has let it go on.
    pub fn refused(&self, why: &str) -> bool {
        *self.why.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
        self.refusals.fetch_add(1, Ordering::Relaxed);
        self.is_refused_by_all()
    }

    /// Knows how many are left. Gives a reason to stop where all of them have been refused by now.
    pub fn remaining(&self, edition: &EditionRow) -> Option<String> {
        if edition.frozen {
            self.left.store(edition.queued + edition.sending + edition.deferred, Ordering::Relaxed);
        }
        let why = self.why.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        self.is_refused_by_all().then_some(why)
    }

    fn is_refused_by_all(&self) -> bool {
        let left = u32::try_from(self.left.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        let enough = left.clamp(1, REFUSALS_THAT_STOP);
        self.refusals.load(Ordering::Relaxed) >= enough && !self.stopped.swap(true, Ordering::Relaxed)
    }

    /// A recipient was refused as a matter of policy; `true` when it is time to stop.
    pub fn refused_by_policy(&self) -> bool {
        self.policy_refusals.fetch_add(1, Ordering::Relaxed) + 1 >= POLICY_REFUSALS_THAT_STOP
            && !self.stopped.swap(true, Ordering::Relaxed)
    }
}

/// What a running edition takes from its newsletter and the house.
pub struct Settings {
    pub repeats: i64,
    pub retry: RetryPolicy,
    pub sender: EmailAddress,
    pub safety: Safety,
    pub zone: TimeZone,
}

/// A job with its message made: what goes to the wire.
pub struct Prepared {
    pub job: Job,
    pub message: Message,
    /// The delivery's name in its Message-ID, its return path and in bounces.
    pub token: String,
    /// Never empty: a newsletter that nobody can bounce is refused by many (RFC 3834 section 5).
    pub return_path: EmailAddress,
}

impl Prepared {
    /// Merges and signs. The same delivery always gets the same Message-ID and return path.
    pub fn new(house: &House, job: Job) -> Self {
        let link = job.edition.delivery_link(job.seq);
        let delivery = house.keys.seal_delivery(&link);
        let unsubscribe = house.keys.seal(Purpose::Unsubscribe, &job.link);
        let preferences = house.keys.seal(Purpose::Preferences, &job.link);
        let token = |text| Token::parse(text).expect("our own tokens are letters and digits of a known length");
        let message = job.edition.rendering.variant(job.variant).merge(&Recipient {
            address: &job.recipient,
            message_token: token(&delivery),
            unsubscribe_token: token(&unsubscribe),
            preferences_token: token(&preferences),
            subscribed_on: job.subscribed_at.in_zone(&job.edition.zone).date(),
            date: job.edition.started_at,
        });
        let message = house.sign(message);
        let return_path = house.return_path(&delivery).unwrap_or_else(|| job.edition.sender.clone());
        Self { job, message, token: delivery, return_path }
    }
}
