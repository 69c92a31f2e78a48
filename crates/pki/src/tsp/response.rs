//! Answers: a token, or why there is none.

use super::{TimeStampToken, TokenError};
use crate::decode::{self, Malformed, Reader};
use crate::encode::{BIT_STRING, SEQUENCE, UTF8_STRING, encode};

/// `PKIStatus` of a request that is rejected.
const REJECTED: u64 = 2;

/// Why a request is rejected (`PKIFailureInfo`, RFC 3161 §2.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The hash is not one that is stamped.
    #[error("the hash algorithm is not accepted")]
    BadAlgorithm,
    /// The request is not one that can be answered.
    #[error("the request is not one that can be answered")]
    BadRequest,
    /// The request cannot be read.
    #[error("the request cannot be read")]
    BadDataFormat,
    /// The unit has no time to give.
    #[error("the unit has no time to give")]
    TimeNotAvailable,
    /// The policy is not the unit's.
    #[error("the policy is not the unit's")]
    UnacceptedPolicy,
    /// An extension is not understood.
    #[error("an extension is not understood")]
    UnacceptedExtension,
    /// The unit is out of order.
    #[error("the unit is out of order")]
    SystemFailure,
    /// No reason that is known here is given.
    #[error("no known reason is given")]
    Unsaid,
}

/// Why an answer holds no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// It is not DER of an answer.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The request was rejected.
    #[error("the request was rejected: {0}")]
    Rejected(Rejection),
    /// The token in it cannot be read.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// The token in a DER answer. Unverified.
///
/// # Errors
/// [`ResponseError`].
pub fn read_response(der: &[u8]) -> Result<TimeStampToken, ResponseError> {
    decode::decode_sequence(der, |response| {
        let (status, failure) = response.sequence(read_status)?;
        // Granted, or granted with changes, which show in the token.
        if status > 1 {
            return Err(ResponseError::Rejected(failure.unwrap_or(Rejection::Unsaid)));
        }
        Ok(TimeStampToken::from_der(response.whole()?)?)
    })
}

/// The answer that grants a token.
pub(super) fn grant(token: &[u8]) -> Vec<u8> {
    encode(|out| {
        out.sequence(|response| {
            response.sequence(|status| status.unsigned(0));
            response.raw(token);
        });
    })
}

impl Rejection {
    const ALL: [Self; 7] = [
        Self::BadAlgorithm,
        Self::BadRequest,
        Self::BadDataFormat,
        Self::TimeNotAvailable,
        Self::UnacceptedPolicy,
        Self::UnacceptedExtension,
        Self::SystemFailure,
    ];

    /// The answer that rejects, DER.
    pub fn to_der(self) -> Vec<u8> {
        encode(|out| {
            out.sequence(|response| {
                response.sequence(|status| {
                    status.unsigned(REJECTED);
                    status.sequence(|text| {
                        text.value(UTF8_STRING, self.to_string().as_bytes());
                    });
                    if let Some(bit) = self.bit() {
                        let mut content = vec![0; bit / 8 + 2];
                        content[0] = 7 - (bit % 8) as u8;
                        content[bit / 8 + 1] = 0x80 >> (bit % 8);
                        status.value(BIT_STRING, &content);
                    }
                });
            });
        })
    }

    fn bit(self) -> Option<usize> {
        Some(match self {
            Self::BadAlgorithm => 0,
            Self::BadRequest => 2,
            Self::BadDataFormat => 5,
            Self::TimeNotAvailable => 14,
            Self::UnacceptedPolicy => 15,
            Self::UnacceptedExtension => 16,
            Self::SystemFailure => 25,
            Self::Unsaid => return None,
        })
    }
}

/// Reads `PKIStatusInfo`.
fn read_status(info: &mut Reader<'_>) -> Result<(u8, Option<Rejection>), ResponseError> {
    let status = info.unsigned()?;
    info.take_if(SEQUENCE)?;
    if info.is_finished() {
        return Ok((status, None));
    }
    let bits = info.bits()?;
    let is_set = |rejection: &Rejection| rejection.bit().is_some_and(|bit| bits.is_set(bit));
    Ok((status, Rejection::ALL.into_iter().find(is_set)))
}
