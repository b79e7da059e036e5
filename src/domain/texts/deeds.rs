//! The sentences of the log of deeds: what people did, each without its doer.

use super::{desk_editions, texts};
use crate::domain::language::Language;
use crate::domain::role::Role;

texts! {
    deed_add(user, role) { nl: "gaf {user} toegang als {role}", en: "let {user} in as {role}" }
    role_viewer() { nl: "lezer", en: "viewer" }
    role_editor() { nl: "redacteur", en: "editor" }
    role_admin() { nl: "beheerder", en: "administrator" }
    actor_first_start() { nl: "de eerste start", en: "the first start" }
    actor_program() { nl: "het programma zelf", en: "the program itself" }
    actor_command_line() { nl: "de opdrachtregel", en: "the command line" }
    deed_password(user) { nl: "koos een nieuw wachtwoord voor {user}", en: "chose a new password for {user}" }
    deed_reset(user) { nl: "vroeg een nieuw wachtwoord aan voor {user}", en: "asked for a new password for {user}" }
    deed_role(user, change) { nl: "wijzigde de rol van {user}: {change}", en: "changed the role of {user}: {change}" }
    deed_disable(user) { nl: "zette {user} uit", en: "disabled {user}" }
    deed_enable(user) { nl: "zette {user} weer aan", en: "enabled {user} again" }
    deed_sign_in() { nl: "logde in", en: "signed in" }
    deed_second_on(user) { nl: "zette de tweede stap aan voor {user}", en: "switched the second step on for {user}" }
    deed_second_off(user) { nl: "zette de tweede stap uit voor {user}", en: "switched the second step off for {user}" }
    deed_newsletter_new(slug) { nl: "maakte nieuwsbrief {slug}", en: "made the newsletter {slug}" }
    deed_newsletter(slug, changes) { nl: "wijzigde de instellingen van {slug}: {changes}", en: "changed the settings of {slug}: {changes}" }
    deed_source_new(slug, url) { nl: "voegde een bron toe aan {slug}: {url}", en: "added a source to {slug}: {url}" }
    deed_source_gone(id) { nl: "verwijderde bron {id}", en: "removed source {id}" }
    deed_article_new(title) { nl: "voerde artikel “{title}” in", en: "entered the article “{title}”" }
    deed_article(title) { nl: "wijzigde artikel “{title}”", en: "changed the article “{title}”" }
    deed_article_gone(id) { nl: "verwijderde artikel {id}", en: "removed article {id}" }
    deed_assemble(id) { nl: "stelde nieuwsbrief {id} samen", en: "assembled edition {id}" }
    deed_edit(id) { nl: "wijzigde nieuwsbrief {id}", en: "changed edition {id}" }
    deed_test(id, count) { nl: "stuurde een test van nieuwsbrief {id} ({count})", en: "sent a test of edition {id} ({count})" }
    deed_edition(id, deed) { nl: "nieuwsbrief {id}: {deed}", en: "edition {id}: {deed}" }
    deed_passkey(name) { nl: "voegde passkey “{name}” toe", en: "added the passkey “{name}”" }
    deed_passkey_gone() { nl: "verwijderde een passkey", en: "removed a passkey" }
    deed_sessions(user) { nl: "logde {user} overal uit", en: "signed {user} out everywhere" }
    deed_failed(user) { nl: "probeerde vergeefs in te loggen als {user}", en: "tried in vain to sign in as {user}" }
    deed_throttled(user) {
        nl: "probeerde het te vaak als {user} en moet wachten",
        en: "tried too often as {user} and has to wait",
    }
    deed_tied(user, provider) { nl: "kwam als {user} binnen via {provider}", en: "came in as {user} by {provider}" }
    deed_token(name) { nl: "maakte het token “{name}”", en: "created the token “{name}”" }
    deed_revoke(name) { nl: "trok het token “{name}” in", en: "revoked the token “{name}”" }
    deed_approve(id) { nl: "keurde nieuwsbrief {id} goed", en: "approved edition {id}" }
    deed_erase() { nl: "verwijderde de gegevens van een persoon", en: "erased a person's data" }
    deed_import(batch, counts) { nl: "nam een lijst over ({batch}): {counts}", en: "took over a list ({batch}): {counts}" }
    deed_import_undo(batch) { nl: "draaide een lijst terug ({batch})", en: "took a list back ({batch})" }
    deed_export() { nl: "nam gegevens van abonnees mee", en: "took readers' data along" }
    deed_person_add(id) { nl: "vroeg {id} om te bevestigen", en: "asked {id} to confirm" }
    deed_person_end(id) { nl: "meldde {id} af", en: "unsubscribed {id}" }
    deed_person_back() { nl: "liet iemand weer toe", en: "let somebody in again" }
    deed_suppress() { nl: "blokkeerde een adres", en: "blocked an address" }
    deed_suppress_many(file, counts) {
        nl: "liet adressen uit “{file}” geen mail meer krijgen ({counts})",
        en: "blocked the addresses in “{file}” ({counts})",
    }
    deed_set_back(seconds) { nl: "merkte dat de klok is teruggezet ({seconds})", en: "noticed that the clock was set back ({seconds})" }
    deed_dismiss() { nl: "handelde een onleesbare mail over een verzending af", en: "dealt with a mail about a delivery that no rule could read" }
    deed_reconfirm(newsletter, count) { nl: "vroeg {count} lezers van {newsletter} of ze blijven", en: "asked {count} readers of {newsletter} whether they stay" }
    deed_webhook_add(host) { nl: "voegde een webhook toe naar {host}", en: "added a webhook to {host}" }
    deed_webhook_remove(id) { nl: "verwijderde webhook {id}", en: "removed webhook {id}" }
    deed_webhook_on(id) { nl: "zette webhook {id} aan", en: "switched on webhook {id}" }
    deed_webhook_off(id) { nl: "zette webhook {id} uit", en: "switched off webhook {id}" }
    deed_webhook_rotate(id) { nl: "maakte een ander geheim voor webhook {id}", en: "made another secret for webhook {id}" }
    deed_webhook_replay(id) { nl: "liet webhook {id} iets nog eens horen", en: "had webhook {id} told something again" }
    deed_release() { nl: "gaf een adres weer vrij", en: "released an address" }
    deed_reason(newsletter, reason) { nl: "meldde zich af van {newsletter}: {reason}", en: "left {newsletter}: {reason}" }
}

/// Who did something, as the log calls them: machinery has a name in every language, people have their own.
pub fn actor(language: Language, actor: &str) -> String {
    match actor {
        "the first start" => actor_first_start(language),
        "command line" => actor_command_line(language),
        "the program" => actor_program(language),
        _ => actor.to_owned(),
    }
}

/// The roles in the detail of a deed, such as `admin` or `viewer → editor`, in words.
fn roles_named(language: Language, detail: &str) -> String {
    let named = |word: &str| match word.parse() {
        Ok(Role::Viewer) => role_viewer(language),
        Ok(Role::Editor) => role_editor(language),
        Ok(Role::Admin) => role_admin(language),
        Err(_) => word.to_owned(),
    };
    detail.split(' ').map(named).collect::<Vec<_>>().join(" ")
}

/// A deed of the log as a sentence without its doer; one that has no sentence shows as it is kept.
pub fn deed(language: Language, action: &str, target: &str, detail: &str) -> String {
    match action {
        "subscriber.import" => deed_import(language, target, detail),
        "subscriber.import-undo" => deed_import_undo(language, target),
        "subscriber.export" | "consent.export" => deed_export(language),
        "subscriber.add" | "subscriber.ask-again" => deed_person_add(language, target),
        "subscriber.unsubscribe" => deed_person_end(language, target),
        "subscriber.let-back" => deed_person_back(language),
        "user.add" => deed_add(language, target, roles_named(language, detail)),
        "user.password" => deed_password(language, target),
        "user.reset-asked" => deed_reset(language, target),
        "user.role" => deed_role(language, target, roles_named(language, detail)),
        "user.disable" => deed_disable(language, target),
        "user.enable" => deed_enable(language, target),
        "user.sign-in" => deed_sign_in(language),
        "user.second-step-on" => deed_second_on(language, target),
        "user.second-step-off" => deed_second_off(language, target),
        "newsletter.create" => deed_newsletter_new(language, target),
        "newsletter.edit" => deed_newsletter(language, target, detail),
        "source.add" => deed_source_new(language, target, detail),
        "source.remove" => deed_source_gone(language, target),
        "article.enter" => deed_article_new(language, detail),
        "article.change" => deed_article(language, detail),
        "article.remove" => deed_article_gone(language, target),
        "edition.assemble" => deed_assemble(language, target),
        "edition.edit" => deed_edit(language, target),
        "edition.test" => deed_test(language, target, detail),
        "user.passkey-add" => deed_passkey(language, detail),
        "user.passkey-remove" => deed_passkey_gone(language),
        "user.sessions-end" => deed_sessions(language, target),
        "user.sign-in-failed" => deed_failed(language, target),
        "user.throttled" => deed_throttled(language, target),
        "user.oidc-tied" => deed_tied(language, target, detail),
        "token.create" => deed_token(language, target),
        "token.revoke" => deed_revoke(language, target),
        "edition.approve" => deed_approve(language, target),
        "subscriber.erase" => deed_erase(language),
        "suppression.add" => deed_suppress(language),
        "suppression.remove" => deed_release(language),
        "suppression.import" => deed_suppress_many(language, target, detail),
        "feedback.dismiss" => deed_dismiss(language),
        "clock.set-back" => deed_set_back(language, detail),
        "newsletter.reconfirm" => deed_reconfirm(language, target, detail),
        "webhook.add" => deed_webhook_add(language, detail),
        "webhook.remove" => deed_webhook_remove(language, target),
        "webhook.enable" => deed_webhook_on(language, target),
        "webhook.disable" => deed_webhook_off(language, target),
        "webhook.rotate" => deed_webhook_rotate(language, target),
        "webhook.replay" => deed_webhook_replay(language, target),
        "unsubscribe.reason" => deed_reason(language, target, detail),
        edition if edition.starts_with("edition.") => {
            deed_edition(language, target, desk_editions::deed(language, edition))
        }
        _ => [action, target, detail].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machinery_has_a_name_in_every_language_and_people_keep_theirs() {
        for who in ["the first start", "command line", "the program"] {
            assert_ne!(actor(Language::Nl, who), who);
        }
        assert_eq!(actor(Language::Nl, "eva@example.nl"), "eva@example.nl");
    }
}
