//! Passwords hashed and compared off the threads that serve, a few at a time: each costs 19 MiB and some milliseconds.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::House;
use crate::domain::password::{self, Memory, NewPassword};

/// Hashes made at once, whatever the number of those who wait.
const AT_ONCE: usize = 2;

/// Who may hash now, and the memory of each seat: taken once, so that ten thousand wrong passwords cost no more than two.
pub struct Hashing {
    seats: Arc<Semaphore>,
    memories: Arc<Mutex<Vec<Memory>>>,
}

impl Default for Hashing {
    fn default() -> Self {
        Self { seats: Arc::new(Semaphore::new(AT_ONCE)), memories: Arc::default() }
    }
}

/// What is stored of a password.
pub async fn hash(house: &House, password: &NewPassword) -> String {
    let (password, salt) = (password.clone(), house.clock.random());
    apart(&house.hashing, move |memory| password.hash(&salt, memory)).await
}

/// Whether the password is the one that was hashed. Without a hash it takes as long and says no.
pub async fn matches(house: &House, password: &str, hash: Option<&str>) -> bool {
    let known = hash.is_some();
    if password.len() > password::LONGEST {
        return false;
    }
    let (password, hash) = (password.to_owned(), hash.unwrap_or(password::OF_NOBODY).to_owned());
    apart(&house.hashing, move |memory| password::matches(&password, &hash, memory)).await && known
}

/// Works on a seat of its own. The seat goes along: who hangs up in the meantime does not make room for a third.
async fn apart<T: Send + 'static>(hashing: &Hashing, work: impl FnOnce(&mut Memory) -> T + Send + 'static) -> T {
    let seat = Arc::clone(&hashing.seats).acquire_owned().await.expect("nobody closes the seats");
    let memories = Arc::clone(&hashing.memories);
    let done = tokio::task::spawn_blocking(move || {
        let mut memory = memories.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let done = work(&mut memory);
        memories.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
        drop(seat);
        done
    });
    done.await.expect("hashing does not panic, and the pool outlives who waits for it")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn two_seats_serve_everybody_also_those_who_hang_up() {
        let (hashing, busy, most) = (Arc::new(Hashing::default()), Arc::<AtomicUsize>::default(), Arc::default());
        let guesses = (0..40).map(|number| {
            let (hashing, busy, most): (_, _, Arc<AtomicUsize>) = (hashing.clone(), busy.clone(), Arc::clone(&most));
            let guess = tokio::spawn(async move {
                apart(&hashing, move |_| {
                    most.fetch_max(busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(5));
                    busy.fetch_sub(1, Ordering::SeqCst);
                })
                .await;
            });
            (number, guess)
        });
        for (number, guess) in guesses.collect::<Vec<_>>() {
            tokio::time::sleep(Duration::from_millis(1)).await;
            if number % 3 == 0 {
                guess.abort();
            }
            let _ = guess.await;
        }
        let _both = hashing.seats.acquire_many(2).await.unwrap();
        assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
        assert_eq!(hashing.memories.lock().unwrap().len(), AT_ONCE, "each seat has its memory, and nobody else");
    }
}
