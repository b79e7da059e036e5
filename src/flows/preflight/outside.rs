//! What only others can tell: whether mail will arrive, whether our own one-click link answers the world, and whether
//! links lead anywhere.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use url::Url;

use super::checkup::Checkup;
use super::links::of;
use super::{Findings, shortened};
use crate::content::fetch::{FetchError, Fetcher};
use crate::domain::edition_content::EditionContent;
use crate::domain::language::Language;
use crate::domain::texts::preflight as texts;
use crate::flows::{FlowError, House};
use crate::mail::sample::SAMPLE_TOKEN;

/// Pages asked at one time.
const AT_ONCE: usize = 8;
/// All of them together must not keep an editor waiting for longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was found.
#[derive(Debug)]
pub struct Outside {
    pub(super) checkup: Checkup,
    one_click: OneClick,
    dead: Vec<Dead>,
    /// Links that could not be asked, by the reason.
    unasked: BTreeMap<Why, usize>,
}

#[derive(Debug)]
enum OneClick {
    Works,
    /// Answered, and not with 200: mail programs would tell their users that leaving has failed.
    Broken(u16),
    NotChecked(Why),
}

#[derive(Debug)]
struct Dead {
    title: String,
    url: String,
    status: u16,
}

/// Why something was not checked.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    Offline,
    NoPublicUrl,
    /// In the words of who tried.
    Failed(String),
}

impl Why {
    fn in_words(&self, language: Language) -> String {
        match self {
            Self::Offline => texts::is_offline(language),
            Self::NoPublicUrl => texts::no_public_url(language),
            Self::Failed(reason) => reason.clone(),
        }
    }
}

impl Outside {
    /// Nothing was asked, and nobody needs to know: whoever approves in spite of errors has decided already.
    pub const fn not_asked() -> Self {
        Self { checkup: Checkup::Noted, one_click: OneClick::Works, dead: Vec::new(), unasked: BTreeMap::new() }
    }

    /// Lets the doctor look where nothing fresh is known, presses our own button, and looks at the links of `content`.
    ///
    /// # Errors
    /// When our own database does not answer.
    pub async fn ask(house: &House, content: Option<&EditionContent>) -> Result<Self, FlowError> {
        if house.catches_all_mail {
            return Ok(Self::not_asked());
        }
        if house.config.offline {
            let links = content.map_or(0, |content| links_of(content).len());
            let unasked = BTreeMap::from([(Why::Offline, links)]);
            return Ok(Self { one_click: OneClick::NotChecked(Why::Offline), unasked, ..Self::not_asked() });
        }
        let links = content.map(links_of).unwrap_or_default();
        let (checkup, one_click, answers) =
            tokio::join!(Checkup::ask(house), press(house), look_at(&house.fetcher, links));
        let mut outside = Self { checkup: checkup?, one_click, ..Self::not_asked() };
        for (url, title, answer) in answers {
            match answer {
                Ok(status @ (404 | 410 | 500..=599)) => outside.dead.push(Dead { title, url: url.into(), status }),
                Ok(_) => {}
                Err(error) => *outside.unasked.entry(Why::Failed(error.to_string())).or_default() += 1,
            }
        }
        Ok(outside)
    }

    pub(super) fn tell(&self, findings: &mut Findings) {
        let language = findings.language;
        match &self.one_click {
            OneClick::Works => {}
            OneClick::Broken(status) => findings.error("one-click", texts::one_click_broken(language, status)),
            OneClick::NotChecked(why) => {
                findings.note("one-click", texts::one_click_not_checked(language, why.in_words(language)));
            }
        }
        for Dead { title, url, status } in &self.dead {
            findings.warning("dead-link", texts::dead_link(language, shortened(title), url, status));
        }
        for (why, count) in self.unasked.iter().filter(|(_, count)| **count > 0) {
            findings.note("dead-link", texts::links_not_checked(language, count, why.in_words(language)));
        }
    }
}

/// Each page once, with the words that stand first for it.
fn links_of(content: &EditionContent) -> BTreeMap<Url, String> {
    let mut links = BTreeMap::new();
    for link in of(content) {
        // What does not parse is an error of its own.
        if let Ok(mut url) = Url::parse(&link.url) {
            url.set_fragment(None);
            links.entry(url).or_insert_with(|| link.title.to_owned());
        }
    }
    links
}

async fn press(house: &House) -> OneClick {
    if !house.config.has_public_url() {
        return OneClick::NotChecked(Why::NoPublicUrl);
    }
    let Ok(url) = Url::parse(&house.config.public_url.unsubscribe(SAMPLE_TOKEN)) else {
        return OneClick::NotChecked(Why::NoPublicUrl);
    };
    match house.fetcher.press_one_click(url).await {
        Ok(200) => OneClick::Works,
        Ok(status) => OneClick::Broken(status),
        Err(error) => OneClick::NotChecked(Why::Failed(error.to_string())),
    }
}

async fn look_at(fetcher: &Fetcher, links: BTreeMap<Url, String>) -> Vec<(Url, String, Result<u16, FetchError>)> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    stream::iter(links)
        .map(|(url, title)| async move {
            let asked = tokio::time::timeout_at(deadline, fetcher.status_of(url.clone())).await;
            (url, title, asked.unwrap_or(Err(FetchError::TimedOut)))
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}
