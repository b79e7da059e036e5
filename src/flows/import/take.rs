//! What becomes of each row: decided for many at once with two looks at the database, stored in a few statements.

use std::collections::{HashMap, HashSet};

use super::person::Person;
use super::table::Standing;
use crate::domain::consent::{ConsentBody, ConsentEvent, ConsentMeans};
use crate::domain::import::Tally;
use crate::domain::language::Language;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::suppression::SuppressionReason;
use crate::domain::time::Timestamp;
use crate::domain::token::Link;
use crate::flows::House;
use crate::store::consent::NewConsent;
use crate::store::imports::{self, KnownRow, NewPerson, NewSubscription, NewSuppression};
use crate::store::newsletters::NewsletterRow;
use crate::store::{Access, StoreError, Tx, consent, newsletters, subscriptions, suppressions};

/// What becomes of a person.
enum Fate {
    /// Gets the newsletter from now on.
    Open,
    /// Asked us before and never confirmed: the list is the confirmation.
    Confirm(i64),
    Unchanged,
    /// Must not be mailed, as we knew.
    Suppressed,
    /// Must not be mailed, as the list says. What a list began ends with it; what they confirmed to us stays.
    Suppress(SuppressionReason),
}

/// Takes rows for one newsletter.
pub(super) struct Taker<'a> {
    house: &'a House,
    newsletter: &'a NewsletterRow,
    statement: &'a str,
    origin: &'a str,
    tool: Option<&'static str>,
}

/// A record that a transaction owes: all of them are chained at its end, with one look at the chain.
struct Owed {
    newsletter_id: i64,
    subject: [u8; 32],
    event: ConsentEvent,
    body: ConsentBody,
}

type Known = HashMap<String, Vec<KnownRow>>;

impl<'a> Taker<'a> {
    pub(super) fn new(
        house: &'a House,
        newsletter: &'a NewsletterRow,
        statement: &'a str,
        origin: &'a str,
        tool: Option<&'static str>,
    ) -> Self {
        Self { house, newsletter, statement, origin, tool }
    }

    /// Tells what would become of people; `seen` remembers whom the file spoke of before.
    pub(super) async fn look(
        &self,
        on: &mut impl Access,
        people: &[Person],
        seen: &mut HashSet<[u8; 8]>,
    ) -> Result<Tally, StoreError> {
        let mut tally = Tally { rows: people.len() as u64, ..Tally::default() };
        let people: Vec<&Person> = people.iter().collect();
        let (known, silenced) = facts(on, &people).await?;
        for person in people {
            let mut short = [0; 8];
            short.copy_from_slice(&person.hash[..8]);
            let twice = !seen.insert(short);
            match self.fate(person, &known, &silenced) {
                Fate::Open | Fate::Confirm(_) if !twice => tally.imported += 1,
                Fate::Open | Fate::Confirm(_) | Fate::Unchanged => tally.unchanged += 1,
                Fate::Suppress(_) if self.held_here(on, person, &known).await? => tally.unchanged += 1,
                Fate::Suppress(_) | Fate::Suppressed => tally.suppressed += 1,
            }
        }
        Ok(tally)
    }

    /// Makes people known who will get their subscriptions by [`Taker::take`]. Nobody may be among them twice.
    pub(super) async fn make_known(&self, tx: &mut Tx, people: &[&Person]) -> Result<(), StoreError> {
        let (known, silenced) = (Known::new(), silenced(tx, people).await?);
        let is_new = |person: &&Person| matches!(self.fate(person, &known, &silenced), Fate::Open);
        let opened = people.iter().copied().filter(is_new).collect();
        self.insert_people(tx, opened, self.house.clock.now()).await
    }

    /// Takes people.
    pub(super) async fn take(&self, tx: &mut Tx, batch: i64, people: &[Person]) -> Result<Tally, StoreError> {
        let mut tally = Tally { rows: people.len() as u64, ..Tally::default() };
        let mut left: Vec<&Person> = people.iter().collect();
        while !left.is_empty() {
            // Whoever stands there twice is dealt with twice, the second time as somebody we know.
            let mut seen = HashSet::with_capacity(left.len());
            let (firsts, again): (Vec<_>, Vec<_>) = left.into_iter().partition(|person| seen.insert(person.hash));
            self.take_each_once(tx, batch, &firsts, &mut tally).await?;
            left = again;
        }
        Ok(tally)
    }

    fn fate(&self, person: &Person, known: &Known, silenced: &HashSet<Vec<u8>>) -> Fate {
        match person.standing {
            Standing::Unsubscribed => Fate::Suppress(SuppressionReason::Unsubscribed),
            Standing::Bounced => Fate::Suppress(SuppressionReason::Bounced),
            Standing::Blocked => Fate::Suppress(SuppressionReason::Imported),
            Standing::Manual => Fate::Suppress(SuppressionReason::Manual),
            Standing::Complained => Fate::Suppress(SuppressionReason::Complained),
            _ if silenced.contains(person.hash.as_slice()) => Fate::Suppressed,
            _ => {
                let mut here = known.get(person.key()).into_iter().flatten();
                let here = here.find(|row| row.newsletter_id == Some(self.newsletter.id));
                match here.and_then(|row| Some((row.subscription_id?, row.status?))) {
                    None => Fate::Open,
                    Some((id, SubscriptionStatus::Pending)) => Fate::Confirm(id),
                    Some((_, SubscriptionStatus::Confirmed)) => Fate::Unchanged,
                    Some(_) => Fate::Suppressed,
                }
            }
        }
    }

    async fn take_each_once(
        &self,
        tx: &mut Tx,
        batch: i64,
        people: &[&Person],
        tally: &mut Tally,
    ) -> Result<(), StoreError> {
        let now = self.house.clock.now();
        let (known, silenced) = facts(tx, people).await?;
        let mut owed = Vec::new();
        let (mut opened, mut suppressed) = (Vec::new(), Vec::new());
        for person in people.iter().copied() {
            match self.fate(person, &known, &silenced) {
                Fate::Open => opened.push(person),
                Fate::Confirm(id) => {
                    imports::confirm(tx, id, batch, self.moments(person, now).1).await?;
                    tally.imported += 1;
                    owed.push(self.record(person, ConsentEvent::Imported));
                }
                Fate::Unchanged => tally.unchanged += 1,
                Fate::Suppressed => tally.suppressed += 1,
                Fate::Suppress(_) if self.held_here(tx, person, &known).await? => tally.unchanged += 1,
                Fate::Suppress(reason) => {
                    tally.suppressed += 1;
                    suppressed.push(NewSuppression {
                        address_hash: &person.hash,
                        email: person.email.as_str(),
                        reason,
                    });
                    self.end(tx, person, reason, &known, &mut owed, now).await?;
                }
            }
        }
        imports::insert_suppressions(tx, batch, &suppressed, now).await?;
        tally.imported += opened.len() as u64;
        self.open(tx, batch, &opened, known, &mut owed, now).await?;
        let records: Vec<NewConsent<'_>> = owed
            .iter()
            .map(|one| NewConsent {
                newsletter_id: one.newsletter_id,
                subject: &one.subject,
                event: one.event,
                body: &one.body,
            })
            .collect();
        consent::append_many(tx, &self.house.keys, &records, now).await
    }

    /// Opens subscriptions for people who have none here yet.
    async fn open(
        &self,
        tx: &mut Tx,
        batch: i64,
        opened: &[&Person],
        known: Known,
        owed: &mut Vec<Owed>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut ids: HashMap<String, i64> =
            known.into_iter().filter_map(|(key, rows)| Some((key, rows.first()?.subscriber_id))).collect();
        let strangers: Vec<&Person> = opened.iter().copied().filter(|one| !ids.contains_key(one.key())).collect();
        if !strangers.is_empty() {
            let keys: Vec<&str> = strangers.iter().map(|one| one.key()).collect();
            self.insert_people(tx, strangers.clone(), now).await?;
            ids.extend(imports::known(tx, &keys).await?.into_iter().map(|row| (row.email_key, row.subscriber_id)));
        }
        let mut subscriptions = Vec::with_capacity(opened.len());
        for person in opened {
            let Some(id) = ids.get(person.key()) else { continue };
            let (requested_at, confirmed_at) = self.moments(person, now);
            subscriptions.push(NewSubscription {
                link: self.link(now),
                subscriber_id: *id,
                requested_at,
                confirmed_at,
            });
            owed.push(self.record(person, ConsentEvent::Imported));
        }
        imports::insert_subscriptions(tx, self.newsletter.id, batch, &subscriptions).await?;
        Ok(())
    }

    async fn insert_people(&self, tx: &mut Tx, people: Vec<&Person>, now: Timestamp) -> Result<(), StoreError> {
        let people: Vec<NewPerson<'_>> = people
            .into_iter()
            .map(|one| NewPerson {
                email: one.email.as_str(),
                email_key: one.key(),
                address_hash: &one.hash,
                domain: one.email.domain(),
                language: self.language(one),
                format: one.format,
            })
            .collect();
        imports::insert_people(tx, &people, now).await?;
        Ok(())
    }

    /// A link whose beginning is the moment, so that those of a transaction lie side by side in the index. Nobody sees it but
    /// sealed; it need only be unique.
    fn link(&self, now: Timestamp) -> Link {
        let mut link = self.house.link();
        link[..8].copy_from_slice(&now.as_micros().to_be_bytes());
        link
    }

    /// Whether somebody left elsewhere before they confirmed to us, from their own mailbox, what they get from here: a
    /// suppression holds for all newsletters, so it must not take that away. A mailbox that is gone or an address that is
    /// blocked is so here, too, and who left later, or nobody knows when, has the last word.
    async fn held_here(&self, on: &mut impl Access, person: &Person, known: &Known) -> Result<bool, StoreError> {
        let (Standing::Unsubscribed, Some(left_at)) = (&person.standing, person.told().left_at) else {
            return Ok(false);
        };
        let since = |row: &KnownRow| {
            row.status == Some(SubscriptionStatus::Confirmed) && row.confirmed_at.is_some_and(|moment| moment > left_at)
        };
        if !known.get(person.key()).into_iter().flatten().any(since) {
            return Ok(false);
        }
        consent::was_confirmed(on, &person.hash).await
    }

    async fn end(
        &self,
        tx: &mut Tx,
        person: &Person,
        reason: SuppressionReason,
        known: &Known,
        owed: &mut Vec<Owed>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (status, event) = match reason {
            SuppressionReason::Bounced => (SubscriptionStatus::Bounced, ConsentEvent::Bounced),
            SuppressionReason::Complained => (SubscriptionStatus::Complained, ConsentEvent::Complained),
            _ => (SubscriptionStatus::Unsubscribed, ConsentEvent::Unsubscribed),
        };
        for row in known.get(person.key()).into_iter().flatten() {
            let (Some(id), Some(newsletter_id), Some(SubscriptionStatus::Confirmed)) =
                (row.subscription_id, row.newsletter_id, row.status)
            else {
                continue;
            };
            if subscriptions::change_status(tx, id, SubscriptionStatus::Confirmed, status, now).await? {
                let mut record = self.record(person, event);
                record.newsletter_id = newsletter_id;
                if newsletter_id != self.newsletter.id
                    && let Some(other) = newsletters::by_id(tx, newsletter_id).await?
                {
                    record.body.newsletter = other.slug;
                }
                owed.push(record);
            }
        }
        Ok(())
    }

    /// When they asked and confirmed: as the file says, and now where it does not.
    fn moments(&self, person: &Person, now: Timestamp) -> (Timestamp, Timestamp) {
        let past = |moment: Option<Timestamp>| moment.filter(|moment| *moment <= now);
        let (asked, confirmed) = (past(person.told().asked_at), past(person.told().confirmed_at));
        let confirmed_at = confirmed.or(asked).unwrap_or(now);
        (asked.unwrap_or(confirmed_at).min(confirmed_at), confirmed_at)
    }

    /// People whose language we do not speak get the newsletter's.
    fn language(&self, person: &Person) -> Language {
        person.language.unwrap_or(self.newsletter.language)
    }

    fn record(&self, person: &Person, event: ConsentEvent) -> Owed {
        let language = self.language(person);
        let mut body = self.house.consent_body(self.newsletter, &person.email, language, ConsentMeans::Import);
        // “Taken over from Mailchimp, confirmed there on …”: not our own double opt-in, and never told as one.
        let from = self.tool.map_or_else(|| self.origin.to_owned(), |tool| format!("{} ({tool})", self.origin));
        body.origin = Some(match person.told().confirmed_at {
            Some(moment) => format!("{from}, confirmed there {moment}"),
            None => from,
        });
        body.note = Some(match &person.told().note {
            Some(note) => format!("{} – {note}", self.statement),
            None => self.statement.to_owned(),
        });
        body.text = person.told().text.clone();
        Owed { newsletter_id: self.newsletter.id, subject: person.hash, event, body }
    }
}

/// What the database knows of these people: their subscriptions, and who must not be mailed.
async fn facts(on: &mut impl Access, people: &[&Person]) -> Result<(Known, HashSet<Vec<u8>>), StoreError> {
    let keys: Vec<&str> = people.iter().map(|person| person.key()).collect();
    let mut known = Known::with_capacity(people.len());
    for row in imports::known(on, &keys).await? {
        known.entry(row.email_key.clone()).or_default().push(row);
    }
    Ok((known, silenced(on, people).await?))
}

async fn silenced(on: &mut impl Access, people: &[&Person]) -> Result<HashSet<Vec<u8>>, StoreError> {
    let found = suppressions::among(on, people.iter().map(|person| person.hash.as_slice())).await?;
    Ok(found.into_keys().collect())
}
