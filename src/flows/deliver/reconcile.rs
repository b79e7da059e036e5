//! Comparing what the ledger says this process holds with what it knows itself, after a fault of the database: nothing
//! hangs for ever, nothing is sent again without being called uncertain.

use std::collections::HashMap;

use super::ledger::Ledger;
use super::memory::{Knowledge, Memory};
use crate::domain::delivery::DeliveryState;
use crate::flows::House;
use crate::store::deliveries::Settled;
use crate::store::own_claims::{self, HeldRow};
use crate::store::{StoreError, editions};

/// Results that are noted together.
const TOGETHER: usize = 200;

/// Notes again what is known to have ended, gives back what was never begun, and calls the rest uncertain.
///
/// # Errors
/// When the database cannot say what we hold.
pub async fn own_claims(house: &House, owner: &str, memory: &Memory, ledger: &Ledger) -> Result<(), StoreError> {
    let looked = |row: HeldRow| {
        let knowledge = memory.of(row.edition_id, row.seq, row.claim);
        (!matches!(knowledge, Knowledge::Held)).then_some(((row.edition_id, row.seq, row.claim), knowledge))
    };
    let mut amiss: HashMap<_, _> = held(house, owner).await?.into_iter().filter_map(looked).collect();
    if amiss.is_empty() {
        return Ok(());
    }
    // A second look: what was noted while we looked is in order.
    let now = house.clock.now().as_micros();
    let (mut again, mut back, mut uncertain) = (0, 0, 0);
    let mut settled = Vec::new();
    for row in held(house, owner).await? {
        let Some(knowledge) = amiss.remove(&(row.edition_id, row.seq, row.claim)) else { continue };
        let mut entry = Settled {
            edition_id: row.edition_id,
            seq: row.seq,
            claim: row.claim,
            state: DeliveryState::Queued,
            attempts: row.attempts,
            next_at: now,
            code: None,
            status: None,
            reply: None,
            reason: None,
        };
        match knowledge {
            Knowledge::Held => continue,
            Knowledge::Ended(known) => {
                again += 1;
                entry = known;
            }
            Knowledge::Untouched => back += 1,
            Knowledge::Nothing => {
                uncertain += 1;
                (entry.state, entry.reason) = (DeliveryState::Unknown, Some("interrupted".to_owned()));
            }
        }
        settled.push(entry);
    }
    if settled.is_empty() {
        return Ok(());
    }
    tracing::warn!(
        again,
        back,
        uncertain,
        "the database had lost its last commits: what is known was noted again, the rest was given back or is uncertain"
    );
    for some in settled.chunks(TOGETHER) {
        ledger.note(some.to_vec(), None).await;
    }
    Ok(())
}

/// All that the ledger says we hold.
async fn held(house: &House, owner: &str) -> Result<Vec<HeldRow>, StoreError> {
    let mut reader = house.db.read().await?;
    let mut held = Vec::new();
    for edition in editions::with_claims(&mut reader).await? {
        held.extend(own_claims::of_edition(&mut reader, edition, owner).await?);
    }
    Ok(held)
}
