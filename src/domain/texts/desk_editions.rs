//! What the desk says about one edition beyond its labels: what is wrong with a form, why a mail did not arrive, the
//! evidence.

use super::texts;
use crate::domain::language::Language;

texts! {
    // What is wrong with a form.
    fault_line() { nl: "Vul één regel in van 1 tot 300 tekens.", en: "Enter one line of 1 to 300 characters." }
    fault_title() { nl: "Vul een titel in van 1 tot 5000 tekens.", en: "Enter a title of 1 to 5000 characters." }
    fault_short_line() { nl: "Maak hier één regel van, hoogstens 300 tekens.", en: "Make this one line of at most 300 characters." }
    fault_text() { nl: "Deze tekst is te lang of bevat vreemde tekens.", en: "This text is too long or holds odd characters." }
    fault_url() {
        nl: "Vul een webadres in, zoals https://www.voorbeeld.nl/pagina.",
        en: "Enter a web address such as https://www.example.org/page.",
    }
    fault_section() { nl: "Kies een rubriek van deze nieuwsbrief.", en: "Choose a section of this newsletter." }
    fault_items() {
        nl: "De lijst met artikelen klopt niet meer. Kijk de artikelen na en sla opnieuw op.",
        en: "The list of articles is no longer right. Look the articles over and save again.",
    }
    fault_address(address) { nl: "“{address}” is geen e-mailadres.", en: "“{address}” is no email address." }
    fault_no_address() { nl: "Vul minstens één e-mailadres in.", en: "Enter at least one email address." }
    fault_too_many(most) { nl: "Vul hoogstens {most} adressen in.", en: "Enter at most {most} addresses." }
    fault_nobody() { nl: "Niemand is ingeschreven met dit adres.", en: "Nobody is subscribed with this address." }
    fault_seen() {
        nl: "Zet een vinkje als je de punten bij “Let op” hebt gezien.",
        en: "Tick the box once you have seen the points marked “Attention”.",
    }
    fault_reason() {
        nl: "Los de fouten op, of vul in waarom het toch mag.",
        en: "Solve what is wrong, or enter why it may go all the same.",
    }
    fault_number(typed, audience) {
        nl: "Je typte “{typed}”, maar er zijn {audience} ontvangers.",
        en: "You typed “{typed}”, but there are {audience} recipients.",
    }
    fault_date() { nl: "Kies een datum.", en: "Choose a date." }
    fault_time() { nl: "Kies een tijd, zoals 09:30.", en: "Choose a time, such as 09:30." }
    fault_past() { nl: "Dit moment is al voorbij.", en: "This moment has passed." }
    fault_skipped() {
        nl: "Deze tijd bestaat niet: de klok gaat die nacht vooruit. Kies een andere tijd.",
        en: "This time does not exist: the clock goes forward that night. Choose another time.",
    }
    fault_in_edition() {
        nl: "Dit artikel staat in een nieuwsbrief. Verberg het in plaats daarvan.",
        en: "This article stands in an edition. Hide it instead.",
    }

    // After a button was pressed.
    out_of_date() {
        nl: "Er is niets gedaan: er was intussen iets veranderd. Hieronder zie je hoe het nu is.",
        en: "Nothing was done: something had changed in the meantime. Below you see how things are now.",
    }
    order_of_articles() { nl: "Artikelen en hun volgorde", en: "Articles and their order" }
    assembled_by_itself() { nl: "Het systeem", en: "The system" }
    still_typed() {
        nl: "Je was intussen uitgelogd. Hieronder staat wat je typte; het is nog niet opgeslagen.",
        en: "You were signed out in the meantime. Below stands what you typed; it is not saved yet.",
    }
    kept_here() {
        nl: "Je typte hier eerder iets dat niet is opgeslagen.",
        en: "You typed something here before that was not saved.",
    }
    put_back_typed() { nl: "Zet terug wat ik typte", en: "Put back what I typed" }
    moment_utc(local, utc) { nl: "{local} is {utc} UTC.", en: "{local} is {utc} UTC." }
    hold_to(count, from) { nl: "Aan {count} mensen, van {from}.", en: "To {count} people, from {from}." }
    decided() { nl: "Je besluit is uitgevoerd.", en: "Your decision has been carried out." }
    hurried() {
        nl: "De uitgestelde e-mails worden nu opnieuw geprobeerd.",
        en: "The deferred emails are being tried again now.",
    }

    // Tab Check: what is good.
    good_subject() { nl: "Het onderwerp heeft een goede lengte.", en: "The subject has a good length." }
    good_preheader() { nl: "De voorbeeldregel is ingevuld.", en: "The preview line is filled in." }
    good_articles() { nl: "Er staan artikelen in.", en: "There are articles in it." }
    good_placeholder() { nl: "Er staan geen plaatsvervangers meer in.", en: "No placeholders are left in it." }
    good_link() { nl: "Alle links zijn volledige webadressen.", en: "All links are complete web addresses." }
    good_size() { nl: "De mail is klein genoeg.", en: "The mail is small enough." }
    good_unsubscribe() {
        nl: "De afmeldlink staat in de mail en in de tekstversie.",
        en: "The unsubscribe link is in the mail and in its text version.",
    }
    good_one_click() { nl: "Afmelden met één klik werkt.", en: "One-click unsubscribe works." }
    good_postal_address() { nl: "Het postadres staat onder de mail.", en: "The postal address is under the mail." }
    good_audience(count) { nl: "{count} mensen krijgen deze nieuwsbrief.", en: "{count} people will get this edition." }
    good_promise() { nl: "Dit past bij hoe vaak je beloofde te mailen.", en: "This fits how often you promised to mail." }
    changed_since_test() { nl: "Wat er veranderde na de laatste testmail", en: "What changed since the last test mail" }
    column_before() { nl: "In de testmail", en: "In the test mail" }
    column_now() { nl: "Nu", en: "Now" }
    changed_elsewhere() {
        nl: "De teksten zijn gelijk, maar de mail ziet er anders uit: een instelling of het sjabloon is veranderd.",
        en: "The texts are the same, but the mail looks different: a setting or the template has changed.",
    }

    // Tab Send.
    send_rate(number) { nl: "Ongeveer {number} per minuut.", en: "About {number} a minute." }
    paused_by_hand(who) { nl: "gepauzeerd door {who}", en: "paused by {who}" }

    // Why a mail did not arrive, in plain words.
    reason_gone() { nl: "Dit adres bestaat niet (meer).", en: "This address does not exist (any more)." }
    reason_full() { nl: "De mailbox is vol of even niet bereikbaar.", en: "The mailbox is full or cannot be reached for now." }
    reason_large() { nl: "De mailserver vindt de e-mail te groot.", en: "The mail server finds the email too large." }
    reason_content() { nl: "De mailserver weigert de inhoud.", en: "The mail server refuses the content." }
    reason_network() { nl: "De mailserver was niet goed bereikbaar.", en: "The mail server could not be reached properly." }
    reason_policy() {
        nl: "De mailserver vertrouwt ons als afzender niet. Dat ligt niet aan de lezer.",
        en: "The mail server does not trust us as a sender. The reader is not to blame.",
    }
    reason_protocol() {
        nl: "De mailserver begreep ons niet. Meld dit aan de beheerder.",
        en: "The mail server did not understand us. Tell the administrator.",
    }
    reason_unsupported() {
        nl: "De mailserver kan niet overweg met de bijzondere letters in dit adres.",
        en: "The mail server cannot handle the special letters in this address.",
    }
    reason_unclear() { nl: "De mailserver zei niet duidelijk waarom.", en: "The mail server did not say clearly why." }
    reason_lost() {
        nl: "De verbinding viel weg na het laatste woord. Misschien is de e-mail aangekomen.",
        en: "The connection dropped after the last word. The email may have arrived.",
    }
    reason_interrupted() {
        nl: "Het versturen werd onderbroken. Misschien is de e-mail aangekomen.",
        en: "Sending was interrupted. The email may have arrived.",
    }
    reason_erased() { nl: "De gegevens van deze lezer zijn gewist.", en: "This reader's data has been erased." }
    reason_unsubscribed() { nl: "Had zich afgemeld.", en: "Had unsubscribed." }
    reason_complained() { nl: "Had een klacht ingediend.", en: "Had complained." }
    reason_bounced() { nl: "Eerdere e-mails kwamen terug.", en: "Earlier emails came back." }
    reason_suppressed() { nl: "Naar dit adres wordt niets meer gestuurd.", en: "Nothing is sent to this address any more." }
    reason_broken() { nl: "Het adres is onbruikbaar.", en: "The address cannot be used." }
    reason_cancelled() { nl: "Het versturen is gestopt.", en: "Sending was stopped." }
    reason_pending() { nl: "Had de aanmelding nog niet bevestigd.", en: "Had not confirmed the sign-up yet." }

    // The evidence.
    evidence_title(number) { nl: "Bewijs bij nieuwsbrief {number}", en: "Evidence of edition {number}" }
    evidence_lead() {
        nl: "Wat er is verstuurd, door wie en naar hoeveel mensen. Er staan geen adressen van lezers in.",
        en: "What was sent, by whom and to how many people. It holds no readers' addresses.",
    }
    evidence_hash() { nl: "Hash van de goedgekeurde inhoud (SHA-256)", en: "Hash of the approved content (SHA-256)" }
    evidence_approved() { nl: "Goedgekeurd", en: "Approved" }
    evidence_by_at(who, moment) { nl: "door {who} op {moment}", en: "by {who} on {moment}" }
    evidence_override() { nl: "Goedgekeurd ondanks fouten, want", en: "Approved in spite of errors, because" }
    evidence_ordered() { nl: "Opdracht tot versturen", en: "Told to send" }
    evidence_edited() { nl: "Laatst gewijzigd", en: "Last changed" }
    evidence_assembled() { nl: "Samengesteld", en: "Assembled" }
    evidence_started() { nl: "Begonnen", en: "Began" }
    evidence_finished() { nl: "Klaar", en: "Finished" }
    evidence_audience() { nl: "Ontvangers", en: "Recipients" }
    evidence_rule() { nl: "Wie hem kreeg", en: "Who got it" }
    evidence_rule_words() {
        nl: "Iedereen die de aanmelding had bevestigd voordat het versturen begon, en naar wie nog gestuurd mocht worden. Vlak voor elke e-mail is dat opnieuw bekeken.",
        en: "Everybody who had confirmed before sending began and to whom mail could still be sent. This was looked at again right before each email.",
    }
    evidence_version() { nl: "Versie van postduif", en: "Version of postduif" }
    evidence_tests() { nl: "Testmails", en: "Test mails" }
    evidence_history() { nl: "Wie wat deed", en: "Who did what" }
    evidence_deed() { nl: "Handeling", en: "Deed" }
    evidence_who() { nl: "Wie", en: "Who" }
    evidence_detail() { nl: "Bijzonderheden", en: "Details" }
    none() { nl: "niemand", en: "nobody" }
    deed_assemble() { nl: "Samengesteld", en: "Assembled" }
    deed_edit() { nl: "Gewijzigd", en: "Changed" }
    deed_test() { nl: "Test verstuurd", en: "Test sent" }
    deed_approve() { nl: "Goedgekeurd", en: "Approved" }
    deed_send() { nl: "Versturen", en: "Send" }
    deed_schedule() { nl: "Gepland", en: "Planned" }
    deed_unschedule() { nl: "Toch niet verstuurd", en: "Sending taken back" }
    deed_reopen() { nl: "Goedkeuring ingetrokken", en: "Approval withdrawn" }
    deed_pause() { nl: "Gepauzeerd", en: "Paused" }
    deed_resume() { nl: "Verdergegaan", en: "Resumed" }
    deed_cancel() { nl: "Gestopt", en: "Stopped" }
    deed_uncertain() { nl: "Besloten over onzekere e-mails", en: "Decided on uncertain emails" }
    deed_withdraw() { nl: "Uit het archief gehaald", en: "Taken out of the archive" }
    deed_put_back() { nl: "Teruggezet in het archief", en: "Put back into the archive" }
    withdraw() { nl: "Uit het archief halen", en: "Take out of the archive" }
    withdraw_hint() {
        nl: "De pagina in het archief verdwijnt en de feed noemt hem niet meer. Wat al in mailboxen ligt, blijft daar. Je kunt hem later terugzetten.",
        en: "Its page in the archive goes, and the feed no longer names it. What lies in mailboxes stays there. You can put it back later.",
    }
    withdrawn() {
        nl: "Deze nieuwsbrief is uit het archief gehaald.",
        en: "This edition has been taken out of the archive.",
    }
    put_back() { nl: "Terugzetten in het archief", en: "Put back into the archive" }
    done_withdrawn() { nl: "Hij staat niet meer in het archief.", en: "It is no longer in the archive." }
    done_put_back() { nl: "Hij staat weer in het archief.", en: "It is in the archive again." }
    deed_hurry() { nl: "Uitgestelde e-mails meteen geprobeerd", en: "Tried deferred emails at once" }
}

/// The reason noted with a delivery, in plain words; `None` for a word that we do not know.
pub fn reason(language: Language, noted: &str) -> Option<String> {
    Some(match noted {
        "user-unknown" => reason_gone(language),
        "mailbox-full" => reason_full(language),
        "too-large" => reason_large(language),
        "content" => reason_content(language),
        "network" => reason_network(language),
        "policy" => reason_policy(language),
        "protocol" => reason_protocol(language),
        "unsupported-address" => reason_unsupported(language),
        "unclear" => reason_unclear(language),
        "connection-lost" => reason_lost(language),
        "interrupted" => reason_interrupted(language),
        "erased" => reason_erased(language),
        "unsubscribed" => reason_unsubscribed(language),
        "complained" => reason_complained(language),
        "bounced" => reason_bounced(language),
        "pending" => reason_pending(language),
        "suppressed" => reason_suppressed(language),
        "address-broken" | "link-broken" => reason_broken(language),
        "cancelled" => reason_cancelled(language),
        _ => return None,
    })
}

/// The name of a deed in the log, in words; an unknown one stays as it is.
pub fn deed(language: Language, action: &str) -> String {
    match action {
        "edition.assemble" => deed_assemble(language),
        "edition.edit" => deed_edit(language),
        "edition.test" => deed_test(language),
        "edition.approve" => deed_approve(language),
        "edition.send" => deed_send(language),
        "edition.schedule" => deed_schedule(language),
        "edition.unschedule" => deed_unschedule(language),
        "edition.reopen" => deed_reopen(language),
        "edition.pause" => deed_pause(language),
        "edition.resume" => deed_resume(language),
        "edition.cancel" => deed_cancel(language),
        "edition.uncertain" => deed_uncertain(language),
        "edition.hurry" => deed_hurry(language),
        "edition.withdraw" => deed_withdraw(language),
        "edition.put-back" => deed_put_back(language),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bounce::BounceClass;
    use crate::domain::subscription::SubscriptionStatus;

    #[test]
    fn every_reason_that_the_ledger_notes_has_its_words() {
        let refusals = BounceClass::ALL.iter().map(|class| class.as_str());
        let ended =
            SubscriptionStatus::ALL.iter().map(|status| status.as_str()).filter(|status| *status != "confirmed");
        let own =
            ["connection-lost", "interrupted", "erased", "suppressed", "address-broken", "link-broken", "cancelled"];
        for noted in refusals.chain(ended).chain(own) {
            for language in Language::ALL {
                assert!(reason(language, noted).is_some(), "{noted}");
            }
        }
    }
}
