//! The authority: registration and certification of residents' certificates, and their status.
//!
//! - [`Authority`]: the role, and what it is made of; [`settings`]
//! - [`store`]: everything durable
//! - `act`, `projection`: a command becomes a commit; `issuance`, `certify`, `jobs`: certificates
//! - `counter`, `hotline`, `operator`, `applying`, `requests`, `phones`: what each caller can ask for;
//!   `staging`: one application at a time on a chip
//! - `consents`: what residents let sites have of their latest attributes
//! - `journal_log`: the journal as a log that can be proven
//! - `sessions`, `tasks`: secure channels to chips
//! - [`status`]: OCSP and CRLs
//! - [`http`]: all of it over HTTP

mod act;
mod applying;
mod authority;
mod card_work;
mod certify;
mod consents;
mod counter;
mod enrolment;
mod holdings;
mod hotline;
pub mod http;
mod issuance;
mod jobs;
mod journal_log;
pub mod key_folder;
pub mod keys;
mod operator;
mod phones;
pub mod problem;
mod projection;
mod requests;
mod sessions;
pub mod settings;
mod staging;
pub mod status;
pub mod store;
mod subjects;
mod tasks;
mod views;

pub use authority::{Authority, Parts};
