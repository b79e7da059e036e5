//! HTTP: what the world asks and how we answer. Handlers read input, call a flow, and show what came of it.

pub mod admin;
mod api;
mod body;
mod client;
mod demo;
mod envelope;
mod evenly;
mod health;
pub mod metrics;
mod patience;
mod problem;
mod public;
pub mod reference;
mod throttle;
mod traced;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, Error, HttpResponse};

use self::metrics::Requests;
use self::problem::Problem;
use self::throttle::Throttle;
use crate::answers::ConsentRecordAnswer;
use crate::flows::House;
use crate::pages::proof::Record;

/// What every handler is handed.
#[derive(Clone)]
pub struct Web {
    house: House,
    /// Who tries tokens that are none of ours.
    wrong_tokens: Arc<Throttle>,
    /// How long requests took.
    pub requests: Requests,
    draining: Arc<AtomicBool>,
    /// Who looks on while editions go out.
    live: Arc<admin::Live>,
}

impl Web {
    /// The web side of a house.
    pub fn new(house: House) -> Self {
        let (wrong_tokens, requests) = (Arc::default(), Requests::default());
        Self { house, wrong_tokens, requests, draining: Arc::default(), live: Arc::default() }
    }

    /// From now on says that it is about to stop, so that nobody new is sent here.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

/// The whole web side: every route, under one frame of headers, logs and error pages.
pub fn application(
    web: Web,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>,
> {
    let is_demo = web.house.demo.is_some();
    App::new()
        .app_data(Data::new(web))
        .wrap(from_fn(envelope::around))
        .configure(health::routes)
        .configure(public::routes)
        .configure(api::routes)
        .configure(admin::routes)
        .configure(|config| {
            if is_demo {
                demo::routes(config)
            }
        })
        .default_service(actix_web::web::to(nothing_here))
}

async fn nothing_here() -> Result<HttpResponse, Problem> {
    Err(Problem::NotFound("page at this address".to_owned()))
}

/// A record of consent as the readable page shows it.
pub fn proof_record(one: &ConsentRecordAnswer) -> Record {
    let facts = [
        ("address", one.email.clone()),
        ("newsletter", one.newsletter.clone()),
        ("by way of", one.means.map(str::to_owned)),
        ("text shown", one.text.clone()),
        ("shown by", one.text_version.as_ref().map(|version| format!("postduif {version}"))),
        ("promised", one.promise.clone()),
        ("language", one.language.clone()),
        ("where", one.origin.clone()),
        ("note", one.note.clone()),
    ];
    Record {
        number: one.id,
        at: one.at,
        event: one.event,
        facts: facts.into_iter().filter_map(|(name, fact)| fact.map(|fact| (name, fact))).collect(),
        hash: one.hash.clone(),
    }
}
