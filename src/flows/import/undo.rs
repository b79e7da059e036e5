//! Taking an import back: what it began ends, and whom we knew by it alone is forgotten; what people did since stays.

use serde::Serialize;

use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentEvent, ConsentMeans};
use crate::domain::import::ImportState;
use crate::flows::erase::{nameless, tidy};
use crate::flows::{FlowError, House};
use crate::store::consent::NewConsent;
use crate::store::{audit, consent, imports, newsletters};

/// People of one transaction.
const CHUNK: i64 = 1_000;

/// What was taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Undone {
    pub batch: i64,
    pub subscriptions: u64,
    pub suppressions: u64,
}

/// Takes an import back. Who confirmed to us themselves since, or left, stays as they are, and so does whatever the
/// import ended. Doing it again, or after it broke off, goes on.
///
/// # Errors
/// [`FlowError::NotFound`] when there is no import with this number.
pub async fn undo(house: &House, id: i64, actor: &str) -> Result<Undone, FlowError> {
    let nothing = || FlowError::NotFound(format!("import {id}"));
    let batch = imports::by_id(&mut house.db.read().await?, id).await?.ok_or_else(nothing)?;
    if batch.state == ImportState::Waiting {
        return Err(nothing());
    }
    let mut undone = Undone { batch: id, ..Undone::default() };
    // Marked first: from now on nobody goes on with it.
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    if imports::set_undone(&mut tx, id, now).await? {
        audit::note(&mut tx, actor, "subscriber.import-undo", &format!("import {id}"), "", now).await?;
    }
    undone.suppressions = imports::lift_suppressions(&mut tx, id).await?;
    tx.commit().await?;
    let mut after = 0;
    loop {
        let mut tx = house.db.write().await?;
        let begun = imports::begun_by(&mut tx, &batch, after, CHUNK).await?;
        let Some(last) = begun.last() else {
            imports::forget_ahead(&mut tx, id).await?;
            tx.commit().await?;
            break;
        };
        after = last.id;
        let newsletter = newsletters::by_id(&mut tx, batch.newsletter_id).await?.ok_or_else(nothing)?;
        let mut bodies = Vec::with_capacity(begun.len());
        for one in &begun {
            // Of whom nothing else is known nothing stays: neither the list's word for it, nor that it was taken back.
            if imports::take_back(&mut tx, one).await? {
                consent::erase_bodies(&mut tx, &one.address_hash, i64::MAX).await?;
                bodies.push((
                    one,
                    nameless(house, newsletter.slug.clone(), ConsentMeans::Operator),
                    ConsentEvent::Erased,
                ));
                continue;
            }
            if let Ok(email) = EmailAddress::parse_any_role(&one.email) {
                let mut body = house.consent_body(&newsletter, &email, one.language, ConsentMeans::Operator);
                body.origin = Some(format!("import {id}"));
                bodies.push((one, body, ConsentEvent::ImportUndone));
            }
        }
        let records: Vec<NewConsent<'_>> = bodies
            .iter()
            .map(|(one, body, event)| NewConsent {
                newsletter_id: newsletter.id,
                subject: &one.address_hash,
                event: *event,
                body,
            })
            .collect();
        consent::append_many(&mut tx, &house.keys, &records, house.clock.now()).await?;
        tx.commit().await?;
        undone.subscriptions += begun.len() as u64;
    }
    tidy(house).await;
    Ok(undone)
}
