//! Cashless payment: a wallet for whoever has proven to be somebody.
//!
//! - `accounts`: the business, without HTTP
//! - `screens`: log-in, wallet, code; the till of a shop; the back office

mod accounts;
mod screens;

pub use screens::{HOST, router, site};
