//! Cells that no spreadsheet takes for a formula.

use std::borrow::Cow;

/// What makes a spreadsheet calculate (OWASP ASVS 1.2.10), and the sign by which we say that it must not.
const RISKY: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// The cell with an apostrophe before it, where it needs one.
pub fn guarded(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(RISKY) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The exact inverse.
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(bare) if bare.starts_with(RISKY) => bare,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_was_guarded_reads_the_same_again_and_calculates_nothing(cell in "[=+\\-@'\t\ra-z]{0,6}") {
            let safe = guarded(&cell);
            assert!(!safe.starts_with(['=', '+', '-', '@', '\t', '\r']));
            assert_eq!(unguarded(&safe), cell);
        }
    }
}
