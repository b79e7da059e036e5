//! What editors are told by mail: owed like any letter, in the transaction of what happened.

use std::time::Duration;

use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::letter::Letter;
use crate::domain::notice::Notice;
use crate::store::editions::EditionRow;
use crate::store::newsletters::NewsletterRow;
use crate::store::outbox::{self, NewLetter};
use crate::store::{Tx, newsletters};

/// A notice that is a week late helps nobody.
const PATIENCE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Tells everybody who looks after a newsletter.
///
/// # Errors
/// When the database refuses.
pub async fn tell(house: &House, tx: &mut Tx, newsletter: &NewsletterRow, notice: &Notice) -> Result<(), FlowError> {
    let now = house.clock.now();
    let language = newsletter.language;
    let letter = Letter::Notice { language, subject: notice.subject(language), text: notice.text(language) };
    for address in newsletter.notify.split(',').filter_map(|address| EmailAddress::parse_any_role(address).ok()) {
        let owed = NewLetter {
            uid: house.link(),
            newsletter_id: Some(newsletter.id),
            subscription_id: None,
            recipient: address.as_str(),
            letter: &letter,
            expires_at: now.plus(PATIENCE),
        };
        outbox::insert(tx, &owed, now).await?;
    }
    Ok(())
}

/// “Newsletter 3 is sent.”
///
/// # Errors
/// When the database refuses.
pub async fn edition_sent(house: &House, tx: &mut Tx, edition: &EditionRow) -> Result<(), FlowError> {
    let Some(newsletter) = newsletters::by_id(tx, edition.newsletter_id).await? else { return Ok(()) };
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let notice = Notice::Sent {
        edition: edition.number.to_string(),
        accepted: count(edition.accepted),
        total: count(edition.audience),
        rejected: count(edition.rejected),
        unknown: count(edition.unknown),
        url: edition_page(house, edition.id),
    };
    tell(house, tx, &newsletter, &notice).await
}

/// The edition's page in the desk.
pub fn edition_page(house: &House, edition_id: i64) -> String {
    format!("{}/admin/editions/{edition_id}", house.config.public_url)
}
