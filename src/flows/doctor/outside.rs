//! The ways out and in: the mail servers that take our mail, and the address at which readers reach us.

use std::time::Duration;

use url::Url;

use super::{Check, days_until};
use crate::content::post::Posting;
use crate::domain::checkup::CheckStatus::{Fail, Ok as Fine, Unknown, Warn};
use crate::domain::checkup::Vital;
use crate::domain::smarthost::{Smarthost, TlsMode};
use crate::flows::{House, mail_servers};
use crate::mail::sample::SAMPLE_TOKEN;
use crate::mail::smtp::{Encryption, Tls};

/// For each probe.
const PATIENCE: Duration = Duration::from_secs(15);
/// A certificate that ends sooner has not been renewed when it should have been.
const RENEWAL: u64 = 14;

pub(super) async fn mail_servers(house: &House) -> Vec<Check> {
    if house.config.smtp.is_empty() {
        return vec![
            Check::new(Vital::Smtp.as_str(), Fail, "no mail server is set, so nothing can be sent")
                .advise("POSTDUIF_SMTP_URL=smtp://USER:PASSWORD@HOST:587"),
        ];
    }
    let mut checks = Vec::new();
    for server in &house.config.smtp {
        checks.push(if house.config.offline {
            not_checked(Vital::Smtp.of(&server.host))
        } else {
            dialogue(house, server).await
        });
    }
    checks
}

async fn dialogue(house: &House, server: &Smarthost) -> Check {
    let name = Vital::Smtp.of(&server.host);
    let relay = mail_servers::relay(house, server, Tls::from_system());
    let opened = match tokio::time::timeout(2 * PATIENCE, relay.open()).await {
        Ok(opened) => opened,
        Err(_) => {
            return Check::new(name, Fail, "it did not answer in time")
                .advise("Check host and port of POSTDUIF_SMTP_URL.");
        }
    };
    let connection = match opened {
        Ok(connection) => connection,
        Err(error) => {
            return Check::new(name, Fail, error.to_string())
                .advise("Check POSTDUIF_SMTP_URL: host, port, tls=, user and password.");
        }
    };
    let encryption = connection.encryption();
    let login = if server.login.is_some() { ", login accepted" } else { "" };
    connection.quit().await;
    let port = server.port;
    match encryption {
        Some(encryption) => {
            of_certificate(house, name, &encryption, &format!("answers at port {port}, {}{login}", encryption.version))
        }
        None if server.tls == TlsMode::None => {
            Check::new(name, Fine, format!("answers at port {port}, in clear as it is set{login}"))
        }
        None => Check::new(name, Warn, format!("answers at port {port}, but offers no encryption{login}")),
    }
}

fn of_certificate(house: &House, name: String, encryption: &Encryption, message: &str) -> Check {
    match encryption.valid_until.map(|until| days_until(until, house.clock.now())) {
        Some(Some(days)) if days < RENEWAL => {
            Check::new(name, Warn, format!("{message}; its certificate ends in {days} days"))
                .advise("Has its renewal stopped?")
        }
        Some(Some(days)) => Check::new(name, Fine, format!("{message}, certificate valid for {days} days")),
        Some(None) => Check::new(name, Fail, format!("{message}; its certificate has ended")),
        None => Check::new(name, Fine, message),
    }
}

pub(super) async fn public_url(house: &House) -> Vec<Check> {
    let url = &house.config.public_url;
    if house.config.offline {
        return vec![not_checked(Vital::PublicUrl.as_str()), not_checked(Vital::OneClick.as_str())];
    }
    vec![reachable(house, url.as_str()).await, one_click(house).await]
}

async fn reachable(house: &House, base: &str) -> Check {
    let name = Vital::PublicUrl.as_str();
    let Some(url) = address(base, "/health/ready") else {
        return Check::new(name, Fail, format!("{base} is no address"));
    };
    let host = url.host_str().unwrap_or_default().to_owned();
    let (https, port) = (url.scheme() == "https", url.port_or_known_default().unwrap_or(443));
    let advice = "POSTDUIF_PUBLIC_URL is where readers reach this server, through your proxy: is it running and right?";
    match probe(house, url, None).await {
        Err(error) => return Check::new(name, Fail, error).advise(advice),
        Ok((status, _)) if (300..400).contains(&status) => {
            return Check::new(name, Fail, format!("{base} leads somewhere else ({status})"))
                .advise("Set POSTDUIF_PUBLIC_URL to where it leads: mail programs follow no redirect to unsubscribe.");
        }
        Ok((200, _)) => {}
        Ok((status, _)) => return Check::new(name, Fail, format!("{base} answers {status}")).advise(advice),
    }
    if !https {
        return Check::new(name, Warn, format!("{base} answers, but in clear")).advise(
            "Put a proxy with a certificate in front; mail programs offer their unsubscribe button for https alone.",
        );
    }
    match Tls::from_system().look_at(&host, port, PATIENCE).await {
        Ok(encryption) => {
            of_certificate(house, name.to_owned(), &encryption, &format!("{base} answers, {}", encryption.version))
        }
        Err(error) => Check::new(name, Fail, error),
    }
}

/// What a mail program's unsubscribe button does (RFC 8058), with a link that stands for nobody.
async fn one_click(house: &House) -> Check {
    let name = Vital::OneClick.as_str();
    let target = house.config.public_url.unsubscribe(SAMPLE_TOKEN);
    let Some(url) = address(&target, "") else { return Check::new(name, Fail, "the public URL is no address") };
    match probe(house, url, Some("List-Unsubscribe=One-Click")).await {
        Ok((200, false)) => Check::new(name, Fine, "the mail programs' button works: 200, no redirect, no cookie"),
        Ok((200, true)) => Check::new(name, Warn, "the button works, but something in front of us sets a cookie"),
        Ok((status, _)) => Check::new(name, Fail, format!("the mail programs' button gets {status} instead of 200"))
            .advise("Something in front of us does not let POST /u/… through: a firewall, a login page, a redirect."),
        Err(error) => Check::new(name, Fail, error),
    }
}

async fn probe(house: &House, url: Url, form: Option<&str>) -> Result<(u16, bool), String> {
    let headers = form.map(|_| ("content-type", "application/x-www-form-urlencoded".to_owned()));
    let posting = Posting {
        url,
        headers: headers.into_iter().collect(),
        body: form.map(|form| form.as_bytes().to_vec()),
        // It is our own address, wherever that lies.
        allow_private: true,
        patience: PATIENCE,
    };
    let answer = house.fetcher.post(posting).await.map_err(|error| error.to_string())?;
    Ok((answer.status, answer.cookie))
}

fn address(base: &str, path: &str) -> Option<Url> {
    format!("{}{path}", base.trim_end_matches('/')).parse().ok()
}

pub(super) fn not_checked(name: impl Into<String>) -> Check {
    Check::new(name, Unknown, "not checked, because POSTDUIF_OFFLINE is set")
}
