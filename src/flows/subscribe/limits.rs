//! How often people may sign up, from one network and in all, and how many letters an address may get.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use super::{DAY, HOUR};
use crate::domain::network::Network;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::time::Timestamp;
use crate::flows::feedback::UNREACHABLE;
use crate::flows::tally::Count;
use crate::flows::{FlowError, House, notices};
use crate::store::sign_ups::{LetterTimeRow, TallyRow};
use crate::store::{Access, Tx, limits};

/// Letters to one address, most per rolling window.
const PER_ADDRESS: [(usize, Duration); 3] =
    [(1, Duration::from_secs(600)), (3, DAY), (5, Duration::from_secs(7 * 24 * 3600))];

/// Mailboxes get repaired, but not every day.
pub(super) const REPAIRED_WITHIN: Duration = Duration::from_secs(30 * 24 * 3600);

/// Under this name it is noted that an address was owed a letter.
pub(super) const LETTER: &str = "letter";

/// Too many sign-ups.
pub(in crate::flows) struct Limited {
    retry_after: Duration,
    /// In all, and not from this network alone: something for an operator to know.
    in_all: bool,
}

impl Limited {
    /// Who is held until the oldest of what counts is an hour old.
    fn until(kind: &str, oldest: Timestamp, now: Timestamp) -> Self {
        let retry_after = oldest.plus(HOUR).since(now).max(Duration::from_secs(1));
        Self { retry_after, in_all: kind != NETWORK }
    }

    /// After how long to come back; tells the operators where they should know. Not within a transaction of one's own.
    pub(in crate::flows) async fn told(self, house: &House) -> Duration {
        if self.in_all {
            house.tally.count(Count::SignupLimitReached);
            if let Err(error) = tell_operators(house).await {
                tracing::error!(%error, "nobody could be told that sign-ups reached their limit");
            }
        }
        self.retry_after
    }
}

/// Under this name it is noted that the operators were told of the limit.
const LIMIT_TOLD: &str = "sign-up-limit-told";

/// By mail and in the log, once a day: it lasts for hours, and there may be thousands who try.
async fn tell_operators(house: &House) -> Result<(), FlowError> {
    let now = house.clock.now();
    let since = now.minus(DAY);
    if limits::count(&mut house.db.read().await?, LIMIT_TOLD, ALL, since).await? > 0 {
        return Ok(());
    }
    let mut tx = house.db.write().await?;
    if !limits::once(&mut tx, LIMIT_TOLD, ALL, since, now).await? {
        return Ok(());
    }
    let most = house.config.signups_total.unwrap_or_default();
    notices::signups_limited(house, &mut tx, most).await?;
    tx.commit().await?;
    tracing::warn!(
        most,
        "sign-ups in all have reached their limit of an hour; whoever comes now is asked to come back"
    );
    house.wake.letters.notify_one();
    Ok(())
}

/// The key of what is counted for the whole installation.
const ALL: &[u8] = b"all";

const NETWORK: &str = "network";
const IN_ALL: &str = "sign-up";

/// What a sign-up is counted against.
pub(super) struct Counted {
    pub kind: &'static str,
    pub key: Vec<u8>,
    /// So many an hour, where there is a limit.
    pub most: Option<i64>,
}

/// A sign-up is always counted in all, limit or not: so each of them writes, and none is quicker than another.
pub(super) fn counted(house: &House, client: Option<IpAddr>) -> Vec<Counted> {
    let network = client.map(|address| house.keys.hash_text(&Network::of_visitor(address).to_string()).to_vec());
    let network = network.zip(house.config.signups_per_network);
    let network = network.map(|(key, most)| Counted { kind: NETWORK, key, most: Some(most.into()) });
    let all = Counted { kind: IN_ALL, key: ALL.to_vec(), most: house.config.signups_total.map(Into::into) };
    network.into_iter().chain([all]).collect()
}

/// Whether there were too many from this network, or in all; changes nothing.
pub(super) async fn limited(
    house: &House,
    on: &mut impl Access,
    client: Option<IpAddr>,
    now: Timestamp,
) -> Result<bool, FlowError> {
    for one in counted(house, client) {
        if let Some(most) = one.most
            && limits::count(on, one.kind, &one.key, now.minus(HOUR)).await? >= most
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Counts a sign-up against its network and against all; `Some` where it is too many.
pub(in crate::flows) async fn too_many(
    house: &House,
    tx: &mut Tx,
    client: Option<IpAddr>,
    now: Timestamp,
) -> Result<Option<Limited>, FlowError> {
    let since = now.minus(HOUR);
    for Counted { kind, key, most } in counted(house, client) {
        let Some(most) = most else { continue };
        if !limits::note_within(tx, kind, &key, most, since, now).await? {
            let oldest = limits::oldest(tx, kind, &key, since).await?.unwrap_or(now);
            return Ok(Some(Limited::until(kind, oldest, now)));
        }
    }
    Ok(None)
}

/// How often sign-ups were counted within the hour, and what those in hand add to it.
pub(super) struct Tallies {
    kept: HashMap<(String, Vec<u8>), (i64, Timestamp)>,
    now: Timestamp,
}

impl Tallies {
    pub fn of(rows: Vec<TallyRow>, now: Timestamp) -> Self {
        let kept = rows.into_iter().map(|row| ((row.kind, row.key), (row.times, row.oldest))).collect();
        Self { kept, now }
    }

    /// Whether one more would be too many.
    pub fn too_many(&self, counted: &[Counted]) -> Option<Limited> {
        let full = |one: &&Counted| one.most.is_some_and(|most| self.of_one(one).0 >= most);
        let full = counted.iter().find(full)?;
        Some(Limited::until(full.kind, self.of_one(full).1, self.now))
    }

    pub fn add(&mut self, counted: &[Counted]) {
        for one in counted {
            let now = self.now;
            self.kept.entry((one.kind.to_owned(), one.key.clone())).or_insert((0, now)).0 += 1;
        }
    }

    fn of_one(&self, one: &Counted) -> (i64, Timestamp) {
        self.kept.get(&(one.kind.to_owned(), one.key.clone())).copied().unwrap_or((0, self.now))
    }
}

/// Whether an address may get another letter, by what was noted of its letters; who stays silent here is told nothing on
/// the screen.
pub(super) fn within_address_limits(noted: &[LetterTimeRow], status: SubscriptionStatus, now: Timestamp) -> bool {
    let times = |kind: &str, window| noted.iter().filter(|row| row.kind == kind && row.at > now.minus(window)).count();
    if PER_ADDRESS.iter().any(|(most, window)| times(LETTER, *window) >= *most) {
        return false;
    }
    match status {
        SubscriptionStatus::Confirmed => times(LETTER, DAY) < 1,
        SubscriptionStatus::Bounced => times(LETTER, REPAIRED_WITHIN) < 1,
        _ if times(UNREACHABLE, REPAIRED_WITHIN) > 0 => times(LETTER, REPAIRED_WITHIN) < 1,
        _ => true,
    }
}

/// Whether a letter may go to an address now, whoever asked for it: nobody's mailbox is flooded from here.
pub(in crate::flows) async fn letters_allowed(tx: &mut Tx, hash: &[u8], now: Timestamp) -> Result<bool, FlowError> {
    kind_allowed(tx, LETTER, hash, now).await
}

/// The same for letters of another kind, which are counted apart.
pub(in crate::flows) async fn kind_allowed(
    tx: &mut Tx,
    kind: &'static str,
    hash: &[u8],
    now: Timestamp,
) -> Result<bool, FlowError> {
    let counted = limits::counts(tx, kind, hash, PER_ADDRESS.map(|(_, window)| now.minus(window))).await?;
    let within = |(most, _): &(usize, Duration), times: i64| usize::try_from(times).is_ok_and(|times| times < *most);
    Ok(PER_ADDRESS.iter().zip(counted).all(|(limit, times)| within(limit, times)))
}
