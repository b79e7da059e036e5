//! The sentences of the editor's desk: its frame, signing in, the overview and editions.

use super::{numbers, texts};
use crate::domain::delivery::DeliveryState;
use crate::domain::edition::EditionStatus;
use crate::domain::language::Language;

texts! {
    // The frame.
    desk() { nl: "Redactie", en: "Editor's desk" }
    menu() { nl: "Hoofdmenu", en: "Main menu" }
    nav_overview() { nl: "Overzicht", en: "Overview" }
    nav_editions() { nl: "Nieuwsbrieven", en: "Editions" }
    nav_articles() { nl: "Artikelen", en: "Articles" }
    nav_subscribers() { nl: "Abonnees", en: "Subscribers" }
    nav_settings() { nl: "Instellingen", en: "Settings" }
    nav_account() { nl: "Mijn account", en: "My account" }
    sign_out() { nl: "Uitloggen", en: "Sign out" }
    choose_newsletter() { nl: "Nieuwsbrief", en: "Newsletter" }
    choose() { nl: "Kies", en: "Choose" }
    save() { nl: "Opslaan", en: "Save" }
    cancel() { nl: "Annuleren", en: "Cancel" }
    edit() { nl: "Bewerken", en: "Edit" }
    back() { nl: "Terug", en: "Back" }
    search() { nl: "Zoek", en: "Search" }
    more() { nl: "Volgende", en: "Next" }
    copy() { nl: "Kopieer", en: "Copy" }
    copied() { nl: "Gekopieerd", en: "Copied" }
    nothing_here() { nl: "Er is hier nog niets.", en: "There is nothing here yet." }
    unsaved() {
        nl: "Je hebt wijzigingen die nog niet zijn opgeslagen.",
        en: "You have changes that have not been saved.",
    }
    role_viewer() { nl: "lezer", en: "viewer" }
    role_editor() { nl: "redacteur", en: "editor" }
    role_admin() { nl: "beheerder", en: "admin" }
    done_saved() { nl: "Opgeslagen.", en: "Saved." }
    done_test_sent() { nl: "De testmail is onderweg.", en: "The test mail is on its way." }
    done_approved() { nl: "Goedgekeurd. Je kunt nu versturen.", en: "Approved. You can send it now." }
    done_reopened() { nl: "Dit is weer een concept.", en: "This is a draft again." }
    done_unplanned() { nl: "Het versturen gaat niet door. Er is niets verstuurd.", en: "It will not be sent. Nothing went out." }
    done_paused() { nl: "Het versturen staat stil.", en: "Sending has been paused." }
    done_resumed() { nl: "Het versturen gaat verder.", en: "Sending goes on." }
    done_assembled() { nl: "Er staat een concept klaar.", en: "A draft is ready." }
    done_nothing_new() {
        nl: "Er zijn geen nieuwe artikelen. Er is geen concept gemaakt.",
        en: "There are no new articles. No draft was made.",
    }
    done_examined() {
        nl: "Er is opnieuw gekeken. Wat langer duurt, staat hier binnen een minuut.",
        en: "Everything was looked at again. What takes longer is here within a minute.",
    }
    done_fetched() { nl: "De bronnen zijn bekeken.", en: "The sources have been read." }
    done_removed() { nl: "Verwijderd.", en: "Removed." }
    done_invited() { nl: "De uitnodiging is onderweg.", en: "The invitation is on its way." }
    done_unsubscribed() { nl: "Deze persoon is afgemeld.", en: "This person has been unsubscribed." }
    done_erased() { nl: "De gegevens zijn verwijderd.", en: "The data has been erased." }
    done_added() { nl: "Toegevoegd.", en: "Added." }
    done_mail_sent() { nl: "Er is een e-mail onderweg.", en: "An email is on its way." }

    // Signing in.
    login_title() { nl: "Inloggen", en: "Sign in" }
    login_email() { nl: "E-mailadres", en: "Email address" }
    login_password() { nl: "Wachtwoord", en: "Password" }
    login_button() { nl: "Log in", en: "Sign in" }
    login_wrong() {
        nl: "Dit e-mailadres en wachtwoord horen niet bij elkaar.",
        en: "This email address and password do not belong together.",
    }
    login_wait(minutes) {
        nl: "Er is te vaak geprobeerd in te loggen. Probeer het over {minutes} minuten opnieuw.",
        en: "There have been too many attempts to sign in. Try again in {minutes} minutes.",
    }
    login_expired() {
        nl: "Je was te lang weg. Log opnieuw in; er is intussen niets veranderd.",
        en: "You were away too long. Sign in again; nothing was changed in the meantime.",
    }
    login_typed() {
        nl: "Je bent niet meer ingelogd, dus er is niets opgeslagen. Wat je typte is er nog: log in, en het staat weer in \
             het formulier.",
        en: "You are no longer signed in, so nothing was saved. What you typed is still here: sign in, and it stands in the \
             form again.",
    }
    login_typed_elsewhere(provider) {
        nl: "Log je in met {provider}? Dat gaat in een nieuw tabblad. Kom daarna hier terug.",
        en: "Do you sign in with {provider}? That opens in a new tab. Come back here after that.",
    }
    login_typed_button() { nl: "Ik ben ingelogd: vul het formulier weer in", en: "I am signed in: fill in the form again" }
    login_forgotten() { nl: "Wachtwoord vergeten?", en: "Forgotten your password?" }
    login_with(provider) { nl: "Log in met {provider}", en: "Sign in with {provider}" }
    code_title() { nl: "Code uit je app", en: "Code from your app" }
    code_label() { nl: "Code van 6 cijfers", en: "6-digit code" }
    code_hint() {
        nl: "Open je authenticator-app. Heb je je telefoon niet? Gebruik dan een herstelcode.",
        en: "Open your authenticator app. No phone at hand? Use a recovery code.",
    }
    code_or_passkey() { nl: "Tweede stap", en: "Second step" }
    passkey_use() { nl: "Gebruik een passkey", en: "Use a passkey" }
    passkey_needs_script() {
        nl: "Voor een passkey moet je browser scripts van deze site uitvoeren. Zonder script kun je hieronder een code gebruiken.",
        en: "For a passkey your browser must run this site's script. Without script you can use a code below.",
    }
    passkey_failed() {
        nl: "De passkey is niet gebruikt. Probeer het nog eens, of gebruik een code.",
        en: "The passkey was not used. Try again, or use a code.",
    }
    passkey_wrong() { nl: "Deze passkey werkt hier niet.", en: "This passkey does not work here." }
    openid_going(provider) { nl: "Naar {provider}", en: "To {provider}" }
    openid_continue(provider) { nl: "Ga verder bij {provider}", en: "Continue at {provider}" }
    openid_provider(provider) {
        nl: "{provider} antwoordt nu niet zoals het hoort. Probeer het straks opnieuw, of log in met je wachtwoord.",
        en: "{provider} does not answer as it should now. Try again later, or sign in with your password.",
    }
    openid_refused(provider) {
        nl: "Je bent bij {provider} niet ingelogd. Probeer het opnieuw.",
        en: "You were not signed in at {provider}. Try again.",
    }
    openid_lost() {
        nl: "Het inloggen duurde te lang, of is al gebruikt. Begin opnieuw.",
        en: "Signing in took too long, or was used already. Begin again.",
    }
    openid_nobody(provider) {
        nl: "Je bent ingelogd bij {provider}, maar hebt hier geen account. Vraag een beheerder om een uitnodiging.",
        en: "You are signed in at {provider}, but have no account here. Ask an administrator for an invitation.",
    }
    code_wrong() { nl: "Deze code klopt niet (meer).", en: "This code is not right (any more)." }
    forgot_title() { nl: "Nieuw wachtwoord aanvragen", en: "Ask for a new password" }
    forgot_body() {
        nl: "Vul je e-mailadres in. Ben je bij ons bekend, dan krijg je een link.",
        en: "Enter your email address. If we know you, you will get a link.",
    }
    forgot_button() { nl: "Stuur mij een link", en: "Send me a link" }
    forgot_sent() {
        nl: "Ben je bij ons bekend? Dan is er een e-mail onderweg. De link daarin werkt 1 uur.",
        en: "Do we know you? Then an email is on its way. Its link works for 1 hour.",
    }
    password_title() { nl: "Kies een wachtwoord", en: "Choose a password" }
    password_for(email) { nl: "Voor {email}.", en: "For {email}." }
    password_new() { nl: "Nieuw wachtwoord", en: "New password" }
    password_hint() {
        nl: "Minstens 12 tekens. Een zin van een paar woorden is goed te onthouden.",
        en: "At least 12 characters. A sentence of a few words is easy to remember.",
    }
    your_name() { nl: "Je naam", en: "Your name" }

    // The overview.
    hello(name) { nl: "Dag {name}", en: "Hello {name}" }
    optional() { nl: "(niet verplicht)", en: "(optional)" }
    task_none() { nl: "Je hoeft nu niets te doen.", en: "There is nothing for you to do now." }
    task_draft(number) { nl: "Concept klaar: nieuwsbrief {number}", en: "Draft ready: edition {number}" }
    task_draft_button() { nl: "Bekijk het concept", en: "Look at the draft" }
    task_approved(number) { nl: "Nieuwsbrief {number} is goedgekeurd", en: "Edition {number} has been approved" }
    task_approved_button() { nl: "Ga naar versturen", en: "Go to sending" }
    task_scheduled(number, moment) {
        nl: "Nieuwsbrief {number} gaat uit op {moment}",
        en: "Edition {number} goes out on {moment}",
    }
    task_sending(number) { nl: "Nieuwsbrief {number} wordt verstuurd", en: "Edition {number} is being sent" }
    task_follow() { nl: "Kijk mee", en: "Watch" }
    task_paused(number) { nl: "Let op: nieuwsbrief {number} staat stil", en: "Attention: edition {number} has stopped" }
    task_decide() { nl: "Beslis wat er gebeurt", en: "Decide what happens" }
    task_unknown(number, count) {
        nl: "Nieuwsbrief {number}: van {count} e-mails is onzeker of ze zijn aangekomen",
        en: "Edition {number}: for {count} emails it is uncertain whether they arrived",
    }
    task_unknown_one(number) {
        nl: "Nieuwsbrief {number}: van één e-mail is onzeker of hij is aangekomen",
        en: "Edition {number}: for one email it is uncertain whether it arrived",
    }
    task_source(source) { nl: "Een bron doet het niet: {source}", en: "A source does not work: {source}" }
    task_source_button() { nl: "Naar de bronnen", en: "Go to the sources" }
    task_setup() { nl: "De inrichting is nog niet af", en: "Setting up is not finished" }
    task_setup_button() { nl: "Ga verder", en: "Continue" }
    figures() { nl: "Stand van zaken", en: "State of affairs" }
    figure_subscribers() { nl: "Abonnees", en: "Subscribers" }
    figure_change(joined, left) {
        nl: "{joined} erbij en {left} weg sinds de vorige nieuwsbrief",
        en: "{joined} joined and {left} left since the last edition",
    }
    figure_pending() { nl: "Wachten op bevestiging", en: "Waiting for confirmation" }
    figure_confirmations() { nl: "Bevestigen, laatste 30 dagen", en: "Confirming, last 30 days" }
    figure_confirmations_value(asked, viewed, confirmed) {
        nl: "{asked} aangevraagd, {viewed} keer bekeken, {confirmed} bevestigd",
        en: "{asked} asked for, {viewed} looks, {confirmed} confirmed",
    }
    figure_confirmations_hint() {
        nl: "Mailscanners kijken ook. Veel vaker bekeken dan bevestigd? Dan missen mensen misschien de knop.",
        en: "Mail scanners look as well. Many more looks than confirmations? Then people may miss the button.",
    }
    figure_next() { nl: "Volgend concept", en: "Next draft" }
    figure_last() { nl: "Vorige nieuwsbrief", en: "Last edition" }
    figure_last_value(day, accepted) { nl: "{day}, aangenomen voor {accepted} mensen", en: "{day}, accepted for {accepted} people" }
    figure_system() { nl: "Systeem", en: "System" }
    figure_system_fine() { nl: "Alles in orde", en: "Everything is fine" }
    none_planned() { nl: "Niets gepland", en: "Nothing planned" }
    none_yet() { nl: "Nog geen", en: "None yet" }
    plot_subscribers() { nl: "Abonnees in het afgelopen jaar", en: "Subscribers over the last year" }
    plot_deliveries() { nl: "Aangenomen e-mails in de tijd", en: "Accepted emails over time" }
    plot_as_table() { nl: "Dezelfde cijfers als tabel", en: "The same figures as a table" }

    // Editions.
    edition_title(number) { nl: "Nieuwsbrief {number}", en: "Edition {number}" }
    edition_assembled(moment) { nl: "Samengesteld op {moment}.", en: "Assembled on {moment}." }
    edition_assemble() { nl: "Stel nu een concept samen", en: "Assemble a draft now" }
    edition_assemble_hint() {
        nl: "Uit alles wat nieuw is sinds de vorige nieuwsbrief. Er gaat niets uit voordat jij het goedkeurt.",
        en: "From everything new since the last edition. Nothing goes out until you approve it.",
    }
    column_number() { nl: "Nummer", en: "Number" }
    column_subject() { nl: "Onderwerp", en: "Subject" }
    column_status() { nl: "Stand", en: "Status" }
    column_when() { nl: "Wanneer", en: "When" }
    column_accepted() { nl: "Aangenomen", en: "Accepted" }
    column_count() { nl: "Aantal", en: "Count" }
    column_meaning() { nl: "Wat betekent dit?", en: "What does this mean?" }
    column_domain() { nl: "Domein", en: "Domain" }
    column_reason() { nl: "Reden", en: "Reason" }
    column_address() { nl: "Adres", en: "Address" }
    accepted_of(accepted, audience) { nl: "{accepted} van {audience}", en: "{accepted} of {audience}" }
    status_draft() { nl: "Concept", en: "Draft" }
    status_approved() { nl: "Goedgekeurd", en: "Approved" }
    status_scheduled() { nl: "Gepland", en: "Scheduled" }
    status_sending() { nl: "Bezig", en: "Sending" }
    status_paused() { nl: "Staat stil", en: "Paused" }
    status_sent() { nl: "Verstuurd", en: "Sent" }
    status_cancelled() { nl: "Gestopt", en: "Cancelled" }
    tab_content() { nl: "Inhoud", en: "Content" }
    tab_check() { nl: "Controle", en: "Check" }
    tab_preview() { nl: "Voorbeeld", en: "Preview" }
    tab_send() { nl: "Versturen", en: "Send" }
    tab_result() { nl: "Resultaat", en: "Result" }
    tabs(number) { nl: "Onderdelen van nieuwsbrief {number}", en: "Parts of edition {number}" }

    // Tab Content.
    content_subject() { nl: "Onderwerp", en: "Subject" }
    content_subject_hint() {
        nl: "Liefst minder dan 60 tekens. Veel telefoons tonen er 40.",
        en: "Preferably fewer than 60 characters. Many phones show 40.",
    }
    content_length(count) { nl: "Nu {count} tekens.", en: "Now {count} characters." }
    content_preheader() { nl: "Voorbeeldregel", en: "Preview line" }
    content_preheader_hint() {
        nl: "De grijze regel naast het onderwerp in de inbox. Hooguit 110 tekens.",
        en: "The grey line beside the subject in the inbox. At most 110 characters.",
    }
    content_intro() { nl: "Inleiding", en: "Introduction" }
    content_intro_hint() {
        nl: "Je mag **vet**, *schuin*, [een link](https://voorbeeld.nl) en lijstjes met - gebruiken.",
        en: "You may use **bold**, *italics*, [a link](https://example.org) and lists with -.",
    }
    content_order(section) { nl: "Volgorde: {section}", en: "Order: {section}" }
    content_up(title) { nl: "Zet omhoog: {title}", en: "Move up: {title}" }
    content_down(title) { nl: "Zet omlaag: {title}", en: "Move down: {title}" }
    content_drop() { nl: "Haal weg", en: "Take out" }
    content_drop_label(title) { nl: "Haal weg: {title}", en: "Take out: {title}" }
    content_edit_label(title) { nl: "Bewerken: {title}", en: "Edit: {title}" }
    content_item_title() { nl: "Titel", en: "Title" }
    content_item_summary() { nl: "Samenvatting", en: "Summary" }
    content_section_empty() {
        nl: "Er staat niets in dit deel. Het komt dan niet in de nieuwsbrief.",
        en: "There is nothing in this section. It will then not be in the newsletter.",
    }
    content_available(count) { nl: "Voeg toe ({count} beschikbaar)", en: "Add ({count} available)" }
    content_add() { nl: "Voeg toe", en: "Add" }
    content_add_label(title) { nl: "Voeg toe: {title}", en: "Add: {title}" }
    content_write() { nl: "Schrijf zelf een bericht", en: "Write an item yourself" }
    content_promo() { nl: "Eigen blok aan het eind", en: "Own block at the end" }
    content_promo_shown() { nl: "Toon dit blok", en: "Show this block" }
    content_promo_fields() { nl: "Wat er in dit blok staat", en: "What stands in this block" }
    content_promo_heading() { nl: "Kop", en: "Heading" }
    content_promo_title() { nl: "Titel", en: "Title" }
    content_promo_text() { nl: "Tekst", en: "Text" }
    content_promo_url() { nl: "Link", en: "Link" }
    content_promo_button() { nl: "Tekst op de knop", en: "Text on the button" }
    content_save_check() { nl: "Opslaan en controleren", en: "Save and check" }
    content_save_preview() { nl: "Opslaan en bekijken", en: "Save and preview" }
    content_saved_at(moment) { nl: "Laatst opgeslagen op {moment}.", en: "Last saved on {moment}." }
    content_frozen() {
        nl: "Deze nieuwsbrief kan niet meer worden gewijzigd.",
        en: "This edition can no longer be changed.",
    }
    content_withdraws() {
        nl: "Deze nieuwsbrief is goedgekeurd. Als je iets wijzigt, vervalt de goedkeuring.",
        en: "This edition has been approved. If you change anything, the approval is withdrawn.",
    }
    conflict_title(who, moment) {
        nl: "{who} heeft dit op {moment} gewijzigd",
        en: "{who} changed this on {moment}",
    }
    conflict_body() {
        nl: "Jouw wijzigingen zijn nog niet opgeslagen. Vergelijk ze hieronder. Als je nu opslaat, gelden jouw teksten.",
        en: "Your changes have not been saved yet. Compare them below. If you save now, your texts count.",
    }
    conflict_field() { nl: "Veld", en: "Field" }
    conflict_theirs() { nl: "Staat er nu", en: "Is there now" }
    conflict_yours() { nl: "Jouw tekst", en: "Your text" }

    // Tab Check.
    check_sum(good, warnings, errors) {
        nl: "{good} goed, {warnings} let op, {errors} fout",
        en: "{good} fine, {warnings} attention, {errors} wrong",
    }
    check_again() { nl: "Controleer opnieuw", en: "Check again" }
    check_error() { nl: "Fout", en: "Wrong" }
    check_warning() { nl: "Let op", en: "Attention" }
    check_good() { nl: "Goed", en: "Fine" }
    check_fix() { nl: "Aanpassen", en: "Fix" }
    check_fix_label(finding) { nl: "Aanpassen: {finding}", en: "Fix: {finding}" }
    check_findings() { nl: "Bevindingen", en: "Findings" }
    check_test() { nl: "Testmail", en: "Test mail" }
    check_test_to() { nl: "Naar", en: "To" }
    check_test_hint() {
        nl: "Eén of meer adressen, met komma's ertussen. De links in een testmail doen niets.",
        en: "One or more addresses, separated by commas. The links in a test mail do nothing.",
    }
    check_test_button() { nl: "Stuur testmail", en: "Send test mail" }
    check_tested(moment, to) { nl: "{moment} naar {to}", en: "{moment} to {to}" }
    check_tested_current() { nl: "na de laatste wijziging", en: "after the last change" }
    check_tested_old() { nl: "voor de laatste wijziging", en: "before the last change" }
    check_approve() { nl: "Goedkeuren", en: "Approve" }
    check_approve_hint() {
        nl: "Wat je goedkeurt, wordt precies zo verstuurd. Elke wijziging daarna trekt de goedkeuring in.",
        en: "What you approve is exactly what is sent. Any change after that withdraws the approval.",
    }
    check_seen() { nl: "Ik heb de punten bij “Let op” gezien", en: "I have seen the points marked “Attention”" }
    check_blocked() {
        nl: "Los eerst de fouten op. Daarna kun je goedkeuren.",
        en: "Solve what is wrong first. Then you can approve.",
    }
    check_override() { nl: "Toch goedkeuren, met deze reden", en: "Approve anyway, for this reason" }
    check_override_hint() {
        nl: "De reden komt in het logboek en in het bewijs bij deze nieuwsbrief.",
        en: "The reason goes into the log and into the evidence of this edition.",
    }
    check_four_eyes(who) {
        nl: "Iemand anders dan {who} moet goedkeuren: vier ogen zien meer dan twee.",
        en: "Somebody other than {who} must approve: four eyes see more than two.",
    }
    check_approved_by(who, moment) { nl: "Goedgekeurd door {who} op {moment}.", en: "Approved by {who} on {moment}." }
    check_reopen() { nl: "Trek de goedkeuring in", en: "Withdraw the approval" }

    // Tab Preview.
    preview_views() { nl: "Weergaven", en: "Views" }
    preview_desktop() { nl: "Computer", en: "Desktop" }
    preview_phone() { nl: "Telefoon", en: "Phone" }
    preview_dark() { nl: "Donker", en: "Dark" }
    preview_text() { nl: "Alleen tekst", en: "Plain text" }
    preview_headers() { nl: "Kopregels", en: "Headers" }
    preview_as() { nl: "Zoals abonnee", en: "As subscriber" }
    preview_as_hint() {
        nl: "Laat leeg voor een voorbeeld zonder iemands gegevens.",
        en: "Leave empty for an example without anybody's data.",
    }
    preview_show() { nl: "Toon", en: "Show" }
    preview_frame() { nl: "De nieuwsbrief zoals hij aankomt", en: "The newsletter as it arrives" }
    preview_download() { nl: "Download het hele bericht (.eml)", en: "Download the whole message (.eml)" }

    // Tab Send.
    send_title(number) { nl: "Nieuwsbrief {number} versturen", en: "Send edition {number}" }
    send_first_approve() {
        nl: "Deze nieuwsbrief is nog niet goedgekeurd.",
        en: "This edition has not been approved yet.",
    }
    send_to_check() { nl: "Ga naar Controle", en: "Go to Check" }
    send_audience(total) {
        nl: "Je stuurt deze nieuwsbrief naar {total} mensen.",
        en: "You are sending this edition to {total} people.",
    }
    send_from() { nl: "Van", en: "From" }
    send_begins() { nl: "Begint met", en: "Begins with" }
    send_ends() { nl: "Eindigt met", en: "Ends with" }
    send_attention() { nl: "Let op", en: "Attention" }
    send_when() { nl: "Wanneer", en: "When" }
    send_now(minutes) {
        nl: "Nu. Het begint over {minutes} minuten; tot dan kun je het tegenhouden.",
        en: "Now. It begins in {minutes} minutes; until then you can stop it.",
    }
    send_later() { nl: "Op een later moment", en: "At a later moment" }
    send_date() { nl: "Datum", en: "Date" }
    send_time() { nl: "Tijd", en: "Time" }
    send_zone(zone) { nl: "Tijd in {zone}.", en: "Time in {zone}." }
    send_type() { nl: "Typ het aantal ontvangers om door te gaan", en: "Type the number of recipients to continue" }
    send_button(total) { nl: "Verstuur naar {total} mensen", en: "Send to {total} people" }
    send_planned(moment, utc) { nl: "Gaat uit op {moment} ({utc} UTC).", en: "Goes out on {moment} ({utc} UTC)." }
    send_hold(moment) { nl: "Begint om {moment}.", en: "Begins at {moment}." }
    send_left(time) { nl: "Nog {time}", en: "{time} left" }
    send_undo() { nl: "Toch niet versturen", en: "Do not send" }
    send_twice() {
        nl: "Deze nieuwsbrief wordt al verstuurd. Er is niets opnieuw gestart.",
        en: "This edition is already being sent. Nothing was started again.",
    }
    send_progress(done, total) { nl: "{done} van {total} verwerkt.", en: "{done} of {total} done." }
    send_eta(minutes) { nl: "Nog ongeveer {minutes} minuten.", en: "About {minutes} minutes left." }
    send_eta_soon() { nl: "Bijna klaar.", en: "Almost done." }
    send_pause() { nl: "Pauzeer", en: "Pause" }
    send_resume() { nl: "Ga verder", en: "Resume" }
    send_stop() { nl: "Stop voorgoed", en: "Stop for good" }
    send_stop_hint() {
        nl: "Wie de e-mail nog niet heeft, krijgt hem dan niet meer. Dit kun je niet terugdraaien.",
        en: "Those who do not have the email yet will then not get it. You cannot undo this.",
    }
    send_paused_because(reason) { nl: "Het versturen staat stil. Reden: {reason}", en: "Sending has stopped. Reason: {reason}" }
    send_no_twice() {
        nl: "Niemand krijgt de nieuwsbrief dubbel als je verdergaat.",
        en: "Nobody gets the newsletter twice if you resume.",
    }
    send_done() { nl: "Deze nieuwsbrief is verstuurd.", en: "This edition has been sent." }
    send_cancelled() { nl: "Deze nieuwsbrief is gestopt.", en: "This edition was stopped." }
    send_to_result() { nl: "Bekijk het resultaat", en: "See the result" }
    send_table() { nl: "Stand van de verzending", en: "State of the sending" }

    // Tab Result.
    result_none() { nl: "Er is nog niets verstuurd.", en: "Nothing has been sent yet." }
    result_total() { nl: "Samen", en: "Together" }
    result_adds_up(total) {
        nl: "Dat zijn alle {total} ontvangers. Niemand ontbreekt.",
        en: "That is all {total} recipients. Nobody is missing.",
    }
    result_adds_up_not(sum, total) {
        nl: "Dit klopt niet: samen {sum}, maar er zijn {total} ontvangers. Meld dit aan de beheerder.",
        en: "This does not add up: {sum} together, but there are {total} recipients. Tell the administrator.",
    }
    result_started(moment) { nl: "Begonnen op {moment}.", en: "Began on {moment}." }
    result_finished(moment) { nl: "Klaar op {moment}.", en: "Finished on {moment}." }
    result_per_domain() { nl: "Per domein", en: "Per domain" }
    result_recipients() { nl: "Ontvangers", en: "Recipients" }
    result_filter() { nl: "Toon ontvangers met stand", en: "Show recipients with status" }
    result_all() { nl: "Alle", en: "All" }
    result_own_words() { nl: "Woorden van de mailserver", en: "The mail server's words" }
    result_removed() { nl: "adres verwijderd", en: "address erased" }
    result_retry() { nl: "Probeer uitgestelde nu", en: "Try deferred ones now" }
    result_unknown(count) {
        nl: "Van {count} e-mails is onzeker of ze zijn aangekomen. Wat wil je doen?",
        en: "For {count} emails it is uncertain whether they arrived. What do you want to do?",
    }
    result_unknown_one() {
        nl: "Van één e-mail is onzeker of hij is aangekomen. Wat wil je doen?",
        en: "For one email it is uncertain whether it arrived. What do you want to do?",
    }
    result_unknown_repeat() { nl: "Stuur nog een keer", en: "Send once more" }
    result_unknown_leave() { nl: "Laat het zo", en: "Leave it so" }
    result_csv() { nl: "Download als CSV", en: "Download as CSV" }
    result_evidence() { nl: "Bewijs bij deze nieuwsbrief", en: "Evidence of this edition" }
    result_evidence_json() { nl: "Bewijs als JSON", en: "Evidence as JSON" }

    // The states of a delivery.
    state_queued() { nl: "In de wachtrij", en: "Queued" }
    state_sending() { nl: "Onderweg", en: "In hand" }
    state_accepted() { nl: "Aangenomen", en: "Accepted" }
    state_deferred() { nl: "Uitgesteld", en: "Deferred" }
    state_rejected() { nl: "Geweigerd", en: "Rejected" }
    state_expired() { nl: "Opgegeven", en: "Given up" }
    state_skipped() { nl: "Overgeslagen", en: "Skipped" }
    state_unknown() { nl: "Onzeker", en: "Uncertain" }
    state_queued_help() { nl: "Moet nog.", en: "Still to come." }
    state_sending_help() { nl: "Wordt nu aangeboden aan de mailserver.", en: "Is being handed to the mail server now." }
    state_accepted_help() {
        nl: "De mailserver heeft de e-mail aangenomen. Dat is nog geen bewijs dat hij in de inbox staat.",
        en: "The mail server accepted the email. That is no proof that it is in the inbox.",
    }
    state_deferred_help() {
        nl: "De mailserver vraagt ons om later terug te komen. Dat doen we vanzelf.",
        en: "The mail server asks us to come back later. We do so by ourselves.",
    }
    state_rejected_help() {
        nl: "De mailserver weigert deze e-mail. De reden staat bij de ontvanger.",
        en: "The mail server refuses this email. The reason is shown with the recipient.",
    }
    state_expired_help() {
        nl: "Het is te lang niet gelukt. We proberen het niet meer.",
        en: "It did not work for too long. We do not try any more.",
    }
    state_skipped_help() {
        nl: "Met opzet niet verstuurd, bijvoorbeeld omdat iemand zich net had afgemeld.",
        en: "Not sent on purpose, for example because somebody had just unsubscribed.",
    }
    state_unknown_help() {
        nl: "De verbinding viel weg op het laatste moment. Misschien is de e-mail aangekomen.",
        en: "The connection dropped at the last moment. The email may have arrived.",
    }
}

/// The word for an edition's state.
pub fn status(language: Language, status: EditionStatus) -> String {
    match status {
        EditionStatus::Draft => status_draft(language),
        EditionStatus::Approved => status_approved(language),
        EditionStatus::Scheduled => status_scheduled(language),
        EditionStatus::Sending => status_sending(language),
        EditionStatus::Paused => status_paused(language),
        EditionStatus::Sent => status_sent(language),
        EditionStatus::Cancelled => status_cancelled(language),
    }
}

/// The word for a delivery's state.
pub fn state(language: Language, state: DeliveryState) -> String {
    match state {
        DeliveryState::Queued => state_queued(language),
        DeliveryState::Sending => state_sending(language),
        DeliveryState::Accepted => state_accepted(language),
        DeliveryState::Deferred => state_deferred(language),
        DeliveryState::Rejected => state_rejected(language),
        DeliveryState::Expired => state_expired(language),
        DeliveryState::Skipped => state_skipped(language),
        DeliveryState::Unknown => state_unknown(language),
    }
}

/// What a delivery's state means.
pub fn state_help(language: Language, state: DeliveryState) -> String {
    match state {
        DeliveryState::Queued => state_queued_help(language),
        DeliveryState::Sending => state_sending_help(language),
        DeliveryState::Accepted => state_accepted_help(language),
        DeliveryState::Deferred => state_deferred_help(language),
        DeliveryState::Rejected => state_rejected_help(language),
        DeliveryState::Expired => state_expired_help(language),
        DeliveryState::Skipped => state_skipped_help(language),
        DeliveryState::Unknown => state_unknown_help(language),
    }
}

/// How many of an edition may or may not have arrived, as a heading.
pub fn unknown_heading(language: Language, number: i64, count: i64) -> String {
    match count {
        1 => task_unknown_one(language, number),
        _ => task_unknown(language, number, numbers::count(language, count)),
    }
}

/// The same as a question.
pub fn unknown_question(language: Language, count: i64) -> String {
    match count {
        1 => result_unknown_one(language),
        _ => result_unknown(language, numbers::count(language, count)),
    }
}

/// How far a sending is, with the time it still takes where that is known.
pub fn progress(language: Language, done: i64, total: i64, minutes_left: Option<u32>) -> String {
    let mut sentence = send_progress(language, numbers::count(language, done), numbers::count(language, total));
    if let Some(minutes) = minutes_left.filter(|_| done < total) {
        sentence.push(' ');
        sentence.push_str(&match minutes {
            0 | 1 => send_eta_soon(language),
            _ => send_eta(language, minutes),
        });
    }
    sentence
}
