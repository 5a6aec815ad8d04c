//! The processes of this machine: how they hang together, and what each of them is.

pub mod environment;
#[cfg(target_os = "linux")]
pub(in crate::process) mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(not(target_os = "linux"))]
use portable as platform;

pub use platform::{links, tag_of};

use super::handle::Handle;
use super::identity::{StartMark, start_mark};
use std::io;

/// One process and its place among the others: what can be read of every process, and cheaply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its pid.
    pub pid: u32,
    /// Its parent's pid. A recycled pid may stand here: a parent must not have started after its child.
    pub parent: u32,
    /// Its process group; Windows has none.
    pub group: Option<u32>,
    /// Its session.
    pub session: Option<u32>,
    /// When it started.
    pub start: StartMark,
}

/// Takes hold of the process that had this pid and this start mark; `None` when it is gone.
///
/// # Errors
/// The system's error when the process may be there but cannot be held.
pub fn open_verified(pid: u32, start: StartMark) -> io::Result<Option<Handle>> {
    // Opened first and checked second: from here on the handle can mean no other process.
    let handle = match Handle::open(pid) {
        Ok(handle) => handle,
        Err(error) => return if is_gone(pid) { Ok(None) } else { Err(error) },
    };
    let same = start_mark(pid).is_ok_and(|mark| mark == start) && !handle.has_exited();
    Ok(same.then_some(handle))
}

fn is_gone(pid: u32) -> bool {
    start_mark(pid).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{Instance, Tag};
    use std::process::{Child, Command};

    struct Sleeper(Child);

    impl Sleeper {
        fn start(tag: &str) -> Self {
            let child = Command::new("sleep").arg("30").env(Tag::VARIABLE, tag).spawn();
            Self(child.expect("sleep starts"))
        }

        fn link(&self) -> Option<Link> {
            links().expect("processes can be listed").into_iter().find(|link| link.pid == self.0.id())
        }
    }

    impl Drop for Sleeper {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    #[test]
    fn a_new_child_is_listed_with_its_tag_until_it_has_exited() {
        let tag = Tag { instance: Instance::current().clone(), tree: 7 };
        let mut sleeper = Sleeper::start(&tag.to_string());
        let link = sleeper.link().expect("it runs");
        assert_eq!(link.parent, std::process::id());
        assert_eq!(start_mark(link.pid).expect("it runs"), link.start);
        assert_eq!(tag_of(link.pid), Some(tag));
        let handle = Handle::open(link.pid).expect("it runs");
        sleeper.0.kill().expect("it is our child");
        while !handle.has_exited() {
            std::thread::yield_now();
        }
        assert_eq!(sleeper.link(), None, "a zombie is no process to speak of");
        assert!(open_verified(link.pid, link.start).expect("no error").is_none());
    }

    #[test]
    fn only_the_same_process_is_opened() {
        let sleeper = Sleeper::start("garbage");
        let link = sleeper.link().expect("it runs");
        assert_eq!(tag_of(link.pid), None);
        let held = open_verified(link.pid, link.start).expect("it may be held");
        assert_eq!(held.map(|handle| handle.pid()), Some(link.pid));
        let other = StartMark(link.start.0 + 1);
        assert!(open_verified(link.pid, other).expect("no error").is_none());
        assert!(open_verified(u32::MAX, link.start).expect("no error").is_none());
    }
}
