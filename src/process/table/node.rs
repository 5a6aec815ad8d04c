//! Recognises Node.js by the executable, because a process can choose its names and titles.

use std::ffi::OsStr;
use std::path::Path;

/// The kind of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The executable is Node.js.
    Node,
    /// The process has Node.js's name, but its executable is unreadable or unknown.
    LikeNode,
    /// Any other program.
    Other,
}

/// Returns whether an executable's file name is one under which Node.js is installed.
///
/// Distributions add the version (`node-22`, `node22`, `nodejs20`), and Nix hides the program behind a wrapper
/// (`.node-wrapped`).
pub fn is_node(executable: &Path) -> bool {
    executable.file_name().and_then(OsStr::to_str).is_some_and(is_node_name)
}

/// Returns whether Node.js processes have this kernel name. The main thread of Node.js 24 is `MainThread`, and that of
/// Node.js 26 is `node-MainThread`.
pub fn is_like_node(name: &str) -> bool {
    matches!(name, "MainThread" | "node-MainThread") || is_node_name(name)
}

/// Returns whether an executable runs other programs, so that its file does not identify the program.
pub fn runs_others(executable: &Path) -> bool {
    let name = executable.file_name().and_then(OsStr::to_str).unwrap_or_default();
    // The dynamic linker, and emulators of other processors.
    ["ld-", "ld.", "qemu-", "box64", "box86", "FEX", "rosetta"].iter().any(|start| name.starts_with(start))
}

/// Returns whether the executable is Electron: by its name, or by the files beside it that Electron cannot start
/// without.
pub fn is_electron(executable: &Path) -> bool {
    let beside = |file: &str| executable.with_file_name(file).exists();
    let is_named = || executable.file_stem().is_some_and(|name| name.eq_ignore_ascii_case("electron"));
    let has_snapshot = || beside("v8_context_snapshot.bin") || beside("snapshot_blob.bin");
    is_named() || (beside("icudtl.dat") && has_snapshot() && beside("resources"))
}

fn is_node_name(name: &str) -> bool {
    let name = unwrapped(name);
    let name = if cfg!(windows) { &name.to_ascii_lowercase() } else { name };
    let name = name.strip_suffix(".exe").unwrap_or(name);
    let Some(version) = name.strip_prefix("node").map(|rest| rest.strip_prefix("js").unwrap_or(rest)) else {
        return false;
    };
    let digits = version.strip_prefix('-').unwrap_or(version);
    let digits = digits.strip_prefix('v').unwrap_or(digits);
    version.is_empty()
        || digits.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A wrapper of a wrapper adds another underscore.
fn unwrapped(name: &str) -> &str {
    let hidden = name.strip_prefix('.').and_then(|name| name.trim_end_matches('_').strip_suffix("-wrapped"));
    hidden.unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir, write};

    #[test]
    fn nodejs_is_recognised_by_its_usual_file_names() {
        let names = [
            "node",
            "nodejs",
            "node.exe",
            "node-20",
            "node20",
            "node-22",
            "nodejs-18",
            "nodejs20",
            "node-v22.11.0",
            "node22.11",
            ".node-wrapped",
            ".node-wrapped_",
            ".node-22-wrapped",
        ];
        for name in names {
            assert!(is_node(&Path::new("/opt/bin").join(name)), "{name}");
        }
        let others = [
            "Node",
            "bun",
            "node_exporter",
            "node-exporter",
            "node-gyp",
            "nodemon",
            "node-",
            "node.",
            "node-22-beta",
            "nodejsx",
            "-node-wrapped",
            ".node",
            "node-wrapped",
            "xnode",
            "noded",
            "nod",
            "node-22.",
        ];
        for name in others {
            assert!(!is_node(&Path::new("/opt/node").join(name)), "{name}");
        }
        assert!(!is_node(Path::new("/")));
    }

    #[test]
    fn the_name_of_a_main_thread_looks_like_nodejs() {
        for (name, expected) in [
            ("MainThread", true),
            ("node-MainThread", true),
            ("node-22", true),
            ("sleep", false),
            ("java-MainThread", false),
        ] {
            assert_eq!(is_like_node(name), expected, "{name}");
        }
    }

    #[test]
    fn linkers_and_emulators_run_other_programs() {
        for (name, expected) in [("ld-linux-x86-64.so.2", true), ("qemu-aarch64-static", true), ("my-server", false)] {
            assert_eq!(runs_others(&Path::new("/usr/bin").join(name)), expected, "{name}");
        }
    }

    #[test]
    fn electron_is_recognised_by_the_files_beside_it() {
        let folder = std::env::temp_dir().join(format!("procward-electron-{}", std::process::id()));
        create_dir(&folder).expect("a new folder");
        let executable = folder.join("code");
        assert!(!is_electron(&executable) && is_electron(&folder.join("electron")));
        for file in ["icudtl.dat", "v8_context_snapshot.bin", "resources"] {
            write(folder.join(file), "").expect("a writable folder");
        }
        assert!(is_electron(&executable));
        std::fs::remove_dir_all(&folder).expect("no other test uses it");
    }
}
