//! What an operator sets. Everything here has a default that makes a sandbox.

use std::collections::BTreeMap;

use inrou_pki::keys::{KeyError, PublicKey};
use inrou_pki::profile::IssuerSettings;
use inrou_rules::Municipality;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// The authority's settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Names, policies and addresses in certificates and CRLs.
    pub issuer: IssuerSettings,
    /// What the rulebook leaves open.
    pub rules: inrou_rules::Settings,
    /// Age at which an issuer gets a new key under the same name. Observed: about four years.
    pub generation_age: SignedDuration,
    /// The version of the notices that an applicant confirms; it stands in the signed application.
    pub terms: String,
    /// How long a challenge may be used.
    pub challenge_life: SignedDuration,
    /// How long an OCSP answer is valid.
    pub ocsp_life: SignedDuration,
    /// How long a CRL is valid. Observed: a new one every day.
    pub crl_life: SignedDuration,
    /// The name of the log of the journal: the origin of its checkpoints, by custom an address without its scheme.
    pub log_origin: String,
    /// The roles that may call, by the key identifier in their signatures.
    pub callers: BTreeMap<String, Caller>,
}

/// A role that may call the authority.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// Its public key: SubjectPublicKeyInfo, PEM.
    pub public_key: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// For a counter of one municipality, which: it serves no other's residents. Absent, it serves all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub municipality: Option<Municipality>,
}

impl Caller {
    /// Its public key, read.
    ///
    /// # Errors
    /// The PEM is none, or of another kind of key.
    pub(crate) fn public_key(&self) -> Result<PublicKey, KeyError> {
        let spki = inrou_pki::pem::decode("PUBLIC KEY", &self.public_key);
        PublicKey::from_spki(&spki.map_err(|_| KeyError::Malformed)?)
    }
}

/// What a calling role may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// A municipality's counter: residents, cards.
    Counter,
    /// The hotline: holds, revocations on request.
    Hotline,
    /// The operator: acts on certificates of many residents.
    Operator,
    /// Ask who holds a certificate, as a pairwise identifier.
    Holders,
    /// Be told the holder's attributes with it.
    Attributes,
    /// Read a resident's history and the proofs of its entries, by the pairwise identifier.
    History,
    /// Ask who is behind a certificate, whichever of a person's it is.
    Linkage,
    /// Hand in consents that residents signed, and ask for the latest attributes by them.
    Consents,
    /// List a resident's consents and withdraw them, by the pairwise identifier.
    Withdrawals,
    /// Read the whole journal, to audit its log.
    Audit,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            issuer: IssuerSettings::default(),
            rules: inrou_rules::Settings::default(),
            generation_age: SignedDuration::from_hours(4 * 365 * 24),
            terms: "2024-02".to_owned(),
            challenge_life: SignedDuration::from_mins(30),
            ocsp_life: SignedDuration::from_mins(15),
            crl_life: SignedDuration::from_hours(24),
            log_origin: "sandbox.inrou.example/journal".to_owned(),
            callers: BTreeMap::new(),
        }
    }
}
