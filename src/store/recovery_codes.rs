//! Codes for the day a user's telephone is gone, known by their hashes.

use super::{StoreError, Tx, execute};

/// Puts these in the place of all there were.
pub async fn replace(tx: &mut Tx, user_id: i64, hashes: &[Vec<u8>]) -> Result<(), StoreError> {
    execute!(tx, "delete from recovery_codes where user_id = $1", user_id)?;
    for hash in hashes {
        execute!(tx, "insert into recovery_codes (user_id, hash) values ($1, $2)", user_id, hash.as_slice())?;
    }
    Ok(())
}

/// Takes one away; says whether it was there.
pub async fn take(tx: &mut Tx, user_id: i64, hash: &[u8]) -> Result<bool, StoreError> {
    Ok(execute!(tx, "delete from recovery_codes where user_id = $1 and hash = $2", user_id, hash)? == 1)
}
