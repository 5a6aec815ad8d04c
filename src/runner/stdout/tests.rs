use super::*;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Keeps what it hears, and is full when it is told to be.
#[derive(Default)]
struct Ear {
    heard: Mutex<Vec<String>>,
    is_full: AtomicBool,
    has_ended: AtomicBool,
    room: Notify,
    changed: Notify,
}

impl Listener for Ear {
    fn on_line(&self, line: &[u8]) {
        self.heard.lock().push(String::from_utf8_lossy(line).into_owned());
        self.changed.notify_one();
    }

    fn on_end(&self) {
        self.has_ended.store(true, Ordering::Release);
        self.changed.notify_one();
    }

    fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Acquire)
    }

    fn drained(&self) -> &Notify {
        &self.room
    }
}

impl Ear {
    async fn has_heard(&self, lines: &[&str]) {
        let heard = async {
            while *self.heard.lock() != lines {
                self.changed.notified().await;
            }
        };
        let is_heard = timeout(Duration::from_secs(30), heard).await.is_ok();
        assert!(is_heard, "heard {:?} instead of {lines:?}", self.heard.lock());
    }

    async fn is_over(&self) {
        let over = async {
            while !self.has_ended.load(Ordering::Acquire) {
                self.changed.notified().await;
            }
        };
        assert!(timeout(Duration::from_secs(30), over).await.is_ok());
    }
}

struct Bench {
    ear: Arc<Ear>,
    stdout: Arc<Stdout>,
    /// The child's end.
    child: Option<OwnedFd>,
    stop: watch::Sender<bool>,
    reading: JoinHandle<()>,
}

impl Bench {
    fn new(max_line: usize) -> Self {
        let (output, child) = std::io::pipe().expect("a pipe");
        let ear = Arc::<Ear>::default();
        let stdout = Arc::new(Stdout::new(Arc::clone(&ear) as Arc<dyn Listener>, max_line));
        let stop = watch::Sender::new(false);
        let output = std::process::ChildStdout::from(OwnedFd::from(output));
        let output = ChildStdout::from_std(output).expect("it can be waited for");
        let reading = tokio::spawn(Arc::clone(&stdout).read(output, stop.subscribe()));
        Self { ear, stdout, child: Some(child.into()), stop, reading }
    }

    fn write(&self, text: &str) {
        let child = self.child.as_ref().expect("it has not closed its output");
        assert_eq!(rustix::io::write(child, text.as_bytes()), Ok(text.len()));
    }

    /// Lends it once the runtime has it, and tells when it is taken back.
    async fn lend(&self) -> (event_loop::EventLoopReader, Arc<AtomicBool>) {
        while !self.stdout.can_be_read_on_event_loop() {
            tokio::task::yield_now().await;
        }
        let released = Arc::<AtomicBool>::default();
        let told = Arc::clone(&released);
        (self.stdout.read_on_event_loop(move || told.store(true, Ordering::Release)).expect("it can be lent"), released)
    }
}

fn read_ready(reader: &event_loop::EventLoopReader) -> bool {
    reader.read_ready(&mut [0; 16])
}

#[tokio::test]
async fn lines_are_heard_whoever_reads_them() {
    let mut bench = Bench::new(100);
    bench.write("one\ntw");
    bench.ear.has_heard(&["one"]).await;
    let (reader, released) = bench.lend().await;
    assert!(bench.stdout.read_on_event_loop(|| {}).is_none(), "one has it");
    bench.write("o\nthree\nfo");
    assert!(read_ready(&reader));
    assert_eq!(*bench.ear.heard.lock(), ["one", "two", "three"], "read by whoever has it, at once");
    assert!(read_ready(&reader), "nothing to read is no reason to give it back");
    drop(reader);
    bench.write("ur\n");
    bench.ear.has_heard(&["one", "two", "three", "four"]).await;
    let (reader, _) = bench.lend().await;
    bench.write("last");
    bench.child = None;
    assert!(read_ready(&reader), "there was something");
    assert!(!read_ready(&reader), "the end");
    drop(reader);
    bench.ear.is_over().await;
    bench.ear.has_heard(&["one", "two", "three", "four", "last"]).await;
    assert!(!released.load(Ordering::Acquire), "it was given back");
}

#[tokio::test]
async fn a_glance_reads_what_whoever_has_it_has_not() {
    let bench = Bench::new(100);
    let (reader, _) = bench.lend().await;
    bench.write("one\n");
    bench.stdout.read_available();
    assert_eq!(*bench.ear.heard.lock(), ["one"]);
    bench.write("two\n");
    assert!(read_ready(&reader));
    assert_eq!(*bench.ear.heard.lock(), ["one", "two"]);
}

#[tokio::test]
async fn when_it_is_stopped_what_there_is_is_read_and_whoever_has_it_is_told() {
    let bench = Bench::new(100);
    let (reader, released) = bench.lend().await;
    bench.write("one\nlast");
    bench.stop.send_replace(true);
    bench.ear.is_over().await;
    assert_eq!(*bench.ear.heard.lock(), ["one", "last"]);
    assert!(released.load(Ordering::Acquire));
    assert!(rustix::io::fcntl_getfd(reader.as_fd()).is_ok(), "its descriptor stays open for whoever watches it");
    bench.write("more\n");
    assert!(!read_ready(&reader));
    assert_eq!(bench.ear.heard.lock().len(), 2);
    assert!(bench.stdout.read_on_event_loop(|| {}).is_none());
}

#[tokio::test]
async fn a_line_that_is_too_long_ends_it_whoever_reads_it() {
    for is_lent in [false, true] {
        let bench = Bench::new(5);
        if is_lent {
            let (reader, _) = bench.lend().await;
            bench.write("12345\n123456\n");
            assert!(!read_ready(&reader));
        } else {
            bench.write("12345\n123456\n");
        }
        assert!(timeout(Duration::from_secs(30), bench.stdout.overflow().wait()).await.is_ok());
        bench.ear.is_over().await;
        bench.ear.has_heard(&["12345"]).await;
        assert!(bench.reading.await.is_ok());
    }
}

#[tokio::test]
async fn who_is_full_is_not_read_for_until_there_is_room() {
    let bench = Bench::new(100);
    let (reader, _) = bench.lend().await;
    bench.ear.is_full.store(true, Ordering::Release);
    bench.write("one\n");
    assert!(!read_ready(&reader), "it is given back to somebody who can wait");
    drop(reader);
    bench.write("two\n");
    tokio::task::yield_now().await;
    bench.stdout.read_available();
    assert_eq!(*bench.ear.heard.lock(), ["one"]);
    assert!(!bench.stdout.can_be_read_on_event_loop());
    bench.ear.is_full.store(false, Ordering::Release);
    bench.ear.room.notify_one();
    bench.ear.has_heard(&["one", "two"]).await;
}
