//! What every provider of keys must do. A provider's test file brings `signer(algorithm)` and includes
//! this one.

use std::thread;

use inrou_pki::digest::{Digest, HashAlgorithm};
use inrou_pki::keys::{KeyAlgorithm, PublicKey, SignError, SignatureAlgorithm, SignatureInvalid};

use super::common::{Files, openssl};
use super::signer;

#[test]
fn signatures_are_verified_by_the_public_key() {
    for algorithm in KeyAlgorithm::ALL {
        let key = signer(algorithm);
        assert_eq!(key.public_key().algorithm(), algorithm);
        assert_eq!(key.algorithm(), algorithm.signature());
        for message in [&b""[..], b"message", &[0xA5; 100_000]] {
            let signature = key.sign(message).unwrap();
            let public_key = PublicKey::from_spki(key.public_key().spki()).unwrap();
            let verify = |message: &[u8], signature: &[u8]| {
                public_key.verify(key.algorithm(), message, signature)
            };
            assert_eq!(verify(message, &signature), Ok(()));
            assert_eq!(verify(b"another", &signature), Err(SignatureInvalid));
            assert_eq!(verify(message, &[]), Err(SignatureInvalid));
            let mut changed = signature.clone();
            *changed.last_mut().unwrap() ^= 1;
            assert_eq!(verify(message, &changed), Err(SignatureInvalid));
        }
    }
}

#[test]
fn a_digest_is_signed_as_its_message() {
    for algorithm in KeyAlgorithm::ALL {
        let key = signer(algorithm);
        let digest = key.algorithm().hash().digest(b"message");
        let signature = key.sign_digest(&digest).unwrap();
        let public_key = key.public_key();
        assert_eq!(public_key.verify(key.algorithm(), b"message", &signature), Ok(()));
        assert_eq!(public_key.verify_digest(key.algorithm(), &digest, &signature), Ok(()));
        let other = key.algorithm().hash().digest(b"another");
        assert!(public_key.verify_digest(key.algorithm(), &other, &signature).is_err());
    }
}

#[test]
fn a_digest_of_another_hash_is_refused() {
    for algorithm in KeyAlgorithm::ALL {
        let key = signer(algorithm);
        for hash in [HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha384] {
            let digest: Digest = hash.digest(b"message");
            let refused = key.sign_digest(&digest) == Err(SignError::WrongHash);
            assert_eq!(refused, hash != key.algorithm().hash(), "{algorithm:?} {hash:?}");
        }
    }
}

#[test]
fn a_key_verifies_by_its_own_algorithm_alone() {
    for algorithm in KeyAlgorithm::ALL {
        let key = signer(algorithm);
        let signature = key.sign(b"message").unwrap();
        for other in [
            SignatureAlgorithm::Sha256WithRsa,
            SignatureAlgorithm::EcdsaWithSha256,
            SignatureAlgorithm::EcdsaWithSha384,
        ] {
            let verified = key.public_key().verify(other, b"message", &signature).is_ok();
            assert_eq!(verified, other == key.algorithm(), "{algorithm:?} {other:?}");
        }
    }
}

#[test]
fn openssl_verifies_the_signatures() {
    for algorithm in KeyAlgorithm::ALL {
        let key = signer(algorithm);
        let files = Files::new();
        let spki = inrou_pki::pem::encode("PUBLIC KEY", key.public_key().spki());
        let public_key = files.put("key.pem", spki);
        let signature = files.put("signature", key.sign(b"message").unwrap());
        let hash = match key.algorithm().hash() {
            HashAlgorithm::Sha384 => "-sha384",
            _ => "-sha256",
        };
        let text =
            openssl(&["dgst", hash, "-verify", &public_key, "-signature", &signature], b"message");
        assert!(text.contains("Verified OK"), "{text}");
    }
}

#[test]
fn threads_share_a_signer() {
    for algorithm in KeyAlgorithm::ALL {
        let key = signer(algorithm);
        thread::scope(|scope| {
            for thread in 0..4u8 {
                let key = &key;
                scope.spawn(move || {
                    let signature = key.sign(&[thread]).unwrap();
                    key.public_key().verify(key.algorithm(), &[thread], &signature).unwrap();
                });
            }
        });
    }
}
