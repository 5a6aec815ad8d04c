//! A server's words, as they may stand in an error: bounded, in one line, without control characters and sequences for
//! terminals.

use std::borrow::Cow;

/// The most characters that an error shows of a server's own words.
const MAX_CHARS: usize = 2000;

/// Returns a text in one line: runs of white space and control characters become one space each, and what is too long is
/// cut.
pub fn display_text(text: &str) -> String {
    let mut line = String::new();
    let text = without_sequences(text);
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

/// Returns a text without the sequences that colour a terminal, move its cursor or set its title.
fn without_sequences(text: &str) -> Cow<'_, str> {
    const ESCAPE: char = '\u{1b}';
    if !text.contains([ESCAPE, '\u{9b}']) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find([ESCAPE, '\u{9b}']) {
        kept.push_str(&rest[..at]);
        rest = after_sequence(&rest[at..]);
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// Returns what stands behind the sequence at the beginning of a text. A sequence without an end is its first characters.
fn after_sequence(text: &str) -> &str {
    let mut chars = text.chars();
    let kind = match chars.next() {
        Some('\u{9b}') => Some('['),
        _ => chars.next(),
    };
    let body = chars.as_str();
    let ended = match kind {
        // Parameters, and one character that ends them.
        Some('[') => {
            let body = body.trim_start_matches(|char: char| matches!(char, ' '..='?'));
            body.strip_prefix(|char: char| matches!(char, '@'..='~'))
        }
        // Words, as of a title, up to a terminator.
        Some(']' | 'P' | 'X' | '^' | '_') => match body.find(['\u{7}', '\u{1b}']) {
            Some(end) if body[end..].starts_with('\u{7}') => Some(&body[end + 1..]),
            Some(end) => body[end..].strip_prefix("\u{1b}\\"),
            None => None,
        },
        // A character of a set, such as `ESC ( B`.
        Some(' '..='/') => body.strip_prefix(|char: char| matches!(char, ' '..='~')),
        Some('0'..='~') => Some(body),
        _ => Some(&text[text.chars().next().map_or(0, char::len_utf8)..]),
    };
    ended.unwrap_or(body)
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
            ("  a\r\n\tb\0c\x1b[31md\u{2028}e  ", "a b cd e"),
            ("\x1b[1;31mred\x1b[0m\x07 \u{9b}4mline", "red line"),
            ("\x1b]0;title\x07a\x1b]8;;http://evil\x1b\\b\x1b(Bc\x1bMd", "abcd"),
            ("\x1b]0;no end", "0;no end"),
            ("\x1b[31", "31"),
            ("\x1b", ""),
            ("\x1b\u{1b}[31mä\x1bä", "ää"),
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
