//! Traces of what happens inside, for a collector that speaks OTLP: only in a program built with the feature `otel`.

use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{Key, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::{Layer, Registry};
use url::Url;

use crate::config::Config;
use crate::content::fetch::Fetcher;

/// Under this name stand the spans of traces, and nothing else.
const SPANS: &str = "otel";

/// Where traces are taken, below the address that is set (OTLP 1.0, “OTLP/HTTP request”).
const PATH: &str = "v1/traces";

/// For one batch on its way to the collector, and for the last of them at the end.
const PATIENCE: Duration = Duration::from_secs(3);

/// Who sends them, until [`finish`].
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// What hears spans, and sends them where the settings say; nothing where they say nothing.
///
/// # Errors
/// When a variable of OpenTelemetry's own (`OTEL_…`) cannot be meant.
pub fn layer(config: &Config) -> anyhow::Result<Option<Box<dyn Layer<Registry> + Send + Sync>>> {
    let Some(base) = &config.otlp_endpoint else { return Ok(None) };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client(Fetcher::new(&config.user_agent())))
        .with_endpoint(endpoint(base))
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(PATIENCE)
        .build()
        .context("traces cannot be sent")?;
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource()).build();
    let tracer = provider.tracer(env!("CARGO_PKG_NAME"));
    PROVIDER.get_or_init(|| provider);
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false);
    Ok(Some(layer.with_filter(filter_fn(is_for_traces)).boxed()))
}

/// Sends what has not left yet.
pub fn finish() {
    if let Some(Err(error)) = PROVIDER.get().map(|provider| provider.shutdown_with_timeout(PATIENCE)) {
        tracing::debug!(%error, "the last traces did not leave");
    }
}

/// Our spans, with what the log says within them; nothing of any library's.
fn is_for_traces(what: &Metadata<'_>) -> bool {
    match what.is_span() {
        true => what.target() == SPANS,
        false => what.target().starts_with(env!("CARGO_CRATE_NAME")) && *what.level() <= Level::INFO,
    }
}

/// An address that names the place of traces already is left as it is.
fn endpoint(base: &Url) -> String {
    let base = base.as_str().trim_end_matches('/');
    if base.ends_with(PATH) { base.to_owned() } else { format!("{base}/{PATH}") }
}

/// Who we are: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` may say it.
fn resource() -> Resource {
    let said = Resource::builder().build();
    let name = said.get(&Key::from_static_str("service.name")).map(|name| name.to_string());
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let builder = Resource::builder().with_attribute(version);
    match name {
        Some(name) if !name.starts_with("unknown_service") => builder.build(),
        _ => builder.with_service_name(env!("CARGO_PKG_NAME")).build(),
    }
}

/// Our own client for HTTP, on the thread that gathers spans.
#[derive(Clone)]
struct Client(Fetcher);

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.0.carry(request.map(Vec::from), PATIENCE)?;
        Ok(answer.map(Bytes::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_traces_is_below_the_address_of_the_collector() {
        for base in ["http://collector:4318", "http://collector:4318/", "http://collector:4318/v1/traces"] {
            assert_eq!(endpoint(&base.parse().unwrap()), "http://collector:4318/v1/traces");
        }
    }
}
