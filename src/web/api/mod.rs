//! The API for programs: every call is one line here, and its description is made of the same lines.

mod articles;
mod caller;
mod docs;
mod doctor;
mod editions;
mod feedback;
mod idempotency;
mod imports;
mod input;
mod newsletters;
mod sources;
mod subscribers;
mod subscriptions;
mod suppressions;
mod tokens;
mod users;
mod webhooks;

use actix_web::http::StatusCode;
use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type};
use utoipa::{Modify, OpenApi, ToSchema};

use self::caller::Scopes;
use super::problem::{CATALOGUE, FieldFault, Problem, ProblemBody};
use crate::domain::delivery::DeliveryState;
use crate::domain::language::Language;
use crate::domain::scope::Scope;
use crate::domain::subscription::SubscriptionStatus;

/// One route of a resource; what can be read can be asked about with HEAD as well.
macro_rules! route {
    ($resource:ident, get, $handler:expr) => {
        $resource.route(web::get().to($handler)).route(web::head().to($handler))
    };
    ($resource:ident, $method:ident, $handler:expr) => {
        $resource.route(web::$method().to($handler))
    };
}

/// What a call needs of a token; `Anyone` needs none.
macro_rules! scope {
    (Anyone) => {
        None
    };
    ($scope:ident) => {
        Some(Scope::$scope)
    };
}

/// Declares the calls: where, how, with which scope, and who answers. Routes and description cannot fall apart.
macro_rules! calls {
    ($($path:literal: $($method:ident $scope:ident $($handler:ident)::+),+;)+) => {
        /// Every call, as `(method, path, scope)`.
        const CALLS: &[(&str, &str, Option<Scope>)] =
            &[$($((stringify!($method), concat!("/api/v1", $path), scope!($scope))),+),+];

        fn call_routes(config: &mut ServiceConfig) {
            $(
                let resource = web::resource(concat!("/api/v1", $path));
                $(let resource = route!(resource, $method, $($handler)::+);)+
                config.service(resource.app_data(Scopes(&[$((stringify!($method), scope!($scope))),+])));
            )+
        }

        #[derive(OpenApi)]
        #[openapi(
            info(
                title = "postduif",
                description = "Newsletters, their articles, editions and readers. Errors are problems as in RFC 9457. \
                               Lists take `limit` (1 to 200) and `cursor`, and answer `{\"items\", \"next\"}`.",
                license(name = "EUPL-1.2", identifier = "EUPL-1.2"),
            ),
            paths($($($($handler)::+),+),+),
            components(schemas(ProblemBody, FieldFault, DeliveryState, SubscriptionStatus, Language)),
            security(("token" = [])),
            modifiers(&Finish),
        )]
        struct Description;
    };
}

calls! {
    "/newsletters": get NewslettersRead newsletters::list, post NewslettersWrite newsletters::create;
    "/newsletters/{slug}": get NewslettersRead newsletters::show, patch NewslettersWrite newsletters::change;
    "/newsletters/{slug}/imports": post SubscribersWrite imports::take;
    "/imports/{id}": delete SubscribersWrite imports::undo;
    "/newsletters/{slug}/schedule": get NewslettersRead newsletters::schedule;
    "/newsletters/{slug}/reconfirm": post SubscribersWrite newsletters::reconfirm;
    "/newsletters/{slug}/sources": get SourcesRead sources::list, post SourcesWrite sources::add;
    "/sources/{id}": delete SourcesWrite sources::remove;
    "/sources/{id}/fetch": post ArticlesWrite sources::fetch;
    "/newsletters/{slug}/articles": get ArticlesRead articles::list, post ArticlesWrite articles::enter;
    "/articles/{id}": patch ArticlesWrite articles::change, delete ArticlesWrite articles::remove;
    "/newsletters/{slug}/editions": post EditionsWrite editions::assemble;
    "/editions": get EditionsRead editions::list;
    "/editions/{id}": get EditionsRead editions::show, patch EditionsWrite editions::change;
    "/editions/{id}/preview.html": get EditionsRead editions::preview_html;
    "/editions/{id}/preview.txt": get EditionsRead editions::preview_text;
    "/editions/{id}/preview.eml": get EditionsRead editions::preview_message;
    "/editions/{id}/preflight": get EditionsRead editions::preflight;
    "/editions/{id}/approve": post EditionsSend editions::approve;
    "/editions/{id}/test": post EditionsWrite editions::test;
    "/editions/{id}/send": post EditionsSend editions::send;
    "/editions/{id}/pause": post EditionsSend editions::pause;
    "/editions/{id}/resume": post EditionsSend editions::resume;
    "/editions/{id}/cancel": post EditionsSend editions::cancel;
    "/editions/{id}/reopen": post EditionsSend editions::reopen;
    "/editions/{id}/withdraw": post EditionsSend editions::withdraw;
    "/editions/{id}/put-back": post EditionsSend editions::put_back;
    "/editions/{id}/report": get EditionsRead editions::report;
    "/editions/{id}/deliveries": get DeliveriesRead editions::deliveries;
    "/subscribers": get SubscribersRead subscribers::list, post SubscribersWrite subscribers::add;
    "/subscribers/_search": post SubscribersRead subscribers::search;
    "/subscribers/{id}": get SubscribersRead subscribers::show, patch SubscribersWrite subscribers::change,
        delete SubscribersWrite subscribers::erase;
    "/subscribers/{id}/export": get SubscribersRead subscribers::export;
    "/subscribers/{id}/unsubscribe": post SubscribersWrite subscribers::unsubscribe;
    "/feedback/{provider}": post Anyone feedback::take;
    "/suppressions": get SuppressionsRead suppressions::list, post SuppressionsWrite suppressions::add,
        delete SuppressionsWrite suppressions::remove;
    "/subscriptions": post Anyone subscriptions::subscribe;
    "/webhooks": get WebhooksRead webhooks::list, post WebhooksWrite webhooks::add,
        delete WebhooksWrite webhooks::remove_named;
    "/webhooks/{id}": delete WebhooksWrite webhooks::remove;
    "/webhooks/{id}/disable": post WebhooksWrite webhooks::disable;
    "/webhooks/{id}/enable": post WebhooksWrite webhooks::enable;
    "/webhooks/{id}/rotate": post WebhooksWrite webhooks::rotate;
    "/webhooks/{id}/deliveries": get WebhooksRead webhooks::deliveries;
    "/webhooks/{id}/deliveries/{delivery}/replay": post WebhooksWrite webhooks::replay;
    "/doctor": get DoctorRead doctor::show, post DoctorWrite doctor::look;
    "/users": get UsersRead users::list;
    "/users/{id}/disable": post UsersWrite users::disable;
    "/tokens": get TokensRead tokens::list;
    "/tokens/{id}": delete TokensWrite tokens::revoke;
    "/openapi.json": get Anyone docs::openapi;
}

pub use self::docs::description;

pub fn routes(config: &mut ServiceConfig) {
    call_routes(config);
    config.service(super::public::looking("/api/docs", docs::page));
}

/// How a call is answered.
type Answered = Result<HttpResponse, Problem>;

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct Listed<T> {
    pub items: Vec<T>,
    /// Where the next page begins: give it as `cursor`. None on the last page.
    pub next: Option<String>,
}

fn ok(answer: &impl Serialize) -> Answered {
    Ok(HttpResponse::Ok().json(answer))
}

fn created(answer: &impl Serialize) -> Answered {
    Ok(HttpResponse::build(StatusCode::CREATED).json(answer))
}

/// What holds for every call: the token, and the problems that any call may meet.
struct Finish;

/// Faults are told as RFC 9457 has it.
const PROBLEM: &str = "application/problem+json";

impl Modify for Finish {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        description.info.version = env!("CARGO_PKG_VERSION").to_owned();
        let scopes: Vec<String> =
            Scope::ALL.iter().map(|scope| format!("`{scope}` ({} and above)", scope.least_role())).collect();
        let about = format!("A token of the API. It has a role and, within it, scopes: {}.", scopes.join(", "));
        let token =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("pd_live_…").description(Some(about));
        let token = token.build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        for (path, item) in &mut description.paths.paths {
            let methods = [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete];
            for operation in methods.into_iter().flatten() {
                complete(path, operation);
            }
        }
        for (method, path, scope) in CALLS {
            let Some(item) = description.paths.paths.get_mut(*path) else { continue };
            let operation = match *method {
                "get" => &mut item.get,
                "post" => &mut item.post,
                "patch" => &mut item.patch,
                _ => &mut item.delete,
            };
            if let (Some(operation), Some(scope)) = (operation, scope) {
                operation.security = Some(vec![SecurityRequirement::new("token", [scope.as_str()])]);
            }
        }
    }
}

/// Adds to a call the faults that it shares with all of its kind, and says in which form faults come.
fn complete(path: &str, call: &mut Operation) {
    let is_public = call.security.as_ref().is_some_and(|all| all.contains(&SecurityRequirement::default()));
    let in_query = |one: &RefOr<Parameter>| matches!(one, RefOr::T(one) if one.parameter_in == ParameterIn::Query);
    let is_list = call.parameters.as_ref().is_some_and(|all| all.iter().any(in_query));
    let mut faults = vec!["405", "429", "503"];
    if !is_public {
        faults.extend(["401", "403"]);
    }
    if call.request_body.is_some() {
        faults.extend(["400", "408", "413", "415"]);
    }
    if is_list {
        faults.push("400");
    }
    // A number too large for an id, or none at all, names nothing.
    if path.contains('{') {
        faults.push("404");
    }
    if call.description.as_ref().is_some_and(|text| text.contains("`Idempotency-Key`")) {
        let key = ParameterBuilder::new().name("Idempotency-Key").parameter_in(ParameterIn::Header);
        let key = key.description(Some("The same key again gets the same answer, and nothing happens twice."));
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
        faults.push("400");
        call.parameters.get_or_insert_default().push(RefOr::T(key.schema(Some(text)).build()));
    }
    for status in faults {
        call.responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(Response::default()));
    }
    for (status, response) in &mut call.responses.responses {
        let RefOr::T(response) = response else { continue };
        if !status.starts_with(['4', '5']) {
            continue;
        }
        let known = CATALOGUE.iter().find(|(_, number, _)| number.to_string() == *status);
        let told = if response.description.is_empty() {
            known.map_or_else(String::new, |(_, _, title)| (*title).to_owned())
        } else {
            response.description.clone()
        };
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemBody"))).build();
        *response = ResponseBuilder::new().description(told).content(PROBLEM, problem).build();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_call_is_described_where_it_is_and_no_other() {
        let description = serde_json::to_value(Description::openapi()).unwrap();
        let paths = description["paths"].as_object().unwrap();
        let described: BTreeSet<(&str, &str)> = paths
            .iter()
            .flat_map(|(path, methods)| {
                methods.as_object().unwrap().keys().map(move |method| (method.as_str(), path.as_str()))
            })
            .collect();
        assert_eq!(described, CALLS.iter().map(|(method, path, _)| (*method, *path)).collect());
    }

    #[test]
    fn the_description_names_the_scope_of_every_call() {
        let description = serde_json::to_value(Description::openapi()).unwrap();
        for (method, path, scope) in CALLS {
            let wanted = match scope {
                Some(scope) => serde_json::json!([{ "token": [scope] }]),
                None => serde_json::json!([{}]),
            };
            assert_eq!(description["paths"][*path][*method]["security"], wanted, "{method} {path}");
        }
    }
}
