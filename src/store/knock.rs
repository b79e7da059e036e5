//! Taking turns at one SQLite file: who finds it busy knocks, and who keeps it busy opens for a moment.
//!
//! SQLite only lets processes try again and again. A process that writes without a break leaves a gap of microseconds
//! between two transactions, and another could try for minutes without ever hitting it.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

/// How long the file is left alone for those who knock, at most.
const COURTESY: Duration = Duration::from_millis(25);
/// How often those who wait try the door.
pub const TRY: Duration = Duration::from_millis(1);

/// The door: a file beside the database. Knocking is a shared lock on it, which many can hold, and which the system
/// lets go of when a process dies.
pub struct Door {
    /// None where no file can be made; then nobody is heard and everybody tries their luck.
    file: Option<File>,
}

impl Door {
    /// The door of the database at `path`.
    pub fn of(path: &Path) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(".knock");
        let file = File::options().create(true).truncate(false).write(true).open(name);
        Self { file: file.inspect_err(|error| tracing::debug!(%error, "no door beside the database")).ok() }
    }

    /// Knocks, and goes on knocking until [`Door::quiet`]. Harmless to repeat.
    pub fn knock(&self) {
        if let Some(file) = &self.file {
            // Somebody listening at this very moment holds it for a microsecond; the next try gets it.
            let _ = file.try_lock_shared();
        }
    }

    /// Knocks no longer.
    pub fn quiet(&self) {
        if let Some(file) = &self.file {
            let _ = file.unlock();
        }
    }

    /// Leaves the database free while another process knocks, for a moment at most.
    pub async fn let_in(&self) {
        let mut left = COURTESY.as_millis() / TRY.as_millis();
        while left > 0 && self.is_knocked() {
            tokio::time::sleep(TRY).await;
            left -= 1;
        }
    }

    fn is_knocked(&self) -> bool {
        let Some(file) = &self.file else { return false };
        match file.try_lock() {
            Ok(()) => {
                self.quiet();
                false
            }
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(_)) => false,
        }
    }
}
