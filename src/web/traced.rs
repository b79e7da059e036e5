//! A request as a span of traces: by its pattern, never by its path, which may hold a token. Without the feature `otel` nothing
//! hears it.

use actix_web::dev::ServiceRequest;
use tracing::Span;
use tracing::field::Empty;

/// Begins the span of a request. What the log says meanwhile carries the same id.
pub fn begun(request: &ServiceRequest, request_id: &str) -> Span {
    let span = tracing::info_span!(
        target: "otel",
        "request",
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = Empty,
        http.route = Empty,
        http.response.status_code = Empty,
        request_id,
    );
    #[cfg(feature = "otel")]
    telling::follow(&span, request);
    #[cfg(not(feature = "otel"))]
    let _ = request;
    span
}

/// Says what it was and how it ended.
pub fn answered(span: &Span, method: &str, route: &str, status: u16) {
    if span.is_disabled() {
        return;
    }
    #[cfg(feature = "otel")]
    telling::name(span, format!("{method} {route}"));
    span.record("http.request.method", method);
    span.record("http.route", route);
    span.record("http.response.status_code", status);
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// What `tracing` has no words for.
#[cfg(feature = "otel")]
mod telling {
    use actix_web::dev::ServiceRequest;
    use actix_web::http::header::HeaderMap;
    use opentelemetry::propagation::{Extractor, TextMapPropagator};
    use opentelemetry::trace::TraceContextExt;
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use tracing::Span;
    use tracing_opentelemetry::OpenTelemetrySpanExt;

    use crate::web::client;

    struct Headers<'a>(&'a HeaderMap);

    impl Extractor for Headers<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            self.0.get(key)?.to_str().ok()
        }

        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(|name| name.as_str()).collect()
        }
    }

    /// Names a span that has begun: which route it is shows only on the way.
    pub fn name(span: &Span, name: String) {
        span.context().span().update_name(name);
    }

    /// Goes on with the trace that a proxy has begun (W3C Trace Context). Only of proxies that we trust: a visitor who could
    /// choose the number of a trace could write into others' and say what is kept.
    pub fn follow(span: &Span, request: &ServiceRequest) {
        if !span.is_disabled() && client::comes_through_a_proxy(request.request()) {
            // Without such a header the context is empty, and the span begins a trace of its own.
            let _ = span.set_parent(TraceContextPropagator::new().extract(&Headers(request.headers())));
        }
    }
}
