//! ECDSA signatures of fixed width, `r ‖ s`, as JWS (RFC 7518 §3.4) and XML signatures (RFC 6931 §2.3.6)
//! have them.

use super::{KeyAlgorithm, PublicKey, SignatureAlgorithm, SignatureInvalid};
use crate::encode::{Encoder, INTEGER, encode};

impl PublicKey {
    /// Verifies a signature in the form of JWS and XML signatures: `r ‖ s` by a key on a curve, each as wide
    /// as the curve; any other as [`verify`](Self::verify) takes it.
    ///
    /// # Errors
    /// [`SignatureInvalid`].
    pub fn verify_fixed(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureInvalid> {
        let width = match self.algorithm() {
            KeyAlgorithm::EcP256 => 32,
            KeyAlgorithm::EcP384 => 48,
            _ => return self.verify(algorithm, message, signature),
        };
        let (r, s) = signature.split_at_checked(width).ok_or(SignatureInvalid)?;
        if s.len() != width {
            return Err(SignatureInvalid);
        }
        let der = encode(|out| {
            out.sequence(|value| {
                write_unsigned(value, r);
                write_unsigned(value, s);
            });
        });
        self.verify(algorithm, message, &der)
    }
}

/// A big-endian number as an INTEGER.
fn write_unsigned(out: &mut Encoder, number: &[u8]) {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = number.get(zeros..).unwrap_or_default();
    let sign = digits.first().is_none_or(|first| first & 0x80 != 0);
    let content: Vec<u8> = sign.then_some(0).into_iter().chain(digits.iter().copied()).collect();
    out.value(INTEGER, &content);
}
