//! The residents' portal, and the receiving office behind it.
//!
//! - [`Portal`]: the role, and what it is made of; [`settings`]
//! - [`store`]: everything durable
//! - `logins`, `sessions`: log-in by hand-over to a phone (USE-1)
//! - `transactions`: what phones are asked and answer
//! - `applications`, `office`: online applications and who receives them (USE-2)
//! - `drafts`: what was typed and not sent yet; `tidy`: what is over is forgotten
//! - `notices`, `history`: what a resident is told (USE-2, USE-7)
//! - `consents`: what a resident lets sites have, shown and withdrawn
//! - `phones`: what each of a resident's phones still holds
//! - [`own`]: what others know of a resident
//! - [`router`]: all of it over HTTP
//! - [`screens`]: what residents and clerks see

mod applications;
mod consents;
mod drafts;
mod history;
mod holders;
mod http;
mod logins;
mod notices;
mod office;
pub mod own;
mod phones;
mod portal;
pub mod screens;
mod secrets;
mod sessions;
pub mod settings;
pub mod store;
mod tidy;
mod transactions;

pub use http::router;
pub use portal::{Parts, Portal};
