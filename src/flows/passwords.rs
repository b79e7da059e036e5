//! Passwords hashed and compared off the threads that serve, a few at a time: each costs 19 MiB and some milliseconds.

use tokio::sync::Semaphore;

use super::House;
use crate::domain::password::{self, NewPassword};

/// Hashes made at once, whatever the number of those who wait.
const AT_ONCE: usize = 2;

/// Who may hash now.
pub struct Hashing(Semaphore);

impl Default for Hashing {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

/// What is stored of a password.
pub async fn hash(house: &House, password: &NewPassword) -> String {
    let (password, salt) = (password.clone(), house.clock.random());
    apart(house, move || password.hash(&salt)).await
}

/// Whether the password is the one that was hashed. Without a hash it takes as long and says no.
pub async fn matches(house: &House, password: &str, hash: Option<&str>) -> bool {
    let known = hash.is_some();
    if password.chars().nth(password::LONGEST).is_some() {
        return false;
    }
    let (password, hash) = (password.to_owned(), hash.unwrap_or(password::OF_NOBODY).to_owned());
    apart(house, move || password::matches(&password, &hash)).await && known
}

async fn apart<T: Send + 'static>(house: &House, work: impl FnOnce() -> T + Send + 'static) -> T {
    let _seat = house.hashing.0.acquire().await.expect("nobody closes the seats");
    tokio::task::spawn_blocking(work).await.expect("hashing does not panic, and the pool outlives who waits for it")
}
