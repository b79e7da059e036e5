//! `postduif feedback`: what comes back by mail.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::output::{Output, printable};
use super::{Global, start};
use crate::app;
use crate::clock::Clock;
use crate::domain::feedback::Channel;
use crate::domain::token::Keys;
use crate::flows::House;
use crate::flows::feedback::{self, DeliveryTie, Looked, Outcome};
use crate::mail::report::{self, Feedback};
use crate::store::{Db, editions, unclassified};

/// Longest message that is read, in octets; reports say what they have to say at their beginning.
const MOST_OCTETS: u64 = 10_000_000;
/// “Temporary failure” among the exit codes of mail programs (sysexits.h): the mail server keeps the message.
const TRY_AGAIN_LATER: u8 = 75;

/// Mails listed at a time.
const PAGE: i64 = 100;

#[derive(Subcommand)]
pub enum Command {
    /// Say what messages are and whom they are about; nothing is stored
    Parse {
        /// Messages as they came, one file each
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    Ingest(Ingest),
    /// Look into the mailbox of POSTDUIF_IMAP_URL now; serve does it every minute
    Poll,
    /// List mail that came back about our mails and that only a person can read, the newest first
    List,
    /// Take such a mail off the list, once somebody has dealt with it
    Dismiss {
        /// Its number
        #[arg(value_name = "N")]
        id: i64,
    },
}

/// Read one message from standard input and act on it, for a pipe from a mail server
#[derive(Args)]
pub struct Ingest {
    /// The address that the message came in at, by its envelope; without it the header tells
    #[arg(long, value_name = "ADDRESS")]
    recipient: Option<String>,
    /// Exit with 75 instead of 1 when it must come again, as mail servers understand it
    #[arg(long)]
    sysexits: bool,
}

#[derive(Serialize)]
struct Verdict<'a> {
    file: &'a Path,
    #[serde(flatten)]
    feedback: &'a Feedback,
    #[serde(skip_serializing_if = "Option::is_none")]
    edition: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<i64>,
}

/// # Errors
/// The command's own.
pub fn run(command: &Command, global: &Global, output: &Output) -> anyhow::Result<ExitCode> {
    match command {
        Command::Parse { files } => parse(files, global, output).map(|()| ExitCode::SUCCESS),
        Command::Ingest(arguments) => match ingest(arguments, global, output) {
            Err(error) if arguments.sysexits => {
                eprintln!("postduif: {}", printable(&super::sentence(&error)));
                Ok(ExitCode::from(TRY_AGAIN_LATER))
            }
            done => done.map(|()| ExitCode::SUCCESS),
        },
        Command::Poll => in_house(global, async |house| poll(house, output).await),
        Command::List => in_house(global, async |house| list(house, output).await),
        Command::Dismiss { id } => in_house(global, async |house| {
            feedback::dismiss(house, *id, "command line").await?;
            Ok(output.one(&json!({ "id": id, "dismissed": true }), || "It is off the list.".to_owned())?)
        }),
    }
}

/// Does something in a house of its own.
fn in_house(global: &Global, what: impl AsyncFnOnce(&House) -> anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    let config = global.load(None)?;
    start::must_be_there(&config)?;
    start::block_on(async {
        let house = app::build(config, Clock::system()).await?;
        let done = what(&house).await;
        house.db.close().await;
        done.map(|()| ExitCode::SUCCESS)
    })
}

async fn poll(house: &House, output: &Output) -> anyhow::Result<()> {
    let Looked { messages, taken, left_alone } = feedback::look_now(house).await?;
    let answer = json!({ "messages": messages, "taken": taken, "left_alone": left_alone });
    Ok(output
        .one(&answer, || format!("{messages} new messages: {taken} were ours, {left_alone} stay as they were."))?)
}

async fn list(house: &House, output: &Output) -> anyhow::Result<()> {
    let mut before = i64::MAX;
    loop {
        let page = unclassified::newest(&mut house.db.read().await?, before, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        before = last.id;
        for one in page {
            let answer = json!({
                "id": one.id, "at": one.at, "edition": one.edition_id, "delivery": one.seq, "email": one.email,
                "channel": one.channel.as_str(), "subject": one.subject, "text": one.words,
            });
            let text = || {
                let email = one.email.as_deref().unwrap_or("(no address is kept)");
                format!(
                    "{}  {}  edition {}, {email}\n  {}\n  {}",
                    one.id,
                    one.at,
                    one.edition_id,
                    one.subject,
                    one.words.replace('\n', "\n  ")
                )
            };
            output.one(&answer, text)?;
        }
    }
}

fn parse(files: &[PathBuf], global: &Global, output: &Output) -> anyhow::Result<()> {
    let mut unreadable = 0;
    let mut ledger = None;
    for file in files {
        match std::fs::read(file) {
            Ok(message) => {
                let feedback = report::read(&message);
                let ledger = ledger.get_or_insert_with(|| Ledger::find(global));
                let (edition, delivery) = ledger.as_ref().and_then(|ledger| ledger.place(&feedback)).unzip();
                let verdict = Verdict { file, feedback: &feedback, edition, delivery };
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

fn ingest(arguments: &Ingest, global: &Global, output: &Output) -> anyhow::Result<()> {
    let mut message = Vec::new();
    std::io::stdin().take(MOST_OCTETS).read_to_end(&mut message).context("standard input cannot be read")?;
    let config = global.load(None)?;
    start::must_be_there(&config)?;
    start::block_on(async {
        let house = app::build(config, Clock::system()).await?;
        let outcome = feedback::take(&house, message, arguments.recipient.as_deref(), Channel::Pipe).await;
        house.db.close().await;
        let outcome = outcome?;
        output.one(&json!({ "outcome": outcome.as_str() }), || words(outcome).to_owned())?;
        Ok(())
    })
}

/// Enough of an installation to say which delivery a token names: nothing is made or changed for it.
struct Ledger {
    keys: Keys,
    url: String,
}

impl Ledger {
    /// Nothing where there is no installation: messages can be read without one.
    fn find(global: &Global) -> Option<Self> {
        let config = global.settings(None).ok()?;
        if config.database_url.sqlite_path().is_some_and(|path| !path.exists()) {
            return None;
        }
        let keys = Keys::new(config.known_secret_key()?.reveal()).ok()?;
        Some(Self { keys, url: config.database_url.reveal().to_owned() })
    }

    /// The edition, and the recipient's place in it.
    fn place(&self, feedback: &Feedback) -> Option<(i64, i64)> {
        let DeliveryTie { edition_uid, seq } = feedback::delivery(&self.keys, &feedback.clues, None)?;
        start::block_on(async {
            let db = Db::open(&self.url).await?;
            let edition = editions::id_by_uid(&mut db.read().await?, edition_uid).await?;
            db.close().await;
            Ok(edition)
        })
        .ok()
        .flatten()
        .map(|edition| (edition, seq))
    }
}

fn text(verdict: &Verdict<'_>) -> String {
    let mut text = format!("{}: {}", verdict.file.display(), verdict.feedback.kind.as_str());
    if let (Some(edition), Some(delivery)) = (verdict.edition, verdict.delivery) {
        text.push_str(&format!(" (edition {edition}, delivery {delivery})"));
    }
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

const fn words(outcome: Outcome) -> &'static str {
    use crate::domain::feedback::Effect;
    match outcome {
        Outcome::Applied(_, Effect::Suppressed) => "the address is suppressed",
        Outcome::Applied(_, Effect::Unsubscribed) => "the reader is unsubscribed",
        Outcome::Applied(_, Effect::Counted) => "counted; several editions in a row suppress",
        Outcome::Applied(_, Effect::Noted) => "noted; nobody is blamed",
        Outcome::Repeated => "known already; nothing changed",
        Outcome::Harmless => "asks for nothing; nothing changed",
        Outcome::Forgotten => "about somebody of whom nothing is kept; nothing changed",
        Outcome::Unclassified => "about a mail of ours, but only a person can read it; see postduif feedback list",
        Outcome::Unmatched => "carries nothing that we made; nothing changed",
    }
}
