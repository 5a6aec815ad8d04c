//! Linux: a control group (v2) for each tree, where this server may make control groups.
//! The kernel can kill a whole group at once. `/proc/PID/cgroup` identifies members even without a tag.

mod folder;

use crate::process::handle::is_gone;
use crate::process::tag::{Instance, Tag};
use once_cell::sync::OnceCell;
use procfs::process::{MountInfo, Process};
use rustix::fs::getxattr;
use std::fs::{create_dir, read_dir, read_to_string};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The prefix of our groups' names. The tree's tag follows.
const PREFIX: &str = "procward-";
/// The time that killed processes may take to exit.
const KILL_WAIT: Duration = Duration::from_secs(1);
/// The time between two looks at killed processes.
const POLL_PAUSE: Duration = Duration::from_millis(5);
/// The attributes by which a manager that runs as root marks the groups that others may divide.
const DELEGATED: [&str; 2] = ["trusted.delegate", "user.delegate"];

/// A tree's group. Dropping it removes the group, if the group is empty.
#[derive(Debug)]
pub struct Group(PathBuf);

impl Group {
    /// Makes a group, where the system allows it.
    pub fn make(tag: &Tag) -> Option<Self> {
        Self::below(home()?, tag)
    }

    /// Returns the folder of the group.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Kills every process in the group and waits for their exit, up to a limit.
    pub async fn kill(&self) {
        let emptied = async {
            while folder::kill(&self.0) && self.is_populated() {
                sleep(POLL_PAUSE).await;
            }
        };
        let _ = timeout(KILL_WAIT, emptied).await;
    }

    /// Returns the processor time of all processes that are or were in the group.
    pub fn cpu_time(&self) -> Option<Duration> {
        cpu_time_in(&read_to_string(self.0.join("cpu.stat")).ok()?)
    }

    fn below(home: &Path, tag: &Tag) -> Option<Self> {
        let folder = home.join(format!("{PREFIX}{tag}"));
        create_dir(&folder).ok()?;
        Some(Self(folder))
    }

    fn is_populated(&self) -> bool {
        read_to_string(self.0.join("cgroup.events")).is_ok_and(|events| events.contains("populated 1"))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        folder::remove(&self.0);
    }
}

/// Returns whether trees get groups of their own on this system.
pub fn is_available() -> bool {
    home().is_some()
}

/// Returns the tag of the tree that a process's group belongs to. The argument is the text of that process's `cgroup` file.
pub fn tag_in(membership: &str) -> Option<Tag> {
    let path = membership.lines().find_map(|line| line.strip_prefix("0::"))?;
    path.rsplit('/').find_map(|name| Tag::parse(name.strip_prefix(PREFIX)?))
}

/// Returns the folder of this server's own group.
pub fn own_folder() -> Option<PathBuf> {
    Some(folders()?.into_iter().next()?.0)
}

/// Removes the empty groups of servers that are provably dead.
pub fn remove_orphaned_groups() {
    let entries = home().and_then(|home| read_dir(home).ok()).into_iter().flatten().flatten();
    for entry in entries {
        let tag = entry.file_name().to_str().and_then(|name| Tag::parse(name.strip_prefix(PREFIX)?));
        if tag.is_some_and(|tag| is_dead(&tag.instance)) {
            folder::remove(&entry.path());
        }
    }
}

fn is_dead(instance: &Instance) -> bool {
    instance.shares_world_with(Instance::current()) && is_gone(instance.pid, instance.start)
}

/// Returns the group that this server was started in, if this server may divide the group.
fn home() -> Option<&'static Path> {
    static HOME: OnceCell<Option<PathBuf>> = OnceCell::new();
    HOME.get_or_init(|| {
        let (folder, _) = folders()?.into_iter().find(|(folder, mount)| is_delegated(folder, mount))?;
        is_usable(&folder).then_some(folder)
    })
    .as_deref()
}

/// Returns the folder of this server's group and the folder of the root group, for each mount.
fn folders() -> Option<Vec<(PathBuf, PathBuf)>> {
    let me = Process::myself().ok()?;
    let path = me.cgroups().ok()?.into_iter().find(|group| group.hierarchy == 0)?.pathname;
    let groups = me.mountinfo().ok()?.into_iter().filter(|mount| mount.fs_type == "cgroup2");
    let folder = |mount: MountInfo| {
        let inside = Path::new(&path).strip_prefix(&mount.root).ok()?;
        Some((mount.mount_point.join(inside), mount.mount_point))
    };
    Some(groups.filter_map(folder).collect())
}

/// Returns whether this server may divide its group.
///
/// Root may write everywhere, even where another manager is in charge. A container's root group belongs to root;
/// elsewhere an attribute has to say so. For other users the permission is enough.
fn is_delegated(folder: &Path, mount_point: &Path) -> bool {
    let is_marked = |folder: &Path| {
        DELEGATED.iter().any(|name| getxattr(folder, *name, &mut [0; 8]).is_ok_and(|length| length > 0))
    };
    let within = |above: &&Path| above.starts_with(mount_point);
    !rustix::process::geteuid().is_root()
        || folder == mount_point
        || folder.ancestors().take_while(within).any(is_marked)
}

/// Makes a trial group, because the kernel has to allow groups and to know how to kill one. The root group cannot be
/// killed.
fn is_usable(home: &Path) -> bool {
    let trial = home.join("cgroup.kill").exists().then(|| Group::below(home, &trial_tag())).flatten();
    trial.is_some_and(|group| {
        let kind = read_to_string(group.folder().join("cgroup.type"));
        kind.is_ok_and(|kind| kind.trim() == "domain") && group.folder().join("cgroup.kill").exists()
    })
}

/// Returns the tag of the trial group. No tree has the number zero.
fn trial_tag() -> Tag {
    Tag { instance: Instance::current().clone(), tree: 0 }
}

fn cpu_time_in(stat: &str) -> Option<Duration> {
    let microseconds = stat.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
    Some(Duration::from_micros(microseconds.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_time_of_a_group_is_read() {
        let stat = "usage_usec 2000123\nuser_usec 1000000\nsystem_usec 1000123\n";
        assert_eq!(cpu_time_in(stat), Some(Duration::from_micros(2_000_123)));
        assert_eq!((cpu_time_in(""), cpu_time_in("usage_usec x")), (None, None));
    }

    #[test]
    fn a_membership_names_the_tree() {
        let tag = |text: &str| tag_in(text).map(|tag| tag.to_string());
        let (outer, inner) = ("w:42:1700:00000000000000ff:7", "w:43:1800:00000000000000fe:1");
        assert_eq!(tag(&format!("0::/a.slice/procward-{outer}\n")), Some(outer.to_owned()));
        assert_eq!(tag(&format!("1:cpu:/x\n0::/procward-{outer}/made by it\n")), Some(outer.to_owned()));
        assert_eq!(tag(&format!("0::/procward-{outer}/procward-{inner}\n")), Some(inner.to_owned()));
        assert_eq!(tag(&format!("1:cpu:/procward-{outer}\n0::/\n")), None);
        assert_eq!(tag("0::/procward-x:1\n"), None);
        assert_eq!(tag(""), None);
    }
}
