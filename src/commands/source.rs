//! `postduif source`: where articles come from.

use std::fs::File;
use std::io::Read;

use anyhow::{Context, bail};
use clap::Subcommand;
use serde::Serialize;
use url::Url;

use super::output::Output;
use super::progress;
use crate::answers::SourceAnswer;
use crate::config::Config;
use crate::content::collect::{SourceState, collect};
use crate::content::fetch::Fetcher;
use crate::content::parse::{FeedItem, MAX_BYTES, parse_feed};
use crate::flows::collect_articles::{self as flow, NewSource};
use crate::flows::{House, newsletters};
use crate::store::sources;

#[derive(Subcommand)]
pub enum Command {
    /// Add a source; it is read daily, and now by `source fetch`
    Add(Add),
    /// List sources, and how the last visits went
    List {
        /// Of this newsletter alone
        #[arg(value_name = "SLUG")]
        newsletter: Option<String>,
    },
    /// Read sources now
    Fetch {
        /// Those of this newsletter alone
        #[arg(value_name = "SLUG")]
        newsletter: Option<String>,
    },
    /// Take a source away; its articles stay
    Remove {
        /// Its id, as the list shows it
        id: i64,
    },
    /// Read feeds and print what is in them; nothing is stored
    Check(Check),
}

#[derive(clap::Args)]
pub struct Add {
    /// The newsletter
    slug: String,
    /// The address of a feed, or of a site that names one
    url: String,
    /// The section its articles go to: blogs, news …
    #[arg(long)]
    section: String,
    /// Another section for one category of it; may be repeated
    #[arg(long, value_name = "CATEGORY=SECTION", value_parser = category)]
    category: Vec<(String, String)>,
    /// It may lie in a private network
    #[arg(long)]
    allow_private: bool,
}

#[derive(clap::Args)]
pub struct Check {
    /// Addresses or files of feeds; an address may be that of a site
    #[arg(required = true, value_name = "URL|FILE")]
    inputs: Vec<String>,
    /// The addresses may lie in a private network
    #[arg(long)]
    allow_private: bool,
}

/// Does what needs the database; `check` does not.
pub async fn run(command: Command, house: &House, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::Add(Add { slug, url, section, category, allow_private }) => {
            let category_sections = category.into_iter().collect();
            let source = NewSource { url: &url, section: &section, category_sections, allow_private };
            let answer = SourceAnswer::of(&slug, flow::add(house, &slug, source).await?);
            let advice = format!("Source {} is added; read it now with `postduif source fetch {slug}`.", answer.id);
            output.one(&answer, || advice)?;
        }
        Command::List { newsletter } => list(newsletter.as_deref(), house, output).await?,
        Command::Fetch { newsletter } => fetch_now(newsletter.as_deref(), house, output).await?,
        Command::Remove { id } => {
            flow::remove(house, id).await?;
            output.one(&serde_json::json!({ "id": id, "removed": true }), || format!("Source {id} is gone."))?;
        }
        Command::Check(arguments) => check(&arguments, &house.config, output).await?,
    }
    Ok(())
}

async fn list(newsletter: Option<&str>, house: &House, output: &Output) -> anyhow::Result<()> {
    let mut reader = house.db.read().await?;
    let of = match newsletter {
        Some(slug) => vec![newsletters::find(&mut reader, slug).await?],
        None => crate::store::newsletters::all(&mut reader).await?,
    };
    let mut answers = Vec::new();
    for newsletter in of {
        let rows = sources::of_newsletter(&mut reader, newsletter.id).await?;
        answers.extend(rows.into_iter().map(|row| SourceAnswer::of(&newsletter.slug, row)));
    }
    let head = ["id", "newsletter", "section", "last read", "address", ""];
    output.list(&answers, &head, "There is no source yet; add one with `postduif source add`.", |one| {
        let read = one.last_success_at.map_or_else(|| "never".to_owned(), |moment| moment.to_string());
        let trouble = one.last_error.clone().or_else(|| one.gap.clone()).unwrap_or_default();
        vec![one.id.to_string(), one.newsletter.clone(), one.section.clone(), read, one.url.clone(), trouble]
    })?;
    Ok(())
}

async fn fetch_now(newsletter: Option<&str>, house: &House, output: &Output) -> anyhow::Result<()> {
    let readings = progress::during("reading the sources", flow::fetch_all(house, newsletter)).await?;
    let head = ["source", "new", "changed", "known", "address", ""];
    output.list(&readings, &head, "There is no source yet; add one with `postduif source add`.", |one| {
        let trouble = one.error.clone().or_else(|| one.gap.clone()).unwrap_or_default();
        let counts = [one.new, one.changed, one.unchanged].map(|count| count.to_string());
        [&[one.source.to_string()][..], &counts, &[one.url.clone(), trouble]].concat()
    })?;
    let failed = readings.iter().filter(|reading| reading.error.is_some()).count();
    if failed > 0 {
        bail!("{failed} of {} sources could not be read; they are tried again in two hours", readings.len());
    }
    Ok(())
}

fn category(text: &str) -> Result<(String, String), String> {
    let (category, section) = text.split_once('=').ok_or("write CATEGORY=SECTION, such as Nieuws=news")?;
    Ok((category.trim().to_owned(), section.trim().to_owned()))
}

/// What is in one input, or why that cannot be told.
#[derive(Default, Serialize)]
struct Checked<'a> {
    input: &'a str,
    format: Option<&'static str>,
    title: Option<String>,
    language: Option<String>,
    items: Vec<FeedItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Reads feeds and prints what is in them; stores nothing.
pub async fn check(arguments: &Check, config: &Config, output: &Output) -> anyhow::Result<()> {
    let fetcher = Fetcher::new(&config.user_agent());
    let mut faulty = 0;
    for input in &arguments.inputs {
        let read = if input.starts_with("http://") || input.starts_with("https://") {
            fetch(&fetcher, input, arguments.allow_private).await
        } else {
            read_file(input)
        };
        let checked = read.unwrap_or_else(|error| {
            faulty += 1;
            Checked { input, error: Some(format!("{error:#}")), ..Checked::default() }
        });
        output.one(&checked, || text(&checked))?;
    }
    if faulty > 0 {
        bail!("{faulty} of {} inputs cannot be used as a source; their errors say why", arguments.inputs.len());
    }
    Ok(())
}

async fn fetch<'a>(fetcher: &Fetcher, input: &'a str, allow_private: bool) -> anyhow::Result<Checked<'a>> {
    let url = Url::parse(input).context("this is not an address")?;
    let source = SourceState { url, etag: None, last_modified: None, allow_private };
    // Whoever knows every article already asks for the first page alone.
    let collected = collect(fetcher, &source, |_| true).await?;
    let facts = collected.feed.context("the server says that nothing has changed, without having been asked")?;
    Ok(Checked {
        input,
        format: Some(facts.format.as_str()),
        title: Some(facts.title),
        language: facts.language,
        items: collected.items,
        error: None,
    })
}

fn read_file(input: &str) -> anyhow::Result<Checked<'_>> {
    let mut bytes = Vec::new();
    let file = File::open(input).context("the file cannot be opened")?;
    // One byte more than is allowed tells that there are too many.
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).context("the file cannot be read")?;
    let feed = parse_feed(&bytes, None, None)?;
    Ok(Checked {
        input,
        format: Some(feed.format.as_str()),
        title: Some(feed.title),
        language: feed.language,
        items: feed.items,
        error: None,
    })
}

fn text(checked: &Checked<'_>) -> String {
    if let Some(error) = &checked.error {
        return format!("{}: {error}", checked.input);
    }
    let title = checked.title.as_deref().unwrap_or_default();
    let format = checked.format.unwrap_or_default();
    let mut text = format!("{}: “{title}” ({format}, {} items)", checked.input, checked.items.len());
    for item in &checked.items {
        let published = item.published.map_or_else(|| "no date".to_owned(), |moment| moment.to_string());
        text.push_str(&format!("\n  {published}  {}  {}", item.title, item.url.as_deref().unwrap_or("no address")));
    }
    text
}
