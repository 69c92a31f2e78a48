//! The certificates whose keys signed the seeds, and what the seeds say.

use inrou_pki::{Certificate, IssuerSettings};
use inrou_rules::Serial;
use jiff::Timestamp;

/// The issuer's certificate, DER.
pub const ISSUER: &[u8] = include_bytes!("../../seeds/certificate/issuer");
/// A holder's certificate for signatures, on a card: DER.
pub const HOLDER: &[u8] = include_bytes!("../../seeds/certificate/holder");
/// The OCSP responder's certificate, DER.
pub const RESPONDER: &[u8] = include_bytes!("../../seeds/certificate/responder");
/// The certificate of a time-stamping unit, DER.
pub const STAMP_UNIT: &[u8] = include_bytes!("../../seeds/certificate/stamp-unit");
/// All that the holder ever signed.
pub const CONTENT: &[u8] = b"what the holder signed";
/// The serial number of the holder's certificate.
pub const HOLDER_SERIAL: Serial = Serial(0x1234_5678);
/// All that the issuer ever revoked.
pub const REVOKED: [Serial; 3] = [Serial(1), HOLDER_SERIAL, Serial(u64::MAX)];
/// When the seeds were signed.
pub const SIGNED_AT: Timestamp = Timestamp::constant(1_795_219_200, 0);

/// Reads one of the certificates above.
pub fn certificate(der: &[u8]) -> Certificate {
    Certificate::from_der(der).expect("the seeds are whole certificates")
}

/// The settings under which the certificates were made.
pub fn settings() -> IssuerSettings {
    IssuerSettings::default().published_at("http://127.0.0.1:8080").expect("an address")
}
