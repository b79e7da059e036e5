//! Sending: a manager claims deliveries of editions that go out, couriers hand them over, the ledger notes it all.
//!
//! ```text
//! manager: freeze → claim (to disk) → lanes ─┐
//! couriers: take → merge, sign → offer → [start noted] → send → [result noted with the next start]
//! ```

mod courier;
mod edition;
mod lanes;
mod ledger;
mod letters;
mod manager;
mod rate;
mod relays;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use self::courier::Courier;
use self::lanes::Lanes;
use self::ledger::Ledger;
use self::manager::Manager;
use self::rate::Rate;
pub use self::relays::Relays;
use crate::domain::token::hex;
use crate::flows::House;

/// How long the finishing of what is in hand may take before it is cut off.
const PATIENCE: Duration = Duration::from_secs(55);
/// Tasks that send letters.
const LETTER_TASKS: usize = 2;

/// Everything that sends. Dropped, it goes on; see [`Mailer::stop`].
pub struct Mailer {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    pub relays: Relays,
}

impl Mailer {
    /// Begins to send what is due. Without a mail server in the settings everything waits.
    pub fn start(house: &House, relays: Relays) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        if relays.is_empty() {
            tracing::warn!("no mail server is set (POSTDUIF_SMTP_URL): mail waits until there is one");
            return Self { stop, tasks, relays };
        }
        // The name says under which start of the machine work was claimed.
        let owner = format!("{}@{}", hex(&house.clock.random::<8>()), house.clock.boot());
        let lanes = Arc::new(Lanes::new(house.clock.clone(), house.config.smtp_connections));
        let (ledger, committer) = Ledger::open(house.clone(), owner.clone());
        let courier = Courier {
            house: house.clone(),
            lanes: Arc::clone(&lanes),
            ledger: ledger.clone(),
            relays: relays.clone(),
            rate: Rate::of(house),
        };
        for _ in 0..house.config.smtp_connections {
            tasks.spawn(courier.clone().run());
        }
        drop(courier);
        let manager = Manager::new(house.clone(), owner.clone(), lanes, ledger);
        tasks.spawn(manager.run(relays.clone(), stopped.clone()));
        for _ in 0..LETTER_TASKS {
            tasks.spawn(letters::run(house.clone(), owner.clone(), relays.clone(), stopped.clone()));
        }
        tasks.spawn(async move {
            let _ = committer.await;
        });
        Self { stop, tasks, relays }
    }

    /// Finishes the messages in hand, notes them, gives back the rest, and ends.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let finished = tokio::time::timeout(PATIENCE, async { while self.tasks.join_next().await.is_some() {} }).await;
        if finished.is_err() {
            tracing::warn!("a mail server did not answer in time; its message will be marked as uncertain");
            self.tasks.shutdown().await;
        }
    }
}
