//! What became of an edition's deliveries, counted for its report.

use super::{Access, StoreError, fetch_all, fetch_optional};
use crate::domain::delivery::DeliveryState;
use crate::domain::time::Timestamp;

/// How many messages were accepted in each span of `width` microseconds after `from`: the span's place and the number.
pub async fn accepted_over_time(
    on: &mut impl Access,
    edition_id: i64,
    from: Timestamp,
    width: i64,
) -> Result<Vec<(i64, i64)>, StoreError> {
    fetch_all!(
        on,
        (i64, i64),
        "select place, count(*) from (select (finished_at - $2) / $3 as place from deliveries where edition_id = $1 \
         and state = 'accepted' and finished_at is not null) as spans group by place order by place",
        edition_id,
        from,
        width,
    )
}

/// When the last message was accepted.
pub async fn last_accepted(on: &mut impl Access, edition_id: i64) -> Result<Option<Timestamp>, StoreError> {
    let found = fetch_optional!(
        on,
        (Option<Timestamp>,),
        "select max(finished_at) from deliveries where edition_id = $1 and state = 'accepted'",
        edition_id
    )?;
    Ok(found.and_then(|(moment,)| moment))
}

/// Why messages did not arrive at each domain: domain, state, reason, how many; the commonest first.
pub async fn reasons(
    on: &mut impl Access,
    edition_id: i64,
    limit: i64,
) -> Result<Vec<(String, DeliveryState, String, i64)>, StoreError> {
    fetch_all!(
        on,
        (String, DeliveryState, String, i64),
        "select domain, state, reason, count(*) as n from deliveries where edition_id = $1 \
         and state in ('rejected', 'expired', 'deferred', 'unknown') and reason is not null \
         group by domain, state, reason order by n desc, domain, state, reason limit $2",
        edition_id,
        limit,
    )
}
