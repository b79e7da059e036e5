//! What happened before the demo began: readers came, an edition went out, some left. Told to the real flows by a
//! clock that is set back, so that every counter and every record is as they make it.

use std::time::Duration;

use super::people::{Fate, PEOPLE, Person};
use super::{DemoError, NEWSLETTER};
use crate::clock::Clock;
use crate::domain::address::EmailAddress;
use crate::domain::article::UrlKey;
use crate::domain::bounce::BounceClass;
use crate::domain::consent::{ConsentEvent, ConsentMeans};
use crate::domain::delivery::DeliveryState;
use crate::domain::edition::EditionStatus;
use crate::domain::newsletter::promise;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::suppression::SuppressionReason;
use crate::domain::texts::pages as texts;
use crate::flows::approve::{Approver, approve};
use crate::flows::assemble::{Assembled, assemble};
use crate::flows::subscribe::organisation;
use crate::flows::unsubscribe::{self, Held};
use crate::flows::{House, publish};
use crate::store::articles::{self, NewArticle};
use crate::store::deliveries::{self, Claim, DeliveryRow, Settled, Start};
use crate::store::editions::{self, EditionRow};
use crate::store::newsletters::NewsletterRow;
use crate::store::{StoreError, Tx, consent, subscriptions, suppressions};

const DAY: Duration = Duration::from_secs(24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);
/// When the past edition went out, in days before now.
const EDITION: u32 = 91;
/// Who sent it, as the ledger notes it.
const SENDER: &str = "demo";
/// One claim for all of it.
const CLAIM: i64 = 1;

/// Section, title and summary of what the past edition told. Ours, and marked as what it is.
const ARTICLES: [(&str, &str, &str); 5] = [
    (
        "blogs",
        "Leren van een datalek",
        "[Voorbeeldtekst] Een datalek is schrikken. Met vijf vragen maak je er een leermoment van.",
    ),
    (
        "blogs",
        "Wachtwoorden zonder gedoe",
        "[Voorbeeldtekst] Een wachtzin onthoud je makkelijker dan een wachtwoord, en hij is sterker.",
    ),
    ("news", "Gemeenten oefenen samen voor een digitale storing", "[Voorbeeldtekst] Kort bericht."),
    ("news", "Nieuwe handreiking voor veilige thuiswerkplekken", "[Voorbeeldtekst] Kort bericht."),
    ("news", "Wat verandert er dit jaar voor functionarissen gegevensbescherming?", "[Voorbeeldtekst] Kort bericht."),
];

/// Writes the past into a fresh database.
pub async fn tell(house: &House, newsletter: &NewsletterRow) -> Result<(), DemoError> {
    let there = PEOPLE.iter().filter(|person| person.fate.was_there()).count();
    for (person, weeks) in PEOPLE.iter().zip((0..there).rev()) {
        sign_up(&ago(house, EDITION + 14 + 7 * u32::try_from(weeks).unwrap_or(0)), newsletter, person).await?;
    }
    let edition = assembled(&ago(house, EDITION), newsletter).await?;
    send(&ago(house, EDITION), newsletter, &edition).await?;
    leave(house, newsletter).await?;
    let newer = &PEOPLE[there..];
    for (person, days) in newer.iter().zip((1..=newer.len()).rev()) {
        sign_up(&ago(house, 2 * u32::try_from(days).unwrap_or(0)), newsletter, person).await?;
    }
    Ok(())
}

/// The house as it was so many days ago.
fn ago(house: &House, days: u32) -> House {
    House { clock: Clock::manual(house.clock.now().minus(days * DAY)), ..house.clone() }
}

async fn sign_up(house: &House, newsletter: &NewsletterRow, person: &Person) -> Result<(), DemoError> {
    let now = house.clock.now();
    let email = EmailAddress::parse(person.address).expect("the demo's addresses are addresses");
    let hash = house.keys.address_hash(&email);
    let mut tx = house.db.write().await?;
    let known = subscriptions::find_or_insert_subscriber(&mut tx, &email, &hash, person.language, now).await?;
    subscriptions::set_format(&mut tx, known.id, person.format, now).await?;
    subscriptions::open(&mut tx, &house.link(), known.id, newsletter.id, SubscriptionStatus::Pending, None, now)
        .await?;
    let mut asked = house.consent_body(newsletter, &email, person.language, ConsentMeans::Form);
    let promised = promise(newsletter.max_per_year, person.language);
    asked.text = Some(texts::form_consent(person.language, organisation(newsletter), promised));
    asked.text_version = Some(env!("CARGO_PKG_VERSION").to_owned());
    consent::append(&mut tx, &house.keys, newsletter.id, &hash, ConsentEvent::Requested, &asked, now).await?;
    if person.fate != Fate::Pending {
        let later = now.plus(HOUR);
        let subscription = held(&mut tx, newsletter, person).await?.subscription;
        let (from, to) = (SubscriptionStatus::Pending, SubscriptionStatus::Confirmed);
        subscriptions::change_status(&mut tx, subscription.id, from, to, later).await?;
        let confirmed = house.consent_body(newsletter, &email, person.language, ConsentMeans::Link);
        consent::append(&mut tx, &house.keys, newsletter.id, &hash, ConsentEvent::Confirmed, &confirmed, later).await?;
    }
    Ok(tx.commit().await?)
}

async fn assembled(house: &House, newsletter: &NewsletterRow) -> Result<EditionRow, DemoError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    for (number, (section, title, summary)) in (1..).zip(ARTICLES) {
        let url = format!("https://www.example.nl/eerder/{number}/");
        let article = NewArticle {
            newsletter_id: newsletter.id,
            source_id: None,
            guid: url.clone(),
            canonical: UrlKey::parse(&url).expect("a web address has a key").as_str().to_owned(),
            section: section.to_owned(),
            title: title.to_owned(),
            url,
            summary: summary.to_owned(),
            source_url: None,
            author: None,
            image_url: None,
            published_at: now.minus(number * 4 * DAY),
        };
        articles::store(&mut tx, &article, now).await?;
    }
    tx.commit().await?;
    let Assembled::Draft(draft) = assemble(house, NEWSLETTER, None).await? else { return Err(DemoError::NoEdition) };
    approve(house, draft.id, &Approver { by: SENDER, accept_warnings: true, override_reason: None }).await?;
    Ok(publish::send(house, draft.id, None).await?)
}

/// Every recipient of the edition comes to the end that is meant for them; only the mail server is made up.
async fn send(house: &House, newsletter: &NewsletterRow, edition: &EditionRow) -> Result<(), DemoError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    while !deliveries::freeze_some(&mut tx, edition.id, newsletter.id, now).await? {}
    let everybody = i64::try_from(PEOPLE.len()).unwrap_or(i64::MAX);
    let claim = Claim { owner: SENDER, number: CLAIM };
    deliveries::claim(&mut tx, edition.id, claim, 0, everybody, &[], now).await?;
    let rows = deliveries::page(&mut tx, edition.id, None, 0, everybody).await?;
    let settled: Vec<Settled> = rows.iter().map(|row| settled(row, fate(row))).collect();
    let starts: Vec<Start> = settled
        .iter()
        .filter(|settled| settled.state != DeliveryState::Skipped)
        .map(|settled| Start { edition_id: edition.id, seq: settled.seq, claim: CLAIM })
        .collect();
    deliveries::start(&mut tx, &starts, now).await?;
    deliveries::settle(&mut tx, &settled, now.plus(HOUR)).await?;
    let (from, to) = (EditionStatus::Sending, EditionStatus::Sent);
    // As long as the most patient delivery: three days.
    editions::change_status(&mut tx, edition.id, from, to, None, now.plus(3 * DAY)).await?;
    Ok(tx.commit().await?)
}

fn fate(row: &DeliveryRow) -> Fate {
    let person = PEOPLE.iter().find(|person| Some(person.address) == row.email.as_deref());
    person.map_or(Fate::Reads, |person| person.fate)
}

fn settled(row: &DeliveryRow, fate: Fate) -> Settled {
    let gone = BounceClass::Gone.as_str();
    let full = BounceClass::MailboxFull.as_str();
    let (state, attempts, reply, reason) = match fate {
        Fate::Gone => (DeliveryState::Rejected, 1, Some((550, "5.1.1", "No such user here")), Some(gone)),
        Fate::Full => (DeliveryState::Rejected, 1, Some((552, "5.2.2", "Mailbox full")), Some(full)),
        Fate::Expired => {
            (DeliveryState::Expired, 12, Some((452, "4.2.2", "Mailbox over quota, try later")), Some(full))
        }
        Fate::Uncertain => (DeliveryState::Unknown, 1, None, Some("connection-lost")),
        Fate::LeftDuring => (DeliveryState::Skipped, 0, None, Some(SubscriptionStatus::Unsubscribed.as_str())),
        _ => (DeliveryState::Accepted, 1, Some((250, "2.0.0", "Ok: queued")), None),
    };
    Settled {
        edition_id: row.edition_id,
        seq: row.seq,
        claim: CLAIM,
        state,
        attempts,
        next_at: row.next_at.as_micros(),
        code: reply.map(|(code, _, _)| code),
        status: reply.map(|(_, status, _)| status.to_owned()),
        reply: reply.map(|(code, status, words)| format!("{code} {status} {words}")),
        reason: reason.map(str::to_owned),
    }
}

/// The endings, in the order in which they came.
async fn leave(house: &House, newsletter: &NewsletterRow) -> Result<(), DemoError> {
    for (fate, days, status, event, means) in [
        (
            Fate::LeftDuring,
            EDITION,
            SubscriptionStatus::Unsubscribed,
            ConsentEvent::Unsubscribed,
            ConsentMeans::OneClick,
        ),
        (Fate::Gone, EDITION, SubscriptionStatus::Bounced, ConsentEvent::Bounced, ConsentMeans::MailServer),
        (Fate::Complained, EDITION - 1, SubscriptionStatus::Complained, ConsentEvent::Complained, ConsentMeans::Mail),
        (
            Fate::LeftAfter,
            EDITION - 2,
            SubscriptionStatus::Unsubscribed,
            ConsentEvent::Unsubscribed,
            ConsentMeans::Link,
        ),
    ] {
        let house = ago(house, days);
        let now = house.clock.now();
        for person in PEOPLE.iter().filter(|person| person.fate == fate) {
            let mut tx = house.db.write().await?;
            let held = held(&mut tx, newsletter, person).await?;
            let suppression = match status {
                SubscriptionStatus::Bounced => Some(SuppressionReason::Bounced),
                SubscriptionStatus::Complained => Some(SuppressionReason::Complained),
                _ => None,
            };
            if let Some(reason) = suppression {
                let hash = held.subscription.address_hash.clone();
                suppressions::insert(&mut tx, &hash, Some(person.address), reason, None, now).await?;
            }
            unsubscribe::end(&house, &mut tx, &held, unsubscribe::Ending { status, event, means, note: None }).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

async fn held(tx: &mut Tx, newsletter: &NewsletterRow, person: &Person) -> Result<Held, StoreError> {
    let email = EmailAddress::parse(person.address).expect("the demo's addresses are addresses");
    let known = subscriptions::subscriber_by_email(tx, &email).await?;
    let known = known.expect("whoever leaves has signed up");
    let subscription = subscriptions::of(tx, known.id, newsletter.id).await?;
    Ok(Held { newsletter: newsletter.clone(), subscription: subscription.expect("whoever leaves has signed up") })
}
