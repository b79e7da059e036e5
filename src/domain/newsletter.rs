//! A newsletter's settings: what is asked, what it defaults to, what is refused.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::address::EmailAddress;
use super::colour::Accent;
use super::delivery::OnUnknown;
use super::edition::Approval;
use super::fault::Faults;
use super::language::Language;
use super::look::{Logo, Look};
use super::safety::{Safety, SafetyChange};
use super::schedule::{self, AssembleRule};
use super::slug::Slug;

/// 09:00 on the first of March, June, September and December.
pub const DEFAULT_ASSEMBLE_RULE: &str = "0 9 1 3,6,9,12 *";
/// Where the newsletter's clock hangs unless said otherwise.
pub const DEFAULT_TIMEZONE: &str = "Europe/Amsterdam";
/// How many lost replies about one delivery are answered by a repeat: see docs/decisions/again-once-for-each-doubt.md.
pub const DEFAULT_REPEATS: i64 = 1;
/// Longest title, name or subject we take, in characters.
pub const MAX_LINE: usize = 300;

/// The block that recommends something of the organisation's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Promo {
    /// “Lees ons boek”.
    pub heading: String,
    pub title: String,
    #[serde(default)]
    pub text: String,
    /// Where its button leads; empty, or left out, for a block without one.
    #[serde(default)]
    pub url: String,
    /// What the button says.
    #[serde(default)]
    pub button: String,
}

/// A newsletter's settings, every one valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewsletterSettings {
    pub slug: Slug,
    pub title: String,
    pub description: String,
    pub language: Language,
    pub from_name: String,
    pub from_address: EmailAddress,
    pub reply_to: Option<EmailAddress>,
    pub organisation: String,
    pub postal_address: String,
    pub privacy_url: Option<String>,
    pub timezone: String,
    pub assemble_rule: String,
    pub review_days: i64,
    pub approval: Approval,
    pub max_per_year: i64,
    pub min_articles: i64,
    pub on_unknown: OnUnknown,
    /// Where uncertain mail is repeated: how often at most, each time after another lost reply.
    pub repeats: i64,
    pub promo: Option<Promo>,
    /// Addresses that get notices, separated by commas.
    pub notify: String,
    /// Whether search engines may list the archive.
    pub archive_indexed: bool,
    /// Whoever changed an edition last may not approve it.
    pub four_eyes: bool,
    /// When its sending stops by itself.
    pub safety: Safety,
    pub look: Look,
    /// Whether an edition must have been sent as a test after its last change before it is approved.
    pub test_required: bool,
    /// After how many months of silence readers are asked whether they stay; 0 is never.
    pub reconfirm_after_months: i64,
}

/// What somebody wants a newsletter to be: every field may be left out. An empty text clears what may be empty.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewsletterChange {
    pub slug: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub language: Option<String>,
    /// `Name <address>`.
    pub from: Option<String>,
    pub reply_to: Option<String>,
    pub organisation: Option<String>,
    pub postal_address: Option<String>,
    pub privacy_url: Option<String>,
    pub timezone: Option<String>,
    pub assemble: Option<String>,
    pub review_days: Option<i64>,
    pub approval: Option<String>,
    pub max_per_year: Option<i64>,
    pub min_articles: Option<i64>,
    pub on_unknown: Option<String>,
    pub repeats: Option<i64>,
    /// `null` takes it away.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Promo>)]
    pub promo: Option<Option<Promo>>,
    pub notify: Option<String>,
    pub archive_indexed: Option<bool>,
    /// Whoever changed an edition last may not approve it.
    pub four_eyes: Option<bool>,
    pub safety: Option<SafetyChange>,
    /// A picture above the title; `null` takes it away.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Logo>)]
    pub logo: Option<Option<Logo>>,
    /// The colour of links and buttons, such as `#0b5c8a`; one that cannot be read on white is refused with the nearest that can.
    pub accent: Option<String>,
    /// Whether an edition must have been sent as a test after its last change before it is approved.
    pub test_required: Option<bool>,
    /// After how many months without an edition readers can be asked whether they stay: 6 to 120, or 0 for never.
    pub reconfirm_after_months: Option<i64>,
}

/// What is there was given, even when it is `null`.
fn given<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl NewsletterSettings {
    /// The settings of a new newsletter.
    ///
    /// # Errors
    /// Every fault at once; `slug`, `title` and `from` must be there.
    pub fn create(change: NewsletterChange) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        for (field, given) in [("slug", &change.slug), ("title", &change.title), ("from", &change.from)] {
            if given.is_none() {
                faults.add(field, "is needed");
            }
        }
        let slug = change.slug.as_deref().and_then(|slug| faults.keep("slug", slug.parse::<Slug>()));
        let sender = change.from.as_deref().and_then(|from| faults.keep("from", parse_mailbox(from)));
        let (Some(slug), Some((from_name, from_address)), Some(title)) = (slug, sender, change.title.clone()) else {
            // The other faults are worth telling too, so they are looked for on a stand-in.
            let stand_in = Self::stand_in();
            if let Err(more) = stand_in.changed(NewsletterChange { slug: None, from: None, ..change }) {
                faults.0.extend(more.0);
            }
            return Err(faults);
        };
        let start = Self { slug, title, from_name, from_address, ..Self::stand_in() };
        start.changed(NewsletterChange { slug: None, from: None, ..change })
    }

    fn stand_in() -> Self {
        Self {
            slug: "nieuwsbrief".parse().expect("a plain word is a slug"),
            title: String::new(),
            description: String::new(),
            language: Language::Nl,
            from_name: String::new(),
            from_address: EmailAddress::parse("news@example.org").expect("a plain address is one"),
            reply_to: None,
            organisation: String::new(),
            postal_address: String::new(),
            privacy_url: None,
            timezone: DEFAULT_TIMEZONE.to_owned(),
            assemble_rule: DEFAULT_ASSEMBLE_RULE.to_owned(),
            review_days: 7,
            approval: Approval::Required,
            max_per_year: 4,
            min_articles: 1,
            on_unknown: OnUnknown::Repeat,
            repeats: DEFAULT_REPEATS,
            promo: None,
            notify: String::new(),
            archive_indexed: false,
            four_eyes: false,
            safety: Safety::default(),
            look: Look::default(),
            test_required: false,
            reconfirm_after_months: 0,
        }
    }

    /// These settings with a change. The slug stays: it is in links of mails already sent.
    ///
    /// # Errors
    /// Every fault at once; then nothing changes.
    pub fn changed(mut self, change: NewsletterChange) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        if change.slug.is_some_and(|slug| slug != self.slug.as_str()) {
            faults.add("slug", "cannot change: it is part of links in mails already sent");
        }
        if let Some(title) = change.title {
            match one_line(&title) {
                Some(title) if !title.is_empty() => self.title = title,
                _ => faults.add("title", "must be one line of 1 to 300 characters"),
            }
        }
        for (field, given, place) in [
            ("organisation", change.organisation, &mut self.organisation),
            ("postal_address", change.postal_address, &mut self.postal_address),
            ("description", change.description, &mut self.description),
        ] {
            match given.as_deref().map(one_line) {
                Some(Some(text)) => *place = text,
                Some(None) => faults.add(field, "must be one line of at most 300 characters"),
                None => {}
            }
        }
        if let Some(language) = change.language {
            self.language = faults.keep("language", language.parse()).unwrap_or(self.language);
        }
        if let Some((name, address)) = change.from.and_then(|from| faults.keep("from", parse_mailbox(&from))) {
            (self.from_name, self.from_address) = (name, address);
        }
        if let Some(reply_to) = change.reply_to {
            self.reply_to = if reply_to.trim().is_empty() {
                None
            } else {
                faults.keep("reply_to", EmailAddress::parse_any_role(&reply_to))
            };
        }
        if let Some(privacy_url) = change.privacy_url {
            self.privacy_url = if privacy_url.trim().is_empty() {
                None
            } else {
                faults.keep("privacy_url", web_address(&privacy_url))
            };
        }
        if let Some(timezone) = change.timezone
            && faults.keep("timezone", schedule::zone(&timezone)).is_some()
        {
            self.timezone = timezone;
        }
        if let Some(rule) = change.assemble.and_then(|rule| faults.keep("assemble", AssembleRule::parse(&rule))) {
            self.assemble_rule = rule.as_str().to_owned();
        }
        for (field, given, place, range) in [
            ("review_days", change.review_days, &mut self.review_days, 0..=90),
            ("max_per_year", change.max_per_year, &mut self.max_per_year, 1..=366),
            ("min_articles", change.min_articles, &mut self.min_articles, 0..=1000),
            ("repeats", change.repeats, &mut self.repeats, 1..=9),
        ] {
            match given {
                Some(number) if range.contains(&number) => *place = number,
                Some(_) => faults.add(field, format!("must be a number from {} to {}", range.start(), range.end())),
                None => {}
            }
        }
        if let Some(approval) = change.approval {
            self.approval = faults.keep("approval", approval.parse()).unwrap_or(self.approval);
        }
        if let Some(on_unknown) = change.on_unknown {
            self.on_unknown = faults.keep("on_unknown", on_unknown.parse()).unwrap_or(self.on_unknown);
        }
        if let Some(promo) = change.promo {
            if let Some(promo) = &promo {
                faults.keep("promo", web_address_or_none(&promo.url));
                if promo.title.trim().is_empty() || promo.heading.trim().is_empty() {
                    faults.add("promo", "needs a heading and a title");
                }
            }
            self.promo = promo;
        }
        if let Some(notify) = change.notify {
            let addresses = notify.split(',').map(str::trim).filter(|address| !address.is_empty());
            let parsed: Result<Vec<_>, _> = addresses.map(EmailAddress::parse_any_role).collect();
            if let Some(addresses) = faults.keep("notify", parsed) {
                self.notify = addresses.iter().map(EmailAddress::as_str).collect::<Vec<_>>().join(",");
            }
        }
        if let Some(indexed) = change.archive_indexed {
            self.archive_indexed = indexed;
        }
        if let Some(four_eyes) = change.four_eyes {
            self.four_eyes = four_eyes;
        }
        if let Some(safety) = change.safety {
            self.safety = self.safety.changed(safety, &mut faults);
        }
        match change.logo.map(|logo| logo.map(Logo::checked).transpose()) {
            Some(Ok(logo)) => self.look.logo = logo,
            Some(Err(fault)) => faults.0.extend(fault.0),
            None => {}
        }
        if let Some(accent) = change.accent {
            self.look.accent = match accent.trim() {
                "" => None,
                accent => faults.keep("accent", accent.parse::<Accent>()),
            };
        }
        if let Some(required) = change.test_required {
            self.test_required = required;
        }
        match change.reconfirm_after_months {
            Some(months) if months == 0 || (6..=120).contains(&months) => self.reconfirm_after_months = months,
            Some(_) => faults.add("reconfirm_after_months", "must be a number from 6 to 120, or 0 for never"),
            None => {}
        }
        faults.check().map(|()| self)
    }

    /// The time zone of all its moments.
    pub fn zone(&self) -> TimeZone {
        schedule::zone(&self.timezone).unwrap_or(TimeZone::UTC)
    }
}

/// How often is promised, in words that can stand in a sentence: “3 tot 4 keer per jaar”.
pub fn promise(max_per_year: i64, language: Language) -> String {
    match (language, max_per_year) {
        (Language::Nl, 1) => "1 keer per jaar".to_owned(),
        (Language::En, 1) => "once a year".to_owned(),
        (Language::Nl, 2) => "hoogstens 2 keer per jaar".to_owned(),
        (Language::En, 2) => "at most twice a year".to_owned(),
        (Language::Nl, most @ 3..=12) => format!("{} tot {most} keer per jaar", most - 1),
        (Language::En, most @ 3..=12) => format!("{} to {most} times a year", most - 1),
        (Language::Nl, most) => format!("hoogstens {most} keer per jaar"),
        (Language::En, most) => format!("at most {most} times a year"),
    }
}

/// `Name <address>`, `"Name" <address>` or an address alone, which is then its own name.
///
/// # Errors
/// A sentence with an example.
pub fn parse_mailbox(text: &str) -> Result<(String, EmailAddress), String> {
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"').trim(), address),
        None => ("", text),
    };
    let address =
        EmailAddress::parse_any_role(address).map_err(|error| format!("{error}; write “Name <news@example.org>”"))?;
    let name = one_line(name).ok_or("the name must be one line of at most 300 characters")?;
    Ok((if name.is_empty() { address.as_str().to_owned() } else { name }, address))
}

/// Trims a text that must be one line; `None` when it is not.
pub fn one_line(text: &str) -> Option<String> {
    let text = text.trim();
    (text.chars().count() <= MAX_LINE && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// An absolute http or https address as it will stand in a mail.
///
/// # Errors
/// A sentence with an example.
pub fn web_address(text: &str) -> Result<String, &'static str> {
    let fault = "must be a web address like https://www.example.org/page";
    let url = url::Url::parse(text.trim()).map_err(|_| fault)?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || url.as_str().len() > 2000 {
        return Err(fault);
    }
    Ok(url.into())
}

/// The same where there need be none: nothing typed is nothing.
///
/// # Errors
/// As [`web_address`].
pub fn web_address_or_none(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Ok(String::new()) } else { web_address(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(slug: &str, title: &str, from: &str) -> NewsletterChange {
        NewsletterChange {
            slug: Some(slug.into()),
            title: Some(title.into()),
            from: Some(from.into()),
            ..Default::default()
        }
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let bad = NewsletterChange {
            assemble: Some("daily".into()),
            timezone: Some("Mars/Olympus".into()),
            max_per_year: Some(0),
            privacy_url: Some("javascript:alert(1)".into()),
            ..change("No Slug", "", "nobody")
        };
        let faults = NewsletterSettings::create(bad).unwrap_err();
        let fields: Vec<_> = faults.0.iter().map(|fault| fault.field).collect();
        assert_eq!(fields, ["slug", "from", "title", "privacy_url", "timezone", "assemble", "max_per_year"]);
    }

    #[test]
    fn a_sender_is_read_as_people_write_it() {
        let settings =
            NewsletterSettings::create(change("ibp", "Nieuwsbrief", "\"IB&P\" <nieuws@example.nl>")).unwrap();
        assert_eq!((settings.from_name.as_str(), settings.from_address.as_str()), ("IB&P", "nieuws@example.nl"));
        assert!(parse_mailbox("A\r\nBcc: x@y.nl <a@example.nl>").is_err());
    }

    #[test]
    fn the_slug_stays_what_it_is() {
        let settings = NewsletterSettings::create(change("ibp", "Nieuwsbrief", "nieuws@example.nl")).unwrap();
        assert!(
            settings.clone().changed(NewsletterChange { slug: Some("other".into()), ..Default::default() }).is_err()
        );
        assert!(settings.changed(NewsletterChange { slug: Some("ibp".into()), ..Default::default() }).is_ok());
    }
}
