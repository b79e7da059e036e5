//! The sentences about sending: why an edition stands still, and why it does not set out.

use super::texts;

texts! {
    no_mail_server() {
        nl: "Er is geen mailserver ingesteld. Stel POSTDUIF_SMTP_URL in en start postduif opnieuw.",
        en: "No mail server is set. Set POSTDUIF_SMTP_URL and start postduif again.",
    }
    nobody_sends() {
        nl: "Er draait niets dat verstuurt. Start `postduif serve`, of bij meer machines `postduif serve --only worker`.",
        en: "Nothing is running that sends. Start `postduif serve`, or with many machines `postduif serve --only worker`.",
    }
    trouble(what) {
        nl: "De mailserver neemt niets aan: {what}",
        en: "The mail server takes nothing: {what}",
    }
    no_reason_known() {
        nl: "De reden is niet bekend; kijk in het logboek van wat verstuurt.",
        en: "No reason is known; look in the log of what sends.",
    }
}
