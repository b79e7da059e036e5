//! The places in a text where one recipient's mail differs from the next.

/// A place in the text of a mail that is filled per recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    UnsubscribeToken,
    PreferencesToken,
    /// The day on which the reader subscribed, in words.
    SubscribedOn,
}

impl Slot {
    pub(super) const ALL: [Self; 3] = [Self::UnsubscribeToken, Self::PreferencesToken, Self::SubscribedOn];

    /// What stands for the slot in a text that is not merged yet. No text of people or sources can hold these
    /// characters: every one is cleaned of control characters before it reaches a template.
    pub(super) const fn mark(self) -> char {
        match self {
            Self::UnsubscribeToken => '\u{1}',
            Self::PreferencesToken => '\u{2}',
            Self::SubscribedOn => '\u{3}',
        }
    }

    pub(super) fn from_mark(character: char) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.mark() == character)
    }
}

/// A rendered text with its slots still open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rendered(pub(super) String);

impl Rendered {
    /// The text with every slot filled by what `value` gives for it.
    pub(super) fn fill(&self, value: impl Fn(Slot) -> String) -> String {
        let mut filled = String::with_capacity(self.0.len() + 256);
        for character in self.0.chars() {
            match Slot::from_mark(character) {
                Some(slot) => filled.push_str(&value(slot)),
                None => filled.push(character),
            }
        }
        filled
    }

    pub(super) fn has(&self, slot: Slot) -> bool {
        self.0.contains(slot.mark())
    }
}
