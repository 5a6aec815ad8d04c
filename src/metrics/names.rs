//! The names that series may have, bounded in number and length.

/// The number of series that get names of their own.
pub const MAX_SERIES: usize = 200;
/// The name of the series that all others share.
pub const OTHERS: &str = "other";
/// The length of a name, in characters.
const MAX_NAME: usize = 100;

/// Returns a name as a label may have it: without control characters, and cut if it is too long.
pub fn label(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_and_lose_control_characters() {
        assert_eq!(label("asana \u{1b}[31mv2\r\n"), "asana [31mv2");
        assert_eq!(label(&"ä".repeat(500)), "ä".repeat(MAX_NAME));
    }
}
