//! `postduif source`: where articles come from.

use std::fs::File;
use std::io::Read;

use anyhow::{Context, bail};
use clap::Subcommand;
use serde::Serialize;
use url::Url;

use super::output::Output;
use crate::config::Config;
use crate::content::collect::{SourceState, collect};
use crate::content::fetch::Fetcher;
use crate::content::parse::{FeedItem, MAX_BYTES, parse_feed};

#[derive(Subcommand)]
pub enum Command {
    /// Read feeds and print what is in them; nothing is stored
    Check(Check),
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
    let fetcher = Fetcher::new(&user_agent(config));
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

/// How we introduce ourselves to the sites we read.
pub fn user_agent(config: &Config) -> String {
    format!("postduif/{} (+{})", env!("CARGO_PKG_VERSION"), config.public_url)
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
