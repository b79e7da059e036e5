//! Past editions, as everybody may read them.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::{Shown, day, language_asked, ok};
use crate::domain::edition::SectionStyle;
use crate::domain::edition_content::EditionContent;
use crate::domain::language::Language;
use crate::domain::time::Timestamp;
use crate::flows::edition_content::Contents;
use crate::pages::archive::{Edition, Item, Line, Promo, Section};
use crate::pages::clean_html::CleanHtml;
use crate::pages::feed::{Entry, atom};
use crate::pages::{archive, prose};
use crate::store::editions::{self, EditionRow};
use crate::store::newsletters::NewsletterRow;
use crate::web::Web;
use crate::web::problem::Problem;

/// Three or four a year: this many are a long life.
const MOST: i64 = 500;
/// Entries in the feed.
const IN_FEED: i64 = 20;

pub async fn list(web: Data<Web>, request: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let asked = language_asked(&request);
    let shown = Shown::by_slug(&web.house, &slug, asked).await?;
    let rows = editions::archived(&mut web.house.db.read().await?, shown.newsletter.id, MOST).await?;
    let lines: Vec<Line<'_>> = rows.iter().filter_map(|row| line(&shown.newsletter, row)).collect();
    Ok(ok(archive::list(&shown.view(), asked.unwrap_or(shown.newsletter.language), &lines)))
}

pub async fn edition(
    web: Data<Web>,
    request: HttpRequest,
    place: Path<(String, i64)>,
) -> Result<HttpResponse, Problem> {
    let (slug, number) = place.into_inner();
    let asked = language_asked(&request);
    let shown = Shown::by_slug(&web.house, &slug, asked).await?;
    let missing = || Problem::NotFound(format!("edition {number} in the archive"));
    let row = editions::by_number(&mut web.house.db.read().await?, shown.newsletter.id, number).await?;
    let row = row.filter(|row| row.started_at.is_some()).ok_or_else(missing)?;
    if row.withdrawn {
        return Err(Problem::Withdrawn);
    }
    let past = Past::of(row, shown.newsletter.language).ok_or_else(missing)?;
    let items = past.items();
    let sections = past.sections(&items);
    let language = asked.unwrap_or(shown.newsletter.language);
    Ok(ok(archive::edition(&shown.view(), language, &past.edition(&shown.newsletter, &sections))))
}

pub async fn feed(web: Data<Web>, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let shown = Shown::by_slug(&web.house, &slug, None).await?;
    let rows = editions::archived(&mut web.house.db.read().await?, shown.newsletter.id, IN_FEED).await?;
    let past: Vec<Past> = rows.into_iter().filter_map(|row| Past::of(row, shown.newsletter.language)).collect();
    let items: Vec<_> = past.iter().map(Past::items).collect();
    let sections: Vec<_> = past.iter().zip(&items).map(|(past, items)| past.sections(items)).collect();
    let entries = past.iter().zip(&sections).map(|(past, sections)| Entry {
        edition: past.edition(&shown.newsletter, sections),
        sent_at: past.sent_at,
        preheader: &past.content.preheader,
    });
    let entries: Vec<Entry<'_>> = entries.collect();
    let base = web.house.config.public_url.as_str();
    let xml = atom(&shown.view(), base, shown.newsletter.created_at, &entries);
    Ok(HttpResponse::Ok().content_type("application/atom+xml; charset=utf-8").body(xml))
}

/// An edition that went out, as it was approved.
struct Past {
    number: u32,
    sent_at: Timestamp,
    content: EditionContent,
    intro: String,
    promo: String,
}

impl Past {
    /// `None` for one that was never approved or whose content cannot be read.
    fn of(row: EditionRow, language: Language) -> Option<Self> {
        let mut contents: Contents = serde_json::from_str(row.content.as_deref()?).ok()?;
        let place = contents.iter().position(|content| content.language == language).unwrap_or(0);
        let content = (place < contents.len()).then(|| contents.swap_remove(place))?;
        Some(Self {
            number: u32::try_from(row.number).ok()?,
            sent_at: row.started_at?,
            intro: prose::html(&content.intro),
            promo: content.promo.as_ref().map(|promo| prose::html(&promo.text)).unwrap_or_default(),
            content,
        })
    }

    fn items(&self) -> Vec<Vec<Item<'_>>> {
        self.content
            .sections
            .iter()
            .map(|section| {
                let told = section.style == SectionStyle::Excerpts;
                let items = section.items.iter().map(|item| Item {
                    title: &item.title,
                    url: &item.url,
                    summary: told.then_some(item.summary.as_str()),
                    source_url: item.source_url.as_deref(),
                });
                items.collect()
            })
            .collect()
    }

    fn sections<'a>(&'a self, items: &'a [Vec<Item<'a>>]) -> Vec<Section<'a>> {
        let sections = self.content.sections.iter().zip(items);
        sections.map(|(section, items)| Section { title: &section.title, items }).collect()
    }

    fn edition<'a>(&'a self, newsletter: &NewsletterRow, sections: &'a [Section<'a>]) -> Edition<'a> {
        Edition {
            number: self.number,
            subject: &self.content.subject,
            sent_on: day(newsletter, self.sent_at),
            intro: CleanHtml::vouched(&self.intro),
            sections,
            promo: self.content.promo.as_ref().map(|promo| Promo {
                heading: &promo.heading,
                title: &promo.title,
                body: CleanHtml::vouched(&self.promo),
                link: (!promo.url.is_empty()).then_some((promo.url.as_str(), promo.button.as_str())),
            }),
            indexed: newsletter.archive_indexed,
        }
    }
}

fn line<'a>(newsletter: &NewsletterRow, row: &'a EditionRow) -> Option<Line<'a>> {
    Some(Line {
        number: u32::try_from(row.number).ok()?,
        subject: &row.subject,
        sent_on: day(newsletter, row.started_at?),
    })
}
