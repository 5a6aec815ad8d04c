//! Kills for lack of memory: their count, and the process that the kernel chooses.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// The greatest age of the count that a start is compared with.
const MAX_AGE: Duration = Duration::from_secs(1);

/// Returns the count of this server's control group (v2), or else of the whole machine. `None` if neither is known.
pub fn kills() -> Option<u64> {
    platform::kills()
}

/// Lets the kernel kill this child before this server when memory is out. A process that the child has started already keeps
/// the server's score.
#[cfg(unix)]
pub fn kill_first(child: u32) {
    platform::kill_first(child);
}

/// Returns the `oom_score_adj` for children that the kernel kills before this server.
#[cfg(target_os = "linux")]
pub fn raised_score() -> Option<String> {
    platform::raised_score()
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
    use crate::process::host::{Proc, host};
    use std::fs::{read_to_string, write};
    use std::path::PathBuf;
    use std::sync::LazyLock;

    /// The part of the memory, in thousandths, that a child counts for more than it has.
    const RAISE: i32 = 300;
    const MAX_SCORE: i32 = 1000;

    pub fn kills() -> Option<u64> {
        static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
            let own = own_folder().map(|folder| folder.join("memory.events"));
            own.filter(|file| file.exists()).unwrap_or_else(|| PathBuf::from("/proc/vmstat"))
        });
        count(&read_to_string(&*FILE).ok()?)
    }

    pub fn kill_first(child: u32) {
        if let Some(score) = raised_score().filter(|_| host().proc == Proc::Own) {
            // The child may have exited already.
            let _ = write(format!("/proc/{child}/oom_score_adj"), score);
        }
    }

    pub fn raised_score() -> Option<String> {
        static RAISED: LazyLock<Option<String>> =
            LazyLock::new(|| raised(&read_to_string("/proc/self/oom_score_adj").ok()?));
        RAISED.clone()
    }

    fn raised(own: &str) -> Option<String> {
        let own: i32 = own.trim().parse().ok()?;
        Some((own + RAISE).min(MAX_SCORE).max(own).to_string())
    }

    /// Reads the count, which has the same name in both files.
    fn count(text: &str) -> Option<u64> {
        text.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_score_is_raised_and_never_lowered() {
            for (own, expected) in [
                ("0\n", Some("300")),
                ("-997\n", Some("-697")),
                ("800", Some("1000")),
                ("1000\n", Some("1000")),
                ("x", None),
            ] {
                assert_eq!(raised(own).as_deref(), expected, "{own:?}");
            }
        }

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

    #[cfg(unix)]
    pub fn kill_first(_child: u32) {}
}
