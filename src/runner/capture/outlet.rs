//! One output of a command: its pipe, the use that its caller makes of it, and its first bytes.
//!
//! The caller may decide at any time, also before the start. Until then the bytes wait in the pipe. When the command
//! must not wait any longer, the output is read, and its first bytes are kept for a later decision.

mod reader;

#[cfg(windows)]
use crate::process::tree::ChildStdout;
use crate::runner::lines::Splitter;
use parking_lot::Mutex;
pub(super) use reader::OutletReader;
use std::io;
#[cfg(unix)]
use std::os::fd::OwnedFd;
#[cfg(unix)]
use std::sync::Arc;
use tokio::sync::Notify;

/// The bytes of an output that are kept for its first caller. At least the size of a pipe.
const KEPT: usize = 64 * 1024;

/// The server's end of the pipe, before it is read.
#[cfg(unix)]
type Source = OwnedFd;
#[cfg(windows)]
type Source = ChildStdout;

/// The use of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// No caller has asked for the output. Its bytes wait in the pipe.
    Waiting,
    /// The output is read, because the command must not wait. Its first bytes are kept.
    Kept,
    /// Its lines are passed on.
    Lines,
    /// Its lines are passed on, but their receiver is behind, and the bytes wait in the pipe.
    Paused,
    /// Its bytes are taken in chunks.
    Chunks,
    /// Its descriptor belongs to the caller.
    Taken,
}

/// The reason that an output cannot be taken as a stream.
#[derive(Debug)]
pub enum Untakable {
    /// It is read as lines.
    Lines,
    /// More was read than is kept.
    Cut,
    /// No pipe could be made.
    Pipe(io::Error),
}

/// An output that was taken as a stream.
#[derive(Debug)]
pub enum Taken {
    /// The descriptor of its pipe, which nothing has read.
    #[cfg(unix)]
    Descriptor(OwnedFd),
    /// It is read here, by [`Outlet::next_chunk`].
    Chunks,
}

/// One output of a command.
#[derive(Debug)]
pub struct Outlet {
    state: Mutex<State>,
    /// Notified when the reader has to check the state.
    changed: Notify,
    /// Notified when the caller that waits for a chunk has to check the state.
    filled: Notify,
}

#[derive(Debug)]
#[cfg_attr(unix, expect(clippy::struct_excessive_bools, reason = "each is a fact of its own"))]
struct State {
    usage: Use,
    source: Option<Source>,
    /// The command's end of the pipe, until the start.
    #[cfg(unix)]
    theirs: Option<OwnedFd>,
    #[cfg(unix)]
    has_pipe: bool,
    /// The command has its end of the pipe, or there will be no command.
    #[cfg(unix)]
    is_past_start: bool,
    /// The output has its reader, or will have none.
    has_reader: bool,
    /// The first bytes, or the next chunk.
    kept: Vec<u8>,
    /// Bytes after the kept ones were dropped.
    is_cut: bool,
    splitter: Splitter,
    /// The complete lines that were not too long, as long as lines are kept.
    lines: usize,
    has_ended: bool,
}

impl Outlet {
    /// Makes an output that waits for its first caller.
    pub(super) fn waiting() -> Self {
        Self::new(Use::Waiting)
    }

    /// Makes an output whose lines are passed on from its start.
    pub(super) fn of_lines() -> Self {
        Self::new(Use::Lines)
    }

    fn new(usage: Use) -> Self {
        let state = State {
            usage,
            source: None,
            #[cfg(unix)]
            theirs: None,
            #[cfg(unix)]
            has_pipe: false,
            #[cfg(unix)]
            is_past_start: false,
            has_reader: false,
            kept: Vec::new(),
            is_cut: false,
            splitter: Splitter::default(),
            lines: 0,
            has_ended: false,
        };
        Self { state: Mutex::new(state), changed: Notify::new(), filled: Notify::new() }
    }

    /// Reads the output if no caller has asked for it, and keeps its first bytes.
    pub fn keep(&self) {
        let mut state = self.state.lock();
        if state.usage == Use::Waiting {
            state.usage = Use::Kept;
            self.changed.notify_one();
        }
    }

    /// Passes on lines from now on. Returns the kept ones. Without effect on a stream.
    pub fn claim_lines(&self) -> Vec<Vec<u8>> {
        let mut state = self.state.lock();
        if !matches!(state.usage, Use::Waiting | Use::Kept) {
            return Vec::new();
        }
        state.usage = Use::Lines;
        self.changed.notify_one();
        let mut lines = Splitter::default().push(&std::mem::take(&mut state.kept));
        lines.truncate(state.lines);
        if state.has_ended && !state.is_cut {
            lines.extend(std::mem::take(&mut state.splitter).finish());
        }
        lines
    }

    /// Lets the bytes wait in the pipe while the receiver of the lines is behind.
    pub fn pause(&self, is_behind: bool) {
        let mut state = self.state.lock();
        if matches!(state.usage, Use::Lines | Use::Paused) {
            state.usage = if is_behind { Use::Paused } else { Use::Lines };
            self.changed.notify_one();
        }
    }

    /// Takes the output as a stream: its descriptor if the caller can read one and nothing was read yet, otherwise
    /// chunks.
    ///
    /// # Errors
    /// The output is used otherwise, or has no pipe.
    #[cfg_attr(windows, expect(unused_variables, reason = "a pipe of Windows has no descriptor"))]
    pub fn take(&self, by_descriptor: bool) -> Result<Taken, Untakable> {
        let mut state = self.state.lock();
        match state.usage {
            #[cfg(unix)]
            Use::Waiting if by_descriptor => {
                state.make_pipe().map_err(Untakable::Pipe)?;
                let Some(descriptor) = state.source.take() else { return Err(Untakable::Lines) };
                state.usage = Use::Taken;
                self.changed.notify_one();
                Ok(Taken::Descriptor(descriptor))
            }
            Use::Waiting | Use::Kept if !state.is_cut => {
                (state.usage, state.splitter) = (Use::Chunks, Splitter::default());
                self.changed.notify_one();
                Ok(Taken::Chunks)
            }
            Use::Waiting | Use::Kept => Err(Untakable::Cut),
            Use::Lines | Use::Paused | Use::Chunks | Use::Taken => Err(Untakable::Lines),
        }
    }

    /// Waits for the next bytes of an output that was taken in chunks. Empty at the end. One caller at a time.
    pub async fn next_chunk(&self) -> Vec<u8> {
        loop {
            let filled = self.filled.notified();
            {
                let mut state = self.state.lock();
                if !state.kept.is_empty() || state.has_ended {
                    self.changed.notify_one();
                    return std::mem::take(&mut state.kept);
                }
            }
            filled.await;
        }
    }

    /// Closes an output that was taken in chunks, as soon as the reader notices. A caller that waits for a chunk gets an
    /// empty one.
    pub fn close(&self) {
        let mut state = self.state.lock();
        (state.usage, state.kept, state.has_ended) = (Use::Taken, Vec::new(), true);
        self.changed.notify_one();
        self.filled.notify_one();
    }

    /// Makes the pipe, if there is none yet, and hands out the command's end of it.
    #[cfg(unix)]
    pub(super) fn start(&self) -> io::Result<Option<Arc<OwnedFd>>> {
        let mut state = self.state.lock();
        state.make_pipe()?;
        state.is_past_start = true;
        Ok(state.theirs.take().map(Arc::new))
    }

    /// Takes over the server's end of the pipe from the start.
    #[cfg(windows)]
    pub(super) fn start(&self, source: Option<Source>) {
        self.state.lock().source = source;
    }

    /// Ends the output of a command that was not started. Without effect on an output that has a reader.
    pub fn forsake(&self) {
        let mut state = self.state.lock();
        if std::mem::replace(&mut state.has_reader, true) {
            return;
        }
        (state.source, state.has_ended) = (None, true);
        #[cfg(unix)]
        {
            // A later caller gets a pipe that has ended.
            (state.theirs, state.has_pipe, state.is_past_start) = (None, false, true);
        }
        self.filled.notify_one();
    }
}

#[cfg(unix)]
impl State {
    /// Makes the pipe, once.
    fn make_pipe(&mut self) -> io::Result<()> {
        if !self.has_pipe {
            let (ours, theirs) = io::pipe()?;
            self.source = Some(ours.into());
            self.theirs = (!self.is_past_start).then(|| theirs.into());
            self.has_pipe = true;
        }
        Ok(())
    }
}
