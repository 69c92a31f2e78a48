//! What can be set.

use const_oid::ObjectIdentifier;
use inrou_pki::profile::{IssuerSettings, PolicyOid};
use serde::{Deserialize, Serialize};

/// Below the number that is for documentation (RFC 5612): nobody's.
const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1.1");

/// Under which names and which policy tokens are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Organisation and operator, as the issuers of residents' certificates name them.
    pub issuer: IssuerSettings,
    /// The policy in every token; a request that asks for another is rejected.
    pub policy: PolicyOid,
}

impl Default for Settings {
    fn default() -> Self {
        Self { issuer: IssuerSettings::default(), policy: PolicyOid(POLICY) }
    }
}
