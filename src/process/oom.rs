//! Counts the processes that the system has killed for lack of memory.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// The greatest age of the count that a start is compared with.
const MAX_AGE: Duration = Duration::from_secs(1);

/// Returns the count of this server's control group (v2), or else of the whole machine. `None` if neither is known.
pub fn kills() -> Option<u64> {
    platform::kills()
}

/// Returns [`kills`] as of up to a second ago, so that not every start reads the count.
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

    /// Reads the count, which has the same name in both files.
    fn count(text: &str) -> Option<u64> {
        text.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_count_is_read_from_either_file() {
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
