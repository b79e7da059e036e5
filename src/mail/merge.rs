//! What makes an edition one recipient's own message.

use jiff::civil::Date;

use crate::domain::address::EmailAddress;
use crate::domain::texts::dates;
use crate::domain::time::Timestamp;

use super::compose::Composed;
use super::draft::{Cut, header_date, write_token};
use super::message::{MessageId, Token};
use super::sample;
use super::slot::Slot;

/// One recipient, with all that differs from the others' messages. Every value is ASCII that needs no escaping, so
/// that it goes into the bytes as it is.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    pub address: &'a EmailAddress,
    /// Names the delivery; the same at every attempt.
    pub message_token: Token<'a>,
    pub unsubscribe_token: Token<'a>,
    pub preferences_token: Token<'a>,
    /// The day on which they subscribed, where the newsletter's clock hangs.
    pub subscribed_on: Date,
    /// When the edition was let go (RFC 5322 section 3.6.1): the same for everybody, whenever their turn comes.
    pub date: Timestamp,
}

impl<'a> Recipient<'a> {
    /// Somebody who gets a test mail or looks at the message as it would be: links lead to pages that do nothing.
    pub fn sample(address: &'a EmailAddress, message_token: Token<'a>, date: Timestamp) -> Self {
        let token = sample::token();
        Self {
            address,
            message_token,
            unsubscribe_token: token,
            preferences_token: token,
            subscribed_on: sample::SUBSCRIBED_ON,
            date,
        }
    }

    pub(super) fn write(&self, cut: Cut, composed: &Composed, out: &mut Vec<u8>) {
        match cut {
            Cut::To => write_token("To:".len(), &format!("<{}>", self.address), out),
            Cut::Date => write_token("Date:".len(), &header_date(self.date), out),
            Cut::MessageId => {
                let id = MessageId { token: self.message_token, domain: &composed.domain };
                write_token("Message-ID:".len(), &id.to_string(), out);
            }
            Cut::Slot(Slot::UnsubscribeToken) => out.extend_from_slice(self.unsubscribe_token.as_str().as_bytes()),
            // Digits and the name of a month, which are letters of ASCII in every language that we speak.
            Cut::Slot(Slot::SubscribedOn) => {
                out.extend_from_slice(dates::day(composed.language, self.subscribed_on).as_bytes());
            }
            Cut::Slot(Slot::PreferencesToken) => out.extend_from_slice(self.preferences_token.as_str().as_bytes()),
        }
    }
}
