//! What the desk says about other programs that are told what happens, about mail that came back and no rule could read,
//! and about asking readers whether they stay.

use super::{numbers, texts};
use crate::domain::feedback::Channel;
use crate::domain::language::Language;

texts! {
    tab_feedback() { nl: "Post terug", en: "Mail that came back" }
    tab_webhooks() { nl: "Webhooks", en: "Webhooks" }

    feedback_title() { nl: "Post die niemand kon lezen", en: "Mail that nobody could read" }
    feedback_body() {
        nl: "Deze e-mails kwamen terug op een verzending, maar geen regel herkent ze. Lees ze zelf, doe wat nodig is, en haal \
             ze van de lijst. We bewaren alleen het begin van de tekst.",
        en: "These emails came back about a delivery, but no rule recognises them. Read them yourself, do what is needed, and \
             take them off the list. We keep only the beginning of the text.",
    }
    feedback_none() { nl: "Alles is gelezen.", en: "Everything has been read." }
    feedback_read() { nl: "Lees ze", en: "Read them" }
    feedback_count(count) { nl: "Nog te lezen: {count}", en: "Still to read: {count}" }
    feedback_no_subject() { nl: "(zonder onderwerp)", en: "(no subject)" }
    feedback_about(number) { nl: "Over nieuwsbrief {number}", en: "About edition {number}" }
    feedback_to(email) { nl: "verstuurd aan {email}", en: "sent to {email}" }
    feedback_nobody() { nl: "het adres wordt niet meer bewaard", en: "the address is no longer kept" }
    feedback_seen() { nl: "Gezien, haal van de lijst", en: "Seen, take it off the list" }
    feedback_seen_label(subject) { nl: "Gezien, haal van de lijst: {subject}", en: "Seen, take it off the list: {subject}" }
    done_seen() { nl: "Deze e-mail staat niet meer op de lijst.", en: "This email is off the list." }
    channel_smtp() { nl: "tijdens het versturen", en: "while it was sent" }
    channel_listener() { nl: "bij onze eigen ontvanger", en: "at our own listener" }
    channel_pipe() { nl: "via de mailserver", en: "by the mail server" }
    channel_mailbox() { nl: "in de mailbox waarin we kijken", en: "in the mailbox that we look into" }
    channel_service() { nl: "via de maildienst", en: "by the mail service" }

    webhooks_body() {
        nl: "Andere programma's krijgen te horen wat er gebeurt: een ondertekend bericht met nummers, nooit met adressen van \
             mensen.",
        en: "Other programs are told what happens: a signed message with numbers, never with addresses of people.",
    }
    webhooks_none() { nl: "Niemand krijgt iets te horen.", en: "Nobody is told anything." }
    webhooks_all() { nl: "alles", en: "everything" }
    webhooks_events(events) { nl: "Hoort: {events}", en: "Is told: {events}" }
    webhooks_since(moment) { nl: "Sinds {moment}", en: "Since {moment}" }
    webhooks_on() { nl: "Aan", en: "On" }
    webhooks_off() { nl: "Uit", en: "Off" }
    off_gone() { nl: "Het adres antwoordde dat het er niet meer is (410).", en: "The address answered that it is gone (410)." }
    off_by_hand() { nl: "Iemand heeft hem uitgezet.", en: "Somebody switched it off." }
    webhooks_never() { nl: "Er was de laatste dertig dagen niets te vertellen.", en: "There was nothing to tell in the last thirty days." }
    webhooks_last(event, moment) { nl: "Laatst: {event}, {moment}", en: "Last: {event}, {moment}" }
    webhooks_log() { nl: "Wat is verteld", en: "What was told" }
    webhooks_log_label(host) { nl: "Wat is verteld aan {host}", en: "What {host} was told" }
    webhooks_back() { nl: "Alle webhooks", en: "All webhooks" }
    webhooks_enable() { nl: "Zet aan", en: "Switch on" }
    webhooks_disable() { nl: "Zet uit", en: "Switch off" }
    webhooks_rotate() { nl: "Maak een ander geheim", en: "Make another secret" }
    webhooks_remove() { nl: "Verwijder", en: "Remove" }
    webhooks_act_label(act, host) { nl: "{act}: {host}", en: "{act}: {host}" }
    webhooks_secret(host) {
        nl: "Het geheim voor {host}. Bewaar het nu: het wordt maar één keer getoond.",
        en: "The secret for {host}. Keep it now: it is shown only this once.",
    }
    webhooks_add() { nl: "Nog een programma laten horen wat er gebeurt", en: "Tell another program what happens" }
    webhooks_add_button() { nl: "Toevoegen", en: "Add" }
    webhooks_url() { nl: "Webadres", en: "Web address" }
    webhooks_url_hint() {
        nl: "Krijgt bij elke gebeurtenis een POST, zoals https://intern.voorbeeld.nl/postduif.",
        en: "Gets a POST for each event, such as https://intern.example.org/postduif.",
    }
    webhooks_which() { nl: "Wat het te horen krijgt", en: "What it is told" }
    webhooks_which_hint() { nl: "Niets aangevinkt betekent alles.", en: "No tick means everything." }
    webhooks_private() {
        nl: "Dit adres mag niet worden aangeroepen. Het moet een openbaar http- of https-adres zijn, zonder wachtwoord erin.",
        en: "This address must not be called. It must be a public http or https address, without a password in it.",
    }
    webhooks_taken() {
        nl: "Dit adres staat er al, of er zijn er te veel. Kijk in de lijst.",
        en: "This address is here already, or there are too many. Look at the list.",
    }
    state_told() { nl: "Aangekomen", en: "Arrived" }
    state_waits(attempts) { nl: "Wacht, na {attempts} pogingen", en: "Waits, after {attempts} attempts" }
    state_given_up(attempts) { nl: "Opgegeven na {attempts} pogingen", en: "Given up after {attempts} attempts" }
    column_event() { nl: "Gebeurtenis", en: "Event" }
    column_answer() { nl: "Antwoord", en: "Answer" }
    replay() { nl: "Vertel het nog eens", en: "Tell it again" }
    replay_label(event, moment) { nl: "Vertel het nog eens: {event} van {moment}", en: "Tell it again: {event} of {moment}" }
    done_told_again() { nl: "Het wordt zo nog eens verteld.", en: "It is told again shortly." }

    reconfirm_title() { nl: "Vraag wie er nog bij wil zijn", en: "Ask who still wants to be here" }
    reconfirm_body(days) {
        nl: "Na een lange stilte is een eerste nieuwsbrief voor veel mensen een verrassing. Wie zo lang niets hoorde, krijgt \
             één e-mail met de vraag of die wil blijven. Wie binnen {days} dagen niet antwoordt, wordt afgemeld.",
        en: "After a long silence a first edition surprises many. Those who heard nothing for so long get one email that asks \
             whether they stay. Those who do not answer within {days} days are unsubscribed.",
    }
    reconfirm_months() { nl: "Na hoeveel maanden stilte", en: "After how many months of silence" }
    reconfirm_months_hint() { nl: "6 tot 120 maanden; 0 is nooit.", en: "6 to 120 months; 0 is never." }
    reconfirm_months_fault() { nl: "Vul een getal in van 6 tot 120, of 0 voor nooit.", en: "Enter a number from 6 to 120, or 0 for never." }
    reconfirm_never() { nl: "Nu wordt niemand gevraagd: er is geen aantal maanden ingesteld.", en: "Now nobody is asked: no number of months is set." }
    reconfirm_due() { nl: "Zouden nu worden gevraagd", en: "Would be asked now" }
    reconfirm_waiting() { nl: "Gevraagd, nog zonder antwoord", en: "Asked, without an answer yet" }
    reconfirm_nobody() {
        nl: "Er is niemand om te vragen: er ging kort geleden een nieuwsbrief uit, of iedereen meldde zich pas aan.",
        en: "There is nobody to ask: an edition went out not long ago, or everybody signed up lately.",
    }
    reconfirm_button(count) { nl: "Vraag {count} mensen of ze blijven", en: "Ask {count} people whether they stay" }
    reconfirm_one() { nl: "Vraag één lezer of die blijft", en: "Ask one reader whether they stay" }
    done_asked() { nl: "De vraag gaat uit.", en: "The question is going out." }
}

/// By which way a mail came back.
pub fn channel(language: Language, channel: Channel) -> String {
    match channel {
        Channel::Smtp => channel_smtp(language),
        Channel::Listener => channel_listener(language),
        Channel::Pipe => channel_pipe(language),
        Channel::Mailbox => channel_mailbox(language),
        Channel::Service => channel_service(language),
    }
}

/// Why an address is told nothing more.
pub fn off(language: Language, reason: &str) -> String {
    if reason.contains("410") { off_gone(language) } else { off_by_hand(language) }
}

/// The button that asks so many.
pub fn ask(language: Language, count: i64) -> String {
    if count == 1 { reconfirm_one(language) } else { reconfirm_button(language, numbers::count(language, count)) }
}
