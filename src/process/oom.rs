//! How often the system has killed a process because there was no memory left.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// How old the count may be that a start is compared with.
const MAX_AGE: Duration = Duration::from_secs(1);

/// In this server's control group (v2), where that counts, otherwise on the whole machine; `None` where it cannot be known.
pub fn kills() -> Option<u64> {
    platform::kills()
}

/// As [`kills`], of now or up to a second ago: what starts in the meantime need not look each time.
pub fn kills_before() -> Option<u64> {
    static LATEST: Mutex<Option<(Instant, Option<u64>)>> = Mutex::new(None);
    let mut latest = LATEST.lock();
    if latest.is_none_or(|(time, _)| time.elapsed() > MAX_AGE) {
        *latest = Some((Instant::now(), kills()));
    }
    latest.and_then(|(_, count)| count)
}

#[cfg(target_os = "linux")]
mod platform {
    use crate::process::cgroup::own_folder;
    use std::fs::read_to_string;
    use std::path::PathBuf;
    use std::sync::LazyLock;

    pub fn kills() -> Option<u64> {
        static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
            let own = own_folder().map(|folder| folder.join("memory.events"));
            own.filter(|file| file.exists()).unwrap_or_else(|| PathBuf::from("/proc/vmstat"))
        });
        count(&read_to_string(&*FILE).ok()?)
    }

    /// Both files have it, under the same name.
    fn count(text: &str) -> Option<u64> {
        text.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_count_in_either_file() {
            for (text, expected) in [
                ("low 0\nhigh 0\nmax 17\noom 3\noom_kill 2\noom_group_kill 0\n", Some(2)),
                ("pgmajfault 9\noom_kill 41\nnuma_hit 7\n", Some(41)),
                ("oom 3\noom_group_kill 1\n", None),
                ("oom_kill many\n", None),
                ("", None),
            ] {
                assert_eq!(count(text), expected, "{text:?}");
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    pub fn kills() -> Option<u64> {
        None
    }
}
