//! Test mails of editions: when, by whom, to whom, and what they said.

use super::{Access, StoreError, Tx, execute, fetch_all, fetch_optional, row};
use crate::domain::time::Timestamp;

row! {
    /// One sending of test mails.
    #[derive(Clone, Debug)]
    pub struct EditionTestRow {
        pub edition_id: i64,
        pub at: Timestamp,
        pub actor: String,
        /// Addresses, separated by commas; without those that were forgotten.
        pub recipients: String,
        /// JSON of the content model.
        pub content: String,
        /// The hash of all that would have been sent.
        pub content_hash: String,
    }
}

/// Keeps what was tested.
pub async fn insert(tx: &mut Tx, test: &EditionTestRow) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into edition_tests (edition_id, at, actor, recipients, content, content_hash) values ($1, $2, $3, $4, $5, $6)",
        test.edition_id,
        test.at,
        test.actor.as_str(),
        test.recipients.as_str(),
        test.content.as_str(),
        test.content_hash.as_str(),
    )?;
    Ok(())
}

/// The tests of an edition, the last one first.
pub async fn of_edition(on: &mut impl Access, edition_id: i64) -> Result<Vec<EditionTestRow>, StoreError> {
    fetch_all!(
        on,
        EditionTestRow,
        "select edition_id, at, actor, recipients, content, content_hash from edition_tests where edition_id = $1 \
         order by id desc limit 100",
        edition_id
    )
}

/// To whom a newsletter's last test went.
pub async fn last_recipients(on: &mut impl Access, newsletter_id: i64) -> Result<Option<String>, StoreError> {
    let found = fetch_optional!(
        on,
        (String,),
        "select t.recipients from edition_tests t join editions e on e.id = t.edition_id where e.newsletter_id = $1 \
         order by t.id desc limit 1",
        newsletter_id
    )?;
    Ok(found.map(|(recipients,)| recipients))
}

/// Forgets to whom tests went that were made before `before`; that they were made stays.
pub async fn forget_recipients(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, "update edition_tests set recipients = '' where at < $1 and recipients <> ''", before)
}
