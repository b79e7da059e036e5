//! What the look before sending finds, in words that say what to do.

use super::texts;
use crate::domain::holidays::Holiday;
use crate::domain::language::Language;

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
    no_text() { nl: "De platte tekst is leeg.", en: "The plain text is empty." }
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
    no_address_in(part) {
        nl: "Het postadres ontbreekt in het deel {part}. Zet het terug in het sjabloon.",
        en: "The postal address is missing from the {part} part. Put it back into the template.",
    }
    no_reason_in(part) {
        nl: "In het deel {part} staat niet waarom iemand deze mail krijgt. Zet dat terug in het sjabloon.",
        en: "The {part} part does not say why somebody gets this mail. Put that back into the template.",
    }
    image_without_words(count) {
        nl: "{count} plaatjes hebben geen tekst (alt) voor wie ze niet ziet.",
        en: "{count} images have no text (alt) for those who do not see them.",
    }
    not_signed() {
        nl: "De handtekening (DKIM) dekt afmelden met één klik niet.",
        en: "The signature (DKIM) does not cover one-click unsubscribe.",
    }
    one_click_broken(status) {
        nl: "Onze eigen afmeldlink antwoordt met {status} op afmelden met één klik, en dat moet 200 zijn. Kijk naar het webadres en de proxy.",
        en: "Our own unsubscribe link answers one-click with {status}, which must be 200. Look at the public URL and the proxy.",
    }
    one_click_not_checked(reason) {
        nl: "Niet gecontroleerd: of afmelden met één klik werkt ({reason}).",
        en: "Not checked: whether one-click unsubscribe works ({reason}).",
    }
    is_offline() { nl: "de server is offline gezet", en: "the server is set to be offline" }
    no_public_url() { nl: "er is geen webadres ingesteld", en: "no public URL is set" }
    dead_link(title, url, status) {
        nl: "De link van “{title}” geeft {status}: {url}",
        en: "The link of “{title}” answers {status}: {url}",
    }
    links_not_checked(count, reason) {
        nl: "Niet gecontroleerd: {count} links ({reason}).",
        en: "Not checked: {count} links ({reason}).",
    }
    sent_before(title) {
        nl: "“{title}” stond al in een eerdere nieuwsbrief.",
        en: "“{title}” was in an earlier newsletter already.",
    }
    going_out(number) {
        nl: "Nieuwsbrief {number} wordt nog verstuurd of staat stil. Maak die eerst af.",
        en: "Newsletter {number} is still going out, or has stopped. Finish that one first.",
    }
    no_test() {
        nl: "Er is na de laatste wijziging geen testmail verstuurd. Stuur er een naar jezelf.",
        en: "No test mail was sent after the last change. Send one to yourself.",
    }
    never_checked() {
        nl: "Niet gecontroleerd: DNS en mailserver. Laat `postduif doctor` kijken.",
        en: "Not checked: DNS and mail server. Let `postduif doctor` look.",
    }
    part_not_checked(name, reason) {
        nl: "Niet gecontroleerd: {name} ({reason})",
        en: "Not checked: {name} ({reason})",
    }
    source_unread(source, since, reason) {
        nl: "{source} kon sinds {since} niet worden gelezen. Artikelen van daarna ontbreken misschien. Reden: {reason}",
        en: "{source} could not be read since {since}. Articles published after that may be missing. Reason: {reason}",
    }
    source_never_read(source, reason) {
        nl: "{source} kon nog nooit worden gelezen. Al zijn artikelen ontbreken. Reden: {reason}",
        en: "{source} could never be read yet. All its articles are missing. Reason: {reason}",
    }
    source_gap(source, since, reason) {
        nl: "Van {source} konden oudere pagina's niet worden gelezen. Artikelen van na {since} ontbreken misschien. Reden: {reason}",
        en: "Older pages of {source} could not be read. Articles published after {since} may be missing. Reason: {reason}",
    }
    checked_long_ago(hours) {
        nl: "DNS en mailserver zijn {hours} uur geleden voor het laatst gecontroleerd. Laat `postduif doctor` nog eens kijken.",
        en: "DNS and mail server were last checked {hours} hours ago. Let `postduif doctor` look again.",
    }
    checkup_unfinished() {
        nl: "DNS en mailserver konden niet op tijd worden gecontroleerd. Laat `postduif doctor` kijken wat er is.",
        en: "DNS and mail server could not be checked in time. Let `postduif doctor` look what it is.",
    }
    public_url_unset(url) {
        nl: "Er is geen webadres ingesteld. Afmelden en alle andere links leiden naar {url}, waar lezers niet bij kunnen. Stel POSTDUIF_PUBLIC_URL in.",
        en: "No public URL is set. Unsubscribing and all other links lead to {url}, which readers cannot reach. Set POSTDUIF_PUBLIC_URL.",
    }
    public_url_private(url) {
        nl: "Het webadres {url} ligt in een eigen netwerk. Lezers kunnen zich daar niet afmelden. Stel POSTDUIF_PUBLIC_URL anders in.",
        en: "The public URL {url} lies in a network of its own. Readers cannot unsubscribe there. Set POSTDUIF_PUBLIC_URL differently.",
    }
    public_url_in_clear(url) {
        nl: "Het webadres {url} is niet versleuteld. Mailprogramma's tonen hun afmeldknop alleen bij https.",
        en: "The public URL {url} is not encrypted. Mail programs show their unsubscribe button for https alone.",
    }
    no_bounce_address() {
        nl: "Er is geen adres voor bounces (POSTDUIF_BOUNCE_ADDRESS). Afmelden per mail kan dan niet, en onbestelbare mail merkt niemand op.",
        en: "There is no address for bounces (POSTDUIF_BOUNCE_ADDRESS). So nobody can unsubscribe by mail, and nobody notices what cannot be delivered.",
    }
    no_inbound(address) {
        nl: "Niet gecontroleerd: of iemand leest wat op {address} binnenkomt (POSTDUIF_INBOUND_LISTEN staat uit).",
        en: "Not checked: whether anybody reads what arrives at {address} (POSTDUIF_INBOUND_LISTEN is off).",
    }
    checkup(name, message) { nl: "{name}: {message}", en: "{name}: {message}" }
    on_weekend(when) {
        nl: "Het versturen staat gepland op {when}. Dat is in het weekend.",
        en: "Sending is planned for {when}. That is at the weekend.",
    }
    on_holiday(when, holiday) {
        nl: "Het versturen staat gepland op {when}. Dat is {holiday}.",
        en: "Sending is planned for {when}. That is {holiday}.",
    }
    at_night(when) {
        nl: "Het versturen staat gepland op {when}. Mensen lezen meer tussen 7 en 20 uur.",
        en: "Sending is planned for {when}. People read more between 7 and 20 o'clock.",
    }
    no_backup() {
        nl: "Er is nog nooit een backup gemaakt. Maak er een met `postduif backup`.",
        en: "There has never been a backup. Make one with `postduif backup`.",
    }
    old_backup(hours) {
        nl: "De laatste backup is {hours} uur oud. Maak er een met `postduif backup`.",
        en: "The last backup is {hours} hours old. Make one with `postduif backup`.",
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
    reconfirm_due(count, slug) {
        nl: "{count} lezers hebben zo lang niets gehoord dat je wilt vragen of ze blijven. Doe dat eerst: postduif newsletter reconfirm {slug}",
        en: "{count} readers have heard nothing for so long that you want to ask them whether they stay. Do that first: postduif newsletter reconfirm {slug}",
    }
    reconfirm_unanswered(count) {
        nl: "{count} lezers zijn gevraagd of ze blijven en hebben nog niet geantwoord. Zij krijgen deze nieuwsbrief niet.",
        en: "{count} readers were asked whether they stay and have not answered yet. They do not get this edition.",
    }
    promise_broken(number, promised) {
        nl: "Dit is nummer {number} binnen een jaar; beloofd zijn er hoogstens {promised}. Zeg bij het goedkeuren waarom het toch mag.",
        en: "This is number {number} within a year; at most {promised} were promised. Say with your approval why it may go all the same.",
    }
}

texts! {
    new_year() { nl: "Nieuwjaarsdag", en: "New Year's Day" }
    good_friday() { nl: "Goede Vrijdag", en: "Good Friday" }
    easter() { nl: "Eerste Paasdag", en: "Easter Sunday" }
    easter_monday() { nl: "Tweede Paasdag", en: "Easter Monday" }
    kings_day() { nl: "Koningsdag", en: "King's Day" }
    liberation_day() { nl: "Bevrijdingsdag", en: "Liberation Day" }
    ascension() { nl: "Hemelvaartsdag", en: "Ascension Day" }
    pentecost() { nl: "Eerste Pinksterdag", en: "Whit Sunday" }
    whit_monday() { nl: "Tweede Pinksterdag", en: "Whit Monday" }
    christmas() { nl: "Eerste Kerstdag", en: "Christmas Day" }
    second_christmas() { nl: "Tweede Kerstdag", en: "Boxing Day" }
}

/// A holiday's name.
pub fn holiday(language: Language, holiday: Holiday) -> String {
    match holiday {
        Holiday::NewYear => new_year(language),
        Holiday::GoodFriday => good_friday(language),
        Holiday::Easter => easter(language),
        Holiday::EasterMonday => easter_monday(language),
        Holiday::KingsDay => kings_day(language),
        Holiday::LiberationDay => liberation_day(language),
        Holiday::Ascension => ascension(language),
        Holiday::Pentecost => pentecost(language),
        Holiday::WhitMonday => whit_monday(language),
        Holiday::Christmas => christmas(language),
        Holiday::SecondChristmas => second_christmas(language),
    }
}
