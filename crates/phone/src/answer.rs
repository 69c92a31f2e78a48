//! Answers of a chip to a transaction: a phone's own, or a card's.

use inrou_api::wire::Base64;
use inrou_api::wire::transaction::{
    LoginProof, Purpose, Transaction, TransactionAnswer, authentication_message,
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

/// The uses of the certificates that an answer needs.
pub fn uses_of(asked: &Transaction) -> impl Iterator<Item = Use> {
    let usage = usage_of(asked.purpose);
    let proof = (asked.proof && usage == Use::Signature).then_some(Use::UserAuthentication);
    std::iter::once(usage).chain(proof)
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
    let LoginProof { certificate, signature } = prove(client, pin, asked)?;
    Ok(TransactionAnswer::LogIn { certificate, signature })
}

/// Proves whose chip it is, beside a signature as well.
///
/// # Errors
/// The chip's.
pub fn prove<T: Transport + ?Sized>(
    client: &mut JpkiClient<'_, T>,
    pin: &UserAuthenticationPin,
    asked: &Transaction,
) -> Result<LoginProof, CardError> {
    let usage = Use::UserAuthentication;
    client.verify(Pin::UserAuthentication(pin))?;
    let (certificate, hash) = certificate(client, usage)?;
    let signature = client.sign(usage, &hash.digest(&authentication_message(asked)))?;
    Ok(LoginProof { certificate, signature: Base64(signature) })
}

/// Signs what a transaction asks for: its document, as a detached CMS, or its digest. With `proof` goes who
/// signs.
///
/// # Errors
/// The chip's; [`CardError::Malformed`] if there is a digest that the key cannot sign.
pub fn sign<T: Transport + ?Sized>(
    client: &mut JpkiClient<'_, T>,
    password: &SignaturePassword,
    asked: &Transaction,
    proof: Option<LoginProof>,
    now: Timestamp,
) -> Result<TransactionAnswer, CardError> {
    if asked.purpose == Purpose::SignDigest {
        return sign_digest(client, password, asked, proof);
    }
    let cms = card::sign(client, password, asked.text.as_bytes(), false, now)?;
    Ok(TransactionAnswer::Sign { cms: Base64(cms), proof })
}

fn sign_digest<T: Transport + ?Sized>(
    client: &mut JpkiClient<'_, T>,
    password: &SignaturePassword,
    asked: &Transaction,
    proof: Option<LoginProof>,
) -> Result<TransactionAnswer, CardError> {
    let usage = Use::Signature;
    client.verify(Pin::Signature(password))?;
    let (certificate, hash) = certificate(client, usage)?;
    let digest = asked.digest.as_ref().map(|digest| digest.0.as_slice()).unwrap_or_default();
    let digest = Digest::from_bytes(hash, digest).ok_or(CardError::Malformed)?;
    let signature = client.sign(usage, &digest)?;
    Ok(TransactionAnswer::SignDigest { certificate, signature: Base64(signature), proof })
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
