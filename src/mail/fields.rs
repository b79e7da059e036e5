//! Header fields that more than one kind of mail carries.

use crate::domain::address::{EmailAddress, MAX_LOCAL_OCTETS};
use crate::domain::public_url::PublicUrl;
use crate::domain::sender::Sender;
use crate::domain::token::LINK_TOKEN_LENGTH;

use super::draft::Draft;

/// An unsubscribe address that leaves no room for the token behind its `+`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the part of {0} before the @ may have at most 11 characters, because a token is put behind it")]
pub struct UnsubscribeAddressTooLong(String);

/// Where answers go, unless that is the sender anyway.
pub(super) fn reply_to(draft: &mut Draft, sender: &Sender, reply_to: Option<&EmailAddress>) {
    if let Some(address) = reply_to.filter(|address| *address != sender.address()) {
        draft.token("Reply-To", &format!("<{address}>"));
    }
}

/// RFC 2369 with one https link first, and RFC 8058. `token` may be the mark of a slot.
pub(super) fn list_unsubscribe(
    draft: &mut Draft,
    public_url: &PublicUrl,
    address: Option<&EmailAddress>,
    token: &str,
) -> Result<(), UnsubscribeAddressTooLong> {
    let mut value = format!("<{}>", public_url.unsubscribe(token));
    if let Some(address) = address {
        if address.local().len() + 1 + LINK_TOKEN_LENGTH > MAX_LOCAL_OCTETS {
            return Err(UnsubscribeAddressTooLong(address.to_string()));
        }
        let local = in_mailto(address.local());
        value.push_str(&format!(",\r\n <mailto:{local}+{token}@{}?subject=unsubscribe>", address.domain()));
    }
    draft.raw("List-Unsubscribe", &value);
    draft.raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
    Ok(())
}

/// A local part as a mailto link has it (RFC 6068 section 2).
fn in_mailto(local: &str) -> String {
    let mut escaped = String::with_capacity(local.len());
    for character in local.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' | '~' | '+' => escaped.push(character),
            other => escaped.push_str(&format!("%{:02X}", u32::from(other))),
        }
    }
    escaped
}

/// Says to other machines that a machine wrote this, so that they do not answer (RFC 3834 section 5).
pub(super) fn automatic(draft: &mut Draft) {
    draft.raw("Auto-Submitted", "auto-generated");
    draft.raw("X-Auto-Response-Suppress", "All");
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{address, public_url};
    use super::*;

    #[test]
    fn the_way_out_is_offered_by_https_first_and_by_mail_where_somebody_listens() {
        let mut draft = Draft::default();
        list_unsubscribe(&mut draft, &public_url(), Some(&address("a&b=c@example.nl")), "token").unwrap();
        assert_eq!(
            String::from_utf8(draft.bytes).unwrap(),
            "List-Unsubscribe: <https://nieuws.example.nl/u/token>,\r\n \
             <mailto:a%26b%3Dc+token@example.nl?subject=unsubscribe>\r\n\
             List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        );
        let long =
            list_unsubscribe(&mut Draft::default(), &public_url(), Some(&address("unsubscribers@example.nl")), "t");
        assert!(long.unwrap_err().to_string().contains("at most 11 characters"));
    }
}
