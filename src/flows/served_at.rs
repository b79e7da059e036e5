//! Where this house is reached, as whoever serves it says: a command in another shell may believe something else.

use super::House;
use crate::store::{StoreError, meta};

/// Where the public URL of the last start is noted.
const FACT: &str = "served_at";

/// Notes the public URL of this process, which serves.
///
/// # Errors
/// When the database refuses.
pub async fn note(house: &House) -> Result<(), StoreError> {
    let url = house.config.public_url.to_string();
    let mut tx = house.db.write().await?;
    if meta::get(&mut tx, FACT).await?.is_some_and(|noted| noted == url) {
        return Ok(());
    }
    meta::set(&mut tx, FACT, &url).await?;
    tx.commit().await
}

/// The public URL of whoever serves, where it is not ours: what is approved here would not be what is sent there.
///
/// # Errors
/// When the database refuses.
pub async fn elsewhere(house: &House) -> Result<Option<String>, StoreError> {
    let noted = meta::get(&mut house.db.read().await?, FACT).await?;
    Ok(noted.filter(|noted| *noted != house.config.public_url.to_string()))
}
