//! Prometheus metrics on a listener of their own, and the counting of requests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{App, Error, HttpResponse, web};

use super::health;
use crate::flows::House;
use crate::flows::histogram::Histogram;
use crate::flows::metrics::{Gauges, REQUESTS};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// How long requests took, by method, route and status. Cheap to clone; clones count together.
#[derive(Clone, Default)]
pub struct Requests(Arc<Mutex<BTreeMap<Key, Histogram>>>);

type Key = (String, String, u16);

impl Requests {
    /// Counts one. The route is the pattern, never the path: a path may hold a token.
    pub fn count(&self, method: &str, route: &str, status: u16, took: Duration) {
        // Whoever invents methods must not fill our memory with them.
        let method = METHODS.into_iter().find(|known| *known == method).unwrap_or("other");
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry((method.to_owned(), route.to_owned(), status)).or_default().observe(took);
    }

    fn text(&self) -> String {
        let name = REQUESTS.name;
        let mut text = format!("# HELP {name} {}\n# TYPE {name} {}\n", REQUESTS.help, REQUESTS.kind);
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ((method, route, status), one) in all.iter() {
            let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
            text.push_str(&one.lines(name, &labels));
        }
        text
    }
}

/// What the page of metrics is made of.
#[derive(Clone)]
pub struct Served {
    house: House,
    requests: Requests,
    gauges: Gauges,
}

/// What the listener hands to its one page.
pub fn served(house: House, requests: Requests) -> Served {
    Served { house, requests, gauges: Gauges::default() }
}

/// The listener's whole application.
pub fn application(
    served: Served,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>,
> {
    App::new()
        .app_data(Data::new(served))
        .route("/metrics", web::get().to(page))
        // A worker has no other listener, and wants to be asked as well.
        .route("/health/live", web::get().to(health::live))
        .route("/health/ready", web::get().to(ready))
}

async fn ready(served: Data<Served>) -> HttpResponse {
    health::answer(&served.house, false).await
}

async fn page(served: Data<Served>) -> HttpResponse {
    match served.gauges.text(&served.house).await {
        Ok(gauges) => HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "no-store"))
            .content_type("text/plain; version=0.0.4; charset=utf-8")
            .body(format!("{gauges}{}", served.requests.text())),
        Err(error) => {
            tracing::warn!(%error, "no metrics: the database does not answer");
            HttpResponse::ServiceUnavailable().body("the database does not answer\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_add_up_and_a_slow_request_is_behind_the_last() {
        let requests = Requests::default();
        for millis in [1, 7, 7, 60_000] {
            requests.count("GET", "/n/{slug}", 200, Duration::from_millis(millis));
        }
        let text = requests.text();
        let has = |line: &str| assert!(text.contains(line), "{line} in {text}");
        has("_bucket{method=\"GET\",route=\"/n/{slug}\",status=\"200\",le=\"0.005\"} 1\n");
        has("le=\"0.01\"} 3\n");
        has("le=\"10\"} 3\n");
        has("le=\"+Inf\"} 4\n");
        has("_count{method=\"GET\",route=\"/n/{slug}\",status=\"200\"} 4\n");
    }
}
