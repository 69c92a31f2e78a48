//! Tokens as who has one reads them.

use std::fmt;

use super::{TST_INFO, TstInfo, is_unit};
use crate::certificate::Certificate;
use crate::cms::{CmsError, SignedMessage};
use crate::digest::Digest;

/// Why a token does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Its message cannot be read, or its signature does not hold.
    #[error(transparent)]
    Message(#[from] CmsError),
    /// It is not a token, or says something that is not supported.
    #[error("the token's content is malformed or not supported")]
    Info,
    /// It does not name its unit's certificate by a hash (RFC 5816).
    #[error("the token does not name its unit's certificate")]
    UnitUnnamed,
    /// Who signed it is no time-stamping unit.
    #[error("the token's signer is not a time-stamping unit")]
    NotAUnit,
    /// It was made over something else.
    #[error("the token was made over something else")]
    Imprint,
    /// It was not made for this request: nonce or policy are others.
    #[error("the token was not made for this request")]
    OtherRequest,
}

/// A time-stamp token as it was read.
pub struct TimeStampToken {
    der: Vec<u8>,
    message: SignedMessage,
    info: TstInfo,
}

impl TimeStampToken {
    /// Reads a DER token.
    ///
    /// # Errors
    /// [`TokenError::Message`], [`TokenError::Info`].
    pub fn from_der(der: &[u8]) -> Result<Self, TokenError> {
        let message = SignedMessage::from_der(der)?;
        let content = message.content().filter(|_| message.content_type() == TST_INFO);
        let info = content.and_then(TstInfo::from_der).ok_or(TokenError::Info)?;
        Ok(Self { der: der.to_vec(), message, info })
    }

    /// Its DER.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// What it says. Unverified.
    pub fn info(&self) -> &TstInfo {
        &self.info
    }

    /// The message that it is: with the certificates that it brings along.
    pub fn message(&self) -> &SignedMessage {
        &self.message
    }

    /// Verifies that it was made over what has this digest, by the holder of the unit's certificate, which
    /// it gives. Whether that certificate is to be trusted: [`crate::path::find_path`].
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(&self, stamped: &Digest) -> Result<&Certificate, TokenError> {
        let signed = self.message.verify()?;
        if !self.message.names_certificate() {
            return Err(TokenError::UnitUnnamed);
        }
        if !is_unit(signed.signer) {
            return Err(TokenError::NotAUnit);
        }
        if self.info.imprint != *stamped {
            return Err(TokenError::Imprint);
        }
        Ok(signed.signer)
    }

    /// Checks that it answers a request, and verifies it.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify_answer(
        &self,
        request: &super::TimeStampRequest,
    ) -> Result<&Certificate, TokenError> {
        let is_policy = request.policy.is_none_or(|policy| policy == self.info.policy);
        if self.info.nonce != request.nonce || !is_policy {
            return Err(TokenError::OtherRequest);
        }
        self.verify(&request.imprint)
    }
}

impl fmt::Debug for TimeStampToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TimeStampToken({})", self.info.time)
    }
}
