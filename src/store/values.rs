//! How our own values travel to and from both engines.

use crate::domain::bounce::BounceClass;
use crate::domain::checkup::CheckStatus;
use crate::domain::consent::ConsentEvent;
use crate::domain::delivery::{DeliveryState, OnUnknown};
use crate::domain::edition::{Approval, EditionStatus, SectionStyle};
use crate::domain::feedback::{Channel, Effect, FeedbackKind};
use crate::domain::import::ImportState;
use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::subscription::{MailFormat, SubscriptionStatus};
use crate::domain::suppression::SuppressionReason;
use crate::domain::time::Timestamp;

/// Stores a value of ours as one that both engines know; the error of a bad value is shown, not hidden.
macro_rules! stored_as {
    ($type:ty as $raw:ty: $to:expr, $from:expr) => {
        stored_as!(@engine sqlx::Sqlite, $type as $raw: $to, $from);
        stored_as!(@engine sqlx::Postgres, $type as $raw: $to, $from);
        impl sqlx::postgres::PgHasArrayType for $type {
            fn array_type_info() -> sqlx::postgres::PgTypeInfo {
                <$raw as sqlx::postgres::PgHasArrayType>::array_type_info()
            }
        }
    };
    (@engine $db:ty, $type:ty as $raw:ty: $to:expr, $from:expr) => {
        impl sqlx::Type<$db> for $type {
            fn type_info() -> <$db as sqlx::Database>::TypeInfo {
                <$raw as sqlx::Type<$db>>::type_info()
            }
            fn compatible(info: &<$db as sqlx::Database>::TypeInfo) -> bool {
                <$raw as sqlx::Type<$db>>::compatible(info)
            }
        }
        impl<'q> sqlx::Encode<'q, $db> for $type {
            fn encode_by_ref(
                &self,
                buffer: &mut <$db as sqlx::Database>::ArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                let raw: $raw = $to(self);
                <$raw as sqlx::Encode<'q, $db>>::encode(raw, buffer)
            }
        }
        impl<'r> sqlx::Decode<'r, $db> for $type {
            fn decode(value: <$db as sqlx::Database>::ValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                let raw = <$raw as sqlx::Decode<'r, $db>>::decode(value)?;
                $from(raw)
            }
        }
    };
}

stored_as!(Timestamp as i64: |moment: &Timestamp| moment.as_micros(), |raw| Ok(Timestamp::from_micros(raw)));

macro_rules! stored_as_word {
    ($($type:ty),+ $(,)?) => {
        $(stored_as!($type as String: ToString::to_string, |raw: String| raw.parse::<$type>().map_err(Into::into));)+
    };
}

stored_as_word!(
    Approval,
    BounceClass,
    Channel,
    CheckStatus,
    ConsentEvent,
    DeliveryState,
    EditionStatus,
    Effect,
    FeedbackKind,
    ImportState,
    Language,
    MailFormat,
    OnUnknown,
    Role,
    SectionStyle,
    SubscriptionStatus,
    SuppressionReason,
);

/// Declares a struct that is read from a row of either engine, column by column of the same name.
macro_rules! row {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$fmeta:meta])* pub $field:ident: $type:ty),+ $(,)? }) => {
        $(#[$meta])*
        pub struct $name { $($(#[$fmeta])* pub $field: $type),+ }

        impl<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> for $name {
            fn from_row(row: &'r sqlx::sqlite::SqliteRow) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: sqlx::Row::try_get(row, stringify!($field))?),+ })
            }
        }
        impl<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> for $name {
            fn from_row(row: &'r sqlx::postgres::PgRow) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: sqlx::Row::try_get(row, stringify!($field))?),+ })
            }
        }
    };
}
pub(crate) use row;
