use super::*;
use crate::limit::calls::{Limits, Rate};
use std::time::Duration;

fn texts(command: &Command) -> Vec<String> {
    let process = ProcessId::new("p1").expect("an id");
    let arguments = command.arguments(&process, Duration::from_secs(15));
    arguments.into_iter().map(|each| String::from_utf8(each).expect("a text")).collect()
}

fn bytes(text: &str) -> Value {
    Value::Bytes(text.into())
}

#[test]
fn names_that_would_confuse_keys_are_refused() {
    assert_eq!(FleetName::new("mcp tools").map(|name| name.keys()[3].clone()).as_deref(), Some("{mcp tools}:queue"));
    for bad in ["", "a{b", "a}b", "a\nb", &"x".repeat(201)] {
        assert_eq!(FleetName::new(bad), None, "{bad}");
    }
    for bad in ["", "a:b", "a b", &"x".repeat(65)] {
        assert_eq!(ProcessId::new(bad), None, "{bad}");
    }
}

#[test]
fn commands_become_arguments() {
    let ask = Ask { id: 7, server: "a%\0".into(), cost: 2, ticket: Some(5) };
    assert_eq!(
        texts(&Command::Acquire(vec![ask])),
        ["acquire", "p1", "15000", "0000000000000007", "a%25%00", "2", "5"]
    );
    let asks = vec![Ask { id: 8, server: "b".into(), cost: 1, ticket: None }];
    assert_eq!(
        texts(&Command::Replace { ended: vec![7], asks })[3..],
        ["1", "0000000000000007", "0000000000000008", "b", "1", "0"]
    );
    let limits = Limits { limit: None, rate: Some(Rate { limit: 3, interval: Duration::from_millis(2) }) };
    let servers = vec![ServerLimits { server: "s".into(), limits }];
    let info = ProcessInfo { host: "h\0h".into(), pid: 4, label: String::new() };
    let join = Command::Join { version: None, terms: Terms { limit: 9, servers }, info };
    assert_eq!(texts(&join), ["join", "p1", "15000", "0", "h h\u{0}4\u{0}", "9", "s", "", "3", "2000"]);
    assert_eq!(texts(&Command::Beat { after: 0 })[3..], ["0000000000000000"]);
}

#[test]
fn other_answers_are_refused() {
    let good = |detail: Value| {
        let numbers = [1, 5, 6, -1, 0, 2].map(Value::Integer);
        Value::Array(numbers.into_iter().chain([Value::Array(vec![]), detail]).collect())
    };
    let none = Value::Array(vec![]);
    let answer = Answer::read(&Command::Tick, &good(none.clone())).expect("an answer");
    assert_eq!((answer.epoch, answer.version, answer.wake, answer.processes), (5, 6, None, 2));
    let join =
        Command::Join { version: None, terms: Terms { limit: 1, servers: vec![] }, info: ProcessInfo::default() };
    let joined = Value::Array(vec![bytes("6"), Value::Integer(1), bytes("4\0a%25\0\u{32}\0\0")]);
    let Detail::Joined { others: Some(found), .. } = Answer::read(&join, &good(joined)).expect("an answer").detail
    else {
        panic!()
    };
    assert_eq!((found.terms.limit, &*found.terms.servers[0].server), (4, "a%"));
    assert_eq!(found.terms.servers[0].limits, Limits { limit: Some(2), rate: None });
    let beaten = [9, 4, 3, 0, 7, 50, 1].map(Value::Integer);
    let answer = Answer::read(&Command::Beat { after: 0 }, &good(Value::Array(beaten.into()))).expect("an answer");
    let usage = Usage { limit: 9, in_use: 4, waiting: 3 };
    let held = vec![Held { id: 7, fence: Some(50), is_rated: true }];
    assert_eq!(answer.detail, Detail::Holders { usage, until: None, held });
    for (command, value) in [
        (&Command::Tick, Value::Nil),
        (&Command::Tick, bytes("OK")),
        (&Command::Beat { after: 0 }, good(none.clone())),
        (&join, good(none.clone())),
        (&Command::List, good(none)),
    ] {
        assert!(Answer::read(command, &value).is_err(), "{command:?}: {value:?}");
    }
}

#[test]
fn notices_are_read_and_other_texts_ignored() {
    let grant = Grant { id: 12, fence: 5, ticket: None, is_rated: true };
    assert_eq!(Notice::read("granted 0000000000000012 5 0 1"), Some(Notice::Granted(vec![grant])));
    assert_eq!(Notice::read("wake 30"), Some(Notice::Wake(Duration::from_millis(30))));
    for other in ["", "granted 1 2", "granted 1 2 3 x", "wake", "wake -1", "hello 1"] {
        assert_eq!(Notice::read(other), None, "{other}");
    }
}
