//! The desk's addresses, written down once.

use super::edition::Tab;

pub const OVERVIEW: &str = "/admin";
pub const LOGIN: &str = "/admin/login";
pub const LOGIN_CODE: &str = "/admin/login/code";
pub const LOGIN_OIDC: &str = "/admin/login/oidc";
pub const LOGIN_PASSKEY: &str = "/admin/login/passkey";
pub const LOGIN_TYPED: &str = "/admin/login/typed";
pub const LOGOUT: &str = "/admin/logout";
pub const FORGOTTEN: &str = "/admin/forgotten";
pub const SETUP: &str = "/admin/setup";
pub const EDITIONS: &str = "/admin/editions";
pub const ARTICLES: &str = "/admin/articles";
pub const NEW_ARTICLE: &str = "/admin/articles/new";
pub const FETCH: &str = "/admin/articles/fetch";
pub const SUBSCRIBERS: &str = "/admin/subscribers";
pub const SEARCH_SUBSCRIBERS: &str = "/admin/subscribers/search";
pub const NEW_SUBSCRIBER: &str = "/admin/subscribers/new";
pub const EXPORT_SUBSCRIBERS: &str = "/admin/subscribers/export";
pub const SUPPRESSIONS: &str = "/admin/suppressions";
pub const RETENTION: &str = "/admin/retention";
pub const RECONFIRM: &str = "/admin/reconfirm";
pub const IMPORT: &str = "/admin/import";
pub const ACCOUNT: &str = "/admin/account";
pub const SETTINGS: &str = "/admin/settings";

/// Where an invitation or a reset leads: choosing a password.
pub fn password(token: &str) -> String {
    format!("/admin/password/{token}")
}

/// A tab of an edition.
pub fn tab(edition: i64, tab: Tab) -> String {
    format!("/admin/editions/{edition}/{}", tab.segment())
}

/// What is done to an edition by POST: `test`, `approve`, `reopen`, `send`, `unschedule`, `pause`, `resume`,
/// `cancel`, `retry`, `unknown`.
pub fn act(edition: i64, act: &str) -> String {
    format!("/admin/editions/{edition}/{act}")
}

/// The mail as it arrives, for the preview's frame.
pub fn frame(edition: i64, query: &str) -> String {
    format!("/admin/editions/{edition}/preview.html{query}")
}

/// The whole message.
pub fn message(edition: i64, query: &str) -> String {
    format!("/admin/editions/{edition}/preview.eml{query}")
}

/// The stream of counts while an edition goes out (server-sent events).
pub fn live(edition: i64) -> String {
    format!("/admin/editions/{edition}/live")
}

/// One article.
pub fn article(id: i64) -> String {
    format!("/admin/articles/{id}")
}

/// One person.
pub fn person(id: i64) -> String {
    format!("/admin/subscribers/{id}")
}

/// The rows that an import did not take, as a file.
pub fn import_report(batch: i64) -> String {
    format!("/admin/import/{batch}/report")
}

/// What one webhook was told.
pub fn webhook(id: i64) -> String {
    format!("/admin/settings/webhooks/{id}")
}

/// One tab of the settings.
pub fn settings(segment: &str) -> String {
    format!("/admin/settings/{segment}")
}
