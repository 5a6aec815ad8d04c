use super::*;
use crate::runner::{Input, input};
use std::sync::mpsc::{Receiver, channel};

type Settled = Receiver<(Result<String, &'static str>, bool)>;

/// Before the server reads anything, so that nothing leaves.
fn unread() -> (Arc<Conversation>, mpsc::UnboundedReceiver<ServerJsonRpcMessage>, Input) {
    let (conversation, messages) = Conversation::new();
    let (sender, input) = input();
    conversation.connect(sender);
    (conversation, messages, input)
}

fn ask(conversation: &Conversation) -> (i64, Settled) {
    let (sender, settled) = channel();
    let settle: Settle = Box::new(move |outcome, is_sent| {
        let _ = sender.send((outcome.map_err(|error| error.code()), is_sent));
    });
    let number = conversation.register(None, settle).map_err(|(error, _)| error).expect("it goes on");
    conversation.send(number, &Request::ListTools { cursor: None });
    (number, settled)
}

fn answer(conversation: &Conversation, number: i64, text: &str) {
    conversation.hear(format!(r#"{{"jsonrpc":"2.0","id":{number},"result":"{text}"}}"#).as_bytes());
}

#[test]
fn each_hears_its_own_answer_once() {
    let (conversation, _messages, _input) = unread();
    let ((first, one), (second, two)) = (ask(&conversation), ask(&conversation));
    assert_ne!(first, second);
    answer(&conversation, second, "second");
    answer(&conversation, first, "first");
    answer(&conversation, first, "again");
    answer(&conversation, second + 1, "to nobody");
    assert_eq!(one.try_iter().collect::<Vec<_>>(), [(Ok(r#""first""#.to_owned()), true)]);
    assert_eq!(two.try_iter().collect::<Vec<_>>(), [(Ok(r#""second""#.to_owned()), true)]);
    assert_eq!(conversation.heard.garbage(), 0);
}

#[test]
fn what_is_given_up_before_it_has_left_never_leaves() {
    let (conversation, _messages, _input) = unread();
    let (number, settled) = ask(&conversation);
    conversation.give_up(number, CallError::TimedOut);
    conversation.give_up(number, CallError::Aborted);
    answer(&conversation, number, "late");
    assert_eq!(settled.try_iter().collect::<Vec<_>>(), [(Err("ERR_CALL_TIMEOUT"), false)]);
    assert_eq!(conversation.unanswered(), 0, "the server knows nothing of it");
}

#[test]
fn the_end_is_told_to_all_and_to_those_who_come_after_it() {
    let (conversation, _messages, _input) = unread();
    let (number, settled) = ask(&conversation);
    conversation.end(&CallError::Closed);
    conversation.end(&CallError::Aborted);
    conversation.send(number, &Request::ListTools { cursor: None });
    assert_eq!(settled.try_iter().collect::<Vec<_>>(), [(Err("ERR_CLOSED"), false)]);
    assert!(!conversation.write(b"{}".to_vec()));
    let refused = conversation.register(None, Box::new(|_, _| {}));
    assert_eq!(refused.err().map(|(error, _)| error.code()), Some("ERR_CLOSED"), "the first reason stays");
}

#[test]
fn a_server_that_asks_and_asks_has_to_wait_until_it_is_heard() {
    let (conversation, mut messages, _input) = unread();
    let ping = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for _ in 1..MAX_WAITING {
        conversation.hear(ping);
    }
    assert!(!conversation.is_full());
    conversation.hear(ping);
    assert!(conversation.is_full());
    assert!(messages.try_recv().is_ok());
    conversation.taken();
    assert!(!conversation.is_full());
    conversation.ended();
    let rest = std::iter::from_fn(|| messages.try_recv().ok()).count();
    assert_eq!(rest, MAX_WAITING - 1);
    assert!(messages.is_closed());
}
