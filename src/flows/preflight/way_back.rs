//! The way back: whether the links in the mail lead readers to us, and whether somebody reads what mail programs send.

use super::Findings;
use crate::domain::reach::is_public_host;
use crate::domain::texts::preflight as texts;
use crate::flows::House;

/// Known without asking anybody, so it counts offline too. What ends on this machine may lead back to it.
pub(super) fn check(findings: &mut Findings, house: &House) {
    let (language, config) = (findings.language, &house.config);
    if house.catches_all_mail || config.sends_nowhere() {
        return;
    }
    let url = &config.public_url;
    let is_public = url::Url::parse(url.as_str()).is_ok_and(|url| url.host().is_some_and(|host| is_public_host(&host)));
    if !config.has_public_url() {
        findings.error("public-url", texts::public_url_unset(language, url));
    } else if !is_public {
        findings.error("public-url", texts::public_url_private(language, url));
    } else if !url.is_https() {
        findings.warning("public-url", texts::public_url_in_clear(language, url));
    }
    match (&config.bounce_address, config.inbound_listen) {
        (None, _) => findings.warning("bounces", texts::no_bounce_address(language)),
        // Others may read it and hand it over: a pipe of the mail server, or the webhook of a mail service.
        (Some(address), None) => findings.note("bounces", texts::no_inbound(language, address)),
        (Some(_), Some(_)) => {}
    }
}
