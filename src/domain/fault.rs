//! What is wrong with an input: every fault at once, each naming its field.

use std::fmt;

use serde::Serialize;

/// One field and what is wrong with it, in words that say what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub field: &'static str,
    pub message: String,
}

/// Everything that is wrong with one input; empty while nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// One fault alone.
    pub fn one(field: &'static str, message: impl Into<String>) -> Self {
        Self(vec![Fault { field, message: message.into() }])
    }

    /// Notes a fault and goes on looking for others.
    pub fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push(Fault { field, message: message.into() });
    }

    /// Keeps the value of a parse, or its fault.
    pub fn keep<T, E: fmt::Display>(&mut self, field: &'static str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(field, error.to_string())).ok()
    }

    /// `Ok` while nothing is wrong.
    ///
    /// # Errors
    /// Itself, when there is a fault.
    pub fn check(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {}", fault.field, fault.message)?;
        }
        Ok(())
    }
}
