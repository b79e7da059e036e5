//! The clock: whether it goes back behind what was seen here, and how far it is from the clocks of the sites that we read.

use std::time::Duration;

use url::Url;

use super::Check;
use crate::content::post::Posting;
use crate::domain::checkup::CheckStatus::{Fail, Ok as Fine, Warn};
use crate::flows::{FlowError, House};
use crate::store::{doctor, sources};

/// So many sites are asked at most: one whose own clock is wrong must not accuse ours.
const ASKED: usize = 3;
const PATIENCE: Duration = Duration::from_secs(5);
/// HTTP tells whole seconds, and an answer takes its time.
const CLOSE: u64 = 5;
/// Seconds beyond which one-time codes fail, which live for half a minute (RFC 6238 section 5.2).
const OFF: u64 = 30;
/// Seconds beyond which signatures of webhooks and of mail services are refused, and access tokens end too early.
const FAR_OFF: u64 = 300;

const ADVICE: &str = "Set the clock right (timedatectl set-ntp true): with a wrong one links expire and moments pass.";

pub(super) async fn check(house: &House) -> Result<Check, FlowError> {
    let now = house.clock.now();
    let mut reader = house.db.read().await?;
    let seen = doctor::latest(&mut reader).await?.first().map(|row| row.at);
    let sources = sources::all(&mut reader).await?;
    drop(reader);
    if let Some(seen) = seen.filter(|seen| *seen > now) {
        return Ok(Check::new("clock", Fail, format!("it is {now} here, but {seen} has been already")).advise(ADVICE));
    }
    let message = format!("{now}, not behind what was seen before");
    let mut nearest: Option<(Duration, bool, String)> = None;
    let addresses = sources.iter().filter(|_| !house.config.offline).filter_map(|source| {
        Some((source.feed_url.as_deref().unwrap_or(&source.url).parse().ok()?, source.allow_private))
    });
    for (url, allow_private) in addresses.take(ASKED) {
        let Some((difference, ahead, host)) = apart(house, url, allow_private).await else { continue };
        if nearest.as_ref().is_none_or(|(before, ..)| difference < *before) {
            nearest = Some((difference, ahead, host));
        }
        if difference.as_secs() <= CLOSE {
            break;
        }
    }
    let Some((difference, ahead, host)) = nearest else {
        return Ok(Check::new("clock", Fine, format!("{message}; no site outside told its time")));
    };
    let seconds = difference.as_secs();
    let said = if ahead {
        format!("{message}; {seconds} s ahead of the clock of {host}")
    } else {
        format!("{message}; {seconds} s behind the clock of {host}")
    };
    Ok(match seconds {
        seconds if seconds <= CLOSE => Check::new("clock", Fine, format!("{message}, and as late as at {host}")),
        seconds if seconds <= OFF => Check::new("clock", Fine, said),
        seconds if seconds <= FAR_OFF => Check::new("clock", Warn, said).advise(ADVICE),
        _ => Check::new("clock", Fail, said).advise(ADVICE),
    })
}

/// How far our clock is from a site's, and whether it is ahead.
async fn apart(house: &House, url: Url, allow_private: bool) -> Option<(Duration, bool, String)> {
    let host = url.host_str()?.to_owned();
    let posting = Posting { url, headers: Vec::new(), body: None, allow_private, patience: PATIENCE };
    let asked = house.clock.now();
    let theirs = house.fetcher.post(posting).await.ok()?.date?;
    let answered = house.clock.now();
    // Somewhere between the question and the answer it was that time there.
    let (difference, ahead) = if theirs.plus(Duration::from_secs(1)) < asked {
        (asked.since(theirs), true)
    } else {
        (theirs.since(answered), false)
    };
    Some((difference, ahead, host))
}
