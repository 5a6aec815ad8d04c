//! JSON-RPC messages: anything can be read, and a result is read to the letter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use procward::mcp::{Incoming, read_messages};
use serde_json::value::RawValue;

fuzz_target!(|input: &[u8]| {
    read_messages(input);
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(value) = serde_json::from_str::<&RawValue>(text) else { return };
    let message = format!(r#"{{"jsonrpc":"2.0","id":7,"result":{text}}}"#);
    match &read_messages(message.as_bytes())[..] {
        [Incoming::Response { outcome: Ok(result), .. }] => assert_eq!(result, value.get()),
        other => panic!("{other:?}"),
    }
});
