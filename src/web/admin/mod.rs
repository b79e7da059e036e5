//! The editor's desk: every page and button is one line in a table that says who may, and one gate keeps to it.

mod account;
mod articles;
mod cookies;
mod edition_check;
mod edition_content;
mod edition_evidence;
mod edition_preview;
mod edition_result;
mod edition_send;
mod edition_sheet;
mod editions;
mod gate;
mod import;
mod live;
mod login;
mod openid;
mod overview;
mod password;
mod reconfirm;
mod settings;
mod setup;
mod subscribers;
mod suppressions;
mod typed;
pub mod visit;

use actix_web::web::ServiceConfig;

pub use self::live::Live;

use crate::domain::role::Role;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nobody need be signed in: signing in itself.
    Anyone,
    /// Whoever is signed in with this role or one above it.
    Role(Role),
}

/// An address of the desk, what can be done there, and by whom.
pub struct Route {
    /// As actix writes it: `/admin/editions/{id}`.
    pub path: &'static str,
    /// `get` (which HEAD may ask for as well) and `post`, each with whom it needs.
    pub methods: &'static [(&'static str, Needs)],
    place: fn(&mut ServiceConfig),
}

/// Declares the routes of one noun as `ROUTES`: `"/admin/x": get Viewer show, post Editor change;`. No handler runs
/// before the gate has let its caller in.
macro_rules! desk {
    ($($path:literal: $($method:ident $who:ident $($handler:ident)::+),+;)+) => {
        pub const ROUTES: &[$crate::web::admin::Route] = &[$(
            $crate::web::admin::Route {
                path: $path,
                methods: &[$((stringify!($method), $crate::web::admin::desk!(@needs $who))),+],
                place: |config| {
                    let resource = actix_web::web::resource($path);
                    $(let resource = $crate::web::admin::desk!(@route resource, $method, $($handler)::+);)+
                    let needed: &'static [(&'static str, $crate::web::admin::Needs)] =
                        &[$((stringify!($method), $crate::web::admin::desk!(@needs $who))),+];
                    let gate = actix_web::middleware::from_fn($crate::web::admin::gate::guard);
                    config.service(resource.app_data($crate::web::admin::gate::Needed(needed)).wrap(gate));
                },
            }
        ),+];
    };
    (@needs Anyone) => { $crate::web::admin::Needs::Anyone };
    (@needs $role:ident) => { $crate::web::admin::Needs::Role($crate::domain::role::Role::$role) };
    (@route $resource:ident, get, $handler:expr) => {
        $resource.route(actix_web::web::get().to($handler)).route(actix_web::web::head().to($handler))
    };
    (@route $resource:ident, post, $handler:expr) => { $resource.route(actix_web::web::post().to($handler)) };
}
use desk;

/// The tables of all nouns.
const NOUNS: &[&[Route]] = &[
    login::ROUTES,
    typed::ROUTES,
    openid::ROUTES,
    password::ROUTES,
    setup::ROUTES,
    account::ROUTES,
    subscribers::ROUTES,
    import::ROUTES,
    suppressions::ROUTES,
    reconfirm::ROUTES,
    settings::ROUTES,
    overview::ROUTES,
    editions::ROUTES,
    edition_content::ROUTES,
    edition_check::ROUTES,
    edition_preview::ROUTES,
    edition_send::ROUTES,
    live::ROUTES,
    edition_result::ROUTES,
    edition_evidence::ROUTES,
    articles::ROUTES,
];

/// Every route of the desk.
pub fn table() -> impl Iterator<Item = &'static Route> {
    NOUNS.iter().chain(&settings::TABS).copied().flatten()
}

pub fn routes(config: &mut ServiceConfig) {
    for route in table() {
        (route.place)(config);
    }
}
