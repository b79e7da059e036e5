//! An edition's life, as a machine that refuses nonsense.

use super::text_enum::text_enum;

text_enum! {
    /// Where an edition stands.
    pub enum EditionStatus ("status of an edition") {
        /// Assembled, open for changes.
        Draft = "draft",
        /// Its content is fixed by hash; any change makes it a draft again.
        Approved = "approved",
        /// Goes out at its sending moment.
        Scheduled = "scheduled",
        /// Going out.
        Sending = "sending",
        /// Stopped half-way; can go on.
        Paused = "paused",
        /// Every recipient has reached an end.
        Sent = "sent",
        /// Will never go out, or no further.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// What people and the clock do to an edition.
    pub enum EditionStep ("step") {
        Change = "change",
        Approve = "approve",
        Schedule = "schedule",
        Send = "send",
        Pause = "pause",
        Resume = "resume",
        Cancel = "cancel",
        Finish = "finish",
        /// Takes a planned sending back; the approval stays.
        Unschedule = "unschedule",
        /// Sends again what may not have arrived.
        Repeat = "repeat",
    }
}

/// A step that the edition's state forbids, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{step} is not possible: the edition is {status}. {advice}")]
pub struct ForbiddenStep {
    pub step: EditionStep,
    pub status: EditionStatus,
    pub advice: &'static str,
}

impl EditionStatus {
    /// The state after `step`.
    ///
    /// # Errors
    /// [`ForbiddenStep`], with what to do instead.
    pub const fn after(self, step: EditionStep) -> Result<Self, ForbiddenStep> {
        use EditionStatus::{Approved, Cancelled, Draft, Paused, Scheduled, Sending, Sent};
        use EditionStep as Step;
        let advice = match (step, self) {
            (Step::Change, Draft | Approved | Scheduled) => return Ok(Draft),
            (Step::Approve, Draft) => return Ok(Approved),
            (Step::Schedule, Approved | Scheduled) => return Ok(Scheduled),
            (Step::Send, Approved | Scheduled) => return Ok(Sending),
            (Step::Pause, Sending) => return Ok(Paused),
            (Step::Resume, Paused) => return Ok(Sending),
            (Step::Cancel, Draft | Approved | Scheduled | Sending | Paused) => return Ok(Cancelled),
            (Step::Finish, Sending) => return Ok(Sent),
            (Step::Unschedule, Scheduled) => return Ok(Approved),
            (Step::Repeat, Sent | Sending) => return Ok(Sending),
            (Step::Repeat, Paused) => return Ok(Paused),
            (Step::Schedule | Step::Send, Draft) => "Approve it first.",
            (Step::Approve, Approved | Scheduled) => {
                "It is approved already; send it, or change it to withdraw the approval."
            }
            (Step::Send | Step::Schedule, Sending) => "It is being sent already; nothing was started again.",
            (Step::Send | Step::Schedule, Paused) => "Resume it instead.",
            (Step::Pause, Paused) => "It is paused already.",
            (Step::Resume, Sending) => "It is being sent already.",
            (Step::Unschedule, Sending | Paused) => "It has begun; pause or cancel it instead.",
            (Step::Unschedule, Draft | Approved) => "It is not planned.",
            (Step::Repeat, Draft | Approved | Scheduled) => "It has not been started; send it instead.",
            (_, Sent) => "It has been sent to everyone; assemble a new edition.",
            (_, Cancelled) => "It was cancelled; assemble a new edition.",
            (Step::Change | Step::Approve, Sending | Paused) => "What is being sent cannot change any more.",
            (Step::Pause, Draft | Approved | Scheduled) => "It is not being sent; cancel it if it must not go out.",
            (Step::Resume, Draft | Approved | Scheduled) => "It has not been started; send it instead.",
            (Step::Finish, Draft | Approved | Scheduled | Paused) => "It is not being sent.",
        };
        Err(ForbiddenStep { step, status: self, advice })
    }
}

text_enum! {
    /// Whether an edition may leave without a person's yes.
    pub enum Approval ("kind of approval") {
        Required = "required",
        Automatic = "automatic",
    }
}

text_enum! {
    /// How a section shows its articles.
    pub enum SectionStyle ("style of a section") {
        Excerpts = "excerpts",
        Titles = "titles",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_has_ended_goes_on() {
        for ended in [EditionStatus::Sent, EditionStatus::Cancelled] {
            for step in EditionStep::ALL {
                // A person may decide to repeat what is uncertain.
                let goes_on = ended == EditionStatus::Sent && *step == EditionStep::Repeat;
                assert_eq!(ended.after(*step).is_ok(), goes_on, "{ended} {step}");
            }
        }
    }

    #[test]
    fn only_what_was_approved_can_be_sent() {
        assert!(EditionStatus::Draft.after(EditionStep::Send).is_err());
        let approved = EditionStatus::Draft.after(EditionStep::Approve).unwrap();
        assert_eq!(approved.after(EditionStep::Send), Ok(EditionStatus::Sending));
        assert_eq!(approved.after(EditionStep::Change), Ok(EditionStatus::Draft));
    }
}
