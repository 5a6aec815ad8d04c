//! Builds the warden and sets the linker up for a Node.js addon.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    #[cfg(feature = "napi")]
    napi_build::setup();
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        build_warden();
    }
}

/// The addon carries the warden inside itself, so that there is one file to ship and none to find.
///
/// It is a package of its own because it is built differently: small, and without unwinding.
fn build_warden() {
    for path in ["warden/Cargo.toml", "warden/src", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let variable = |name: &str| env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"));
    let target = variable("TARGET");
    let folder = PathBuf::from(variable("OUT_DIR")).join("warden");
    let compile = |flags: &str| {
        let mut cargo = Command::new(variable("CARGO"));
        cargo.args(["build", "--locked", "--release", "--package", "procward-warden", "--target", &target]);
        cargo.arg("--target-dir").arg(&folder).env("CARGO_ENCODED_RUSTFLAGS", flags);
        cargo.env("CARGO_PROFILE_RELEASE_PANIC", "abort").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "z");
        // When cargo clippy runs this, the warden is to be compiled all the same.
        cargo.env_remove("RUSTC_WORKSPACE_WRAPPER").env_remove("CLIPPY_ARGS");
        cargo.status().is_ok_and(|status| status.success())
    };
    // Linked statically, to fixed addresses, it starts in two thirds of the time; not every system has the C library for that.
    let built =
        compile("-Ctarget-feature=+crt-static\x1f-Crelocation-model=static") || compile("-Ctarget-feature=-crt-static");
    assert!(built, "the warden could not be built");
    let program = folder.join(target).join("release/procward-warden");
    println!("cargo::rustc-env=PROCWARD_WARDEN={}", program.display());
}
