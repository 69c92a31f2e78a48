//! What a resident signs to ask the authority for something: JSON inside an attached CMS.
//!
//! Phone and authority compose the bytes from what each knows; the authority compares them whole, so
//! nothing in a statement needs to be parsed. Chosen by Inrou: the real form is not public.

use aws_lc_rs::digest::{SHA256, digest};
use inrou_rules::{ChipId, EnrolmentId, Use, Uses};
use serde::Serialize;

use crate::wire::Base64;
use crate::wire::authority::{AttestedKey, SigningKey};

/// A statement to be signed. The type stands first, then the members by name, without white space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type")]
pub enum Statement {
    /// Asks for certificates on a phone (APPLY-4). Signed with the card's signature key.
    #[serde(rename = "inrou-application-v1")]
    Application {
        /// The authority's challenge.
        challenge: Base64,
        /// The applicant consents that the certificates on another phone are revoked when these are
        /// issued (MOVE-1). Stands in the statement where it is true.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        change_of_phone: bool,
        /// The phone's chip.
        chip: ChipId,
        /// Which enrolment.
        enrolment: EnrolmentId,
        /// [`keys_digest`] of the keys that were made in the chip, hexadecimal.
        keys: String,
        /// The version of the notices that were confirmed.
        terms: String,
        /// What is applied for.
        uses: Uses,
    },
    /// Asks for revocation of a phone's certificates (END-2, END-3).
    #[serde(rename = "inrou-revocation-v1")]
    Revocation {
        /// The authority's challenge.
        challenge: Base64,
        /// The phone's chip.
        chip: ChipId,
        /// Which request.
        request: String,
        /// Which key signs.
        with: SigningKey,
    },
    /// Asks for revocation of the certificates on another phone (MOVE-6). Signed with the card's
    /// signature key.
    #[serde(rename = "inrou-other-revocation-v1")]
    OtherRevocation {
        /// The authority's challenge.
        challenge: Base64,
        /// The chip of the phone that asks.
        chip: ChipId,
        /// Which request.
        request: String,
    },
    /// Asks to resume the use of a phone that was reported lost (LOSS-2). Signed with the card's
    /// signature key.
    #[serde(rename = "inrou-resumption-v1")]
    Resumption {
        /// The authority's challenge.
        challenge: Base64,
        /// The phone's chip.
        chip: ChipId,
        /// Which request.
        request: String,
    },
    /// Asks for leave to set a phone's PIN anew (PIN-2). Signed with the card's signature key.
    #[serde(rename = "inrou-pin-reset-v1")]
    PinReset {
        /// The authority's challenge.
        challenge: Base64,
        /// The phone's chip.
        chip: ChipId,
        /// Which request.
        request: String,
        /// Which key's PIN.
        usage: Use,
    },
}

impl Statement {
    /// The bytes that are signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// SHA-256, in hexadecimal, over the public keys made in a chip, signature first: for each its use
/// (one byte, 1 or 2), the length of its SubjectPublicKeyInfo (four bytes, big-endian), and that.
pub fn keys_digest(keys: &[AttestedKey]) -> String {
    let mut bytes = Vec::new();
    for usage in Use::ALL {
        for key in keys.iter().filter(|key| key.usage == usage) {
            bytes.push(if usage == Use::Signature { 1 } else { 2 });
            bytes.extend_from_slice(&(key.spki.0.len() as u32).to_be_bytes());
            bytes.extend_from_slice(&key.spki.0);
        }
    }
    digest(&SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(usage: Use, byte: u8) -> AttestedKey {
        AttestedKey { usage, spki: Base64(vec![byte; 4]) }
    }

    #[test]
    fn apply_4_the_statement_has_one_form() {
        let written = |change_of_phone| {
            let statement = Statement::Application {
                challenge: Base64(vec![0; 3]),
                change_of_phone,
                chip: ChipId::from_bytes([1; 16]),
                enrolment: EnrolmentId::from_bytes([2; 16]),
                keys: "ab".into(),
                terms: "2024-02".into(),
                uses: Uses::BOTH,
            };
            String::from_utf8(statement.to_bytes()).unwrap()
        };
        assert_eq!(
            written(false),
            concat!(
                r#"{"type":"inrou-application-v1","challenge":"AAAA","#,
                r#""chip":"01010101010101010101010101010101","#,
                r#""enrolment":"02020202020202020202020202020202","keys":"ab","#,
                r#""terms":"2024-02","uses":{"signature":true,"user_authentication":true}}"#
            )
        );
        // MOVE-1: the consent is signed.
        let consenting =
            r#"{"type":"inrou-application-v1","challenge":"AAAA","change_of_phone":true,"#;
        assert!(written(true).starts_with(consenting));
    }

    #[test]
    fn the_digest_tells_keys_uses_and_borders_apart() {
        let both = [key(Use::Signature, 7), key(Use::UserAuthentication, 8)];
        let swapped = [key(Use::Signature, 8), key(Use::UserAuthentication, 7)];
        let reordered = [both[1].clone(), both[0].clone()];
        assert_eq!(keys_digest(&both), keys_digest(&reordered));
        assert_ne!(keys_digest(&both), keys_digest(&swapped));
        assert_ne!(keys_digest(&both), keys_digest(&both[..1]));
        assert_ne!(keys_digest(&both[..1]), keys_digest(&[key(Use::UserAuthentication, 7)]));
    }
}
