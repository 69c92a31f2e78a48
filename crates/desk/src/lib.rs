//! The desk: where people of the staff work. The hotline takes calls, a municipality's counter its residents.
//!
//! - [`Desk`]: the role, and what it is made of; [`settings`]
//! - [`store`]: everything durable
//! - [`staff`]: who works here, where, with which duties; `invitations`: how one begins
//! - `passkeys`, `sign_ins`: how a member is known
//! - `journal`: who did what to whom, and why; every act goes through it
//! - `callers`: whom a call is from; `holds`: what the hotline does for a caller
//! - `counter`: what a municipality's counter does for its residents
//! - `writing`: a card is written on the counter's [`reader`]
//! - [`screens`]: what the staff sees

mod callers;
mod counter;
mod dates;
mod desk;
mod holds;
mod invitations;
mod journal;
mod passkeys;
pub mod reader;
pub mod screens;
mod secrets;
pub mod settings;
mod sign_ins;
pub mod staff;
pub mod store;
mod tidy;
mod writing;

pub use desk::{Desk, Parts};
