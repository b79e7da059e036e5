//! The sentences of the visitor's pages: je-form and level B1 in Dutch, plain English.

use super::texts;
use crate::domain::address::InvalidAddress;
use crate::domain::language::Language;

texts! {
    // The frame around every page.
    skip_link() { nl: "Naar de inhoud", en: "Skip to the content" }
    title_error_prefix() { nl: "Fout: ", en: "Error: " }
    privacy_statement() { nl: "Privacyverklaring", en: "Privacy statement" }
    /// A language's own name for itself, as the language switch shows it.
    language_name() { nl: "Nederlands", en: "English" }
    page_without_tracking() {
        nl: "Deze pagina volgt je niet: geen cookies, geen script, niemand kijkt mee.",
        en: "This page does not track you: no cookies, no script, nobody looks over your shoulder.",
    }

    page_with_own_script() {
        nl: "Deze pagina volgt je niet: geen cookies, niemand kijkt mee. Een klein script van onszelf houdt programma's tegen die formulieren invullen.",
        en: "This page does not track you: no cookies, nobody looks over your shoulder. A small script of our own keeps away programs that fill in forms.",
    }

    // The sign-up form.
    form_title() { nl: "Nieuwsbrief", en: "Newsletter" }
    form_page_title(title) { nl: "Aanmelden: {title}", en: "Sign up: {title}" }
    form_promise(promise) { nl: "We versturen hem {promise}.", en: "We send it {promise}." }
    form_email_label() { nl: "E-mailadres", en: "Email address" }
    form_email_hint() {
        nl: "We gebruiken je adres alleen om je deze nieuwsbrief te sturen.",
        en: "We only use your address to send you this newsletter.",
    }
    /// What a visitor agrees to by pressing the button: the consent record keeps exactly this text.
    form_consent(organisation, promise) {
        nl: "Als je op Aanmelden klikt, vraag je {organisation} om je {promise} de nieuwsbrief te sturen. Je kunt je altijd weer afmelden.",
        en: "By selecting Sign up, you ask {organisation} to email you the newsletter {promise}. You can unsubscribe at any time.",
    }
    form_privacy() { nl: "Lees onze privacyverklaring", en: "Read our privacy statement" }
    form_honeypot() { nl: "Laat dit veld leeg", en: "Leave this field empty" }
    form_submit() { nl: "Aanmelden", en: "Sign up" }
    form_archive() { nl: "Lees eerdere nieuwsbrieven", en: "Read past newsletters" }
    embed_link() { nl: "Aanmelden voor de nieuwsbrief", en: "Sign up for the newsletter" }
    home_title() { nl: "Nieuwsbrieven", en: "Newsletters" }
    home_intro(organisation) {
        nl: "{organisation} schrijft alleen aan mensen die daarom vragen. Kies een nieuwsbrief om je aan te melden.",
        en: "{organisation} only writes to people who ask for it. Choose a newsletter to sign up.",
    }
    home_empty() {
        nl: "Er is nog geen nieuwsbrief. Kom later nog eens kijken.",
        en: "There is no newsletter yet. Come back later.",
    }

    // What can be wrong with the form.
    err_summary() { nl: "Er is een probleem", en: "There is a problem" }
    err_email_empty() { nl: "Vul je e-mailadres in", en: "Enter your email address" }
    err_email_invalid() {
        nl: "Vul een e-mailadres in zoals naam@voorbeeld.nl",
        en: "Enter an email address in the correct format, like name@example.com",
    }
    err_email_not_ascii() {
        nl: "Letters zoals é vóór de @ kunnen we nog niet mailen. Vul een ander e-mailadres in.",
        en: "We cannot send mail to letters like é before the @ yet. Enter another email address.",
    }
    err_email_long() {
        nl: "Dit e-mailadres is te lang. Gebruik maximaal 254 tekens.",
        en: "This email address is too long. Use 254 characters or fewer.",
    }
    err_email_after_at() {
        nl: "Wat na de @ staat, klopt niet. Vul een e-mailadres in zoals naam@voorbeeld.nl",
        en: "The part after the @ is not right. Enter an email address like name@example.com",
    }
    err_email_role() {
        nl: "Dit adres is van een systeem en niet van een persoon. Vul je eigen e-mailadres in.",
        en: "This address belongs to a system, not to a person. Enter your own email address.",
    }
    err_email_no_server(domain) {
        nl: "Er bestaat geen mailserver voor {domain}. Controleer wat er na de @ staat.",
        en: "There is no mail server for {domain}. Check the part after the @.",
    }
    err_rate_minute() {
        nl: "Je hebt het te vaak geprobeerd. Wacht een minuut en probeer het dan opnieuw.",
        en: "You have tried too many times. Wait a minute and try again.",
    }
    err_rate_minutes(minutes) {
        nl: "Je hebt het te vaak geprobeerd. Wacht {minutes} minuten en probeer het dan opnieuw.",
        en: "You have tried too many times. Wait {minutes} minutes and try again.",
    }
    err_not_saved() {
        nl: "Er ging iets mis bij ons. Je aanmelding is niet opgeslagen. Probeer het later opnieuw.",
        en: "Something went wrong on our side. Your sign-up was not saved. Try again later.",
    }
    typo_title() { nl: "Klopt je e-mailadres?", en: "Is your email address correct?" }
    typo_typed(email) { nl: "Je vulde in: {email}", en: "You entered: {email}" }
    typo_question(suggestion) { nl: "Bedoel je {suggestion}?", en: "Did you mean {suggestion}?" }
    typo_yes(suggestion) { nl: "Ja, gebruik {suggestion}", en: "Yes, use {suggestion}" }
    typo_no(email) { nl: "Nee, {email} klopt", en: "No, {email} is correct" }

    // One more step, where a sign-up asks for some work.
    effort_title() { nl: "Nog één stap", en: "One more step" }
    effort_why() {
        nl: "We houden programma's tegen die dit formulier voor anderen invullen. Daarom kost aanmelden een paar tellen.",
        en: "We keep away programs that fill in this form for others. That is why signing up takes a few seconds.",
    }
    effort_wait(seconds) {
        nl: "Wacht {seconds} seconden. Druk daarna op de knop.",
        en: "Wait {seconds} seconds. Then press the button.",
    }
    effort_working() { nl: "Je browser rekent even.", en: "Your browser is working for a moment." }
    effort_ready() { nl: "Klaar. Druk op de knop.", en: "Done. Press the button." }
    effort_too_early() { nl: "Dat was te vroeg.", en: "That was too early." }
    effort_submit() { nl: "Verder met aanmelden", en: "Go on signing up" }

    // Look in your inbox.
    check_title() { nl: "Kijk in je mail", en: "Check your email" }
    check_body() {
        nl: "We hebben een e-mail gestuurd naar het adres dat je invulde.",
        en: "We have sent an email to the address you entered.",
    }
    check_next() {
        nl: "Klik op de link in die e-mail. Daarna druk je op één knop. Pas dan ben je aangemeld.",
        en: "Select the link in that email. Then press one button. Only then are you signed up.",
    }
    check_none_title() { nl: "Geen e-mail gekregen?", en: "No email?" }
    check_none_wait() { nl: "Wacht een paar minuten.", en: "Wait a few minutes." }
    check_none_spam() {
        nl: "Kijk in je map Spam of Ongewenste e-mail.",
        en: "Look in your spam or junk folder.",
    }
    check_none_wrong() {
        nl: "Misschien klopte je adres niet. Vul het opnieuw in.",
        en: "Perhaps your address was not correct. Enter it again.",
    }

    // Confirming.
    confirm_title() { nl: "Nog één klik", en: "One more click" }
    confirm_body(organisation, masked) {
        nl: "Wil je de nieuwsbrief van {organisation} ontvangen op {masked}?",
        en: "Do you want to receive the newsletter from {organisation} at {masked}?",
    }
    confirm_button() { nl: "Ja, meld mij aan", en: "Yes, sign me up" }
    confirm_ignore() {
        nl: "Heb je dit niet gevraagd? Dan hoef je niets te doen. We verwijderen het adres dan vanzelf.",
        en: "Did you not ask for this? Then you do not need to do anything. We will delete the address automatically.",
    }
    stay_title() { nl: "Blijf je?", en: "Will you stay?" }
    stay_body(organisation, masked) {
        nl: "Wil je de nieuwsbrief van {organisation} blijven krijgen op {masked}?",
        en: "Do you want to keep getting the newsletter from {organisation} at {masked}?",
    }
    stay_button() { nl: "Ja, ik blijf", en: "Yes, I will stay" }
    stay_ignore() {
        nl: "Wil je hem niet meer? Dan hoef je niets te doen. We melden je dan vanzelf af.",
        en: "Do you not want it any more? Then you do not need to do anything. We will unsubscribe you automatically.",
    }
    stayed_title() { nl: "Fijn dat je blijft", en: "Good that you stay" }
    confirmed_title() { nl: "Je bent aangemeld", en: "You are signed up" }
    confirmed_body(masked) {
        nl: "Je krijgt onze nieuwsbrief op {masked}.",
        en: "You will receive our newsletter at {masked}.",
    }
    confirmed_next(month) {
        nl: "De volgende verwachten we in {month}.",
        en: "We expect to send the next one in {month}.",
    }
    confirmed_archive() { nl: "Lees alvast de vorige nieuwsbrief", en: "Read the previous newsletter now" }
    confirmed_already_title() { nl: "Je was al aangemeld", en: "You were already signed up" }
    nothing_to_do() { nl: "Je hoeft niets meer te doen.", en: "You do not need to do anything else." }
    confirm_expired_title() { nl: "Deze link werkt niet meer", en: "This link no longer works" }
    confirm_expired_body(days) {
        nl: "De link was {days} dagen geldig. Je bent nog niet aangemeld.",
        en: "The link was valid for {days} days. You are not signed up yet.",
    }
    confirm_expired_button() { nl: "Stuur mij een nieuwe e-mail", en: "Send me a new email" }
    link_broken_title() { nl: "Deze link klopt niet", en: "This link is not right" }
    link_broken_body() {
        nl: "Misschien is de link in je e-mail afgebroken. Kopieer de hele link, of begin opnieuw.",
        en: "The link in your email may have been cut off. Copy the whole link, or start again.",
    }
    link_broken_start() { nl: "Naar het begin", en: "Go to the start" }

    // Unsubscribing.
    unsub_title() { nl: "Afmelden", en: "Unsubscribe" }
    unsub_body(title, masked) {
        nl: "Wil je “{title}” niet meer ontvangen op {masked}?",
        en: "Do you want to stop receiving “{title}” at {masked}?",
    }
    unsub_button() { nl: "Ja, meld mij af", en: "Yes, unsubscribe me" }
    unsub_instead() { nl: "Liever een ander e-mailadres gebruiken?", en: "Would you rather use a different email address?" }
    unsubbed_title() { nl: "Je bent afgemeld", en: "You are unsubscribed" }
    unsubbed_body() {
        nl: "Je krijgt geen nieuwsbrief meer van ons.",
        en: "You will not get any more newsletters from us.",
    }
    unsubbed_inflight() {
        nl: "Zijn we net een nieuwsbrief aan het versturen? Dan kun je die nog één keer krijgen.",
        en: "Are we sending a newsletter right now? Then you may still get that one.",
    }
    unsubbed_already_title() { nl: "Je was al afgemeld", en: "You were already unsubscribed" }
    unsubbed_undo() { nl: "Was dit niet de bedoeling?", en: "Did you not mean to do this?" }
    unsubbed_undo_button() { nl: "Meld mij weer aan", en: "Sign me up again" }
    unsubbed_undone_title() { nl: "Je bent weer aangemeld", en: "You are signed up again" }
    unsubbed_undone() { nl: "Er is niets veranderd.", en: "Nothing has changed." }
    unsub_again() {
        nl: "Wil je toch weer een nieuwsbrief? Meld je dan opnieuw aan.",
        en: "Do you want a newsletter again after all? Then sign up again.",
    }
    sample_title() { nl: "Dit is een voorbeeld", en: "This is an example" }
    sample_unsubscribe() {
        nl: "Je kwam hier door een link in een voorbeeld of een testmail. In de echte nieuwsbrief kun je je hier afmelden. Er is niets veranderd.",
        en: "You came here by a link in a preview or a test email. In the real newsletter you can unsubscribe here. Nothing has changed.",
    }
    sample_preferences() {
        nl: "Je kwam hier door een link in een voorbeeld of een testmail. In de echte nieuwsbrief kun je hier je gegevens wijzigen. Er is niets veranderd.",
        en: "You came here by a link in a preview or a test email. In the real newsletter you can change your details here. Nothing has changed.",
    }
    nothing_kept_title() { nl: "We bewaren niets van je", en: "We keep nothing about you" }
    nothing_kept_body() {
        nl: "Bij deze link horen geen gegevens meer. Je krijgt geen nieuwsbrief van ons.",
        en: "No data belongs to this link any more. You will not get a newsletter from us.",
    }
    reason_title() { nl: "Waarom heb je je afgemeld?", en: "Why did you unsubscribe?" }
    optional() { nl: "(niet verplicht)", en: "(optional)" }
    reason_often() { nl: "Ik krijg te vaak e-mail", en: "I get email too often" }
    reason_topic() {
        nl: "De onderwerpen passen niet meer bij mijn werk",
        en: "The topics no longer fit my work",
    }
    reason_never() { nl: "Ik heb me nooit aangemeld", en: "I never signed up" }
    reason_other() { nl: "Iets anders", en: "Something else" }
    reason_note() {
        nl: "We bewaren je antwoord zonder je e-mailadres.",
        en: "We keep your answer without your email address.",
    }
    reason_send() { nl: "Verstuur", en: "Send" }
    reason_thanks() { nl: "Bedankt voor je antwoord.", en: "Thank you for your answer." }

    // Preferences.
    prefs_title() { nl: "Je gegevens", en: "Your details" }
    prefs_ask_body() {
        nl: "Vul je e-mailadres in. Je krijgt een e-mail met een link naar je gegevens.",
        en: "Enter your email address. You will get an email with a link to your details.",
    }
    prefs_ask_hint() {
        nl: "Gebruik het adres waarop je onze nieuwsbrief krijgt.",
        en: "Use the address at which you get our newsletter.",
    }
    prefs_ask_button() { nl: "Stuur mij de link", en: "Send me the link" }
    prefs_sent_body() {
        nl: "Kennen we het adres dat je invulde? Dan krijg je een e-mail met een link naar je gegevens. De link werkt 1 uur.",
        en: "Do we know the address you entered? Then you will get an email with a link to your details. The link works for 1 hour.",
    }
    prefs_for(masked) { nl: "Dit hoort bij {masked}.", en: "This belongs to {masked}." }
    prefs_saved() { nl: "Opgeslagen.", en: "Saved." }
    prefs_saved_body() { nl: "Je keuze is bewaard.", en: "Your choice has been saved." }
    prefs_subscriptions() { nl: "Je nieuwsbrieven", en: "Your newsletters" }
    prefs_no_subscriptions() {
        nl: "Je bent nergens voor aangemeld.",
        en: "You are not signed up for anything.",
    }
    prefs_since(day) { nl: "Aangemeld op {day}", en: "Signed up on {day}" }
    prefs_pending() { nl: "Wacht op je bevestiging", en: "Waiting for your confirmation" }
    prefs_left() { nl: "Afgemeld", en: "Unsubscribed" }
    prefs_leave() { nl: "Meld mij af", en: "Unsubscribe me" }
    prefs_leave_label(title) { nl: "Meld mij af voor “{title}”", en: "Unsubscribe me from “{title}”" }
    prefs_choices() { nl: "Je keuzes", en: "Your choices" }
    prefs_language() { nl: "Taal", en: "Language" }
    prefs_format() { nl: "Vorm van de nieuwsbrief", en: "Newsletter format" }
    prefs_format_html() { nl: "Met opmaak", en: "With layout" }
    prefs_format_text() { nl: "Alleen tekst", en: "Text only" }
    prefs_save() { nl: "Opslaan", en: "Save" }
    prefs_address() { nl: "E-mailadres wijzigen", en: "Change your email address" }
    prefs_address_label() { nl: "Nieuw e-mailadres", en: "New email address" }
    prefs_address_help() {
        nl: "We sturen een e-mail naar je nieuwe adres. Pas als je die bevestigt, stappen we over.",
        en: "We will send an email to your new address. We only switch after you confirm it.",
    }
    prefs_address_button() { nl: "Wijzig mijn adres", en: "Change my address" }
    prefs_address_sent() {
        nl: "We hebben een e-mail gestuurd naar je nieuwe adres. Druk op de knop achter de link in die e-mail. Tot dan blijft alles zoals het is.",
        en: "We have sent an email to your new address. Press the button behind the link in that email. Until then everything stays as it is.",
    }
    prefs_move_title() { nl: "Nieuw adres bevestigen", en: "Confirm your new address" }
    prefs_move_body(masked) {
        nl: "Wil je de nieuwsbrief voortaan ontvangen op {masked}?",
        en: "Do you want to receive the newsletter at {masked} from now on?",
    }
    prefs_move_button() { nl: "Ja, gebruik dit adres", en: "Yes, use this address" }
    prefs_moved_title() { nl: "Je adres is gewijzigd", en: "Your address has been changed" }
    prefs_moved_body(masked) {
        nl: "We schrijven je voortaan op {masked}.",
        en: "From now on we write to you at {masked}.",
    }
    prefs_not_moved_title() { nl: "Dit adres is al in gebruik", en: "This address is in use already" }
    prefs_not_moved_body(masked) {
        nl: "Naar {masked} gaat al een nieuwsbrief van ons, of dat adres wil geen mail van ons. Er is niets veranderd.",
        en: "A newsletter of ours goes to {masked} already, or that address wants no mail from us. Nothing has changed.",
    }
    prefs_data() { nl: "Je gegevens inzien of verwijderen", en: "See or delete your data" }
    prefs_fresh_needed() {
        nl: "Hiervoor sturen we je eerst een nieuwe e-mail. Zo weten we zeker dat jij het bent.",
        en: "For this we first send you a new email. That way we know for sure that it is you.",
    }
    prefs_fresh_button() { nl: "Stuur mij een e-mail", en: "Send me an email" }
    prefs_download() { nl: "Download je gegevens", en: "Download your data" }
    prefs_delete() { nl: "Verwijder al je gegevens", en: "Delete all your data" }
    prefs_delete_title() {
        nl: "Wil je al je gegevens verwijderen?",
        en: "Do you want to delete all your data?",
    }
    prefs_delete_help() {
        nl: "Je krijgt dan geen nieuwsbrief meer. We bewaren alleen een code. Die code zorgt dat je adres niet per ongeluk terugkomt.",
        en: "You will then get no more newsletters. We only keep a code. That code makes sure your address does not come back by accident.",
    }
    prefs_delete_button() { nl: "Ja, verwijder mijn gegevens", en: "Yes, delete my data" }
    prefs_delete_no() { nl: "Nee, ga terug", en: "No, go back" }
    prefs_deleted_title() { nl: "Je gegevens zijn verwijderd", en: "Your data has been deleted" }

    // The archive.
    archive_title(title) { nl: "Archief: {title}", en: "Archive: {title}" }
    archive_empty() {
        nl: "Er is nog geen nieuwsbrief verstuurd.",
        en: "No newsletter has been sent yet.",
    }
    archive_feed() { nl: "Volg het archief met een feedlezer", en: "Follow the archive with a feed reader" }
    archive_all() { nl: "Alle nieuwsbrieven", en: "All newsletters" }
    archive_number(number, when) { nl: "Nieuwsbrief {number}, {when}", en: "Newsletter {number}, {when}" }
    archive_sign_up() {
        nl: "Wil je de volgende in je mail? Meld je aan.",
        en: "Would you like the next one by email? Sign up.",
    }
    archive_read_more() { nl: "Verder lezen", en: "Read more" }
    archive_read_more_label(title) { nl: "Verder lezen: {title}", en: "Read more: {title}" }
    archive_withdrawn_title() { nl: "Deze nieuwsbrief is ingetrokken", en: "This newsletter has been withdrawn" }
    archive_withdrawn_body() {
        nl: "We hebben hem uit het archief gehaald.",
        en: "We have taken it out of the archive.",
    }

    // When something is not as it should be.
    not_found_title() { nl: "Deze pagina bestaat niet", en: "This page does not exist" }
    not_found_body() {
        nl: "Misschien is het adres niet helemaal goed overgenomen.",
        en: "Perhaps the address was not copied completely.",
    }
    method_title() { nl: "Dat kan hier niet", en: "That is not possible here" }
    method_body() {
        nl: "Deze pagina kun je alleen met de knop op de vorige pagina openen. Er is niets veranderd.",
        en: "You can only open this page with the button on the page before it. Nothing has changed.",
    }
    bad_request_title() { nl: "We begrijpen dit niet", en: "We do not understand this" }
    bad_request_body() {
        nl: "Er kwam iets anders binnen dan ons formulier verstuurt. Er is niets veranderd. Begin opnieuw.",
        en: "Something else arrived than our form sends. Nothing has changed. Start again.",
    }
    forbidden_title() { nl: "Dit mag niet", en: "This is not allowed" }
    forbidden_body() {
        nl: "De opdracht kwam niet van onze eigen pagina. Er is niets veranderd. Open de link in je e-mail opnieuw en druk op de knop.",
        en: "The request did not come from our own page. Nothing has changed. Open the link in your email again and press the button.",
    }
    too_many_title() { nl: "Even wachten", en: "Please wait" }
    internal_title() { nl: "Er ging iets mis bij ons", en: "Something went wrong on our side" }
    internal_body() {
        nl: "Probeer het later opnieuw. Blijft het misgaan? Laat het ons weten.",
        en: "Try again later. Does it keep going wrong? Let us know.",
    }
    internal_code(code) { nl: "Noem dan deze code: {code}", en: "Then mention this code: {code}" }
    unavailable_title() { nl: "We zijn zo terug", en: "We will be back soon" }
    unavailable_body() {
        nl: "Er is niets opgeslagen. Probeer het over een paar minuten opnieuw.",
        en: "Nothing was saved. Try again in a few minutes.",
    }
}

/// How long to wait, in the right number.
pub fn too_often(language: Language, minutes: u32) -> String {
    match minutes {
        0 | 1 => err_rate_minute(language),
        _ => err_rate_minutes(language, minutes),
    }
}

/// What is wrong with an address, and what to do about it.
pub fn invalid_address(language: Language, fault: InvalidAddress) -> String {
    match fault {
        InvalidAddress::Empty => err_email_empty(language),
        InvalidAddress::Malformed => err_email_invalid(language),
        InvalidAddress::NotAscii => err_email_not_ascii(language),
        InvalidAddress::TooLong => err_email_long(language),
        InvalidAddress::Domain => err_email_after_at(language),
        InvalidAddress::Role => err_email_role(language),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_minute_is_not_called_minutes() {
        assert!(too_often(Language::Nl, 1).contains("een minuut"));
        assert!(too_often(Language::Nl, 10).contains("10 minuten"));
        assert!(too_often(Language::En, 2).contains("2 minutes"));
    }
}
