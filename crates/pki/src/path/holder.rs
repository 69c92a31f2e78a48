//! Validating a resident's certificate: a path of one.

use const_oid::db::rfc5280::ID_KP_CLIENT_AUTH;
use inrou_rules::Use;
use jiff::Timestamp;

use super::chain::is_past;
use super::{PathError, PathInputs, TrustAnchors, validate_chain};
use crate::certificate::Certificate;
use crate::profile::PolicyOid;

/// What a certificate is to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected<'a> {
    /// Signing documents, or logging in.
    pub usage: Use,
    /// The policies that are accepted; if empty, any.
    pub policies: &'a [PolicyOid],
}

/// Validates a holder's certificate at a time, directly under an anchor that is valid itself. Gives its
/// issuer. Whether it is revoked is for [`status`](super::status) to say.
///
/// # Errors
/// [`PathError`].
pub fn validate<'a>(
    certificate: &Certificate,
    anchors: &'a TrustAnchors,
    at: Timestamp,
    expected: Expected<'_>,
) -> Result<&'a Certificate, PathError> {
    let anchor = anchors.issuer_of(certificate)?;
    let inputs = PathInputs {
        policies: expected.policies,
        explicit_policy: !expected.policies.is_empty(),
        ..PathInputs::at(at)
    };
    let chain = validate_chain(anchor, std::slice::from_ref(certificate), &inputs);
    let chain = chain.map(|_| ()).map_err(|error| error.cause);
    // An anchor says nothing about what it did not sign.
    if chain == Err(PathError::Signature) {
        return Err(PathError::Signature);
    }
    if at < anchor.not_before() {
        return Err(PathError::AnchorNotYetValid { from: anchor.not_before() });
    }
    if is_past(anchor, at) {
        return Err(PathError::AnchorExpired { at: anchor.not_after() });
    }
    chain?;
    if certificate.is_issuer() {
        return Err(PathError::NotAHolder);
    }
    if !allows(certificate, expected.usage) {
        return Err(PathError::Usage);
    }
    Ok(anchor)
}

/// Signing documents asks for nonRepudiation; logging in for digitalSignature and client authentication.
fn allows(certificate: &Certificate, usage: Use) -> bool {
    let Some(usages) = certificate.key_usages() else {
        return false;
    };
    let purposes = certificate.extended_key_usages();
    match usage {
        Use::Signature => usages.digital_signature && usages.non_repudiation && purposes.is_empty(),
        Use::UserAuthentication => {
            usages.digital_signature && purposes.contains(&ID_KP_CLIENT_AUTH)
        }
    }
}
