//! A clinic's reception, where the phone is the health-insurance card (USE-4), and is no driving licence
//! (USE-5).
//!
//! - `insurers`: who is insured where, and for which share of the cost: what all clinics ask
//! - `receptions`: who came, and what the clinic learnt
//! - `screens`: registration for insurance use, reception, back office

mod insurers;
mod receptions;
mod screens;

pub use screens::{HOST, router, site};
