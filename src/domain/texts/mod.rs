//! Every sentence that people read, in every language; the compiler refuses one that a language lacks.

pub mod dates;
pub mod deeds;
pub mod demo;
pub mod desk;
pub mod desk_editions;
pub mod desk_overview;
pub mod desk_people;
pub mod desk_programs;
pub mod desk_settings;
pub mod desk_sure;
pub mod editions;
pub mod feedback;
pub mod mails;
pub mod numbers;
pub mod pages;
pub mod people;
pub mod preflight;
pub mod retention;
pub mod said;
pub mod sending;

/// Declares sentences. `name(variable, …) { nl: "…{variable}…", en: "…{variable}…" }` becomes a function
/// `name(language, variable, …) -> String`; a missing language or a misspelt variable does not compile.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($($var:ident),* $(,)?) { nl: $nl:literal, en: $en:literal $(,)? })+) => {
        $(
            $(#[$doc])*
            pub fn $name(language: $crate::domain::language::Language, $($var: impl std::fmt::Display),*) -> String {
                $(let _ = &$var;)*
                match language {
                    $crate::domain::language::Language::Nl => format!($nl),
                    $crate::domain::language::Language::En => format!($en),
                }
            }
        )+
    };
}
pub(crate) use texts;
