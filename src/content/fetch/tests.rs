//! Fetching over real sockets.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::ResolvedSocketAddrs;
use ureq::unversioned::transport::NextTimeout;

use super::*;
use crate::content::testing::{Server, answer};

fn request(url: Url) -> FetchRequest {
    FetchRequest::once(url, true)
}

fn fetcher() -> Fetcher {
    Fetcher::new("postduif/test (+https://example.org/contact)")
}

#[tokio::test]
async fn a_document_comes_with_what_its_server_says_about_it() {
    let server = Server::start(|_, head| {
        assert!(head.to_lowercase().contains("user-agent: postduif/test (+https://example.org/contact)"));
        let headers =
            ["Content-Type: text/xml", "ETag: \"7\"", "Last-Modified: then", "Link: <a>; rel=x", "Link: <b>; rel=y"];
        answer("200 OK", &headers, "hallo")
    })
    .await;
    let fetched = fetcher().fetch(request(server.url("/feed"))).await.unwrap();
    assert_eq!(fetched.url, server.url("/feed"));
    assert_eq!(fetched.moved_to, None);
    let document = fetched.document.unwrap();
    assert_eq!(document.body, b"hallo");
    assert_eq!(document.content_type.as_deref(), Some("text/xml"));
    assert_eq!((document.etag.as_deref(), document.last_modified.as_deref()), (Some("\"7\""), Some("then")));
    assert_eq!(document.links, ["<a>; rel=x", "<b>; rel=y"]);
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let server = Server::start(|_, head| {
        let head = head.to_lowercase();
        assert!(head.contains("if-none-match: \"7\"") && head.contains("if-modified-since: then"), "{head}");
        answer("304 Not Modified", &[], "")
    })
    .await;
    let known = FetchRequest {
        etag: Some("\"7\"".to_owned()),
        last_modified: Some("then".to_owned()),
        ..request(server.url("/feed"))
    };
    assert_eq!(fetcher().fetch(known).await.unwrap().document, None);
}

#[tokio::test]
async fn only_a_wholly_permanent_way_is_remembered() {
    let server = Server::start(|path, _| match path {
        "/old" => answer("301 Moved Permanently", &["Location: /older"], ""),
        "/older" => answer("308 Permanent Redirect", &["Location: new"], ""),
        "/mixed" => answer("301 Moved Permanently", &["Location: /detour"], ""),
        "/detour" => answer("302 Found", &["Location: /new"], ""),
        _ => answer("200 OK", &[], "x"),
    })
    .await;
    let moved = fetcher().fetch(request(server.url("/old"))).await.unwrap();
    assert_eq!(moved.moved_to, Some(server.url("/new")));
    let mixed = fetcher().fetch(request(server.url("/mixed"))).await.unwrap();
    assert_eq!((mixed.url, mixed.moved_to), (server.url("/new"), None));
}

#[tokio::test]
async fn redirects_end_after_five_and_never_leave_the_web() {
    let server = Server::start(|path, _| match path {
        "/file" => answer("302 Found", &["Location: file:///etc/passwd"], ""),
        "/nowhere" => answer("302 Found", &[], ""),
        path => answer("302 Found", &[&format!("Location: {path}x")], ""),
    })
    .await;
    let fetch = async |path| fetcher().fetch(request(server.url(path))).await;
    assert_eq!(fetch("/a").await, Err(FetchError::TooManyRedirects));
    assert_eq!(server.requests(), ["/a", "/ax", "/axx", "/axxx", "/axxxx", "/axxxxx"]);
    assert_eq!(fetch("/file").await, Err(FetchError::NotWeb));
    assert_eq!(fetch("/nowhere").await, Err(FetchError::BadRedirect));
}

#[tokio::test]
async fn a_private_network_is_closed_however_its_address_is_written() {
    let server = Server::start(|_, _| answer("200 OK", &[], "secret")).await;
    let port = server.url("/").port().unwrap();
    for host in
        ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"]
    {
        let closed = |url: String| {
            let request = FetchRequest { allow_private: false, ..request(Url::parse(&url).unwrap()) };
            async move { fetcher().fetch(request).await }
        };
        let private = closed(format!("http://{host}/")).await;
        assert!(matches!(private, Err(FetchError::Private(_))), "{host}: {private:?}");
        assert_eq!(closed(format!("http://{host}:{port}/")).await, Err(FetchError::Port(port)));
    }
    assert_eq!(server.requests(), [""; 0]);
}

/// To a network in which 127.0.0.1 is the world, and every other address our own.
fn is_the_world(address: IpAddr) -> bool {
    address == IpAddr::V4(Ipv4Addr::LOCALHOST)
}

/// Somebody in our own network who must not be visited; its port, and a count of visitors.
fn canary(address: &str) -> (u16, Arc<AtomicUsize>) {
    let listener = std::net::TcpListener::bind((address, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let visitors = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&visitors);
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, visitors)
}

#[tokio::test]
async fn no_redirect_leads_from_the_world_into_a_private_network() {
    let (port, visitors) = canary("127.0.0.2");
    let fetcher = Fetcher::behind(GuardedResolver::new(is_the_world));
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"] {
        for target in ["127.0.0.2", "2130706434", "0x7f.2", "[::1]", "[::ffff:127.0.0.2]"] {
            let location = format!("Location: http://{target}:{port}/");
            let server = Server::start(move |_, _| answer(status, &[&location], "")).await;
            let fetched = fetcher.fetch(request(server.url("/feed"))).await;
            assert!(matches!(fetched, Err(FetchError::Private(_))), "{status} {target}: {fetched:?}");
            assert_eq!(server.requests(), ["/feed"]);
        }
    }
    assert_eq!(visitors.load(Ordering::SeqCst), 0);
}

/// A name server that gives one answer after the other, and goes on with the last.
#[derive(Clone, Debug)]
struct Rebinding(Arc<Mutex<Vec<Vec<&'static str>>>>);

impl Resolver for Rebinding {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        let mut addresses = self.empty();
        let port = uri.port_u16().unwrap_or(80);
        answer.iter().for_each(|ip| addresses.push(SocketAddr::new(ip.parse().unwrap(), port)));
        Ok(addresses)
    }
}

#[tokio::test]
async fn a_name_that_changes_its_mind_gains_nothing() {
    let (port, visitors) = canary("127.0.0.2");
    let behind = |answers: &[&[&'static str]]| {
        let answers = answers.iter().map(|answer| answer.to_vec()).collect();
        Fetcher::behind(GuardedResolver::over(Rebinding(Arc::new(Mutex::new(answers))), is_the_world))
    };
    let url = |port| Url::parse(&format!("http://rebinding.example:{port}/")).unwrap();
    // First where it is allowed, then where it is not; and both in one answer.
    let world = Server::start(move |_, _| answer("302 Found", &[&format!("Location: {}", url(port))], "")).await;
    let fetcher = behind(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let fetched = fetcher.fetch(request(url(world.url("/").port().unwrap()))).await;
    assert_eq!(fetched, Err(FetchError::Private("rebinding.example".to_owned())));
    assert_eq!(world.requests(), ["/"], "the first answer was good");
    for answers in [["127.0.0.1", "127.0.0.2"], ["127.0.0.2", "127.0.0.1"]] {
        let fetched = behind(&[&answers]).fetch(request(url(port))).await;
        assert_eq!(fetched, Err(FetchError::Private("rebinding.example".to_owned())));
    }
    assert_eq!(visitors.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_is_too_large_is_dropped_before_it_is_unpacked() {
    let server = Server::start(|path, _| match path {
        "/bomb" => {
            let bomb = include_bytes!("../../../tests/fixtures/feeds/six-megabytes-of-nothing.gz");
            answer("200 OK", &["Content-Encoding: gzip"], bomb)
        }
        "/headers" => answer("200 OK", &["X-Flood: 0123456789"; 5000], "x"),
        "/exact" => answer("200 OK", &[], vec![b' '; MAX_BYTES]),
        _ => answer("200 OK", &[], vec![b' '; MAX_BYTES + 1]),
    })
    .await;
    let fetch = async |path| fetcher().fetch(request(server.url(path))).await;
    assert_eq!(fetch("/bomb").await, Err(FetchError::TooLarge));
    assert_eq!(fetch("/large").await, Err(FetchError::TooLarge));
    assert_eq!(fetch("/headers").await, Err(FetchError::Malformed));
    assert_eq!(fetch("/exact").await.unwrap().document.unwrap().body.len(), MAX_BYTES);
}

#[tokio::test]
async fn refusals_are_errors_that_repeat_nothing_of_the_answer() {
    let server = Server::start(|path, _| match path {
        "/gone" => answer("410 Gone", &[], "secret"),
        "/busy" => answer("503 Service Unavailable", &["Retry-After: 120"], "secret"),
        "/nonsense" => b"secret\r\n\r\n".to_vec(),
        _ => answer("403 Forbidden", &[], "secret"),
    })
    .await;
    let fetch = async |path| fetcher().fetch(request(server.url(path))).await.unwrap_err();
    let (gone, busy, forbidden) = (fetch("/gone").await, fetch("/busy").await, fetch("/forbidden").await);
    assert_eq!(gone, FetchError::Gone);
    assert_eq!(busy, FetchError::Status { status: 503, retry_after: Some(Duration::from_secs(120)) });
    assert_eq!(forbidden, FetchError::Status { status: 403, retry_after: None });
    for error in [gone, busy, forbidden, fetch("/nonsense").await] {
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap()
    };
    assert_eq!(fetcher().fetch(request(closed)).await, Err(FetchError::Unreachable("127.0.0.1".to_owned())));
    let unknown = Url::parse("http://no-such-host.invalid/").unwrap();
    assert_eq!(
        fetcher().fetch(request(unknown)).await,
        Err(FetchError::UnknownHost("no-such-host.invalid".to_owned()))
    );
}
