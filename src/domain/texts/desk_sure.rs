//! What the desk asks once more before it does it: the question, and what will happen.

use super::{numbers, texts};
use crate::domain::language::Language;

texts! {
    what_happens() { nl: "Er is nog niets gebeurd. Als je doorgaat:", en: "Nothing has happened yet. If you go on:" }
    for_good() { nl: "Dit kun je niet terugdraaien.", en: "You cannot undo this." }
    can_be_undone() { nl: "Je kunt dit later weer terugdraaien.", en: "You can turn this back later." }

    source(title) { nl: "De bron “{title}” verwijderen?", en: "Remove the source “{title}”?" }
    source_no_more() {
        nl: "Er komen geen nieuwe artikelen meer van deze bron.",
        en: "No new articles come from this source.",
    }
    source_stays(count) {
        nl: "Artikelen die er al zijn en blijven staan: {count}.",
        en: "Articles that are here already and stay: {count}.",
    }

    article(title) { nl: "Het artikel “{title}” verwijderen?", en: "Remove the article “{title}”?" }
    article_gone() {
        nl: "Eén artikel verdwijnt uit de lijst. Een bron die het nog toont, brengt het niet terug.",
        en: "One article goes from the list. A source that still shows it does not bring it back.",
    }

    import(origin) { nl: "De import van “{origin}” terugdraaien?", en: "Undo the import of “{origin}”?" }
    import_people(count) {
        nl: "Aanmeldingen die door deze import ontstonden: {count}. Ze worden weggehaald, met de blokkades uit het bestand.",
        en: "Subscriptions that this import began: {count}. They are taken away, with the blocks of the file.",
    }
    import_own() {
        nl: "Wie zich intussen zelf aanmeldde of afmeldde, blijft zoals die is.",
        en: "Those who signed up or left themselves since stay as they are.",
    }

    unsubscribe(email, newsletter) { nl: "{email} afmelden voor {newsletter}?", en: "Unsubscribe {email} from {newsletter}?" }
    unsubscribe_one() {
        nl: "Eén inschrijving eindigt. Ook van een nieuwsbrief die nu uitgaat, krijgt deze persoon niets meer.",
        en: "One subscription ends. This person gets nothing more, not of an edition that is going out either.",
    }
    unsubscribe_back() {
        nl: "Alleen deze persoon zelf kan zich weer aanmelden.",
        en: "Only this person can sign up again.",
    }
    erase(email) { nl: "Alle gegevens van {email} verwijderen?", en: "Erase all data about {email}?" }
    erase_count(subscriptions, deliveries) {
        nl: "Inschrijvingen die verdwijnen: {subscriptions}. Ontvangen nieuwsbrieven waar de naam uit verdwijnt: {deliveries}.",
        en: "Subscriptions that go: {subscriptions}. Editions received that forget whose they were: {deliveries}.",
    }

    stop(number) { nl: "Nieuwsbrief {number} voorgoed stoppen?", en: "Stop edition {number} for good?" }
    stop_rest(rest) { nl: "Mensen die hem dan niet meer krijgen: {rest}.", en: "People who then do not get it: {rest}." }
    stop_done(done) { nl: "Mensen die al aan de beurt waren: {done}. Daar verandert niets aan.", en: "People whose turn has been: {done}. Nothing changes for them." }
    stop_before() { nl: "Deze nieuwsbrief gaat naar niemand uit.", en: "This edition goes out to nobody." }

    withdraw(number) { nl: "Nieuwsbrief {number} uit het archief halen?", en: "Take edition {number} out of the archive?" }

    repeat_title() { nl: "De onzekere e-mails nog een keer sturen?", en: "Send the uncertain emails once more?" }
    repeat_what(count) {
        nl: "Mensen die deze e-mail nog een keer krijgen: {count}. Wie hem toch al had, heeft hem dan dubbel.",
        en: "People who are sent this email once more: {count}. Those who had it after all then have it twice.",
    }
    leave_title() { nl: "De onzekere e-mails zo laten?", en: "Leave the uncertain emails as they are?" }
    leave_what(count) {
        nl: "Mensen die niets meer van deze nieuwsbrief krijgen: {count}. Wie hem niet kreeg, mist hem.",
        en: "People who get nothing more of this edition: {count}. Those who did not get it miss it.",
    }

    revoke(name) { nl: "Het token “{name}” intrekken?", en: "Revoke the token “{name}”?" }
    revoke_what() {
        nl: "Elk programma dat dit ene token gebruikt, wordt vanaf dat moment geweigerd.",
        en: "Every program that uses this one token is refused from that moment on.",
    }
    disable(name) { nl: "{name} de toegang ontnemen?", en: "Shut {name} out?" }
    disable_what() { nl: "Deze ene gebruiker kan niet meer inloggen.", en: "This one user can no longer sign in." }
    sessions(name) { nl: "{name} overal uitloggen?", en: "Sign {name} out everywhere?" }
    sessions_what(count) {
        nl: "Plekken waar deze gebruiker nu is ingelogd, en wordt uitgelogd: {count}.",
        en: "Places where this user is signed in now, and is signed out: {count}.",
    }
    sessions_typed() { nl: "Wat daar niet is opgeslagen, kan verloren gaan.", en: "What is not saved there may be lost." }
    sessions_own_title() { nl: "Overal elders uitloggen?", en: "Sign out everywhere else?" }
    sessions_own(count) { nl: "Andere plekken waar je nu bent ingelogd, en wordt uitgelogd: {count}.", en: "Other places where you are signed in now, and are signed out: {count}." }
    passkey(name) { nl: "De passkey “{name}” verwijderen?", en: "Remove the passkey “{name}”?" }
    passkey_what(left) {
        nl: "Met deze ene passkey kun je niet meer inloggen. Passkeys die je overhoudt: {left}.",
        en: "You can no longer sign in with this one passkey. Passkeys that you have left: {left}.",
    }
    second(name) { nl: "De tweede stap van {name} uitzetten?", en: "Turn off the second step of {name}?" }
    second_what() {
        nl: "Deze ene gebruiker logt dan in met alleen een wachtwoord, en wordt nu overal uitgelogd. Codes en passkeys vervallen.",
        en: "This one user then signs in with a password alone, and is signed out everywhere now. Codes and passkeys become void.",
    }

    unblock(email) { nl: "De blokkade van {email} opheffen?", en: "Lift the block of {email}?" }

    reconfirm(newsletter) { nl: "Lezers van {newsletter} vragen of ze blijven?", en: "Ask the readers of {newsletter} whether they stay?" }
    reconfirm_what(count) { nl: "Mensen die nu een e-mail krijgen: {count}.", en: "People who get an email now: {count}." }
    reconfirm_silent(days) {
        nl: "Wie binnen {days} dagen niet antwoordt, wordt afgemeld.",
        en: "Those who do not answer within {days} days are unsubscribed.",
    }

    webhook_remove(host) { nl: "De webhook naar {host} verwijderen?", en: "Remove the webhook to {host}?" }
    webhook_remove_what(queued) {
        nl: "Het adres hoort niets meer. Meldingen die nog niet zijn aangekomen en vervallen: {queued}.",
        en: "The address is told nothing more. Messages that have not arrived yet and become void: {queued}.",
    }
    webhook_stop(host) { nl: "De webhook naar {host} uitzetten?", en: "Switch off the webhook to {host}?" }
    webhook_rotate(host) { nl: "Een ander geheim maken voor {host}?", en: "Make another secret for {host}?" }
    webhook_rotate_what() {
        nl: "De andere kant moet binnen een dag het nieuwe geheim kennen. Tot dan ondertekenen beide.",
        en: "The other side must know the new secret within a day. Until then both sign.",
    }
}

/// What stopping an edition for good does, in numbers.
pub fn stopping(language: Language, audience: i64, done: i64) -> Vec<String> {
    if audience == 0 {
        return vec![stop_before(language), for_good(language)];
    }
    let count = |number| numbers::count(language, number);
    vec![stop_rest(language, count(audience - done)), stop_done(language, count(done)), for_good(language)]
}
