//! A user of the desk as programs see one.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::store::users::UserRow;

/// A user, without anything that lets somebody in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UserAnswer {
    pub id: i64,
    pub email: String,
    pub name: String,
    #[schema(inline)]
    pub role: Role,
    pub language: Language,
    /// Has chosen a password.
    pub active: bool,
    pub second_factor: bool,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub disabled_at: Option<Timestamp>,
}

impl From<UserRow> for UserAnswer {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id,
            email: row.email,
            name: row.name,
            role: row.role,
            language: row.language,
            active: row.password_hash.is_some() && row.disabled_at.is_none(),
            second_factor: row.totp_secret.is_some() || row.passkeys > 0,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            disabled_at: row.disabled_at,
        }
    }
}
