//! What is wrong, or may be, with an edition before it leaves.

use serde::Serialize;

use super::text_enum::text_enum;

text_enum! {
    /// How bad a finding is.
    pub enum Severity ("severity") {
        /// Keeps the edition from being approved.
        Error = "error",
        /// Must have been seen.
        Warning = "warning",
    }
}

/// One finding: which check, how bad, and what to do about it in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub check: &'static str,
    pub severity: Severity,
    pub message: String,
}

/// Something worth telling that asks nothing of anybody: above all what could not be checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    pub check: &'static str,
    pub message: String,
}

/// All that one look found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Preflight {
    /// Whether nothing keeps it from being approved.
    pub ok: bool,
    pub findings: Vec<Finding>,
    pub notes: Vec<Note>,
}

impl Preflight {
    /// From its findings.
    pub fn of(findings: Vec<Finding>) -> Self {
        let ok = findings.iter().all(|finding| finding.severity != Severity::Error);
        Self { ok, findings, notes: Vec::new() }
    }

    /// With what is worth telling besides.
    #[must_use]
    pub fn with_notes(self, notes: Vec<Note>) -> Self {
        Self { notes, ..self }
    }

    /// The findings of one severity, in words.
    pub fn messages(&self, severity: Severity) -> Vec<&str> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .map(|finding| finding.message.as_str())
            .collect()
    }
}
