//! Restoring a backup, into either engine: all of it or nothing, and so that nothing fires by itself afterwards.

use std::path::{Path, PathBuf};

use super::backup::{self, BackupError, DUE, Reason, Source};
use super::{FlowError, House, newsletters};
use crate::clock::Clock;
use crate::config::{Config, ConfigError, DatabaseUrl, SecretKey, TemporaryFolder, key_file, put_key};
use crate::domain::token::{Keys, WeakSecret};
use crate::store::at_work::AtWork;
use crate::store::backup::{About, BackupFile, Held, Manifest};
use crate::store::{self, Db, StoreError, audit, meta, migrate};

/// Where the moment of the last restore is noted.
const RESTORED_AT: &str = "restored_at";

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error(
        "the database {0} has data already; `--replace` puts the backup in its place (what is there is backed up first, \
         where POSTDUIF_BACKUP_FOLDER has a folder for it)"
    )]
    HasData(String),
    #[error("somebody else has the database {0} open; stop every `postduif serve` first")]
    InUse(String),
    #[error(
        "the database {0} belongs to another installation: its secret key is another one. Move it and its key file away, \
         or choose another database"
    )]
    OtherInstallation(String),
    #[error(
        "the secret key in POSTDUIF_SECRET_KEY is not the one of this backup; every link in mails already sent would be dead"
    )]
    OtherKey,
    #[error(
        "the secret key of this backup was kept apart from it; give it as POSTDUIF_SECRET_KEY or POSTDUIF_SECRET_KEY_FILE"
    )]
    NoKey,
    #[error(
        "PostgreSQL needs the secret key, which is in this backup, apart: write it to a file with \
         `postduif restore FILE --key-to KEYFILE`, and set POSTDUIF_SECRET_KEY_FILE=KEYFILE"
    )]
    KeyInside,
    #[error("the key in this backup does not serve: {0}")]
    BadKey(&'static str),
    #[error("what is in {0} now is not what is here; do not use it")]
    Differs(String),
    #[error("the backup {0} cannot be read: {1}")]
    Io(PathBuf, std::io::Error),
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Weak(#[from] WeakSecret),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

/// What was restored, and what was held back.
#[derive(Debug)]
pub struct Restored {
    pub manifest: Manifest,
    pub rows: u64,
    pub held: Held,
    /// The backup of what was there before.
    pub before: Option<PathBuf>,
}

/// What is to become of what is there, and of what is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Into {
    /// A database without data; what was due when the backup was made asks a person first.
    Empty,
    /// The same, in the place of whatever is there.
    Replacing,
    /// A database without data that goes on where the other one stops: nothing is held back.
    Successor,
}

/// Reads a backup to its end and puts it into the database of the settings.
///
/// # Errors
/// Then the database is as it was before.
pub async fn restore(config: &Config, clock: &Clock, file: &Path, into: Into) -> Result<Restored, RestoreError> {
    let (manifest, mut open) = store::backup::verify(file).await?;
    let key = key_of(config, &manifest, &mut open, into).await?;
    let passing =
        TemporaryFolder::new("postduif-restore", clock).map_err(|error| RestoreError::Io(file.into(), error))?;
    let applied = migrate::applied(&mut open).await?;
    if migrate::is_behind(&applied) || migrate::is_ahead(&applied) {
        open = brought_up(file, passing.path()).await?;
    }
    let path = config.database_url.sqlite_path();
    let is_new = path.is_some_and(|path| !path.exists());
    let db = Db::open(config.database_url.reveal()).await?;
    let target = Target { config, clock, db: &db, key: &key };
    let outcome = target.take(manifest, &mut open, into).await;
    db.close().await;
    if let (Err(_), true, Some(path)) = (&outcome, is_new, path) {
        // Nothing was there before; an empty database would only make the next try ask for its key.
        let _ = std::fs::remove_file(path);
    }
    outcome
}

/// The secret key that is in a backup, for a file of its own.
///
/// # Errors
/// When the file is no sound backup, or has no key.
pub async fn key_inside(file: &Path) -> Result<SecretKey, RestoreError> {
    let (_, mut open) = store::backup::verify(file).await?;
    let text = open.secret_key().await?.ok_or(RestoreError::NoKey)?;
    SecretKey::parse(&text).map_err(RestoreError::BadKey)
}

/// The key with which the backup's links were sealed: given by the settings, or else found in the backup.
async fn key_of(
    config: &Config,
    manifest: &Manifest,
    file: &mut BackupFile,
    into: Into,
) -> Result<SecretKey, RestoreError> {
    let inside = file.secret_key().await?;
    let key = match (config.given_secret(), inside) {
        (Some(given), _) => given.clone(),
        (None, Some(_)) if config.database_url.sqlite_path().is_none() && into != Into::Successor => {
            return Err(RestoreError::KeyInside);
        }
        (None, Some(text)) => SecretKey::parse(&text).map_err(RestoreError::BadKey)?,
        (None, None) => config.secret_beside()?.ok_or(RestoreError::NoKey)?,
    };
    if Keys::new(key.reveal())?.fingerprint() != manifest.key_fingerprint {
        return Err(RestoreError::OtherKey);
    }
    Ok(key)
}

/// A copy of the backup with the schema of this program.
async fn brought_up(file: &Path, folder: &Path) -> Result<BackupFile, RestoreError> {
    let copy = folder.join("copy.db");
    std::fs::copy(file, &copy).map_err(|error| RestoreError::Io(file.into(), error))?;
    Ok(BackupFile::brought_up(&copy).await?)
}

/// Makes sure that nobody else has this database at work.
async fn alone(db: &Db, place: &str) -> Result<AtWork, RestoreError> {
    AtWork::alone(db).await?.ok_or_else(|| RestoreError::InUse(place.to_owned()))
}

/// Moves everything to an empty database of either engine; this one stays as it is.
///
/// # Errors
/// Then the other database is as it was, or what arrived there is not what is here.
pub async fn move_to(house: &House, to: DatabaseUrl) -> Result<Restored, RestoreError> {
    let config = house.config.with_database(to);
    let _alone = alone(&house.db, &house.config.database_url.to_string()).await?;
    let passing = TemporaryFolder::new("postduif-move", &house.clock)
        .map_err(|error| RestoreError::Io("a temporary folder".into(), error))?;
    let file = passing.path().join("move.backup");
    let (made_at, key) = (house.clock.now().to_string(), house.config.secret_beside()?.map(|key| key.to_base64()));
    let about = About { made_at: &made_at, key_fingerprint: &house.keys.fingerprint(), secret_key: key.as_deref() };
    store::backup::make(&house.db, &file, &about).await?;
    let restored = restore(&config, &house.clock, &file, Into::Successor).await?;
    let there = Db::open(config.database_url.reveal()).await?;
    let arrived = store::backup::sums(&mut there.read().await?).await;
    there.close().await;
    if arrived? != store::backup::sums(&mut house.db.read().await?).await? {
        return Err(RestoreError::Differs(config.database_url.to_string()));
    }
    Ok(restored)
}

struct Target<'a> {
    config: &'a Config,
    clock: &'a Clock,
    db: &'a Db,
    key: &'a SecretKey,
}

impl Target<'_> {
    async fn take(&self, manifest: Manifest, file: &mut BackupFile, into: Into) -> Result<Restored, RestoreError> {
        let (db, place) = (self.db, self.config.database_url.to_string());
        migrate::migrate(db).await?;
        let _alone = alone(db, &place).await?;
        let empty = store::backup::is_empty(&mut db.read().await?).await?;
        let before = match (empty, into) {
            (true, _) => None,
            (false, Into::Replacing) => self.keep_what_is_there().await?,
            (false, Into::Empty | Into::Successor) => return Err(RestoreError::HasData(place)),
        };
        let keys = Keys::new(self.key.reveal())?;
        let beside = self.config.database_url.sqlite_path().filter(|_| self.config.given_secret().is_none());
        if let Some(database) = beside
            && self.config.secret_beside()?.as_ref() != Some(self.key)
        {
            if !empty {
                return Err(RestoreError::OtherInstallation(place));
            }
            put_key(&key_file(database), self.key, self.clock).map_err(ConfigError::from)?;
        }
        let now = self.clock.now();
        let mut tx = db.write().await?;
        let rows = store::backup::load(&mut tx, file).await?;
        let mut held = Held::default();
        if into != Into::Successor {
            held = store::backup::hold_back(&mut tx, now).await?;
            for newsletter in store::newsletters::all(&mut tx).await? {
                if let Some(due_at) = newsletter.next_assemble_at.filter(|due_at| *due_at <= now) {
                    let next = newsletters::coming(&newsletter, now, 1)?.first().map(|moment| moment.assemble_at);
                    store::newsletters::advance(&mut tx, newsletter.id, due_at, next).await?;
                    held.assemblies += 1;
                }
            }
            meta::set(&mut tx, RESTORED_AT, &now.to_string()).await?;
            meta::set(&mut tx, DUE, &now.to_string()).await?;
            audit::note(&mut tx, "operator", "restore", "database", &manifest.made_at, now).await?;
        }
        if meta::settle(&mut tx, super::health::KEY_FINGERPRINT, &keys.fingerprint()).await? != keys.fingerprint() {
            return Err(RestoreError::OtherKey);
        }
        tx.commit().await?;
        Ok(Restored { manifest, rows, held, before })
    }

    /// Backs up what `--replace` is about to replace.
    async fn keep_what_is_there(&self) -> Result<Option<PathBuf>, RestoreError> {
        let own = self.config.given_secret().cloned().or(self.config.secret_beside()?);
        let Some(own) = own else { return Err(RestoreError::OtherInstallation(self.config.database_url.to_string())) };
        let keys = Keys::new(own.reveal())?;
        let source = Source { db: self.db, config: self.config, clock: self.clock, keys: &keys };
        Ok(backup::automatic(source, Reason::Restore).await?.map(|made| made.file))
    }
}
