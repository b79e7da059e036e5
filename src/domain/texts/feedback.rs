//! What came back, in words: why mail did not arrive, and why a sending stopped by itself.

use super::texts;
use crate::domain::bounce::BounceClass;
use crate::domain::feedback::FeedbackKind;
use crate::domain::language::Language;
use crate::domain::safety::{Stop, StopReason};

/// Why a message did not arrive.
pub fn bounce(language: Language, reason: BounceClass) -> String {
    match reason {
        BounceClass::Gone => gone(language),
        BounceClass::MailboxFull => mailbox_full(language),
        BounceClass::TooLarge => too_large(language),
        BounceClass::Content => content(language),
        BounceClass::Network => network(language),
        BounceClass::Policy => policy(language),
        BounceClass::Protocol => protocol(language),
        BounceClass::UnsupportedAddress => unsupported_address(language),
        BounceClass::Unclear => unclear(language),
    }
}

/// What came back, as a line of a report.
pub fn told(language: Language, kind: FeedbackKind, reason: Option<BounceClass>) -> String {
    match kind {
        FeedbackKind::Bounce => bounce(language, reason.unwrap_or(BounceClass::Unclear)),
        FeedbackKind::Complaint => complained(language),
        FeedbackKind::Unsubscribe => unsubscribed(language),
    }
}

/// Why a sending stopped, and what to do.
pub fn stop(language: Language, stop: &Stop) -> String {
    let Stop { reason, count, of } = stop;
    match reason {
        StopReason::Refused => stopped_refused(language, count, of),
        StopReason::Bounced => stopped_bounced(language, count, of),
        StopReason::Policy => stopped_policy(language, count, of),
        StopReason::Complained => stopped_complained(language, count, of),
    }
}

texts! {
    gone() { nl: "het adres bestaat niet (meer)", en: "the address does not exist (any more)" }
    mailbox_full() { nl: "de mailbox is vol", en: "the mailbox is full" }
    too_large() { nl: "de e-mail is te groot", en: "the mail is too large" }
    content() { nl: "de inhoud is geweigerd", en: "the content was refused" }
    network() { nl: "de mailserver was niet te bereiken", en: "the mail server could not be reached" }
    policy() { nl: "geweigerd om wie wij zijn, niet om de lezer", en: "refused because of who we are, not because of the reader" }
    protocol() { nl: "de mailserver begreep ons niet", en: "the mail server did not understand us" }
    unsupported_address() { nl: "de mailserver kan dit soort adres niet aan", en: "the mail server cannot handle this kind of address" }
    unclear() { nl: "zonder duidelijke reden", en: "for no clear reason" }

    complained() { nl: "als spam gemeld", en: "reported as spam" }
    unsubscribed() { nl: "afgemeld per e-mail", en: "unsubscribed by mail" }

    /// At most 300 characters, as every reason of a pause.
    stopped_refused(count, of) {
        nl: "Mailservers weigerden {count} van de eerste {of} adressen: ongewoon veel. Kijk of de lijst klopt; ga daarna verder of annuleer.",
        en: "Mail servers refused {count} of the first {of} addresses, an unusual share. See whether the list is right, then resume or cancel.",
    }
    stopped_bounced(count, of) {
        nl: "Van de {of} aangenomen e-mails kwamen er {count} terug: ongewoon veel. Kijk of de lijst klopt; ga daarna verder of annuleer.",
        en: "Of {of} mails accepted, {count} came back, an unusual share. See whether the list is right, then resume or cancel.",
    }
    stopped_policy(count, of) {
        nl: "Van {of} e-mails werden er {count} geweigerd om wie wij zijn, niet om de lezers. Kijk naar SPF, DKIM, DMARC en zwarte lijsten; ga daarna verder.",
        en: "Of {of} mails, {count} were refused because of who we are, not because of the readers. Look at SPF, DKIM, DMARC and block lists, then resume.",
    }
    stopped_complained(count, of) {
        nl: "Van de {of} aangenomen e-mails werden er {count} als spam gemeld: te veel. Kijk of iedereen hierom vroeg; ga daarna verder of annuleer.",
        en: "Of {of} mails accepted, {count} were reported as spam: too many. See whether everybody asked for this, then resume or cancel.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::newsletter::one_line;

    #[test]
    fn every_reason_fits_where_a_pause_says_why() {
        for language in [Language::Nl, Language::En] {
            for reason in StopReason::ALL {
                let text = stop(language, &Stop { reason: *reason, count: 1_000_000, of: 10_000_000 });
                assert!(one_line(&text).is_some() && text.contains("1000000"), "{text}");
            }
            assert!(BounceClass::ALL.iter().all(|class| !bounce(language, *class).is_empty()));
        }
    }
}
