//! The rules of the rulebook, each proved by tests that bear its id.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod application;
mod card;
mod card_life;
mod counter;
mod folding;
mod histories;
mod invariants;
mod issuance;
mod loss;
mod moving;
mod operator;
mod phone;
mod registration;
mod renewal;
mod stored_forms;
mod world;
