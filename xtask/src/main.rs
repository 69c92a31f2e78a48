//! The project's own tasks: `cargo xtask test` is all of CI.
fn main() {}
