//! The strictest of several rules.

use crate::limit::controller::Rules;
use crate::limit::memory::{self, Amount, Machine};
use crate::limit::processor;

/// Returns the rules that keep both. Bytes and percentages are compared once the memory is known.
pub fn strictest(one: Rules, other: Rules, machine: Option<Machine>) -> Rules {
    let size = |amount: &Amount| amount.of(machine.map_or(u64::MAX, |machine| machine.total));
    let smaller = |one: Amount, other: Amount| if size(&one) <= size(&other) { one } else { other };
    let greater = |one: Amount, other: Amount| if size(&one) >= size(&other) { one } else { other };
    Rules {
        memory: both(one.memory, other.memory, |one, other| memory::Rules {
            budget: both(one.budget, other.budget, smaller),
            reserve: both(one.reserve, other.reserve, greater),
        }),
        processor: both(one.processor, other.processor, |one, other| processor::Rules {
            cores: one.cores.min(other.cores),
            max: both(one.max, other.max, std::cmp::min),
        }),
    }
}

fn both<T>(one: Option<T>, other: Option<T>, join: impl FnOnce(T, T) -> T) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(join(one, other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Amount::{Bytes, Percent};

    #[test]
    fn the_strictest_of_each_rule_counts() {
        let memory = |budget, reserve| Rules { memory: Some(memory::Rules { budget, reserve }), processor: None };
        let processor = |max| Rules { memory: None, processor: Some(processor::Rules { cores: 4, max }) };
        let none = Rules::default();
        for (one, other, expected) in [
            (none, none, none),
            (none, memory(None, None), memory(None, None)),
            (memory(Some(Bytes(300)), None), memory(Some(Percent(20.0)), None), memory(Some(Percent(20.0)), None)),
            (memory(Some(Bytes(100)), None), memory(Some(Percent(20.0)), None), memory(Some(Bytes(100)), None)),
            (memory(None, Some(Bytes(300))), memory(None, Some(Percent(20.0))), memory(None, Some(Bytes(300)))),
            (memory(None, Some(Bytes(9))), memory(Some(Bytes(5)), None), memory(Some(Bytes(5)), Some(Bytes(9)))),
            (processor(Some(9)), processor(Some(7)), processor(Some(7))),
            (processor(None), processor(Some(7)), processor(Some(7))),
            (processor(None), none, processor(None)),
        ] {
            let machine = Some(Machine { available: 0, total: 1000 });
            assert_eq!(strictest(one, other, machine), expected, "{one:?} {other:?}");
            assert_eq!(strictest(other, one, machine), expected, "{other:?} {one:?}");
        }
    }
}
