//! Reading sources over real sockets.

use super::*;
use crate::content::testing::{Server, answer};

const PAGE_1: &str = include_str!("../../../tests/fixtures/feeds/demo-feed.xml");
const PAGE_2: &str = include_str!("../../../tests/fixtures/feeds/demo-feed-paged-2.xml");
const POSTS: &str = include_str!("../../../tests/fixtures/feeds/demo-wp-json-posts.json");

fn source(url: Url) -> SourceState {
    SourceState { url, etag: None, last_modified: None, allow_private: true }
}

async fn read_all(server: &Server, path: &str, known: &[&str]) -> Result<Collected, CollectError> {
    collect(&Fetcher::new("postduif/test"), &source(server.url(path)), |id| known.contains(&id)).await
}

/// A WordPress with two pages in its feed and a home page.
async fn wordpress() -> Server {
    Server::start(|path, head| match path {
        _ if head.to_lowercase().contains("if-none-match: \"one\"") => answer("304 Not Modified", &[], ""),
        "/feed/" => answer("200 OK", &["ETag: \"one\"", "Content-Type: application/rss+xml"], PAGE_1),
        "/feed/?paged=2" => answer("200 OK", &["ETag: \"two\""], PAGE_2),
        "/old" => answer("301 Moved Permanently", &["Location: /feed/"], ""),
        "/" => {
            let page = "<!doctype html><link rel=alternate type=application/rss+xml href=/feed/>";
            answer("200 OK", &["Content-Type: text/html", "ETag: \"page\""], page)
        }
        "/circle" => {
            answer("200 OK", &["Content-Type: text/html"], "<link rel=alternate type=application/rss+xml href=/circle>")
        }
        _ => answer("404 Not Found", &[], "<html>"),
    })
    .await
}

#[tokio::test]
async fn the_first_reading_pages_back_to_the_end() {
    let server = wordpress().await;
    let collected = read_all(&server, "/feed/", &[]).await.unwrap();
    assert_eq!(server.requests(), ["/feed/", "/feed/?paged=2", "/feed/?paged=3"]);
    assert_eq!(collected.items.len(), 14);
    assert_eq!(collected.feed.unwrap().title, "Voorbeeld I&P");
    assert_eq!(collected.state.etag.as_deref(), Some("\"one\""));
}

#[tokio::test]
async fn paging_back_ends_where_everything_is_known() {
    let server = wordpress().await;
    let all = read_all(&server, "/feed/", &[]).await.unwrap().items;
    let known: Vec<_> = all.iter().map(|item| item.id.as_str()).collect();
    let one_new = read_all(&server, "/feed/", &known[1..]).await.unwrap();
    assert_eq!(one_new.items.len(), 14, "known articles come along, for they may have been edited");
    assert_eq!(server.requests()[3..], ["/feed/", "/feed/?paged=2"]);
    read_all(&server, "/feed/", &known).await.unwrap();
    assert_eq!(server.requests()[5..], ["/feed/"]);
}

#[tokio::test]
async fn an_unchanged_source_costs_one_request() {
    let server = wordpress().await;
    let first = read_all(&server, "/feed/", &[]).await.unwrap();
    let again = collect(&Fetcher::new("postduif/test"), &first.state, |_| false).await.unwrap();
    assert!(again.is_unchanged());
    assert_eq!((again.state, again.items.len()), (first.state, 0));
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_move_for_good_is_kept_even_when_nothing_else_is_new() {
    let server = wordpress().await;
    let collected = read_all(&server, "/old", &[]).await.unwrap();
    assert_eq!(collected.state.url, server.url("/feed/"));
    let unchanged = Server::start(|path, _| match path {
        "/old" => answer("308 Permanent Redirect", &["Location: /new"], ""),
        _ => answer("304 Not Modified", &[], ""),
    })
    .await;
    let collected = read_all(&unchanged, "/old", &[]).await.unwrap();
    assert!(collected.is_unchanged());
    assert_eq!(collected.state.url, unchanged.url("/new"));
}

#[tokio::test]
async fn the_address_of_a_site_leads_to_its_feed() {
    let server = wordpress().await;
    let collected = read_all(&server, "/", &[]).await.unwrap();
    assert_eq!(collected.items.len(), 14);
    assert_eq!(collected.state.url, server.url("/feed/"));
    assert_eq!(collected.state.etag.as_deref(), Some("\"one\""));
    let error = read_all(&server, "/circle", &[]).await.unwrap_err();
    assert_eq!(error, CollectError::Feed(FeedError::WebPage));
}

#[tokio::test]
async fn rest_pages_follow_the_link_header_and_leave_out_what_is_protected() {
    let server = Server::start(|path, _| match path {
        "/wp-json/wp/v2/posts" => {
            let next = "Link: </wp-json/wp/v2/posts?page=2>; rel=\"next\"";
            answer("200 OK", &["Content-Type: application/json", next], POSTS)
        }
        _ => {
            let post = |id: u8, protected: bool| {
                format!(
                    r#"{{"id":{id},"link":"https://example.nl/{id}","title":{{"rendered":"P"}},"content":{{"protected":{protected}}}}}"#
                )
            };
            answer("200 OK", &[], format!("[{},{}]", post(1, true), post(2, false)))
        }
    })
    .await;
    let collected = read_all(&server, "/wp-json/wp/v2/posts", &[]).await.unwrap();
    assert_eq!(server.requests(), ["/wp-json/wp/v2/posts", "/wp-json/wp/v2/posts?page=2"]);
    assert_eq!(collected.items.last().unwrap().id, "2");
    assert!(collected.items.iter().all(|item| item.id != "1"));
}

#[tokio::test]
async fn a_page_that_cannot_be_read_costs_no_newer_one_and_is_told() {
    for status in ["503 Service Unavailable", "403 Forbidden"] {
        let server = Server::start(move |path, _| match path {
            "/feed/" => answer("200 OK", &[], PAGE_1),
            _ => answer(status, &[], ""),
        })
        .await;
        let collected = read_all(&server, "/feed/", &[]).await.unwrap();
        assert_eq!(collected.items.len(), 10);
        let told = format!("page 2: the server answers {}", &status[..3]);
        assert_eq!(collected.gap, Some(told));
    }
}

#[tokio::test]
async fn large_pages_are_enough_after_ten_megabytes() {
    let server = Server::start(|path, _| {
        let page: usize = path.trim_start_matches('/').parse().unwrap();
        let filling = "x".repeat(3 * 1024 * 1024);
        let feed = format!(
            r#"{{"version":"https://jsonfeed.org/version/1.1","items":[{{"id":"{page}","title":"P","url":"/p{page}",
                "content_text":"{filling}"}}],"next_url":"/{}"}}"#,
            page + 1
        );
        answer("200 OK", &[], feed)
    })
    .await;
    let collected = read_all(&server, "/1", &[]).await.unwrap();
    assert_eq!((collected.items.len(), collected.gap), (4, None));
}

#[tokio::test]
async fn a_list_of_posts_says_since_when_it_is_whole() {
    let post = |id: u8, day: u8| {
        format!(
            r#"{{"id":{id},"date_gmt":"2026-03-{day:02}T09:00:00","link":"https://example.nl/{id}","title":{{"rendered":"P"}}}}"#
        )
    };
    let (ordered, muddled) = ([post(3, 9), post(2, 5)].join(","), [post(2, 5), post(3, 9)].join(","));
    let server = Server::start(move |path, _| match path {
        "/whole" => answer("200 OK", &[], format!("[{muddled}]")),
        "/part" => answer("200 OK", &["Link: </none>; rel=\"next\""], format!("[{ordered}]")),
        "/muddled" => answer("200 OK", &["Link: </none>; rel=\"next\""], format!("[{muddled}]")),
        _ => answer("500 No", &[], ""),
    })
    .await;
    let known = ["2", "3"];
    let mut since = Vec::new();
    for path in ["/whole", "/part", "/muddled"] {
        since.push(read_all(&server, path, &known).await.unwrap().lists_all_since);
    }
    let oldest = Timestamp::parse("2026-03-05T09:00:00Z").unwrap();
    assert_eq!(since, [Some(Timestamp::from_micros(i64::MIN)), Some(oldest), None]);
    assert_eq!(read_all(&wordpress().await, "/feed/", &[]).await.unwrap().lists_all_since, None, "a feed says nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_breaks_off_a_fetch_in_hand() {
    let server = Server::start(|_, _| {
        std::thread::sleep(Duration::from_secs(3));
        answer("200 OK", &[], PAGE_1)
    })
    .await;
    let fetcher = Fetcher::new("postduif/test");
    let began = Instant::now();
    let state = source(server.url("/feed/"));
    let (collected, ()) = tokio::join!(collect(&fetcher, &state, |_| false), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        fetcher.stop();
    });
    assert!(collected.unwrap_err().is_ours() && began.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_site_that_gives_the_same_page_for_ever_is_read_once() {
    let server = Server::start(|_, _| answer("200 OK", &[], PAGE_1)).await;
    assert_eq!(read_all(&server, "/feed/", &[]).await.unwrap().items.len(), 10);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_feed_without_end_is_read_for_twenty_pages() {
    let server = Server::start(|path, _| {
        let page: usize = path.trim_start_matches('/').parse().unwrap();
        let feed = format!(
            r#"{{"version":"https://jsonfeed.org/version/1.1","items":[{{"id":"{page}","title":"P","url":"/p{page}"}}],"next_url":"/{}"}}"#,
            page + 1
        );
        answer("200 OK", &[], feed)
    })
    .await;
    assert_eq!(read_all(&server, "/1", &[]).await.unwrap().items.len(), MAX_PAGES);
}

#[tokio::test]
async fn a_source_that_is_gone_says_so() {
    let server = Server::start(|_, _| answer("410 Gone", &[], "")).await;
    assert!(read_all(&server, "/", &[]).await.unwrap_err().is_gone());
}
