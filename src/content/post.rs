//! Sending a few bytes to an address that somebody chose: the same bounds and the same guard as for fetching.

use std::io::Read;
use std::time::Duration;

use jiff::fmt::rfc2822;
use ureq::Body;
use ureq::http::{HeaderMap, Method, Request, Response, header};
use url::{Host, Url};

use super::fetch::{FetchError, Fetcher, check_address, text, translate};
use crate::domain::reach::is_public;
use crate::domain::time::Timestamp;

/// Most bytes of an answer that is read.
const MAX_ANSWER: u64 = 64 << 10;

/// A request with a body, sent once: no redirect is followed.
#[derive(Clone, Debug)]
pub struct Posting {
    pub url: Url,
    /// Names and values; the names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Nothing makes it a GET.
    pub body: Option<Vec<u8>>,
    /// Whether the address may lie in a private network.
    pub allow_private: bool,
    /// For all of it.
    pub patience: Duration,
}

/// What the other side said, as far as anybody needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    pub status: u16,
    /// Whether it wanted us to keep a cookie.
    pub cookie: bool,
    /// What time it was there, to the second.
    pub date: Option<Timestamp>,
}

/// Whether an address may be called as it is written: a scheme and a port of the web, and no number or name that leads into a
/// private network whatever DNS says. With `allow_private` any port and any network will do.
///
/// # Errors
/// Why not.
pub fn may_be_called(url: &Url, allow_private: bool) -> Result<(), FetchError> {
    check_address(url, allow_private)?;
    let private = match url.host() {
        Some(Host::Ipv4(address)) => !is_public(address.into()),
        Some(Host::Ipv6(address)) => !is_public(address.into()),
        // RFC 6761 section 6.3.
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    };
    if private && !allow_private {
        return Err(FetchError::Private(url.host_str().unwrap_or_default().to_owned()));
    }
    Ok(())
}

impl Fetcher {
    /// Sends it.
    ///
    /// # Errors
    /// When there was no answer, or the address may not be asked.
    pub async fn post(&self, posting: Posting) -> Result<Posted, FetchError> {
        let fetcher = self.clone();
        // The client blocks. Cancelling us leaves it to its own time limit.
        tokio::task::spawn_blocking(move || fetcher.post_blocking(posting)).await.unwrap_or(Err(FetchError::Stopped))
    }

    /// Sends it, and reads the answer.
    ///
    /// # Errors
    /// As [`Fetcher::post`], and when the answer has more than 64 KiB.
    pub async fn post_and_read(&self, posting: Posting) -> Result<(u16, Vec<u8>), FetchError> {
        let fetcher = self.clone();
        let asking = move || {
            let url = posting.url.clone();
            let answer = fetcher.send(posting)?;
            Ok((answer.status().as_u16(), read_answer(answer.into_body(), &url)?))
        };
        tokio::task::spawn_blocking(asking).await.unwrap_or(Err(FetchError::Stopped))
    }

    /// Carries a request as it is, on this very thread, to an address that the operator chose, in whatever network.
    ///
    /// # Errors
    /// As [`Fetcher::post_and_read`].
    #[cfg(feature = "otel")]
    pub fn carry(&self, request: Request<Vec<u8>>, patience: Duration) -> Result<Response<Vec<u8>>, FetchError> {
        let url = Url::parse(&request.uri().to_string()).map_err(|_| FetchError::NotWeb)?;
        check_address(&url, true)?;
        let agent = self.agent(true);
        let request = agent.configure_request(request).timeout_global(Some(patience)).build();
        let (head, body) = agent.run(request).map_err(|error| translate(&error, &url))?.into_parts();
        Ok(Response::from_parts(head, read_answer(body, &url)?))
    }

    fn post_blocking(&self, posting: Posting) -> Result<Posted, FetchError> {
        let answer = self.send(posting)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers());
        Ok(Posted { status, cookie: headers.contains_key(header::SET_COOKIE), date: date(headers) })
    }

    fn send(&self, posting: Posting) -> Result<Response<Body>, FetchError> {
        let Posting { url, headers, body, allow_private, patience } = posting;
        check_address(&url, allow_private)?;
        let agent = self.agent(allow_private);
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let mut request = Request::builder().method(method).uri(url.as_str());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(body.unwrap_or_default()).map_err(|_| FetchError::Malformed)?;
        let request = agent.configure_request(request).timeout_global(Some(patience)).build();
        agent.run(request).map_err(|error| translate(&error, &url))
    }
}

/// The moment of an answer (RFC 9110 section 6.6.1); one that a cache has kept is older by its age (RFC 9111 section 5.1).
fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let made = rfc2822::parse(&text(headers, header::DATE)?).ok()?.timestamp();
    let age = text(headers, header::AGE).and_then(|age| age.parse().ok()).unwrap_or_default();
    Some(Timestamp::from_micros(made.as_microsecond()).plus(Duration::from_secs(age)))
}

fn read_answer(body: Body, url: &Url) -> Result<Vec<u8>, FetchError> {
    let mut bytes = Vec::new();
    let mut reader = body.into_reader().take(MAX_ANSWER + 1);
    reader.read_to_end(&mut bytes).map_err(|error| translate(&ureq::Error::from(error), url))?;
    if bytes.len() as u64 > MAX_ANSWER { Err(FetchError::TooLarge) } else { Ok(bytes) }
}
