//! A server's words, as they may stand in an error: bounded, in one line, without control characters.

/// The most characters that an error shows of a server's own words.
const MAX_CHARS: usize = 2000;

/// Returns a text in one line: runs of white space and control characters become one space each, and what is too long is
/// cut.
pub fn display_text(text: &str) -> String {
    let mut line = String::new();
    let words = text.split(|char: char| char.is_whitespace() || char.is_control() || is_invisible(char));
    let mut left = MAX_CHARS;
    for word in words.filter(|word| !word.is_empty()) {
        let space = usize::from(!line.is_empty());
        if left <= space {
            line.push('…');
            break;
        }
        if space == 1 {
            line.push(' ');
        }
        left -= space;
        let taken = word.char_indices().nth(left).map_or(word.len(), |(at, _)| at);
        line.push_str(&word[..taken]);
        if taken < word.len() {
            line.push('…');
            break;
        }
        left -= word.chars().count();
    }
    line
}

/// Marks that turn the order of a line around or hide in it.
fn is_invisible(char: char) -> bool {
    matches!(char, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_line_ends_become_spaces() {
        let cases = [
            ("", ""),
            ("overloaded", "overloaded"),
            ("  a\r\n\tb\0c\x1b[31md\u{2028}e  ", "a b c [31md e"),
            ("<html><h1>Bad\nGateway</h1></html>", "<html><h1>Bad Gateway</h1></html>"),
            ("user\u{202e}txt.exe", "user txt.exe"),
            ("Größe 👍", "Größe 👍"),
        ];
        for (given, expected) in cases {
            assert_eq!(display_text(given), expected, "{given:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        for text in ["ä".repeat(5000), "ä ".repeat(5000), format!("{} {}", "ä".repeat(MAX_CHARS), "rest")] {
            let plain = display_text(&text);
            assert!((MAX_CHARS..=MAX_CHARS + 1).contains(&plain.chars().count()), "{}", plain.chars().count());
            assert!(plain.ends_with('…'));
        }
        assert_eq!(display_text(&"ä".repeat(MAX_CHARS)), "ä".repeat(MAX_CHARS));
    }
}
