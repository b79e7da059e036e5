//! Backups: on demand, daily, and before whatever cannot be undone.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{FlowError, House};
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::domain::text_enum::text_enum;
use crate::domain::time::Timestamp;
use crate::domain::token::{Keys, hex};
use crate::store::backup::{self, About, BackupFile, Manifest};
use crate::store::{Db, StoreError, meta};

/// Where the moment of the last good backup is noted, in RFC 3339.
pub const LAST_SUCCESS: &str = "backup.last_success";
/// Where the moment of the next daily one is noted.
pub const DUE: &str = "backup.due";

/// Beyond the database's own size, so that the disk is not filled by it.
const SPARE: u64 = 50 << 20;
const DAILY: Duration = Duration::from_secs(24 * 3600);
/// After a failure, for instance of a full disk.
const AGAIN: Duration = Duration::from_secs(3600);

text_enum! {
    /// Why a backup was made by itself; a part of its name.
    pub enum Reason("reason of a backup") {
        Daily = "daily",
        SchemaChange = "before-schema-change",
        Import = "before-import",
        Restore = "before-restore",
    }
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{0} is there and is no backup of postduif; choose another name")]
    Occupied(PathBuf),
    #[error("the backup {0} cannot be written: {1}; check the folder's rights and the space on its disk")]
    Io(PathBuf, std::io::Error),
    #[error(
        "there is no room for a backup in {folder}: it takes some {} MB and {} MB are free; make room, or keep fewer \
         (POSTDUIF_BACKUP_KEEP)", needed >> 20, free >> 20
    )]
    NoRoom { folder: PathBuf, free: u64, needed: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// A backup that was made and read again.
#[derive(Debug)]
pub struct Made {
    pub file: PathBuf,
    pub bytes: u64,
    pub manifest: Manifest,
}

/// What a backup is made of, before there is a house as well as in it.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub db: &'a Db,
    pub config: &'a Config,
    pub clock: &'a Clock,
    pub keys: &'a Keys,
}

impl<'a> From<&'a House> for Source<'a> {
    fn from(house: &'a House) -> Self {
        Self { db: &house.db, config: &house.config, clock: &house.clock, keys: &house.keys }
    }
}

/// Makes a backup while everything goes on. An older backup of the same name is replaced once the new one is proved;
/// any other file is left alone.
///
/// # Errors
/// Then there is no new backup, and nothing of one is left.
pub async fn make(source: Source<'_>, file: &Path) -> Result<Made, BackupError> {
    make_with(source, file, true).await
}

/// The same, with the secret key where it lies beside the database, or without it: then whoever restores the backup
/// has to give it.
///
/// # Errors
/// As [`make`].
pub async fn make_with(source: Source<'_>, file: &Path, key: bool) -> Result<Made, BackupError> {
    if file.exists() && !BackupFile::is_one(file).await {
        return Err(BackupError::Occupied(file.into()));
    }
    let unfinished = file.with_added_extension(format!("{}.part", hex(&source.clock.random::<4>())));
    let made = write(source, file, &unfinished, key).await;
    if made.is_err() {
        let _ = std::fs::remove_file(&unfinished);
    }
    made
}

async fn write(source: Source<'_>, file: &Path, unfinished: &Path, key: bool) -> Result<Made, BackupError> {
    let io = |error| BackupError::Io(file.into(), error);
    let now = source.clock.now();
    let (made_at, fingerprint) = (now.to_string(), source.keys.fingerprint());
    let key = if key { source.config.secret_beside()?.map(|key| key.to_base64()) } else { None };
    let about = About { made_at: &made_at, key_fingerprint: &fingerprint, secret_key: key.as_deref() };
    let manifest = backup::make(source.db, unfinished, &about).await?;
    std::fs::rename(unfinished, file).map_err(io)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    let bytes = std::fs::metadata(file).map_err(io)?.len();
    let mut tx = source.db.write().await?;
    meta::set(&mut tx, LAST_SUCCESS, &made_at).await?;
    tx.commit().await?;
    Ok(Made { file: file.into(), bytes, manifest })
}

/// Makes a backup of its own accord, where the settings have a folder for these; removes the oldest of its kind.
///
/// # Errors
/// Then what was to follow had better not happen.
pub async fn automatic(source: Source<'_>, reason: Reason) -> Result<Option<Made>, BackupError> {
    let keep = usize::try_from(source.config.backup_keep).unwrap_or(usize::MAX);
    let Some(folder) = source.config.backup_folder.as_deref().filter(|_| keep > 0) else { return Ok(None) };
    let io = |error| BackupError::Io(folder.into(), error);
    crate::config::private_folder(folder).map_err(io)?;
    prune_unfinished(source.clock, folder);
    if let Some(size) = source.db.path().and_then(|file| std::fs::metadata(file).ok()).map(|file| file.len())
        && let Ok(free) = crate::config::free_bytes(folder)
        && free < size.saturating_add(SPARE)
    {
        return Err(BackupError::NoRoom { folder: folder.into(), free, needed: size.saturating_add(SPARE) });
    }
    let moment = source.clock.now().to_jiff().strftime("%Y%m%dT%H%M%SZ").to_string();
    let made = make(source, &folder.join(format!("postduif-{moment}-{reason}.backup"))).await?;
    tracing::info!(%reason, bytes = made.bytes, "a backup is made");
    let ending = format!("-{reason}.backup");
    let mut kept: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("postduif-") && name.ends_with(&ending) {
            kept.push(path);
        }
    }
    // The names begin with the moment, so their order is that of time.
    kept.sort_unstable();
    for old in &kept[..kept.len().saturating_sub(keep)] {
        std::fs::remove_file(old).map_err(io)?;
    }
    Ok(Some(made))
}

/// Removes what is left of backups that were cut off, for instance by a loss of power.
fn prune_unfinished(clock: &Clock, folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let unfinished = name.to_str().is_some_and(|name| name.starts_with("postduif-") && name.ends_with(".part"));
        let written = entry.metadata().and_then(|about| about.modified()).ok();
        let written = written.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let now = u64::try_from(clock.now().as_seconds()).unwrap_or_default();
        // One that was written to today may be in the making.
        if unfinished && written.is_some_and(|at| at.as_secs() + DAILY.as_secs() < now) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Makes the daily backup when it is due. Of several nodes one does.
///
/// # Errors
/// When it cannot be made; it is tried again in an hour.
pub async fn daily(house: &House) -> Result<(), FlowError> {
    if house.demo.is_some() || house.config.backup_folder.is_none() || house.config.backup_keep == 0 {
        return Ok(());
    }
    let now = house.clock.now();
    let Some(noted) = meta::get(&mut house.db.read().await?, DUE).await? else {
        let mut tx = house.db.write().await?;
        meta::settle(&mut tx, DUE, &now.plus(DAILY).to_string()).await?;
        return Ok(tx.commit().await?);
    };
    let due = Timestamp::parse(&noted).unwrap_or(now);
    if now < due {
        return Ok(());
    }
    let next = now.plus(DAILY).to_string();
    let mut tx = house.db.write().await?;
    let ours = meta::swap(&mut tx, DUE, &noted, &next).await?;
    tx.commit().await?;
    if !ours {
        return Ok(());
    }
    if let Err(error) = automatic(house.into(), Reason::Daily).await {
        let mut tx = house.db.write().await?;
        meta::swap(&mut tx, DUE, &next, &now.plus(AGAIN).to_string()).await?;
        tx.commit().await?;
        return Err(FlowError::Conflict(format!("the daily backup failed: {error}")));
    }
    Ok(())
}
