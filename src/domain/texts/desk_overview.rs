//! The sentences of the desk's overview about what a newsletter still lacks, and how the system does.

use super::texts;
use crate::domain::language::Language;

texts! {
    task_no_mail_server() { nl: "Er is geen mailserver ingesteld", en: "No mail server has been set" }
    task_no_mail_server_why() {
        nl: "Zolang die er niet is, gaat er niets uit: geen nieuwsbrief en geen bevestigingsmail.",
        en: "Without one nothing goes out: no newsletter and no confirmation mail.",
    }
    task_sender_button() { nl: "Naar afzender en DNS", en: "To sender and DNS" }
    task_no_source() { nl: "Er is nog geen bron", en: "There is no source yet" }
    task_no_source_why() {
        nl: "Met een bron komen de artikelen vanzelf. Zonder bron schrijf je alle berichten zelf.",
        en: "With a source articles come in by themselves. Without one you write every item yourself.",
    }
    task_no_readers() { nl: "Er zijn nog geen abonnees", en: "There are no subscribers yet" }
    task_no_readers_why() {
        nl: "Zet het aanmeldformulier op je site, of neem een lijst over.",
        en: "Place the sign-up form on your site, or take over a list.",
    }
    task_never_checked() { nl: "Er is nog niets gecontroleerd", en: "Nothing has been checked yet" }
    task_never_checked_why() {
        nl: "De controles kijken naar DNS, mailserver en adressen. Ze lopen elke dag vanzelf, en nu als je dat vraagt.",
        en: "The checks look at DNS, mail server and addresses. They run every day by themselves, and now if you ask.",
    }
    task_system_button() { nl: "Naar de controles", en: "To the checks" }
    faults_one() { nl: "Een controle vond een fout", en: "One check found a fault" }
    faults_many(count) { nl: "Controles vonden {count} fouten", en: "Checks found {count} faults" }
    task_faults_button() { nl: "Bekijk wat er mis is", en: "Look at what is wrong" }
    attention_one() { nl: "Let op: 1 punt", en: "Attention: 1 point" }
    attention_many(count) { nl: "Let op: {count} punten", en: "Attention: {count} points" }
    never_checked() { nl: "Nog niet gecontroleerd", en: "Not checked yet" }
    checked_at(moment) { nl: "Gecontroleerd op {moment}.", en: "Checked on {moment}." }
    every_day() { nl: "Elke dag vanzelf opnieuw.", en: "Again every day by itself." }
}

/// How many points ask for attention.
pub fn system_attention(language: Language, count: usize) -> String {
    if count == 1 { attention_one(language) } else { attention_many(language, count) }
}

/// How many faults the checks found.
pub fn task_faults(language: Language, count: usize) -> String {
    if count == 1 { faults_one(language) } else { faults_many(language, count) }
}
