//! One macro for enumerations that are stored, printed and read as one word.

/// Declares an enumeration with `as_str`, `Display`, `FromStr` and serde by the same word everywhere.
macro_rules! text_enum {
    ($(#[$meta:meta])* pub enum $name:ident ($noun:literal) { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),+ }

        // Not derived: a wrong word is told in the same sentence everywhere.
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <String as serde::Deserialize>::deserialize(deserializer)?;
                word.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let words = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::String);
                words.enum_values(Some([$($text),+])).into()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word by which it is stored and shown to machines.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::text_enum::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or_else(|| {
                    $crate::domain::text_enum::UnknownWord {
                        word: text.chars().take(60).collect(),
                        noun: $noun,
                        choices: Self::ALL.iter().map(|value| value.as_str()).collect::<Vec<_>>().join(", "),
                    }
                })
            }
        }
    };
}
pub(crate) use text_enum;

/// A word that names none of the values.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("“{word}” is no {noun}; choose one of: {choices}")]
pub struct UnknownWord {
    pub word: String,
    pub noun: &'static str,
    pub choices: String,
}
