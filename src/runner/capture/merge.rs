//! Merges both outputs of a command in the order of their reading.

use parking_lot::Mutex;
use std::sync::Arc;

/// The part of one output in the merged bytes.
#[derive(Debug)]
pub struct Part {
    all: Arc<Mutex<Vec<u8>>>,
    /// The begin of a character of UTF-8. The other output must not come between its bytes.
    rest: Vec<u8>,
}

impl Part {
    pub fn new(all: Arc<Mutex<Vec<u8>>>) -> Self {
        Self { all, rest: Vec::new() }
    }

    /// Adds bytes that were read.
    pub fn add(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let rest = self.rest.split_off(complete(&self.rest));
        self.all.lock().extend_from_slice(&self.rest);
        self.rest = rest;
    }

    /// Adds the begin of a character that never ended.
    pub fn end(self) {
        self.all.lock().extend_from_slice(&self.rest);
    }
}

/// Returns the length without the begin of a character at the end.
fn complete(bytes: &[u8]) -> usize {
    // A character has four bytes at most.
    let last = bytes.iter().rev().take(3).position(|byte| byte & 0b1100_0000 != 0b1000_0000);
    let Some(distance) = last else { return bytes.len() };
    let start = bytes.len() - 1 - distance;
    let needed = match bytes[start] {
        0b1100_0000..=0b1101_1111 => 2,
        0b1110_0000..=0b1110_1111 => 3,
        0b1111_0000..=0b1111_0111 => 4,
        _ => 1,
    };
    if distance + 1 < needed { start } else { bytes.len() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_other_output_does_not_come_between_the_bytes_of_a_character() {
        let all = Arc::default();
        let [mut one, mut other] = [Part::new(Arc::clone(&all)), Part::new(Arc::clone(&all))];
        let emoji = "\u{1f600}".as_bytes();
        one.add(&emoji[..2]);
        other.add(b"-");
        one.add(&emoji[2..]);
        one.add(&emoji[..3]);
        other.end();
        one.end();
        assert_eq!(String::from_utf8_lossy(&all.lock()), "-\u{1f600}\u{fffd}");
    }

    proptest! {
        #[test]
        fn no_byte_of_an_output_is_lost_or_moved(bytes: Vec<u8>, cut in 0..40usize) {
            let all = Arc::default();
            let mut part = Part::new(Arc::clone(&all));
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            part.add(first);
            part.add(second);
            part.end();
            prop_assert_eq!(&*all.lock(), &bytes);
        }
    }
}
