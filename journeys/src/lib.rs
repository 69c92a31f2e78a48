//! End-to-end journeys: one test file a journey from the guides. What several of them need is here.

#![allow(clippy::panic, reason = "what helps a test fails by panicking")]

pub mod browser;
pub mod guides;
pub mod hana;
pub mod holder;
pub mod keys;
pub mod specimen;
pub mod vpcd;

use std::path::{Path, PathBuf};

/// The interpreter of the virtual environment in which `journeys/requirements.txt` is installed.
pub fn python() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv/bin/python");
    std::env::var_os("INROU_PYTHON").map_or(beside, PathBuf::from)
}
