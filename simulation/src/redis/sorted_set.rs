//! The commands of sorted sets. Scores are whole numbers, because the script has no others.

use super::{Bytes, Reply, bytes, number, parsed};
use procward::fleet::script::Value;
use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;

#[derive(Debug, Clone, Default)]
pub(super) struct SortedSet {
    scores: HashMap<Bytes, i64>,
    order: BTreeSet<(i64, Bytes)>,
}

impl SortedSet {
    pub(super) fn len(&self) -> usize {
        self.scores.len()
    }

    pub(super) fn call(&mut self, name: &[u8], rest: &[&[u8]]) -> Reply {
        match (name, rest) {
            (b"ZADD", &[ref options @ .., score, member]) => self.add(options, parsed(score)?, member),
            (b"ZREM", members) => Ok(number(members.iter().filter(|&&member| self.remove(member)).count())),
            (b"ZCARD", []) => Ok(number(self.len())),
            (b"ZSCORE", &[member]) => Ok(self.scores.get(member).map_or(Value::Nil, |score| bytes(score.to_string()))),
            (b"ZRANGE", &[from, to, ref options @ ..]) => self.range(parsed(from)?, parsed(to)?, options),
            (b"ZRANGEBYSCORE", &[b"-inf", to, b"LIMIT", b"0", most]) => {
                let to: i64 = parsed(to)?;
                let members = self.order.iter().take_while(|(score, _)| *score <= to).take(parsed(most)?);
                Ok(Value::Array(members.map(|(_, member)| bytes(member.as_slice())).collect()))
            }
            (b"ZRANGEBYLEX", &[from, to, b"LIMIT", b"0", most]) => {
                let members = self.by_name(from, to)?.take(parsed(most)?);
                Ok(Value::Array(members.map(|member| bytes(member.as_slice())).collect()))
            }
            (b"ZLEXCOUNT", &[from, to]) => Ok(number(self.by_name(from, to)?.count())),
            (b"ZREMRANGEBYLEX", &[from, to]) => {
                let members: Vec<_> = self.by_name(from, to)?.cloned().collect();
                Ok(number(members.iter().filter(|member| self.remove(member)).count()))
            }
            _ => Err(format!("unknown command {}", String::from_utf8_lossy(name))),
        }
    }

    fn add(&mut self, options: &[&[u8]], score: i64, member: &[u8]) -> Reply {
        let has = |option: &[u8]| options.contains(&option);
        if !options.iter().all(|option| matches!(option, &b"GT" | &b"CH" | &b"XX")) {
            return Err("unknown option of ZADD".to_owned());
        }
        let before = self.scores.get(member).copied();
        let skips = before.map_or(has(b"XX"), |before| before == score || has(b"GT") && before > score);
        if !skips {
            self.remove(member);
            self.scores.insert(member.to_vec(), score);
            self.order.insert((score, member.to_vec()));
        }
        Ok(number(usize::from(!skips && (before.is_none() || has(b"CH")))))
    }

    fn remove(&mut self, member: &[u8]) -> bool {
        self.scores.remove_entry(member).is_some_and(|(member, score)| self.order.remove(&(score, member)))
    }

    fn range(&self, from: usize, to: usize, options: &[&[u8]]) -> Reply {
        let found = self.order.iter().skip(from).take((to + 1).saturating_sub(from));
        match options {
            [] => Ok(Value::Array(found.map(|(_, member)| bytes(member.as_slice())).collect())),
            [b"WITHSCORES"] => Ok(Value::Array(
                found.flat_map(|(score, member)| [bytes(member.as_slice()), bytes(score.to_string())]).collect(),
            )),
            _ => Err("unknown option of ZRANGE".to_owned()),
        }
    }

    /// Returns the members of a range by name. All scores are 0 there.
    fn by_name(&self, from: &[u8], to: &[u8]) -> Result<impl Iterator<Item = &Bytes> + use<'_>, String> {
        let bound = |word: &[u8]| match word.split_first() {
            Some((b'[', name)) => Ok(Bound::Included((0, name.to_vec()))),
            Some((b'(', name)) => Ok(Bound::Excluded((0, name.to_vec()))),
            _ => Err("min or max not valid string range item".to_owned()),
        };
        let (from, to) = (bound(from)?, bound(to)?);
        let is_empty = matches!((&from, &to), (Bound::Included(a) | Bound::Excluded(a), Bound::Included(b) | Bound::Excluded(b)) if a >= b);
        let range = (!is_empty).then(|| self.order.range((from, to)));
        Ok(range.into_iter().flatten().map(|(_, member)| member))
    }
}
