//! What a token of the API may be used for, within what its role may.

use super::role::Role;
use super::text_enum::text_enum;

text_enum! {
    /// One kind of deed with one kind of thing.
    pub enum Scope ("scope") {
        NewslettersRead = "newsletters:read",
        NewslettersWrite = "newsletters:write",
        SourcesRead = "sources:read",
        SourcesWrite = "sources:write",
        ArticlesRead = "articles:read",
        /// Entering and changing articles, and fetching them from a source.
        ArticlesWrite = "articles:write",
        EditionsRead = "editions:read",
        /// Making and changing drafts, and mailing a test of them.
        EditionsWrite = "editions:write",
        /// Approving, sending, pausing, stopping.
        EditionsSend = "editions:send",
        /// To whom an edition went; these are addresses.
        DeliveriesRead = "deliveries:read",
        SubscribersRead = "subscribers:read",
        SubscribersWrite = "subscribers:write",
        SuppressionsRead = "suppressions:read",
        SuppressionsWrite = "suppressions:write",
        WebhooksRead = "webhooks:read",
        WebhooksWrite = "webhooks:write",
        /// What the doctor found.
        DoctorRead = "doctor:read",
        /// Letting the doctor look.
        DoctorWrite = "doctor:write",
        UsersRead = "users:read",
        /// Shutting users of the desk out; never letting any in.
        UsersWrite = "users:write",
        TokensRead = "tokens:read",
        /// Revoking tokens; never making any.
        TokensWrite = "tokens:write",
    }
}

impl Scope {
    /// The least role that may do this.
    pub const fn least_role(self) -> Role {
        match self {
            Self::NewslettersRead | Self::SourcesRead | Self::ArticlesRead | Self::EditionsRead => Role::Viewer,
            Self::ArticlesWrite | Self::EditionsWrite | Self::EditionsSend | Self::DeliveriesRead => Role::Editor,
            Self::NewslettersWrite
            | Self::SourcesWrite
            | Self::SubscribersRead
            | Self::SubscribersWrite
            | Self::SuppressionsRead
            | Self::SuppressionsWrite
            | Self::WebhooksRead
            | Self::WebhooksWrite
            | Self::DoctorRead
            | Self::DoctorWrite
            | Self::UsersRead
            | Self::UsersWrite
            | Self::TokensRead
            | Self::TokensWrite => Role::Admin,
        }
    }

    /// Everything that a role may.
    pub fn all_of(role: Role) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |scope| role.may(scope.least_role()))
    }

    /// Scopes as they are stored; a word that this version does not know counts for nothing.
    pub fn read_list(text: &str) -> Vec<Self> {
        text.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect()
    }

    /// Scopes as they are stored, and as RFC 6750 writes them: in order, separated by spaces.
    pub fn write_list(scopes: &[Self]) -> String {
        let words: Vec<&str> =
            Self::ALL.iter().filter(|scope| scopes.contains(scope)).map(|one| one.as_str()).collect();
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_role_may_all_that_a_lower_one_may() {
        let count = |role| Scope::all_of(role).count();
        assert!(count(Role::Viewer) < count(Role::Editor) && count(Role::Editor) < count(Role::Admin));
        assert_eq!(count(Role::Admin), Scope::ALL.len());
    }

    #[test]
    fn a_stored_list_reads_back_in_order_and_without_strange_words() {
        let list = Scope::write_list(&[Scope::EditionsSend, Scope::ArticlesRead, Scope::EditionsSend]);
        assert_eq!(list, "articles:read editions:send");
        assert_eq!(Scope::read_list(&format!("{list} editions:burn")), [Scope::ArticlesRead, Scope::EditionsSend]);
    }
}
