//! Hashes: SHA-256, SHA-384 and SHA-512 for signatures, SHA-1 only where a format names keys by it
//! (subject key identifiers, RFC 5280 §4.2.1.2; `CertID`, RFC 6960 §4.1.1).

use std::fmt;
use std::hash::{self, Hash};

use aws_lc_rs::digest as aws;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912;

use crate::encode::{NULL, OCTET_STRING, encode};

/// A hash algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// SHA-1, 20 bytes. Never under a signature.
    Sha1,
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-384, 48 bytes.
    Sha384,
    /// SHA-512, 64 bytes. In foreign signatures only.
    Sha512,
}

impl HashAlgorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// Hashes `message` in one go.
    pub fn digest(self, message: &[u8]) -> Digest {
        Digest { algorithm: self, value: aws::digest(self.implementation(), message) }
    }

    /// Starts hashing a message that comes in pieces.
    pub fn hasher(self) -> Hasher {
        Hasher { algorithm: self, context: aws::Context::new(self.implementation()) }
    }

    /// The length of a digest in bytes.
    pub const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The object identifier in an `AlgorithmIdentifier`.
    pub const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => rfc5912::ID_SHA_1,
            Self::Sha256 => rfc5912::ID_SHA_256,
            Self::Sha384 => rfc5912::ID_SHA_384,
            Self::Sha512 => rfc5912::ID_SHA_512,
        }
    }

    /// The algorithm of that object identifier, if it is one of ours.
    pub fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.oid() == oid)
    }

    fn implementation(self) -> &'static aws::Algorithm {
        match self {
            Self::Sha1 => &aws::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &aws::SHA256,
            Self::Sha384 => &aws::SHA384,
            Self::Sha512 => &aws::SHA512,
        }
    }
}

/// The hash of a message, with the algorithm that made it.
#[derive(Clone, Copy)]
pub struct Digest {
    algorithm: HashAlgorithm,
    value: aws::Digest,
}

impl Digest {
    /// Takes a digest that was computed elsewhere; `None` if its length does not fit `algorithm`.
    pub fn from_bytes(algorithm: HashAlgorithm, bytes: &[u8]) -> Option<Self> {
        let value = aws::Digest::import_less_safe(bytes, algorithm.implementation()).ok()?;
        Some(Self { algorithm, value })
    }

    /// The algorithm that made it.
    pub fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// Its bytes: [`HashAlgorithm::length`] of them.
    pub fn as_bytes(&self) -> &[u8] {
        self.value.as_ref()
    }

    /// DER `DigestInfo` (RFC 8017 §9.2): what a chip that pads by PKCS #1 v1.5 is given to sign.
    pub fn to_digest_info(&self) -> Vec<u8> {
        encode(|out| {
            out.sequence(|info| {
                info.sequence(|algorithm| {
                    algorithm.oid(self.algorithm.oid());
                    algorithm.value(NULL, &[]);
                });
                info.value(OCTET_STRING, self.as_bytes());
            });
        })
    }

    pub(crate) fn as_aws(&self) -> &aws::Digest {
        &self.value
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Digest {}

impl Hash for Digest {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:", self.algorithm)?;
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A hash in the making.
pub struct Hasher {
    algorithm: HashAlgorithm,
    context: aws::Context,
}

impl Hasher {
    /// Adds the next piece of the message.
    pub fn update(&mut self, piece: &[u8]) {
        self.context.update(piece);
    }

    /// The digest of all pieces.
    pub fn finish(self) -> Digest {
        Digest { algorithm: self.algorithm, value: self.context.finish() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests() {
        let hex = |algorithm: HashAlgorithm| format!("{:?}", algorithm.digest(b"abc"));
        assert_eq!(hex(HashAlgorithm::Sha1), "Sha1:a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(
            hex(HashAlgorithm::Sha256),
            "Sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(hex(HashAlgorithm::Sha384).starts_with("Sha384:cb00753f45a35e8bb5a03d699ac65007"));
        assert!(hex(HashAlgorithm::Sha512).starts_with("Sha512:ddaf35a193617abacc417349ae204131"));
    }

    #[test]
    fn digest_info_has_the_prefix_of_rfc_8017() {
        let digest = HashAlgorithm::Sha256.digest(b"abc");
        let info = digest.to_digest_info();
        let prefix =
            b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
        assert_eq!(info, [prefix, digest.as_bytes()].concat());
    }

    #[test]
    fn pieces_hash_as_the_whole_and_lengths_are_checked() {
        for algorithm in HashAlgorithm::ALL {
            let mut hasher = algorithm.hasher();
            hasher.update(b"ab");
            hasher.update(b"c");
            let digest = hasher.finish();
            assert_eq!(digest, algorithm.digest(b"abc"));
            assert_eq!(Digest::from_bytes(algorithm, digest.as_bytes()), Some(digest));
            assert_eq!(Digest::from_bytes(algorithm, &digest.as_bytes()[1..]), None);
            assert_eq!(HashAlgorithm::from_oid(algorithm.oid()), Some(algorithm));
        }
    }
}
