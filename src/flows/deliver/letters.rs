//! The lane of letters: confirmations, welcomes and notices never wait behind an edition.

use std::num::NonZeroU16;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;

use super::lease::Lease;
use super::relays::Relays;
use crate::domain::address::EmailAddress;
use crate::domain::letter::Letter;
use crate::domain::newsletter::promise;
use crate::domain::reply::Verdict;
use crate::domain::retry::{Next, RetryPolicy};
use crate::domain::schedule::zone;
use crate::domain::texts::mails;
use crate::domain::token::{Link, Purpose, unhex};
use crate::flows::edition_content::sender;
use crate::flows::newsletters::coming;
use crate::flows::subscribe::{CONFIRMATION_VALID, organisation};
use crate::flows::try_out::test_message;
use crate::flows::{FlowError, House};
use crate::mail::letter::{Letterhead, Occasion};
use crate::mail::message::{Message, Token};
use crate::mail::smtp::{Connection, Envelope, Outcome};
use crate::store::newsletters::NewsletterRow;
use crate::store::outbox::{self, LetterRow};
use crate::store::{Access, editions, newsletters, subscriptions};

/// Letters that one task claims at a time.
const CLAIM: i64 = 8;
/// Without anybody ringing: letters that other processes owe, and those put off.
const LOOK: Duration = Duration::from_millis(500);
/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(20);

/// Sends letters until told to stop; then what is in hand is finished first, and the rest waits for who winds up.
///
/// Only while `present`: others may take what we have in hand for a dead sender's.
pub async fn run(
    house: House,
    owner: String,
    relays: Relays,
    lease: Arc<Lease>,
    mut present: watch::Receiver<bool>,
    mut stop: watch::Receiver<bool>,
) {
    let mut connection: Option<(usize, Connection, tokio::time::Instant)> = None;
    while !*stop.borrow() {
        // Letters that cannot leave need not be claimed and given back every second.
        let pause = relays.pause();
        if pause.is_some() || !*present.borrow() {
            tokio::select! {
                Ok(()) = present.changed() => {}
                () = tokio::time::sleep(pause.unwrap_or(LOOK)) => {}
                _ = stop.changed() => {}
            }
            continue;
        }
        let held = lease.now();
        let letters = match claim(&house, &owner).await {
            Ok(letters) => letters,
            Err(error) => {
                tracing::error!(%error, "letters cannot be read; they wait");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        if letters.is_empty() {
            if let Some((_, idle, _)) = connection.take_if(|(_, _, used)| used.elapsed() > IDLE) {
                idle.quit().await;
            }
            tokio::select! {
                () = house.wake.letters.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                _ = stop.changed() => {}
            }
            continue;
        }
        for letter in letters {
            if *stop.borrow() {
                break;
            }
            // Asked before each: after a standstill others may have sent it.
            if !lease.holds(held) && !still_ours(&house, &owner, &letter).await {
                continue;
            }
            // A fault of ours must cost one letter an attempt, not everybody their letters.
            let sending = send(&house, &owner, &relays, &mut connection, &letter);
            if AssertUnwindSafe(sending).catch_unwind().await.is_err() {
                tracing::error!(letter = letter.id, "sending a letter broke off; it is tried again later");
                connection = None;
                let why = "sending it broke off".to_owned();
                settle(&house, &owner, &letter, &Came::Waiting { counts: true, greylisted: false, why }).await;
            }
        }
    }
    if let Some((_, idle, _)) = connection {
        idle.quit().await;
    }
}

async fn claim(house: &House, owner: &str) -> Result<Vec<LetterRow>, FlowError> {
    // A look first: claiming is a write, and there is mostly nothing to claim.
    let now = house.clock.now();
    if outbox::next_due(&mut house.db.read().await?).await?.is_none_or(|due| due > now) {
        return Ok(Vec::new());
    }
    let mut tx = house.db.write().await?;
    let letters = outbox::claim(&mut tx, owner, CLAIM, now).await?;
    tx.commit().await?;
    Ok(letters)
}

/// What became of one attempt.
enum Came {
    /// It has left, or need not leave any more.
    Through,
    /// Later, without or with an attempt counted against it.
    Waiting { counts: bool, greylisted: bool, why: String },
    /// Never.
    Refused(String),
}

async fn send(
    house: &House,
    owner: &str,
    relays: &Relays,
    connection: &mut Option<(usize, Connection, tokio::time::Instant)>,
    letter: &LetterRow,
) {
    let came = match write(house, letter).await {
        Ok(Some(message)) => attempt(house, relays, connection, letter, &message).await,
        Ok(None) => Came::Through,
        Err(error) => Came::Waiting { counts: true, greylisted: false, why: error.to_string() },
    };
    settle(house, owner, letter, &came).await;
}

/// Whether the letter was not taken over; a database that cannot say is asked again.
async fn still_ours(house: &House, owner: &str, letter: &LetterRow) -> bool {
    loop {
        let answer = match house.db.read().await {
            Ok(mut reader) => outbox::is_ours(&mut reader, letter.id, owner).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(ours) => return ours,
            Err(error) => tracing::error!(%error, "letters cannot be read; they wait"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn settle(house: &House, owner: &str, letter: &LetterRow, came: &Came) {
    let mut pause = Duration::from_millis(50);
    while let Err(error) = note(house, owner, letter, came).await {
        // What was sent must be noted before anything else is sent: wait for the database.
        tracing::error!(%error, "a letter's result cannot be noted; sending waits");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

async fn attempt(
    house: &House,
    relays: &Relays,
    held: &mut Option<(usize, Connection, tokio::time::Instant)>,
    letter: &LetterRow,
    message: &Message,
) -> Came {
    let Ok(recipient) = EmailAddress::parse_any_role(&letter.recipient) else {
        return Came::Refused("the address is broken".to_owned());
    };
    let token = link(&letter.uid).map(|uid| house.keys.seal_delivery(&uid)).unwrap_or_default();
    let return_path = house.return_path(&token);
    let envelope = Envelope {
        return_path: return_path.as_ref(),
        recipient: &recipient,
        size: message.as_bytes().len(),
        eight_bit: false,
        id: None,
    };
    // An idle connection may have died: then a fresh one gets its chance at once.
    for fresh in [false, true] {
        let reusable = held.take().filter(|(_, connection, _)| connection.is_usable() && !fresh);
        let (server, mut connection) = match reusable {
            Some((server, connection, _)) => (server, connection),
            None => match relays.open().await {
                Ok(opened) => opened,
                Err(_) => {
                    let why = relays.alarms().pop().unwrap_or_else(|| "no mail server can be reached".to_owned());
                    return Came::Waiting { counts: false, greylisted: false, why };
                }
            },
        };
        let reused = connection.messages() > 0;
        let outcome = connection.deliver(&envelope, &[message.as_bytes()]).await;
        let came = match outcome {
            Outcome::Accepted(_) => {
                relays.worked(server);
                Came::Through
            }
            Outcome::LostBefore(_) if reused && !fresh => continue,
            Outcome::LostBefore(failure) | Outcome::LostAfter(failure) => {
                relays.stumbled(server, &failure.to_string());
                Came::Waiting { counts: true, greylisted: false, why: failure.to_string() }
            }
            Outcome::Refused(refusal) => {
                let why = refusal.to_string();
                match refusal.verdict {
                    Verdict::Recipient(_) => Came::Refused(why),
                    Verdict::Later { greylisted, .. } => Came::Waiting { counts: true, greylisted, why },
                    Verdict::Ours(_) => Came::Waiting { counts: true, greylisted: false, why },
                    _ => {
                        relays.stumbled(server, &why);
                        Came::Waiting { counts: false, greylisted: false, why }
                    }
                }
            }
        };
        if connection.is_usable() {
            *held = Some((server, connection, tokio::time::Instant::now()));
        }
        return came;
    }
    Came::Waiting { counts: false, greylisted: false, why: "the connection was lost twice".to_owned() }
}

async fn note(house: &House, owner: &str, letter: &LetterRow, came: &Came) -> Result<(), FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    match came {
        Came::Through => outbox::delete(&mut tx, letter.id).await?,
        Came::Refused(why) => {
            outbox::put_back(&mut tx, letter.id, owner, "failed", letter.attempts + 1, now, why).await?
        }
        Came::Waiting { counts, greylisted, why } => {
            let attempts = letter.attempts + i64::from(*counts);
            let tries = u32::try_from(attempts.max(1)).unwrap_or(u32::MAX);
            let random = u64::from_le_bytes(house.clock.random());
            // A letter waits as long as its row says, whatever the policy's own patience.
            let policy = RetryPolicy::service_until(letter.expires_at, letter.created_at);
            match policy.after(tries, *greylisted, letter.created_at, now, random) {
                // Without a server there was no attempt: look again soon.
                Next::At(_) if !counts => {
                    let soon = now.plus(Duration::from_secs(1));
                    outbox::put_back(&mut tx, letter.id, owner, "deferred", attempts, soon, why).await?;
                }
                Next::At(moment) => {
                    outbox::put_back(&mut tx, letter.id, owner, "deferred", attempts, moment, why).await?
                }
                Next::Expired => outbox::put_back(&mut tx, letter.id, owner, "failed", attempts, now, why).await?,
            }
        }
    }
    tx.commit().await?;
    Ok(())
}

/// The letter as it goes to the wire; `None` when nobody waits for it any more.
async fn write(house: &House, row: &LetterRow) -> Result<Option<Message>, FlowError> {
    let broken = |what: &str| FlowError::Conflict(format!("a letter's {what} is broken"));
    let letter: Letter = serde_json::from_str(&row.body).map_err(|_| broken("content"))?;
    let recipient = EmailAddress::parse_any_role(&row.recipient).map_err(|_| broken("address"))?;
    let uid = link(&row.uid).ok_or_else(|| broken("number"))?;
    let token = house.keys.seal_delivery(&uid);
    let token = Token::parse(&token).map_err(|_| broken("token"))?;
    if let Letter::Test { edition, .. } = letter {
        return match test_message(house, edition, &recipient, token).await {
            Err(FlowError::NotFound(_)) => Ok(None),
            other => other.map(Some),
        };
    }
    let mut reader = house.db.read().await?;
    let Some(newsletter_id) = row.newsletter_id else { return Ok(None) };
    let Some(newsletter) = newsletters::by_id(&mut reader, newsletter_id).await? else { return Ok(None) };
    let Some(occasion) = occasion(house, &mut reader, &newsletter, row, &letter).await? else { return Ok(None) };

    let sender = sender(&newsletter).ok_or_else(|| broken("sender"))?;
    let reply_to = newsletter.reply_to.as_deref().and_then(|address| EmailAddress::parse_any_role(address).ok());
    let unsubscribe_address = house.unsubscribe_address();
    let look = newsletter.look();
    let head = Letterhead {
        look: &look,
        language: letter.language(),
        sender: &sender,
        reply_to: reply_to.as_ref(),
        organisation: organisation(&newsletter),
        postal_address: &newsletter.postal_address,
        privacy_url: newsletter.privacy_url.as_deref(),
        public_url: &house.config.public_url,
        unsubscribe_address: unsubscribe_address.as_ref(),
    };
    let message = occasion
        .compose(&house.templates.now(), &head, &recipient, token, house.clock.now())
        .map_err(|error| FlowError::Conflict(error.to_string()))?;
    Ok(Some(house.sign(message)))
}

async fn occasion(
    house: &House,
    on: &mut impl Access,
    newsletter: &NewsletterRow,
    row: &LetterRow,
    letter: &Letter,
) -> Result<Option<Occasion>, FlowError> {
    let now = house.clock.now();
    let zone = zone(&newsletter.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let subscription = match row.subscription_id {
        Some(id) => subscriptions::by_id(on, id).await?,
        None => None,
    };
    let next_expected = coming(newsletter, now, 1)?.first().map(|coming| coming.send_at.in_zone(&zone).date());
    let sealed =
        |purpose, hex: &str| unhex(hex).and_then(|bytes| link(&bytes)).map(|link| house.keys.seal(purpose, &link));
    Ok(match letter {
        Letter::Confirm { language, link } => sealed(Purpose::Confirm, link).map(|token| Occasion::Confirm {
            token,
            valid_days: NonZeroU16::new((CONFIRMATION_VALID.as_secs() / 86_400) as u16).unwrap_or(NonZeroU16::MIN),
            promise: promise(newsletter.max_per_year, *language),
        }),
        Letter::AlreadySubscribed { .. } => subscription.and_then(|subscription| {
            let since = subscription.confirmed_at?.in_zone(&zone).date();
            Some(Occasion::AlreadySubscribed { since, next_expected })
        }),
        Letter::Welcome { language, link } => {
            let previous = editions::archived(on, newsletter.id, 1).await?.pop();
            sealed(Purpose::Unsubscribe, link).map(|unsubscribe_token| Occasion::Welcome {
                promise: promise(newsletter.max_per_year, *language),
                next_expected,
                previous_edition_url: previous
                    .map(|edition| house.config.public_url.archived_edition(&newsletter.slug, edition.number)),
                unsubscribe_token,
            })
        }
        Letter::Preferences { link, .. } => {
            sealed(Purpose::Identity, link).map(|token| Occasion::PreferencesLink { token })
        }
        Letter::ConfirmNewAddress { link, .. } => {
            sealed(Purpose::Move, link).map(|token| Occasion::ConfirmNewAddress { token })
        }
        Letter::AddressChanged { .. } => {
            let contact = newsletter.reply_to.clone().unwrap_or_else(|| newsletter.from_address.clone());
            Some(Occasion::AddressChanged { contact })
        }
        Letter::Notice { subject, text, .. } => Some(Occasion::Notice { subject: subject.clone(), text: text.clone() }),
        Letter::Password { language, link, invited } => sealed(Purpose::Password, link).map(|token| {
            let (language, url) = (*language, format!("{}/admin/password/{token}", house.config.public_url));
            let organisation = organisation(newsletter);
            let (subject, body) = if *invited {
                (mails::invited_subject(language, organisation), mails::invited_body(language, organisation))
            } else {
                (mails::reset_subject(language), mails::reset_body(language))
            };
            Occasion::Notice { subject, text: format!("{body}\n\n{url}\n\n{}", mails::was_it_not_you(language)) }
        }),
        Letter::TryOut { language } => {
            Some(Occasion::Notice { subject: mails::try_out_subject(*language), text: mails::try_out_body(*language) })
        }
        // Composed as an edition, not as a letter.
        Letter::Test { .. } => None,
    })
}

fn link(bytes: &[u8]) -> Option<Link> {
    bytes.try_into().ok()
}
