//! The proof of work that the sign-up form asks of browsers, where the settings say so, and the pause for who runs no script.
//!
//! No third party, and nothing kept before somebody signs up: challenge and pause carry our seal. What was used is noted in
//! the transaction of the sign-up, under its keyed hash, so that one answer is one sign-up.

use std::time::Duration;

use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::effort::{CHALLENGE_VALID, PAUSE, PAUSE_VALID, Seals, is_solved};
use crate::store::{Tx, limits};

/// Under this name it is noted that an answer was used.
const USED: &str = "effort";

/// Work for a browser: a text, and with how many zero bits its hash must begin.
#[derive(Clone, Debug)]
pub struct Challenge {
    pub text: String,
    pub bits: u32,
}

/// What a form brings along; fields that it lacks are empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brought<'a> {
    pub challenge: &'a str,
    pub answer: &'a str,
    pub pause: &'a str,
}

/// An answer that counts, until it is used.
#[derive(Clone, Debug)]
pub struct Effort([u8; 32]);

/// What is asked of somebody whose form brought nothing that counts.
#[derive(Clone, Debug)]
pub struct Ask {
    pub challenge: Challenge,
    /// Good once [`Ask::wait`] is over, for this address alone.
    pub pause: String,
    /// How long whoever runs no script has to wait yet.
    pub wait: Duration,
    /// The button was pressed before that.
    pub too_early: bool,
}

/// What comes of what a form brought.
pub enum Judged {
    /// It costs nothing here, or enough was done.
    Enough(Option<Effort>),
    Ask(Ask),
}

/// A challenge for the form of this newsletter; `None` where sign-ups cost nothing.
pub fn challenge(house: &House, newsletter: i64) -> Option<Challenge> {
    let bits = house.config.signup_proof_of_work?;
    let until = house.clock.now().plus(CHALLENGE_VALID).as_seconds();
    let text = seals(house).challenge(newsletter, bits, until, house.clock.random());
    Some(Challenge { text, bits })
}

/// Judges what a form brought: an answer to our challenge, or a pause that was long enough. Changes nothing.
pub fn judge(house: &House, newsletter: i64, email: &EmailAddress, brought: Brought<'_>) -> Judged {
    let Some(challenge) = challenge(house, newsletter) else { return Judged::Enough(None) };
    let (seals, now) = (seals(house), house.clock.now());
    let used = |text: &str| Judged::Enough(Some(Effort(house.keys.hash_text(text))));
    let until = seals.read_challenge(brought.challenge, newsletter, challenge.bits);
    if until.is_some_and(|until| until > now.as_seconds())
        && is_solved(brought.challenge, brought.answer, challenge.bits)
    {
        return used(brought.challenge);
    }
    let address = house.keys.address_hash(email);
    let since = seals.read_pause(brought.pause, newsletter, &address).map(|since| now.as_seconds() - since);
    let waited = since.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    match waited.filter(|waited| *waited < PAUSE_VALID) {
        Some(waited) if waited >= PAUSE => used(brought.pause),
        Some(waited) => {
            let ask = Ask { challenge, pause: brought.pause.to_owned(), wait: PAUSE - waited, too_early: true };
            Judged::Ask(ask)
        }
        None => Judged::Ask(begin(house, newsletter, email, challenge)),
    }
}

/// What is asked of somebody whose answer was used before; `None` where sign-ups cost nothing.
pub fn again(house: &House, newsletter: i64, email: &EmailAddress) -> Option<Ask> {
    Some(begin(house, newsletter, email, challenge(house, newsletter)?))
}

/// Uses an answer, in the transaction of what it is for; `false` when it was used before.
///
/// # Errors
/// When the database refuses.
pub(super) async fn spend(house: &House, tx: &mut Tx, effort: &Effort) -> Result<bool, FlowError> {
    let now = house.clock.now();
    Ok(limits::once(tx, USED, &effort.0, now.minus(CHALLENGE_VALID.max(PAUSE_VALID) * 2), now).await?)
}

fn begin(house: &House, newsletter: i64, email: &EmailAddress, challenge: Challenge) -> Ask {
    let (address, now) = (house.keys.address_hash(email), house.clock.now().as_seconds());
    let pause = seals(house).pause(newsletter, &address, now, house.clock.random());
    Ask { challenge, pause, wait: PAUSE, too_early: false }
}

fn seals(house: &House) -> Seals {
    Seals::new(house.keys.derive("effort/challenge"), house.keys.derive("effort/pause"))
}
