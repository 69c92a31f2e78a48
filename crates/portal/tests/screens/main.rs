//! The screens over HTTP, without a script, as a browser asks for them.
#![allow(clippy::panic, clippy::unwrap_used)]

mod applications;
mod browser;
mod consents;
mod login;
mod office;
mod records;
#[path = "../support/mod.rs"]
mod support;
mod words;
