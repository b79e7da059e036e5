//! Sign-ups that came at the same time, stored in one transaction: the same statements for one as for many, and for
//! somebody we know as for a stranger.

use std::collections::HashMap;

use super::limits::{Counted, LETTER, Limited, REPAIRED_WITHIN, Tallies, counted, within_address_limits};
use super::{CONFIRMATION_VALID, HOUR, LETTER_PATIENCE, SignUpRequest, WANTS_BACK, letter_for, organisation};
use crate::domain::consent::{ConsentBody, ConsentEvent};
use crate::domain::language::Language;
use crate::domain::letter::Letter;
use crate::domain::newsletter;
use crate::domain::subscription::SignUp;
use crate::domain::texts::pages as texts;
use crate::domain::time::Timestamp;
use crate::domain::token::{Link, hex};
use crate::flows::effort::spend;
use crate::flows::newsletters::find;
use crate::flows::{FlowError, House};
use crate::store::consent::{self, NewConsent};
use crate::store::newsletters::NewsletterRow;
use crate::store::outbox::NewLetter;
use crate::store::sign_ups::{self, LetterTimeRow, Person, PersonRow, StandingRow, Wanted};
use crate::store::{StoreError, Tx, suppressions};

/// A sign-up that waits to be stored.
pub(super) struct Asked {
    request: SignUpRequest,
    email_key: String,
    /// Keyed hash of the address.
    pub hash: [u8; 32],
    /// What it is counted against.
    counted: Vec<Counted>,
}

impl Asked {
    pub fn of(house: &House, request: SignUpRequest) -> Self {
        let counted = counted(house, request.client);
        Self { email_key: request.email.key(), hash: house.keys.address_hash(&request.email), counted, request }
    }
}

/// What became of a sign-up.
pub(super) enum Outcome {
    Stored,
    TooMany(Limited),
    EffortUsed,
}

/// A sign-up that is taken, and all that is known about it.
struct Taken<'a> {
    asked: &'a Asked,
    newsletter: &'a NewsletterRow,
    language: Language,
}

/// A letter that is owed, and what it answers.
struct Owed<'a> {
    newsletter: &'a NewsletterRow,
    subscription: i64,
    recipient: &'a str,
    letter: Letter,
}

/// Stores sign-ups, none of them for the same address as another.
///
/// # Errors
/// Then nothing of any was stored. What is wrong with one of them alone is told in its place.
pub(super) async fn together(house: &House, all: &[Asked]) -> Result<Vec<Result<Outcome, FlowError>>, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    sign_ups::in_turn(&mut tx).await?;
    let newsletters = newsletters(&mut tx, all).await?;
    let (mut outcomes, mut taken) = (Vec::with_capacity(all.len()), Vec::with_capacity(all.len()));
    // Where there is no limit, everybody of the last hour would be counted for nothing.
    let limited = all.iter().flat_map(|one| &one.counted).filter(|one| one.most.is_some());
    let keys: Vec<&[u8]> = limited.map(|one| one.key.as_slice()).collect();
    let mut tallies = Tallies::of(sign_ups::tallies(&mut tx, &keys, now.minus(HOUR)).await?, now);
    for asked in all {
        let request = &asked.request;
        outcomes.push(match newsletters.get(request.newsletter.as_str()) {
            None => Err(FlowError::no_newsletter(&request.newsletter)),
            Some(newsletter) => {
                if let Some(limited) = tallies.too_many(&asked.counted) {
                    Ok(Outcome::TooMany(limited))
                } else if let Some(effort) = &request.effort
                    && !spend(house, &mut tx, effort).await?
                {
                    Ok(Outcome::EffortUsed)
                } else {
                    tallies.add(&asked.counted);
                    let language = request.language.unwrap_or(newsletter.language);
                    taken.push(Taken { asked, newsletter, language });
                    Ok(Outcome::Stored)
                }
            }
        });
    }
    if !taken.is_empty() {
        store(house, &mut tx, &taken, now).await?;
        tx.commit().await?;
        house.wake.letters.notify_one();
    }
    Ok(outcomes)
}

/// The newsletters that these are for, by slug.
async fn newsletters<'a>(tx: &mut Tx, all: &'a [Asked]) -> Result<HashMap<&'a str, NewsletterRow>, FlowError> {
    let mut found = HashMap::new();
    for one in all {
        let slug = one.request.newsletter.as_str();
        if !found.contains_key(slug) {
            match find(tx, slug).await {
                Ok(newsletter) => drop(found.insert(slug, newsletter)),
                Err(FlowError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(found)
}

async fn store(house: &House, tx: &mut Tx, taken: &[Taken<'_>], now: Timestamp) -> Result<(), FlowError> {
    let hashes: Vec<&[u8]> = taken.iter().map(|one| one.asked.hash.as_slice()).collect();
    let silenced = suppressions::among(tx, hashes.iter().copied()).await?;
    let mut noted: HashMap<Vec<u8>, Vec<LetterTimeRow>> = HashMap::new();
    for row in sign_ups::letters(tx, &hashes, now.minus(REPAIRED_WITHIN)).await? {
        noted.entry(row.key.clone()).or_default().push(row);
    }
    let people = people(tx, taken, now).await?;
    let subscriptions = subscriptions(house, tx, taken, &people, now).await?;

    let mut happened: Vec<(&str, &[u8])> = Vec::new();
    let (mut owed, mut expected) = (Vec::<Owed<'_>>::new(), Vec::<(Link, i64)>::new());
    let mut records: Vec<(i64, &[u8], ConsentBody)> = Vec::new();
    for one in taken {
        let (asked, hash) = (one.asked, one.asked.hash.as_slice());
        let lost = || StoreError::Group("a sign-up was stored and is not there".to_owned());
        let person = people.get(&asked.email_key).ok_or_else(lost)?;
        let subscription = subscriptions.get(&(person.id, one.newsletter.id)).ok_or_else(lost)?;
        happened.extend(asked.counted.iter().map(|counted| (counted.kind, counted.key.as_slice())));
        let is_silenced = silenced.get(hash).is_some_and(|reason| !reason.lifted_by_confirmation());
        let answer = if is_silenced { SignUp::StaySilent } else { subscription.status.on_sign_up() };
        let noted = noted.get(hash).map_or(&[][..], Vec::as_slice);
        let Some((letter, link)) = letter_for(house, &subscription.link, answer, one.language) else {
            // For an administrator to see: only they can let this person in again.
            happened.push((WANTS_BACK, hash));
            continue;
        };
        if !within_address_limits(noted, subscription.status, now) {
            continue;
        }
        happened.push((LETTER, hash));
        owed.push(Owed { newsletter: one.newsletter, subscription: subscription.id, recipient: &person.email, letter });
        if let Some(link) = link {
            expected.push((link, subscription.id));
            records.push((one.newsletter.id, hash, evidence(house, one)));
        }
    }

    // Each of them also where there is nothing to store: how many statements it took must not tell who is known here.
    sign_ups::note(tx, &happened, now).await?;
    sign_ups::expect(tx, &expected, now, now.plus(CONFIRMATION_VALID)).await?;
    owe(house, tx, &owed, now).await?;
    if records.is_empty() {
        return Ok(consent::append_nothing(tx).await?);
    }
    let event = ConsentEvent::Requested;
    let records: Vec<_> = records
        .iter()
        .map(|(newsletter_id, subject, body)| NewConsent { newsletter_id: *newsletter_id, subject, event, body })
        .collect();
    Ok(consent::append_many(tx, &house.keys, &records, now).await?)
}

async fn people(tx: &mut Tx, taken: &[Taken<'_>], now: Timestamp) -> Result<HashMap<String, PersonRow>, StoreError> {
    let hashes: Vec<String> = taken.iter().map(|one| hex(&one.asked.hash)).collect();
    let people: Vec<Person<'_>> = taken
        .iter()
        .zip(&hashes)
        .map(|(one, hash)| Person {
            email: one.asked.request.email.as_str(),
            email_key: &one.asked.email_key,
            hash,
            domain: one.asked.request.email.domain(),
            language: one.language,
        })
        .collect();
    let rows = sign_ups::find_or_insert(tx, &people, now).await?;
    Ok(rows.into_iter().map(|row| (row.email_key.clone(), row)).collect())
}

/// The subscriptions, by person and newsletter.
async fn subscriptions(
    house: &House,
    tx: &mut Tx,
    taken: &[Taken<'_>],
    people: &HashMap<String, PersonRow>,
    now: Timestamp,
) -> Result<HashMap<(i64, i64), StandingRow>, StoreError> {
    let wanted: Vec<Wanted> = taken
        .iter()
        .filter_map(|one| Some((people.get(&one.asked.email_key)?.id, one.newsletter.id)))
        .map(|(person, newsletter)| Wanted { link: hex(&house.link()), person, newsletter })
        .collect();
    let rows = sign_ups::find_or_open(tx, &wanted, now).await?;
    Ok(rows.into_iter().map(|row| ((row.subscriber_id, row.newsletter_id), row)).collect())
}

async fn owe(house: &House, tx: &mut Tx, owed: &[Owed<'_>], now: Timestamp) -> Result<(), StoreError> {
    let letters: Vec<NewLetter<'_>> = owed
        .iter()
        .map(|one| NewLetter {
            uid: house.link(),
            newsletter_id: Some(one.newsletter.id),
            subscription_id: Some(one.subscription),
            recipient: one.recipient,
            letter: &one.letter,
            expires_at: now.plus(LETTER_PATIENCE),
        })
        .collect();
    sign_ups::owe(tx, &letters, now).await
}

/// What shows later that this person asked, for what, and by which words.
fn evidence(house: &House, one: &Taken<'_>) -> ConsentBody {
    let (newsletter, language, request) = (one.newsletter, one.language, &one.asked.request);
    let mut body = house.consent_body(newsletter, &request.email, language, request.means);
    let promise = newsletter::promise(newsletter.max_per_year, language);
    body.text = Some(texts::form_consent(language, organisation(newsletter), promise));
    body.origin.clone_from(&request.origin);
    body.text_version = Some(env!("CARGO_PKG_VERSION").to_owned());
    body
}
