//! The desk's cookies: who is signed in, in which browser they were before, and who is away at the OpenID provider.

use actix_web::http::header::{COOKIE, HeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};

use crate::flows::sign_in::Tokens;
use crate::web::client::keeps_secrets;

/// What browsers keep for us; only for the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// Ends with the browser.
    Session,
    /// Lets guesses from elsewhere keep nobody out; see [`crate::flows::sign_in`].
    Device,
    /// Says who has gone to the OpenID provider; see [`crate::flows::openid`].
    Provider,
}

impl Cookie {
    /// Over TLS no other host and no plain connection can set these names (RFC 6265bis section 4.1.3.2).
    const fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-postduif",
            (Self::Session, false) => "postduif",
            (Self::Device, true) => "__Host-postduif-device",
            (Self::Device, false) => "postduif-device",
            (Self::Provider, true) => "__Host-postduif-provider",
            (Self::Provider, false) => "postduif-provider",
        }
    }

    const fn lasts_seconds(self) -> Option<u32> {
        match self {
            Self::Session => None,
            Self::Device => Some(180 * 24 * 3600),
            Self::Provider => Some(600),
        }
    }

    /// What the browser sent.
    pub fn read(self, request: &HttpRequest) -> Option<String> {
        let name = self.name(keeps_secrets(request));
        let lines = request.headers().get_all(COOKIE).filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(';')).find_map(|pair| {
            let (found, value) = pair.trim().split_once('=')?;
            (found == name && value.len() <= 200).then(|| value.to_owned())
        })
    }

    /// Lax, not Strict: a notice's link in a webmail must find its reader signed in, and so must an OpenID provider's
    /// way back. What changes anything is pressed from our own pages alone, which the gate looks after.
    fn header(self, value: &str, lasts_seconds: Option<u32>, request: &HttpRequest) -> HeaderValue {
        let https = keeps_secrets(request);
        let name = self.name(https);
        // `__Host-` asks for the path `/`; where that cannot be had, the cookie stays within the desk.
        let place = if https { "Path=/; Secure" } else { "Path=/admin" };
        let lasts = lasts_seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let text = format!("{name}={value}; {place}; HttpOnly; SameSite=Lax{lasts}");
        HeaderValue::from_str(&text).expect("our tokens are letters and digits")
    }

    /// Has the browser keep a token.
    pub fn set(self, answer: &mut HttpResponse, token: &str, request: &HttpRequest) {
        answer.headers_mut().append(SET_COOKIE, self.header(token, self.lasts_seconds(), request));
    }

    /// Has the browser forget it.
    pub fn clear(self, answer: &mut HttpResponse, request: &HttpRequest) {
        answer.headers_mut().append(SET_COOKIE, self.header("", Some(0), request));
    }
}

/// What a browser keeps after signing in.
pub fn keep(mut answer: HttpResponse, tokens: &Tokens, request: &HttpRequest) -> HttpResponse {
    Cookie::Session.set(&mut answer, &tokens.session, request);
    Cookie::Device.set(&mut answer, &tokens.device, request);
    answer
}

/// The token of the session that the browser says it is in.
pub fn session(request: &HttpRequest) -> Option<String> {
    Cookie::Session.read(request)
}
