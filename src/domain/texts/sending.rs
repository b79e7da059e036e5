//! The sentences about sending: why an edition stands still, and why it does not set out.

use super::texts;

texts! {
    no_mail_server() {
        nl: "Er is geen mailserver ingesteld. Stel POSTDUIF_SMTP_URL in en start postduif opnieuw.",
        en: "No mail server is set. Set POSTDUIF_SMTP_URL and start postduif again.",
    }
    not_what_was_approved() {
        nl: "Wat verstuurd zou worden, is niet wat is goedgekeurd: instellingen of sjablonen zijn sindsdien gewijzigd. Maak er weer een concept van en keur het opnieuw goed, of zet ze terug.",
        en: "What would be sent is not what was approved: settings or templates have changed since. Make it a draft again and approve it anew, or change them back.",
    }
    stood_still(why) {
        nl: "Er kwam dagenlang niets aan. {why} Los dat op en laat de editie dan verdergaan: niemand krijgt haar twee keer.",
        en: "Nothing was taken for days. {why} Put that right, then let the edition go on: nobody gets it twice.",
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
