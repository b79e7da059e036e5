//! The sentences of the editor's desk about articles and people.

use super::texts;
use crate::domain::language::Language;
use crate::domain::subscription::SubscriptionStatus;

texts! {
    // Articles.
    articles_fetch() { nl: "Haal nu op", en: "Fetch now" }
    articles_new() { nl: "Voeg een artikel toe", en: "Add an article" }
    articles_hint() {
        nl: "Alles wat uit de bronnen komt. Wat je verbergt, komt in geen enkele nieuwsbrief.",
        en: "Everything that comes from the sources. What you hide will be in no newsletter.",
    }
    articles_section() { nl: "Deel", en: "Section" }
    articles_every_section() { nl: "Alle delen", en: "All sections" }
    articles_title() { nl: "Titel", en: "Title" }
    articles_published() { nl: "Verschenen", en: "Published" }
    articles_source() { nl: "Bron", en: "Source" }
    articles_by_hand() { nl: "zelf toegevoegd", en: "added by hand" }
    articles_sent_in(number) { nl: "stond in nieuwsbrief {number}", en: "was in edition {number}" }
    articles_new_tag() { nl: "nieuw", en: "new" }
    articles_hidden() { nl: "verborgen", en: "hidden" }
    articles_withdrawn() { nl: "niet meer openbaar bij de bron", en: "no longer public at its source" }
    articles_hide() { nl: "Verberg", en: "Hide" }
    articles_show() { nl: "Toon weer", en: "Show again" }
    articles_hide_label(title) { nl: "Verberg: {title}", en: "Hide: {title}" }
    articles_show_label(title) { nl: "Toon weer: {title}", en: "Show again: {title}" }
    article_edit_title() { nl: "Artikel bewerken", en: "Edit article" }
    article_url() { nl: "Link", en: "Link" }
    article_url_hint() {
        nl: "Waar iemand verder kan lezen. Laat leeg voor een eigen blok zonder link.",
        en: "Where somebody can read on. Leave empty for a block of your own without a link.",
    }
    article_summary() { nl: "Samenvatting", en: "Summary" }
    article_summary_hint() { nl: "Hooguit een paar zinnen, zonder opmaak.", en: "A few sentences at most, without formatting." }
    article_remove() { nl: "Verwijder dit artikel", en: "Remove this article" }

    // Subscribers.
    people_search() { nl: "E-mailadres of deel ervan", en: "Email address or part of it" }
    people_status() { nl: "Stand", en: "Status" }
    people_every_status() { nl: "Alle", en: "All" }
    people_found(count) { nl: "{count} gevonden", en: "{count} found" }
    people_add() { nl: "Voeg iemand toe", en: "Add somebody" }
    people_import() { nl: "Importeer een lijst", en: "Import a list" }
    people_export() { nl: "Exporteer", en: "Export" }
    people_language() { nl: "Taal", en: "Language" }
    people_since() { nl: "Sinds", en: "Since" }
    status_pending() { nl: "Wacht op bevestiging", en: "Waiting for confirmation" }
    status_confirmed() { nl: "Aangemeld", en: "Subscribed" }
    status_unsubscribed() { nl: "Afgemeld", en: "Unsubscribed" }
    status_bounced() { nl: "Onbereikbaar", en: "Unreachable" }
    status_complained() { nl: "Klacht", en: "Complaint" }
    wants_back() { nl: "Wil terug", en: "Wants back" }

    // One person.
    person_title() { nl: "Abonnee", en: "Subscriber" }
    person_subscriptions() { nl: "Nieuwsbrieven", en: "Newsletters" }
    person_requested(moment) { nl: "Aangevraagd op {moment}", en: "Requested on {moment}" }
    person_confirmed(moment) { nl: "bevestigd op {moment}", en: "confirmed on {moment}" }
    person_ended(moment) { nl: "beëindigd op {moment}", en: "ended on {moment}" }
    person_history() { nl: "Toestemming en wat erna gebeurde", en: "Consent and what happened after" }
    person_shown() { nl: "Getoonde tekst", en: "Text shown" }
    person_deliveries() { nl: "Ontvangen nieuwsbrieven", en: "Editions received" }
    person_unsubscribe(title) { nl: "Meld af voor {title}", en: "Unsubscribe from {title}" }
    person_note() { nl: "Waarom (bijvoorbeeld: vroeg het per telefoon)", en: "Why (for example: asked by phone)" }
    person_resend() { nl: "Stuur de bevestigingsmail opnieuw", en: "Send the confirmation mail again" }
    person_export() { nl: "Download alles over deze persoon", en: "Download everything about this person" }
    person_erase() { nl: "Verwijder alle gegevens", en: "Erase all data" }
    person_erase_hint() {
        nl: "Alles over deze persoon verdwijnt. Er blijft alleen een code over die zorgt dat het adres niet per ongeluk terugkomt. Dit kun je niet terugdraaien.",
        en: "Everything about this person goes. Only a code stays, which makes sure that the address does not come back by accident. You cannot undo this.",
    }
    person_suppressed(reason) {
        nl: "Naar dit adres wordt niets meer gestuurd. Reden: {reason}",
        en: "Nothing is sent to this address any more. Reason: {reason}",
    }

    // Adding one.
    add_title() { nl: "Iemand toevoegen", en: "Add somebody" }
    add_hint() {
        nl: "Deze persoon krijgt een e-mail en moet zelf nog op de knop drukken.",
        en: "This person gets an email and still has to press the button.",
    }
    add_evidence() { nl: "Waaruit blijkt dat deze persoon het wil?", en: "What shows that this person wants it?" }
    add_evidence_hint() {
        nl: "Bijvoorbeeld: formulier op de beurs van 3 maart, map 12. Dit wordt bewaard.",
        en: "For example: form at the fair on 3 March, folder 12. This is kept.",
    }
    add_button() { nl: "Voeg toe", en: "Add" }

    // Importing a list.
    import_title() { nl: "Een lijst importeren", en: "Import a list" }
    import_body() {
        nl: "Een CSV-bestand met minstens een kolom e-mail, of een ZIP-bestand met zulke bestanden, zoals Mailchimp ze geeft. Bestanden van listmonk, Mailchimp, MailPoet, phpList, Keila en Excel kun je gebruiken zoals ze zijn.",
        en: "A CSV file with at least an email column, or a ZIP file of such files as Mailchimp gives it. Files from listmonk, Mailchimp, MailPoet, phpList, Keila and Excel can be used as they are.",
    }
    import_promise() {
        nl: "Niemand krijgt mail door een import. Wie zich eerder afmeldde, blijft afgemeld.",
        en: "Nobody is mailed because of an import. Those who unsubscribed before stay unsubscribed.",
    }
    import_file() { nl: "Bestand", en: "File" }
    import_list() { nl: "Welke lijst uit het bestand?", en: "Which list of the file?" }
    import_list_hint() {
        nl: "De naam zoals hierboven. Kies daarna het bestand opnieuw.",
        en: "Its name as above. Then choose the file again.",
    }
    import_consent() { nl: "Hoe gaven deze mensen toestemming?", en: "How did these people give consent?" }
    import_consent_hint() {
        nl: "Bijvoorbeeld: aangemeld via ons oude formulier, met bevestiging per mail, 2019 tot 2025.",
        en: "For example: signed up with our old form, confirmed by mail, 2019 to 2025.",
    }
    import_try() { nl: "Kijk wat er zou gebeuren", en: "See what would happen" }
    import_dry_title() { nl: "Dit zou er gebeuren", en: "This is what would happen" }
    import_rows() { nl: "Regels", en: "Rows" }
    import_new() { nl: "Komen erbij", en: "Will be added" }
    import_unchanged() { nl: "Blijven zoals ze zijn", en: "Stay as they are" }
    import_suppressed() { nl: "Worden nooit meer gemaild", en: "Will never be mailed again" }
    import_rejected() { nl: "Kunnen niet", en: "Are not possible" }
    import_line(line) { nl: "Regel {line}", en: "Line {line}" }
    import_first_faults(count) { nl: "De eerste {count} fouten", en: "The first {count} faults" }
    import_go(count) { nl: "Importeer {count} mensen", en: "Import {count} people" }
    import_done_title() { nl: "De import is klaar", en: "The import is done" }
    import_report() { nl: "Download het verslag", en: "Download the report" }
    import_undo() { nl: "Draai deze import terug", en: "Undo this import" }
}

/// The word for a subscription's state.
pub fn status(language: Language, status: SubscriptionStatus) -> String {
    match status {
        SubscriptionStatus::Pending => status_pending(language),
        SubscriptionStatus::Confirmed => status_confirmed(language),
        SubscriptionStatus::Unsubscribed => status_unsubscribed(language),
        SubscriptionStatus::Bounced => status_bounced(language),
        SubscriptionStatus::Complained => status_complained(language),
    }
}
