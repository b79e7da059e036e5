//! A test of the mail server: one mail to whoever presses the button, by the road that every other takes.

use std::time::Duration;

use super::{FlowError, House};
use crate::domain::letter::Letter;
use crate::store::newsletters::NewsletterRow;
use crate::store::outbox::{self, NewLetter};
use crate::store::users::UserRow;

/// Who waits for a test mail waits minutes, not days.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Owes the user a test mail, in the newsletter's name.
///
/// # Errors
/// When the database fails.
pub async fn owe(house: &House, newsletter: &NewsletterRow, user: &UserRow) -> Result<(), FlowError> {
    let now = house.clock.now();
    let letter = Letter::TryOut { language: user.language };
    let mut tx = house.db.write().await?;
    outbox::forget_kind(&mut tx, letter.kind(), &user.email).await?;
    let owed = NewLetter {
        uid: house.link(),
        newsletter_id: Some(newsletter.id),
        subscription_id: None,
        recipient: &user.email,
        letter: &letter,
        expires_at: now.plus(PATIENCE),
    };
    outbox::insert(&mut tx, &owed, now).await?;
    tx.commit().await?;
    house.wake.letters.notify_one();
    Ok(())
}

/// What the mail server last said to the user's test mail, while it has not taken it.
///
/// # Errors
/// When the database fails.
pub async fn refusal(house: &House, user: &UserRow) -> Result<Option<String>, FlowError> {
    let kind = Letter::TryOut { language: user.language }.kind();
    Ok(outbox::last_reply(&mut house.db.read().await?, kind, &user.email).await?)
}
