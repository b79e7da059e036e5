//! Looking whether a page answers, without reading it: before an edition with links to it leaves.

use std::time::{Duration, Instant};

use ureq::Body;
use ureq::http::{Response, header};
use url::Url;

use super::fetch::{FetchError, Fetcher, MAX_REDIRECTS, check_address, text, translate};

/// Time for one page, redirects included.
const PATIENCE: Duration = Duration::from_secs(5);

/// What mail programs send when their own button is pressed (RFC 8058 section 3.2).
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

/// How a page is asked for.
#[derive(Clone, Copy)]
enum Ask {
    Head,
    Get,
}

impl Fetcher {
    /// The status with which a page answers readers, after redirects. Asks with HEAD, and with GET where that is answered by
    /// anything but yes, because many servers do not know HEAD. Never asks a private network.
    ///
    /// # Errors
    /// When there is no answer, or the page may not be asked for.
    pub async fn status_of(&self, url: Url) -> Result<u16, FetchError> {
        let fetcher = self.clone();
        let look = move || fetcher.status_blocking(&url, false);
        tokio::task::spawn_blocking(look).await.unwrap_or(Err(FetchError::Stopped))
    }

    /// The status with which our own page answers a mail program's button. Redirects are not followed, because mail programs
    /// follow none; our own server may well lie in a private network.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn press_one_click(&self, url: Url) -> Result<u16, FetchError> {
        let fetcher = self.clone();
        let press = move || {
            let request = fetcher.agent(true).post(url.as_str()).config().timeout_global(Some(PATIENCE)).build();
            let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let answer = request.send(ONE_CLICK).map_err(|error| translate(&error, &url))?;
            Ok(answer.status().as_u16())
        };
        tokio::task::spawn_blocking(press).await.unwrap_or(Err(FetchError::Stopped))
    }

    pub(super) fn status_blocking(&self, url: &Url, allow_private: bool) -> Result<u16, FetchError> {
        let deadline = Instant::now() + PATIENCE;
        match self.follow(Ask::Head, url, allow_private, deadline)? {
            status @ 200..=299 => Ok(status),
            _ => self.follow(Ask::Get, url, allow_private, deadline),
        }
    }

    fn follow(&self, ask: Ask, url: &Url, allow_private: bool, deadline: Instant) -> Result<u16, FetchError> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            check_address(&url, allow_private)?;
            let answer = self.ask(ask, &url, allow_private, deadline)?;
            if !answer.status().is_redirection() {
                return Ok(answer.status().as_u16());
            }
            let target = text(answer.headers(), header::LOCATION).ok_or(FetchError::BadRedirect)?;
            url = url.join(&target).map_err(|_| FetchError::BadRedirect)?;
        }
        Err(FetchError::TooManyRedirects)
    }

    fn ask(&self, ask: Ask, url: &Url, private: bool, deadline: Instant) -> Result<Response<Body>, FetchError> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(FetchError::TimedOut);
        }
        let agent = self.agent(private);
        let request = match ask {
            Ask::Head => agent.head(url.as_str()),
            Ask::Get => agent.get(url.as_str()),
        };
        request.config().timeout_global(Some(left)).build().call().map_err(|error| translate(&error, url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::testing::{Server, answer};

    async fn look(server: &Server, path: &str) -> Result<u16, FetchError> {
        let (fetcher, url) = (Fetcher::new("postduif/test"), server.url(path));
        tokio::task::spawn_blocking(move || fetcher.status_blocking(&url, true)).await.unwrap()
    }

    #[tokio::test]
    async fn a_page_is_there_whatever_its_server_thinks_of_head_and_wherever_it_has_moved() {
        let server = Server::start(|path, head| match (path, head.starts_with("HEAD")) {
            ("/old", _) => answer("301 Moved", &["Location: /new"], ""),
            ("/no-head", true) => answer("405 Method Not Allowed", &[], ""),
            ("/gone", _) => answer("410 Gone", &[], ""),
            ("/round", _) => answer("302 Found", &["Location: /round"], ""),
            _ => answer("200 OK", &[], ""),
        })
        .await;
        assert_eq!(look(&server, "/old").await, Ok(200));
        assert_eq!(server.requests(), ["/old", "/new"], "HEAD is enough");
        assert_eq!(look(&server, "/no-head").await, Ok(200));
        assert_eq!(look(&server, "/gone").await, Ok(410));
        assert_eq!(look(&server, "/round").await, Err(FetchError::TooManyRedirects));
    }

    #[tokio::test]
    async fn a_private_network_is_never_asked() {
        let server = Server::start(|_, _| answer("200 OK", &[], "")).await;
        let mut named = server.url("/");
        named.set_port(None).unwrap();
        let fetcher = Fetcher::new("postduif/test");
        assert!(matches!(fetcher.status_of(named).await, Err(FetchError::Private(_))));
        assert!(matches!(fetcher.status_of(server.url("/")).await, Err(FetchError::Port(_))));
        assert_eq!(server.requests(), [] as [&str; 0]);
    }

    #[tokio::test]
    async fn one_click_is_pressed_as_mail_programs_do() {
        let server = Server::start(|path, head| {
            assert!(head.starts_with("POST") && head.to_lowercase().contains("x-www-form-urlencoded"), "{head}");
            match path {
                "/u/moved" => answer("301 Moved", &["Location: /elsewhere"], ""),
                _ => answer("200 OK", &[], ""),
            }
        })
        .await;
        let fetcher = Fetcher::new("postduif/test");
        assert_eq!(fetcher.press_one_click(server.url("/u/x")).await, Ok(200));
        assert_eq!(fetcher.press_one_click(server.url("/u/moved")).await, Ok(301), "nobody would follow it");
    }
}
