//! Workers that are shell scripts.

use super::{Acquired, Template, Use, WorkerError, WorkerPool};
use crate::pool::{Limits, Refusal, Retirement, Rules};
use crate::process::tree::{Choices, Outputs, Spec};
use crate::registry::{Label, Registry};
use crate::runner::{Call, OnStuck, Stream};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// A limit for waits that should be short.
const TIMEOUT: Duration = Duration::from_secs(30);

struct Bench {
    pool: WorkerPool,
    registry: Arc<Registry>,
    delivered: mpsc::UnboundedReceiver<(u32, Acquired)>,
}

fn pool_of(script: &str, ready_within: Option<Duration>) -> Bench {
    let registry = Arc::<Registry>::default();
    let call = Call {
        spec: Spec {
            command: "sh".into(),
            arguments: vec!["-c".into(), script.into()],
            directory: None,
            choices: Choices::default(),
            environment: std::env::vars_os().collect(),
            number: 0,
            detached: false,
            guarded: false,
            killed_first: false,
            verbatim: false,
            outputs: Outputs::default(),
        },
        label: Label { pooled: true, ..Label::default() },
        timeout: None,
        max_buffer: 1024,
        kill_grace: Duration::from_millis(200),
        lines: None,
        merge: false,
        exit: None,
        signals: None,
        on_stuck: OnStuck::Wait,
    };
    let template = Template { call, ready_within };
    let limits = Limits { max_members: 2, max_starting: 2 };
    let (deliver, delivered) = mpsc::unbounded_channel();
    let deliver = move |number, acquired| drop(deliver.send((number, acquired)));
    let pool = WorkerPool::new(&registry, template, limits, Rules::default(), &Handle::current(), deliver);
    Bench { pool, registry, delivered }
}

impl Bench {
    async fn acquire(&mut self) -> Acquired {
        self.pool.acquire(0);
        self.delivered.recv().await.expect("the pool lives").1
    }

    async fn used(&mut self) -> Use {
        self.acquire().await.unwrap_or_else(|refusal| panic!("{refusal:?}"))
    }

    async fn refused(&mut self) -> WorkerError {
        match self.acquire().await {
            Err(Refusal::Start(error)) => error,
            other => panic!("{:?}", other.err()),
        }
    }

    async fn shut_down(self) {
        self.pool.shut_down().await;
        assert!(self.registry.list().is_empty());
    }
}

/// Returns the next lines of the standard output, as read at once.
async fn next_line(used: &mut Use) -> String {
    let lines = used.lines.as_mut().expect("not taken");
    loop {
        let mut batch = lines.recv().await.expect("a line");
        batch.retain(|line| line.stream == Stream::Stdout);
        if !batch.is_empty() {
            let text = batch.iter().map(|line| String::from_utf8_lossy(&line.bytes).into_owned());
            return text.collect::<Vec<_>>().join(",");
        }
    }
}

async fn answer(used: &mut Use, question: &str) -> String {
    let written = used.worker().write(format!("{question}\n").into_bytes());
    written.expect("open").await.expect("taken");
    next_line(used).await
}

#[tokio::test]
async fn a_worker_answers_one_user_after_another_and_is_listed_as_pooled() {
    let mut bench = pool_of("cat", None);
    let mut first = bench.used().await;
    assert_eq!(answer(&mut first, "one").await, "one");
    let pid = first.worker().pid();
    assert!(bench.registry.list().iter().all(|entry| entry.label.pooled && entry.pid == Some(pid)));
    first.end(1, false);
    let mut second = bench.pool.try_acquire().expect("idle");
    assert_eq!(second.worker().pid(), pid);
    assert_eq!(answer(&mut second, "two").await, "two");
    second.end(1, false);
    assert_eq!(bench.pool.stats().reused, 1);
    bench.shut_down().await;
}

#[tokio::test]
async fn a_worker_that_wrote_more_than_was_read_is_not_used_again() {
    let mut bench = pool_of("cat", None);
    for batches_read in [0, 2] {
        let mut used = bench.used().await;
        answer(&mut used, "said").await;
        used.end(batches_read, false);
    }
    let mut used = bench.used().await;
    answer(&mut used, "said").await;
    used.end(1, true);
    assert_eq!(bench.pool.stats().retired[&Retirement::Unhealthy], 3);
    assert!(bench.pool.try_acquire().is_none());
    bench.shut_down().await;
}

#[tokio::test]
async fn a_worker_that_writes_without_a_user_is_not_used_again() {
    let mut bench = pool_of("read line; echo \"$line\"; read line; sleep 0.1; echo late; exec cat", None);
    let mut used = bench.used().await;
    answer(&mut used, "said").await;
    used.worker().write(b"go\n".to_vec()).expect("open").await.expect("taken");
    used.end(1, false);
    while !bench.pool.stats().retired.contains_key(&Retirement::Unhealthy) {
        sleep(Duration::from_millis(5)).await;
    }
    bench.shut_down().await;
}

#[tokio::test]
async fn the_first_user_gets_the_lines_from_before() {
    let mut bench = pool_of("echo hello; exec cat", None);
    let mut used = bench.used().await;
    assert_eq!(next_line(&mut used).await, "hello");
    assert_eq!(answer(&mut used, "one").await, "one");
    used.end(2, false);
    bench.shut_down().await;
}

#[tokio::test]
async fn no_user_gets_the_line_that_says_ready_but_all_others() {
    let mut bench = pool_of("printf 'warning\\n' >&2; printf 'ready\\nand more\\n'; exec cat", Some(TIMEOUT));
    let mut used = bench.used().await;
    assert_eq!(next_line(&mut used).await, "and more");
    assert_eq!(answer(&mut used, "one").await, "one");
    drop(used);
    bench.shut_down().await;
}

#[tokio::test]
async fn a_worker_that_exits_has_an_exit_status() {
    let mut bench = pool_of("read line; echo gone >&2; exit 3", None);
    let mut used = bench.used().await;
    used.worker().write(b"go\n".to_vec()).expect("open").await.expect("taken");
    let lines = used.lines.as_mut().expect("not taken");
    while lines.recv().await.is_some() {}
    let end = used.worker().wait().await;
    assert_eq!((end.exit.code, &*end.stderr, end.ended), (Some(3), b"gone\n".as_slice(), None));
    drop(used);
    bench.shut_down().await;
}

#[tokio::test]
async fn a_worker_that_is_not_ready_in_time_is_terminated() {
    let mut silent = pool_of("exec sleep 60", Some(Duration::from_millis(50)));
    assert!(matches!(silent.refused().await, WorkerError::NotReady(..)));
    assert!(silent.registry.list().is_empty());
    silent.shut_down().await;
    let mut dead = pool_of("echo why >&2; exit 4", Some(TIMEOUT));
    let WorkerError::Exited(end) = dead.refused().await else { panic!("it exited") };
    assert_eq!((end.exit.code, &*end.stderr), (Some(4), b"why\n".as_slice()));
    dead.shut_down().await;
}

#[tokio::test]
async fn shutting_down_does_not_wait_for_readiness() {
    let mut bench = pool_of("exec sleep 60", Some(TIMEOUT * 100));
    bench.pool.acquire(1);
    while bench.registry.list().is_empty() {
        sleep(Duration::from_millis(5)).await;
    }
    bench.pool.shut_down().await;
    let (number, refused) = bench.delivered.recv().await.expect("answered");
    assert!(number == 1 && matches!(refused.err(), Some(Refusal::Closed)));
    bench.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn workers_are_delivered_in_order_and_not_to_waiters_that_gave_up() {
    let mut bench = pool_of("cat", None);
    let (mut expected, mut served) = (Vec::new(), Vec::new());
    for number in 0..200 {
        bench.pool.acquire(number);
    }
    for number in 0..200 {
        if number % 7 != 3 || !bench.pool.give_up(number) {
            expected.push(number);
        }
    }
    while served.len() < expected.len() {
        let (number, used) = bench.delivered.recv().await.expect("the pool lives");
        served.push(number);
        drop(used.expect("served"));
    }
    assert_eq!(served, expected);
    assert_eq!(bench.pool.queued(), 0);
    assert!(!bench.pool.give_up(199));
    bench.shut_down().await;
}
