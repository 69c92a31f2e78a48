//! The protocol: each case names the requirement that it stands for, by RFC and section, by number of
//! FAPI 2.0 Security Profile §5.3.2, or by the module of the OpenID Foundation's conformance suite.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

mod authorization;
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
mod revocation;
mod signing;
mod site;
mod staff;
mod token;
mod userinfo;

/// The cases of a table: the requirement; how a request differs from one as it should be; how it is
/// answered. `journeys/relying/calibrate.mjs` shows the same to another provider.
fn cases(table: &str) -> Vec<[String; 3]> {
    serde_json::from_str(table).unwrap()
}
