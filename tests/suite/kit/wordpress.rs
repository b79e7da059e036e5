//! A WordPress as its visitors see it: feeds of ten posts a page that end in a 404, one for each category, and the REST
//! interface with its `Link` headers. It has no memory of its own: a test writes its posts.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::json;
use url::Url;

/// As WordPress comes.
const FEED_PAGE: usize = 10;

/// A site; lives until the test program ends.
#[derive(Clone)]
pub struct WordPress {
    address: String,
    posts: Arc<Mutex<Vec<Post>>>,
}

/// A post. The number stays the same whatever is edited, and with it the guid.
#[derive(Clone)]
pub struct Post {
    pub number: u32,
    pub slug: String,
    pub title: String,
    pub category: &'static str,
    /// `2026-03-01T09:00:00`, in UTC.
    pub date: String,
    pub protected: bool,
}

impl WordPress {
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
        let address = format!("http://{}", listener.local_addr().expect("it has an address"));
        let site = Self { address, posts: Arc::default() };
        let serving = site.clone();
        std::thread::spawn(move || {
            for visitor in listener.incoming().flatten() {
                let _ = serving.answer(visitor);
            }
        });
        site
    }

    /// The address of a page.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Its posts, newest first, to be changed.
    pub fn posts(&self) -> MutexGuard<'_, Vec<Post>> {
        self.posts.lock().expect("no visit ends in a panic")
    }

    /// Publishes a post.
    pub fn publish(&self, number: u32, title: &str, category: &'static str, date: &str) {
        let slug = format!("post-{number}");
        let post = Post { number, slug, title: title.into(), category, date: date.into(), protected: false };
        self.posts().insert(0, post);
    }

    /// The post with this number, to be edited.
    pub fn edit(&self, number: u32, change: impl FnOnce(&mut Post)) {
        change(self.posts().iter_mut().find(|post| post.number == number).expect("there is such a post"));
    }

    /// Throws a post away.
    pub fn trash(&self, number: u32) {
        self.posts().retain(|post| post.number != number);
    }

    fn answer(&self, visitor: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(visitor.try_clone()?).lines();
        let request = lines.next().transpose()?.unwrap_or_default();
        while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
        let asked = Url::parse(&self.at(request.split(' ').nth(1).unwrap_or("/"))).expect("a client asks properly");
        let number = |name: &str, usual: usize| {
            let found = asked.query_pairs().find(|(key, _)| key == name);
            found.map_or(usual, |(_, value)| value.parse().expect("a number"))
        };
        let posts = self.posts().clone();
        let of_category = |category: Option<&str>| -> Vec<Post> {
            posts.iter().filter(|post| category.is_none_or(|category| post.category == category)).cloned().collect()
        };
        let path = asked.path().to_owned();
        let category = path.strip_prefix("/category/").and_then(|rest| rest.strip_suffix("/feed/"));
        let (status, kind, link, body) = if path == "/wp-json/wp/v2/posts" {
            let (page, size) = (number("page", 1), number("per_page", FEED_PAGE));
            let shown: Vec<_> = posts.iter().skip((page - 1) * size).take(size).map(|post| self.json(post)).collect();
            let more = posts.len() > page * size;
            let next = format!("link: <{}?per_page={size}&page={}>; rel=\"next\"\r\n", self.at(&path), page + 1);
            let link = if more { next } else { String::new() };
            ("200 OK", "application/json", link, serde_json::Value::Array(shown).to_string())
        } else if path == "/feed/" || category.is_some() {
            let page = number("paged", 1);
            let posts = of_category(category);
            let shown: Vec<_> = posts.iter().skip((page - 1) * FEED_PAGE).take(FEED_PAGE).collect();
            match shown.is_empty() && page > 1 {
                true => ("404 Not Found", "text/html", String::new(), "<html>Not found</html>".to_owned()),
                false => ("200 OK", "application/rss+xml", String::new(), self.feed(&shown)),
            }
        } else {
            ("404 Not Found", "text/html", String::new(), "<html>Not found</html>".to_owned())
        };
        let length = body.len();
        write!(
            &visitor,
            "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: {kind}\r\n{link}content-length: {length}\r\n\r\n{body}"
        )
    }

    fn json(&self, post: &Post) -> serde_json::Value {
        json!({
            "id": post.number,
            "date_gmt": post.date,
            "guid": { "rendered": self.at(&format!("/?p={}", post.number)) },
            "link": self.at(&format!("/{}/", post.slug)),
            "title": { "rendered": post.title },
            "excerpt": { "rendered": if post.protected { "" } else { "<p>Waar het over gaat.</p>" }, "protected": post.protected },
            "content": { "rendered": "", "protected": post.protected },
            "categories": [1],
        })
    }

    fn feed(&self, posts: &[&Post]) -> String {
        let items: String = posts
            .iter()
            .map(|post| {
                let prefix = if post.protected { "Beveiligd: " } else { "" };
                let date: jiff::civil::DateTime = post.date.parse().expect("a date");
                let date = date.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
                format!(
                    "<item><title>{prefix}{}</title><link>{}</link><guid isPermaLink=\"false\">{}</guid>\
                     <pubDate>{date}</pubDate><category>{}</category><description>Waar het over gaat.</description></item>",
                    post.title,
                    self.at(&format!("/{}/", post.slug)),
                    self.at(&format!("/?p={}", post.number)),
                    post.category,
                )
            })
            .collect();
        format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Voorbeeld</title><link>{}</link>\
             <generator>https://wordpress.org/?v=6.1.9</generator>{items}</channel></rss>",
            self.at("/")
        )
    }
}
