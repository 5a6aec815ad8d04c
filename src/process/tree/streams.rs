//! The standard streams of a command, where the caller wants something else than pipes to the server.
//!
//! The start makes a pipe for every stream. The command's end of a pipe that is not wanted is closed, so that reads by
//! the server end at once and writes are refused.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
#[cfg(unix)]
pub use std::os::fd::OwnedFd as Owned;
#[cfg(windows)]
pub use std::os::windows::io::OwnedHandle as Owned;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file that gives nothing and takes everything.
const NOTHING: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };
/// The names of the streams, by their descriptors.
const NAMES: [&str; 3] = ["stdin", "stdout", "stderr"];

/// The choice for one standard stream.
#[derive(Debug, Clone, Default)]
pub enum Stream {
    /// A pipe to the server.
    #[default]
    Pipe,
    /// Nothing.
    Null,
    /// A copy of a descriptor of this process, or the system's error number.
    Descriptor(Result<Arc<Owned>, i32>),
    /// A file, which is opened at the start. An output is emptied first, or appended to.
    File {
        /// Its path.
        path: PathBuf,
        /// Appends to an output.
        append: bool,
    },
}

/// The three standard streams, in the order of their descriptors.
pub type Streams = [Stream; 3];

impl Stream {
    /// Copies a descriptor of this process. On Windows only the three standard streams can be copied.
    pub fn of_descriptor(number: i32) -> Self {
        Self::Descriptor(copy(number).map(Arc::new).map_err(|error| error.raw_os_error().unwrap_or_default()))
    }

    fn is_terminal(&self) -> bool {
        matches!(self, Self::Descriptor(Ok(descriptor)) if descriptor.is_terminal())
    }

    /// Opens the command's end of the stream with this descriptor. `None` for a pipe.
    fn open(&self, at: usize) -> io::Result<Option<Owned>> {
        Ok(Some(match self {
            Self::Pipe => return Ok(None),
            Self::Null => File::options().read(true).write(true).open(NOTHING)?.into(),
            Self::Descriptor(Ok(descriptor)) => descriptor.try_clone()?,
            Self::Descriptor(Err(number)) => return Err(io::Error::from_raw_os_error(*number)),
            Self::File { path, .. } if at == 0 => opened(File::options().read(true), path)?,
            Self::File { path, append } => {
                let mut options = File::options();
                options.create(true).write(true).append(*append).truncate(!append);
                opened(&mut options, path)?
            }
        }))
    }
}

/// Opens a file without a wait for another process: a named pipe would block the server's only thread for children. One
/// without a writer is at its end at once, and one without a reader is an error.
#[cfg(unix)]
fn opened(options: &mut OpenOptions, path: &Path) -> io::Result<Owned> {
    use std::os::unix::fs::OpenOptionsExt;
    let file = options.custom_flags(libc::O_NONBLOCK).open(path)?;
    crate::process::inherited::make_blocking(&file)?;
    Ok(file.into())
}

#[cfg(windows)]
fn opened(options: &mut OpenOptions, path: &Path) -> io::Result<Owned> {
    Ok(options.open(path)?.into())
}

/// A stream that cannot be opened, and the system's error.
#[derive(Debug, thiserror::Error)]
#[error("{name} cannot be opened: {error}")]
pub struct Unopened {
    name: &'static str,
    /// The system's error.
    pub error: io::Error,
}

/// Opens the command's ends. A stream with a pipe has none here. Both outputs into one file share its position, as by
/// `2>&1` of a shell, because they would overwrite each other otherwise.
///
/// # Errors
/// [`Unopened`], as an [`io::Error`].
pub fn open(streams: &Streams) -> io::Result<[Option<Owned>; 3]> {
    let mut ends = [None, None, None];
    let named = |at: usize| move |error| io::Error::other(Unopened { name: NAMES[at], error });
    for (at, stream) in streams.iter().enumerate() {
        ends[at] = stream.open(at).map_err(named(at))?;
    }
    if let [_, Stream::File { path: stdout, .. }, Stream::File { path: stderr, .. }] = streams
        && let [_, Some(output), Some(errors)] = &mut ends
        && is_same_file((stdout, output), (stderr, errors)).map_err(named(2))?
    {
        *errors = output.try_clone().map_err(named(2))?;
    }
    Ok(ends)
}

/// Returns whether two open files are one, by whatever path.
#[cfg(unix)]
fn is_same_file((_, one): (&Path, &Owned), (_, other): (&Path, &Owned)) -> io::Result<bool> {
    use rustix::fs::fstat;
    let (one, other) = (fstat(one)?, fstat(other)?);
    Ok((one.st_dev, one.st_ino) == (other.st_dev, other.st_ino))
}

/// Returns whether two open files are one, by whatever path.
#[cfg(windows)]
fn is_same_file((one, _): (&Path, &Owned), (other, _): (&Path, &Owned)) -> io::Result<bool> {
    Ok(one.canonicalize()? == other.canonicalize()?)
}

/// Returns whether the command reads from a terminal, in whose foreground it has to stay.
#[cfg(unix)]
pub fn reads_terminal(streams: &Streams) -> bool {
    streams[0].is_terminal()
}

/// Returns whether the command uses this process's console.
#[cfg(windows)]
pub fn uses_console(streams: &Streams) -> bool {
    streams.iter().any(Stream::is_terminal)
}

#[cfg(unix)]
fn copy(number: i32) -> io::Result<Owned> {
    crate::process::inherited::copy(number, true)
}

#[cfg(windows)]
fn copy(number: i32) -> io::Result<Owned> {
    use std::os::windows::io::AsHandle;
    match number {
        0 => io::stdin().as_handle().try_clone_to_owned(),
        1 => io::stdout().as_handle().try_clone_to_owned(),
        2 => io::stderr().as_handle().try_clone_to_owned(),
        _ => Err(io::Error::from_raw_os_error(windows_sys::Win32::Foundation::ERROR_INVALID_HANDLE.cast_signed())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn both_outputs_into_one_file_share_its_position() {
        let path = std::env::temp_dir().join(format!("procward-one-file-{}", std::process::id()));
        let detour = path.with_file_name(format!("./{}", path.file_name().expect("a name").display()));
        for (append, expected) in [(false, "onetwo"), (true, "onetwoonetwo")] {
            let file = |path: &PathBuf| Stream::File { path: path.clone(), append };
            let [_, stdout, stderr] = open(&[Stream::Pipe, file(&path), file(&detour)]).expect("it can be made");
            for (end, text) in [(stdout, b"one"), (stderr, b"two")] {
                File::from(end.expect("a file")).write_all(text).expect("there is room");
            }
            assert_eq!(std::fs::read_to_string(&path).expect("it is there"), expected);
        }
        std::fs::remove_file(&path).expect("it is ours");
    }

    #[test]
    fn each_choice_opens_its_end() {
        let path = std::env::temp_dir().join(format!("procward-streams-{}", std::process::id()));
        let file = |append| Stream::File { path: path.clone(), append };
        for (append, expected) in [(false, "one"), (true, "oneone"), (false, "one")] {
            let [none, end, null] = open(&[Stream::Pipe, file(append), Stream::Null]).expect("all are there");
            assert!(none.is_none() && null.is_some());
            File::from(end.expect("a file")).write_all(b"one").expect("there is room");
            let [mut input, ..] = open(&[file(false), Stream::Pipe, Stream::Pipe])
                .map(|ends| ends.map(|end| end.map(File::from)))
                .expect("the file is there");
            let mut text = String::new();
            input.as_mut().expect("a file").read_to_string(&mut text).expect("it is text");
            assert_eq!(text, expected);
        }
        std::fs::remove_file(&path).expect("it is ours");
        let missing = open(&[file(false), Stream::Pipe, Stream::Pipe]).expect_err("it is gone");
        assert!(missing.to_string().starts_with("stdin cannot be opened: "), "{missing}");
        let closed = open(&[Stream::Pipe, Stream::Pipe, Stream::of_descriptor(-1)]).expect_err("never open");
        assert!(closed.to_string().starts_with("stderr cannot be opened: "), "{closed}");
    }
}
