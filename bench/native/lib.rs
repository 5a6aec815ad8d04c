//! Holds the benches of the core: `cargo bench --manifest-path bench/native/Cargo.toml`.
