//! The kiosk in a convenience store: a copy of the residence record as a sealed PDF, by phone or by the card
//! on a reader (USE-3).
//!
//! - `registers`: the municipalities that offer it, and whose record stands where
//! - `copies`: who may have which copy, and when; `paper`, `sheets`: the copy on paper
//! - `seals`: the municipalities' seals, their issuer and its CRL
//! - `card`: who somebody is by the card on the [`Reader`]; `reading`: its page
//! - `ledger`: what was issued; `screens`: the kiosk's; `watch`: whether anybody is there; `office`: the back
//!   office

mod card;
mod copies;
mod kiosk;
mod ledger;
mod office;
mod paper;
mod reading;
mod registers;
mod screens;
mod seals;
mod sheets;
mod watch;

pub use card::Reader;
pub use kiosk::{HOST, Kiosk, Machine, site};
pub use registers::{BUILT_IN, FILE, Registers, RegistersError};
pub use seals::seal_issuers;
