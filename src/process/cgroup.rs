//! Linux: a control group (v2) for each tree, where this server may make some. The kernel kills all that is in one at
//! once, and shows of any process in which it is, also of one that nothing else shows to be ours.

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

/// What the names of our groups begin with; the tree's tag follows.
const PREFIX: &str = "procward-";
/// How long killed processes may take to be gone.
const KILL_WAIT: Duration = Duration::from_secs(1);
/// Between two looks at them.
const POLL_PAUSE: Duration = Duration::from_millis(5);
/// How a manager that runs as root marks the groups that it leaves to others.
const DELEGATED: [&str; 2] = ["trusted.delegate", "user.delegate"];

/// A tree's group. Dropped, it is removed, if nobody lives in it.
#[derive(Debug)]
pub struct Group(PathBuf);

impl Group {
    /// Makes one, where that can be done.
    pub fn make(tag: &Tag) -> Option<Self> {
        Self::below(home()?, tag)
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Kills all that is in it, and waits for them, but not for ever.
    pub async fn kill(&self) {
        let emptied = async {
            while folder::kill(&self.0) && self.is_populated() {
                sleep(POLL_PAUSE).await;
            }
        };
        let _ = timeout(KILL_WAIT, emptied).await;
    }

    /// The processor time of all that is or was in it.
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

/// Whether trees get groups of their own here.
pub fn is_available() -> bool {
    home().is_some()
}

/// The tree in whose group a process is, by the text of its `cgroup` file.
pub fn tag_in(membership: &str) -> Option<Tag> {
    let path = membership.lines().find_map(|line| line.strip_prefix("0::"))?;
    path.rsplit('/').find_map(|name| Tag::parse(name.strip_prefix(PREFIX)?))
}

/// The folder of the group that this server is in.
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

/// The group that this server was started in, if it is ours to divide.
fn home() -> Option<&'static Path> {
    static HOME: OnceCell<Option<PathBuf>> = OnceCell::new();
    HOME.get_or_init(|| {
        let (folder, _) = folders()?.into_iter().find(|(folder, mount)| is_delegated(folder, mount))?;
        is_usable(&folder).then_some(folder)
    })
    .as_deref()
}

/// The folder of the group that this server is in, and that of all groups, wherever they are mounted.
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

/// Root may write everywhere, also where others keep order: a container's whole tree is its own, elsewhere a mark has to
/// say so. For anybody else the permission is the mark.
fn is_delegated(folder: &Path, mount_point: &Path) -> bool {
    let is_marked = |folder: &Path| {
        DELEGATED.iter().any(|name| getxattr(folder, *name, &mut [0; 8]).is_ok_and(|length| length > 0))
    };
    let within = |above: &&Path| above.starts_with(mount_point);
    !rustix::process::geteuid().is_root()
        || folder == mount_point
        || folder.ancestors().take_while(within).any(is_marked)
}

/// Tries it: the kernel has to let us make groups, and to know how to kill one. The root of all groups cannot be killed.
fn is_usable(home: &Path) -> bool {
    let trial = home.join("cgroup.kill").exists().then(|| Group::below(home, &trial_tag())).flatten();
    trial.is_some_and(|group| {
        let kind = read_to_string(group.folder().join("cgroup.type"));
        kind.is_ok_and(|kind| kind.trim() == "domain") && group.folder().join("cgroup.kill").exists()
    })
}

/// No tree has the number zero.
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
    fn the_time_of_a_group() {
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
