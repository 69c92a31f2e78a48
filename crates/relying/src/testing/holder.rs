//! A holder's certificate and key, as a chip has them.

use std::sync::Arc;

use inrou_api::wire::Base64;
use inrou_api::wire::transaction::{
    LoginProof, Transaction, TransactionAnswer, authentication_message,
};
use inrou_pki::certificate::Certificate;
use inrou_pki::cms::NewMessage;
use inrou_pki::{Signer, SoftwareKey};
use jiff::Timestamp;

/// A holder's certificate and key. Clones share the key.
#[derive(Clone)]
pub struct Holder {
    /// The certificate.
    pub certificate: Certificate,
    /// Its key.
    pub key: Arc<SoftwareKey>,
}

impl Holder {
    /// Answers a log-in.
    pub fn log_in(&self, transaction: &Transaction) -> TransactionAnswer {
        let LoginProof { certificate, signature } = self.proves(transaction);
        TransactionAnswer::LogIn { certificate, signature }
    }

    /// Proves who answers.
    pub fn proves(&self, transaction: &Transaction) -> LoginProof {
        let signature = self.key.sign(&authentication_message(transaction)).unwrap();
        LoginProof {
            certificate: Base64(self.certificate.as_der().to_vec()),
            signature: Base64(signature),
        }
    }

    /// Answers a request to sign: a detached message over the transaction's text.
    pub fn sign(&self, transaction: &Transaction, at: Timestamp) -> TransactionAnswer {
        TransactionAnswer::Sign {
            cms: Base64(self.sign_content(transaction.text.as_bytes(), false, at)),
            proof: None,
        }
    }

    /// A signed message, with its content inside or beside it.
    pub fn sign_content(&self, content: &[u8], attached: bool, at: Timestamp) -> Vec<u8> {
        let message = NewMessage {
            content,
            attached,
            signer: &self.certificate,
            chain: &[],
            signing_time: at,
        };
        message.sign(&*self.key).unwrap()
    }
}
