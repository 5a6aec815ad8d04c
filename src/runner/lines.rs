//! Bytes into lines.

/// One of a child's outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A line that a child wrote, without its line break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The output that the line was written to.
    pub stream: Stream,
    /// The text of the line.
    pub bytes: Vec<u8>,
}

/// Splits bytes at each `\n` or `\r\n`.
#[derive(Debug, Default)]
pub struct Splitter {
    rest: Vec<u8>,
}

impl Splitter {
    /// Returns the lines that are complete with these bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        self.each(bytes, |line| {
            lines.push(line.to_vec());
            true
        });
        lines
    }

    /// Passes on the lines that are complete with these bytes, until one is refused. Returns whether none was.
    pub fn each(&mut self, bytes: &[u8], mut take: impl FnMut(&[u8]) -> bool) -> bool {
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            let part = &bytes[std::mem::replace(&mut from, end + 1)..end];
            let is_taken = if self.rest.is_empty() {
                take(without_return(part))
            } else {
                self.rest.extend_from_slice(part);
                take(without_return(&std::mem::take(&mut self.rest)))
            };
            if !is_taken {
                return false;
            }
        }
        self.rest.extend_from_slice(&bytes[from..]);
        true
    }

    /// Returns the length of the incomplete line, without a trailing `\r`, which may belong to the line break.
    pub fn pending(&self) -> usize {
        self.rest.strip_suffix(b"\r").unwrap_or(&self.rest).len()
    }

    /// Takes the incomplete line.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.rest)
    }

    /// Returns the last line, if it has no line break.
    pub fn finish(self) -> Option<Vec<u8>> {
        (!self.rest.is_empty()).then_some(self.rest)
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(chunks: &[&str]) -> Vec<String> {
        let mut splitter = Splitter::default();
        let mut lines: Vec<Vec<u8>> = chunks.iter().flat_map(|chunk| splitter.push(chunk.as_bytes())).collect();
        lines.extend(splitter.finish());
        lines.into_iter().map(|line| String::from_utf8_lossy(&line).into_owned()).collect()
    }

    #[test]
    fn lines_end_at_line_breaks() {
        assert_eq!(split(&[]), Vec::<String>::new());
        assert_eq!(split(&["a\nb\r\nc"]), ["a", "b", "c"]);
        assert_eq!(split(&["a\n\n", "b\n"]), ["a", "", "b"]);
        assert_eq!(split(&["a\r", "\nb", "c\n"]), ["a", "bc"]);
        assert_eq!(split(&["a\rb\n"]), ["a\rb"]);
    }

    proptest! {
        #[test]
        fn chunks_make_no_difference(text in "[ab\n\r]{0,40}", cut in 0..40usize) {
            let cut = cut.min(text.len());
            prop_assert_eq!(split(&[&text]), split(&[&text[..cut], &text[cut..]]));
        }
    }
}
