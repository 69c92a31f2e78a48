//! What every role shares when it speaks HTTP.
//!
//! - [`wire`]: the types that go over the wire; [`statement`]: what residents sign to ask for something;
//!   [`consent`]: what they sign to let a site have the latest attributes
//! - [`problem`]: refusals and errors as problem documents; [`trace`]: what links them to the log
//! - [`server`], [`client`]: the two ends of a connection
//! - [`signature`]: signed requests; [`idempotency`]: requests that are carried out once
//! - [`acting`]: who of a role's staff acts, and why
//! - [`session`]: playing a secure-channel session to a chip
//! - [`page`]: lists in pages
//! - [`clock`]: the time
//! - [`unseen`]: characters that a reader does not see

pub mod acting;
pub mod client;
pub mod clock;
pub mod consent;
pub mod idempotency;
pub mod page;
pub mod problem;
pub mod server;
pub mod session;
pub mod signature;
pub mod statement;
pub mod trace;
pub mod unseen;
pub mod wire;
