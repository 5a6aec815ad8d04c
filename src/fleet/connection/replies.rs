//! Replies of Redis as values, each of bounded length.

use super::stream::Stream;
use super::words::failure_words;
use crate::fleet::script;
use combine::parser::combinator::AnySendSyncPartialState;
use combine::stream::{Decoder, PointerOffset};
use redis::Value;
use tokio::io::{AsyncReadExt, ReadHalf};

/// The longest reply. A reply of the script is at most a few hundred kilobytes.
const MAX_REPLY: u64 = 16 * 1024 * 1024;

/// The replies of a connection.
pub struct Replies {
    reader: ReadHalf<Stream>,
    /// The library's parser, with the bytes that were read beyond the last reply.
    decoder: Decoder<AnySendSyncPartialState, PointerOffset<[u8]>>,
}

impl Replies {
    pub fn new(reader: ReadHalf<Stream>) -> Self {
        Self { reader, decoder: Decoder::default() }
    }

    /// Reads the next reply. An error is the end of the connection, as is dropping the future.
    pub async fn next(&mut self) -> Result<Value, String> {
        let mut bounded = (&mut self.reader).take(MAX_REPLY);
        redis::parse_redis_value_async(&mut self.decoder, &mut bounded).await.map_err(|error| failure_words(&error))
    }
}

/// Converts a reply to the values that the script's answers are made of.
pub fn script_value(value: &Value) -> script::Value {
    match value {
        Value::Int(number) => script::Value::Integer(*number),
        Value::BulkString(bytes) => script::Value::Bytes(bytes.clone()),
        Value::SimpleString(text) => script::Value::Bytes(text.clone().into_bytes()),
        Value::Array(values) => script::Value::Array(values.iter().map(script_value).collect()),
        _ => script::Value::Nil,
    }
}
