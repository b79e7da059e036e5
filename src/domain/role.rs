//! What a user or an API token may do.

use super::text_enum::text_enum;

text_enum! {
    /// Each role may do all that the ones before it may.
    pub enum Role ("role") {
        /// Looks.
        Viewer = "viewer",
        /// Makes and sends editions.
        Editor = "editor",
        /// Settings, people, export and erasure as well.
        Admin = "admin",
    }
}

impl Role {
    /// Whether this role may do what asks for `needed`.
    pub fn may(self, needed: Self) -> bool {
        self >= needed
    }
}
