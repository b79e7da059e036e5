//! Replies that nobody wrote: vacations, receipts, questions whether we are human (RFC 3834, RFC 8098).

use super::notice;
use super::parts::Mail;

/// Whether the message says that another one was shown, deleted or sorted (RFC 8098).
pub(super) fn is_receipt(mail: &Mail) -> bool {
    mail.report_type == "disposition-notification"
        || mail.leaves.iter().any(|leaf| {
            matches!(leaf.kind.as_str(), "message/disposition-notification" | "message/global-disposition-notification")
        })
}

/// Whether a machine answered in its owner's name. A mail server's own report is no such answer, though some
/// label it so.
pub(super) fn is_reply(mail: &Mail) -> bool {
    let header = &mail.header;
    if header.has("x-failed-recipients") {
        return false;
    }
    let is_machine = notice::is_from_machine(mail);
    // “Undeliverable: Out of office, our summer letter” is not about an office.
    if is_machine && notice::is_titled_bounce(mail) {
        return false;
    }
    let subject = mail.subject.trim_start().to_lowercase();
    if SUBJECTS.iter().any(|phrase| subject.contains(phrase))
        || BEGINNINGS.iter().any(|start| subject.starts_with(start))
    {
        return true;
    }
    let says = |name: &str, words: &[&str]| {
        header.all(name).any(|value| {
            let value = value.trim_start().to_ascii_lowercase();
            words.iter().any(|word| value.starts_with(word))
        })
    };
    let is_marked = FIELDS.iter().any(|name| header.has(name))
        // A newsletter or an alarm is generated, too, and answers nobody (RFC 3834 section 5).
        || says("auto-submitted", &["auto-replied", "auto-notified"])
        || says("precedence", &["auto_reply", "auto-reply"])
        || says("x-precedence", &["auto_reply", "auto-reply"])
        || says("delivered-to", &["autoresponder"])
        || says("x-post-messageclass", &["9; autoresponder"]);
    is_marked && !is_machine
}

const FIELDS: &[&str] = &[
    "x-autoreply",
    "x-auto-reply",
    "x-autoreply-from",
    "x-auto-reply-from",
    "x-autorespond",
    "x-autoresponder",
    "x-autoresponse",
    "x-mail-autoreply",
    "x-mailer-autoreply",
    "x-vacation",
    "x-out-of-office",
];

/// In lower case, anywhere in a subject.
const SUBJECTS: &[&str] = &[
    "out of office",
    "out of the office",
    "out-of-office",
    "automatic reply",
    "automatic response",
    "automated reply",
    "automated response",
    "auto reply",
    "auto-reply",
    "autoreply",
    "auto response",
    "auto-response",
    "autoresponse",
    "autoresponder",
    "auto-responder",
    "has left the company",
    "afwezig",
    "niet aanwezig",
    "automatisch antwoord",
    "automatisch bericht",
    "niet op kantoor",
    "abwesenheit",
    "abwesend",
    "automatische antwort",
    "außer haus",
    "nicht im büro",
    "réponse automatique",
    "reponse automatique",
    "absence du bureau",
    "absent du bureau",
    "message d'absence",
    "fuera de la oficina",
    "fuera de oficina",
    "respuesta automática",
    "respuesta automatica",
    "resposta automática",
    "risposta automatica",
    "fuori sede",
    "fuori ufficio",
    "autosvar",
    "automaattinen vastaus",
    "automatická odpověď",
    "autoodpowiedź",
    "odpowiedź automatyczna",
    "automatyczna odpowiedź",
    "poza biurem",
    "автоответ",
    "автоматический ответ",
    "自動返信",
    "自動応答",
    "不在",
    "自动回复",
    "自動回覆",
];

/// In lower case, at the beginning of a subject: receipts, questions whether we are human, and words that
/// stand in the middle of honest subjects.
const BEGINNINGS: &[&str] = &[
    "read:",
    "gelezen:",
    "gelesen:",
    "lu :",
    "lu:",
    "leído:",
    "letto:",
    "not read:",
    "niet gelezen:",
    "return receipt",
    "read receipt",
    "leesbevestiging",
    "lesebestätigung",
    "please confirm your message",
    "please confirm your email",
    "please verify your message",
    "verify your message",
    "confirm your message",
    "sender verification",
    "i'm away",
    "i am away",
    "vacation",
    "on holiday",
    "on leave",
    "no longer with",
    "no longer works",
    "no longer employed",
    "vakantie",
    "urlaub",
    "en congé",
    "ausencia",
    "ausência",
    "assenza",
    "frånvaro",
    "fravær",
    "uit dienst",
    "poissaolo",
    "nieobecność",
    "ooo:",
    "afk:",
];
