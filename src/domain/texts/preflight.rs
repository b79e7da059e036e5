//! What the look before sending finds, in words that say what to do.

use super::texts;

texts! {
    no_subject() { nl: "Er is geen onderwerp. Vul een onderwerp in.", en: "There is no subject. Enter one." }
    long_subject(length) {
        nl: "Het onderwerp is {length} tekens. Veel telefoons tonen er 40; houd het onder de 60.",
        en: "The subject has {length} characters. Many phones show 40; keep it below 60.",
    }
    no_preheader() {
        nl: "De voorbeeldregel is leeg. Mailprogramma's tonen dan het begin van de mail.",
        en: "The preview line is empty. Mail programs will show the beginning of the mail instead.",
    }
    long_preheader(length) {
        nl: "De voorbeeldregel is {length} tekens. Houd hem onder de 110.",
        en: "The preview line has {length} characters. Keep it below 110.",
    }
    no_articles() { nl: "Er staat geen enkel artikel in.", en: "There is no article in it." }
    no_postal_address() {
        nl: "Er staat geen postadres onder de mail. Vul het in bij de nieuwsbrief.",
        en: "There is no postal address under the mail. Enter it with the newsletter.",
    }
    placeholder(word, text) {
        nl: "Er staat nog een plaatsvervanger “{word}” in: “{text}”",
        en: "There is still a placeholder “{word}” in: “{text}”",
    }
    broken_link(title) { nl: "De link van “{title}” klopt niet.", en: "The link of “{title}” is broken." }
    private_link(title, host) {
        nl: "De link van “{title}” gaat naar {host}. Lezers kunnen daar niet bij.",
        en: "The link of “{title}” leads to {host}, which readers cannot reach.",
    }
    unpublished_link(title) {
        nl: "De link van “{title}” is van een bericht dat nog niet openbaar is.",
        en: "The link of “{title}” leads to a page that is not published yet.",
    }
    protected(title) {
        nl: "“{title}” is met een wachtwoord beveiligd. Haal het uit de nieuwsbrief.",
        en: "“{title}” is protected by a password. Take it out of the newsletter.",
    }
    too_large(kilobytes) {
        nl: "De mail is {kilobytes} kB. Boven de 90 kB kapt Gmail hem af. Haal artikelen weg.",
        en: "The mail has {kilobytes} kB. Above 90 kB Gmail cuts it off. Take articles out.",
    }
    no_unsubscribe_link(part) {
        nl: "De afmeldlink ontbreekt in het deel {part}. Zet hem terug in het sjabloon.",
        en: "The unsubscribe link is missing from the {part} part. Put it back into the template.",
    }
    broken_sender() { nl: "Het adres van de afzender klopt niet.", en: "The sender's address is broken." }
    no_one_click() {
        nl: "Afmelden met één klik ontbreekt in de koppen van de mail.",
        en: "One-click unsubscribe is missing from the header of the mail.",
    }
    no_audience() {
        nl: "Niemand zou deze nieuwsbrief krijgen: er zijn geen bevestigde abonnees.",
        en: "Nobody would get this newsletter: there are no confirmed subscribers.",
    }
    audience_changed(now, before) {
        nl: "{now} mensen krijgen deze nieuwsbrief. De vorige keer waren het er {before}. Klopt dat?",
        en: "{now} people will get this newsletter. Last time there were {before}. Is that right?",
    }
    silence(months) {
        nl: "De vorige nieuwsbrief is {months} maanden geleden. Weten mensen nog dat ze zich aanmeldden?",
        en: "The last newsletter was {months} months ago. Do people still know that they signed up?",
    }
    long_silence(months) {
        nl: "De vorige nieuwsbrief is {months} maanden geleden. Zeg bij het goedkeuren waarom dit nog is waarvoor mensen zich aanmeldden.",
        en: "The last newsletter was {months} months ago. Say with your approval why this is still what people signed up for.",
    }
    promise_broken(number, promised) {
        nl: "Dit is nummer {number} binnen een jaar; beloofd zijn er hoogstens {promised}. Zeg bij het goedkeuren waarom het toch mag.",
        en: "This is number {number} within a year; at most {promised} were promised. Say with your approval why it may go all the same.",
    }
}
