//! Answers of a chip to a transaction: a phone's own, or a card's.

use inrou_api::wire::Base64;
use inrou_api::wire::transaction::{
    Purpose, Transaction, TransactionAnswer, authentication_message,
};
use inrou_chip::client::{CardError, JpkiClient, Pin};
use inrou_chip::transport::Transport;
use inrou_pki::Certificate;
use inrou_pki::digest::{Digest, HashAlgorithm};
use inrou_rules::{SignaturePassword, Use, UserAuthenticationPin};
use jiff::Timestamp;

use crate::card;

/// The use of the certificate that a purpose needs.
pub fn usage_of(purpose: Purpose) -> Use {
    match purpose {
        Purpose::LogIn => Use::UserAuthentication,
        Purpose::Sign | Purpose::SignDigest => Use::Signature,
    }
}

/// Proves to who asks whose chip it is.
///
/// # Errors
/// The chip's.
pub fn log_in<T: Transport + ?Sized>(
    client: &mut JpkiClient<'_, T>,
    pin: &UserAuthenticationPin,
    asked: &Transaction,
) -> Result<TransactionAnswer, CardError> {
    let usage = Use::UserAuthentication;
    client.verify(Pin::UserAuthentication(pin))?;
    let (certificate, hash) = certificate(client, usage)?;
    let signature = client.sign(usage, &hash.digest(&authentication_message(asked)))?;
    Ok(TransactionAnswer::LogIn { certificate, signature: Base64(signature) })
}

/// Signs the document of a transaction: a detached CMS.
///
/// # Errors
/// The chip's.
pub fn sign<T: Transport + ?Sized>(
    client: &mut JpkiClient<'_, T>,
    password: &SignaturePassword,
    asked: &Transaction,
    now: Timestamp,
) -> Result<TransactionAnswer, CardError> {
    let cms = card::sign(client, password, asked.text.as_bytes(), false, now)?;
    Ok(TransactionAnswer::Sign { cms: Base64(cms) })
}

/// Signs the digest of a transaction.
///
/// # Errors
/// The chip's; [`CardError::Malformed`] if the transaction has none that the key can sign.
pub fn sign_digest<T: Transport + ?Sized>(
    client: &mut JpkiClient<'_, T>,
    password: &SignaturePassword,
    asked: &Transaction,
) -> Result<TransactionAnswer, CardError> {
    let usage = Use::Signature;
    client.verify(Pin::Signature(password))?;
    let (certificate, hash) = certificate(client, usage)?;
    let digest = asked.digest.as_ref().map(|digest| digest.0.as_slice()).unwrap_or_default();
    let digest = Digest::from_bytes(hash, digest).ok_or(CardError::Malformed)?;
    let signature = client.sign(usage, &digest)?;
    Ok(TransactionAnswer::SignDigest { certificate, signature: Base64(signature) })
}

/// The certificate of a use, and the hash algorithm of its key.
fn certificate<T: Transport + ?Sized>(
    client: &mut JpkiClient<'_, T>,
    usage: Use,
) -> Result<(Base64, HashAlgorithm), CardError> {
    let der = client.certificate(usage)?;
    let certificate = Certificate::from_der(&der).map_err(|_| CardError::Malformed)?;
    let key = certificate.public_key().map_err(|_| CardError::Malformed)?;
    Ok((Base64(der), key.algorithm().signature().hash()))
}
