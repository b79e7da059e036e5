//! A newsletter's own colour, and whether people can read it (WCAG 2.2, success criterion 1.4.3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The least contrast of text with what it stands on.
const READABLE: f64 = 4.5;
const WHITE: Colour = Colour([0xff; 3]);
/// What accents stand on at night: the page, and a card upon it.
const DARK_GROUNDS: [Colour; 2] = [Colour([0x12, 0x18, 0x1f]), Colour([0x1b, 0x24, 0x2e])];
/// What stands on an accent at night; by day that is white.
const ON_DARK_ACCENT: Colour = Colour([0x0c, 0x1a, 0x24]);

/// A colour as screens show it: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    /// Reads `#0b5c8a`, also without the sign or as three digits.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().trim_start_matches('#');
        let digits: String = match digits.len() {
            3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
            _ => digits.to_owned(),
        };
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let number = u32::from_str_radix(&digits, 16).ok()?.to_be_bytes();
        Some(Self([number[1], number[2], number[3]]))
    }

    /// How bright it is, from 0 to 1 (WCAG's relative luminance).
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// From 1 (the same) to 21 (black on white).
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// So many 255ths of the way to another colour.
    fn towards(self, other: Self, steps: u8) -> Self {
        let steps = u32::from(steps);
        let mut mixed = [0; 3];
        for (place, (from, to)) in mixed.iter_mut().zip(self.0.into_iter().zip(other.0)) {
            *place = u8::try_from((u32::from(from) * (255 - steps) + u32::from(to) * steps + 127) / 255).unwrap_or(255);
        }
        Self(mixed)
    }

    /// The first shade on the way to `end` with which all of `beside` can be told apart.
    fn readable(self, end: Self, beside: &[Self]) -> Self {
        (0..=255)
            .map(|steps| self.towards(end, steps))
            .find(|shade| beside.iter().all(|other| shade.contrast(*other) >= READABLE))
            .unwrap_or(end)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The colour of links and buttons: dark enough to be read on white, and to carry white letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Accent(Colour);

/// Why a text is no accent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccent {
    #[error("“{0}” is no colour; write it like #0b5c8a")]
    NoColour(String),
    #[error(
        "{asked} cannot be read on white (its contrast is {contrast}, at least {READABLE} is needed); {nearest} is the nearest shade that can"
    )]
    TooPale { asked: Colour, contrast: String, nearest: Colour },
}

impl Accent {
    /// What holds where a newsletter has none of its own.
    pub const USUAL: Self = Self(Colour([0x0b, 0x5c, 0x8a]));

    /// By day.
    pub const fn light(self) -> Colour {
        self.0
    }

    /// By day, where the mouse is.
    pub fn light_hover(self) -> Colour {
        self.0.towards(Colour([0; 3]), 76)
    }

    /// At night: the same colour, as bright as it must be.
    pub fn dark(self) -> Colour {
        if self == Self::USUAL {
            return Colour([0x7c, 0xc4, 0xee]);
        }
        let beside = [DARK_GROUNDS[0], DARK_GROUNDS[1], ON_DARK_ACCENT];
        self.0.readable(WHITE, &beside)
    }

    /// At night, where the mouse is.
    pub fn dark_hover(self) -> Colour {
        self.dark().towards(WHITE, 76)
    }
}

impl FromStr for Accent {
    type Err = InvalidAccent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let colour = Colour::parse(text).ok_or_else(|| InvalidAccent::NoColour(text.chars().take(30).collect()))?;
        let contrast = colour.contrast(WHITE);
        if contrast >= READABLE {
            return Ok(Self(colour));
        }
        Err(InvalidAccent::TooPale {
            asked: colour,
            // Cut, not rounded: 4.49 must not be told as 4.5.
            contrast: format!("{:.2}", (contrast * 100.0).floor() / 100.0),
            nearest: colour.readable(Colour([0; 3]), &[WHITE]),
        })
    }
}

impl TryFrom<String> for Accent {
    type Error = InvalidAccent;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Accent> for String {
    fn from(accent: Accent) -> Self {
        accent.0.to_string()
    }
}

impl fmt::Display for Accent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(text: &str) -> Colour {
        Colour::parse(text).unwrap()
    }

    #[test]
    fn contrast_is_what_the_guidelines_say() {
        assert!((colour("#000").contrast(WHITE) - 21.0).abs() < 1e-9);
        assert!((colour("#767676").contrast(WHITE) - 4.54).abs() < 0.005);
        assert!((colour("#ff0000").contrast(WHITE) - 4.0).abs() < 0.005);
    }

    #[test]
    fn a_colour_too_pale_is_refused_with_the_nearest_that_will_do() {
        assert_eq!("#767676".parse::<Accent>().unwrap().to_string(), "#767676");
        assert_eq!("0B5C8A".parse(), Ok(Accent::USUAL));
        let refusal = "#777777".parse::<Accent>().unwrap_err().to_string();
        assert!(refusal.contains("4.47") && refusal.contains("#767676"), "{refusal}");
        for text in ["", "blue", "#12345", "#12345g", "#+12345"] {
            assert!(matches!(text.parse::<Accent>(), Err(InvalidAccent::NoColour(_))), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_proposed_or_derived_can_be_read(channels: [u8; 3]) {
            let asked = Colour(channels);
            let accent = match asked.to_string().parse::<Accent>() {
                Ok(accent) => accent,
                Err(InvalidAccent::TooPale { nearest, .. }) => nearest.to_string().parse().unwrap(),
                Err(other) => panic!("{other}"),
            };
            for shade in [accent.light(), accent.light_hover()] {
                assert!(shade.contrast(WHITE) >= READABLE, "{shade}");
            }
            for (shade, ground) in [accent.dark(), accent.dark_hover()].into_iter().flat_map(|s| DARK_GROUNDS.map(|g| (s, g))) {
                assert!(shade.contrast(ground) >= READABLE && shade.contrast(ON_DARK_ACCENT) >= READABLE, "{shade}");
            }
        }
    }
}
