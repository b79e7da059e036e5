//! `postduif article`: what there is to write about.

use clap::{Args, Subcommand};

use super::output::Output;
use crate::answers::ArticleAnswer;
use crate::domain::time::Timestamp;
use crate::flows::articles::{self as flow, EnteredArticle};
use crate::flows::{House, newsletters};
use crate::store::articles::{self, ArticleChange, ArticleRow};

#[derive(Subcommand)]
pub enum Command {
    /// Enter an article; the same address again changes its words
    Add(Entered),
    /// List a newsletter's articles, newest first
    List {
        /// The newsletter
        slug: String,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
    },
    /// Keep an article out of editions, or let it in again
    Hide {
        /// Its id, as the list shows it
        id: i64,
        /// Let it in again
        #[arg(long)]
        undo: bool,
    },
}

#[derive(Args)]
pub struct Entered {
    /// The newsletter
    slug: String,
    /// Under which heading it stands: blogs, news …
    #[arg(long)]
    section: String,
    /// Its title
    #[arg(long)]
    title: String,
    /// Where it can be read; left out for a block of your own that leads nowhere
    #[arg(long, default_value = "", hide_default_value = true)]
    url: String,
    /// A few sentences
    #[arg(long, default_value = "", hide_default_value = true)]
    summary: String,
    /// When it was published, such as 2026-03-01T09:00:00+01:00 [default: now]
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    published: Option<Timestamp>,
}

pub async fn run(command: Command, house: &House, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::Add(Entered { slug, section, title, url, summary, published }) => {
            let entered = EnteredArticle { section, title, url, summary, published };
            let (row, _) = flow::enter(house, &slug, entered).await?;
            show(&slug, row, output)
        }
        Command::Hide { id, undo } => {
            let change = ArticleChange { hidden: Some(!undo), ..ArticleChange::default() };
            let row = flow::change(house, id, change).await?;
            let newsletter = crate::store::newsletters::by_id(&mut house.db.read().await?, row.newsletter_id).await?;
            show(&newsletter.map(|newsletter| newsletter.slug).unwrap_or_default(), row, output)
        }
        Command::List { slug, limit } => {
            let mut reader = house.db.read().await?;
            let newsletter = newsletters::find(&mut reader, &slug).await?;
            let rows = articles::page(&mut reader, newsletter.id, None, limit.into()).await?;
            let answers: Vec<_> = rows.into_iter().map(|row| ArticleAnswer::of(&slug, row)).collect();
            let nothing = "There is no article yet; add a source with `postduif source add`.";
            output.list(&answers, &["id", "section", "published", "", "title"], nothing, cells)?;
            Ok(())
        }
    }
}

fn show(slug: &str, row: ArticleRow, output: &Output) -> anyhow::Result<()> {
    let answer = ArticleAnswer::of(slug, row);
    output.one(&answer, || cells(&answer).join("  "))?;
    Ok(())
}

fn cells(one: &ArticleAnswer) -> Vec<String> {
    let hidden = if one.hidden { "hidden" } else { "" };
    vec![one.id.to_string(), one.section.clone(), one.published.to_string(), hidden.to_owned(), one.title.clone()]
}
