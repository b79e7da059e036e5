//! `postduif newsletter`: make, show and change newsletters.

use clap::{Args, Subcommand};

use super::output::{Output, card};
use crate::answers::NewsletterAnswer;
use crate::domain::look::Logo;
use crate::domain::newsletter::{NewsletterChange, Promo};
use crate::domain::safety::SafetyChange;
use crate::flows::{House, newsletters, reconfirm};

#[derive(Subcommand)]
pub enum Command {
    /// Make a newsletter, with a section “blogs” for excerpts and “news” for titles
    #[command(mut_arg("title", |arg| arg.required(true)), mut_arg("from", |arg| arg.required(true)))]
    Create(Box<Settings>),
    /// Change what is given, leave the rest
    Edit(Box<Settings>),
    /// Show one newsletter
    Show {
        /// The newsletter
        slug: String,
    },
    /// List all newsletters
    List,
    /// Ask readers who have heard nothing for long whether they stay; who does not answer in 30 days leaves
    Reconfirm {
        /// The newsletter
        slug: String,
        /// Only say how many would be asked
        #[arg(long)]
        dry_run: bool,
    },
}

/// What can be set; an empty text clears what may be empty.
#[derive(Args)]
pub struct Settings {
    /// The newsletter: lower-case letters, digits and hyphens; part of its addresses
    slug: String,
    /// Its title
    #[arg(long)]
    title: Option<String>,
    /// What it is about, for the sign-up page
    #[arg(long)]
    description: Option<String>,
    /// The language of its pages and mails
    #[arg(long, value_parser = ["nl", "en"])]
    language: Option<String>,
    /// The sender: "Name <address>"
    #[arg(long)]
    from: Option<String>,
    /// Where answers go
    #[arg(long, value_name = "ADDRESS")]
    reply_to: Option<String>,
    /// Who publishes it
    #[arg(long)]
    organisation: Option<String>,
    /// The postal address in the footer of each mail
    #[arg(long)]
    postal_address: Option<String>,
    /// The page that says what is kept and why
    #[arg(long, value_name = "URL")]
    privacy_url: Option<String>,
    /// When editions are assembled: five fields of cron, or "first tuesday of 3,6,9,12 at 09:00"
    #[arg(long, value_name = "RULE")]
    assemble: Option<String>,
    /// The time zone of all its moments, such as Europe/Amsterdam
    #[arg(long, value_name = "NAME")]
    timezone: Option<String>,
    /// Days between assembling and sending
    #[arg(long, value_name = "N")]
    review_days: Option<i64>,
    /// Whether a person must approve an edition
    #[arg(long, value_parser = ["required", "automatic"])]
    approval: Option<String>,
    /// Editions a year that readers are promised at most
    #[arg(long, value_name = "N")]
    max_per_year: Option<i64>,
    /// New articles below which no edition is made
    #[arg(long, value_name = "N")]
    min_articles: Option<i64>,
    /// What happens to a mail that may or may not have arrived: it is repeated with the same Message-ID, or left
    #[arg(long, value_parser = ["repeat", "leave"])]
    on_unknown: Option<String>,
    /// How often it is repeated at most, each time after another lost reply: 1 to 9
    #[arg(long, value_name = "N")]
    repeats: Option<i64>,
    /// Who gets notices: addresses separated by commas
    #[arg(long, value_name = "ADDRESSES")]
    notify: Option<String>,
    /// Whether search engines may list the archive
    #[arg(long, value_name = "true|false")]
    archive_indexed: Option<bool>,
    /// Whether somebody other than the last to change an edition must approve it
    #[arg(long, value_name = "true|false")]
    four_eyes: Option<bool>,
    /// Whether an edition must have been sent as a test after its last change before it is approved
    #[arg(long, value_name = "true|false")]
    test_required: Option<bool>,
    /// Months without an edition after which `reconfirm` asks readers whether they stay: 6 to 120, 0 for never
    #[arg(long, value_name = "N")]
    reconfirm_after_months: Option<i64>,
    /// The colour of links and buttons, such as "#0b5c8a"; it must be readable on white
    #[arg(long, value_name = "COLOUR")]
    accent: Option<String>,
    #[command(flatten)]
    logo: LogoPicture,
    #[command(flatten)]
    safety: SafetyLimits,
    #[command(flatten)]
    promo: PromoBlock,
}

/// When a sending stops by itself and asks; 0 is never.
#[derive(Args)]
struct SafetyLimits {
    /// Stop when mail servers refuse more than so many of a thousand recipients
    #[arg(long, value_name = "PER_MILLE")]
    stop_at_refused: Option<i64>,
    /// Stop when more than so many of a thousand mails come back
    #[arg(long, value_name = "PER_MILLE")]
    stop_at_bounced: Option<i64>,
    /// Stop when more than so many of a thousand are refused because of who we are
    #[arg(long, value_name = "PER_MILLE")]
    stop_at_policy: Option<i64>,
    /// Stop when more than so many of a thousand readers call it spam
    #[arg(long, value_name = "PER_MILLE")]
    stop_at_complained: Option<i64>,
    /// Send to so many of a hundred readers first, then wait
    #[arg(long, value_name = "PERCENT")]
    first_wave: Option<i64>,
    /// How long the rest waits after the first wave
    #[arg(long, value_name = "MINUTES")]
    first_wave_wait: Option<i64>,
}

/// The picture above the title. None is needed.
#[derive(Args)]
struct LogoPicture {
    /// The logo above the title: a web address, https or on the newsletter's own server
    #[arg(long, value_name = "URL", requires_all = ["logo_width", "logo_height", "logo_alt"])]
    logo_url: Option<String>,
    /// How wide it is shown, in pixels
    #[arg(long, value_name = "PIXELS", requires = "logo_url")]
    logo_width: Option<i64>,
    /// How high it is shown, in pixels
    #[arg(long, value_name = "PIXELS", requires = "logo_url")]
    logo_height: Option<i64>,
    /// What is read aloud in its place, such as the organisation's name
    #[arg(long, value_name = "TEXT", requires = "logo_url")]
    logo_alt: Option<String>,
    /// No logo
    #[arg(long, conflicts_with = "logo_url")]
    no_logo: bool,
}

impl LogoPicture {
    /// Nothing, no logo any more, or another one.
    fn into_change(self) -> Option<Option<Logo>> {
        match (self.logo_url, self.logo_width, self.logo_height, self.logo_alt) {
            (Some(url), Some(width), Some(height), Some(alt)) => Some(Some(Logo { url, width, height, alt })),
            _ => self.no_logo.then_some(None),
        }
    }
}

/// The block that recommends something of the house.
#[derive(Args)]
struct PromoBlock {
    /// The heading of the block that recommends something, such as "Lees ons boek"
    #[arg(long, value_name = "TEXT", requires = "promo_title")]
    promo_heading: Option<String>,
    /// What it recommends
    #[arg(long, value_name = "TEXT", requires = "promo_heading")]
    promo_title: Option<String>,
    /// A few words about it
    #[arg(long, value_name = "TEXT", requires = "promo_heading")]
    promo_text: Option<String>,
    /// Where its button leads; left out for a block without one
    #[arg(long, value_name = "URL", requires_all = ["promo_heading", "promo_title"])]
    promo_url: Option<String>,
    /// What its button says
    #[arg(long, value_name = "TEXT", requires = "promo_heading")]
    promo_button: Option<String>,
    /// No such block
    #[arg(long, conflicts_with = "promo_heading")]
    no_promo: bool,
}

pub async fn run(command: Command, house: &House, output: &Output) -> anyhow::Result<()> {
    let row = match command {
        Command::List => {
            let all = NewsletterAnswer::all(&mut house.db.read().await?).await?;
            let nothing = "There is no newsletter yet; make one with `postduif newsletter create`.";
            return Ok(output.list(&all, &["slug", "title", "language", "next assembly"], nothing, |one| {
                let next = one.next_assemble_at.map_or_else(|| "–".to_owned(), |moment| moment.to_string());
                vec![one.slug.clone(), one.title.clone(), one.language.to_owned(), next]
            })?);
        }
        Command::Reconfirm { slug, dry_run } => {
            let asked = reconfirm::ask(house, &slug, dry_run, "command line").await?;
            return Ok(output.one(&asked, || {
                let verb = if dry_run { "would be asked" } else { "are asked" };
                format!(
                    "{} readers {verb} whether they stay; {} were asked before and have not answered yet.",
                    asked.asked, asked.unanswered
                )
            })?);
        }
        Command::Show { slug } => newsletters::find(&mut house.db.read().await?, &slug).await?,
        Command::Create(settings) => newsletters::create(house, (*settings).into()).await?,
        Command::Edit(settings) => {
            let slug = settings.slug.clone();
            newsletters::edit(house, &slug, (*settings).into()).await?
        }
    };
    let answer = NewsletterAnswer::of(&mut house.db.read().await?, row).await?;
    output.one(&answer, || text(&answer))?;
    Ok(())
}

fn text(one: &NewsletterAnswer) -> String {
    let mut fields = vec![
        ("slug", one.slug.clone()),
        ("title", one.title.clone()),
        ("description", one.description.clone()),
        ("language", one.language.to_owned()),
        ("from", one.from.clone()),
        ("reply to", one.reply_to.clone().unwrap_or_default()),
        ("organisation", one.organisation.clone()),
        ("postal address", one.postal_address.clone()),
        ("privacy page", one.privacy_url.clone().unwrap_or_default()),
        ("assembled", format!("{} ({})", one.assemble, one.timezone)),
        ("next assembly", one.next_assemble_at.map_or_else(String::new, |moment| moment.to_string())),
        ("review", format!("{} days, approval {}", one.review_days, one.approval)),
        ("promised", format!("at most {} editions a year", one.max_per_year)),
        ("new articles", format!("at least {}", one.min_articles)),
        (
            "uncertain mail",
            if one.on_unknown == "repeat" {
                match one.repeats {
                    1 => "repeat once".to_owned(),
                    more => format!("repeat, {more} times at most"),
                }
            } else {
                one.on_unknown.to_owned()
            },
        ),
        (
            "approval by",
            if one.four_eyes { "somebody else than changed it last" } else { "anybody who may" }.to_owned(),
        ),
        ("notices to", one.notify.clone()),
        (
            "stops at",
            format!(
                "{} ‰ refused, {} ‰ bounced, {} ‰ refused by policy, {} ‰ complaints",
                one.safety.refused_per_mille,
                one.safety.bounced_per_mille,
                one.safety.policy_per_mille,
                one.safety.complained_per_mille
            ),
        ),
        (
            "first wave",
            match one.safety.first_wave_percent {
                0 => "none".to_owned(),
                percent => format!("{percent} %, then {} minutes", one.safety.first_wave_minutes),
            },
        ),
        ("colour", one.accent.clone().unwrap_or_default()),
        ("logo", one.logo.as_ref().map_or_else(String::new, |logo| format!("{} ({})", logo.url, logo.alt))),
        ("test mail", if one.test_required { "needed before approval" } else { "not needed" }.to_owned()),
        (
            "asks to stay",
            match one.reconfirm_after_months {
                0 => "never".to_owned(),
                months => format!("after {months} months of silence, by `newsletter reconfirm`"),
            },
        ),
        ("recommends", one.promo.as_ref().map_or_else(String::new, |promo| format!("{} ({})", promo.title, promo.url))),
    ];
    fields.extend(one.sections.iter().map(|section| {
        ("section", format!("{}: “{}”, at most {} {}", section.key, section.title, section.max_items, section.style))
    }));
    card(&fields)
}

impl From<Settings> for NewsletterChange {
    fn from(settings: Settings) -> Self {
        Self {
            slug: Some(settings.slug),
            title: settings.title,
            description: settings.description,
            language: settings.language,
            from: settings.from,
            reply_to: settings.reply_to,
            organisation: settings.organisation,
            postal_address: settings.postal_address,
            privacy_url: settings.privacy_url,
            timezone: settings.timezone,
            assemble: settings.assemble,
            review_days: settings.review_days,
            approval: settings.approval,
            max_per_year: settings.max_per_year,
            min_articles: settings.min_articles,
            on_unknown: settings.on_unknown,
            repeats: settings.repeats,
            promo: settings.promo.into_change(),
            notify: settings.notify,
            archive_indexed: settings.archive_indexed,
            four_eyes: settings.four_eyes,
            safety: Some(settings.safety.into()),
            logo: settings.logo.into_change(),
            accent: settings.accent,
            test_required: settings.test_required,
            reconfirm_after_months: settings.reconfirm_after_months,
        }
    }
}

impl From<SafetyLimits> for SafetyChange {
    fn from(limits: SafetyLimits) -> Self {
        Self {
            refused_per_mille: limits.stop_at_refused,
            bounced_per_mille: limits.stop_at_bounced,
            policy_per_mille: limits.stop_at_policy,
            complained_per_mille: limits.stop_at_complained,
            first_wave_percent: limits.first_wave,
            first_wave_minutes: limits.first_wave_wait,
        }
    }
}

impl PromoBlock {
    /// Nothing, no block any more, or another block.
    fn into_change(self) -> Option<Option<Promo>> {
        match (self.promo_heading, self.promo_title) {
            (Some(heading), Some(title)) => {
                let url = self.promo_url.unwrap_or_default();
                let button = self.promo_button.unwrap_or_else(|| heading.clone());
                Some(Some(Promo { heading, title, url, button, text: self.promo_text.unwrap_or_default() }))
            }
            _ => self.no_promo.then_some(None),
        }
    }
}
