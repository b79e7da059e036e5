//! The sentences of the editor's desk about settings, users, one's own account and the first start.

use super::said::said;
use super::texts;
use crate::domain::language::Language;
use crate::domain::password::{self, InvalidPassword};
use crate::domain::role::Role;

texts! {
    tabs() { nl: "Soorten instellingen", en: "Kinds of settings" }
    tab_sender() { nl: "Afzender en DNS", en: "Sender and DNS" }
    tab_sources() { nl: "Bronnen en schema", en: "Sources and schedule" }
    tab_form() { nl: "Formulier en teksten", en: "Form and texts" }
    tab_users() { nl: "Gebruikers en tokens", en: "Users and tokens" }
    tab_system() { nl: "Systeem", en: "System" }
    admins_only() { nl: "Alleen een beheerder kan dit wijzigen.", en: "Only an administrator can change this." }

    // Sender and DNS.
    sender_from() { nl: "Afzender", en: "Sender" }
    sender_from_hint() {
        nl: "Naam en adres, zoals: Voorbeeldbureau <nieuws@voorbeeld.nl>",
        en: "Name and address, like: Example Office <news@example.org>",
    }
    sender_reply_to() { nl: "Antwoorden gaan naar", en: "Replies go to" }
    sender_reply_to_hint() { nl: "Laat leeg als dat de afzender is.", en: "Leave empty if that is the sender." }
    sender_organisation() { nl: "Organisatie", en: "Organisation" }
    sender_address() { nl: "Postadres", en: "Postal address" }
    sender_address_hint() { nl: "Staat onderaan elke mail. Dat moet van de wet.", en: "Stands below every mail. The law asks for it." }
    sender_privacy() { nl: "Adres van de privacyverklaring", en: "Address of the privacy statement" }
    dns_title() { nl: "DNS", en: "DNS" }
    dns_body() {
        nl: "Zet deze regels in de DNS van je domein. Dan geloven mailservers dat de nieuwsbrief echt van jou komt.",
        en: "Put these records into your domain's DNS. Then mail servers believe that the newsletter is really yours.",
    }
    dns_name() { nl: "Naam", en: "Name" }
    dns_kind() { nl: "Soort", en: "Type" }
    dns_value() { nl: "Waarde", en: "Value" }
    dns_found() { nl: "Gevonden", en: "Found" }
    dns_nothing() { nl: "niets gevonden", en: "nothing found" }
    dns_not_checked() { nl: "niet gecontroleerd", en: "not checked" }
    dns_none() {
        nl: "Er is nog geen DKIM-sleutel ingesteld op de server.",
        en: "No DKIM key has been set on the server yet.",
    }
    smtp_title() { nl: "Verzenden", en: "Sending" }
    smtp_none() {
        nl: "Er is geen mailserver ingesteld. Zet POSTDUIF_SMTP_URL op de server; tot dan wordt er niets verstuurd.",
        en: "No mail server has been set. Set POSTDUIF_SMTP_URL on the server; nothing is sent until then.",
    }
    smtp_server(server) { nl: "Via {server} (ingesteld door de beheerder van de server).", en: "Through {server} (set by the server's administrator)." }
    smtp_test() { nl: "Stuur mij een testmail", en: "Send me a test mail" }
    smtp_fine() { nl: "De testmail is aangenomen.", en: "The test mail was accepted." }
    smtp_failed() { nl: "De testmail is niet aangenomen. Dit is het gesprek met de mailserver:", en: "The test mail was not accepted. This is the conversation with the mail server:" }

    // Sources and schedule.
    sources_title() { nl: "Bronnen", en: "Sources" }
    sources_fine(moment) { nl: "Gelukt op {moment}", en: "Worked on {moment}" }
    sources_never() { nl: "Nog nooit opgehaald", en: "Never fetched yet" }
    sources_failing(count) { nl: "{count} keer mislukt", en: "Failed {count} times" }
    sources_articles(count) { nl: "{count} artikelen", en: "{count} articles" }
    sources_fetch() { nl: "Haal op", en: "Fetch" }
    sources_fetch_label(source) { nl: "Haal op: {source}", en: "Fetch: {source}" }
    sources_remove() { nl: "Verwijder", en: "Remove" }
    sources_remove_label(source) { nl: "Verwijder: {source}", en: "Remove: {source}" }
    sources_gap() { nl: "Niet alles is gelezen", en: "Not all of it was read" }
    sources_add() { nl: "Bron toevoegen", en: "Add a source" }
    sources_url() { nl: "Adres van de site of de feed", en: "Address of the site or the feed" }
    sources_url_hint() {
        nl: "Het gewone adres van de site is genoeg. De feed zoeken we zelf.",
        en: "The site's ordinary address is enough. We look for the feed ourselves.",
    }
    sources_private() {
        nl: "Deze bron staat in een besloten netwerk",
        en: "This source lies in a private network",
    }
    sources_try() { nl: "Bekijk wat erin staat", en: "See what is in it" }
    sources_preview(title) { nl: "Gevonden in {title}", en: "Found in {title}" }
    schedule_title() { nl: "Schema", en: "Schedule" }
    schedule_rule() { nl: "Wanneer wordt een concept gemaakt?", en: "When is a draft made?" }
    schedule_quarter_first() { nl: "De eerste van maart, juni, september en december, 09:00", en: "The first of March, June, September and December, 09:00" }
    schedule_quarter_tuesday() {
        nl: "De eerste dinsdag van maart, juni, september en december, 09:00",
        en: "The first Tuesday of March, June, September and December, 09:00",
    }
    schedule_three() { nl: "De eerste van februari, juni en oktober, 09:00", en: "The first of February, June and October, 09:00" }
    schedule_own() { nl: "Een eigen schema (cron, vijf velden)", en: "A schedule of our own (cron, five fields)" }
    schedule_cron() { nl: "Eigen schema", en: "Own schedule" }
    schedule_cron_fields() { nl: "De vijf velden", en: "The five fields" }
    schedule_test_required() {
        nl: "Goedkeuren kan pas na een testmail van de laatste versie",
        en: "An edition can only be approved after a test mail of its last version",
    }
    schedule_zone() { nl: "Tijdzone", en: "Time zone" }
    schedule_review() { nl: "Dagen om het concept na te kijken", en: "Days to review the draft" }
    schedule_approval() { nl: "Mag het concept daarna vanzelf weg?", en: "May the draft leave by itself after that?" }
    schedule_required() { nl: "Nee, iemand moet het goedkeuren", en: "No, somebody must approve it" }
    schedule_automatic() { nl: "Ja, als de controle geen fouten vindt", en: "Yes, if the check finds nothing wrong" }
    schedule_four_eyes() {
        nl: "Wie een nieuwsbrief het laatst wijzigde, mag hem niet zelf goedkeuren",
        en: "Whoever changed an edition last may not approve it",
    }
    schedule_min() { nl: "Minste aantal nieuwe artikelen", en: "Fewest new articles" }
    schedule_min_hint() { nl: "Zijn het er minder? Dan slaan we een keer over.", en: "Are there fewer? Then we skip one." }
    schedule_max() { nl: "Hooguit zoveel nieuwsbrieven per jaar", en: "At most so many editions a year" }
    schedule_max_hint() {
        nl: "Dit is de belofte die mensen bij het aanmelden lezen.",
        en: "This is the promise that people read when they sign up.",
    }
    schedule_notify() { nl: "Wie krijgt bericht?", en: "Who is told?" }
    schedule_notify_hint() { nl: "Adressen met komma's ertussen. Leeg: iedereen die hier redacteur of beheerder is.", en: "Addresses separated by commas. Empty: everybody who is an editor or administrator here." }
    schedule_unknown() { nl: "Als onzeker is of een mail aankwam", en: "When it is uncertain whether a mail arrived" }
    schedule_unknown_repeat() { nl: "Stuur nog een keer (met hetzelfde kenmerk)", en: "Send again (with the same identifier)" }
    schedule_unknown_leave() { nl: "Laat een mens beslissen", en: "Let a person decide" }
    schedule_coming() { nl: "De komende keren", en: "The coming times" }
    schedule_assemble() { nl: "Concept", en: "Draft" }
    schedule_send() { nl: "Op zijn vroegst versturen", en: "Sending at the earliest" }

    // Form and texts.
    form_title() { nl: "Titel van de nieuwsbrief", en: "Title of the newsletter" }
    form_description() { nl: "Waar gaat hij over?", en: "What is it about?" }
    form_description_hint() { nl: "Eén of twee zinnen op de aanmeldpagina.", en: "One or two sentences on the sign-up page." }
    form_language() { nl: "Taal van de nieuwsbrief", en: "Language of the newsletter" }
    form_indexed() { nl: "Zoekmachines mogen het archief tonen", en: "Search engines may show the archive" }
    form_consent() { nl: "Hier zeggen mensen ja tegen", en: "This is what people say yes to" }
    form_look() { nl: "Kleur en logo", en: "Colour and logo" }
    form_accent() { nl: "Kleur van links en knoppen", en: "Colour of links and buttons" }
    form_accent_hint() { nl: "Zoals #0b5c8a.", en: "Such as #0b5c8a." }
    form_logo() { nl: "Adres van het logo", en: "Address of the logo" }
    form_logo_hint() {
        nl: "Staat boven de titel in elke mail. Laat leeg voor geen logo.",
        en: "Stands above the title in every mail. Leave empty for no logo.",
    }
    form_logo_alt() { nl: "Tekst in plaats van het logo", en: "Text in place of the logo" }
    form_logo_width() { nl: "Breedte in pixels", en: "Width in pixels" }
    form_logo_height() { nl: "Hoogte in pixels", en: "Height in pixels" }
    form_place() { nl: "Formulier plaatsen", en: "Place the form" }
    form_place_hint() {
        nl: "Zo melden bezoekers van je site zich aan. Kies een van deze drie manieren, en plak de tekst in een pagina.",
        en: "This is how visitors of your site sign up. Choose one of these three ways, and paste the text into a page.",
    }
    form_place_abuse() {
        nl: "Vullen programma's het formulier in? Je beheerder kan met POSTDUIF_SIGNUP_PROOF_OF_WORK elke aanmelding een beetje rekenwerk laten kosten. Aan deze drie teksten verandert dan niets.",
        en: "Do programs fill in the form? Your administrator can have every sign-up cost a little work with POSTDUIF_SIGNUP_PROOF_OF_WORK. These three texts stay as they are then.",
    }
    form_place_form() { nl: "Als formulier", en: "As a form" }
    form_place_form_hint() {
        nl: "Voor een blok Aangepaste HTML in WordPress.",
        en: "For a Custom HTML block in WordPress.",
    }
    form_place_frame() { nl: "Als kader", en: "As a frame" }
    form_place_link() { nl: "Als link", en: "As a link" }
    form_place_link_hint() {
        nl: "Is het formulier weg na opslaan? Gebruik dan de link.",
        en: "Is the form gone after saving? Then use the link.",
    }
    form_promo() { nl: "Eigen blok in elke nieuwe nieuwsbrief", en: "Own block in every new edition" }

    // Users and tokens.
    users_title() { nl: "Gebruikers", en: "Users" }
    users_name() { nl: "Naam", en: "Name" }
    users_role() { nl: "Rol", en: "Role" }
    users_second() { nl: "Tweede stap", en: "Second step" }
    users_second_on() { nl: "aan", en: "on" }
    users_second_off() { nl: "uit", en: "off" }
    users_invited() { nl: "uitgenodigd", en: "invited" }
    users_disabled() { nl: "uitgezet", en: "disabled" }
    users_disable() { nl: "Zet uit", en: "Disable" }
    users_enable() { nl: "Zet aan", en: "Enable" }
    users_end_sessions() { nl: "Log overal uit", en: "Sign out everywhere" }
    users_second_stop() { nl: "Tweede stap uit", en: "Second step off" }
    users_act_label(act, name) { nl: "{act}: {name}", en: "{act}: {name}" }
    users_last() { nl: "Laatst gezien", en: "Last seen" }
    users_change_role() { nl: "Wijzig rol", en: "Change role" }
    users_invite() { nl: "Nodig iemand uit", en: "Invite somebody" }
    users_invite_button() { nl: "Stuur uitnodiging", en: "Send invitation" }
    role_viewer() { nl: "Lezer: kijkt", en: "Viewer: looks" }
    role_editor() { nl: "Redacteur: maakt en verstuurt", en: "Editor: makes and sends" }
    role_admin() { nl: "Beheerder: mag alles", en: "Admin: may do everything" }
    tokens_title() { nl: "Tokens voor de API", en: "Tokens for the API" }
    tokens_name() { nl: "Waarvoor is het?", en: "What is it for?" }
    tokens_expires() { nl: "Geldig tot", en: "Valid until" }
    tokens_never() { nl: "geen einddatum", en: "no end date" }
    tokens_expires_hint() { nl: "Laat leeg voor geen einddatum.", en: "Leave empty for no end date." }
    tokens_scopes() { nl: "Alleen voor", en: "Only for" }
    tokens_scopes_hint() {
        nl: "Vink niets aan voor alles wat de rol mag.",
        en: "Tick nothing for all that the role may.",
    }
    tokens_used() { nl: "Laatst gebruikt", en: "Last used" }
    tokens_unused() { nl: "nooit", en: "never" }
    tokens_revoke() { nl: "Trek in", en: "Revoke" }
    tokens_create() { nl: "Maak een token", en: "Create a token" }
    tokens_once() {
        nl: "Dit is het nieuwe token. Bewaar het nu: je ziet het maar één keer.",
        en: "This is the new token. Keep it now: you see it only once.",
    }

    // System.
    system_version(version) { nl: "postduif {version}", en: "postduif {version}" }
    system_checks() { nl: "Controles", en: "Checks" }
    system_checked(moment) { nl: "Laatst gecontroleerd op {moment}.", en: "Last checked on {moment}." }
    system_look_now() { nl: "Kijk nu opnieuw", en: "Look again now" }
    system_info() { nl: "Ter info", en: "For information" }
    system_log() { nl: "Logboek: wie deed wat", en: "Log: who did what" }
    system_log_who() { nl: "Wie", en: "Who" }
    system_log_what() { nl: "Wat", en: "What" }
    system_kept() { nl: "Wat we hoe lang bewaren", en: "What we keep for how long" }
    system_kept_what() { nl: "Gegevens", en: "Data" }
    system_kept_how_long() { nl: "Hoe lang", en: "How long" }

    kept_subscribers() { nl: "Abonnees en hun toestemming", en: "Subscribers and their consent" }
    kept_until_they_leave() {
        nl: "zolang het abonnement loopt; verwijderd op verzoek",
        en: "as long as the subscription lasts; erased on request",
    }

    // What is wrong with a field of the settings.
    fault_email() { nl: "Vul een e-mailadres in, zoals naam@voorbeeld.nl.", en: "Enter an email address like name@example.org." }
    fault_name() { nl: "Vul één regel tekst in.", en: "Enter one line of text." }
    fault_slug() {
        nl: "Gebruik alleen kleine letters, cijfers en streepjes.",
        en: "Use small letters, digits and hyphens only.",
    }
    fault_from() {
        nl: "Schrijf naam en adres zoals: Voorbeeldbureau <nieuws@voorbeeld.nl>",
        en: "Write name and address like: Example Office <news@example.org>",
    }
    fault_url(why) {
        nl: "Dit adres kan niet worden gebruikt: {why}",
        en: "This address cannot be used: {why}",
    }
    fault_zone() { nl: "Dit is geen tijdzone zoals Europe/Amsterdam.", en: "This is not a time zone like Europe/Amsterdam." }
    fault_rule() {
        nl: "Dit is geen schema. Schrijf vijf velden zoals: 0 9 1 3,6,9,12 *",
        en: "This is not a schedule. Write five fields like: 0 9 1 3,6,9,12 *",
    }
    fault_number(why) { nl: "Vul een getal in dat kan: {why}", en: "Enter a number that can be: {why}" }
    fault_notify() { nl: "Vul e-mailadressen in met komma's ertussen.", en: "Enter email addresses separated by commas." }
    fault_expires() { nl: "Kies een dag die nog komt, of laat het leeg.", en: "Choose a day that is still to come, or leave it empty." }
    fault_colour() { nl: "Schrijf een kleur zoals #0b5c8a.", en: "Write a colour like #0b5c8a." }
    fault_too_pale(shade) {
        nl: "Deze kleur is op wit niet te lezen. De dichtstbijzijnde die dat wel is: {shade}",
        en: "This colour cannot be read on white. The nearest that can: {shade}",
    }
    fault_logo() {
        nl: "Een logo heeft een adres dat met https:// begint, een tekst, en een breedte en hoogte die in een mail passen.",
        en: "A logo has an address that begins with https://, a text, and a width and height that fit into a mail.",
    }
    fault_other(why) { nl: "Dit kan niet: {why}", en: "This cannot be: {why}" }

    // One's own account.
    account_password() { nl: "Wachtwoord wijzigen", en: "Change password" }
    account_password_now() { nl: "Wachtwoord van nu", en: "Current password" }
    account_password_hint() {
        nl: "Daarna ben je op al je andere apparaten uitgelogd.",
        en: "After that you are signed out on all your other devices.",
    }
    account_password_wrong() { nl: "Dit is niet je wachtwoord van nu.", en: "This is not your current password." }
    password_too_short(least) { nl: "Kies minstens {least} tekens.", en: "Choose at least {least} characters." }
    password_too_long(most) { nl: "Dit wachtwoord is te lang: kies hooguit {most} gewone letters.", en: "This password is too long: choose at most {most} plain letters." }
    password_too_plain() {
        nl: "Dit wachtwoord raadt een ander als eerste. Kies een zin van een paar woorden.",
        en: "Others would guess this password first. Choose a sentence of a few words.",
    }
    account_second() { nl: "Tweede stap bij het inloggen", en: "Second step when signing in" }
    account_second_body() {
        nl: "Met een tweede stap is een gestolen wachtwoord niet genoeg. Kies een passkey, codes uit een app, of allebei.",
        en: "With a second step a stolen password is not enough. Choose a passkey, codes from an app, or both.",
    }
    account_codes() { nl: "Codes uit een app", en: "Codes from an app" }
    account_second_on() { nl: "Staat aan: na je wachtwoord vragen we een code uit je app.", en: "Is on: after your password we ask for a code from your app." }
    account_second_off() { nl: "Staat uit.", en: "Is off." }
    account_passkeys() { nl: "Passkeys", en: "Passkeys" }
    account_passkeys_none() { nl: "Je hebt nog geen passkey.", en: "You have no passkey yet." }
    account_passkeys_impossible() {
        nl: "Passkeys werken alleen als deze site een naam heeft en via https bereikbaar is.",
        en: "Passkeys only work when this site has a name and is reached by https.",
    }
    account_passkey_add() { nl: "Voeg een passkey toe", en: "Add a passkey" }
    account_passkey_name() { nl: "Hoe heet deze passkey?", en: "What is this passkey called?" }
    account_passkey_name_hint() { nl: "Bijvoorbeeld: laptop, telefoon, sleutelhanger.", en: "For example: laptop, phone, key ring." }
    account_passkey_make() { nl: "Maak de passkey", en: "Make the passkey" }
    account_passkey_needs_script() {
        nl: "Voor een passkey moet je browser scripts van deze site uitvoeren. Zonder script kun je codes uit een app gebruiken.",
        en: "For a passkey your browser must run this site's script. Without script you can use codes from an app.",
    }
    account_passkey_failed() { nl: "Er is geen passkey gemaakt. Probeer het nog eens.", en: "No passkey was made. Try again." }
    account_passkey_line(made) { nl: "gemaakt op {made}", en: "made on {made}" }
    account_passkey_used(moment) { nl: "laatst gebruikt op {moment}", en: "last used on {moment}" }
    account_passkey_unused() { nl: "nog niet gebruikt", en: "not used yet" }
    account_passkey_remove(name) { nl: "Verwijder passkey {name}", en: "Remove passkey {name}" }
    account_passkey_many() {
        nl: "Deze passkey heb je al, of je hebt er al twintig.",
        en: "You have this passkey already, or you have twenty of them.",
    }
    account_second_start() { nl: "Zet de tweede stap aan", en: "Switch the second step on" }
    account_second_stop() { nl: "Zet de tweede stap uit", en: "Switch the second step off" }
    account_secret() {
        nl: "Voeg deze sleutel toe in je authenticator-app en vul daarna de code in.",
        en: "Add this key to your authenticator app, then enter the code.",
    }
    account_picture() { nl: "De sleutel als QR-code voor je authenticator-app", en: "The key as a QR code for your authenticator app" }
    account_recovery() {
        nl: "Bewaar deze herstelcodes. Elke code werkt één keer, als je je telefoon kwijt bent.",
        en: "Keep these recovery codes. Each works once, when you have lost your phone.",
    }
    account_sessions() { nl: "Waar je bent ingelogd", en: "Where you are signed in" }
    account_session(since, seen) { nl: "Sinds {since}, laatst gezien {seen}", en: "Since {since}, last seen {seen}" }
    account_session_this() { nl: "dit apparaat", en: "this device" }
    account_sign_out_others() { nl: "Log overal elders uit", en: "Sign out everywhere else" }
    account_language() { nl: "Taal van deze schermen", en: "Language of these screens" }

    // The first start.
    setup_title() { nl: "postduif inrichten", en: "Set up postduif" }
    setup_step(step, steps) { nl: "Stap {step} van {steps}", en: "Step {step} of {steps}" }
    setup_steps() { nl: "Stappen", en: "Steps" }
    setup_admin() { nl: "Beheerder", en: "Administrator" }
    setup_newsletter() { nl: "Nieuwsbrief en afzender", en: "Newsletter and sender" }
    setup_mail() { nl: "Mail versturen", en: "Sending mail" }
    setup_sources() { nl: "Bronnen", en: "Sources" }
    setup_schedule() { nl: "Schema en formulier", en: "Schedule and form" }
    setup_code() { nl: "Inrichtcode", en: "Set-up code" }
    setup_code_hint() {
        nl: "Staat in het logboek van de server. Zo weten we dat jij hem hebt gestart.",
        en: "Stands in the server's log. That is how we know that you started it.",
    }
    setup_slug() { nl: "Korte naam voor het adres", en: "Short name for the address" }
    setup_slug_hint() {
        nl: "Kleine letters, cijfers en streepjes. Kan later niet meer anders: hij staat in links.",
        en: "Small letters, digits and hyphens. Cannot change later: it is part of links.",
    }
    setup_next() { nl: "Opslaan en verder", en: "Save and continue" }
    setup_on() { nl: "Verder", en: "Continue" }
    setup_skip() { nl: "Later", en: "Later" }
    setup_finish() { nl: "Klaar", en: "Done" }
    setup_code_wrong() {
        nl: "Deze code klopt niet, of is ouder dan 30 minuten. Start postduif opnieuw voor een nieuwe.",
        en: "This code is not right, or older than 30 minutes. Start postduif again for a new one.",
    }
    setup_usual_slug() { nl: "nieuwsbrief", en: "newsletter" }
    setup_offline() {
        nl: "Zolang er geen mailserver is ingesteld, wordt er niets verstuurd.",
        en: "As long as no mail server has been set, nothing is sent.",
    }
}

/// Why a password cannot be used.
pub fn password_fault(language: Language, fault: InvalidPassword) -> String {
    match fault {
        InvalidPassword::TooShort => password_too_short(language, password::SHORTEST),
        InvalidPassword::TooLong => password_too_long(language, password::LONGEST),
        InvalidPassword::TooPlain => password_too_plain(language),
    }
}

/// What is wrong with a field, by its name in the form; `why` is what the check itself says.
pub fn fault(language: Language, field: &str, why: &str) -> String {
    let why = said(language, why);
    match field {
        "email" | "reply_to" => fault_email(language),
        "name" | "title" | "token_name" | "organisation" => fault_name(language),
        "slug" => fault_slug(language),
        "from" => fault_from(language),
        "url" | "privacy_url" => fault_url(language, why),
        "timezone" => fault_zone(language),
        "assemble" => fault_rule(language),
        "accent" => fault_accent(language, &why),
        "logo" => fault_logo(language),
        "review_days" | "min_articles" | "max_per_year" => fault_number(language, why),
        "notify" => fault_notify(language),
        "token_expires" => fault_expires(language),
        _ => fault_other(language, why),
    }
}

/// Why a colour is refused; the check itself names the nearest that can be read, and so do we.
fn fault_accent(language: Language, why: &str) -> String {
    let proposed = why.split("; ").nth(1).and_then(|rest| rest.split(' ').next());
    match proposed.filter(|shade| shade.starts_with('#')) {
        Some(shade) => fault_too_pale(language, shade),
        None => fault_colour(language),
    }
}

/// A role with what it may do.
pub fn role(language: Language, role: Role) -> String {
    match role {
        Role::Viewer => role_viewer(language),
        Role::Editor => role_editor(language),
        Role::Admin => role_admin(language),
    }
}
