//! The sentences of mails. How often a newsletter comes (`promise`, “3 tot 4 keer per jaar”) is always handed in.

use super::texts;

// The frame of a newsletter.
texts! {
    newsletter_word() { nl: "nieuwsbrief", en: "newsletter" }
    /// The line above the title: which one this is.
    issue_line(number, date) { nl: "Nieuwsbrief {number} · {date}", en: "Newsletter {number} · {date}" }
    /// The same where a middle dot does not read well: plain text, screen readers.
    issue_line_plain(number, date) { nl: "Nieuwsbrief {number}, {date}", en: "Newsletter {number}, {date}" }
    view_in_browser() { nl: "Bekijk in je browser", en: "View in your browser" }
    read_more() { nl: "Verder lezen", en: "Read more" }
    read_more_about(title) { nl: "Verder lezen: {title}", en: "Read more: {title}" }
    read_at_source() { nl: "Verder lezen bij de bron", en: "Read more at the source" }
    read_at_source_about(title) { nl: "Verder lezen bij de bron: {title}", en: "Read more at the source: {title}" }
    footer_why(promise) {
        nl: "Je krijgt deze nieuwsbrief omdat je je ervoor hebt aangemeld. We versturen hem {promise}.",
        en: "You are getting this newsletter because you signed up for it. We send it {promise}.",
    }
    footer_since(day) {
        nl: "Je hebt je aangemeld op {day}.",
        en: "You subscribed on {day}.",
    }
    /// The footer of an edition in the archive, which is nobody's own copy.
    footer_archive(promise) {
        nl: "Deze nieuwsbrief versturen we {promise} aan wie zich ervoor heeft aangemeld.",
        en: "We send this newsletter {promise} to those who signed up for it.",
    }
    footer_no_tracking() {
        nl: "We meten niet of je deze e-mail opent of waar je op klikt.",
        en: "We do not measure whether you open this email or what you click.",
    }
    unsubscribe() { nl: "Afmelden", en: "Unsubscribe" }
    change_details() { nl: "Gegevens wijzigen", en: "Change your details" }
    privacy_statement() { nl: "Privacyverklaring", en: "Privacy statement" }
    /// Stands before the subject of a test mail.
    test_subject(subject) { nl: "[Test] {subject}", en: "[Test] {subject}" }
}

// Letters to readers.
texts! {
    hello() { nl: "Hallo,", en: "Hello," }
    was_it_not_you() {
        nl: "Was jij het niet? Dan hoef je niets te doen.",
        en: "Was it not you? Then you do not need to do anything.",
    }

    confirm_subject() { nl: "Bevestig je aanmelding voor de nieuwsbrief", en: "Confirm your newsletter sign-up" }
    confirm_preheader() {
        nl: "Open de link en druk op de knop. Daarna ben je aangemeld.",
        en: "Open the link and press the button. Then you are signed up.",
    }
    confirm_body(organisation) {
        nl: "Iemand heeft dit e-mailadres ingevuld voor de nieuwsbrief van {organisation}. Was jij dat? Open dan de link en druk op de knop.",
        en: "Someone entered this email address for the newsletter from {organisation}. Was it you? Then open the link and press the button.",
    }
    confirm_button() { nl: "Naar mijn aanmelding", en: "Go to my sign-up" }
    confirm_promise(promise, days) {
        nl: "We versturen de nieuwsbrief {promise}. De link werkt {days} dagen.",
        en: "We send the newsletter {promise}. The link works for {days} days.",
    }
    confirm_not_you() {
        nl: "Was jij het niet? Dan hoef je niets te doen. Je krijgt dan geen nieuwsbrief van ons.",
        en: "Was it not you? Then you do not need to do anything. You will not get a newsletter from us.",
    }

    already_subject() {
        nl: "Je bent al aangemeld voor onze nieuwsbrief",
        en: "You are already signed up for our newsletter",
    }
    already_body(organisation, date) {
        nl: "Je wilde je aanmelden voor de nieuwsbrief van {organisation}. Dat is niet nodig: je bent al aangemeld sinds {date}.",
        en: "You wanted to sign up for the newsletter from {organisation}. There is no need: you have been signed up since {date}.",
    }
    next_expected(month) {
        nl: "De volgende nieuwsbrief verwachten we in {month}.",
        en: "We expect to send the next newsletter in {month}.",
    }

    welcome_subject(organisation) {
        nl: "Welkom bij de nieuwsbrief van {organisation}",
        en: "Welcome to the newsletter from {organisation}",
    }
    welcome_body(promise) {
        nl: "Je bent aangemeld. Vanaf nu krijg je {promise} onze nieuwsbrief.",
        en: "You are signed up. From now on you will get our newsletter {promise}.",
    }
    welcome_preheader() { nl: "Je bent aangemeld.", en: "You are signed up." }
    welcome_archive() {
        nl: "Nieuwsgierig? Lees onze vorige nieuwsbrief:",
        en: "Curious? Read our previous newsletter:",
    }
    welcome_archive_button() { nl: "Lees de vorige nieuwsbrief", en: "Read the previous newsletter" }
    welcome_sender(address) {
        nl: "Zet {address} in je adresboek. Dan komt de nieuwsbrief minder snel bij je spam.",
        en: "Add {address} to your address book. Then the newsletter is less likely to end up in spam.",
    }

    reconfirm_subject(organisation) {
        nl: "Wil je de nieuwsbrief van {organisation} blijven krijgen?",
        en: "Do you want to stay on the newsletter from {organisation}?",
    }
    reconfirm_preheader() {
        nl: "Open de link en druk op de knop. Dan blijf je aangemeld.",
        en: "Open the link and press the button. Then you stay signed up.",
    }
    reconfirm_body(date, organisation) {
        nl: "Je hebt je op {date} aangemeld voor de nieuwsbrief van {organisation}. Je hebt lang niets van ons gehoord.",
        en: "You signed up for the newsletter from {organisation} on {date}. You have not heard from us for a long time.",
    }
    reconfirm_question(promise) {
        nl: "We willen hem weer versturen, {promise}. Wil je hem nog krijgen? Open dan de link en druk op de knop.",
        en: "We want to send it again, {promise}. Do you still want it? Then open the link and press the button.",
    }
    reconfirm_button() { nl: "Ja, ik blijf", en: "Yes, I will stay" }
    reconfirm_else(days) {
        nl: "Doe je niets, dan melden we je na {days} dagen af. Je krijgt deze vraag maar één keer.",
        en: "If you do nothing, we will unsubscribe you after {days} days. You get this question only once.",
    }

    preferences_subject() { nl: "Je link om je gegevens te wijzigen", en: "Your link to change your details" }
    preferences_body() {
        nl: "Je vroeg om een link naar je gegevens. De link werkt 1 uur.",
        en: "You asked for a link to your details. The link works for 1 hour.",
    }
    preferences_button() { nl: "Naar mijn gegevens", en: "Go to my details" }

    download_subject() { nl: "Je link om je gegevens te downloaden", en: "Your link to download your data" }
    download_body() {
        nl: "Je wilt alles downloaden wat we over je bewaren. Open de link en druk op de knop. De link werkt 1 uur.",
        en: "You want to download everything we keep about you. Open the link and press the button. The link works for 1 hour.",
    }
    download_button() { nl: "Download mijn gegevens", en: "Download my data" }

    erase_subject() { nl: "Bevestig dat we je gegevens verwijderen", en: "Confirm that we delete your data" }
    erase_body() {
        nl: "Je wilt dat we al je gegevens verwijderen. Open de link en druk op de knop. Daarna krijg je geen nieuwsbrief meer. De link werkt 1 uur.",
        en: "You want us to delete all your data. Open the link and press the button. You will then get no more newsletters. The link works for 1 hour.",
    }
    erase_button() { nl: "Verwijder mijn gegevens", en: "Delete my data" }
    erase_not_you() {
        nl: "Was jij het niet? Dan hoef je niets te doen. Er verandert dan niets.",
        en: "Was it not you? Then you do not need to do anything. Nothing will change.",
    }

    address_change_subject() { nl: "Bevestig je nieuwe e-mailadres", en: "Confirm your new email address" }
    address_change_body(organisation) {
        nl: "Je wilt de nieuwsbrief van {organisation} voortaan op dit adres ontvangen. Open de link en druk op de knop.",
        en: "You want to receive the newsletter from {organisation} at this address from now on. Open the link and press the button.",
    }
    address_change_button() { nl: "Naar mijn nieuwe adres", en: "Go to my new address" }

    address_changed_subject() { nl: "Je e-mailadres is gewijzigd", en: "Your email address has been changed" }
    address_changed_body(organisation, contact) {
        nl: "De nieuwsbrief van {organisation} gaat voortaan naar een ander adres. Was jij dat niet? Laat het ons weten via {contact}.",
        en: "The newsletter from {organisation} will go to a different address from now on. Was it not you? Let us know at {contact}.",
    }
}

// To users of the desk.
texts! {
    invited_subject(organisation) { nl: "Je kunt inloggen bij {organisation}", en: "You can sign in at {organisation}" }
    invited_body(organisation) {
        nl: "Je bent uitgenodigd om mee te werken aan de nieuwsbrief van {organisation}. Open de link en kies een wachtwoord. De link werkt 7 dagen.",
        en: "You have been invited to work on the newsletter of {organisation}. Open the link and choose a password. The link works for 7 days.",
    }
    reset_subject() { nl: "Kies een nieuw wachtwoord", en: "Choose a new password" }
    reset_body() {
        nl: "Je wilt een nieuw wachtwoord voor de redactie. Open de link en kies er een. De link werkt 1 uur.",
        en: "You want a new password for the editor's desk. Open the link and choose one. The link works for 1 hour.",
    }
    try_out_subject() { nl: "Testmail: het versturen werkt", en: "Test mail: sending works" }
    try_out_body() {
        nl: "Deze mail is aangenomen en aangekomen. Kijk ook of hij niet in de map met ongewenste mail zat.",
        en: "This mail was accepted and has arrived. Check as well that it was not in the junk folder.",
    }
}

// Notices to editors.
texts! {
    open_button() { nl: "Bekijk het", en: "Take a look" }

    draft_subject(edition) { nl: "Concept klaar: nieuwsbrief {edition}", en: "Draft ready: newsletter {edition}" }
    draft_reminder_subject(edition) {
        nl: "Herinnering: nieuwsbrief {edition} wacht op je",
        en: "Reminder: newsletter {edition} is waiting for you",
    }
    draft_body(articles, since) {
        nl: "Er staat een concept klaar met {articles} artikelen sinds {since}. Er gaat niets uit voordat jij het goedkeurt.",
        en: "A draft is ready with {articles} articles since {since}. Nothing goes out until you approve it.",
    }
    draft_automatic_body(articles, since, when) {
        nl: "Er staat een concept klaar met {articles} artikelen sinds {since}. Als niemand ingrijpt, gaat het uit op {when}.",
        en: "A draft is ready with {articles} articles since {since}. Unless somebody steps in, it goes out on {when}.",
    }

    draft_fine() {
        nl: "De controle vond niets waar je naar moet kijken.",
        en: "The check found nothing that needs your attention.",
    }
    draft_findings() { nl: "Dit vond de controle:", en: "This is what the check found:" }

    still_open_subject(edition) {
        nl: "Geen nieuw concept: nieuwsbrief {edition} staat nog open",
        en: "No new draft: newsletter {edition} is still open",
    }
    still_open_body(edition, next) {
        nl: "Er is geen nieuw concept gemaakt, omdat nieuwsbrief {edition} nog niet verstuurd is. Verstuur of annuleer die eerst; daarna kun je zelf een concept laten maken. De volgende keer is {next}.",
        en: "No new draft was made, because newsletter {edition} has not been sent yet. Send or cancel it first; you can then have a draft made yourself. The next time is {next}.",
    }

    not_sent_subject(edition) {
        nl: "Nieuwsbrief {edition} is goedgekeurd, maar niet verstuurd",
        en: "Newsletter {edition} is approved but not sent",
    }
    not_sent_passed_body(edition, passed) {
        nl: "Nieuwsbrief {edition} is goedgekeurd, en het voorgestelde moment, {passed}, is voorbij. Er gaat niets uit voordat jij hem verstuurt of plant.",
        en: "Newsletter {edition} is approved, and the moment proposed for it, {passed}, has passed. Nothing goes out until you send or schedule it.",
    }
    not_sent_body(edition, approved) {
        nl: "Nieuwsbrief {edition} is goedgekeurd op {approved} en wacht nog op jou. Er gaat niets uit voordat jij hem verstuurt of plant.",
        en: "Newsletter {edition} was approved on {approved} and is still waiting for you. Nothing goes out until you send or schedule it.",
    }

    articles_gone_subject(edition) {
        nl: "Let op: er is een artikel uit nieuwsbrief {edition} gehaald",
        en: "Attention: an article has been taken out of newsletter {edition}",
    }
    articles_gone_body() {
        nl: "De bron toont dit niet meer aan iedereen: het is weggehaald of met een wachtwoord beveiligd. Daarom staat het niet meer in de nieuwsbrief.",
        en: "Its source no longer shows this to everybody: it was removed or is protected by a password. It is therefore no longer in the newsletter.",
    }
    approve_anew() {
        nl: "De goedkeuring is daarmee vervallen. Kijk er nog eens naar en keur de nieuwsbrief opnieuw goed.",
        en: "Its approval has lapsed with that. Have another look and approve the newsletter again.",
    }

    nothing_new_subject() {
        nl: "Geen nieuwe artikelen voor de nieuwsbrief",
        en: "No new articles for the newsletter",
    }
    nothing_new_body(since, next) {
        nl: "Sinds {since} zijn er te weinig nieuwe artikelen. Er is geen concept gemaakt. De volgende keer is {next}.",
        en: "There have been too few new articles since {since}. No draft was made. The next time is {next}.",
    }

    scheduled_subject(edition, when) {
        nl: "Nieuwsbrief {edition} gaat uit op {when}",
        en: "Newsletter {edition} will be sent on {when}",
    }
    scheduled_body() {
        nl: "Wil je dat toch niet? Zet het versturen dan stil.",
        en: "Would you rather not? Then stop the sending.",
    }

    sent_subject(edition) { nl: "Nieuwsbrief {edition} is verstuurd", en: "Newsletter {edition} has been sent" }
    sent_body(accepted, total, rejected, unknown) {
        nl: "Aangenomen: {accepted} van de {total} e-mails. Geweigerd: {rejected}. Onzeker: {unknown}.",
        en: "Accepted: {accepted} of {total} emails. Rejected: {rejected}. Uncertain: {unknown}.",
    }

    paused_subject(edition) {
        nl: "Let op: nieuwsbrief {edition} staat stil",
        en: "Attention: newsletter {edition} has stopped",
    }
    paused_body(done, total, reason) {
        nl: "Het versturen is gestopt na {done} van de {total} e-mails. Reden: {reason} Niemand krijgt de nieuwsbrief dubbel als je verdergaat.",
        en: "Sending stopped after {done} of {total} emails. Reason: {reason} Nobody will get the newsletter twice if you continue.",
    }

    missed_subject() {
        nl: "Een gepland moment voor de nieuwsbrief is voorbijgegaan",
        en: "A planned moment for the newsletter has passed",
    }
    missed_body(when) {
        nl: "Op {when} zou er iets gebeuren, maar toen stond de server uit. Er is niets gedaan. Wil je het alsnog?",
        en: "Something was due on {when}, but the server was off then. Nothing was done. Do you still want it?",
    }

    source_failing_subject(source) {
        nl: "We kunnen {source} niet meer lezen",
        en: "We can no longer read {source}",
    }
    source_failing_body(since, reason) {
        nl: "Sinds {since} lukt het niet om nieuwe artikelen op te halen. Reden: {reason}",
        en: "Since {since} we have not been able to fetch new articles. Reason: {reason}",
    }

    signups_limited_subject() {
        nl: "Er zijn opvallend veel aanmeldingen",
        en: "There are unusually many sign-ups",
    }
    signups_limited_body(most) {
        nl: "In het afgelopen uur kwamen er {most} aanmeldingen. Meer neemt de server per uur niet aan. Wie zich nu aanmeldt, leest dat het later weer kan. Kijk of je de nieuwe adressen vertrouwt:",
        en: "There were {most} sign-ups within the last hour. The server takes no more than that in an hour. Whoever signs up now is asked to come back later. See whether you trust the new addresses:",
    }
    signups_limited_more() {
        nl: "Deed je een oproep en zijn het echte mensen? Laat je beheerder POSTDUIF_SIGNUPS_TOTAL verhogen. Vult een programma het formulier in, dan helpt POSTDUIF_SIGNUP_PROOF_OF_WORK. Je krijgt dit bericht hoogstens één keer per dag.",
        en: "Did you ask people to sign up, and are they real? Have your administrator raise POSTDUIF_SIGNUPS_TOTAL. If a program fills in the form, POSTDUIF_SIGNUP_PROOF_OF_WORK helps. You get this message once a day at most.",
    }
}
