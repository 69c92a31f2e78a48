//! The rules of the rulebook, each proved by tests that bear its id.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod application;
mod card;
mod counter;
mod folding;
mod histories;
mod invariants;
mod issuance;
mod loss;
mod phone;
mod registration;
mod stored_forms;
mod world;
