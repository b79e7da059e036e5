//! Numbers as people write them: "1.204" in Dutch, "1,204" in English.

use crate::domain::language::Language;

/// A whole number in groups of three.
pub fn count(language: Language, number: i64) -> String {
    let separator = match language {
        Language::Nl => '.',
        Language::En => ',',
    };
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('−');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart_as_the_language_does_it() {
        assert_eq!(count(Language::Nl, 1_204), "1.204");
        assert_eq!(count(Language::En, 1_000_000), "1,000,000");
        assert_eq!(count(Language::Nl, 999), "999");
        assert_eq!(count(Language::En, -12_345), "−12,345");
        assert_eq!(count(Language::En, 0), "0");
    }
}
