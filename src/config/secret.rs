//! The one secret of an installation: given by the operator, or made once beside an SQLite database.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::clock::Clock;

/// Shortest secret, in bytes.
const MIN_BYTES: usize = 32;

/// People copy base64 with and without the equals signs at its end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes from which all keys are derived. Nothing prints them.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(Vec<u8>);

impl SecretKey {
    /// Reads base64; the message of a fault repeats nothing of it.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let bytes = BASE64.decode(text).or_else(|_| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text));
        match bytes {
            Ok(bytes) if bytes.len() >= MIN_BYTES => Ok(Self(bytes)),
            Ok(_) => Err("the key is shorter than 32 bytes; make one with: openssl rand -base64 32"),
            Err(_) => Err("the key is not base64; make one with: openssl rand -base64 32"),
        }
    }

    /// As its file and its variable have it.
    pub fn to_base64(&self) -> String {
        BASE64.encode(&self.0)
    }

    /// The bytes themselves.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// A secret that others made, as they wrote it. Nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Takes it.
    ///
    /// # Errors
    /// When it is too short to be one.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() < 8 { Err("the secret is shorter than 8 characters") } else { Ok(Self(text.to_owned())) }
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// Why the key file beside the database does not serve.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("the key file {0} cannot be {1}: {2}; check who owns the folder")]
    Io(PathBuf, &'static str, std::io::Error),
    #[error("the key file {0} can be read by others; run: chmod 600 {0}")]
    Open(PathBuf),
    #[error("the key file {0} does not serve: {1}; or restore the file from a backup")]
    Content(PathBuf, &'static str),
    #[error(
        "the database {database} is there but its key file {key} is not; restore it from a backup, because with another \
         key every link in mails already sent is dead (or give the key as POSTDUIF_SECRET_KEY)"
    )]
    Lost { database: PathBuf, key: PathBuf },
}

/// Where the key of an SQLite database lies: `postduif.db.key` beside `postduif.db`.
pub fn key_file(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".key");
    name.into()
}

/// Reads the key beside the database. Where neither exists yet, makes one that only we can read.
pub(super) fn read_or_make(database: &Path, clock: &Clock) -> Result<SecretKey, KeyFileError> {
    let path = key_file(database);
    if let Some(key) = read_if_there(database)? {
        return Ok(key);
    }
    let fresh = SecretKey(clock.random::<32>().to_vec());
    make(&path, &fresh, clock, false).map_err(|error| KeyFileError::Io(path.clone(), "made", error))?;
    // Another process may have been first; its key counts.
    read(&path)?.ok_or_else(|| KeyFileError::Io(path, "read", ErrorKind::NotFound.into()))
}

/// Reads the key beside the database; `None` where neither exists yet.
pub(super) fn read_if_there(database: &Path) -> Result<Option<SecretKey>, KeyFileError> {
    let path = key_file(database);
    let key = read(&path)?;
    if key.is_none() && std::fs::metadata(database).is_ok_and(|found| found.len() > 0) {
        return Err(KeyFileError::Lost { database: database.into(), key: path });
    }
    Ok(key)
}

pub(super) fn read(path: &Path) -> Result<Option<SecretKey>, KeyFileError> {
    let fault = |error| KeyFileError::Io(path.into(), "read", error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fault(error)),
    };
    if file.metadata().map_err(fault)?.permissions().mode() & 0o077 != 0 {
        return Err(KeyFileError::Open(path.into()));
    }
    let text = std::io::read_to_string(file).map_err(fault)?;
    SecretKey::parse(&text).map(Some).map_err(|reason| KeyFileError::Content(path.into(), reason))
}

/// Puts a key into a file that only we can read, in the place of what was there.
///
/// # Errors
/// When the file cannot be written.
pub fn put_key(path: &Path, key: &SecretKey, clock: &Clock) -> Result<(), KeyFileError> {
    make(path, key, clock, true).map_err(|error| KeyFileError::Io(path.into(), "written", error))
}

/// Written under another name first: a reader finds the whole key or none, also after a crash.
fn make(path: &Path, key: &SecretKey, clock: &Clock, replace: bool) -> Result<(), std::io::Error> {
    let unfinished = path.with_added_extension(crate::domain::token::hex(&clock.random::<8>()));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        writeln!(file, "{}", key.to_base64())?;
        file.sync_all()?;
        if replace {
            return std::fs::rename(&unfinished, path);
        }
        // A link, not a rename: it does not replace a key that somebody else made meanwhile.
        match std::fs::hard_link(&unfinished, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    })();
    let _ = std::fs::remove_file(&unfinished);
    written?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_found_again_by_whoever_starts_at_the_same_time() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("news.db");
        let keys: Vec<SecretKey> = std::thread::scope(|scope| {
            let starts: Vec<_> =
                (0..8).map(|_| scope.spawn(|| read_or_make(&database, &Clock::system()).unwrap())).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0] && key.reveal().len() == 32));
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["news.db.key"]);
        let mode = std::fs::metadata(folder.path().join("news.db.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("news.db");
        read_or_make(&database, &Clock::system()).unwrap();
        std::fs::set_permissions(key_file(&database), PermissionsExt::from_mode(0o640)).unwrap();
        assert!(matches!(read_or_make(&database, &Clock::system()), Err(KeyFileError::Open(_))));
    }

    #[test]
    fn a_database_without_its_key_gets_no_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("news.db");
        std::fs::write(&database, "SQLite format 3").unwrap();
        assert!(matches!(read_or_make(&database, &Clock::system()), Err(KeyFileError::Lost { .. })));
        assert!(!key_file(&database).exists());
    }

    #[test]
    fn a_key_is_read_with_and_without_padding_and_no_message_repeats_it() {
        let text = BASE64.encode([0xfb; 32]);
        for spelling in [
            text.clone(),
            text.trim_end_matches('=').to_owned(),
            text.replace('+', "-").replace('/', "_").replace('=', ""),
        ] {
            assert_eq!(SecretKey::parse(&format!("{spelling}\n")).unwrap().reveal(), [0xfb; 32]);
        }
        for wrong in ["hunter2", "aHVudGVyMg==", ""] {
            assert!(!SecretKey::parse(wrong).unwrap_err().contains(wrong) || wrong.is_empty());
        }
        assert_eq!(format!("{:?}", SecretKey::parse(&text).unwrap()), "•••");
    }
}
