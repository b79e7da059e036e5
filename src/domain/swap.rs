//! A value that everybody looks at and that is replaced as a whole, while those who look keep what they saw.

use std::sync::{Arc, PoisonError, RwLock};

/// Cheap to clone; clones see the same value.
#[derive(Debug)]
pub struct Swap<T>(Arc<RwLock<Arc<T>>>);

impl<T> Swap<T> {
    /// Begins with this value.
    pub fn new(value: T) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(value))))
    }

    /// The value as it is now; it stays the same for whoever holds it.
    pub fn now(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces it, for whoever looks from now on.
    pub fn put(&self, value: Arc<T>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = value;
    }
}

/// Not derived: what is shared need not be cloneable itself.
impl<T> Clone for Swap<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_looked_before_keeps_what_was_and_every_clone_sees_what_is() {
        let ours = Swap::new("old");
        let (theirs, held) = (ours.clone(), ours.now());
        ours.put(Arc::new("new"));
        assert_eq!((*held, *theirs.now()), ("old", "new"));
    }
}
