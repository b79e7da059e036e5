//! Passkeys as the second step: made, used, taken away.

use std::time::Duration;

use aws_lc_rs::hmac;

use super::guesses::{self, From, Guess, Guessed, Proof};
use super::sign_in::{self, Attempt};
use super::{FlowError, House, second_step};
use crate::domain::newsletter::one_line;
use crate::domain::token::hex;
use crate::domain::webauthn::{self, Asked, Assertion, PasskeyFault, RelyingParty};
use crate::store::passkeys::{self, PasskeyRow};
use crate::store::sessions::SessionRow;
use crate::store::users::UserRow;
use crate::store::{audit, recovery_codes, sessions};

/// How long a browser may take to make a passkey.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// Most passkeys of one user: more than anybody has devices.
const MOST: usize = 20;

/// What a browser is told to make or use a passkey.
pub struct Request {
    pub challenge: Vec<u8>,
    pub party: RelyingParty,
    /// How the authenticator knows the user: tells nothing to who reads it there.
    pub user: Vec<u8>,
    /// The passkeys there are: to use one of, or not to make again.
    pub known: Vec<Vec<u8>>,
}

/// Whether this house can have passkeys at all.
pub fn are_possible(house: &House) -> bool {
    RelyingParty::of(&house.config.public_url).is_some()
}

/// Asks for a passkey to be made in this session, for who shows their password or has signed in just now.
///
/// # Errors
/// When the database fails.
pub async fn start(
    house: &House,
    user: &UserRow,
    session: &SessionRow,
    password: &str,
    from: From<'_>,
) -> Result<Proof, FlowError> {
    let proof = guesses::prove_anew(house, user, session, password, from).await?;
    if matches!(proof, Proof::Given) {
        let until = house.clock.now().plus(PATIENCE);
        let mut tx = house.db.write().await?;
        sessions::set_challenge(&mut tx, &session.hash, Some(&house.clock.random::<32>()), Some(until)).await?;
        tx.commit().await?;
    }
    Ok(proof)
}

/// What this session may ask of a passkey now: to be made by who is signed in, to be used by who wants to be.
///
/// # Errors
/// When the database fails.
pub async fn request(house: &House, user: &UserRow, session: &SessionRow) -> Result<Option<Request>, FlowError> {
    let held = session.challenge.clone().zip(session.challenge_until);
    let Some((challenge, until)) = held else { return Ok(None) };
    let Some(party) = RelyingParty::of(&house.config.public_url) else { return Ok(None) };
    if until <= house.clock.now() {
        return Ok(None);
    }
    let known = of(house, user).await?.into_iter().map(|passkey| passkey.id).collect();
    let user = hmac::sign(&house.keys.derive("passkey-user"), &user.id.to_be_bytes()).as_ref().to_vec();
    Ok(Some(Request { challenge, party, user, known }))
}

/// The passkeys of a user.
///
/// # Errors
/// When the database fails.
pub async fn of(house: &House, user: &UserRow) -> Result<Vec<PasskeyRow>, FlowError> {
    Ok(passkeys::of_user(&mut house.db.read().await?, user.id).await?)
}

/// What came of making a passkey.
pub enum Made {
    /// With the codes for emergencies, if it is the user's first second step.
    Done(Vec<String>),
    Refused(PasskeyFault),
    /// The name is no line of text.
    Name,
    /// There are as many as there may be, or it is there already.
    TooMany,
}

/// Keeps the passkey that a browser has made. Every other session ends.
///
/// # Errors
/// When the database fails.
pub async fn finish(
    house: &House,
    user: &UserRow,
    session: &SessionRow,
    name: &str,
    client_data: &[u8],
    attestation: &[u8],
) -> Result<Made, FlowError> {
    let Some(name) = one_line(name).filter(|name| !name.is_empty()) else { return Ok(Made::Name) };
    let Some(party) = RelyingParty::of(&house.config.public_url) else {
        return Ok(Made::Refused(PasskeyFault::Origin));
    };
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let challenge = sessions::take_challenge(&mut tx, &session.hash, now).await?;
    let registered = match &challenge {
        Some(challenge) => webauthn::register(Asked { party: &party, challenge }, client_data, attestation),
        None => Err(PasskeyFault::Challenge),
    };
    let made = match registered {
        Ok(made) => made,
        Err(fault) => {
            // The challenge is used up all the same.
            tx.commit().await?;
            tracing::warn!(%fault, "a passkey was not taken");
            return Ok(Made::Refused(fault));
        }
    };
    let full = passkeys::of_user(&mut tx, user.id).await?.len() >= MOST;
    if full || !passkeys::insert(&mut tx, user.id, &name, &made.id, &made.public_key, made.sign_count, now).await? {
        return Ok(Made::TooMany);
    }
    let codes = second_step::first_codes(house, &mut tx, user).await?;
    sessions::delete_others(&mut tx, user.id, &session.hash).await?;
    audit::note(&mut tx, &user.email, "user.passkey-add", &user.email, &name, now).await?;
    tx.commit().await?;
    Ok(Made::Done(codes))
}

/// Takes a passkey away, for who shows their password. Every other session ends.
///
/// # Errors
/// [`FlowError::NotFound`] when the user has none of this id.
pub async fn remove(
    house: &House,
    user: &UserRow,
    session: &SessionRow,
    id: &[u8],
    password: &str,
    from: From<'_>,
) -> Result<Proof, FlowError> {
    let proof = guesses::prove_anew(house, user, session, password, from).await?;
    if !matches!(proof, Proof::Given) {
        return Ok(proof);
    }
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    if !passkeys::delete(&mut tx, user.id, id).await? {
        return Err(FlowError::NotFound("passkey of yours with this id".to_owned()));
    }
    if user.passkeys <= 1 && user.totp_secret.is_none() {
        recovery_codes::replace(&mut tx, user.id, &[]).await?;
    }
    sessions::delete_others(&mut tx, user.id, &session.hash).await?;
    audit::note(&mut tx, &user.email, "user.passkey-remove", &user.email, &hex(&id[..id.len().min(4)]), now).await?;
    tx.commit().await?;
    Ok(Proof::Given)
}

/// Tries a passkey in a session that waits for the second step; a right one begins the session proper, under a new id.
/// A challenge is answered once: after a wrong answer there is another.
///
/// # Errors
/// When the database fails.
pub async fn try_passkey(
    house: &House,
    token: &str,
    id: &[u8],
    given: Assertion<'_>,
    from: From<'_>,
) -> Result<Option<Attempt>, FlowError> {
    let Some(who) = sign_in::recognise(house, token).await?.filter(|who| who.session.awaits_code) else {
        return Ok(None);
    };
    let Some(party) = RelyingParty::of(&house.config.public_url) else { return Ok(Some(Attempt::Wrong)) };
    let (at, account) = (house.clock.now(), guesses::account(&who.user));
    let guess = Guess { what: Guessed::Code, account: &account, user: Some(&who.user), from, at };
    if let Err(retry_after) = guesses::count(house, guess).await? {
        return Ok(Some(Attempt::TooOften { retry_after }));
    }
    let mut tx = house.db.write().await?;
    let challenge = sessions::take_challenge(&mut tx, &who.session.hash, at).await?;
    let known = passkeys::of_user(&mut tx, who.user.id).await?.into_iter().find(|passkey| passkey.id == id);
    let checked = match (&challenge, &known) {
        (None, _) => Err(PasskeyFault::Challenge),
        (_, None) => Err(PasskeyFault::Signature),
        (Some(challenge), Some(passkey)) => {
            let asked = Asked { party: &party, challenge };
            webauthn::assert(asked, &passkey.public_key, passkey.sign_count, given)
        }
    };
    match checked {
        Ok(sign_count) => {
            passkeys::used(&mut tx, id, sign_count, at).await?;
            guesses::forgive(house, &mut tx, guess).await?;
            let tokens = sign_in::begin(house, &mut tx, &who.user, Some(token), false).await?;
            tx.commit().await?;
            Ok(Some(Attempt::In(tokens)))
        }
        Err(fault) => {
            let (challenge, until) = (house.clock.random::<32>(), who.session.expires_at);
            sessions::set_challenge(&mut tx, &who.session.hash, Some(&challenge), Some(until)).await?;
            tx.commit().await?;
            tracing::warn!(%fault, "a passkey was refused");
            guesses::wrong(house, guess).await?;
            Ok(Some(Attempt::Wrong))
        }
    }
}
