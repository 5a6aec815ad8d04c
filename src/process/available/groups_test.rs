//! Texts of files as kernels and containers write them.

use super::*;
use std::collections::HashMap;

const V1: &str = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n";
const V2: &str =
    "30 25 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n";

/// Returns each found group as `VERSION FOLDER TOP`.
fn found(membership: &str, mounts: &str) -> Vec<String> {
    let text = |of: Hierarchy| format!("{:?} {} {}", of.version, of.folder.display(), of.top.display());
    hierarchies(membership, mounts).into_iter().map(text).collect()
}

#[test]
fn groups_are_found_on_hosts_and_in_containers() {
    let both = format!("{V1}41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    let docker = "100 90 0:32 /docker/abc /sys/fs/cgroup/memory ro,nosuid master:15 - cgroup cgroup rw,memory\n";
    let spaced = "1 2 0:3 / /mnt/my\\040groups rw - cgroup2 none rw\n";
    for (membership, mounts, expected) in [
        // A host with systemd, version 2.
        ("0::/user.slice/a.scope\n", V2, vec!["Two /sys/fs/cgroup/user.slice/a.scope /sys/fs/cgroup"]),
        // A host with both versions.
        (
            "4:memory:/jobs/x\n1:cpu:/\n0::/\n",
            both.as_str(),
            vec![
                "One /sys/fs/cgroup/memory/jobs/x /sys/fs/cgroup/memory",
                "Two /sys/fs/cgroup/unified /sys/fs/cgroup/unified",
            ],
        ),
        // A container without a namespace of its own: its mount shows its group as the root.
        ("9:hugetlb,memory:/docker/abc\n", docker, vec!["One /sys/fs/cgroup/memory /sys/fs/cgroup/memory"]),
        ("9:memory:/docker/abc/inner\n", docker, vec!["One /sys/fs/cgroup/memory/inner /sys/fs/cgroup/memory"]),
        // A group outside of the mount, and one above a namespace.
        ("9:memory:/kubepods/other\n", docker, vec!["One /sys/fs/cgroup/memory /sys/fs/cgroup/memory"]),
        ("0::/../sibling\n", V2, vec!["Two /sys/fs/cgroup /sys/fs/cgroup"]),
        // A container with a namespace of its own.
        ("0::/\n", V2, vec!["Two /sys/fs/cgroup /sys/fs/cgroup"]),
        ("0::/a\n", spaced, vec!["Two /mnt/my groups/a /mnt/my groups"]),
        ("4:memory:/x\n", V2, vec![]),
        ("0::/x\n", V1, vec![]),
        ("", "", vec![]),
        ("memory\n0:\n", "broken\n1 2 - cgroup2\n", vec![]),
    ] {
        assert_eq!(found(membership, mounts), expected, "{membership:?}");
    }
}

/// Returns total and available memory of the tightest group from `/g/a/b` up.
fn left(version: Version, files: &[(&str, &str)]) -> Option<(u64, u64)> {
    let files: HashMap<PathBuf, &str> = files.iter().map(|(name, text)| (Path::new("/g").join(name), *text)).collect();
    let hierarchy = Hierarchy { version, folder: "/g/a/b".into(), top: "/g".into() };
    let memory = tightest(&[hierarchy], |file| files.get(file).map(|text| (*text).to_owned()));
    memory.map(|Memory { total, available }| (total, available))
}

#[test]
fn a_group_of_version_2_leaves_its_limit_less_its_working_set() {
    let two = |files: &[(&str, &str)]| left(Version::Two, files);
    let stat = "anon 500\nfile 300\nkernel 20\ninactive_anon 7\ninactive_file 200\nactive_file 100\n";
    let usage = [("a/b/memory.current", "820\n"), ("a/b/memory.stat", stat)];
    let with = |more: &[(&'static str, &'static str)]| two(&[&usage[..], more].concat());
    assert_eq!(with(&[("a/b/memory.max", "1000\n")]), Some((1000, 380)));
    assert_eq!(with(&[("a/b/memory.max", "max\n")]), None);
    assert_eq!(with(&[("a/b/memory.max", "max\n"), ("a/b/memory.high", "900\n")]), Some((900, 280)));
    assert_eq!(with(&[("a/b/memory.max", "1000\n"), ("a/b/memory.high", "max\n")]), Some((1000, 380)));
    assert_eq!(with(&[("a/b/memory.max", "600\n")]), Some((600, 0)), "above its limit");
    assert_eq!(with(&[("a/b/memory.max", "0\n")]), Some((0, 0)));
    let parent = [("a/memory.max", "2000\n"), ("a/memory.current", "1900\n"), ("a/memory.stat", "inactive_file 0\n")];
    assert_eq!(
        with(&[&parent[..], &[("a/b/memory.max", "1000\n")]].concat()),
        Some((1000, 100)),
        "the parent is tighter"
    );
    assert_eq!(with(&parent), Some((2000, 100)));
    assert_eq!(two(&[("a/b/memory.max", "1000\n")]), Some((1000, 1000)), "no other file");
    assert_eq!(
        two(&[("memory.max", "1000\n"), ("memory.current", "4\n")]),
        Some((1000, 996)),
        "the highest that is shown"
    );
    assert_eq!((two(&[]), two(&[("a/b/memory.max", "much\n")])), (None, None));
}

#[test]
fn a_group_of_version_1_leaves_its_limit_less_its_working_set() {
    let one = |files: &[(&str, &str)]| left(Version::One, files);
    let stat = "cache 300\nrss 500\ninactive_file 40\ntotal_cache 300\ntotal_inactive_file 200\n";
    let usage = [("a/b/memory.usage_in_bytes", "820\n"), ("a/b/memory.stat", stat)];
    let with = |more: &[(&'static str, &'static str)]| one(&[&usage[..], more].concat());
    assert_eq!(with(&[("a/b/memory.limit_in_bytes", "1000\n")]), Some((1000, 380)));
    assert_eq!(with(&[("a/b/memory.limit_in_bytes", "9223372036854771712\n")]), None);
    assert_eq!(with(&[("memory.limit_in_bytes", "900\n"), ("memory.usage_in_bytes", "890\n")]), Some((900, 10)));
    assert_eq!(one(&[]), None);
}
