//! Who calls, and what their token lets them do. A handler says which role it needs by what it takes, the table of calls
//! which scope.

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

use crate::domain::role::Role;
use crate::domain::scope::Scope;
use crate::flows::tokens;
use crate::web::Web;
use crate::web::client::Client;
use crate::web::problem::Problem;

/// May look.
pub struct Viewer;

/// May make and send editions.
pub struct Editor {
    /// Who it is, for the record of deeds.
    pub actor: String,
}

/// May change settings and see to people.
pub struct Admin {
    /// Who it is, for the record of deeds.
    pub actor: String,
}

/// Lets a kind of caller stand among a handler's arguments.
macro_rules! callers {
    ($($name:ident needs $role:expr, $make:expr;)+) => {$(
        impl FromRequest for $name {
            type Error = Problem;
            type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let request = request.clone();
                Box::pin(async move { recognise(&request, $role).await.map($make) })
            }
        }
    )+};
}

callers! {
    Viewer needs Role::Viewer, |_| Viewer;
    Editor needs Role::Editor, |actor| Editor { actor };
    Admin needs Role::Admin, |actor| Admin { actor };
}

/// What each method of a resource needs, as the table of calls says; nothing where nobody need show a token.
#[derive(Clone, Copy)]
pub struct Scopes(pub &'static [(&'static str, Option<Scope>)]);

impl Scopes {
    /// What this request needs; a call that asks for its caller and stands in no table is let to nobody.
    fn of(request: &HttpRequest) -> Result<Scope, Problem> {
        let Self(table) = request.app_data::<Self>().ok_or(Problem::Internal)?;
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        let found = table.iter().find(|(name, _)| method.as_str().eq_ignore_ascii_case(name));
        found.and_then(|(_, scope)| *scope).ok_or(Problem::Internal)
    }
}

/// Whether the caller may sign others up, asked by the one call that mostly anybody may make.
///
/// # Errors
/// For whoever shows no token that is good for that.
pub async fn may_sign_up(request: &HttpRequest) -> Result<(), Problem> {
    recognise_for(request, Role::Admin, || Ok(Scope::SubscribersWrite)).await.map(drop)
}

async fn recognise(request: &HttpRequest, needed: Role) -> Result<String, Problem> {
    recognise_for(request, needed, || Scopes::of(request)).await
}

async fn recognise_for(
    request: &HttpRequest,
    needed: Role,
    scope: impl FnOnce() -> Result<Scope, Problem>,
) -> Result<String, Problem> {
    let web = request.app_data::<Data<Web>>().ok_or(Problem::Internal)?;
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|header| {
        let (scheme, token) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let Some(token) = token else { return Err(Problem::Unauthorised) };
    match tokens::check(&web.house, token).await? {
        Some(row) => {
            let scope = scope()?;
            let refused = if !row.role.may(needed) {
                Problem::NotAllowed(needed)
            } else if !row.scopes().contains(&scope) {
                Problem::MissingScope(scope)
            } else {
                return Ok(format!("token {}", row.name));
            };
            tracing::warn!(token = row.id, role = %row.role, %scope, path = request.path(), "a token was refused");
            Err(refused)
        }
        None => {
            let client = Client::extract(request).await.unwrap_or(Client(None));
            Err(match web.wrong_tokens.wrong(client.0, web.house.clock.now()) {
                Some(retry_after) => Problem::TooMany { retry_after },
                None => Problem::Unauthorised,
            })
        }
    }
}
