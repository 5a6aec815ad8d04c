//! The size of a memory and of its free part.

/// The memory of the machine or of the control group, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// The most that this process and its children may use.
    pub total: u64,
    /// The part of the total that may still be used.
    pub available: u64,
}

impl Memory {
    /// Returns the smaller of both totals, and of both available parts.
    #[must_use]
    pub fn tighter(self, other: Self) -> Self {
        let total = self.total.min(other.total);
        Self { total, available: self.available.min(other.available).min(total) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tighter_of_two_has_the_smaller_of_each() {
        let memory = |total, available| Memory { total, available };
        for (one, other, expected) in [
            (memory(100, 50), memory(80, 60), memory(80, 50)),
            (memory(100, 90), memory(40, 40), memory(40, 40)),
            (memory(100, 0), memory(200, 200), memory(100, 0)),
        ] {
            assert_eq!((one.tighter(other), other.tighter(one)), (expected, expected));
        }
    }
}
