//! Starts a warden by `posix_spawn`. Unlike `fork`, it does not copy the server's page tables, which takes long.

use super::child::Child;
use super::protocol::{CHANNEL, END_REST, LEAVE_REST, NO_PROC, OWN_PROC, REAP_REST};
use crate::process::cgroup::Group;
use crate::process::host::{Proc, host};
use crate::process::oom::raised_score;
use crate::process::program::find;
use crate::process::tag::Tag;
use crate::process::tree::spec::Spec;
use crate::process::warden_program::{WARDEN_NAME, with_program};
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Pid;
use std::ffi::{CString, OsStr, OsString};
use std::io::{self, pipe};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// A warden that was just started.
pub struct Spawned {
    pub child: Child,
    pub group: Option<Group>,
    pub pipes: Pipes,
}

/// Why no tree was started below a warden.
#[derive(Debug)]
pub enum Refusal {
    /// The command cannot be started, or there is not enough of something.
    Command(io::Error),
    /// The system does not let the warden work, or has killed it.
    Warden(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Command(error)
    }
}

impl From<nix::Error> for Refusal {
    fn from(error: nix::Error) -> Self {
        Self::Command(error.into())
    }
}

/// The server's ends of the channel and the pipes.
pub struct Pipes {
    pub stdin: OwnedFd,
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
    pub channel: UnixStream,
}

/// Returns whether the warden of a detached tree stays to reap. Otherwise pid 1 would have to reap, and Node.js as pid
/// 1 does not.
pub fn leaves_reaper(spec: &Spec) -> bool {
    spec.detached && std::process::id() == 1
}

/// Starts the warden in a process group of its own. The warden starts the command.
pub fn spawn(spec: &Spec, tag: &Tag) -> Result<Spawned, Refusal> {
    let command = find(&spec.command, spec.search_path().map(AsRef::as_ref), spec.directory.as_deref())?;
    let server = std::process::id().to_string();
    let directory = spec.directory.as_deref().unwrap_or("".as_ref());
    let rest = match (leaves_reaper(spec), spec.detached) {
        (true, _) => REAP_REST,
        (false, true) => LEAVE_REST,
        (false, false) => END_REST,
    };
    let proc = if host().proc == Proc::Own { OWN_PROC } else { NO_PROC };
    // A detached process must not be in a group that is killed as a whole.
    let group = if spec.detached { None } else { Group::make(tag) };
    let oom_score = spec.killed_first.then(raised_score).flatten().unwrap_or_default();
    let fixed: [&OsStr; 9] = [
        WARDEN_NAME.as_ref(),
        server.as_ref(),
        rest.as_ref(),
        proc.as_ref(),
        group.as_ref().map_or("".as_ref(), |group| group.folder().as_os_str()),
        oom_score.as_ref(),
        directory.as_ref(),
        command.as_ref(),
        &spec.command,
    ];
    let arguments = fixed.into_iter().chain(spec.arguments.iter().map(AsRef::as_ref));
    let arguments = arguments.map(c_string).collect::<io::Result<Vec<_>>>()?;

    let (child_stdin, stdin) = pipe()?;
    let (stdout, child_stdout) = pipe()?;
    let (stderr, child_stderr) = pipe()?;
    let (channel, child_channel) = UnixStream::pair()?;
    // The server's own descriptors close in the child, but these copies stay open.
    let mut files = PosixSpawnFileActions::init()?;
    files.add_dup2(child_stdin.as_raw_fd(), 0)?;
    files.add_dup2(child_stdout.as_raw_fd(), 1)?;
    files.add_dup2(child_stderr.as_raw_fd(), 2)?;
    files.add_dup2(child_channel.as_raw_fd(), CHANNEL)?;

    let (attributes, environment) = (attributes()?, environment(spec, tag)?);
    let start = |program: &Path| Ok(posix_spawn(program, &files, &attributes, &arguments, &environment)?);
    let pid = with_program(start).map_err(Refusal::Warden)?;
    let pid = rustix::process::Pid::from_raw(pid.as_raw()).ok_or(io::Error::from(io::ErrorKind::Other))?;
    let pipes = Pipes { stdin: stdin.into(), stdout: stdout.into(), stderr: stderr.into(), channel };
    Ok(Spawned { child: Child::new(pid), group, pipes })
}

/// Returns the attributes: a process group of its own, no blocked signals, and the default for SIGPIPE, which Node.js
/// ignores.
fn attributes() -> nix::Result<PosixSpawnAttr> {
    let mut attributes = PosixSpawnAttr::init()?;
    let wanted = [
        PosixSpawnFlags::POSIX_SPAWN_SETPGROUP,
        PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF,
        PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK,
    ];
    attributes.set_flags(wanted.into_iter().collect())?;
    attributes.set_pgroup(Pid::from_raw(0))?;
    attributes.set_sigmask(&SigSet::empty())?;
    attributes.set_sigdefault(&SigSet::from(Signal::SIGPIPE))?;
    Ok(attributes)
}

fn environment(spec: &Spec, tag: &Tag) -> io::Result<Vec<CString>> {
    let entry = |name: &OsStr, value: &OsStr| {
        let mut entry = OsString::with_capacity(name.len() + value.len() + 1);
        entry.push(name);
        entry.push("=");
        entry.push(value);
        c_string(&entry)
    };
    let inherited = spec.environment.iter().filter(|(name, _)| name != Tag::VARIABLE);
    let mut entries = inherited.map(|(name, value)| entry(name, value)).collect::<io::Result<Vec<_>>>()?;
    entries.push(entry(Tag::VARIABLE.as_ref(), tag.to_string().as_ref())?);
    Ok(entries)
}

fn c_string(text: &OsStr) -> io::Result<CString> {
    CString::new(text.as_bytes()).map_err(io::Error::from)
}
