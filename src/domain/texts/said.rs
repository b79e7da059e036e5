//! What the machinery says, in the reader's language. The doctor, the sources and the flows speak English: to the command
//! line, the log and the API. At the desk their sentences are shown as people there read them.

use crate::domain::language::Language;

/// Deeper than this no sentence stands in another.
const DEEPEST: usize = 4;

/// What `text` says, line by line; a line that nobody here knows stays as it is.
pub fn said(language: Language, text: &str) -> String {
    match language {
        Language::En => text.to_owned(),
        Language::Nl => text.lines().map(|line| in_dutch(line, 0)).collect::<Vec<_>>().join("\n"),
    }
}

/// A sentence may stand in another one: “answers at port 587, TLS 1.3; its certificate ends in 3 days”.
fn in_dutch(text: &str, depth: usize) -> String {
    let known = DUTCH.iter().find_map(|(english, dutch)| Some((parts(english, text)?, dutch)));
    let Some((parts, dutch)) = known.filter(|_| depth <= DEEPEST) else { return text.to_owned() };
    let mut parts = parts.into_iter().map(|part| in_dutch(part, depth + 1));
    let mut pieces = dutch.split("{}");
    let mut told = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        told.push_str(&parts.next().unwrap_or_default());
        told.push_str(piece);
    }
    told
}

/// What stands in `text` where `pattern` has `{}`; `None` when it says something else.
fn parts<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut fixed = pattern.split("{}");
    let mut rest = text.strip_prefix(fixed.next()?)?;
    let mut found = Vec::new();
    let fixed: Vec<&str> = fixed.collect();
    let Some((end, between)) = fixed.split_last() else { return rest.is_empty().then_some(found) };
    for piece in between {
        let (part, behind) = rest.split_once(piece)?;
        found.push(part);
        rest = behind;
    }
    found.push(rest.strip_suffix(end)?);
    Some(found)
}

/// The English sentences, with `{}` where something is filled in, and the same in Dutch with the fillings in the same order.
/// Those that begin or end with a filling come last, the longest first: they match most.
pub const DUTCH: &[(&str, &str)] = &[
    // The doctor on the house itself.
    ("it is {} here, but {} has been already", "het is hier {}, maar {} is al geweest"),
    (
        "Set the clock right (timedatectl set-ntp true): with a wrong one links expire and moments pass.",
        "Zet de klok goed (timedatectl set-ntp true): met een verkeerde verlopen links en gaan momenten voorbij.",
    ),
    ("{}; no site outside told its time", "{}; geen site van buiten zei hoe laat het is"),
    ("{}; {} s ahead of the clock of {}", "{}; {} s voor op de klok van {}"),
    ("{}; {} s behind the clock of {}", "{}; {} s achter op de klok van {}"),
    ("{}, and as late as at {}", "{}, en even laat als bij {}"),
    ("{}, not behind what was seen before", "{}, niet achter op wat eerder is gezien"),
    ("{} answers and is sound", "{} antwoordt en is gaaf"),
    ("{} found a fault: {}", "{} vond een fout: {}"),
    (
        "Stop the program, keep a copy of the file, and restore the last backup: postduif restore FILE --replace",
        "Stop het programma, bewaar een kopie van het bestand, en zet de laatste backup terug: postduif restore FILE --replace",
    ),
    ("{} does not answer: {}", "{} antwoordt niet: {}"),
    ("schema change {}; this is postduif {}", "schemawijziging {}; dit is postduif {}"),
    (
        "The database is newer than this program: finish the upgrade of every node.",
        "De database is nieuwer dan dit programma: maak het bijwerken van elke machine af.",
    ),
    ("{} free for {}", "{} vrij voor {}"),
    ("Make room: without it nothing can be stored.", "Maak ruimte: zonder kan er niets worden opgeslagen."),
    ("Make room, or keep fewer: POSTDUIF_BACKUP_KEEP.", "Maak ruimte, of bewaar er minder: POSTDUIF_BACKUP_KEEP."),
    (
        "One is made daily while `postduif serve` runs; now: postduif backup FILE",
        "Er wordt er elke dag een gemaakt zolang `postduif serve` draait; nu meteen: postduif backup FILE",
    ),
    (
        "Set POSTDUIF_BACKUP_FOLDER for a daily one, or run: postduif backup FILE",
        "Stel POSTDUIF_BACKUP_FOLDER in voor een dagelijkse, of voer uit: postduif backup FILE",
    ),
    ("there is none yet", "die is er nog niet"),
    ("the last good one is {} hours old", "de laatste goede is {} uur oud"),
    ("{} failures in a row; the last: {}", "{} keer achter elkaar mislukt; de laatste keer: {}"),
    ("Look with: postduif source check {}", "Kijk met: postduif source check {}"),
    ("has not been read yet", "is nog niet gelezen"),
    ("has not been read for three days", "is al drie dagen niet gelezen"),
    (
        "Articles are read by `postduif serve`; is it running?",
        "Artikelen worden gelezen door `postduif serve`; draait dat?",
    ),
    (
        "its newest articles are read; older ones could not be: {}",
        "de nieuwste artikelen zijn gelezen; oudere konden niet worden gelezen: {}",
    ),
    (
        "Does the site, or a firewall before it, refuse further pages of its feed?",
        "Weigert de site, of een firewall ervoor, de volgende pagina's van de feed?",
    ),
    ("read at {}", "gelezen op {}"),
    (
        "nobody is told when a draft is ready or a sending stops",
        "niemand hoort het als er een concept klaar is of het versturen stopt",
    ),
    (
        "Name somebody: postduif newsletter edit {} --notify you@example.org; or add an editor: postduif user add",
        "Noem iemand: postduif newsletter edit {} --notify jij@example.org; of voeg een redacteur toe: postduif user add",
    ),
    ("one person is told what happens", "één persoon hoort wat er gebeurt"),
    ("{} people are told what happens", "{} mensen horen wat er gebeurt"),
    ("there is no time zone “{}”", "er is geen tijdzone “{}”"),
    ("the next draft is assembled at {}", "het volgende concept wordt samengesteld op {}"),
    ("no moment comes any more", "er komt geen moment meer"),
    // The doctor on the ways out and in.
    (
        "no mail server is set, so nothing can be sent",
        "er is geen mailserver ingesteld, dus er kan niets worden verstuurd",
    ),
    ("it did not answer in time", "hij antwoordde niet op tijd"),
    ("Check host and port of POSTDUIF_SMTP_URL.", "Kijk naar host en poort in POSTDUIF_SMTP_URL."),
    (
        "Check POSTDUIF_SMTP_URL: host, port, tls=, user and password.",
        "Kijk naar POSTDUIF_SMTP_URL: host, poort, tls=, gebruiker en wachtwoord.",
    ),
    ("Has its renewal stopped?", "Is het vernieuwen ervan gestopt?"),
    ("{} is no address", "{} is geen adres"),
    (
        "POSTDUIF_PUBLIC_URL is where readers reach this server, through your proxy: is it running and right?",
        "Op POSTDUIF_PUBLIC_URL bereiken lezers deze server, via je proxy: draait die en klopt het adres?",
    ),
    ("{} leads somewhere else ({})", "{} leidt ergens anders heen ({})"),
    (
        "Set POSTDUIF_PUBLIC_URL to where it leads: mail programs follow no redirect to unsubscribe.",
        "Zet POSTDUIF_PUBLIC_URL op waar het heen leidt: mailprogramma's volgen geen omleiding om af te melden.",
    ),
    ("{} answers, but in clear", "{} antwoordt, maar onversleuteld"),
    (
        "Put a proxy with a certificate in front; mail programs offer their unsubscribe button for https alone.",
        "Zet er een proxy met een certificaat voor; mailprogramma's tonen hun afmeldknop alleen bij https.",
    ),
    ("the public URL is no address", "het publieke adres is geen adres"),
    (
        "the mail programs' button works: 200, no redirect, no cookie",
        "de knop van mailprogramma's werkt: 200, geen omleiding, geen cookie",
    ),
    (
        "the button works, but something in front of us sets a cookie",
        "de knop werkt, maar iets vóór ons zet een cookie",
    ),
    ("the mail programs' button gets {} instead of 200", "de knop van mailprogramma's krijgt {} in plaats van 200"),
    (
        "Something in front of us does not let POST /u/… through: a firewall, a login page, a redirect.",
        "Iets vóór ons laat POST /u/… niet door: een firewall, een inlogpagina, een omleiding.",
    ),
    ("not checked, because POSTDUIF_OFFLINE is set", "niet gecontroleerd, omdat POSTDUIF_OFFLINE is ingesteld"),
    // The doctor on DNS.
    ("mail is not signed by us", "wij ondertekenen de e-mails niet"),
    (
        "Unless your mail server signs with your domain: set POSTDUIF_DKIM_DOMAIN, POSTDUIF_DKIM_SELECTOR and POSTDUIF_DKIM_KEY_FILE.",
        "Tenzij je mailserver met je domein ondertekent: stel POSTDUIF_DKIM_DOMAIN, POSTDUIF_DKIM_SELECTOR en POSTDUIF_DKIM_KEY_FILE in.",
    ),
    ("could not be looked up: {}", "kon niet worden opgezocht: {}"),
    ("{} has no SPF record", "{} heeft geen SPF-record"),
    ("{} has {} SPF records, which makes all of them void", "{} heeft {} SPF-records, en daardoor telt er geen enkel"),
    ("Leave one that names everybody.", "Laat er één over dat iedereen noemt."),
    ("receivers cannot read the SPF record: {}", "ontvangers kunnen het SPF-record niet lezen: {}"),
    ("“{}” of {} is none of its words", "“{}” van {} is geen woord ervan"),
    ("{}, which it names, has no SPF record", "{}, dat erin wordt genoemd, heeft geen SPF-record"),
    ("{}, which it names, has several SPF records", "{}, dat erin wordt genoemd, heeft meer dan één SPF-record"),
    (
        "the SPF record costs {} of {} look-ups, {} of them void (at most {}): receivers give up",
        "het SPF-record kost {} van {} opzoekingen, waarvan {} leeg (hoogstens {}): ontvangers geven het op",
    ),
    (
        "Take out what you no longer use, or name networks (ip4:, ip6:) instead.",
        "Haal weg wat je niet meer gebruikt, of noem netwerken (ip4:, ip6:).",
    ),
    ("the SPF record lets anybody send ({})", "het SPF-record laat iedereen versturen ({})"),
    ("End it with ~all or -all.", "Laat het eindigen op ~all of -all."),
    ("the SPF record seems not to name {} ({})", "het SPF-record lijkt {} niet te noemen ({})"),
    (
        "such as: {}   (what to include, your mail provider says)",
        "zoals: {}   (wat er in moet staan, zegt je mailprovider)",
    ),
    ("one record, {}", "één record, {}"),
    ("seen: {}", "gezien: {}"),
    ("there is no key under this name", "onder deze naam staat geen sleutel"),
    ("the key in DNS is ours", "de sleutel in DNS is de onze"),
    ("the key in DNS is withdrawn", "de sleutel in DNS is ingetrokken"),
    ("the key in DNS is not the one we sign with", "de sleutel in DNS is niet die waarmee wij ondertekenen"),
    (
        "there are several keys under this name; receivers take any of them",
        "onder deze naam staan meer sleutels; ontvangers nemen er zomaar een",
    ),
    (
        "there is no DMARC record; Gmail and Outlook ask senders of many mails for one",
        "er is geen DMARC-record; Gmail en Outlook vragen dat van wie veel e-mails verstuurt",
    ),
    (
        "mail from {} is signed for {}, which DMARC does not count",
        "e-mail van {} is ondertekend voor {}, en dat telt niet voor DMARC",
    ),
    ("Sign with POSTDUIF_DKIM_DOMAIN={}.", "Onderteken met POSTDUIF_DKIM_DOMAIN={}."),
    (
        "p=none ({}): others can write in the name of {}; aim at quarantine, then reject",
        "p=none ({}): anderen kunnen namens {} mailen; streef naar quarantine, daarna reject",
    ),
    ("t=y ({}): the policy is only tried out", "t=y ({}): het beleid wordt alleen uitgeprobeerd"),
    ("Take t=y out once the reports look right.", "Haal t=y weg zodra de rapporten er goed uitzien."),
    ("the return path ({}) belongs to {}", "het retouradres ({}) hoort bij {}"),
    (
        "bounces go to {}, which DMARC does not count as {}: {}",
        "terugkomers gaan naar {}, en dat telt voor DMARC niet als {}: {}",
    ),
    (
        "mail counts as from there only where your mail server signs it",
        "e-mail telt alleen als daarvandaan waar je mailserver die ondertekent",
    ),
    (
        "only the signature counts, which some mail servers on the way break",
        "alleen de ondertekening telt, en sommige mailservers onderweg maken die stuk",
    ),
    ("Such as: POSTDUIF_BOUNCE_ADDRESS=bounces@{}", "Zoals: POSTDUIF_BOUNCE_ADDRESS=bounces@{}"),
    ("answers and bounces go to {}", "antwoorden en terugkomers gaan naar {}"),
    ("there is no MX record; mail goes to {} itself", "er is geen MX-record; e-mail gaat naar {} zelf"),
    (
        "{} says that it takes no mail (null MX), so answers and bounces are lost",
        "{} zegt dat het geen e-mail aanneemt (null MX), dus antwoorden en terugkomers gaan verloren",
    ),
    ("{} takes no mail: it has neither MX nor address", "{} neemt geen e-mail aan: het heeft geen MX en geen adres"),
    ("there is no domain {}", "het domein {} bestaat niet"),
    ("IPv6 {}, DNSSEC {}, DANE {}", "IPv6 {}, DNSSEC {}, DANE {}"),
    ("yes", "ja"),
    ("no", "nee"),
    (
        "Of the mail servers that take answers and bounces; internet.nl explains each.",
        "Dit gaat over de mailservers die antwoorden en terugkomers aannemen; internet.nl legt elk punt uit.",
    ),
    ("“{}” cannot be a name in DNS", "“{}” kan geen naam in DNS zijn"),
    ("no DNS server answered", "geen enkele DNS-server antwoordde"),
    ("the DNS servers could not say ({})", "de DNS-servers konden het niet zeggen ({})"),
    ("no DNS server is known; name one in POSTDUIF_DNS", "er is geen DNS-server bekend; noem er een in POSTDUIF_DNS"),
    // Connecting to a mail server.
    ("its name has no address that we may use", "bij de naam hoort geen adres dat we mogen gebruiken"),
    ("the network said: {}", "het netwerk zei: {}"),
    ("it closed the connection", "hij verbrak de verbinding"),
    ("its certificate does not prove who it is: {}", "het certificaat bewijst niet wie hij is: {}"),
    ("encryption failed: {}", "het versleutelen mislukte: {}"),
    ("it offers no encryption, which is required", "hij biedt geen versleuteling, en die is verplicht"),
    ("it offers no way to log in that we know", "hij biedt geen manier van inloggen die wij kennen"),
    // Reading a source, calling an address.
    ("only http and https addresses can be fetched", "alleen http- en https-adressen kunnen worden opgehaald"),
    (
        "port {} is not one of the web; only 80 and 443 are, unless the source is allowed to be private",
        "poort {} hoort niet bij het web; alleen 80 en 443, tenzij de bron in een eigen netwerk mag liggen",
    ),
    (
        "“{}” lies in a private network; allow that for this source if it is meant to",
        "“{}” ligt in een eigen netwerk; sta dat toe voor deze bron als dat de bedoeling is",
    ),
    ("there is no server called “{}”; check the address", "er is geen server met de naam “{}”; kijk het adres na"),
    ("“{}” cannot be reached", "“{}” is niet te bereiken"),
    (
        "“{}” does not prove who it is: its certificate or its TLS is faulty",
        "“{}” bewijst niet wie het is: het certificaat of de TLS klopt niet",
    ),
    (
        "the answer did not come in time: it must begin within {} seconds, and be there {} seconds later",
        "het antwoord kwam niet op tijd: het moet binnen {} seconden beginnen, en er {} seconden later zijn",
    ),
    ("the answer is larger than {} MB", "het antwoord is groter dan {} MB"),
    ("more than {} redirects", "meer dan {} omleidingen"),
    ("a redirect leads nowhere that can be fetched", "een omleiding leidt nergens heen waar iets op te halen is"),
    ("the source is gone for good (410)", "de bron is voorgoed weg (410)"),
    ("the server answers {}", "de server antwoordt {}"),
    ("the answer is not HTTP as it should be", "het antwoord is geen HTTP zoals het hoort"),
    ("the fetch was broken off because the program is stopping", "het ophalen is afgebroken omdat het programma stopt"),
    ("the answer is empty; check the address of the feed", "het antwoord is leeg; kijk het adres van de feed na"),
    (
        "the feed is larger than 5 MB; ask its owner to put fewer items in it",
        "de feed is groter dan 5 MB; vraag de eigenaar er minder in te zetten",
    ),
    (
        "this is a web page, not a feed, and it names no feed; look on the site for an address of RSS or Atom",
        "dit is een webpagina en geen feed, en er wordt geen feed genoemd; zoek op de site naar een adres van RSS of Atom",
    ),
    (
        "this is neither RSS, Atom, JSON Feed nor a list of WordPress posts",
        "dit is geen RSS, Atom, JSON Feed of lijst met WordPress-berichten",
    ),
    ("the JSON is broken at line {}, column {}", "de JSON is stuk op regel {}, kolom {}"),
    ("the XML is broken before its first item", "de XML is stuk vóór het eerste bericht"),
    ("{} is a source of “{}” already", "{} is al een bron van “{}”"),
    // Why something cannot be done now.
    ("there is a newsletter “{}” already", "er is al een nieuwsbrief “{}”"),
    ("{} is a user already", "{} is al gebruiker"),
    (
        "this is the only administrator who can sign in; make another user administrator first",
        "dit is de enige beheerder die kan inloggen; maak eerst iemand anders beheerder",
    ),
    (
        "mail needs a sender: make a newsletter first, then there is one",
        "een e-mail heeft een afzender nodig: maak eerst een nieuwsbrief, dan is die er",
    ),
    ("there is nothing that this person could confirm", "er is niets dat deze persoon kan bevestigen"),
    (
        "a mail went to this address just now; try again later",
        "er ging net een e-mail naar dit adres; probeer het later nog eens",
    ),
    (
        "the subscription vanished while it was made",
        "de inschrijving verdween terwijl ze werd gemaakt; probeer het nog eens",
    ),
    (
        "this person unsubscribed; they can sign up again themselves, through the form",
        "deze persoon heeft zich afgemeld; die kan zich zelf weer aanmelden met het formulier",
    ),
    (
        "this person had their data erased; they can sign up again themselves, through the form",
        "deze persoon liet alle gegevens verwijderen; die kan zich zelf weer aanmelden met het formulier",
    ),
    (
        "mail to this address came back; if the mailbox works again, its owner can sign up through the form",
        "e-mail aan dit adres kwam terug; werkt de mailbox weer, dan kan de eigenaar zich aanmelden met het formulier",
    ),
    (
        "this person reported our mail as spam; write to them no more",
        "deze persoon meldde onze e-mail als spam; schrijf die niet meer",
    ),
    (
        "it was blocked; `postduif suppression remove` frees it",
        "het adres is geblokkeerd; bij “Geen mail meer” hef je dat op",
    ),
    ("the edition has no content", "de nieuwsbrief heeft geen inhoud"),
    (
        "somebody changed the edition in the meantime; look again",
        "iemand heeft de nieuwsbrief intussen gewijzigd; kijk opnieuw",
    ),
    // Why a sending has stopped.
    ("paused by {}", "gepauzeerd door {}"),
    ("restored from a backup", "teruggezet uit een backup"),
    // What stands around another sentence.
    ("{}   (what to include, your mail provider says)", "{}   (wat er in moet staan, zegt je mailprovider)"),
    ("{}; its certificate ends in {} days", "{}; het certificaat loopt over {} dagen af"),
    ("{}; its certificate has ended", "{}; het certificaat is verlopen"),
    ("{}, certificate valid for {} days", "{}, het certificaat is nog {} dagen geldig"),
    ("{}, login accepted", "{}, inloggen gelukt"),
    ("answers at port {}, in clear as it is set", "antwoordt op poort {}, onversleuteld zoals ingesteld"),
    ("answers at port {}, but offers no encryption", "antwoordt op poort {}, maar biedt geen versleuteling"),
    ("answers at port {}, {}", "antwoordt op poort {}, {}"),
    ("{} of {} look-ups", "{} van {} opzoekingen"),
    ("{} answers {}", "{} antwoordt {}"),
    ("{} answers, {}", "{} antwoordt, {}"),
    ("page {}: {}", "pagina {}: {}"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_within_a_sentence_is_told_too() {
        let english =
            "answers at port 587, TLS 1.3, login accepted; its certificate ends in 3 days\nHas its renewal stopped?";
        assert_eq!(said(Language::En, english), english);
        assert_eq!(
            said(Language::Nl, english),
            "antwoordt op poort 587, TLS 1.3, inloggen gelukt; het certificaat loopt over 3 dagen af\n\
             Is het vernieuwen ervan gestopt?"
        );
        assert_eq!(
            said(Language::Nl, "4 failures in a row; the last: “x.example” cannot be reached"),
            "4 keer achter elkaar mislukt; de laatste keer: “x.example” is niet te bereiken"
        );
    }

    #[test]
    fn what_nobody_knows_stays_as_it_is() {
        for text in ["", "550 5.7.1 no", "{} {}", "example.nl. TXT \"v=spf1 -all\""] {
            assert_eq!(said(Language::Nl, text), text);
        }
    }

    #[test]
    fn every_pair_has_as_many_fillings_on_either_side() {
        for (english, dutch) in DUTCH {
            assert_eq!(english.matches("{}").count(), dutch.matches("{}").count(), "{english}");
        }
    }
}
