//! `postduif edition`: make editions, look at them, and let them go out.

use anyhow::{Context, bail};
use clap::Subcommand;

use super::output::{Output, card};
use crate::answers::EditionAnswer;
use crate::domain::time::Timestamp;
use crate::flows::assemble::{Assembled, assemble};
use crate::flows::{House, newsletters, publish};
use crate::store::Access;
use crate::store::editions::{self, EditionRow};

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
    /// Let an approved edition go out, now or at a moment to come
    Send {
        #[command(flatten)]
        which: Which,
        /// When, such as 2026-03-08T09:00:00+01:00 [default: now]
        #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
        at: Option<Timestamp>,
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
    /// End an edition for good
    Cancel(Which),
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
            Assembled::TooFew { found, needed, .. } => bail!(
                "no edition was made: {found} new articles, {needed} are needed; fetch the sources (`postduif source fetch \
                 {slug}`), or lower the number (`postduif newsletter edit {slug} --min-articles {found}`)"
            ),
        },
        Command::Show(which) => find(&mut house.db.read().await?, which.id).await?,
        Command::Send { which, at } => publish::send(house, which.id, at).await?,
        Command::Pause { which, reason } => publish::pause(house, which.id, &reason).await?,
        Command::Resume(which) => publish::resume(house, which.id).await?,
        Command::Cancel(which) => publish::cancel(house, which.id).await?,
    };
    let answer = answer(&mut house.db.read().await?, row).await?;
    output.one(&answer, || text(&answer))?;
    Ok(())
}

async fn find(on: &mut impl Access, id: i64) -> anyhow::Result<EditionRow> {
    editions::by_id(on, id).await?.with_context(|| format!("there is no edition {id}; see `postduif edition list`"))
}

async fn answer(on: &mut impl Access, row: EditionRow) -> anyhow::Result<EditionAnswer> {
    let newsletter = crate::store::newsletters::by_id(on, row.newsletter_id).await?;
    let newsletter = newsletter.context("the edition's newsletter is gone; the database was changed by hand")?;
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
