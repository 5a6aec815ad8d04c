//! macOS: the watcher, a process beside the server, which ends the trees that it was told of when the server dies.

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

/// The process, and what it has to know.
struct Watcher {
    process: Option<Child>,
    trees: BTreeSet<TreeRoot>,
}

/// A tree that the watcher knows of, until this is dropped.
#[derive(Debug)]
pub struct Watched(TreeRoot);

/// Sees to it that there is a watcher, before there is anything to watch.
///
/// # Errors
/// The system's error when it cannot be started.
pub fn ensure() -> io::Result<()> {
    let mut watcher = WATCHER.lock();
    match watcher.process.as_mut().map(Child::try_wait) {
        Some(Ok(None)) => Ok(()),
        _ => watcher.replace(),
    }
}

impl Watched {
    /// Tells of a tree.
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
    /// A watcher that does not listen, because it was killed or stopped, is replaced.
    fn notify(&mut self, message: Message) {
        if self.send(message).is_err() {
            // Without a new one, whoever starts the next tree gets the error.
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
        // From now on nothing waits for it.
        if let Some(pipe) = self.process.as_ref().and_then(|process| process.stdin.as_ref()) {
            ioctl_fionbio(pipe, true)?;
        }
        Ok(())
    }
}

/// Starts a watcher from a file that is gone again as soon as it runs.
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
    // Signals to the server's group, such as Ctrl+C, are not for it, and nothing of what it inherits is.
    command.env_clear().process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn()
}
