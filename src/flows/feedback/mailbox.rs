//! The mailbox looked into: each new message is taken like any other, and what was ours is marked as seen, after that.
//!
//! A message that is not ours stays as it is, unread, and is counted; nothing is ever deleted or moved. How far the look
//! came is noted message by message, so that whatever breaks it off, the next one goes on from there.

use std::time::Duration;

use super::{Channel, House, Outcome, take};
use crate::domain::imap_url::ImapUrl;
use crate::domain::token::hex;
use crate::flows::FlowError;
use crate::mail::imap::{ImapError, Mailbox};
use crate::mail::smtp::Tls;
use crate::store::mailboxes::{self, MailboxRow};

/// How often the mailbox is looked into.
pub const EVERY: Duration = Duration::from_secs(60);
/// The same after a look that failed: servers lock accounts out that knock too often.
const AFTER_TROUBLE: Duration = Duration::from_secs(300);
/// Longest look. What is left is for the next one.
const LONGEST: Duration = Duration::from_secs(240);
/// How long a node has the mailbox for itself: more than a look can take.
const HELD: Duration = Duration::from_secs(300);

/// What a look found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Messages that were new.
    pub messages: u64,
    /// Those that were ours, and are marked as seen now.
    pub taken: u64,
    /// Those that were not, and are as they were.
    pub left_alone: u64,
}

/// Why there was no look, or why it broke off.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    #[error("no mailbox is set; see POSTDUIF_IMAP_URL")]
    NotSet,
    #[error("another node looks into the mailbox at this moment; it tries again every minute")]
    InHand,
    #[error(transparent)]
    Mailbox(#[from] ImapError),
    #[error("the mailbox takes too long; the next look goes on")]
    TooLong,
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl From<crate::store::StoreError> for LookError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Flow(error.into())
    }
}

/// Looks into the mailbox when that is due, on one node at a time; nothing when it is not, or none is set.
///
/// # Errors
/// [`LookError`]; what was taken until then stays taken.
pub async fn look_when_due(house: &House) -> Result<Option<Looked>, LookError> {
    let Some(url) = &house.config.imap else { return Ok(None) };
    match look(house, url, false).await {
        Ok(looked) => Ok(Some(looked)),
        Err(LookError::InHand) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Looks into the mailbox now.
///
/// # Errors
/// As [`look_when_due`].
pub async fn look_now(house: &House) -> Result<Looked, LookError> {
    let url = house.config.imap.as_ref().ok_or(LookError::NotSet)?;
    look(house, url, true).await
}

async fn look(house: &House, url: &ImapUrl, at_once: bool) -> Result<Looked, LookError> {
    let account = account(house, url);
    let now = house.clock.now();
    // Looking whether it is due is a read; taking it in hand is a write.
    let mut tx = house.db.write().await?;
    let row = mailboxes::take(&mut tx, &account, now, now.plus(HELD), at_once).await?.ok_or(LookError::InHand)?;
    tx.commit().await?;
    let mut looked = Looked::default();
    let came = tokio::time::timeout(LONGEST, go_through(house, url, &row, &mut looked)).await;
    let came = came.unwrap_or(Err(LookError::TooLong));
    let trouble = came.as_ref().err().filter(|error| !matches!(error, LookError::TooLong)).map(ToString::to_string);
    let now = house.clock.now();
    let next_at = now.plus(if trouble.is_some() { AFTER_TROUBLE } else { EVERY });
    let mut tx = house.db.write().await?;
    mailboxes::give_back(&mut tx, &account, now, next_at, trouble.as_deref()).await?;
    tx.commit().await?;
    came.map(|()| looked)
}

async fn go_through(house: &House, url: &ImapUrl, known: &MailboxRow, looked: &mut Looked) -> Result<(), LookError> {
    let mut mailbox = Mailbox::open(url, &Tls::from_system()).await?;
    let uid_validity = mailbox.uid_validity;
    // Numbers that hold no longer say nothing: everything is looked at again, and what is known already changes nothing.
    let after = if known.uid_validity == uid_validity { known.last_uid } else { 0 };
    for uid in mailbox.after(after).await? {
        let outcome = match mailbox.peek(uid).await? {
            Some(message) => Some(take(house, message, None, Channel::Mailbox).await?),
            None => None,
        };
        let is_ours = matches!(outcome, Some(Outcome::Applied(..) | Outcome::Repeated | Outcome::Forgotten));
        // What it says is committed: only now may it look dealt with.
        if is_ours {
            mailbox.mark_seen(uid).await?;
        }
        looked.messages += 1;
        looked.taken += u64::from(is_ours);
        looked.left_alone += u64::from(!is_ours && outcome.is_some());
        let mut tx = house.db.write().await?;
        mailboxes::advance(&mut tx, &known.account, uid_validity, uid, !is_ours && outcome.is_some()).await?;
        tx.commit().await?;
    }
    mailbox.leave().await;
    if looked.messages > 0 {
        tracing::info!(
            messages = looked.messages,
            taken = looked.taken,
            left_alone = looked.left_alone,
            "mailbox looked into"
        );
    }
    Ok(())
}

/// How the mailbox of the settings stands; nothing while none is set or none was looked into.
///
/// # Errors
/// When the database cannot answer.
pub async fn standing(house: &House) -> Result<Option<MailboxRow>, FlowError> {
    let Some(url) = &house.config.imap else { return Ok(None) };
    Ok(mailboxes::by_account(&mut house.db.read().await?, &account(house, url)).await?)
}

fn account(house: &House, url: &ImapUrl) -> String {
    let name = format!("{}\n{}\n{}\n{}", url.host, url.port, url.user(), url.folder);
    hex(&house.keys.hash_text(&name)[..16])
}
