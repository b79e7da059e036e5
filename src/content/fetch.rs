//! Fetching from addresses that strangers chose: bounded in time, size and hops, and never into a network of our own.

use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::fmt::rfc2822;
use rustls::crypto::aws_lc_rs::default_provider;
use tokio::sync::watch;
use ureq::http::header::{self, HeaderMap, HeaderName};
use ureq::http::{Response, StatusCode};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
#[cfg(test)]
use ureq::unversioned::resolver::Resolver;
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body};
use url::Url;

use crate::content::guard::{GuardedResolver, NotPublic};
use crate::content::parse::MAX_BYTES;
use crate::domain::article::is_web;
use crate::domain::reach::is_public;
use crate::domain::swap::Swap;

/// The most redirects that are followed.
pub(super) const MAX_REDIRECTS: usize = 5;

/// Time for all that is fetched of one source at a visit: every page of it, redirects included.
pub(super) const TOTAL_TIME: Duration = Duration::from_secs(30);

/// Time for the body of an answer once it has begun, within the total: five megabytes need no more, and who sends a byte now
/// and then wants to be waited for.
const BODY_TIME: Duration = Duration::from_secs(8);

/// Time until an answer has begun, headers included, within the total: a page that is made slowly takes some seconds, and a
/// server that has said nothing for so long keeps an editor waiting for nothing.
const ANSWER_TIME: Duration = Duration::from_secs(15);

/// Time for each connection, within the total.
const CONNECT_TIME: Duration = Duration::from_secs(10);

const MAX_HEADER_BYTES: usize = 32 * 1024;

const ACCEPT: &str = "application/rss+xml, application/atom+xml, application/feed+json, application/json;q=0.9, \
    application/xml;q=0.9, text/xml;q=0.9, text/html;q=0.5, */*;q=0.1";

/// What to fetch, and what is known of it already.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    pub url: Url,
    /// The `ETag` of the last answer.
    pub etag: Option<String>,
    /// The `Last-Modified` of the last answer, as it was written.
    pub last_modified: Option<String>,
    /// Whether the source may lie in a private network and on any port.
    pub allow_private: bool,
    /// When it must have come, redirects included.
    pub until: Instant,
}

impl FetchRequest {
    /// For one document of which nothing is known, with all the time there is.
    pub fn once(url: Url, allow_private: bool) -> Self {
        Self { url, etag: None, last_modified: None, allow_private, until: Instant::now() + TOTAL_TIME }
    }
}

/// The answer of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Where the answer came from, after redirects.
    pub url: Url,
    /// Where the source has moved to: set when every redirect on the way was permanent (301 or 308).
    pub moved_to: Option<Url>,
    /// Nothing when it has not changed since the last answer (304).
    pub document: Option<Document>,
}

/// A document with what its server says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// At most [`MAX_BYTES`], after decompression.
    pub body: Vec<u8>,
    pub content_type: Option<String>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// The `Link` headers (RFC 8288), unread.
    pub links: Vec<String>,
}

/// Why nothing was fetched. No message repeats anything that the server sent.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FetchError {
    #[error("only http and https addresses can be fetched")]
    NotWeb,
    #[error("port {0} is not one of the web; only 80 and 443 are, unless the source is allowed to be private")]
    Port(u16),
    #[error("“{0}” lies in a private network; allow that for this source if it is meant to")]
    Private(String),
    #[error("there is no server called “{0}”; check the address")]
    UnknownHost(String),
    #[error("“{0}” cannot be reached")]
    Unreachable(String),
    #[error("“{0}” does not prove who it is: its certificate or its TLS is faulty")]
    Tls(String),
    #[error(
        "the answer did not come in time: it must begin within {} seconds, and be there {} seconds later",
        ANSWER_TIME.as_secs(),
        BODY_TIME.as_secs()
    )]
    TimedOut,
    #[error("the answer is larger than {} MB", MAX_BYTES / 1024 / 1024)]
    TooLarge,
    #[error("more than {MAX_REDIRECTS} redirects")]
    TooManyRedirects,
    #[error("a redirect leads nowhere that can be fetched")]
    BadRedirect,
    #[error("the source is gone for good (410)")]
    Gone,
    #[error("the server answers {status}")]
    Status {
        status: u16,
        /// How long the server asks to be left alone.
        retry_after: Option<Duration>,
    },
    #[error("the answer is not HTTP as it should be")]
    Malformed,
    #[error("the fetch was broken off because the program is stopping")]
    Stopped,
}

impl FetchError {
    /// Whether the server says that there is nothing at this address: 404, 410 and the other answers that blame the request,
    /// but not those that ask for patience.
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Gone => true,
            Self::Status { status, .. } => (400..500).contains(status) && !matches!(status, 403 | 408 | 425 | 429),
            _ => false,
        }
    }
}

/// A client for sources. Cheap to clone; clones share their connections, and stop together.
#[derive(Clone)]
pub struct Fetcher {
    agents: Swap<Agents>,
    stopped: Arc<watch::Sender<bool>>,
}

struct Agents {
    public: Agent,
    private: Agent,
}

impl Fetcher {
    /// A client that calls itself `user_agent`, which ought to name an address where its operator can be reached.
    ///
    /// TLS trusts what the machine trusts; where that list cannot be read, every https source fails with a clear error.
    pub fn new(user_agent: &str) -> Self {
        let trusted = rustls_native_certs::load_native_certs().certs;
        let trusted: Vec<_> = trusted.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(trusted)))
            .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
            .build();
        let config = Agent::config_builder()
            .user_agent(user_agent)
            .accept(ACCEPT)
            .tls_config(tls)
            // A proxy would resolve names for us, past the guard.
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIME))
            .timeout_recv_response(Some(ANSWER_TIME))
            .timeout_recv_body(Some(BODY_TIME))
            .max_response_header_size(MAX_HEADER_BYTES)
            .build();
        let agent = |resolver| Agent::with_parts(config.clone(), DefaultConnector::default(), resolver);
        let agents =
            Agents { public: agent(GuardedResolver::new(is_public)), private: agent(GuardedResolver::new(|_| true)) };
        Self { agents: Swap::new(agents), stopped: Arc::new(watch::Sender::new(false)) }
    }

    /// A client for which another network than ours is the private one, and whose names another resolver knows.
    #[cfg(test)]
    fn behind(resolver: impl Resolver) -> Self {
        let config = Agent::config_builder().max_redirects(0).build();
        let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
        let agents = Agents { public: agent.clone(), private: agent };
        Self { agents: Swap::new(agents), stopped: Arc::new(watch::Sender::new(false)) }
    }

    /// Works from now on as `other` does, with whom that trusts.
    pub fn work_as(&self, other: &Self) {
        self.agents.put(other.agents.now());
    }

    /// Breaks off every fetch in hand, and refuses further ones: the program is stopping, and servers may take their time.
    pub fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// Fetches a document, following redirects, unless it has not changed.
    ///
    /// # Errors
    /// When there is no document at the address, or it may not or cannot be fetched.
    pub async fn fetch(&self, request: FetchRequest) -> Result<Fetched, FetchError> {
        let fetcher = self.clone();
        let mut stopped = self.stopped.subscribe();
        // The client blocks. Cancelling us leaves it to its own time limit, and nobody waits for it any more.
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => Err(FetchError::Stopped),
            fetched = tokio::task::spawn_blocking(move || fetcher.fetch_blocking(&request)) => {
                fetched.unwrap_or(Err(FetchError::Stopped))
            }
        }
    }

    fn fetch_blocking(&self, request: &FetchRequest) -> Result<Fetched, FetchError> {
        let deadline = request.until;
        let mut url = request.url.clone();
        let mut all_permanent = true;
        for hop in 0..=MAX_REDIRECTS {
            check_address(&url, request.allow_private)?;
            let response = self.call(request, &url, deadline)?;
            let status = response.status();
            let moved_to = (hop > 0 && all_permanent).then(|| url.clone());
            match status {
                StatusCode::NOT_MODIFIED => return Ok(Fetched { url, moved_to, document: None }),
                StatusCode::GONE => return Err(FetchError::Gone),
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => {
                    all_permanent &= matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT);
                    let target = text(response.headers(), header::LOCATION).ok_or(FetchError::BadRedirect)?;
                    url = url.join(&target).map_err(|_| FetchError::BadRedirect)?;
                }
                status if status.is_success() => {
                    let document = read_document(response, &url)?;
                    return Ok(Fetched { url, moved_to, document: Some(document) });
                }
                status => {
                    return Err(FetchError::Status {
                        status: status.as_u16(),
                        retry_after: retry_after(response.headers()),
                    });
                }
            }
        }
        Err(FetchError::TooManyRedirects)
    }

    /// The client that may, or may not, connect to private networks.
    pub(super) fn agent(&self, allow_private: bool) -> Agent {
        let now = self.agents.now();
        if allow_private { now.private.clone() } else { now.public.clone() }
    }

    fn call(&self, request: &FetchRequest, url: &Url, deadline: Instant) -> Result<Response<Body>, FetchError> {
        let agent = self.agent(request.allow_private);
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(FetchError::TimedOut);
        }
        let mut call = agent.get(url.as_str()).config().timeout_global(Some(left)).build();
        for (name, value) in
            [(header::IF_NONE_MATCH, &request.etag), (header::IF_MODIFIED_SINCE, &request.last_modified)]
        {
            if let Some(value) = value {
                call = call.header(name, value);
            }
        }
        call.call().map_err(|error| translate(&error, url))
    }
}

/// What can be said against an address before anybody is asked about it. What its name leads to is checked while connecting.
pub(super) fn check_address(url: &Url, allow_private: bool) -> Result<(), FetchError> {
    if !is_web(url) {
        return Err(FetchError::NotWeb);
    }
    match url.port_or_known_default() {
        Some(80 | 443) | None => Ok(()),
        Some(_) if allow_private => Ok(()),
        Some(port) => Err(FetchError::Port(port)),
    }
}

fn read_document(response: Response<Body>, url: &Url) -> Result<Document, FetchError> {
    let (parts, body) = response.into_parts();
    let mut bytes = Vec::new();
    // One byte more than allowed tells a document of just that size from one that goes on. What is counted is what comes
    // out of the decompression, so that a bomb is over after 5 MB.
    let limit = MAX_BYTES as u64 + 1;
    body.into_reader()
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| translate(&ureq::Error::from(error), url))?;
    if bytes.len() > MAX_BYTES {
        return Err(FetchError::TooLarge);
    }
    Ok(Document {
        body: bytes,
        content_type: text(&parts.headers, header::CONTENT_TYPE),
        etag: text(&parts.headers, header::ETAG),
        last_modified: text(&parts.headers, header::LAST_MODIFIED),
        links: parts
            .headers
            .get_all(header::LINK)
            .iter()
            .filter_map(|link| Some(link.to_str().ok()?.to_owned()))
            .collect(),
    })
}

/// How long a server asks to be left alone (RFC 9110 section 10.2.3): in seconds, or until a moment on its own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let asked = text(headers, header::RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = |text: &str| rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    let left = moment(&asked)?.duration_since(moment(&text(headers, header::DATE)?)?);
    Duration::try_from(left).ok()
}

pub(super) fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(|value| value.trim().to_owned())
}

pub(super) fn translate(error: &ureq::Error, url: &Url) -> FetchError {
    let host = url.host_str().unwrap_or_default().to_owned();
    match error {
        ureq::Error::Other(cause) if cause.is::<NotPublic>() => FetchError::Private(host),
        ureq::Error::HostNotFound => FetchError::UnknownHost(host),
        ureq::Error::Timeout(_) => FetchError::TimedOut,
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => FetchError::Tls(host),
        ureq::Error::Io(cause) if cause.kind() == std::io::ErrorKind::TimedOut => FetchError::TimedOut,
        // A failed handshake comes as an I/O error around the one of rustls.
        ureq::Error::Io(cause) if cause.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
            FetchError::Tls(host)
        }
        // A name without any address is an I/O error without a number of the operating system.
        ureq::Error::Io(cause) if cause.to_string().starts_with("failed to lookup address") => {
            FetchError::UnknownHost(host)
        }
        ureq::Error::Io(_) | ureq::Error::ConnectionFailed => FetchError::Unreachable(host),
        _ => FetchError::Malformed,
    }
}

#[cfg(test)]
mod tests;
