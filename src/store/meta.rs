//! A few facts about the installation itself.

use super::{Access, StoreError, Tx, execute, fetch_optional};

/// The value of a fact.
pub async fn get(on: &mut impl Access, key: &str) -> Result<Option<String>, StoreError> {
    Ok(fetch_optional!(on, (String,), "select value from meta where key = $1", key)?.map(|(value,)| value))
}

/// Notes a fact unless it is known; gives the one that holds.
pub async fn settle(tx: &mut Tx, key: &str, value: &str) -> Result<String, StoreError> {
    execute!(tx, "insert into meta (key, value) values ($1, $2) on conflict (key) do nothing", key, value)?;
    Ok(get(tx, key).await?.unwrap_or_else(|| value.to_owned()))
}

/// Notes a fact, whatever it was before.
pub async fn set(tx: &mut Tx, key: &str, value: &str) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into meta (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value",
        key,
        value
    )?;
    Ok(())
}

/// Changes a fact from what it was known to be; `false` when somebody else has changed it meanwhile.
pub async fn swap(tx: &mut Tx, key: &str, from: &str, to: &str) -> Result<bool, StoreError> {
    Ok(execute!(tx, "update meta set value = $3 where key = $1 and value = $2", key, from, to)? == 1)
}
