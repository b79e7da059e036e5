//! The schedule: when a draft is made, who looks at it, when it goes out.

use jiff::civil::DateTime;
use maud::{Markup, html};

use crate::domain::delivery::OnUnknown;
use crate::domain::edition::Approval;
use crate::domain::language::Language;
use crate::domain::texts::{dates, desk_settings as texts};
use crate::pages::admin::parts::{Field, FormFaults, Kind, checkbox, radio, table};

/// Rules that most newsletters use, as the form sends them in `preset`; any other stands in `assemble`.
const PRESETS: [&str; 3] =
    ["0 9 1 3,6,9,12 *", "first tuesday of march, june, september, december at 09:00", "0 9 1 2,6,10 *"];

/// The schedule, as stored or typed.
#[derive(Clone, Copy, Debug)]
pub struct Schedule<'a> {
    /// Five fields of cron, or a preset in words.
    pub rule: &'a str,
    pub zone: &'a str,
    pub review_days: &'a str,
    pub approval: Approval,
    pub min_articles: &'a str,
    pub max_per_year: &'a str,
    /// Addresses, separated by commas.
    pub notify: &'a str,
    pub on_unknown: OnUnknown,
    /// Whoever changed an edition last may not approve it.
    pub four_eyes: bool,
    /// A test mail after the last change is asked for before an edition is approved.
    pub test_required: bool,
    /// The coming moments: a draft is made, and it goes out at the earliest.
    pub coming: &'a [(DateTime, DateTime)],
}

/// The fields, with the moments that come of them.
pub(in crate::pages::admin) fn fields(language: Language, schedule: &Schedule<'_>, faults: FormFaults<'_>) -> Markup {
    let labels = [
        texts::schedule_quarter_first(language),
        texts::schedule_quarter_tuesday(language),
        texts::schedule_three(language),
    ];
    let preset = PRESETS.iter().position(|preset| *preset == schedule.rule);
    html! {
        fieldset {
            legend { (texts::schedule_rule(language)) }
            @for (place, label) in labels.iter().enumerate() {
                (radio("preset", &format!("preset-{place}"), PRESETS[place], preset == Some(place), label))
            }
            (radio("preset", "preset-own", "own", preset.is_none(), &texts::schedule_own(language)))
            // Five fields of cron are for few: whoever chose another rule need not see them.
            details open[preset.is_none() || faults.of("assemble").is_some()] {
                summary { (texts::schedule_cron(language)) }
                (Field::line("assemble", &texts::schedule_cron_fields(language), schedule.rule).render(language, faults))
            }
        }
        div.pair {
            (Field::line("timezone", &texts::schedule_zone(language), schedule.zone).render(language, faults))
            (number("review_days", &texts::schedule_review(language), schedule.review_days, None, language, faults))
        }
        fieldset {
            legend { (texts::schedule_approval(language)) }
            (radio("approval", "approval-required", "required", schedule.approval == Approval::Required,
                &texts::schedule_required(language)))
            (radio("approval", "approval-automatic", "automatic", schedule.approval == Approval::Automatic,
                &texts::schedule_automatic(language)))
        }
        (checkbox("four_eyes", schedule.four_eyes, &texts::schedule_four_eyes(language)))
        (checkbox("test_required", schedule.test_required, &texts::schedule_test_required(language)))
        (number("min_articles", &texts::schedule_min(language), schedule.min_articles,
            Some(&texts::schedule_min_hint(language)), language, faults))
        (number("max_per_year", &texts::schedule_max(language), schedule.max_per_year,
            Some(&texts::schedule_max_hint(language)), language, faults))
        (Field::line("notify", &texts::schedule_notify(language), schedule.notify)
            .hint(&texts::schedule_notify_hint(language)).optional().render(language, faults))
        fieldset {
            legend { (texts::schedule_unknown(language)) }
            (radio("on_unknown", "unknown-repeat", "repeat", schedule.on_unknown == OnUnknown::Repeat,
                &texts::schedule_unknown_repeat(language)))
            (radio("on_unknown", "unknown-leave", "leave", schedule.on_unknown == OnUnknown::Leave,
                &texts::schedule_unknown_leave(language)))
        }
        (coming(language, schedule.coming))
    }
}

fn number(
    name: &str,
    label: &str,
    value: &str,
    hint: Option<&str>,
    language: Language,
    faults: FormFaults<'_>,
) -> Markup {
    Field { name, label, hint, value, kind: Kind::Number, optional: false }.render(language, faults)
}

fn coming(language: Language, moments: &[(DateTime, DateTime)]) -> Markup {
    let columns = [texts::schedule_assemble(language), texts::schedule_send(language)];
    html! {
        @if !moments.is_empty() {
            h3 { (texts::schedule_coming(language)) }
            (table(
                &texts::schedule_coming(language),
                &columns,
                &html! {
                    @for (draft, sending) in moments {
                        tr {
                            td data-label=(columns[0]) { (dates::moment(language, *draft)) }
                            td data-label=(columns[1]) { (dates::moment(language, *sending)) }
                        }
                    }
                },
            ))
        }
    }
}
