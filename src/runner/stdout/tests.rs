use super::*;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Keeps its lines, and is full on request.
#[derive(Default)]
struct Recorder {
    lines: Mutex<Vec<String>>,
    is_full: AtomicBool,
    has_ended: AtomicBool,
    room: Notify,
    changed: Notify,
}

impl Listener for Recorder {
    fn on_line(&self, line: &[u8]) {
        self.lines.lock().push(String::from_utf8_lossy(line).into_owned());
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

impl Recorder {
    async fn has_lines(&self, expected: &[&str]) {
        let arrived = async {
            while *self.lines.lock() != expected {
                self.changed.notified().await;
            }
        };
        let has_arrived = timeout(Duration::from_secs(30), arrived).await.is_ok();
        assert!(has_arrived, "{:?} instead of {expected:?}", self.lines.lock());
    }

    async fn has_ended(&self) {
        let ended = async {
            while !self.has_ended.load(Ordering::Acquire) {
                self.changed.notified().await;
            }
        };
        assert!(timeout(Duration::from_secs(30), ended).await.is_ok());
    }
}

struct Bench {
    recorder: Arc<Recorder>,
    stdout: Arc<Stdout>,
    /// The child's end.
    child: Option<OwnedFd>,
    stop: watch::Sender<bool>,
    reading: JoinHandle<()>,
}

impl Bench {
    fn new(max_line: usize) -> Self {
        let (output, child) = std::io::pipe().expect("a pipe");
        let recorder = Arc::<Recorder>::default();
        let stdout = Arc::new(Stdout::new(Arc::clone(&recorder) as Arc<dyn Listener>, max_line));
        let stop = watch::Sender::new(false);
        let output = std::process::ChildStdout::from(OwnedFd::from(output));
        let output = ChildStdout::from_std(output).expect("it can be waited for");
        let reading = tokio::spawn(Arc::clone(&stdout).read(output, stop.subscribe()));
        Self { recorder, stdout, child: Some(child.into()), stop, reading }
    }

    fn write(&self, text: &str) {
        let child = self.child.as_ref().expect("it has not closed its output");
        assert_eq!(rustix::io::write(child, text.as_bytes()), Ok(text.len()));
    }

    /// Moves the output to an event loop once the runtime reads it. The flag tells whether the runtime took the output
    /// back.
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
async fn lines_arrive_in_order_from_either_reader() {
    let mut bench = Bench::new(100);
    bench.write("one\ntw");
    bench.recorder.has_lines(&["one"]).await;
    let (reader, released) = bench.lend().await;
    assert!(bench.stdout.read_on_event_loop(|| {}).is_none(), "the event loop reads already");
    bench.write("o\nthree\nfo");
    assert!(read_ready(&reader));
    assert_eq!(*bench.recorder.lines.lock(), ["one", "two", "three"], "read by the event loop at once");
    assert!(read_ready(&reader), "an empty pipe is no reason to give the output back");
    drop(reader);
    bench.write("ur\n");
    bench.recorder.has_lines(&["one", "two", "three", "four"]).await;
    let (reader, _) = bench.lend().await;
    bench.write("last");
    bench.child = None;
    assert!(read_ready(&reader), "bytes were read");
    assert!(!read_ready(&reader), "the end");
    drop(reader);
    bench.recorder.has_ended().await;
    bench.recorder.has_lines(&["one", "two", "three", "four", "last"]).await;
    assert!(!released.load(Ordering::Acquire), "it was given back");
}

#[tokio::test]
async fn available_lines_are_read_while_the_event_loop_has_the_output() {
    let bench = Bench::new(100);
    let (reader, _) = bench.lend().await;
    bench.write("one\n");
    bench.stdout.read_available();
    assert_eq!(*bench.recorder.lines.lock(), ["one"]);
    bench.write("two\n");
    assert!(read_ready(&reader));
    assert_eq!(*bench.recorder.lines.lock(), ["one", "two"]);
}

#[tokio::test]
async fn a_stop_reads_the_available_lines_and_notifies_the_event_loop() {
    let bench = Bench::new(100);
    let (reader, released) = bench.lend().await;
    bench.write("one\nlast");
    bench.stop.send_replace(true);
    bench.recorder.has_ended().await;
    assert_eq!(*bench.recorder.lines.lock(), ["one", "last"]);
    assert!(released.load(Ordering::Acquire));
    assert!(rustix::io::fcntl_getfd(reader.as_fd()).is_ok(), "the descriptor stays open for the event loop");
    bench.write("more\n");
    assert!(!read_ready(&reader));
    assert_eq!(bench.recorder.lines.lock().len(), 2);
    assert!(bench.stdout.read_on_event_loop(|| {}).is_none());
}

#[tokio::test]
async fn a_line_that_is_too_long_closes_the_output_for_either_reader() {
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
        bench.recorder.has_ended().await;
        bench.recorder.has_lines(&["12345"]).await;
        assert!(bench.reading.await.is_ok());
    }
}

#[tokio::test]
async fn a_full_listener_pauses_the_reader() {
    let bench = Bench::new(100);
    let (reader, _) = bench.lend().await;
    bench.recorder.is_full.store(true, Ordering::Release);
    bench.write("one\n");
    assert!(!read_ready(&reader), "the output is given back to the runtime, which can wait");
    drop(reader);
    bench.write("two\n");
    tokio::task::yield_now().await;
    bench.stdout.read_available();
    assert_eq!(*bench.recorder.lines.lock(), ["one"]);
    assert!(!bench.stdout.can_be_read_on_event_loop());
    bench.recorder.is_full.store(false, Ordering::Release);
    bench.recorder.room.notify_one();
    bench.recorder.has_lines(&["one", "two"]).await;
}
