//! The sentences of the demo's mailbox.

use super::texts;

texts! {
    mailbox_title() { nl: "Postbus van de demo", en: "The demo's mailbox" }
    mailbox_intro() {
        nl: "Alle mail van deze demo komt hier aan, voor wie hij ook is. Er gaat niets naar buiten.",
        en: "All mail of this demo ends here, whomever it is for. Nothing leaves this machine.",
    }
    mailbox_empty() {
        nl: "Er is nog geen mail. Meld je aan met een adres dat je verzint, zoals jij@gemeente.example.",
        en: "No mail yet. Sign up with an address of your invention, such as you@council.example.",
    }
    mailbox_sign_up() { nl: "Naar het aanmeldformulier", en: "To the sign-up form" }
    mailbox_refresh() { nl: "Kijk of er nieuwe mail is", en: "Look for new mail" }
    mailbox_count(count) { nl: "Mails, de nieuwste eerst: {count}", en: "Mails, newest first: {count}" }
    mailbox_back() { nl: "Terug naar de postbus", en: "Back to the mailbox" }
    mail_from() { nl: "Van", en: "From" }
    mail_to() { nl: "Aan", en: "To" }
    mail_return_path() { nl: "Retouradres", en: "Return path" }
    mail_received() { nl: "Ontvangen", en: "Received" }
    mail_no_subject() { nl: "(geen onderwerp)", en: "(no subject)" }
    mail_nobody() { nl: "(niemand)", en: "(nobody)" }
    mail_html() { nl: "De mail met opmaak", en: "The mail as HTML" }
    mail_html_alone() { nl: "Bekijk hem los van deze pagina", en: "Look at it on its own" }
    mail_text() { nl: "De mail als platte tekst", en: "The mail as plain text" }
    mail_source() { nl: "De bron van de mail", en: "The mail's source" }
    mail_download() { nl: "Download de bron", en: "Download the source" }
}
