use super::*;
use std::sync::mpsc::{Receiver, channel};

const UNNEEDED: &str = "unneeded";

/// A table whose events are noted: the method of a request, `UNNEEDED`, or nothing for a withdrawal.
fn noted() -> (Arc<ServerRequests>, Receiver<(u32, Option<String>)>) {
    let (sender, events) = channel();
    let requests = ServerRequests::new(Arc::new(move |number, event| {
        let method = match event {
            RequestEvent::Asked { method, .. } => Some(method),
            RequestEvent::Withdrawn => None,
            RequestEvent::Unneeded => Some(UNNEEDED.to_owned()),
        };
        let _ = sender.send((number, method));
    }));
    (requests, events)
}

fn inbox(requests: &Arc<ServerRequests>, max_size: usize) -> Inbox {
    requests.inbox("files", &vec!["roots/list".to_owned()].into(), max_size)
}

/// Asks; returns the replies to the request, and the refusal if the request is refused at once.
fn ask(inbox: &Inbox, id: &str, params: &str) -> (Receiver<String>, Option<String>) {
    ask_for(inbox, id, params, &[])
}

/// The same, for these requests of ours.
fn ask_for(inbox: &Inbox, id: &str, params: &str, causes: &[i64]) -> (Receiver<String>, Option<String>) {
    let (sender, replies) = channel();
    let respond = move || -> Respond {
        Box::new(move |reply| {
            let _ = sender.send(text(reply));
        })
    };
    let causes = causes.iter().copied().collect();
    let refusal = inbox.take(id.to_owned(), "roots/list".to_owned(), Some(params.to_owned()), causes, respond);
    (replies, refusal.err().map(text))
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

#[test]
fn a_request_is_answered_once_under_its_own_id() {
    let (requests, events) = noted();
    let inbox = inbox(&requests, 100);
    let (replies, refusal) = ask(&inbox, r#""a""#, "{}");
    assert_eq!(refusal, None);
    let (number, method) = events.try_recv().expect("an event");
    assert_eq!(method.as_deref(), Some("roots/list"));
    for _ in 0..2 {
        requests.answer(number, r#""result":{"roots":[]}"#);
    }
    requests.answer(number + 1, r#""result":{}"#);
    drop(inbox);
    let expected = r#"{"jsonrpc":"2.0","id":"a","result":{"roots":[]}}"#;
    assert_eq!(replies.try_iter().collect::<Vec<_>>(), [expected]);
    assert_eq!(events.try_iter().count(), 0);
}

#[test]
fn what_is_not_announced_is_refused() {
    let (requests, events) = noted();
    let inbox = inbox(&requests, 100);
    let method = "sampling/createMessage".to_owned();
    let refusal = inbox.take("1".to_owned(), method, None, BTreeSet::new(), || Box::new(|_| {}));
    assert!(text(refusal.expect_err("a refusal")).contains("-32601"));
    assert_eq!(events.try_iter().count(), 0);
}

#[test]
fn a_flood_is_refused_and_disturbs_no_other_session() {
    let (requests, events) = noted();
    let (flooded, other) = (inbox(&requests, 1000), inbox(&requests, 1000));
    let refused = (0..1000).filter(|id| ask(&flooded, &id.to_string(), "{}").1.is_some()).count();
    assert_eq!((refused, events.try_iter().count()), (1000 - MAX_WAITING, MAX_WAITING));
    assert_eq!(ask(&other, "1", "{}").1, None);
    requests.answer(1, r#""result":{}"#);
    assert_eq!(ask(&flooded, "1001", "{}").1, None, "there is room again");
}

#[test]
fn the_size_of_waiting_requests_is_bounded() {
    let (requests, _events) = noted();
    let inbox = inbox(&requests, 100);
    assert_eq!(ask(&inbox, "1", &" ".repeat(60)).1, None);
    assert!(ask(&inbox, "2", &" ".repeat(60)).1.expect("a refusal").contains("Too many requests at once"));
    inbox.withdraw("1");
    assert_eq!(ask(&inbox, "3", &" ".repeat(60)).1, None);
}

#[test]
fn a_withdrawn_request_and_those_of_an_ended_session_get_no_reply() {
    let (requests, events) = noted();
    let inbox = inbox(&requests, 100);
    let asked = [r#""a""#, "2", "3"].map(|id| ask(&inbox, id, "{}").0);
    let numbers: Vec<u32> = events.try_iter().map(|(number, _)| number).collect();
    inbox.withdraw("2");
    assert_eq!(events.try_iter().collect::<Vec<_>>(), [(numbers[1], None)]);
    inbox.close();
    assert_eq!(events.try_iter().collect::<Vec<_>>(), [(numbers[0], None), (numbers[2], None)]);
    for number in numbers {
        requests.answer(number, r#""result":{}"#);
    }
    assert!(asked.iter().all(|replies| replies.try_recv().is_err()));
}

#[test]
fn a_request_is_unneeded_once_all_calls_that_it_may_be_for_have_ended_and_one_was_given_up() {
    let (requests, events) = noted();
    let (inbox, other) = (inbox(&requests, 100), inbox(&requests, 100));
    let (replies, _) = ask_for(&inbox, "1", "{}", &[1, 2]);
    let _other = ask_for(&other, "1", "{}", &[1]);
    let _answered = ask_for(&inbox, "2", "{}", &[3]);
    let _of_none = ask_for(&inbox, "3", "{}", &[]);
    let number = events.try_iter().map(|(number, _)| number).min().expect("an event");
    inbox.settled(1, true);
    inbox.settled(3, false);
    inbox.settled(4, true);
    assert_eq!(events.try_iter().count(), 0, "another call may have caused it");
    inbox.settled(2, false);
    inbox.settled(2, true);
    assert_eq!(events.try_iter().collect::<Vec<_>>(), [(number, Some(UNNEEDED.to_owned()))]);
    requests.answer(number, r#""result":{}"#);
    assert_eq!(replies.try_iter().count(), 1, "an answer is sent all the same");
}
