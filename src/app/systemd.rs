//! What systemd is told, where it started us: that we serve, live, read anew, migrate, stop.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::task::JoinHandle;

/// How much more time a start that is still at work asks for, and how often.
const MORE: Duration = Duration::from_secs(60);
const ASK: Duration = Duration::from_secs(20);

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd could not be told");
    }
}

/// Visitors are answered.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// What is in hand is finished, and then we end.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// We read everything anew, until [`ready`] is said again.
pub(super) fn reloading() {
    // With the moment, as `Type=notify-reload` wants it.
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// Asks for more time while `work` goes on: a backup and a schema change before the start take as long as the database is
/// large, and being killed in the middle of them helps nobody.
pub(super) async fn patient<T>(work: impl Future<Output = T>) -> T {
    tokio::pin!(work);
    let mut beat = tokio::time::interval(ASK);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = beat.tick() => {
                tell(&[NotifyState::ExtendTimeoutUsec(u32::try_from(MORE.as_micros()).unwrap_or(u32::MAX))]);
            }
        }
    }
}

/// Gives a sign of life where systemd watches us (`WatchdogSec=`), for as long as the runtime starts tasks and its clock
/// goes on. The database has no part in it: who waits for it is alive, and a restart would lose what is in hand.
pub(super) fn watched() -> Option<JoinHandle<()>> {
    let patience = sd_notify::watchdog_enabled()?;
    Some(tokio::spawn(async move {
        let mut beat = tokio::time::interval(patience / 3);
        loop {
            beat.tick().await;
            // On another thread, where there is one that is not stuck.
            if tokio::spawn(tokio::task::yield_now()).await.is_ok() {
                tell(&[NotifyState::Watchdog]);
            }
        }
    }))
}
