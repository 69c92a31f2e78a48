//! Judging what a holder signed: a log-in, a document.

use inrou_api::wire::transaction::{Purpose, Transaction, authentication_message};
use inrou_pki::certificate::Certificate;
use inrou_pki::cms::SignedMessage;
use inrou_pki::digest::Digest;
use jiff::Timestamp;

use crate::{Invalid, Validated, Validator};

/// A signed message that holds, with its signer's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedContent {
    /// The signer's certificate.
    pub signer: Validated,
    /// When it was signed, as the signer claims.
    pub signing_time: Option<Timestamp>,
}

impl Validator {
    /// Judges the answer to a log-in (USE-1): a user-authentication certificate whose key signed what
    /// the transaction asks. Nothing is asked of status services before the signature has passed, so
    /// that [`Invalid::Revoked`] and the like are said only of who holds the key.
    ///
    /// # Errors
    /// [`Invalid`].
    pub async fn verify_login(
        &self,
        transaction: &Transaction,
        certificate: &Certificate,
        signature: &[u8],
        now: Timestamp,
    ) -> Result<Validated, Invalid> {
        let kind = self.find_path(certificate, now, Purpose::LogIn).await?;
        let key = certificate.public_key().map_err(|_| Invalid::LoginSignature)?;
        let message = authentication_message(transaction);
        key.verify(key.algorithm().signature(), &message, signature)
            .map_err(|_| Invalid::LoginSignature)?;
        self.check_status(certificate, kind, now).await
    }

    /// Judges a signature over a digest by SHA-256. Nothing is asked of status services before the signature
    /// has passed.
    ///
    /// # Errors
    /// [`Invalid`].
    pub async fn verify_digest(
        &self,
        digest: &[u8; 32],
        certificate: &Certificate,
        signature: &[u8],
        now: Timestamp,
    ) -> Result<Validated, Invalid> {
        let kind = self.find_path(certificate, now, Purpose::SignDigest).await?;
        let key = certificate.public_key().map_err(|_| Invalid::DigestSignature)?;
        let algorithm = key.algorithm().signature();
        let digest = Digest::from_bytes(algorithm.hash(), digest);
        let digest = digest.ok_or(Invalid::DigestSignature)?;
        key.verify_digest(algorithm, &digest, signature).map_err(|_| Invalid::DigestSignature)?;
        self.check_status(certificate, kind, now).await
    }

    /// Judges a CMS SignedData (DER) by one signer: over `content` if that is given, else over the
    /// content inside. Nothing is asked of status services before the signature has passed.
    ///
    /// # Errors
    /// [`Invalid`].
    pub async fn verify_cms(
        &self,
        cms: &[u8],
        content: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<SignedContent, Invalid> {
        let message = SignedMessage::from_der(cms)?;
        let signer = message.signer()?;
        let kind = self.find_path(signer, now, Purpose::Sign).await?;
        let signed = match content {
            Some(content) => message.verify_detached(content)?,
            None => message.verify()?,
        };
        Ok(SignedContent {
            signer: self.check_status(signed.signer, kind, now).await?,
            signing_time: signed.signing_time,
        })
    }
}
