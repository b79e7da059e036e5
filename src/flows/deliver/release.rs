//! Giving back what somebody had claimed and will not send any more.

use crate::flows::House;
use crate::store::{Durability, StoreError, deliveries, editions, outbox, workers};

/// Gives back all that `owner` has in hand: nothing is left to guess at the next start.
pub async fn everything(house: &House, owner: &str) -> Result<(), StoreError> {
    let editions = editions::with_claims(&mut house.db.read().await?).await?;
    for edition in editions {
        claims(house, edition, owner, false).await?;
    }
    letters(house, owner).await?;
    worker(house, owner).await
}

/// Says that this one does not send any more.
pub async fn worker(house: &House, owner: &str) -> Result<(), StoreError> {
    let mut tx = house.db.write_with(Durability::Process).await?;
    workers::forget(&mut tx, owner).await?;
    tx.commit().await
}

/// Gives back an edition's deliveries; with `in_doubt` even what was only claimed is uncertain.
pub async fn claims(house: &House, edition: i64, owner: &str, in_doubt: bool) -> Result<(), StoreError> {
    let mut tx = house.db.write().await?;
    let rows = deliveries::release_owner(&mut tx, edition, owner, in_doubt, house.clock.now()).await?;
    tx.commit().await?;
    if rows > 0 {
        tracing::info!(edition, rows, "what a sender had in hand was taken back");
    }
    Ok(())
}

/// Gives back letters.
pub async fn letters(house: &House, owner: &str) -> Result<(), StoreError> {
    let mut tx = house.db.write().await?;
    outbox::release_owner(&mut tx, owner, house.clock.now()).await?;
    tx.commit().await
}
