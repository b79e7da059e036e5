//! How sending comes to its end: first nothing new begins, then what still waits for a server is let go.

use tokio::sync::watch;

/// Told by who stops us, heard by every task that has mail in hand. Cheap to clone.
#[derive(Clone)]
pub struct Ending {
    stage: watch::Sender<Stage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Working,
    Closing,
    CutOff,
}

impl Ending {
    /// Everybody works.
    pub fn new() -> Self {
        Self { stage: watch::Sender::new(Stage::Working) }
    }

    /// From now on nothing new begins: only for the reply to what has left is waited.
    pub fn close(&self) {
        self.stage.send_replace(Stage::Closing);
    }

    /// Nobody waits any longer: what is on its way is noted as it stands.
    pub fn cut_off(&self) {
        self.stage.send_replace(Stage::CutOff);
    }

    /// Whether nothing new may begin.
    pub fn is_closing(&self) -> bool {
        *self.stage.borrow() >= Stage::Closing
    }

    /// Returns once nothing new may begin.
    pub async fn closing(&self) {
        self.reached(Stage::Closing).await;
    }

    /// Returns once nobody waits any longer.
    pub async fn cut(&self) {
        self.reached(Stage::CutOff).await;
    }

    async fn reached(&self, stage: Stage) {
        // Its sender is ours, so it cannot end before it says so.
        let _ = self.stage.subscribe().wait_for(|now| *now >= stage).await;
    }
}
