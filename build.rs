//! Builds the helper program that the addon carries, and sets up the linker for a Node.js addon.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The variable that names a helper built before, for checks of another system, which have no linker.
const PREBUILT: &str = "PROCWARD_PREBUILT_HELPER";

/// The linker arguments of the warden, which has its own start and needs no library.
const ALONE: [&str; 4] =
    ["-Ctarget-feature=+crt-static", "-Crelocation-model=static", "-Clink-arg=-nostartfiles", "-Clink-arg=-nostdlib"];
/// The same for musl, where Rust would add a C library and its start.
const ALONE_ON_MUSL: [&str; 5] = [ALONE[0], ALONE[1], ALONE[2], ALONE[3], "-Clink-self-contained=no"];
const DYNAMIC: [&str; 1] = ["-Ctarget-feature=-crt-static"];

fn main() {
    #[cfg(feature = "napi")]
    napi_build::setup();
    let is_musl = variable("CARGO_CFG_TARGET_ENV") == "musl";
    match variable("CARGO_CFG_TARGET_OS").as_str() {
        "linux" if is_musl => carry("procward-warden", "warden", "PROCWARD_WARDEN_PROGRAM", &ALONE_ON_MUSL),
        "linux" => carry("procward-warden", "warden", "PROCWARD_WARDEN_PROGRAM", &ALONE),
        "macos" => carry("procward-watcher", "watcher", "PROCWARD_WATCHER_PROGRAM", &DYNAMIC),
        _ => {}
    }
}

/// Builds a helper, or takes one built before, so that the addon can carry the program inside itself.
///
/// The helper is a package of its own, because its build is small and does not unwind.
fn carry(package: &str, folder: &str, includes: &str, linking: &[&str]) {
    println!("cargo::rerun-if-env-changed={PREBUILT}");
    let program = env::var_os(PREBUILT).map(PathBuf::from).or_else(|| build(package, folder, linking));
    let program = program.unwrap_or_else(|| panic!("{package} could not be built"));
    println!("cargo::rustc-env={includes}={}", program.display());
}

fn build(package: &str, folder: &str, linking: &[&str]) -> Option<PathBuf> {
    for path in ["Cargo.toml", "src"].map(|path| Path::new(folder).join(path)) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    println!("cargo::rerun-if-changed=Cargo.lock");
    let target = variable("TARGET");
    let folder = PathBuf::from(variable("OUT_DIR")).join(folder);
    let mut cargo = Command::new(variable("CARGO"));
    cargo.args(["build", "--locked", "--release", "--package", package, "--target", &target]);
    cargo.arg("--target-dir").arg(&folder).env("CARGO_ENCODED_RUSTFLAGS", linking.join("\x1f"));
    cargo.env("CARGO_PROFILE_RELEASE_PANIC", "abort").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "z");
    // Under `cargo clippy` the helper is compiled all the same.
    cargo.env_remove("RUSTC_WORKSPACE_WRAPPER").env_remove("CLIPPY_ARGS");
    let done = cargo.status().is_ok_and(|status| status.success());
    done.then(|| folder.join(target).join("release").join(package))
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}
