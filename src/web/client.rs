//! Who asks: the peer, or what the proxies that we trust say of it; and whether a button was on our own page.

use std::future::{Ready, ready};
use std::net::{IpAddr, SocketAddr};

use actix_web::dev::Payload;
use actix_web::http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use actix_web::{FromRequest, HttpRequest, web};

use super::Web;
use crate::domain::network::Network;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The visitor's address, as far as anybody can tell.
#[derive(Clone, Copy, Debug)]
pub struct Client(pub Option<IpAddr>);

impl FromRequest for Client {
    type Error = std::convert::Infallible;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let proxies = request.app_data::<web::Data<Web>>().map(|web| web.house.config.trusted_proxies.as_slice());
        ready(Ok(Self(client(request.peer_addr(), request.headers(), proxies.unwrap_or_default()))))
    }
}

/// Walks from our own end of the chain to the first hop that no proxy of ours vouches for. What a client writes
/// into the header itself lies behind that hop and counts for nothing (ASVS 15.3.4).
fn client(peer: Option<SocketAddr>, headers: &HeaderMap, proxies: &[Network]) -> Option<IpAddr> {
    let trusted = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    let mut last = peer?.ip();
    let lines: Vec<&str> = headers.get_all(FORWARDED_FOR).filter_map(|line| line.to_str().ok()).collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !trusted(last) {
            break;
        }
        let Some(address) = hop_address(hop) else { break };
        last = address;
    }
    Some(last)
}

/// An address with or without a port, as proxies write it.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    hop.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip())).or_else(|| {
        let inner = hop.strip_prefix('[')?.strip_suffix(']')?;
        inner.parse().ok()
    })
}

/// Whether a proxy that we trust handed the request over.
pub fn comes_through_a_proxy(request: &HttpRequest) -> bool {
    let (Some(web), Some(peer)) = (request.app_data::<web::Data<Web>>(), request.peer_addr()) else { return false };
    web.house.config.trusted_proxies.iter().any(|network| network.contains(peer.ip()))
}

/// What a proxy that we trust says of the way between the visitor and itself: the nearest one's word.
fn forwarded_proto(request: &HttpRequest) -> Option<&str> {
    comes_through_a_proxy(request).then_some(())?;
    let line = request.headers().get_all(FORWARDED_PROTO).last()?.to_str().ok()?;
    let said = line.rsplit(',').next().unwrap_or_default().trim();
    ["https", "http"].into_iter().find(|known| said.eq_ignore_ascii_case(known))
}

/// Whether the visitor came over an encrypted connection, as far as a trusted proxy or the public URL tells.
pub fn is_https(request: &HttpRequest) -> bool {
    match forwarded_proto(request) {
        Some(scheme) => scheme == "https",
        None => request.app_data::<web::Data<Web>>().is_some_and(|web| web.house.config.public_url.is_https()),
    }
}

/// Whether cookies may be kept for encrypted connections alone: where readers reach us so, whatever a proxy says of this one
/// connection, and where a proxy that we trust says it came so.
pub fn keeps_secrets(request: &HttpRequest) -> bool {
    let public = request.app_data::<web::Data<Web>>().is_some_and(|web| web.house.config.public_url.is_https());
    public || forwarded_proto(request) == Some("https")
}

/// Whether the request comes from a page of our own, or from a program that is no browser. Browsers say so in
/// `Sec-Fetch-Site` (Fetch Metadata); older ones in `Origin` alone.
pub fn from_our_own_page(request: &HttpRequest) -> bool {
    let header = |name: HeaderName| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = header(FETCH_SITE) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = header(ORIGIN) else { return true };
    let public = request.app_data::<web::Data<Web>>().map(|web| web.house.config.public_url.as_str().to_owned());
    let host = header(HOST).map(str::to_owned);
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    // A page of the same name in clear is not ours where we are reached encrypted.
    let same_scheme = forwarded_proto(request).is_none_or(|said| said == scheme);
    (Some(authority) == host.as_deref() && same_scheme) || Some(origin) == public.as_deref()
}

/// Whether a button of the desk was pressed on a page of the desk. Stricter than [`from_our_own_page`]: who says
/// nothing about where the request comes from is refused.
pub fn from_the_desk(request: &HttpRequest) -> bool {
    let said = |name: HeaderName| request.headers().contains_key(name);
    match request.headers().get(FETCH_SITE) {
        Some(site) => site == "same-origin",
        None => said(ORIGIN) && from_our_own_page(request),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn found(peer: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
        }
        let proxies: Vec<Network> = proxies.iter().map(|network| network.parse().unwrap()).collect();
        client(Some(SocketAddr::new(peer.parse().unwrap(), 1)), &headers, &proxies).unwrap().to_string()
    }

    #[test]
    fn nobody_chooses_their_own_address() {
        assert_eq!(found("192.0.2.7", &["203.0.113.1"], &[]), "192.0.2.7");
        assert_eq!(found("192.0.2.7", &["203.0.113.1"], &["10.0.0.0/8"]), "192.0.2.7");
        assert_eq!(found("10.0.0.1", &["203.0.113.1, 192.0.2.7"], &["10.0.0.0/8"]), "192.0.2.7");
        assert_eq!(found("10.0.0.1", &["203.0.113.1", "192.0.2.7, 10.0.0.2"], &["10.0.0.0/8"]), "192.0.2.7");
    }

    #[test]
    fn a_proxy_that_says_nothing_sensible_stands_for_its_client() {
        assert_eq!(found("10.0.0.1", &[], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(found("10.0.0.1", &["unknown"], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(found("10.0.0.1", &["[2001:db8::1]:4711"], &["10.0.0.0/8"]), "2001:db8::1");
    }
}
