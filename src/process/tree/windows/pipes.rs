//! A child's standard streams, as named pipes that can be waited for.
//!
//! The anonymous pipes of tokio's children block a thread for each read, and a child has two outputs. A few quiet
//! children would take all threads.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};
use tokio::process::Command;

/// The server's ends, and the child's ends until the child has them.
#[derive(Debug)]
pub struct Pipes {
    pub stdin: NamedPipeServer,
    pub stdout: NamedPipeServer,
    pub stderr: NamedPipeServer,
    pub theirs: Theirs,
}

/// The child's ends.
#[derive(Debug)]
pub struct Theirs {
    stdin: File,
    stdout: File,
    stderr: File,
}

impl Theirs {
    /// Makes the ends the standard streams of the command. The command closes them when it is dropped.
    pub fn give_to(self, command: &mut Command) {
        command.stdin(self.stdin).stdout(self.stdout).stderr(self.stderr);
    }
}

/// Opens all three. Needs the runtime's reactor.
pub async fn open() -> io::Result<Pipes> {
    let (stdin, their_stdin) = pipe(Direction::ToChild).await?;
    let (stdout, their_stdout) = pipe(Direction::FromChild).await?;
    let (stderr, their_stderr) = pipe(Direction::FromChild).await?;
    let theirs = Theirs { stdin: their_stdin, stdout: their_stdout, stderr: their_stderr };
    Ok(Pipes { stdin, stdout, stderr, theirs })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToChild,
    FromChild,
}

/// Opens a pipe that takes only one connection, which is ours. A process that guessed the name can only make this fail.
async fn pipe(direction: Direction) -> io::Result<(NamedPipeServer, File)> {
    let to_child = direction == Direction::ToChild;
    let name = format!(r"\\.\pipe\procward.{}.{:016x}", std::process::id(), RandomState::new().hash_one(()));
    let mut options = ServerOptions::new();
    options.access_inbound(!to_child).access_outbound(to_child);
    let ours = options.first_pipe_instance(true).reject_remote_clients(true).max_instances(1).create(&name)?;
    let theirs = OpenOptions::new().read(to_child).write(!to_child).share_mode(0).open(&name)?;
    ours.connect().await?;
    Ok((ours, theirs))
}
