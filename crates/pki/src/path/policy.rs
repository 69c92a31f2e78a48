//! The policies for which a path is valid.

use std::collections::BTreeSet;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ANY_POLICY;

use crate::profile::PolicyOid;

/// The valid policies at one depth of a path. Since no policy is mapped to another, this set is all that
/// is left of RFC 5280's tree.
pub(super) enum ValidPolicies {
    Any,
    These(BTreeSet<ObjectIdentifier>),
}

impl ValidPolicies {
    /// As a path begins.
    pub(super) fn any() -> Self {
        Self::Any
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::These(policies) if policies.is_empty())
    }

    /// Keeps what the next certificate has too (§6.1.3 d, e); `any_counts`: its anyPolicy stands for all
    /// that were valid.
    pub(super) fn narrow(&mut self, policies: &[PolicyOid], any_counts: bool) {
        let named = || policies.iter().map(|policy| policy.0).filter(|oid| *oid != ANY_POLICY);
        if any_counts && policies.contains(&PolicyOid(ANY_POLICY)) {
            return;
        }
        *self = match self {
            Self::Any => Self::These(named().collect()),
            Self::These(valid) => {
                Self::These(named().filter(|policy| valid.contains(policy)).collect())
            }
        };
    }

    /// Whether one of the accepted policies is valid (§6.1.5 g); if none is named, any is accepted.
    pub(super) fn has_one_of(&self, accepted: &[PolicyOid]) -> bool {
        let any_is_accepted = accepted.is_empty() || accepted.contains(&PolicyOid(ANY_POLICY));
        match self {
            Self::Any => true,
            Self::These(valid) if any_is_accepted => !valid.is_empty(),
            Self::These(valid) => accepted.iter().any(|policy| valid.contains(&policy.0)),
        }
    }
}
