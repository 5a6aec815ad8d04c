//! Reads an output for the use that its caller makes of it.

use super::{KEPT, Outlet, State, Use};
use crate::process::tree::ChildStdout;
use crate::runner::capture::pipe::Pipe;
use crate::runner::lines::{Line, Splitter, Stream};
use crate::runner::overflow::{CHUNK, Overflow};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// The reader of one output.
pub struct OutletReader {
    pub stream: Stream,
    pub outlet: Arc<Outlet>,
    /// Receives the lines of an output that is read as lines.
    pub receiver: mpsc::Sender<Vec<Line>>,
    pub max_line: usize,
    pub overflow: Arc<Overflow>,
}

impl OutletReader {
    /// Reads until the end, or until the caller takes the descriptor. After a stop, reads only the available bytes.
    /// `look` sees all bytes.
    pub async fn read(self, mut stopped: watch::Receiver<bool>, mut look: impl FnMut(&[u8])) {
        let Self { outlet, max_line, .. } = &self;
        outlet.wait_or(&mut stopped).await;
        let Some(output) = outlet.open() else { return };
        let mut pipe = Pipe::new(output, stopped.clone());
        let mut chunk = Vec::with_capacity(CHUNK);
        loop {
            outlet.wait_or(&mut stopped).await;
            if outlet.is_given_up() {
                return;
            }
            let bytes = pipe.read(&mut chunk).await;
            if bytes.is_empty() {
                break;
            }
            look(bytes);
            let (lines, all_fit) = outlet.accept(bytes, *max_line);
            if !lines.is_empty() {
                self.pass(lines).await;
            }
            if !all_fit {
                self.overflow.set();
                outlet.end();
                return;
            }
        }
        if let Some(line) = outlet.end() {
            self.pass(vec![line]).await;
        }
    }

    /// Waits for the receiver, so that a command that writes too fast has to wait too.
    async fn pass(&self, lines: Vec<Vec<u8>>) {
        let lines = lines.into_iter().map(|bytes| Line { stream: self.stream, bytes }).collect();
        // Without a receiver the command may go on writing.
        let _ = self.receiver.send(lines).await;
    }
}

impl Outlet {
    /// Waits until the next bytes are to be read, the output belongs to the caller, or the stop.
    async fn wait_or(&self, stopped: &mut watch::Receiver<bool>) {
        tokio::select! {
            biased;
            () = self.wait() => {}
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
    }

    async fn wait(&self) {
        loop {
            let changed = self.changed.notified();
            let is_ready = {
                let state = self.state.lock();
                match state.usage {
                    Use::Waiting | Use::Paused => false,
                    Use::Kept | Use::Lines | Use::Taken => true,
                    Use::Chunks => state.kept.is_empty(),
                }
            };
            if is_ready {
                return;
            }
            changed.await;
        }
    }

    /// Returns whether the output is no longer to be read here.
    fn is_given_up(&self) -> bool {
        self.state.lock().usage == Use::Taken
    }

    /// Returns the output for its reader; `None` if it belongs to the caller. Needs the runtime's reactor.
    fn open(&self) -> Option<ChildStdout> {
        let mut state = self.state.lock();
        let source = state.source.take()?;
        state.has_reader = true;
        if state.usage == Use::Waiting {
            state.usage = Use::Kept;
        }
        #[cfg(unix)]
        return ChildStdout::from_std(source.into()).ok();
        #[cfg(windows)]
        Some(source)
    }

    /// Takes bytes from the reader. Returns the complete lines to pass on, and whether no line was too long.
    fn accept(&self, bytes: &[u8], max_line: usize) -> (Vec<Vec<u8>>, bool) {
        let mut state = self.state.lock();
        let State { usage, kept, is_cut, splitter, lines: whole_lines, .. } = &mut *state;
        let mut lines = Vec::new();
        let passes_on = match usage {
            Use::Chunks => {
                kept.extend_from_slice(bytes);
                self.filled.notify_one();
                return (lines, true);
            }
            Use::Taken => return (lines, true),
            Use::Lines | Use::Paused => true,
            Use::Waiting | Use::Kept => {
                let fits = bytes.len().min(KEPT.saturating_sub(kept.len()));
                *is_cut |= fits < bytes.len();
                kept.extend_from_slice(&bytes[..fits]);
                false
            }
        };
        let all_fit = splitter.each(bytes, |line| {
            let fits = line.len() <= max_line;
            if fits && passes_on {
                lines.push(line.to_vec());
            } else if fits {
                *whole_lines += 1;
            }
            fits
        }) && splitter.pending() <= max_line;
        if !all_fit {
            // The rest is not read.
            (*splitter, *is_cut) = (Splitter::default(), true);
        }
        (lines, all_fit)
    }

    /// Notes the end. Returns the last line, if it is to be passed on.
    fn end(&self) -> Option<Vec<u8>> {
        let mut state = self.state.lock();
        state.has_ended = true;
        self.filled.notify_one();
        let passes_on = matches!(state.usage, Use::Lines | Use::Paused);
        passes_on.then(|| std::mem::take(&mut state.splitter).finish()).flatten()
    }
}
