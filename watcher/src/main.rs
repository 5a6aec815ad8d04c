//! Usage: `procward-watcher TAG_PREFIX`, with the pipe from the server as standard input.

use std::process::ExitCode;

#[cfg(target_os = "macos")]
fn main() -> ExitCode {
    match procward_watcher::macos::run(&std::env::args().nth(1).unwrap_or_default()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[cfg(not(target_os = "macos"))]
fn main() -> ExitCode {
    eprintln!("this program is for macOS");
    ExitCode::FAILURE
}
