//! The report of rows that an import does not take: made before anything is changed, for its owner's eyes alone.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::progress;
use crate::clock::Clock;
use crate::config::temporary_name;
use crate::domain::csv_cell::guarded;
use crate::flows::import::{Progress, Rejected};

/// A report that can be written.
pub struct Report {
    place: PathBuf,
    writer: csv::Writer<File>,
    rows: u64,
    /// What kept a row out of it: the import goes on, and its end says so.
    fault: Option<csv::Error>,
}

impl Report {
    /// Makes it at `wanted`, or else beside `name`, or where that cannot be written in this folder or the temporary one.
    ///
    /// # Errors
    /// When it cannot be made at `wanted`, or nowhere.
    pub fn open(wanted: Option<&Path>, name: &Path, clock: &Clock) -> anyhow::Result<Self> {
        let beside = name.with_added_extension("rejected.csv");
        let file_name = beside.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let places = match wanted {
            Some(wanted) => vec![wanted.to_owned()],
            None => vec![beside, PathBuf::from(&file_name), temporary_name(&file_name, clock)],
        };
        let mut faults = Vec::new();
        for place in places {
            match create(&place) {
                Ok(writer) => {
                    if !faults.is_empty() {
                        eprintln!("The report of rows that are not taken goes to {}.", place.display());
                    }
                    return Ok(Self { place, writer, rows: 0, fault: None });
                }
                Err(error) => faults.push(format!("{}: {error}", place.display())),
            }
        }
        anyhow::bail!("nothing was changed, because the report cannot be written: {}", faults.join("; "));
    }

    /// Writes a row that was not taken; `part` is the file inside a ZIP file that it comes from.
    pub fn note(&mut self, part: Option<&str>, row: &Rejected) -> io::Result<()> {
        self.rows += 1;
        let reason = part.map_or_else(|| row.reason.to_string(), |part| format!("{part}: {}", row.reason));
        let written =
            self.writer.write_record([row.line.to_string().as_str(), &guarded(&row.email), &guarded(&reason)]);
        if let Err(error) = written {
            self.fault.get_or_insert(error);
        }
        Ok(())
    }

    /// Ends it: where it is, if there is anything in it. One without rows is taken away.
    pub fn close(mut self) -> Option<PathBuf> {
        let flushed = self.writer.flush();
        if let Some(fault) = self.fault.map(|fault| fault.to_string()).or(flushed.err().map(|error| error.to_string()))
        {
            eprintln!("The report of rows that were not taken is not complete: {fault}");
        }
        if self.rows > 0 {
            return Some(self.place);
        }
        if std::fs::metadata(&self.place).is_ok_and(|found| found.is_file()) {
            // An empty file that stays does no harm.
            let _ = std::fs::remove_file(&self.place);
        }
        None
    }
}

fn create(place: &Path) -> Result<csv::Writer<File>, csv::Error> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(place)?;
    let mut writer = csv::Writer::from_writer(file);
    writer.write_record(["line", "email", "reason"])?;
    writer.flush()?;
    Ok(writer)
}

/// One line on a terminal, written over and over.
pub fn show(far: Progress, started: Instant) {
    progress::show(|| {
        let Progress { tally, of } = far;
        let elapsed = started.elapsed();
        let pace = tally.rows * 1000 / u64::try_from(elapsed.as_millis().max(1)).unwrap_or(u64::MAX);
        let (bar, left) = (progress::bar(tally.rows, of), progress::left(tally.rows, of, elapsed));
        format!("{bar} {} of {of} rows, {pace} a second, {} rejected{left}", tally.rows, tally.rejected)
    });
}
