//! The OpenID provider, in the shape of デジタル認証アプリ: sites ask it who somebody is, and the person
//! consents on the phone. The shape is what is public of it; what is not, is an open standard's.
//!
//! - [`Provider`]: what it is made of; [`settings`]: what an operator sets; [`router`]: its API;
//!   [`screens`]: what a browser is shown
//! - [`clients`]: who may ask; `authorize`, `pushed`, `token`, `userinfo`, `revocation`, `log_out`: the
//!   protocol, with `client_auth` and `dpop` by which clients prove themselves; `transactions`: phones
//! - [`personas`]: who answers in a sandbox
//! - [`signing`]: what sites want signed; [`consents`]: the latest attributes, by consent; `persons`: who
//!   is the same person
//! - [`events`]: what happened; [`store`]: what lasts

mod authorize;
mod client_auth;
pub mod clients;
pub mod consents;
mod discovery;
mod dpop;
pub mod events;
mod hint;
mod http;
mod jwt;
mod log_out;
mod parameters;
pub mod personas;
mod persons;
mod provider;
mod pushed;
mod refused;
mod revocation;
pub mod screens;
mod secrets;
pub mod settings;
pub mod signing;
pub mod store;
mod tidy;
mod token;
mod transactions;
mod userinfo;

pub use http::{OPEN_TO_OTHERS, router};
pub use jwt::Issuer;
pub use provider::{Parts, Provider};
