//! Windows taken one after the other, each in many short transactions.

use std::io::Read;
use std::time::Duration;

use tokio::time::Instant;

use super::person::Person;
use super::take::Taker;
use super::window::{Ahead, Window};
use super::{ImportError, taken_away};
use crate::domain::import::Tally;
use crate::flows::House;
use crate::store::{Durability, imports};

/// An import at work.
///
/// Its transactions need not survive a loss of power: how far it is stands in them, and the last one waits for the disk.
pub(super) struct Work<'a, F: Read> {
    house: &'a House,
    taker: Taker<'a>,
    batch: i64,
    pub ahead: Ahead<F>,
    pub tally: Tally,
    pace: Pace,
}

impl<'a, F: Read> Work<'a, F> {
    pub fn new(house: &'a House, taker: Taker<'a>, batch: i64, ahead: Ahead<F>, tally: Tally) -> Self {
        Self { house, taker, batch, ahead, tally, pace: Pace(Pace::FIRST) }
    }

    /// Takes a window, of which so many rows were taken before it broke off: first those that no import takes count, then
    /// come people in the order of their hashes, and one person's rows in that of the file.
    pub async fn take(
        &mut self,
        window: Window,
        skip: u64,
        progress: &mut impl FnMut(Tally),
    ) -> Result<(), ImportError> {
        let Window { rows, mut people, .. } = window;
        let refused = rows - people.len() as u64;
        people.sort_by_key(|person| person.hash);
        people.drain(..usize::try_from(skip.saturating_sub(refused)).unwrap_or(usize::MAX).min(people.len()));
        if people.len() > self.pace.0 {
            self.make_known(&people).await?;
        }
        let mut refused = Tally::of_rejected(if skip == 0 { refused } else { 0 });
        let mut left = people.as_slice();
        loop {
            let (part, rest) = left.split_at(left.len().min(self.pace.0));
            let Self { house, taker, batch, ahead, tally, pace } = self;
            let store = async {
                let mut tx = house.db.write_with(Durability::Process).await?;
                let began = Instant::now();
                let mut sum = *tally;
                sum.add(std::mem::take(&mut refused));
                sum.add(taker.take(&mut tx, *batch, part).await?);
                if !imports::advance(&mut tx, *batch, tally.rows, sum, None).await? {
                    return Err(ImportError::from(taken_away()));
                }
                pace.took(began.elapsed());
                tx.commit().await?;
                *tally = sum;
                Ok(())
            };
            let (stored, read) = tokio::join!(store, ahead.read_on());
            stored?;
            read?;
            progress(self.tally);
            left = rest;
            if left.is_empty() {
                return Ok(());
            }
        }
    }

    /// Makes those known who are not yet, in the order of their addresses.
    async fn make_known(&mut self, people: &[Person]) -> Result<(), ImportError> {
        let mut order: Vec<&Person> = people.iter().collect();
        order.sort_by(|one, other| one.key().cmp(other.key()));
        // Who stands there twice is judged by the first row, as later on.
        order.dedup_by_key(|person| person.hash);
        let mut left = order.as_slice();
        while !left.is_empty() {
            let (part, rest) = left.split_at(left.len().min(self.pace.0));
            let store = async {
                let mut tx = self.house.db.write_with(Durability::Process).await?;
                let is_first = left.len() == order.len();
                if !imports::note_ahead(&mut tx, self.batch, self.tally.rows, is_first).await? {
                    return Err(ImportError::from(taken_away()));
                }
                self.taker.make_known(&mut tx, part).await?;
                Ok(tx.commit().await?)
            };
            let (stored, read) = tokio::join!(store, self.ahead.read_on());
            stored?;
            read?;
            left = rest;
        }
        Ok(())
    }
}

/// How many rows a transaction takes, so that whoever signs up meanwhile does not wait for long.
struct Pace(usize);

impl Pace {
    const FIRST: usize = 1_000;
    const LEAST: usize = 250;
    const MOST: usize = 4_000;
    /// A transaction should take less than this, and may take more rows when it takes less than half of it.
    const AIM: Duration = Duration::from_millis(100);

    /// Hears how long one took.
    fn took(&mut self, time: Duration) {
        if time > Self::AIM {
            self.0 = (self.0 / 2).max(Self::LEAST);
        } else if time < Self::AIM / 2 {
            self.0 = (self.0 * 3 / 2).min(Self::MOST);
        }
    }
}
