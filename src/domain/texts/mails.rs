//! The sentences of mails.

use super::texts;

texts! {
    mail_hello() { nl: "Hallo,", en: "Hello," }
}
