//! The unit that makes tokens.

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Rejection, TST_INFO, TimeStampRequest, TstInfo, is_unit, response};
use crate::certificate::Certificate;
use crate::cms::Draft;
use crate::keys::Signer;
use crate::profile::PolicyOid;

/// How exact the time in a token is said to be: it is given in whole seconds.
const ACCURACY: SignedDuration = SignedDuration::from_secs(1);

/// Why a certificate and a key do not make a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitInvalid {
    /// The certificate is not for time-stamps alone, critically.
    #[error("the certificate is not a time-stamping unit's")]
    Purpose,
    /// The key is not the certificate's.
    #[error("the key is not that of the unit's certificate")]
    Key,
}

/// A time-stamping unit. Shared between threads.
pub struct TimeStampUnit {
    certificate: Certificate,
    signer: Arc<dyn Signer>,
    policy: PolicyOid,
}

impl TimeStampUnit {
    /// A unit with that certificate and its key, under one policy.
    ///
    /// # Errors
    /// [`UnitInvalid`].
    pub fn new(
        certificate: Certificate,
        signer: Arc<dyn Signer>,
        policy: PolicyOid,
    ) -> Result<Self, UnitInvalid> {
        if !is_unit(&certificate) {
            return Err(UnitInvalid::Purpose);
        }
        if certificate.public_key().ok() != Some(signer.public_key()) {
            return Err(UnitInvalid::Key);
        }
        Ok(Self { certificate, signer, policy })
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The answer to a DER request, at that time and under that number, which no other token of the
    /// authority has: a token, or a rejection. SHA-256, SHA-384 and SHA-512 are stamped.
    pub fn answer(&self, request: &[u8], at: Timestamp, serial: u128) -> Vec<u8> {
        let token = TimeStampRequest::from_der(request)
            .and_then(|request| self.stamp(&request, at, serial));
        match token {
            Ok(token) => response::grant(&token),
            Err(rejection) => rejection.to_der(),
        }
    }

    /// A token, DER.
    ///
    /// # Errors
    /// Why the request is rejected.
    pub fn stamp(
        &self,
        request: &TimeStampRequest,
        at: Timestamp,
        serial: u128,
    ) -> Result<Vec<u8>, Rejection> {
        if request.policy.is_some_and(|policy| policy != self.policy) {
            return Err(Rejection::UnacceptedPolicy);
        }
        if at < self.certificate.not_before() || at > self.certificate.not_after() {
            return Err(Rejection::TimeNotAvailable);
        }
        let info = TstInfo {
            policy: self.policy,
            imprint: request.imprint,
            serial: content_octets(serial),
            time: at,
            accuracy: Some(ACCURACY),
            nonce: request.nonce.clone(),
        };
        let draft = Draft {
            content_type: TST_INFO,
            content: &[&info.to_der()],
            attached: true,
            signer: &self.certificate,
            certificates: request
                .wants_certificate
                .then_some(&self.certificate)
                .into_iter()
                .collect(),
            signing_time: Some(at),
        };
        let prepared = draft.prepare().map_err(|_| Rejection::SystemFailure)?;
        prepared.sign(&*self.signer).map_err(|_| Rejection::SystemFailure)
    }
}

impl fmt::Debug for TimeStampUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TimeStampUnit({:?})", self.certificate)
    }
}

/// The content octets of a non-negative INTEGER.
fn content_octets(number: u128) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let significant: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    let sign = significant.first().is_none_or(|first| first & 0x80 != 0);
    sign.then_some(0).into_iter().chain(significant).collect()
}
