//! The commands of hashes.

use super::{Bytes, Reply, bytes, number, parsed};
use procward::fleet::script::Value;
use std::collections::BTreeMap;

pub(super) fn call(hash: &mut BTreeMap<Bytes, Bytes>, name: &[u8], rest: &[&[u8]]) -> Reply {
    match (name, rest) {
        (b"HGET", &[field]) => Ok(hash.get(field).map_or(Value::Nil, bytes_of)),
        (b"HMGET", fields) if !fields.is_empty() => {
            Ok(Value::Array(fields.iter().map(|&field| hash.get(field).map_or(Value::Nil, bytes_of)).collect()))
        }
        (b"HSET", pairs) if !pairs.is_empty() && pairs.len().is_multiple_of(2) => {
            let added = pairs.chunks_exact(2).filter(|pair| hash.insert(pair[0].to_vec(), pair[1].to_vec()).is_none());
            Ok(number(added.count()))
        }
        (b"HDEL", fields) => Ok(number(fields.iter().filter(|&&field| hash.remove(field).is_some()).count())),
        (b"HINCRBY", &[field, by]) => {
            let before = hash.get(field).map_or(Ok(0), |value| parsed::<i64>(value))?;
            let after = before + parsed::<i64>(by)?;
            hash.insert(field.to_vec(), after.to_string().into_bytes());
            Ok(Value::Integer(after))
        }
        (b"HLEN", []) => Ok(number(hash.len())),
        (b"HKEYS", []) => Ok(Value::Array(hash.keys().map(bytes_of).collect())),
        (b"HSCAN", _) => {
            let pairs = hash.iter().flat_map(|(field, value)| [bytes_of(field), bytes_of(value)]);
            Ok(Value::Array(vec![bytes("0"), Value::Array(pairs.collect())]))
        }
        _ => Err(format!("unknown command {}", String::from_utf8_lossy(name))),
    }
}

fn bytes_of(text: &Bytes) -> Value {
    bytes(text.as_slice())
}
