//! What this process knows of its own claims, for the case that the database has forgotten: a server that crashes loses the
//! last commits that it had not waited for, and a commit whose answer was lost may have happened or not.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::store::deliveries::Settled;

/// For so long after a fault the ledger is compared with what is known: what the server had begun may end until then.
const WARY: Duration = Duration::from_secs(30);

/// Shared by the manager, who claims, and the committer, who notes results. Cheap to clone.
#[derive(Clone)]
pub struct Memory {
    inner: Arc<Mutex<Inner>>,
    /// Whether the database can lose results that it has called stored, and live on.
    forgets: bool,
}

#[derive(Default)]
struct Inner {
    known: HashMap<(i64, i64), Known>,
    /// Claims of which nobody knows whether they were stored; nothing of them was begun.
    unanswered: HashSet<i64>,
    /// Counts the commits of results.
    commits: u64,
    doubted: Option<Instant>,
}

enum Known {
    /// Waits here or is in a courier's hand, under this claim.
    Held(i64),
    /// Its result was stored by this commit, which may still be lost.
    Noted(Settled, u64),
}

/// What is known of a claimed delivery.
#[derive(Debug)]
pub enum Knowledge {
    /// It is being looked after.
    Held,
    /// This became of it.
    Ended(Settled),
    /// It was never begun.
    Untouched,
    /// Nothing is known.
    Nothing,
}

impl Memory {
    /// `forgets` where the database may lose what it has called stored while we live on.
    pub fn new(forgets: bool) -> Self {
        Self { inner: Arc::default(), forgets }
    }

    /// A claim is about to be stored.
    pub fn claims(&self, claim: i64) {
        self.lock().unanswered.insert(claim);
    }

    /// A claim was stored, of these deliveries.
    pub fn claimed(&self, edition: i64, claim: i64, seqs: impl IntoIterator<Item = i64>) {
        let mut inner = self.lock();
        inner.unanswered.remove(&claim);
        inner.known.extend(seqs.into_iter().map(|seq| ((edition, seq), Known::Held(claim))));
    }

    /// Results were stored by a commit that is over, and may be lost until another one that the server waits for.
    pub fn noted(&self, settled: impl IntoIterator<Item = Settled>) {
        let mut inner = self.lock();
        inner.commits += 1;
        let commit = inner.commits;
        for settled in settled {
            let key = (settled.edition_id, settled.seq);
            // It may have been claimed anew since, which has made this result durable.
            if inner.known.get(&key).is_some_and(|known| known.claim() != settled.claim) {
                continue;
            }
            if self.forgets {
                inner.known.insert(key, Known::Noted(settled, commit));
            } else {
                inner.known.remove(&key);
            }
        }
    }

    /// To be asked for before a commit that the server waits for, and given to [`Memory::durable`] after it.
    pub fn mark(&self) -> u64 {
        self.lock().commits
    }

    /// What was stored before the mark cannot be lost any more, as long as nothing is in doubt that may be lost already.
    pub fn durable(&self, mark: u64) {
        let mut inner = self.lock();
        if inner.doubted.is_some() {
            return;
        }
        inner.known.retain(|_, known| !matches!(known, Known::Noted(_, commit) if *commit <= mark));
    }

    /// Something went wrong with the database: it may not hold what we think it does.
    pub fn doubt(&self) {
        self.lock().doubted = Some(Instant::now());
    }

    /// Whether the ledger is to be compared with what is known.
    pub fn is_in_doubt(&self) -> bool {
        let mut inner = self.lock();
        match inner.doubted {
            Some(since) if since.elapsed() >= WARY => {
                (inner.doubted, inner.unanswered) = (None, HashSet::new());
                false
            }
            doubted => doubted.is_some(),
        }
    }

    /// What is known of a delivery that the ledger says we hold.
    pub fn of(&self, edition: i64, seq: i64, claim: i64) -> Knowledge {
        let inner = self.lock();
        match inner.known.get(&(edition, seq)) {
            Some(known) if known.claim() == claim => match known {
                Known::Held(_) => Knowledge::Held,
                Known::Noted(settled, _) => Knowledge::Ended(settled.clone()),
            },
            _ if inner.unanswered.contains(&claim) => Knowledge::Untouched,
            _ => Knowledge::Nothing,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // Nothing in here can panic half-way, so a poisoned lock still guards whole data.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    const fn claim(&self) -> i64 {
        match self {
            Self::Held(claim) => *claim,
            Self::Noted(settled, _) => settled.claim,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::DeliveryState;

    fn settled(seq: i64, claim: i64) -> Settled {
        Settled {
            edition_id: 1,
            seq,
            claim,
            state: DeliveryState::Accepted,
            attempts: 1,
            next_at: 0,
            code: None,
            status: None,
            reply: None,
            reason: None,
        }
    }

    #[test]
    fn a_result_is_remembered_until_a_durable_commit_has_followed_it() {
        let memory = Memory::new(true);
        memory.claims(7);
        memory.claimed(1, 7, [1, 2]);
        memory.noted([settled(1, 7)]);
        let mark = memory.mark();
        memory.noted([settled(2, 7)]);
        assert!(matches!(memory.of(1, 1, 7), Knowledge::Ended(_)));
        memory.durable(mark);
        assert!(matches!(memory.of(1, 1, 7), Knowledge::Nothing), "it can be forgotten");
        assert!(matches!(memory.of(1, 2, 7), Knowledge::Ended(_)), "it was stored after the mark");
        memory.doubt();
        memory.durable(memory.mark());
        assert!(matches!(memory.of(1, 2, 7), Knowledge::Ended(_)), "it may be lost already");
    }

    #[test]
    fn a_claim_without_an_answer_was_not_begun_and_an_old_result_says_nothing_of_a_new_claim() {
        let memory = Memory::new(true);
        memory.claims(7);
        assert!(matches!(memory.of(1, 1, 7), Knowledge::Untouched));
        memory.claimed(1, 8, [1]);
        memory.noted([settled(1, 7)]);
        assert!(matches!(memory.of(1, 1, 8), Knowledge::Held));
        assert!(matches!(memory.of(1, 2, 9), Knowledge::Nothing));
    }
}
