//! `postduif edition`: make editions, look at them, and let them go out.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::json;

use super::output::{Output, card, printable, table};
use super::waiting;
use crate::answers::{DeliveryAnswer, EditionAnswer, EditionReport, TestAnswer};
use crate::domain::address::EmailAddress;
use crate::domain::delivery::{Counts, DeliveryState};
use crate::domain::edition::Approval;
use crate::domain::language::Language;
use crate::domain::preflight::Preflight;
use crate::domain::time::Timestamp;
use crate::flows::approve::{ApprovalError, Approver, approve};
use crate::flows::assemble::{Assembled, assemble};
use crate::flows::publish::{self, Deed};
use crate::flows::{self, House, newsletters, served_at, try_out, withdraw};
use crate::store::editions::{self, EditionRow};
use crate::store::newsletters::NewsletterRow;
use crate::store::{self, Access};

/// Who does what is done from here, in the log of deeds.
const BY: &str = "command line";

/// As many as anybody wants to read; there are four a year.
const LISTED: i64 = 1000;

#[derive(Subcommand)]
pub enum Command {
    /// Make the next edition from what is new since the last one
    Assemble {
        /// The newsletter
        slug: String,
    },
    /// List editions, newest first
    List {
        /// Of this newsletter alone
        #[arg(long, value_name = "SLUG")]
        newsletter: Option<String>,
    },
    /// Show what an edition holds and where it stands
    Show(Which),
    /// Write what a subscriber will get to a folder: preview.html, preview.txt and preview.eml
    Preview {
        #[command(flatten)]
        which: Which,
        /// The folder; made where there is none
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// nl or en [default: the newsletter's]
        #[arg(long)]
        language: Option<Language>,
    },
    /// Look for what is wrong with an edition; fails when that keeps it from being approved
    Preflight(Which),
    /// Send a test mail; it is marked as such and its links do nothing
    Test {
        #[command(flatten)]
        which: Which,
        /// To whom; may be repeated
        #[arg(long, value_name = "ADDR", required = true, value_parser = EmailAddress::parse_any_role)]
        to: Vec<EmailAddress>,
    },
    /// Fix an edition's content, so that it can be sent
    Approve {
        #[command(flatten)]
        which: Which,
        /// You have seen the warnings
        #[arg(long)]
        accept_warnings: bool,
        /// Why it may go in spite of errors; recorded
        #[arg(long = "override", value_name = "REASON")]
        override_reason: Option<String>,
    },
    /// Let an approved edition go out, now or at a moment to come
    Send {
        #[command(flatten)]
        which: Which,
        /// When, such as 2026-03-08T09:00:00+01:00 [default: now]
        #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
        at: Option<Timestamp>,
        /// Wait until it is out, from its moment on; sends itself where no `postduif serve` does
        #[arg(long)]
        wait: bool,
    },
    /// Stop an edition that is going out; what is in hand is finished
    Pause {
        #[command(flatten)]
        which: Which,
        /// Why, for whoever looks at it later
        #[arg(long, value_name = "TEXT", default_value = "paused from the command line")]
        reason: String,
    },
    /// Let a paused edition go on where it stopped
    Resume(Which),
    /// Make an approved edition a draft again; a paused one too, as long as it went to nobody
    Reopen(Which),
    /// End an edition for good
    Cancel(Which),
    /// Take an edition that went out out of the archive and its feed, or put it back
    Withdraw {
        #[command(flatten)]
        which: Which,
        /// Put it back
        #[arg(long)]
        undo: bool,
    },
    /// Show how an edition went: everybody in exactly one state
    Report {
        #[command(flatten)]
        which: Which,
        /// A line for each recipient instead: who, how it went, and the mail server's last reply
        #[arg(long)]
        recipients: bool,
        /// Only those in this state: queued, sending, accepted, deferred, rejected, expired, skipped or unknown
        #[arg(long, value_name = "STATE", requires = "recipients")]
        status: Option<DeliveryState>,
    },
}

/// Which edition.
#[derive(clap::Args)]
pub struct Which {
    /// The edition's id, as the list shows it
    #[arg(value_name = "N")]
    id: i64,
}

pub async fn run(command: Command, house: &House, output: &Output) -> anyhow::Result<()> {
    let row = match command {
        Command::List { newsletter } => return list(newsletter.as_deref(), house, output).await,
        Command::Assemble { slug } => match assemble(house, &slug, None).await? {
            Assembled::Draft(row) => *row,
            Assembled::Open(row) => {
                eprintln!("Edition {} is open already; nothing was changed.", row.id);
                *row
            }
            Assembled::TooFew { found: 0, needed, .. } => bail!(
                "no edition was made: 0 new articles, {needed} are needed; fetch the sources (`postduif source fetch {slug}`), or \
                 enter an article (`postduif article add {slug} …`)"
            ),
            Assembled::TooFew { found, needed, .. } => bail!(
                "no edition was made: {found} new articles, {needed} are needed; fetch the sources (`postduif source fetch \
                 {slug}`), or lower the number (`postduif newsletter edit {slug} --min-articles {found}`)"
            ),
        },
        Command::Preview { which, out, language } => return preview(which.id, &out, language, house, output).await,
        Command::Preflight(which) => return preflight(which.id, house, output).await,
        Command::Test { which, to } => {
            mind_the_public_url(house).await?;
            try_out::test(house, which.id, &to, BY).await?;
            output.one(&TestAnswer { queued: to.len() }, || {
                "The test mail is on its way; a running `postduif serve` sends it.".to_owned()
            })?;
            return Ok(());
        }
        Command::Report { which, recipients: false, .. } => return report(which.id, house, output).await,
        Command::Report { which, status, .. } => return recipients(which.id, status, house, output).await,
        Command::Show(which) => find(&mut house.db.read().await?, which.id).await?,
        Command::Approve { which, accept_warnings, override_reason } => {
            mind_the_public_url(house).await?;
            let override_reason = override_reason.as_deref();
            let row = approved(house, which.id, Approver { by: BY, accept_warnings, override_reason }).await?;
            say_when_it_leaves(house, &row).await?;
            row
        }
        Command::Send { which, at, wait } => {
            mind_the_public_url(house).await?;
            let row = publish::send_by(house, which.id, at, BY).await?;
            if wait {
                waiting::until_sent(house, row).await?
            } else {
                eprintln!("A running `postduif serve` sends it; `--wait` would send from here.");
                row
            }
        }
        Command::Pause { which, reason } => publish::by_hand(house, which.id, Deed::Pause(&reason), BY).await?,
        Command::Resume(which) => publish::by_hand(house, which.id, Deed::Resume, BY).await?,
        Command::Reopen(which) => publish::by_hand(house, which.id, Deed::Reopen, BY).await?,
        Command::Withdraw { which, undo } => withdraw::withdraw(house, which.id, !undo, BY).await?,
        Command::Cancel(which) => publish::by_hand(house, which.id, Deed::Cancel, BY).await?,
    };
    let answer = answer(&mut house.db.read().await?, row).await?;
    output.one(&answer, || text(&answer))?;
    Ok(())
}

/// Every link follows the public URL: with another one here, what is approved is not what `serve` would send.
async fn mind_the_public_url(house: &House) -> anyhow::Result<()> {
    if let Some(served) = served_at::elsewhere(house).await? {
        eprintln!(
            "warning: POSTDUIF_PUBLIC_URL is {} here, and {served} where `postduif serve` last ran on this database: links \
             differ, and what is approved here would not be what is sent there. Set it here to the same.",
            house.config.public_url
        );
    }
    Ok(())
}

/// An approved edition leaves by itself only where its newsletter says so.
async fn say_when_it_leaves(house: &House, row: &EditionRow) -> anyhow::Result<()> {
    let newsletter = store::newsletters::by_id(&mut house.db.read().await?, row.newsletter_id).await?;
    let planned = row.send_at.filter(|at| *at > house.clock.now());
    match (planned, newsletter.map(|newsletter| newsletter.approval)) {
        (Some(at), Some(Approval::Automatic)) => eprintln!("It goes out by itself at {at}."),
        (Some(at), _) => {
            eprintln!("It is proposed for {at}: `postduif edition send {} --at {at}`, or send it now.", row.id)
        }
        (None, _) => eprintln!("Nothing leaves until you send it: `postduif edition send {}`.", row.id),
    }
    Ok(())
}

/// Approves, or says what stands in the way and how to go on.
async fn approved(house: &House, id: i64, approver: Approver<'_>) -> anyhow::Result<EditionRow> {
    match approve(house, id, &approver).await {
        Ok(row) => Ok(row),
        Err(ApprovalError::Findings(preflight)) => {
            list_findings(&preflight);
            bail!(if preflight.ok {
                "not approved: look at the warnings above, then repeat with --accept-warnings"
            } else {
                "not approved: mend the errors above, or repeat with --override REASON, which is recorded"
            })
        }
        Err(ApprovalError::Flow(error)) => Err(error.into()),
    }
}

async fn preflight(id: i64, house: &House, output: &Output) -> anyhow::Result<()> {
    let preflight = flows::preflight::preflight(house, id).await?;
    if output.is_json() {
        output.one(&preflight, String::new)?;
    } else {
        output.list(&preflight.findings, &["severity", "check", ""], "Nothing is wrong with it.", |finding| {
            vec![finding.severity.to_string(), finding.check.to_owned(), finding.message.clone()]
        })?;
        for note in &preflight.notes {
            eprintln!("{}", printable(&note.message));
        }
    }
    if !preflight.ok {
        bail!("the errors keep the edition from being approved; mend them, or approve it with --override REASON");
    }
    Ok(())
}

fn list_findings(preflight: &Preflight) {
    for finding in &preflight.findings {
        eprintln!("{}", printable(&format!("{}: {}", finding.severity, finding.message)));
    }
}

async fn preview(
    id: i64,
    out: &Path,
    language: Option<Language>,
    house: &House,
    output: &Output,
) -> anyhow::Result<()> {
    mind_the_public_url(house).await?;
    let preview = try_out::preview(house, id, language).await?;
    let cannot = || format!("cannot write to {}", out.display());
    std::fs::create_dir_all(out).with_context(cannot)?;
    let mut files = Vec::new();
    for (name, bytes) in [
        ("preview.html", preview.html.as_bytes()),
        ("preview.txt", preview.text.as_bytes()),
        ("preview.eml", preview.message.as_slice()),
    ] {
        let path = out.join(name);
        std::fs::write(&path, bytes).with_context(cannot)?;
        files.push(path.display().to_string());
    }
    output.one(&json!({ "edition": id, "files": files }), || files.join("\n"))?;
    Ok(())
}

async fn report(id: i64, house: &House, output: &Output) -> anyhow::Result<()> {
    let mut reader = house.db.read().await?;
    let row = find(&mut reader, id).await?;
    let report = EditionReport::of(&mut reader, row).await?;
    output.one(&report, || report_text(&report))?;
    Ok(())
}

/// Everybody, some at a time: a million recipients are no reason to fill the memory.
async fn recipients(id: i64, status: Option<DeliveryState>, house: &House, output: &Output) -> anyhow::Result<()> {
    let mut reader = house.db.read().await?;
    let edition = find(&mut reader, id).await?;
    let newsletter = newsletter_of(&mut reader, &edition).await?;
    let mut after = 0;
    loop {
        let of = (&newsletter, &edition);
        let some = DeliveryAnswer::page(&mut reader, &house.keys, of, status, (after, LISTED)).await?;
        let Some(last) = some.last() else { return Ok(()) };
        after = last.seq;
        for one in &some {
            output.one(one, || recipient_text(one))?;
        }
    }
}

fn recipient_text(one: &DeliveryAnswer) -> String {
    let mut parts = vec![one.address.clone().unwrap_or_else(|| "(forgotten)".to_owned()), one.status.to_string()];
    parts.push(match one.attempts {
        1 => "1 attempt".to_owned(),
        many => format!("{many} attempts"),
    });
    if one.repeats > 0 {
        parts.push(format!("repeated {} times", one.repeats));
    }
    parts.extend(one.last_reply.clone());
    parts.extend(one.reason.as_ref().map(|reason| format!("({reason})")));
    parts.extend(one.next_attempt_at.filter(|_| one.attempts > 0).map(|moment| format!("next at {moment}")));
    parts.join("  ")
}

fn report_text(report: &EditionReport) -> String {
    let head = ["", "all", "accepted", "rejected", "expired", "skipped", "unknown", "queued", "sending", "deferred"];
    let row = |name: &str, all: i64, counts: &Counts| {
        let Counts { queued, sending, accepted, deferred, rejected, expired, skipped, unknown } = counts;
        let numbers = [&all, accepted, rejected, expired, skipped, unknown, queued, sending, deferred];
        std::iter::once(name.to_owned()).chain(numbers.map(ToString::to_string)).collect::<Vec<_>>()
    };
    let mut rows = vec![head.map(str::to_owned).to_vec(), row("everybody", report.audience, &report.counts)];
    rows.extend(report.per_domain.iter().map(|one| row(&one.domain, one.counts.sum(), &one.counts)));
    let reason = report.pause_reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
    let title = format!("Edition {} no. {}: {}{reason}", report.edition, report.number, report.status);
    let mut text = format!("{title}\n{}", table(&rows).join("\n"));
    for one in &report.came_back.reasons {
        text.push_str(&format!("\ncame back: {} ({})", one.words, one.count));
    }
    text
}

async fn find(on: &mut impl Access, id: i64) -> anyhow::Result<EditionRow> {
    editions::by_id(on, id).await?.with_context(|| format!("there is no edition {id}; see `postduif edition list`"))
}

async fn newsletter_of(on: &mut impl Access, row: &EditionRow) -> anyhow::Result<NewsletterRow> {
    let newsletter = crate::store::newsletters::by_id(on, row.newsletter_id).await?;
    newsletter.context("the edition's newsletter is gone; the database was changed by hand")
}

async fn answer(on: &mut impl Access, row: EditionRow) -> anyhow::Result<EditionAnswer> {
    let newsletter = newsletter_of(on, &row).await?;
    Ok(EditionAnswer::of(on, &newsletter, row).await?)
}

async fn list(newsletter: Option<&str>, house: &House, output: &Output) -> anyhow::Result<()> {
    let mut reader = house.db.read().await?;
    let of = match newsletter {
        Some(slug) => Some(newsletters::find(&mut reader, slug).await?.id),
        None => None,
    };
    let mut answers = Vec::new();
    for row in editions::page(&mut reader, of, None, LISTED).await? {
        answers.push(answer(&mut reader, row).await?);
    }
    let head = ["id", "newsletter", "no.", "status", "audience", "accepted", "subject"];
    output.list(&answers, &head, "There is no edition yet; make one with `postduif edition assemble`.", |one| {
        vec![
            one.id.to_string(),
            one.newsletter.clone(),
            one.number.to_string(),
            one.status.to_owned(),
            one.audience.to_string(),
            one.counts.accepted.to_string(),
            one.subject.clone(),
        ]
    })?;
    Ok(())
}

fn text(one: &EditionAnswer) -> String {
    let moment = |moment: Option<Timestamp>| moment.map_or_else(String::new, |at| at.to_string());
    let counts = &one.counts;
    let mut facts = vec![
        ("edition", format!("{} ({} no. {})", one.id, one.newsletter, one.number)),
        (
            "status",
            one.pause_reason.as_ref().map_or_else(|| one.status.to_owned(), |why| format!("{}: {why}", one.status)),
        ),
        ("subject", one.subject.clone()),
        ("preheader", one.preheader.clone()),
        ("assembled", one.created_at.to_string()),
        ("goes out", moment(one.send_at)),
        ("started", moment(one.started_at)),
        ("finished", moment(one.finished_at)),
        ("audience", one.audience.to_string()),
    ];
    if one.withdrawn {
        facts.push(("archive", "withdrawn".to_owned()));
    }
    if one.started_at.is_some() {
        facts.push((
            "recipients",
            format!(
                "{} accepted, {} rejected, {} expired, {} skipped, {} unknown; {} queued, {} sending, {} deferred",
                counts.accepted,
                counts.rejected,
                counts.expired,
                counts.skipped,
                counts.unknown,
                counts.queued,
                counts.sending,
                counts.deferred
            ),
        ));
    }
    for section in &one.sections {
        facts.extend(section.items.iter().map(|item| (section.key.as_str(), format!("{} ({})", item.title, item.url))));
    }
    card(&facts)
}
