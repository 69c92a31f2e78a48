//! Validating a path: RFC 5280 §6.1, from an anchor down to the certificate in question.

use jiff::Timestamp;

use super::policy::ValidPolicies;
use super::{ChainError, PathError};
use crate::certificate::Certificate;
use crate::keys::PublicKey;
use crate::name::Name;
use crate::profile::PolicyOid;

/// The inputs of RFC 5280 §6.1.1, but for the path and the anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathInputs<'a> {
    /// The time at which every certificate must be valid.
    pub at: Timestamp,
    /// user-initial-policy-set: the policies that are accepted; if empty, any.
    pub policies: &'a [PolicyOid],
    /// initial-explicit-policy: the path must be valid for one of them.
    pub explicit_policy: bool,
    /// initial-any-policy-inhibit: anyPolicy in a certificate stands for none.
    pub inhibit_any_policy: bool,
}

impl PathInputs<'_> {
    /// At that time, under any policy or none.
    pub fn at(at: Timestamp) -> Self {
        Self { at, policies: &[], explicit_policy: false, inhibit_any_policy: false }
    }
}

/// A path that is valid but for the status of its certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidPath {
    pub(super) anchor: Certificate,
    /// From the one that the anchor issued.
    pub(super) certificates: Vec<Certificate>,
}

impl ValidPath {
    /// The anchor.
    pub fn anchor(&self) -> &Certificate {
        &self.anchor
    }

    /// Its certificates: first the one that the anchor issued, last the one in question.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
}

/// Validates a path of certificates, the one that the anchor issued first. Of the anchor its name and key
/// count, nothing else (§6.1.1 d). Names are compared by §7.1. Whether a certificate is revoked is for
/// [`ValidPath::status`] to say.
///
/// Name constraints and policy mappings are not followed: a path with any is refused.
///
/// # Errors
/// [`ChainError`]: the first certificate that does not hold.
pub fn validate_chain(
    anchor: &Certificate,
    certificates: &[Certificate],
    inputs: &PathInputs<'_>,
) -> Result<ValidPath, ChainError> {
    let failed = |position| move |cause| ChainError { position, cause };
    let key = anchor.public_key().map_err(|_| failed(0)(PathError::Signature))?;
    let Some((last, issuers)) = certificates.split_last() else {
        return Err(failed(0)(PathError::UnknownIssuer));
    };
    let mut state = State::new(anchor.subject(), key, certificates.len(), inputs);
    for (position, certificate) in issuers.iter().enumerate() {
        state.check(certificate, inputs.at, false).map_err(failed(position))?;
        state.step_below(certificate).map_err(failed(position))?;
    }
    state.check(last, inputs.at, true).map_err(failed(issuers.len()))?;
    state.wrap_up(last, inputs.policies).map_err(failed(issuers.len()))?;
    Ok(ValidPath { anchor: anchor.clone(), certificates: certificates.to_vec() })
}

/// The state variables of §6.1.2. The numbers count certificates that may still follow.
struct State<'a> {
    issuer: &'a Name,
    key: &'a PublicKey,
    policies: ValidPolicies,
    explicit_policy: usize,
    inhibit_any_policy: usize,
    path_length: usize,
}

impl<'a> State<'a> {
    fn new(issuer: &'a Name, key: &'a PublicKey, length: usize, inputs: &PathInputs<'_>) -> Self {
        let unless = |set| if set { 0 } else { length + 1 };
        Self {
            issuer,
            key,
            policies: ValidPolicies::any(),
            explicit_policy: unless(inputs.explicit_policy),
            inhibit_any_policy: unless(inputs.inhibit_any_policy),
            path_length: length,
        }
    }

    /// Basic certificate processing, §6.1.3.
    fn check(
        &mut self,
        certificate: &Certificate,
        at: Timestamp,
        is_last: bool,
    ) -> Result<(), PathError> {
        certificate.verify_signature(self.key).map_err(|_| PathError::Signature)?;
        if at < certificate.not_before() {
            return Err(PathError::NotYetValid { from: certificate.not_before() });
        }
        if is_past(certificate, at) {
            return Err(PathError::Expired { at: certificate.not_after() });
        }
        if !certificate.issuer().is_same(self.issuer) {
            return Err(PathError::Chaining);
        }
        if let Some(&oid) = certificate.extensions_not_followed().first() {
            return Err(PathError::CriticalExtension(oid));
        }
        let any_counts = self.inhibit_any_policy > 0 || (!is_last && certificate.is_self_issued());
        self.policies.narrow(certificate.policies(), any_counts);
        if self.explicit_policy == 0 && self.policies.is_empty() {
            return Err(PathError::Policy);
        }
        Ok(())
    }

    /// Preparation for the next certificate, §6.1.4.
    fn step_below(&mut self, certificate: &'a Certificate) -> Result<(), PathError> {
        let may_sign = certificate.key_usages().is_none_or(|usages| usages.certificate_sign);
        if !certificate.is_issuer() || !may_sign {
            return Err(PathError::NotAnIssuer);
        }
        if !certificate.is_self_issued() {
            self.explicit_policy = self.explicit_policy.saturating_sub(1);
            self.inhibit_any_policy = self.inhibit_any_policy.saturating_sub(1);
            self.path_length = self.path_length.checked_sub(1).ok_or(PathError::PathLength)?;
        }
        let constraints = certificate.path_constraints();
        lower(&mut self.explicit_policy, constraints.explicit_policy);
        lower(&mut self.inhibit_any_policy, constraints.inhibit_any_policy);
        lower(&mut self.path_length, constraints.path_length.map(u32::from));
        self.issuer = certificate.subject();
        self.key = certificate.public_key().map_err(|_| PathError::NotAnIssuer)?;
        Ok(())
    }

    /// §6.1.5.
    fn wrap_up(&mut self, last: &Certificate, accepted: &[PolicyOid]) -> Result<(), PathError> {
        self.explicit_policy = self.explicit_policy.saturating_sub(1);
        if last.path_constraints().explicit_policy == Some(0) {
            self.explicit_policy = 0;
        }
        if self.explicit_policy > 0 || self.policies.has_one_of(accepted) {
            Ok(())
        } else {
            Err(PathError::Policy)
        }
    }
}

/// Whether a certificate's last second has gone: it belongs to the validity, to its end.
pub(super) fn is_past(certificate: &Certificate, at: Timestamp) -> bool {
    at.as_second() > certificate.not_after().as_second()
}

fn lower(count: &mut usize, to: Option<u32>) {
    if let Some(to) = to.and_then(|to| usize::try_from(to).ok()) {
        *count = to.min(*count);
    }
}
