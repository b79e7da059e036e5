//! The sentences of pages.

use super::texts;

texts! {
    form_title() { nl: "Nieuwsbrief", en: "Newsletter" }
}
