use super::*;
use crate::mcp::request::{Listeners, Settle};
use crate::runner::{Input, input};
use std::sync::mpsc::{Receiver, channel};

type Settled = Receiver<(Result<String, &'static str>, bool)>;

/// Makes a connection to a server that reads nothing, so that nothing leaves.
fn unread() -> (Arc<Connection>, Input) {
    let connection = Connection::new(None);
    let (sender, input) = input();
    connection.connect(sender);
    (connection, input)
}

fn ask(connection: &Connection) -> (i64, Settled) {
    let (sender, settled) = channel();
    let settle: Settle = Box::new(move |outcome, is_sent| {
        let _ = sender.send((outcome.map_err(|error| error.code()), is_sent));
    });
    let id = connection
        .client
        .register(Listeners::default(), settle)
        .map_err(|(error, _)| error)
        .expect("a live connection");
    connection.send(id, &Request::new("tools/list", ""));
    (id, settled)
}

fn answer(connection: &Connection, id: i64, text: &str) {
    connection.on_line(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"{text}"}}"#).as_bytes());
}

#[test]
fn each_request_gets_its_own_answer_once() {
    let (connection, _input) = unread();
    let ((first, one), (second, two)) = (ask(&connection), ask(&connection));
    assert_ne!(first, second);
    answer(&connection, second, "second");
    answer(&connection, first, "first");
    answer(&connection, first, "again");
    answer(&connection, second + 1, "to no request");
    assert_eq!(one.try_iter().collect::<Vec<_>>(), [(Ok(r#""first""#.to_owned()), true)]);
    assert_eq!(two.try_iter().collect::<Vec<_>>(), [(Ok(r#""second""#.to_owned()), true)]);
    assert_eq!(connection.client.log.invalid(), 0);
}

#[test]
fn a_request_cancelled_before_its_write_is_never_sent() {
    let (connection, _input) = unread();
    let (id, settled) = ask(&connection);
    connection.give_up(id, CallError::TimedOut);
    connection.give_up(id, CallError::Aborted);
    answer(&connection, id, "late");
    assert_eq!(settled.try_iter().collect::<Vec<_>>(), [(Err("ERR_CALL_TIMEOUT"), false)]);
    assert_eq!(connection.client.unanswered(), 0, "the server has not seen the request");
}

#[test]
fn the_end_of_the_connection_fails_all_requests() {
    let (connection, _input) = unread();
    let (id, settled) = ask(&connection);
    connection.shut_down(&CallError::Closed);
    connection.shut_down(&CallError::Aborted);
    connection.send(id, &Request::new("tools/list", ""));
    assert_eq!(settled.try_iter().collect::<Vec<_>>(), [(Err("ERR_CLOSED"), false)]);
    let refused = connection.client.register(Listeners::default(), Box::new(|_, _| {}));
    assert_eq!(refused.err().map(|(error, _)| error.code()), Some("ERR_CLOSED"), "the first reason stays");
}

#[test]
fn each_request_that_is_handed_over_is_reported_before_its_outcome() {
    let (connection, _input) = unread();
    let (sender, events) = channel();
    let register = |name: &'static str| {
        let (on_sent, on_outcome) = (sender.clone(), sender.clone());
        let listeners = Listeners {
            sent: Some(Arc::new(move || drop(on_sent.send(format!("{name} sent"))))),
            ..Listeners::default()
        };
        let settle: Settle = Box::new(move |_, _| drop(on_outcome.send(format!("{name} settled"))));
        connection.client.register(listeners, settle).map_err(|(error, _)| error).expect("a live connection")
    };
    let send = |id| connection.send(id, &Request::new("tools/list", ""));
    let (first, given_up, late) = (register("first"), register("given up"), register("late"));
    assert_eq!(events.try_iter().count(), 0, "nothing is sent yet");
    send(first);
    answer(&connection, first, "done");
    connection.give_up(given_up, CallError::Aborted);
    send(given_up);
    connection.close_input();
    send(late);
    assert_eq!(events.try_iter().collect::<Vec<_>>(), ["first sent", "first settled", "given up settled"]);
}

#[test]
fn an_error_that_names_no_request_of_ours_is_kept_in_the_log() {
    let (connection, _input) = unread();
    let (_, settled) = ask(&connection);
    connection.on_line(br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}"#);
    assert!(settled.try_iter().next().is_none());
    assert!(connection.client.log.text().contains("parse error"));
}

#[test]
fn a_server_that_sends_requests_and_never_reads_has_to_wait() {
    let (connection, input) = unread();
    let ping = format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"ping"}}"#, "x".repeat(1000));
    let mut asked = 0;
    while !connection.is_full() {
        asked += 1;
        assert!(asked * 1000 <= MAX_BACKLOG, "{asked} requests");
        connection.on_line(ping.as_bytes());
    }
    assert!(asked > 10, "{asked} requests");
    drop(input);
    assert!(!connection.is_full(), "the replies went with the server's input");
}
