//! A token of the API as programs see it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::scope::Scope;
use crate::domain::time::Timestamp;
use crate::store::tokens::TokenRow;

/// A token, without the token: only its hash is kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TokenAnswer {
    pub id: i64,
    pub name: String,
    pub role: &'static str,
    /// What it may be used for.
    #[schema(value_type = Vec<String>)]
    pub scopes: Vec<Scope>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
}

/// A new token: the one time that it is told.
#[derive(Serialize, ToSchema)]
pub struct NewTokenAnswer {
    pub token: String,
    #[serde(flatten)]
    pub about: TokenAnswer,
}

impl From<TokenRow> for TokenAnswer {
    fn from(row: TokenRow) -> Self {
        Self {
            scopes: row.scopes(),
            id: row.id,
            name: row.name,
            role: row.role.as_str(),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        }
    }
}
