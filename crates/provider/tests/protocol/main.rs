//! The protocol: each case names the requirement that it stands for, by RFC and section, by number of
//! FAPI 2.0 Security Profile §5.3.2, or by the module of the OpenID Foundation's conformance suite.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

mod authorization;
mod binding;
mod browser;
mod client_authentication;
mod consents;
mod console;
mod discovery;
mod dpop;
mod events;
mod forged;
mod guide;
mod hand_over;
mod house;
mod keys;
mod limits;
mod log_in_again;
mod log_out;
mod persons;
mod pushed;
mod refresh;
mod registration;
mod registration_bounds;
mod request_object;
mod resources;
mod revocation;
#[path = "../support/samples.rs"]
mod samples;
mod signer;
mod signing;
mod site;
mod staff;
mod time_out;
mod token;
mod token_keys;
mod untold;
mod userinfo;

/// The cases of a table: the requirement; how a request, or the claims of a token, differ from what they
/// should be; how that is answered. `journeys/relying/calibrate.mjs` shows the same to another provider.
fn cases<T: serde::de::DeserializeOwned>(table: &str) -> Vec<T> {
    serde_json::from_str(table).unwrap()
}
