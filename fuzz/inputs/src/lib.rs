//! What the fuzz targets share: the card that commands are sent to, and the certificates whose keys
//! signed the seeds.
//!
//! `cargo run --package inrou-fuzz --example seeds` makes all seeds anew. The private keys are thrown away
//! then: what verifies under one of these certificates is what a seed says, or a forgery.

pub mod card;
pub mod pki;
