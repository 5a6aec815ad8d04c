//! The control groups of this process, and the memory that the tightest of them leaves.

use super::size::Memory;
use std::path::{Path, PathBuf};

/// A limit at and above this number is the kernel's word for none in version 1.
const NO_LIMIT: u64 = 1 << 60;

/// The version of a hierarchy of control groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// One hierarchy for each controller; here that of memory.
    One,
    /// One hierarchy for all.
    Two,
}

/// The group of this process in a hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hierarchy {
    /// The version.
    pub version: Version,
    /// The folder of the group.
    pub folder: PathBuf,
    /// The folder of the highest group that is shown here.
    pub top: PathBuf,
}

impl Version {
    /// Returns the limit of the group in this folder. A group that is throttled above `memory.high` is as good as full.
    fn limit(self, read: impl Fn(&str) -> Option<String>) -> Option<u64> {
        let number = |file| read(file)?.trim().parse::<u64>().ok();
        match self {
            Self::One => number("memory.limit_in_bytes").filter(|limit| *limit < NO_LIMIT),
            Self::Two => number("memory.max").into_iter().chain(number("memory.high")).min(),
        }
    }

    fn usage_file(self) -> &'static str {
        match self {
            Self::One => "memory.usage_in_bytes",
            Self::Two => "memory.current",
        }
    }

    fn inactive_field(self) -> &'static str {
        match self {
            Self::One => "total_inactive_file",
            Self::Two => "inactive_file",
        }
    }
}

/// Finds the groups that may limit memory. The arguments are the texts of `/proc/self/cgroup` and `/proc/self/mountinfo`.
pub fn hierarchies(membership: &str, mounts: &str) -> Vec<Hierarchy> {
    let find = |version: Version| {
        let path = membership.lines().find_map(|line| member_path(line, version))?;
        mounts.lines().find_map(|line| {
            let (root, top) = mount(line, version)?;
            // A container may show its own group as the root, while its membership is the host's.
            let inside = Path::new(path).strip_prefix(root).ok().filter(|_| !path.contains("/.."));
            let folder = inside.map_or_else(|| top.clone(), |inside| top.join(inside).components().collect());
            Some(Hierarchy { version, folder, top })
        })
    };
    [Version::One, Version::Two].into_iter().filter_map(find).collect()
}

/// Returns the memory that the tightest limited group leaves, of all groups from this process's up. `read` returns the
/// text of a file.
pub fn tightest(hierarchies: &[Hierarchy], read: impl Fn(&Path) -> Option<String>) -> Option<Memory> {
    let levels = hierarchies.iter().flat_map(|Hierarchy { version, folder, top }| {
        let shown = folder.ancestors().take_while(move |level| level.starts_with(top));
        shown.map(move |level| (*version, level))
    });
    levels.filter_map(|(version, level)| left_in(version, |file| read(&level.join(file)))).reduce(Memory::tighter)
}

/// Returns the memory that one group leaves; `None` without a limit.
fn left_in(version: Version, read: impl Fn(&str) -> Option<String>) -> Option<Memory> {
    let total = version.limit(&read)?;
    let usage = read(version.usage_file()).and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or_default();
    let stat = read("memory.stat").unwrap_or_default();
    let inactive = stat.lines().find_map(|line| line.strip_prefix(version.inactive_field())?.strip_prefix(' '));
    let inactive = inactive.and_then(|value| value.trim().parse::<u64>().ok()).unwrap_or_default();
    Some(Memory { total, available: total.saturating_sub(usage.saturating_sub(inactive)) })
}

/// Returns the path of the group in a line `NUMBER:CONTROLLERS:PATH`, if the line is of this version.
fn member_path(line: &str, version: Version) -> Option<&str> {
    let mut parts = line.splitn(3, ':');
    let (number, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
    let is_wanted = match version {
        Version::One => controllers.split(',').any(|name| name == "memory"),
        Version::Two => number == "0" && controllers.is_empty(),
    };
    is_wanted.then_some(path)
}

/// Returns the root and the place of a mount in a line of `mountinfo`, if the mount shows groups of this version.
fn mount(line: &str, version: Version) -> Option<(PathBuf, PathBuf)> {
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ').skip(3);
    let (root, place) = (before.next()?, before.next()?);
    let mut after = after.split(' ');
    let (kind, options) = (after.next()?, after.nth(1).unwrap_or_default());
    let is_wanted = match version {
        Version::One => kind == "cgroup" && options.split(',').any(|name| name == "memory"),
        Version::Two => kind == "cgroup2",
    };
    is_wanted.then(|| (unescaped(root), unescaped(place)))
}

/// Decodes the four characters that the kernel escapes in paths.
fn unescaped(path: &str) -> PathBuf {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .into_iter()
        .fold(path.to_owned(), |path, (escape, character)| path.replace(escape, character))
        .into()
}

#[cfg(test)]
#[path = "groups_test.rs"]
mod tests;
