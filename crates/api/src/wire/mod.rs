//! Wire types: what goes over HTTP between the roles, one module a role.
//!
//! DER and other binary values are base64 strings, APDUs hexadecimal ones; instants are RFC 3339 in
//! UTC. Requests refuse unknown members, answers may grow new ones.

mod bytes;

pub mod authority;
pub mod phone;
pub mod portal;
pub mod transaction;

pub use bytes::{Base64, Binary, Hex};
