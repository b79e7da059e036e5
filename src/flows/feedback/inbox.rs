//! The listener's other side: which mail is ours, and 250 only for what was taken.

use super::tie::UNSUBSCRIBE;
use super::{Channel, House, take};
use crate::mail::inbound::{Handler, InboundMessage, NotTaken};

/// Takes bounces, complaints and wishes to leave from the listener.
pub struct Inbox {
    house: House,
}

impl Inbox {
    /// The inbox of this house.
    pub const fn new(house: House) -> Self {
        Self { house }
    }
}

impl Handler for Inbox {
    /// Our address for bounces and the one for leaving, with or without a detail: everything else would be relaying.
    async fn accept(&self, recipient: &str) -> bool {
        is_ours(&self.house, recipient)
    }

    async fn take(&self, message: InboundMessage) -> Result<(), NotTaken> {
        let InboundMessage { recipients, bytes, .. } = message;
        for recipient in &recipients {
            if let Err(error) = take(&self.house, bytes.clone(), Some(recipient), Channel::Listener).await {
                tracing::error!(%error, "feedback could not be stored; its sender is asked to come back");
                return Err(NotTaken::Later);
            }
        }
        Ok(())
    }
}

fn is_ours(house: &House, recipient: &str) -> bool {
    let (Some(bounces), Some((local, domain))) = (&house.config.bounce_address, recipient.rsplit_once('@')) else {
        return false;
    };
    let is_ours = |name: &str| {
        let rest =
            local.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name)).map(|_| &local[name.len()..]);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('+'))
    };
    domain.eq_ignore_ascii_case(bounces.domain()) && (is_ours(bounces.local()) || is_ours(UNSUBSCRIBE))
}
