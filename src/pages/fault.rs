//! What can be wrong with a form that asks for an address.

use crate::domain::address::InvalidAddress;
use crate::domain::language::Language;
use crate::domain::texts::pages as texts;

/// Why a form comes back instead of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault<'a> {
    /// The address cannot be mailed.
    Address(InvalidAddress),
    /// The domain exists not, or says that it takes no mail (RFC 7505).
    NoMailServer { domain: &'a str },
    /// A limit was reached.
    TooOften { minutes: u32 },
    /// The database did not take it.
    NotSaved,
}

impl Fault<'_> {
    /// What is wrong, and what to do about it.
    pub fn message(self, language: Language) -> String {
        match self {
            Self::Address(fault) => texts::invalid_address(language, fault),
            Self::NoMailServer { domain } => texts::err_email_no_server(language, domain),
            Self::TooOften { minutes } => texts::too_often(language, minutes),
            Self::NotSaved => texts::err_not_saved(language),
        }
    }

    /// Whether what was typed is to blame; limits and full disks are not the visitor's doing.
    pub(super) fn lies_in_the_field(self) -> bool {
        matches!(self, Self::Address(_) | Self::NoMailServer { .. })
    }
}
