//! One HTTP request, one answer: no redirect followed, no cookie kept, every status an answer.

use std::time::Duration;

use serde_json::Value;
use ureq::http::{HeaderMap, Request, request};

/// Somebody who speaks HTTP to one address.
#[derive(Clone)]
pub struct Http {
    base: String,
    agent: ureq::Agent,
}

/// A request being written.
pub struct Ask<'a> {
    http: &'a Http,
    request: request::Builder,
}

pub struct Answer {
    pub status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Http {
    pub fn to(base: impl Into<String>) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Self { base: base.into(), agent: config.into() }
    }

    /// `place` is a path here, or a whole address out of a mail.
    pub fn address(&self, place: &str) -> String {
        if place.starts_with("http") { place.to_owned() } else { format!("{}{place}", self.base) }
    }

    pub fn ask(&self, method: &str, place: &str) -> Ask<'_> {
        Ask { http: self, request: Request::builder().method(method).uri(self.address(place)) }
    }

    pub fn get(&self, place: &str) -> Answer {
        self.ask("GET", place).send()
    }

    pub fn post_json(&self, place: &str, body: &Value) -> Answer {
        self.ask("POST", place).header("content-type", "application/json").send_body(&body.to_string())
    }
}

impl Ask<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn send(self) -> Answer {
        self.try_send().expect("the server answers")
    }

    /// Nothing when nobody answers.
    pub fn try_send(self) -> Option<Answer> {
        let request = self.request.body(()).expect("the test wrote a well-formed request");
        Answer::read(self.http.agent.run(request).ok()?)
    }

    pub fn send_body(self, body: &str) -> Answer {
        self.try_send_body(body).expect("the server answers")
    }

    pub fn send_bytes(self, body: &[u8]) -> Answer {
        let request = self.request.body(body).expect("the test wrote a well-formed request");
        let answer = self.http.agent.run(request).ok().and_then(Answer::read);
        answer.expect("the server answers")
    }

    /// Nothing when nobody answers.
    pub fn try_send_body(self, body: &str) -> Option<Answer> {
        let request = self.request.body(body).expect("the test wrote a well-formed request");
        Answer::read(self.http.agent.run(request).ok()?)
    }
}

impl Answer {
    fn read(answer: ureq::http::Response<ureq::Body>) -> Option<Self> {
        let (head, mut body) = answer.into_parts();
        Some(Self { status: head.status.as_u16(), headers: head.headers, body: body.read_to_vec().ok()? })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are ASCII"))
    }

    /// The value of a cookie that the server sets; empty when it takes the cookie away.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let lines = self.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
        lines
            .filter_map(|line| line.split(';').next()?.split_once('='))
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value.to_owned())
    }

    /// Every `Set-Cookie` line.
    pub fn cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok()).collect()
    }

    pub fn json(&self) -> Value {
        assert!(self.header("content-type").contains("json"), "{}: {}", self.header("content-type"), self.text());
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text()))
    }
}
