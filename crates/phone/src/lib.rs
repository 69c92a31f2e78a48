//! The app on the phone, as a service: what a person does with a phone, over HTTP.
//!
//! - [`Fleet`]: the phones of one directory, and what they are made of; [`http`]: all of it over HTTP
//! - `phone`: one phone; `stored`: what it remembers
//! - `flow`: the procedures of the guides as a state machine, without I/O; `secrets`: what was typed
//! - `runner`: carries out what a procedure asks for
//! - `chip`: the secure element inside; [`card`]: the card that lies on the phone; [`answer`]: what either
//!   answers to a transaction
//! - `models`: which models can carry certificates
//! - `progress`: how far the work under way is
//! - `deletion`: what the chip may no longer hold goes
//! - `pins`, `transactions`, `notices`, `check`, `passkey`: what is no procedure; `hindrance`: why a
//!   transaction cannot be answered

pub mod answer;
pub mod card;
mod check;
mod chip;
mod deletion;
mod fleet;
mod flow;
mod hindrance;
pub mod http;
mod models;
mod notices;
mod passkey;
mod phone;
mod pins;
mod problem;
mod progress;
mod runner;
pub mod screens;
mod secrets;
mod stored;
mod told;
mod transactions;

pub use fleet::{Fleet, FleetError, Glance, Maker, NotLent, Parts, Settings};
pub use models::carries_certificates;
pub use stored::allows_contactless;
