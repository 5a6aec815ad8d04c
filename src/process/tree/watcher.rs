//! macOS: the watcher, a process beside the server. When the server dies, the watcher ends the trees that it knows of.

#[allow(dead_code, reason = "each side uses its half")]
#[path = "../../../watcher/src/protocol.rs"]
mod protocol;

use crate::process::identity::StartMark;
use crate::process::tag::Instance;
use parking_lot::Mutex;
use protocol::{Message, TreeRoot};
use rustix::io::ioctl_fionbio;
use std::collections::BTreeSet;
use std::env::temp_dir;
use std::fs::{DirBuilder, OpenOptions, remove_dir_all};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const PROGRAM: &[u8] = include_bytes!(env!("PROCWARD_WATCHER_PROGRAM"));

static WATCHER: Mutex<Watcher> = Mutex::new(Watcher { process: None, trees: BTreeSet::new() });

/// The watcher's process, and the trees that it has to know.
struct Watcher {
    process: Option<Child>,
    trees: BTreeSet<TreeRoot>,
}

/// A tree that the watcher knows of. Dropping it removes the tree.
#[derive(Debug)]
pub struct Watched(TreeRoot);

/// Starts a watcher, if none runs, before the first tree.
///
/// # Errors
/// The system's error when the watcher cannot be started.
pub fn ensure() -> io::Result<()> {
    let mut watcher = WATCHER.lock();
    match watcher.process.as_mut().map(Child::try_wait) {
        Some(Ok(None)) => Ok(()),
        _ => watcher.replace(),
    }
}

impl Watched {
    /// Notifies the watcher of a tree.
    pub fn new(pid: u32, start: StartMark) -> Self {
        let root = TreeRoot { pid, start: start.0 };
        let mut watcher = WATCHER.lock();
        watcher.trees.insert(root);
        watcher.notify(Message::Started(root));
        Self(root)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut watcher = WATCHER.lock();
        watcher.trees.remove(&self.0);
        watcher.notify(Message::Exited(self.0));
    }
}

impl Watcher {
    /// Sends a message. A watcher that does not read, because it was killed or stopped, is replaced.
    fn notify(&mut self, message: Message) {
        if self.send(message).is_err() {
            // If this fails, the start of the next tree returns the error.
            let _ = self.replace();
        }
    }

    fn send(&mut self, message: Message) -> io::Result<()> {
        let pipe = self.process.as_mut().and_then(|process| process.stdin.as_mut());
        pipe.ok_or(io::ErrorKind::BrokenPipe)?.write_all(&message.to_bytes())
    }

    fn replace(&mut self) -> io::Result<()> {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        self.process = Some(start()?);
        for root in self.trees.clone() {
            self.send(Message::Started(root))?;
        }
        // From here on no write to the pipe blocks.
        if let Some(pipe) = self.process.as_ref().and_then(|process| process.stdin.as_ref()) {
            ioctl_fionbio(pipe, true)?;
        }
        Ok(())
    }
}

/// Starts a watcher from a file that is removed as soon as the watcher runs.
fn start() -> io::Result<Child> {
    let unguessed = RandomState::new().hash_one(());
    let folder = temp_dir().join(format!("procward-{}-{unguessed:016x}", std::process::id()));
    DirBuilder::new().mode(0o700).create(&folder)?;
    let started = write_and_start(&folder.join("procward-watcher"));
    let _ = remove_dir_all(&folder);
    started
}

fn write_and_start(program: &Path) -> io::Result<Child> {
    OpenOptions::new().write(true).create_new(true).mode(0o700).open(program)?.write_all(PROGRAM)?;
    let prefix = Instance::current().prefix();
    let mut command = Command::new(program);
    command.arg(prefix);
    // Signals to the server's group, such as Ctrl+C, must not reach the watcher, and it inherits nothing.
    command.env_clear().process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn()
}
