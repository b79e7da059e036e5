//! When a sending stops by itself and asks: an unusual share is refused, bounces or complains. And the first wave,
//! which shows it before the rest of the list is spent.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::fault::Faults;
use super::text_enum::text_enum;
use super::time::Timestamp;

/// Shares are thousandths.
const THOUSAND: i64 = 1000;

text_enum! {
    /// Why a sending stopped by itself.
    pub enum StopReason ("reason of a stop") {
        /// Mail servers refuse too many recipients.
        Refused = "refused",
        /// Too many come back.
        Bounced = "bounced",
        /// Too many are refused because of who we are.
        Policy = "policy",
        /// Too many readers call it spam.
        Complained = "complained",
    }
}

/// The limits of a newsletter. A share of 0 never stops anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Safety {
    /// Thousandths of the recipients so far whom mail servers refused for good.
    pub refused_per_mille: i64,
    /// Thousandths of those accepted so far that came back.
    pub bounced_per_mille: i64,
    /// Thousandths of the recipients so far refused as a matter of policy or reputation, at once or later.
    pub policy_per_mille: i64,
    /// Thousandths of those accepted so far that were called spam; Gmail warns at 1 and punishes at 3.
    pub complained_per_mille: i64,
    /// Hundredths of the audience that go first; 0 is all at once.
    pub first_wave_percent: i64,
    /// How long the rest waits for what comes back from the first wave, in minutes.
    pub first_wave_minutes: i64,
}

impl Default for Safety {
    fn default() -> Self {
        Self {
            refused_per_mille: 200,
            bounced_per_mille: 100,
            policy_per_mille: 10,
            complained_per_mille: 3,
            first_wave_percent: 0,
            first_wave_minutes: 60,
        }
    }
}

/// What somebody wants the limits to be; what is left out stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SafetyChange {
    /// Thousandths refused by mail servers at which the sending stops, 0 to 1000; 0 never stops.
    pub refused_per_mille: Option<i64>,
    /// Thousandths that come back at which it stops.
    pub bounced_per_mille: Option<i64>,
    /// Thousandths refused for reputation or policy at which it stops.
    pub policy_per_mille: Option<i64>,
    /// Thousandths of complaints at which it stops.
    pub complained_per_mille: Option<i64>,
    /// Hundredths of the audience that go first, 0 to 50; 0 is all at once.
    pub first_wave_percent: Option<i64>,
    /// Minutes that the rest waits after the first wave, 0 to 10080.
    pub first_wave_minutes: Option<i64>,
}

/// Every limit as it is: what was stored is checked like what is asked for.
impl From<Safety> for SafetyChange {
    fn from(safety: Safety) -> Self {
        Self {
            refused_per_mille: Some(safety.refused_per_mille),
            bounced_per_mille: Some(safety.bounced_per_mille),
            policy_per_mille: Some(safety.policy_per_mille),
            complained_per_mille: Some(safety.complained_per_mille),
            first_wave_percent: Some(safety.first_wave_percent),
            first_wave_minutes: Some(safety.first_wave_minutes),
        }
    }
}

/// How an edition fares so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub accepted: i64,
    pub refused: i64,
    pub bounced: i64,
    pub policy: i64,
    pub complained: i64,
}

/// A sending that must stop: why, and by which numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    pub reason: StopReason,
    pub count: i64,
    pub of: i64,
}

/// What may leave now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wave {
    /// Whatever waits.
    All,
    /// So many more, and the first wave is complete.
    First(i64),
    /// Nothing more; once nothing is in hand the pause begins.
    Complete,
    /// Nothing before this moment.
    Wait(Timestamp),
}

impl Safety {
    /// These limits with a change.
    pub fn changed(mut self, change: SafetyChange, faults: &mut Faults) -> Self {
        for (given, place, most) in [
            (change.refused_per_mille, &mut self.refused_per_mille, THOUSAND),
            (change.bounced_per_mille, &mut self.bounced_per_mille, THOUSAND),
            (change.policy_per_mille, &mut self.policy_per_mille, THOUSAND),
            (change.complained_per_mille, &mut self.complained_per_mille, THOUSAND),
            (change.first_wave_percent, &mut self.first_wave_percent, 50),
            (change.first_wave_minutes, &mut self.first_wave_minutes, 7 * 24 * 60),
        ] {
            match given {
                Some(number) if (0..=most).contains(&number) => *place = number,
                Some(_) => faults.add("safety", format!("each number goes from 0; this one to {most} at most")),
                None => {}
            }
        }
        self
    }

    /// Whether the sending must stop. What an editor has overruled for this edition stops it no more.
    ///
    /// A share alone says little about few: two of ten may be chance, so each has a number below which nothing stops.
    pub fn stop(&self, tally: &Tally, overruled: impl Fn(StopReason) -> bool) -> Option<Stop> {
        let tried = tally.accepted + tally.refused;
        let limits = [
            (StopReason::Complained, tally.complained, tally.accepted, self.complained_per_mille, 3),
            (StopReason::Policy, tally.policy, tried, self.policy_per_mille, 3),
            (StopReason::Refused, tally.refused, tried, self.refused_per_mille, 20),
            (StopReason::Bounced, tally.bounced, tally.accepted, self.bounced_per_mille, 20),
        ];
        limits.into_iter().find_map(|(reason, count, of, per_mille, least)| {
            let much = per_mille > 0 && count >= least && count * THOUSAND > per_mille * of;
            (much && !overruled(reason)).then_some(Stop { reason, count, of })
        })
    }

    /// How much of an edition may leave now: `waiting` of its `audience` have not been tried yet, `in_hand` are being
    /// tried, and the rest waits until `until`, once that is known.
    pub fn wave(&self, audience: i64, waiting: i64, in_hand: i64, until: Option<Timestamp>, now: Timestamp) -> Wave {
        if self.first_wave_percent == 0 {
            return Wave::All;
        }
        if let Some(until) = until {
            return if now < until { Wave::Wait(until) } else { Wave::All };
        }
        let size = (audience * self.first_wave_percent + 99) / 100;
        match size - (audience - waiting) {
            left @ 1.. => Wave::First(left),
            _ if in_hand > 0 => Wave::First(0),
            _ => Wave::Complete,
        }
    }

    /// How long the rest waits.
    pub fn pause(&self) -> Duration {
        Duration::from_secs(60 * u64::try_from(self.first_wave_minutes).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stop(tally: Tally) -> Option<StopReason> {
        Safety::default().stop(&tally, |_| false).map(|stop| stop.reason)
    }

    #[test]
    fn an_unusual_share_stops_and_a_usual_one_does_not() {
        let sent = Tally { accepted: 1000, ..Tally::default() };
        assert_eq!(stop(sent), None);
        assert_eq!(stop(Tally { complained: 3, ..sent }), None);
        assert_eq!(stop(Tally { complained: 4, ..sent }), Some(StopReason::Complained));
        assert_eq!(stop(Tally { bounced: 60, refused: 60, ..sent }), None);
        assert_eq!(stop(Tally { bounced: 101, ..sent }), Some(StopReason::Bounced));
        assert_eq!(stop(Tally { policy: 11, ..sent }), Some(StopReason::Policy));
        assert_eq!(stop(Tally { accepted: 5, refused: 20, ..Tally::default() }), Some(StopReason::Refused));
        assert_eq!(stop(Tally { accepted: 0, refused: 10, ..Tally::default() }), None, "too few to say");
    }

    #[test]
    fn a_first_wave_leaves_waits_and_lets_the_rest_go() {
        let safety = Safety { first_wave_percent: 2, first_wave_minutes: 30, ..Safety::default() };
        let now = Timestamp::from_seconds(1_800_000_000);
        assert_eq!(safety.wave(1000, 1000, 0, None, now), Wave::First(20));
        assert_eq!(safety.wave(1000, 985, 15, None, now), Wave::First(5));
        assert_eq!(safety.wave(1000, 980, 5, None, now), Wave::First(0));
        assert_eq!(safety.wave(1000, 980, 0, None, now), Wave::Complete);
        let until = now.plus(safety.pause());
        assert_eq!(safety.wave(1000, 980, 0, Some(until), now), Wave::Wait(until));
        assert_eq!(safety.wave(1000, 980, 0, Some(until), until), Wave::All);
        assert_eq!(safety.wave(3, 3, 0, None, now), Wave::First(1), "somebody is always first");
        assert_eq!(Safety::default().wave(1000, 1000, 0, None, now), Wave::All);
    }

    #[test]
    fn limits_out_of_range_are_refused_and_the_others_are_kept() {
        let mut faults = Faults::default();
        let change = SafetyChange { refused_per_mille: Some(1001), bounced_per_mille: Some(5), ..Default::default() };
        let changed = Safety::default().changed(change, &mut faults);
        assert_eq!((changed.refused_per_mille, changed.bounced_per_mille, faults.0.len()), (200, 5, 1));
    }

    proptest! {
        #[test]
        fn more_trouble_never_lets_a_stopped_sending_go_on(
            accepted in 0_i64..100_000, refused in 0_i64..1000, bounced in 0_i64..1000, complained in 0_i64..100, more in 0_i64..100,
        ) {
            let tally = Tally { accepted, refused, bounced, policy: 0, complained };
            if stop(tally).is_some() {
                let worse = Tally { bounced: bounced + more, complained: complained + more, ..tally };
                prop_assert!(stop(worse).is_some());
            }
        }

        #[test]
        fn nothing_stops_what_was_overruled_or_has_no_limit(accepted in 0_i64..100, trouble in 0_i64..10_000) {
            let tally = Tally { accepted, refused: trouble, bounced: trouble, policy: trouble, complained: trouble };
            prop_assert_eq!(Safety::default().stop(&tally, |_| true), None);
            let open = Safety {
                refused_per_mille: 0, bounced_per_mille: 0, policy_per_mille: 0, complained_per_mille: 0, ..Safety::default()
            };
            prop_assert_eq!(open.stop(&tally, |_| false), None);
        }

        #[test]
        fn a_wave_never_lets_more_leave_than_its_share(audience in 0_i64..1_000_000, gone in 0_i64..1_000_000, percent in 1_i64..=50) {
            let safety = Safety { first_wave_percent: percent, ..Safety::default() };
            let gone = gone.min(audience);
            if let Wave::First(more) = safety.wave(audience, audience - gone, 0, None, Timestamp::default()) {
                prop_assert!((gone + more) * 100 <= audience * percent + 99);
            }
        }
    }
}
