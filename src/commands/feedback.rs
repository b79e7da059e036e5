//! `postduif feedback`: what comes back by mail.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Subcommand;
use serde::Serialize;

use super::output::{Output, printable};
use crate::mail::report::{self, Feedback};

#[derive(Subcommand)]
pub enum Command {
    /// Say what messages are and whom they are about; nothing is stored
    Parse {
        /// Messages as they came, one file each
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

#[derive(Serialize)]
struct Verdict<'a> {
    file: &'a Path,
    #[serde(flatten)]
    feedback: Feedback,
}

pub fn run(command: &Command, output: &Output) -> anyhow::Result<()> {
    let Command::Parse { files } = command;
    let mut unreadable = 0;
    for file in files {
        match std::fs::read(file) {
            Ok(message) => {
                let verdict = Verdict { file, feedback: report::read(&message) };
                output.one(&verdict, || text(&verdict))?;
            }
            Err(error) => {
                unreadable += 1;
                eprintln!("{}", printable(&format!("{}: {error}", file.display())));
            }
        }
    }
    if unreadable > 0 {
        bail!("{unreadable} of {} files could not be read", files.len());
    }
    Ok(())
}

fn text(verdict: &Verdict<'_>) -> String {
    let mut text = format!("{}: {}", verdict.file.display(), verdict.feedback.kind.as_str());
    for recipient in &verdict.feedback.recipients {
        text.push_str(&format!("\n  {}", recipient.address));
        if let Some(failure) = &recipient.failure {
            let status = failure.status.as_deref().unwrap_or("no status");
            let lasting = if failure.permanent { "permanent" } else { "temporary" };
            text.push_str(&format!(": {}, {lasting} ({status})", failure.reason));
        }
    }
    text
}
