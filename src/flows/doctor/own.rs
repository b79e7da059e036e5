//! The house itself: database, disk, backup, clock, sources, schedule.

use std::path::Path;
use std::time::Duration;

use super::{Check, clock};
use crate::domain::checkup::CheckStatus::{Fail, Ok as Fine, Warn};
use crate::domain::schedule::zone;
use crate::domain::time::Timestamp;
use crate::flows::newsletters::coming;
use crate::flows::{FlowError, House, backup, notices};
use crate::store::{meta, migrate, newsletters, sources};

/// A daily backup, and half a day to notice.
const BACKUP_LATE: Duration = Duration::from_secs(36 * 3600);
const SOURCE_LATE: Duration = Duration::from_secs(3 * 24 * 3600);
/// Below this a day's mail may not fit.
const MIN_FREE: u64 = 200 << 20;
const LITTLE_FREE: u64 = 2 << 30;

pub(super) async fn all(house: &House) -> Result<Vec<Check>, FlowError> {
    let mut checks = vec![clock::check(house).await?, database(house).await];
    checks.push(schema(house).await?);
    checks.extend(disk(house));
    checks.push(last_backup(house).await?);
    checks.extend(all_sources(house).await?);
    checks.extend(schedule(house).await?);
    checks.extend(told(house).await?);
    Ok(checks)
}

async fn database(house: &House) -> Check {
    let engine = house.db.engine();
    match house.db.quick_check().await {
        Ok(None) => Check::new("database", Fine, format!("{engine} answers and is sound")),
        Ok(Some(fault)) => Check::new("database", Fail, format!("{engine} found a fault: {fault}")).advise(
            "Stop the program, keep a copy of the file, and restore the last backup: postduif restore FILE --replace",
        ),
        Err(error) => Check::new("database", Fail, format!("{engine} does not answer: {error}")),
    }
}

async fn schema(house: &House) -> Result<Check, FlowError> {
    let applied = migrate::applied(&mut house.db.read().await?).await?;
    let last = applied.last().copied().unwrap_or_default();
    let message = format!("schema change {last}; this is postduif {}", env!("CARGO_PKG_VERSION"));
    Ok(if migrate::is_ahead(&applied) {
        Check::new("schema", Warn, message)
            .advise("The database is newer than this program: finish the upgrade of every node.")
    } else {
        Check::new("schema", Fine, message)
    })
}

/// Where the disk matters to us: the database's folder, and that of backups where it lies on another disk.
fn disk(house: &House) -> Vec<Check> {
    let database = house.db.path();
    let beside = database
        .as_deref()
        .map(|path| path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")));
    let backups = house.config.backup_folder.as_deref();
    let space = |name: &str, folder: &Path, advice: &str| {
        let free = crate::config::free_bytes(folder).ok()?;
        let message = format!("{} free for {}", megabytes(free), folder.display());
        Some(match free {
            0..MIN_FREE => Check::new(name, Fail, message).advise(advice),
            MIN_FREE..LITTLE_FREE => Check::new(name, Warn, message),
            _ => Check::new(name, Fine, message),
        })
    };
    let ours = beside.and_then(|folder| space("disk", folder, "Make room: without it nothing can be stored."));
    let theirs =
        backups.and_then(|folder| space("disk.backups", folder, "Make room, or keep fewer: POSTDUIF_BACKUP_KEEP."));
    ours.into_iter().chain(theirs).collect()
}

fn megabytes(bytes: u64) -> String {
    if bytes < 10 << 30 { format!("{} MB", bytes >> 20) } else { format!("{} GB", bytes >> 30) }
}

async fn last_backup(house: &House) -> Result<Check, FlowError> {
    let noted = meta::get(&mut house.db.read().await?, backup::LAST_SUCCESS).await?;
    let made = noted.and_then(|noted| Timestamp::parse(&noted).ok());
    let advice = match &house.config.backup_folder {
        Some(_) if house.config.backup_keep > 0 => {
            "One is made daily while `postduif serve` runs; now: postduif backup FILE"
        }
        _ => "Set POSTDUIF_BACKUP_FOLDER for a daily one, or run: postduif backup FILE",
    };
    Ok(match made {
        None => Check::new("backup", Warn, "there is none yet").advise(advice),
        Some(made) => {
            let age = house.clock.now().since(made);
            let message = format!("the last good one is {} hours old", age.as_secs() / 3600);
            let status = if age > BACKUP_LATE { Warn } else { Fine };
            let check = Check::new("backup", status, message);
            if status == Warn { check.advise(advice) } else { check }
        }
    })
}

async fn all_sources(house: &House) -> Result<Vec<Check>, FlowError> {
    let now = house.clock.now();
    let rows = sources::all(&mut house.db.read().await?).await?;
    let check = |row: sources::SourceRow| {
        let name = format!("source:{}", row.url);
        let silent = now.since(row.last_success_at.unwrap_or(row.created_at)) > SOURCE_LATE;
        match (row.last_error, row.last_success_at) {
            (Some(error), _) if row.failures > 0 => {
                let status = if silent { Fail } else { Warn };
                Check::new(name, status, format!("{} failures in a row; the last: {error}", row.failures))
                    .advise(format!("Look with: postduif source check {}", row.url))
            }
            (_, None) => Check::new(name, Warn, "has not been read yet"),
            (_, Some(_)) if silent => Check::new(name, Warn, "has not been read for three days")
                .advise("Articles are read by `postduif serve`; is it running?"),
            _ if row.gap.is_some() => Check::new(
                name,
                Warn,
                format!("its newest articles are read; older ones could not be: {}", row.gap.unwrap_or_default()),
            )
            .advise("Does the site, or a firewall before it, refuse further pages of its feed?"),
            (_, Some(at)) => Check::new(name, Fine, format!("read at {at}")),
        }
    };
    Ok(rows.into_iter().map(check).collect())
}

/// Whether anybody hears what happens to a newsletter.
async fn told(house: &House) -> Result<Vec<Check>, FlowError> {
    let mut checks = Vec::new();
    let mut reader = house.db.read().await?;
    for newsletter in newsletters::all(&mut reader).await? {
        let name = format!("notices:{}", newsletter.slug);
        let readers = notices::readers(&mut reader, &newsletter).await?.len();
        checks.push(match readers {
            0 => Check::new(name, Warn, "nobody is told when a draft is ready or a sending stops").advise(format!(
                "Name somebody: postduif newsletter edit {} --notify you@example.org; or add an editor: postduif user add",
                newsletter.slug
            )),
            1 => Check::new(name, Fine, "one person is told what happens"),
            _ => Check::new(name, Fine, format!("{readers} people are told what happens")),
        });
    }
    Ok(checks)
}

async fn schedule(house: &House) -> Result<Vec<Check>, FlowError> {
    let mut checks = Vec::new();
    for newsletter in newsletters::all(&mut house.db.read().await?).await? {
        let name = format!("schedule:{}", newsletter.slug);
        let Ok(zone) = zone(&newsletter.timezone) else {
            checks.push(Check::new(name, Fail, format!("there is no time zone “{}”", newsletter.timezone)));
            continue;
        };
        checks.push(match coming(&newsletter, house.clock.now(), 1)?.first() {
            Some(next) => {
                let at = next.assemble_at.to_rfc3339_in(&zone);
                Check::new(name, Fine, format!("the next draft is assembled at {at}"))
            }
            None => Check::new(name, Warn, "no moment comes any more")
                .advise(format!("postduif newsletter edit {} --assemble \"0 9 1 3,6,9,12 *\"", newsletter.slug)),
        });
    }
    Ok(checks)
}
