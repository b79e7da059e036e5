//! The doctor's word on whether the mail will arrive: what it noted within a day, or what it finds now.

use std::time::Duration;

use super::Findings;
use crate::domain::checkup::{CheckStatus, Vital};
use crate::domain::texts::preflight as texts;
use crate::domain::texts::said::said;
use crate::flows::doctor::{self, Check};
use crate::flows::{FlowError, House};
use crate::store::newsletters::NewsletterRow;
use crate::store::{Access, StoreError, doctor as noted};

/// What is older says nothing about today.
const FRESH: Duration = Duration::from_secs(24 * 3600);
/// An examination must not keep an editor waiting for longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is known about DNS, the mail servers and our own address.
#[derive(Debug)]
pub(super) enum Checkup {
    /// Nobody was asked now: what was noted last counts, if it is fresh.
    Noted,
    /// What was noted was too old, or there was nothing; this was found now.
    Found(Vec<Check>),
    /// It was asked, and did not come to an end.
    Unfinished,
}

impl Checkup {
    /// Examines where nothing fresh is known and the mail would leave this machine. Notes nothing: who only looks must
    /// not change anything.
    pub(super) async fn ask(house: &House) -> Result<Self, FlowError> {
        if house.catches_all_mail || house.config.offline || house.config.sends_nowhere() {
            return Ok(Self::Noted);
        }
        let last = noted::latest(&mut house.db.read().await?).await?.first().map(|check| check.at);
        if last.is_some_and(|last| house.clock.now().since(last) <= FRESH) {
            return Ok(Self::Noted);
        }
        Ok(match tokio::time::timeout(PATIENCE, doctor::ways_out(house)).await {
            Ok(checks) => Self::Found(checks?),
            Err(_) => Self::Unfinished,
        })
    }

    pub(super) async fn tell(
        &self,
        findings: &mut Findings,
        on: &mut impl Access,
        house: &House,
        newsletter: &NewsletterRow,
    ) -> Result<(), StoreError> {
        let language = findings.language;
        if house.catches_all_mail {
            return Ok(());
        }
        if house.config.offline {
            findings.note("checkup", texts::never_checked(language));
            return Ok(());
        }
        let checks: Vec<(String, CheckStatus, String)> = match self {
            Self::Unfinished => {
                findings.error("checkup", texts::checkup_unfinished(language));
                return Ok(());
            }
            Self::Found(checks) => {
                checks.iter().map(|check| (check.name.clone(), check.status, check.in_full())).collect()
            }
            Self::Noted => {
                let run = noted::latest(on).await?;
                let Some(first) = run.first() else {
                    findings.note("checkup", texts::never_checked(language));
                    return Ok(());
                };
                let age = house.clock.now().since(first.at);
                if age > FRESH {
                    findings.note("checkup", texts::checked_long_ago(language, age.as_secs() / 3600));
                    return Ok(());
                }
                run.into_iter().map(|check| (check.check_name, check.status, check.message)).collect()
            }
        };
        tell_each(findings, house, newsletter, &checks);
        Ok(())
    }
}

/// Of what the doctor said, what decides whether this newsletter arrives.
fn tell_each(
    findings: &mut Findings,
    house: &House,
    newsletter: &NewsletterRow,
    checks: &[(String, CheckStatus, String)],
) {
    let language = findings.language;
    let one_server_works = checks
        .iter()
        .any(|(name, status, _)| matches!(Vital::in_name(name), Some((Vital::Smtp, _))) && *status == CheckStatus::Ok);
    for (name, status, message) in checks {
        let Some((kind, what)) = Vital::in_name(name) else { continue };
        if matches!(kind, Vital::Spf | Vital::Dmarc) && !is_ours(house, newsletter, what) {
            continue;
        }
        let message = said(language, message);
        let told = texts::checkup(language, name, &message);
        match status {
            // Mail goes round a server that is down.
            CheckStatus::Fail if kind == Vital::Smtp && one_server_works => findings.warning("checkup", told),
            CheckStatus::Fail => findings.error("checkup", told),
            // Where nothing leaves this machine, an unsigned mail and an address in clear are as they should be.
            CheckStatus::Warn if house.config.sends_nowhere() => findings.note("checkup", told),
            CheckStatus::Warn => findings.warning("checkup", told),
            CheckStatus::Unknown => findings.note("checkup", texts::part_not_checked(language, name, &message)),
            CheckStatus::Ok => {}
        }
    }
}

/// Whether this newsletter's mail names the domain: as its sender, or where bounces go. Another newsletter's domain may
/// be as broken as it likes.
fn is_ours(house: &House, newsletter: &NewsletterRow, domain: &str) -> bool {
    let sender = newsletter.from_address.rsplit_once('@').map_or("", |(_, domain)| domain);
    let bounces = house.config.bounce_address.as_ref().map(|address| address.domain());
    sender.eq_ignore_ascii_case(domain) || bounces.is_some_and(|bounces| bounces.eq_ignore_ascii_case(domain))
}
