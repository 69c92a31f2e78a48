//! Time-stamps (RFC 3161, RFC 5816): requests, the unit that answers them, and the tokens that it makes.
//!
//! A unit gets request, time and serial number and gives the answer ([`TimeStampUnit`]). Who has a token
//! reads it, verifies it over what it was made for, and judges the unit's certificate by its path
//! ([`TimeStampToken`]).

mod info;
mod request;
mod response;
mod token;
mod unit;

pub use info::{Accuracy, TstInfo};
pub use request::TimeStampRequest;
pub use response::{Rejection, ResponseError, read_response};
pub use token::{TimeStampToken, TokenError};
pub use unit::{TimeStampUnit, UnitInvalid};

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ID_KP_TIME_STAMPING;

use crate::certificate::Certificate;

/// id-ct-TSTInfo: the content type of a token.
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

/// Whether a certificate is a time-stamping unit's: for time-stamps alone, critically (RFC 3161 §2.3).
fn is_unit(certificate: &Certificate) -> bool {
    let signs = certificate.key_usages().is_none_or(|usages| {
        (usages.digital_signature || usages.non_repudiation)
            && !usages.certificate_sign
            && !usages.crl_sign
    });
    signs
        && certificate.extended_key_usages() == [ID_KP_TIME_STAMPING]
        && certificate.is_extended_key_usage_critical()
        && !certificate.is_issuer()
}
