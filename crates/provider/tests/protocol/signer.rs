//! A resident with both certificates on the phone, who signs.

use inrou_api::clock::Clock;
use inrou_api::wire::Base64;
use inrou_api::wire::transaction::{LoginProof, Transaction, TransactionAnswer};
use inrou_pki::Signer as _;
use inrou_pki::digest::{Digest, HashAlgorithm};
use inrou_relying::testing::{Holder, resident};
use inrou_rules::{Medium, Use};

use crate::house::House;

pub struct Signer {
    pub signature: Holder,
    pub login: Holder,
}

impl Signer {
    /// Known to the authority.
    pub fn new(house: &House, name: &str) -> Self {
        let attributes = resident(name, "東京都清瀬市中里１－２－３");
        let signature = house.authority.issue(Use::Signature, Medium::Phone, &attributes);
        house.role_api.know(&signature.certificate, &format!("subject of {name}"), &attributes);
        Self { signature, login: house.person(name) }
    }

    /// Signs what is asked, and proves who does.
    pub fn sign(&self, house: &House, asked: &Transaction) -> TransactionAnswer {
        with_proof(self.signs(house, asked), Some(self.login.proves(asked)))
    }

    /// Signs alone.
    pub fn signs(&self, house: &House, asked: &Transaction) -> TransactionAnswer {
        let Some(hash) = &asked.digest else {
            return self.signature.sign(asked, house.clock.now());
        };
        let hash = Digest::from_bytes(HashAlgorithm::Sha256, &hash.0).unwrap();
        TransactionAnswer::SignDigest {
            certificate: Base64(self.signature.certificate.as_der().to_vec()),
            signature: Base64(self.signature.key.sign_digest(&hash).unwrap()),
            proof: None,
        }
    }
}

/// The same signature with another proof.
pub fn with_proof(answer: TransactionAnswer, proof: Option<LoginProof>) -> TransactionAnswer {
    match answer {
        TransactionAnswer::Sign { cms, .. } => TransactionAnswer::Sign { cms, proof },
        TransactionAnswer::SignDigest { certificate, signature, .. } => {
            TransactionAnswer::SignDigest { certificate, signature, proof }
        }
        other => other,
    }
}
