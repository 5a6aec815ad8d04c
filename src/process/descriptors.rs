//! The descriptors of a child that Node.js describes: none, copies of this process's, and socket pairs.

use super::inherited::copy;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use std::fs::File;
use std::io;
use std::os::fd::{OwnedFd, RawFd};

/// The number of standard streams.
pub const STANDARD: usize = 3;

/// The source of one descriptor of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `/dev/null` for a standard stream, and nothing otherwise.
    Nothing,
    /// A new pair of connected sockets.
    SocketPair,
    /// A copy of the descriptor with this number.
    Copy(RawFd),
}

/// One descriptor of a child.
#[derive(Debug)]
pub struct Descriptor {
    /// The child's own, if it is open.
    pub theirs: Option<OwnedFd>,
    /// The other end of a socket pair.
    pub ours: Option<OwnedFd>,
}

/// Makes the descriptors of a child, at least its standard streams.
///
/// # Errors
/// The system's error; all that was made is closed again.
pub fn make(sources: impl IntoIterator<Item = Source>) -> io::Result<Vec<Descriptor>> {
    let mut made =
        sources.into_iter().enumerate().map(|(at, source)| one(at, source)).collect::<io::Result<Vec<_>>>()?;
    while made.len() < STANDARD {
        made.push(one(made.len(), Source::Nothing)?);
    }
    Ok(made)
}

fn one(number: usize, source: Source) -> io::Result<Descriptor> {
    let theirs = match source {
        Source::SocketPair => {
            let (theirs, ours) = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
            return Ok(Descriptor { theirs: Some(theirs), ours: Some(ours) });
        }
        Source::Nothing if number < STANDARD => Some(File::options().read(true).write(true).open("/dev/null")?.into()),
        Source::Nothing => None,
        Source::Copy(descriptor) => Some(copy(descriptor, number < STANDARD)?),
    };
    Ok(Descriptor { theirs, ours: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_is_open_where_its_source_is() {
        let made = make([Source::Nothing, Source::SocketPair, Source::Copy(2), Source::Nothing]).expect("all are open");
        let open: Vec<_> = made.iter().map(|one| (one.theirs.is_some(), one.ours.is_some())).collect();
        assert_eq!(open, [(true, false), (true, true), (true, false), (false, false)]);
    }

    #[test]
    fn a_child_has_all_standard_streams() {
        for count in 0..STANDARD {
            let made = make(std::iter::repeat_n(Source::SocketPair, count)).expect("all are open");
            let open: Vec<_> = made.iter().map(|one| (one.theirs.is_some(), one.ours.is_some())).collect();
            let expected: Vec<_> = (0..STANDARD).map(|number| (true, number < count)).collect();
            assert_eq!(open, expected, "{count}");
        }
    }

    #[test]
    fn a_number_that_is_not_open_is_refused() {
        for number in [-3, i32::MAX] {
            let error = make([Source::Copy(number)]).expect_err("it is not open");
            assert_eq!(error.raw_os_error(), Some(libc::EBADF), "{number}");
        }
    }
}
