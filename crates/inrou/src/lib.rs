//! The command: a sandbox of the whole service, and its parts.

pub mod residents;
