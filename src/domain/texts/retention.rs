//! The sentences of the register: what is kept, and what becomes of it.

use super::texts;
use crate::domain::language::Language;
use crate::domain::retention::Kept;

texts! {
    title() { nl: "Wat we hoe lang bewaren", en: "What is kept for how long" }
    intro() {
        nl: "Voor het register van verwerkingen. Het vergeten gaat vanzelf, elke dag; er blijft alleen een telling over.",
        en: "For the register of processing. Forgetting happens by itself, every day; only a count stays.",
    }
    column_what() { nl: "Wat", en: "What" }
    column_how_long() { nl: "Hoe lang", en: "How long" }
    column_forgotten() { nl: "Vergeten", en: "Forgotten" }
    column_last() { nl: "Laatst", en: "Last" }
    days(count) { nl: "{count} dagen", en: "{count} days" }
    one_day() { nl: "1 dag", en: "1 day" }
    for_ever() { nl: "Onbeperkt", en: "For ever" }
    never() { nl: "nog niet", en: "not yet" }

    unconfirmed() { nl: "Adressen die zijn ingevuld en nooit bevestigd", en: "Addresses that were filled in and never confirmed" }
    ended() {
        nl: "Mensen die zich afmeldden of onbereikbaar werden; daarna blijft een onherleidbare code over",
        en: "People who left or whose mailbox is gone; after that a code stays that leads back to nobody",
    }
    suppressions() {
        nl: "Adressen die geen mail meer mogen krijgen, leesbaar; daarna blijft de code over",
        en: "Addresses that must not be mailed, readable; after that the code stays",
    }
    delivery_addresses() { nl: "Naar welk adres een nieuwsbrief ging", en: "To which address an edition went" }
    server_replies() { nl: "Wat mailservers antwoordden, ook over onbereikbare adressen", en: "What mail servers answered, also about unreachable addresses" }
    test_mails() { nl: "Naar welke adressen een proefmail ging", en: "To which addresses a test mail went" }
    webhook_deliveries() {
        nl: "Wat andere programma’s te horen kregen (nummers, geen adressen)",
        en: "What other programs were told (numbers, no addresses)",
    }
    repeated_requests() {
        nl: "Antwoorden op verzoeken van programma’s, voor als zo’n verzoek twee keer komt",
        en: "Answers to requests of programs, in case such a request comes twice",
    }
    unclassified_mail() {
        nl: "Mail over een verzending die alleen een mens kan lezen (het begin ervan)",
        en: "Mail about a delivery that only a person can read (its beginning)",
    }
    sent_letters() {
        nl: "Naar wie een losse mail ging (een onherleidbare code), om te begrijpen wat terugkomt",
        en: "To whom a single mail went (a code that leads back to nobody), to understand what comes back",
    }
    failed_letters() { nl: "Losse mails die niet verstuurd konden worden", en: "Single mails that could not be sent" }
    new_addresses() { nl: "Nieuwe adressen die nog niet bevestigd zijn", en: "New addresses that are not confirmed yet" }
    import_files() { nl: "Lijsten die zijn klaargezet om te importeren", en: "Lists that were put ready to be imported" }
    attempts() { nl: "Tellingen tegen misbruik, zonder adres", en: "Counts against abuse, without addresses" }
    audit() { nl: "Wat gebruikers van het beheer deden", en: "What users of the desk did" }
    sessions() { nl: "Wie is ingelogd in het beheer", en: "Who is signed in at the desk" }
    user_links() { nl: "Uitnodigingen voor het beheer en links voor een wachtwoord", en: "Invitations to the desk and links to choose a password" }
    domain_paces() { nl: "Hoe snel een domein mail aanneemt dat om rust vroeg", en: "How fast a domain takes mail that asked us to slow down" }
    consent() {
        nl: "Bewijs van toestemming: zolang iemand abonnee is en tot de gegevens worden gewist; de controleketen blijft zonder persoonsgegevens",
        en: "Evidence of consent: while somebody subscribes and until their data are erased; the chain stays without personal data",
    }
    backups() {
        nl: "Back-ups: de nieuwste van elke soort (POSTDUIF_BACKUP_KEEP); wie gewist is, staat nog in back-ups van daarvoor",
        en: "Backups: the newest of each kind (POSTDUIF_BACKUP_KEEP); who was erased is still in backups from before",
    }
    logs() {
        nl: "Logregels: geen adressen of berichten; het systeem dat ze opvangt, bepaalt hoe lang ze blijven",
        en: "Log lines: no addresses or messages; the system that collects them decides how long they stay",
    }
    hashes() {
        nl: "Codes van adressen die niet mogen terugkomen (afgemeld, gewist, klacht)",
        en: "Codes of addresses that must not come back (unsubscribed, erased, complaint)",
    }
}

/// What has no period that ends by itself: a word for programs, and a sentence.
pub fn others(language: Language) -> [(&'static str, String); 4] {
    [
        ("consent-records", consent(language)),
        ("suppressed-hashes", hashes(language)),
        ("backups", backups(language)),
        ("logs", logs(language)),
    ]
}

/// What it is, in words.
pub fn what(language: Language, kept: Kept) -> String {
    match kept {
        Kept::Unconfirmed => unconfirmed(language),
        Kept::Ended => ended(language),
        Kept::Suppressions => suppressions(language),
        Kept::DeliveryAddresses => delivery_addresses(language),
        Kept::ServerReplies => server_replies(language),
        Kept::TestMails => test_mails(language),
        Kept::WebhookDeliveries => webhook_deliveries(language),
        Kept::RepeatedRequests => repeated_requests(language),
        Kept::UnclassifiedMail => unclassified_mail(language),
        Kept::SentLetters => sent_letters(language),
        Kept::FailedLetters => failed_letters(language),
        Kept::NewAddresses => new_addresses(language),
        Kept::ImportFiles => import_files(language),
        Kept::Attempts => attempts(language),
        Kept::Audit => audit(language),
        Kept::Sessions => sessions(language),
        Kept::UserLinks => user_links(language),
        Kept::DomainPaces => domain_paces(language),
    }
}
