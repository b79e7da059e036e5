//! The sentences of the desk about what happened to a person's consent, about suppressions, and about lists from elsewhere.

use super::said::said;
use super::texts;
use crate::domain::consent::{ConsentEvent, ConsentMeans};
use crate::domain::import::Refusal;
use crate::domain::language::Language;
use crate::domain::suppression::SuppressionReason;

texts! {
    requested() { nl: "Aangevraagd", en: "Requested" }
    confirmed() { nl: "Bevestigd", en: "Confirmed" }
    imported() { nl: "Geïmporteerd", en: "Imported" }
    added() { nl: "Toegevoegd", en: "Added" }
    import_undone() { nl: "Import teruggedraaid", en: "Import taken back" }
    unsubscribed() { nl: "Afgemeld", en: "Unsubscribed" }
    undone() { nl: "Afmelding ongedaan gemaakt", en: "Unsubscription taken back" }
    bounced() { nl: "Onbereikbaar", en: "Unreachable" }
    complained() { nl: "Klacht: als spam gemeld", en: "Complaint: reported as spam" }
    address_changed() { nl: "Ander e-mailadres", en: "Another email address" }
    reconfirmation_asked() { nl: "Gevraagd of je blijft", en: "Asked whether you stay" }
    reconfirmed() { nl: "Blijft aangemeld", en: "Stays signed up" }
    erased() { nl: "Gegevens gewist", en: "Data erased" }

    by_form() { nl: "via het formulier", en: "by the form" }
    by_api() { nl: "via de API", en: "by the API" }
    by_link() { nl: "via de link in een mail", en: "by the link in a mail" }
    by_one_click() { nl: "met de knop van het mailprogramma", en: "by the mail program's button" }
    by_mail() { nl: "per mail", en: "by mail" }
    by_import() { nl: "uit een lijst", en: "from a list" }
    by_operator() { nl: "door een medewerker", en: "by somebody of the house" }
    by_mail_server() { nl: "gemeld door een mailserver", en: "reported by a mail server" }
    by_retention() { nl: "na afloop van de bewaartermijn", en: "when its time was over" }

    reason_bounced() { nl: "onbereikbaar", en: "unreachable" }
    reason_complained() { nl: "klacht", en: "complaint" }
    reason_unsubscribed() { nl: "afgemeld", en: "unsubscribed" }
    reason_erased() { nl: "gegevens gewist", en: "data erased" }
    reason_manual() { nl: "geblokkeerd", en: "blocked" }
    reason_imported() { nl: "geblokkeerd in een lijst", en: "blocked in a list" }

    suppressions_title() { nl: "Geen mail meer", en: "No mail any more" }
    suppressions_body() {
        nl: "Naar deze adressen gaat geen nieuwsbrief, wat er ook in een lijst staat. Wie klaagde of hier werd geblokkeerd, komt alleen terug via een beheerder.",
        en: "No newsletter goes to these addresses, whatever stands in a list. Who complained or was blocked here comes back through an administrator only.",
    }
    suppressions_reason() { nl: "Reden", en: "Reason" }
    suppressions_note() { nl: "Toelichting (niet verplicht)", en: "Note (optional)" }
    suppressions_since() { nl: "Sinds", en: "Since" }
    suppressions_add() { nl: "Blokkeer een adres", en: "Block an address" }
    suppressions_add_button() { nl: "Blokkeer", en: "Block" }
    suppressions_remove() { nl: "Hef een blokkade op", en: "Lift a block" }
    suppressions_remove_hint() {
        nl: "Het adres mag weer mail krijgen als de eigenaar erom vraagt. Wat is afgemeld, blijft afgemeld.",
        en: "The address may get mail again when its owner asks for it. What was ended stays ended.",
    }
    suppressions_remove_button() { nl: "Hef op", en: "Lift" }
    suppressions_unknown() { nl: "Dit adres is niet geblokkeerd", en: "This address is not blocked" }
    suppressions_hash() { nl: "(alleen een code)", en: "(only a code)" }

    let_back() { nl: "Laat weer toe", en: "Let in again" }
    let_back_hint() {
        nl: "Doe dit alleen als deze persoon er zelf om vraagt. Er gaat een mail uit om te bevestigen.",
        en: "Do this only if this person asks for it. A mail to confirm is sent.",
    }
    person_proof() { nl: "Bewijs van toestemming als pagina", en: "Evidence of consent as a page" }
    cannot_now_because(why) { nl: "Dat kan nu niet: {why}", en: "That is not possible now: {why}" }
    evidence_too_short() {
        nl: "Zeg wanneer en hoe deze persoon erom vroeg. Dat wordt bewaard als bewijs.",
        en: "Say when and how this person asked for it. It is kept as evidence.",
    }

    import_no_file() { nl: "Kies een bestand", en: "Choose a file" }
    import_too_large(megabytes) {
        nl: "Dit bestand is groter dan {megabytes} MB. Gebruik de opdracht `postduif subscriber import`.",
        en: "This file is larger than {megabytes} MB. Use the command `postduif subscriber import`.",
    }
    import_no_consent() { nl: "Zeg hoe deze mensen toestemming gaven", en: "Say how these people gave consent" }
    import_broken(why) { nl: "Er is niets veranderd. {why}", en: "Nothing was changed. {why}" }
    import_listmonk() {
        nl: "Dit bestand komt uit listmonk. Daarin staat niet wie zich voor een lijst afmeldde of nooit bevestigde: iedereen die “enabled” is, telt als abonnee.",
        en: "This file comes from listmonk. It does not say who left a list or never confirmed: everybody who is “enabled” counts as a reader.",
    }
    import_undone_title() { nl: "De import is teruggedraaid", en: "The import is taken back" }
    import_undone_body(people, blocks) {
        nl: "{people} aanmeldingen en {blocks} blokkades zijn weggehaald. Wie zich intussen zelf aanmeldde of afmeldde, is gebleven zoals die is.",
        en: "{people} subscriptions and {blocks} blocks are taken away. Those who signed up or left themselves since are as they were.",
    }
    import_earlier() { nl: "Eerdere imports", en: "Earlier imports" }
    import_state_done() { nl: "klaar", en: "done" }
    import_state_running() { nl: "onderbroken of bezig: kies hetzelfde bestand nog eens", en: "broken off or busy: choose the same file again" }
    import_state_undone() { nl: "teruggedraaid", en: "taken back" }

    row_unconfirmed() { nl: "daar nooit bevestigd, dus er is geen toestemming", en: "never confirmed there, so there is no consent" }
    row_status(word) { nl: "“{word}” is geen stand die we kennen", en: "“{word}” is no status that we know" }
    row_other_list(list) { nl: "dit gaat over een andere lijst, “{list}”", en: "this is about another list, “{list}”" }
    row_no_list() { nl: "staat daar op geen enkele lijst, dus vroeg nergens om", en: "is on no list there, so nobody asked for anything" }
    row_broken(fault) { nl: "deze regel maakt het bestand ongeldig: {fault}", en: "this line breaks the file: it {fault}" }
}

/// Why something is not possible now, in whatever words the flow has for it.
pub fn cannot_now(language: Language, why: &str) -> String {
    cannot_now_because(language, said(language, why))
}

/// What happened.
pub fn event(language: Language, event: ConsentEvent) -> String {
    match event {
        ConsentEvent::Requested => requested(language),
        ConsentEvent::Confirmed => confirmed(language),
        ConsentEvent::Imported => imported(language),
        ConsentEvent::Added => added(language),
        ConsentEvent::ImportUndone => import_undone(language),
        ConsentEvent::Unsubscribed => unsubscribed(language),
        ConsentEvent::Undone => undone(language),
        ConsentEvent::Bounced => bounced(language),
        ConsentEvent::Complained => complained(language),
        ConsentEvent::AddressChanged => address_changed(language),
        ConsentEvent::ReconfirmationAsked => reconfirmation_asked(language),
        ConsentEvent::Reconfirmed => reconfirmed(language),
        ConsentEvent::Erased => erased(language),
    }
}

/// By which way.
pub fn means(language: Language, means: ConsentMeans) -> String {
    match means {
        ConsentMeans::Form => by_form(language),
        ConsentMeans::Api => by_api(language),
        ConsentMeans::Link => by_link(language),
        ConsentMeans::OneClick => by_one_click(language),
        ConsentMeans::Mail => by_mail(language),
        ConsentMeans::Import => by_import(language),
        ConsentMeans::Operator => by_operator(language),
        ConsentMeans::MailServer => by_mail_server(language),
        ConsentMeans::Retention => by_retention(language),
    }
}

/// Why an address must not be mailed.
pub fn reason(language: Language, reason: SuppressionReason) -> String {
    match reason {
        SuppressionReason::Bounced => reason_bounced(language),
        SuppressionReason::Complained => reason_complained(language),
        SuppressionReason::Unsubscribed => reason_unsubscribed(language),
        SuppressionReason::Erased => reason_erased(language),
        SuppressionReason::Manual => reason_manual(language),
        SuppressionReason::Imported => reason_imported(language),
    }
}

/// Why a row is not taken.
pub fn refusal(language: Language, refusal: &Refusal) -> String {
    match refusal {
        Refusal::Address(fault) => super::pages::invalid_address(language, *fault),
        Refusal::Unconfirmed => row_unconfirmed(language),
        Refusal::UnknownStatus(word) => row_status(language, word),
        Refusal::OtherList(list) => row_other_list(language, list),
        Refusal::NoList => row_no_list(language),
        Refusal::Broken(fault) => row_broken(language, fault),
    }
}
