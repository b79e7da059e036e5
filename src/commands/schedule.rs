//! `postduif schedule`: the coming moments of assembly and sending, on the newsletter's own clock.

use anyhow::Context;
use clap::Args;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::output::Output;
use crate::answers::MomentAnswer;
use crate::domain::schedule::zone;
use crate::domain::time::Timestamp;
use crate::flows::{House, newsletters};

/// Show the coming moments of assembly and sending, in the newsletter's time zone
#[derive(Args)]
pub struct Arguments {
    /// The newsletter
    slug: String,
    /// From this day or moment on, instead of now: 2026-03-01 or 2026-03-01T09:00:00+01:00
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// How many moments
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,
}

pub async fn run(arguments: &Arguments, house: &House, output: &Output) -> anyhow::Result<()> {
    let newsletter = newsletters::find(&mut house.db.read().await?, &arguments.slug).await?;
    let zone = zone(&newsletter.timezone)?;
    let from = match &arguments.from {
        Some(text) => moment(text, &zone)?,
        None => house.clock.now(),
    };
    let moments: Vec<MomentAnswer> = newsletters::coming(&newsletter, from, arguments.count.into())?
        .into_iter()
        .map(|coming| MomentAnswer::of(&newsletter.slug, coming.assemble_at, coming.send_at, &zone))
        .collect();
    output.list(&moments, &["assembled", "sent"], "Nothing is coming.", |moment| {
        vec![moment.assemble_at.clone(), moment.send_at.clone()]
    })?;
    Ok(())
}

/// The last moment before the day or time that was named, so that what happens then is shown too.
fn moment(text: &str, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    let moment = match text.parse::<Date>() {
        Ok(day) => Timestamp::from_local(day.at(0, 0, 0, 0), zone),
        Err(_) => Timestamp::parse(text).with_context(|| format!("“{text}” is no day like 2026-03-01 either"))?,
    };
    Ok(Timestamp::from_micros(moment.as_micros().saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_on_the_newsletters_wall_and_is_counted_in() {
        let zone = zone("Europe/Amsterdam").unwrap();
        for text in ["2026-03-01", "2026-03-01T00:00:00+01:00"] {
            assert_eq!(moment(text, &zone).unwrap().to_string(), "2026-02-28T22:59:59.999999Z");
        }
        assert!(moment("tomorrow", &zone).is_err());
    }
}
