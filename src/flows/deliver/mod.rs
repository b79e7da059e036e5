//! Sending: a manager claims deliveries of editions that go out, couriers hand them over, the ledger notes it all.
//!
//! ```text
//! manager: freeze → claim (to disk) → lanes ─┐
//! couriers: take → merge, sign → offer → [start noted] → send → [result noted with the next start]
//! ```

mod courier;
mod edition;
mod hand;
mod lanes;
mod lease;
mod ledger;
mod letters;
mod manager;
mod neighbours;
mod rate;
mod relays;
mod release;
mod stalled;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use self::courier::Courier;
use self::hand::Hand;
use self::lanes::Lanes;
use self::lease::Lease;
use self::ledger::Ledger;
use self::manager::Manager;
use self::rate::Rate;
pub use self::relays::Relays;
pub use self::stalled::{Stalled, Standstill, stalled};
use crate::domain::retry::RetryPolicy;
use crate::domain::token::hex;
use crate::flows::House;
use crate::store::presence::Presence;

/// How long the finishing of what is in hand may take before it is cut off: who stops us waits ten seconds.
const PATIENCE: Duration = Duration::from_secs(7);
/// How long the noting of it may take after that.
const LAST_WORDS: Duration = Duration::from_secs(2);
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
}

impl Default for Pauses {
    fn default() -> Self {
        Self {
            retry: RetryPolicy::newsletter(Duration::from_secs(72 * 3600)),
            unknown: Duration::from_secs(30),
            soon: Duration::from_secs(2),
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
        Self::start_with(house, relays, Pauses::default())
    }

    /// The same with pauses of one's own.
    pub fn start_with(house: &House, relays: Relays, pauses: Pauses) -> Self {
        if relays.is_empty() {
            tracing::warn!("no mail server is set (POSTDUIF_SMTP_URL): mail waits until there is one");
            return Self { relays, work: None };
        }
        let work = Work::start(house, &relays, pauses);
        Self { relays, work: Some(work) }
    }

    /// Finishes the messages in hand, notes them, gives back the rest, and ends: within ten seconds, whatever the mail
    /// servers do.
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
        let (ledger, committer) = Ledger::open(house.clone());
        let (retry, lease) = (pauses.retry.clone(), Arc::new(Lease::new()));
        let courier = Courier {
            house: house.clone(),
            lanes: Arc::clone(&lanes),
            ledger: ledger.clone(),
            relays: relays.clone(),
            rate: Rate::of(house),
            pauses: Arc::new(pauses),
            lease: Arc::clone(&lease),
            hand: Hand::default(),
        };
        let mut hands = JoinSet::new();
        for _ in 0..house.config.smtp_connections {
            hands.spawn(Courier { hand: Hand::default(), ..courier.clone() }.run());
        }
        let manager = Manager::new(house.clone(), owner.clone(), Arc::clone(&lanes), ledger, Arc::clone(&lease), retry);
        for _ in 0..LETTER_TASKS {
            let present = manager.present();
            hands.spawn(letters::run(
                house.clone(),
                owner.clone(),
                relays.clone(),
                Arc::clone(&lease),
                present,
                stopped.clone(),
            ));
        }
        let manager = tokio::spawn(manager.run(relays.clone(), stopped));
        Self { house: house.clone(), owner, stop, lanes, hands, manager, committer }
    }

    async fn stop(mut self) {
        self.stop.send_replace(true);
        self.lanes.close();
        let finished = tokio::time::timeout(PATIENCE, async { while self.hands.join_next().await.is_some() {} }).await;
        if finished.is_err() {
            tracing::warn!("a mail server did not answer in time; its message is marked as uncertain");
            self.hands.shutdown().await;
        }
        let ended = tokio::time::timeout(LAST_WORDS, async {
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
