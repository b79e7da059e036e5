//! What the machine knows and no setting says: a folder for what passes, and by which name we were called.

use std::fs::DirBuilder;
use std::io::Result;
use std::net::TcpListener;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use listenfd::ListenFd;

use super::settings::PREFIX;
use crate::clock::Clock;
use crate::domain::token::hex;

/// A folder that only we can read; it goes when this is dropped.
#[derive(Debug)]
pub struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    /// Makes one where the machine wants such folders.
    ///
    /// # Errors
    /// When the machine refuses.
    pub fn new(name: &str, clock: &Clock) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("{name}-{}", hex(&clock.random::<4>())));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "a temporary folder is left behind");
        }
    }
}

/// A name that nobody has in the machine's temporary folder, for a file that stays.
pub fn temporary_name(name: &str, clock: &Clock) -> PathBuf {
    std::env::temp_dir().join(format!("{}-{name}", hex(&clock.random::<4>())))
}

/// Makes a folder that only we can enter, unless it is there.
///
/// # Errors
/// When the machine refuses.
pub fn private_folder(path: &Path) -> Result<()> {
    if path.is_dir() { Ok(()) } else { DirBuilder::new().mode(0o700).recursive(true).create(path) }
}

/// Bytes that a program like ours may still store in this folder.
///
/// # Errors
/// When the machine does not say.
pub fn free_bytes(folder: &Path) -> Result<u64> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// The socket for HTTP that whoever started us opened and handed over (`LISTEN_FDS`, sd_listen_fds(3)), if there is one: the
/// first. No program that we start inherits it.
///
/// # Errors
/// When what was handed over is no TCP socket that listens.
pub fn handed_listener() -> Result<Option<TcpListener>> {
    let Some(listener) = ListenFd::from_env().take_tcp_listener(0)? else { return Ok(None) };
    rustix::io::fcntl_setfd(&listener, rustix::io::FdFlags::CLOEXEC)?;
    Ok(Some(listener))
}

/// By which name this program was called, for commands that people copy.
pub fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "postduif".to_owned())
}

/// The variables around us that would set something in the next command, too.
pub fn variables() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| name.starts_with(PREFIX)).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_temporary_folder_is_ours_alone_and_goes_with_all_that_is_in_it() {
        let folder = TemporaryFolder::new("postduif-test", &Clock::system()).unwrap();
        let path = folder.path().to_owned();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        std::fs::write(path.join("file"), "x").unwrap();
        drop(folder);
        assert!(!path.exists());
    }
}
