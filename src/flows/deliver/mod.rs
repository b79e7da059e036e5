//! Sending: a manager claims deliveries of editions that go out, couriers hand them over, the ledger notes it all.
//!
//! ```text
//! manager: freeze → claim (to disk) → lanes ─┐
//! couriers: take → merge, sign → offer → [start noted] → send → [result noted with the next start]
//! ```

mod bag;
mod claimed;
mod courier;
mod edition;
mod ending;
mod hand;
mod judging;
mod lanes;
mod lease;
mod ledger;
mod letters;
mod lines;
mod manager;
mod memory;
mod neighbours;
mod rate;
mod reconcile;
mod relays;
mod release;
mod stalled;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};

pub use self::bag::Bag;
use self::courier::Courier;
use self::ending::Ending;
use self::hand::Hand;
use self::lanes::Lanes;
use self::lease::Lease;
use self::ledger::Ledger;
use self::letters::Postman;
use self::manager::Manager;
use self::memory::Memory;
use self::rate::Rate;
pub use self::relays::Relays;
pub use self::stalled::{Stalled, Standstill, stalled};
use crate::domain::retry::RetryPolicy;
use crate::domain::token::hex;
use crate::flows::House;
use crate::store::presence::Presence;
use crate::store::within;

/// How long a mail server may take to answer for what it has in hand: who stops us waits ten seconds.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long the noting of what it did not answer for may take.
const LAST_WORDS: Duration = Duration::from_millis(700);
/// How long a goodbye may take once we are being stopped.
const GOODBYE: Duration = Duration::from_millis(500);
/// When all of it must have come to an end.
const END: Duration = Duration::from_millis(9_300);
/// How long a single statement of ours may take: what takes longer is a database that has vanished.
const STATEMENT: Duration = Duration::from_secs(60);
/// Tasks that send letters.
const LETTER_TASKS: usize = 2;

/// How long editions wait, and for what.
#[derive(Clone, Debug)]
pub struct Pauses {
    /// Between attempts at a message that a server put off.
    pub retry: RetryPolicy,
    /// Before a message that may have arrived is repeated, where it is repeated.
    pub unknown: Duration,
    /// Before a message that certainly did not arrive is tried again, through no fault of its own; doubled each time.
    pub soon: Duration,
    /// Between two looks for editions that stand still.
    pub look: Duration,
}

impl Pauses {
    /// Those of the settings.
    pub fn of(house: &House) -> Self {
        Self {
            retry: RetryPolicy::newsletter(house.config.smtp_max_age),
            unknown: Duration::from_secs(30),
            soon: Duration::from_secs(2),
            look: Duration::from_secs(30),
        }
    }
}

/// Everything that sends. Dropped, it is cut off; see [`Mailer::stop`].
pub struct Mailer {
    pub relays: Relays,
    work: Option<Work>,
}

struct Work {
    house: House,
    owner: String,
    ending: Ending,
    stop: watch::Sender<bool>,
    lanes: Arc<Lanes>,
    /// Couriers and senders of letters.
    hands: JoinSet<()>,
    manager: JoinHandle<Option<Presence>>,
    committer: JoinHandle<()>,
}

impl Mailer {
    /// Begins to send what is due. Without a mail server in the settings everything waits.
    pub fn start(house: &House, relays: Relays) -> Self {
        Self::start_with(house, relays, Pauses::of(house))
    }

    /// The same with pauses of one's own.
    pub fn start_with(house: &House, relays: Relays, pauses: Pauses) -> Self {
        if relays.is_empty() {
            tracing::warn!("no mail server is set (POSTDUIF_SMTP_URL): mail waits until there is one");
            return Self { relays, work: None };
        }
        let relays = relays.with_connections(house.config.smtp_connections);
        let work = Work::start(house, &relays, pauses);
        Self { relays, work: Some(work) }
    }

    /// Waits for the replies to the messages that have left, notes them, gives back the rest, and ends: within ten
    /// seconds, whatever the mail servers do.
    pub async fn stop(self) {
        if let Some(work) = self.work {
            work.stop().await;
        }
    }
}

impl Work {
    fn start(house: &House, relays: &Relays, pauses: Pauses) -> Self {
        // The name says under which start of the machine work was claimed.
        let owner = format!("{}@{}", hex(&house.clock.random::<8>()), house.clock.boot());
        let (stop, stopped) = watch::channel(false);
        let lanes = Arc::new(Lanes::new(house.clock.clone(), house.config.smtp_connections));
        let (ending, rate) = (Ending::new(), Rate::of(house));
        // SQLite loses nothing while we live.
        let memory = Memory::new(house.db.path().is_none());
        let (ledger, committer) = Ledger::open(house.clone(), memory.clone(), STATEMENT);
        let ((retry, look), lease) = ((pauses.retry.clone(), pauses.look), Arc::new(Lease::new()));
        let courier = Courier {
            house: house.clone(),
            lanes: Arc::clone(&lanes),
            ledger: ledger.clone(),
            relays: relays.clone(),
            rate: rate.clone(),
            pauses: Arc::new(pauses),
            lease: Arc::clone(&lease),
            ending: ending.clone(),
            hand: Hand::default(),
        };
        let mut hands = JoinSet::new();
        for _ in 0..house.config.smtp_connections {
            hands.spawn(within(STATEMENT, Courier { hand: Hand::default(), ..courier.clone() }.run()));
        }
        let manager = Manager::new(
            house.clone(),
            owner.clone(),
            Arc::clone(&lanes),
            (ledger, memory),
            Arc::clone(&lease),
            (retry, look),
        );
        let postman = Postman {
            house: house.clone(),
            owner: owner.clone(),
            relays: relays.clone(),
            rate,
            lease,
            ending: ending.clone(),
            bag: Bag::default(),
        };
        for _ in 0..LETTER_TASKS {
            hands.spawn(within(STATEMENT, postman.clone().run(manager.present())));
        }
        let manager = tokio::spawn(within(STATEMENT, manager.run(relays.clone(), stopped)));
        Self { house: house.clone(), owner, ending, stop, lanes, hands, manager, committer }
    }

    async fn stop(self) {
        let end = Instant::now() + END;
        // Nothing new begins, neither here nor with the manager; for what has left the reply is awaited.
        self.ending.close();
        self.stop.send_replace(true);
        self.lanes.close();
        let mut hands = self.hands;
        if timeout(PATIENCE, all(&mut hands)).await.is_err() {
            tracing::warn!("a mail server did not answer in time; what it has in hand is marked as uncertain");
            self.ending.cut_off();
            if timeout(LAST_WORDS, all(&mut hands)).await.is_err() {
                hands.shutdown().await;
            }
        }
        let ended = timeout_at(end, async {
            let presence = self.manager.await.ok().flatten();
            // With the last hand gone the ledger is complete.
            let _ = self.committer.await;
            if presence.is_some() {
                release::everything(&self.house, &self.owner).await?;
            }
            Ok::<_, crate::store::StoreError>(())
        });
        match ended.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "what was in hand is given back at the next start"),
            Err(_) => {
                tracing::warn!("the database did not answer in time; what was in hand is given back at the next start")
            }
        }
    }
}

/// Returns once every task has ended.
async fn all(hands: &mut JoinSet<()>) {
    while hands.join_next().await.is_some() {}
}
