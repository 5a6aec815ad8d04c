//! What shows a process to be Node.js: its executable, because names and titles are for the process to choose.

use std::ffi::OsStr;
use std::path::Path;

/// What is known of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Its executable is Node.js.
    Node,
    /// It has Node.js's name, but what its executable is cannot be read, or is not known.
    LikeNode,
    /// Anything else.
    Other,
}

/// Whether an executable's file name is one under which Node.js is installed.
///
/// Distributions add the version (`node-22`, `node22`, `nodejs20`), and Nix hides the program behind a wrapper
/// (`.node-wrapped`).
pub fn is_node(executable: &Path) -> bool {
    executable.file_name().and_then(OsStr::to_str).is_some_and(is_node_name)
}

/// Whether the kernel's name of a process is one that Node.js processes have: newer ones name their main thread.
pub fn is_like_node(name: &str) -> bool {
    name == "MainThread" || is_node_name(name)
}

/// Whether an executable runs the programs of others: what it runs is not to be told from its file.
pub fn runs_others(executable: &Path) -> bool {
    let name = executable.file_name().and_then(OsStr::to_str).unwrap_or_default();
    // The dynamic linker, and what runs programs of other processors.
    ["ld-", "ld.", "qemu-", "box64", "box86", "FEX", "rosetta"].iter().any(|start| name.starts_with(start))
}

/// Whether Electron is the executable: by its name, or as beside it are the files that it cannot start without.
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
    fn nodejs_is_told_by_the_file_names_that_it_is_installed_under() {
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
        assert!(is_like_node("MainThread") && is_like_node("node-22") && !is_like_node("sleep"));
    }

    #[test]
    fn what_runs_programs_of_others_is_no_program_of_its_own() {
        for (name, expected) in [("ld-linux-x86-64.so.2", true), ("qemu-aarch64-static", true), ("my-server", false)] {
            assert_eq!(runs_others(&Path::new("/usr/bin").join(name)), expected, "{name}");
        }
    }

    #[test]
    fn electron_is_told_by_the_files_beside_it() {
        let folder = std::env::temp_dir().join(format!("procward-electron-{}", std::process::id()));
        create_dir(&folder).expect("a new folder");
        let executable = folder.join("code");
        assert!(!is_electron(&executable) && is_electron(&folder.join("electron")));
        for file in ["icudtl.dat", "v8_context_snapshot.bin", "resources"] {
            write(folder.join(file), "").expect("a writable folder");
        }
        assert!(is_electron(&executable));
        std::fs::remove_dir_all(&folder).expect("nobody else has it");
    }
}
