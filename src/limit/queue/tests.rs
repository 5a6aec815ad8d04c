use super::*;

fn queue(servers: &[&str]) -> ServerQueue {
    let mut queue = ServerQueue::default();
    for (process, server) in (1..).zip(servers) {
        assert_eq!(queue.push((*server).into()), process);
    }
    queue
}

#[test]
fn the_first_request_of_those_that_may_start_is_next() {
    for (removed, stopped, next) in [
        (&[][..], &[][..], Some(1)),
        (&[], &["a"], Some(3)),
        (&[], &["a", "b"], Some(5)),
        (&[], &["a", "b", "c"], None),
        (&[1], &[], Some(2)),
        (&[1, 2], &[], Some(3)),
        (&[1, 2, 4], &["b"], Some(5)),
        (&[3], &["a"], Some(5)),
        (&[1, 2, 3, 4, 5, 6], &[], None),
    ] {
        let mut queue = queue(&["a", "a", "b", "a", "c", "b"]);
        for process in removed {
            assert!(queue.remove(*process).is_some());
            assert!(queue.remove(*process).is_none());
        }
        let first = queue.first(|server| !stopped.contains(&&**server)).map(|(process, _)| process);
        assert_eq!(first, next, "{removed:?}, {stopped:?}");
        assert_eq!(queue.len(), 6 - removed.len());
    }
}

#[test]
fn an_empty_queue_keeps_nothing() {
    let mut queue = queue(&["a", "b", "a"]);
    assert_eq!((queue.len_of("a"), queue.len_of("b"), queue.len_of("c")), (2, 1, 0));
    for process in [2, 3, 1] {
        queue.remove(process);
    }
    assert!(queue.is_empty() && queue.by_server.is_empty() && queue.heads.is_empty());
}
