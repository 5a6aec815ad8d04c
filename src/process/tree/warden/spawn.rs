//! Starts a warden by `posix_spawn`. Unlike `fork`, it does not copy the server's page tables, which takes long.

use super::child::Child;
use super::protocol::{END_REST, LEAVE_REST, NEW_SESSION, NO_PROC, OWN_GROUP, OWN_PROC, Order, REAP_REST};
use crate::process::cgroup::Group;
use crate::process::descriptors::STANDARD;
use crate::process::host::{Proc, host};
use crate::process::oom::raised_score;
use crate::process::program::find;
use crate::process::tag::Tag;
use crate::process::tree::spec::{Placement, ProcessGroup, Spec};
use crate::process::tree::streams;
use crate::process::warden_program::{WARDEN_NAME, with_program};
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::signal::SigSet;
use nix::unistd::{Pid, getpgrp};
use rustix::io::{fcntl_dupfd_cloexec, write};
use std::ffi::{CString, OsStr, OsString};
use std::io::{self, pipe};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

/// A warden that was just started.
pub struct Spawned {
    pub child: Child,
    pub group: Option<Group>,
    pub channel: UnixStream,
    /// The warden's end. While it is open, the end of the warden does not end the reports.
    pub wardens_end: OwnedFd,
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

/// The server's ends of the pipes that were made here.
pub struct Pipes {
    pub stdin: OwnedFd,
    pub stdout: Option<OwnedFd>,
    pub stderr: Option<OwnedFd>,
}

/// Returns whether the warden of a detached tree stays to reap. Otherwise pid 1 would have to reap, and Node.js as pid
/// 1 does not.
pub fn leaves_reaper(spec: &Spec) -> bool {
    spec.detached && std::process::id() == 1
}

/// Starts a warden and its command with pipes.
pub fn spawn_with_pipes(spec: &Spec, tag: &Tag) -> Result<(Spawned, Pipes), Refusal> {
    let (child_stdin, stdin) = pipe()?;
    let (stdout, child_stdout) = output(spec.outputs.stdout.as_ref())?;
    let (stderr, child_stderr) = output(spec.outputs.stderr.as_ref())?;
    let streams = [Some(child_stdin.as_fd()), Some(child_stdout.as_fd()), Some(child_stderr.as_fd())];
    let spawned = spawn(spec, tag, &Placement::default(), &streams)?;
    Ok((spawned, Pipes { stdin: stdin.into(), stdout, stderr }))
}

/// Returns the ends of an output: the server's, if the pipe is made here, and the command's.
fn output(given: Option<&Arc<OwnedFd>>) -> io::Result<(Option<OwnedFd>, Arc<OwnedFd>)> {
    if let Some(theirs) = given {
        return Ok((None, Arc::clone(theirs)));
    }
    let (ours, theirs) = pipe()?;
    Ok((Some(ours.into()), Arc::new(theirs.into())))
}

/// Starts the warden in a process group of its own. The warden starts the command, whose descriptors are copies of
/// these, but for the standard streams that the caller has chosen. A missing descriptor stays closed.
pub fn spawn(
    spec: &Spec,
    tag: &Tag,
    placement: &Placement,
    descriptors: &[Option<BorrowedFd>],
) -> Result<Spawned, Refusal> {
    let command = find(&spec.command, spec.search_path().map(AsRef::as_ref), spec.directory.as_deref())?;
    let chosen = streams::open(&spec.choices.streams)?;
    let server = std::process::id().to_string();
    let directory = spec.directory.as_deref().unwrap_or("".as_ref());
    let rest = match (leaves_reaper(spec), spec.detached) {
        (true, _) => REAP_REST,
        (false, true) => LEAVE_REST,
        (false, false) => END_REST,
    };
    let proc = if host().proc == Proc::Own { OWN_PROC } else { NO_PROC };
    // A detached process must not be in a group that is killed as a whole.
    let place = match placement.group {
        ProcessGroup::Own if streams::reads_terminal(&spec.choices.streams) => ProcessGroup::Shared,
        group => group,
    };
    let is_grouped = !spec.detached && place != ProcessGroup::Session;
    let group = is_grouped.then(|| Group::make(tag)).flatten();
    let oom_score = spec.killed_first.then(raised_score).flatten().unwrap_or_default();
    let number = RawFd::try_from(descriptors.len().max(STANDARD)).map_err(io::Error::other)?;
    let process_group = match place {
        ProcessGroup::Own => OWN_GROUP.to_owned(),
        ProcessGroup::Session => NEW_SESSION.to_owned(),
        // A group outside this PID namespace has the number 0, by which it cannot be joined.
        ProcessGroup::Shared if getpgrp().as_raw() <= 0 => OWN_GROUP.to_owned(),
        ProcessGroup::Shared => getpgrp().to_string(),
    };
    let [user, group_id] =
        [placement.user, placement.group_id].map(|id| id.map_or_else(String::new, |id| id.to_string()));
    let channel_argument = number.to_string();
    let fixed: [&OsStr; 13] = [
        WARDEN_NAME.as_ref(),
        server.as_ref(),
        rest.as_ref(),
        proc.as_ref(),
        group.as_ref().map_or("".as_ref(), |group| group.folder().as_os_str()),
        oom_score.as_ref(),
        channel_argument.as_ref(),
        process_group.as_ref(),
        user.as_ref(),
        group_id.as_ref(),
        directory.as_ref(),
        command.as_ref(),
        spec.choices.name.as_ref().unwrap_or(&spec.command),
    ];
    let arguments = fixed.into_iter().chain(spec.arguments.iter().map(AsRef::as_ref));
    let arguments = arguments.map(c_string).collect::<io::Result<Vec<_>>>()?;

    let (channel, child_channel) = UnixStream::pair()?;
    write(&channel, &Order::Start.to_bytes()).map_err(io::Error::from)?;
    // No copy below may overwrite the source of a later one.
    let above = |one: BorrowedFd| fcntl_dupfd_cloexec(one, number + 1).map_err(io::Error::from);
    let chosen = chosen.iter().map(Option::as_ref).chain(std::iter::repeat(None));
    let theirs = descriptors.iter().zip(chosen).map(|(one, chosen)| chosen.map(AsFd::as_fd).or(*one));
    let copies = theirs.map(|one| one.map(above).transpose()).collect::<io::Result<Vec<_>>>()?;
    let child_channel = above(child_channel.as_fd())?;
    // The server's own descriptors close in the child, but these copies stay open.
    let mut files = PosixSpawnFileActions::init()?;
    for (to, copy) in (0..).zip(&copies) {
        if let Some(copy) = copy {
            files.add_dup2(copy.as_raw_fd(), to)?;
        }
    }
    files.add_dup2(child_channel.as_raw_fd(), number)?;

    let (attributes, environment) = (attributes()?, environment(spec, tag)?);
    let start = |program: &Path| Ok(posix_spawn(program, &files, &attributes, &arguments, &environment)?);
    let pid = with_program(number, start).map_err(Refusal::Warden)?;
    let pid = rustix::process::Pid::from_raw(pid.as_raw()).ok_or(io::Error::from(io::ErrorKind::Other))?;
    Ok(Spawned { child: Child::new(pid), group, channel, wardens_end: child_channel })
}

/// Returns the attributes: a process group of its own, no blocked signals, and the default for every signal. Node.js
/// ignores SIGPIPE and SIGXFSZ.
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
    attributes.set_sigdefault(&SigSet::all())?;
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
