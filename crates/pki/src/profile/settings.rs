//! What an operator sets about certificates: names, policies, addresses, key algorithms.

use std::fmt;

use const_oid::ObjectIdentifier;
use inrou_rules::{Medium, Use};
use serde::{Deserialize, Serialize};

use crate::keys::KeyAlgorithm;

/// The settings of both issuers, signature and user authentication.
///
/// The default is clearly a sandbox's, and has no status addresses: [`published_at`] adds them.
///
/// [`published_at`]: Self::published_at
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IssuerSettings {
    /// `O` in the issuers' names, Roman letters.
    pub organisation: String,
    /// `O` in the issuers' alternative names, in Japanese.
    pub organisation_ja: String,
    /// The last `OU` in the issuers' names: who operates them.
    pub operator: String,
    /// The same in Japanese.
    pub operator_ja: String,
    /// Where the certification practice statement is; without it no qualifier is written.
    pub cps_uri: Option<HttpUri>,
    /// Under which address CRLs are published over HTTP, without a slash at the end. Without it
    /// certificates name the directory only, as observed.
    pub crl_base_uri: Option<HttpUri>,
    /// Algorithm of the issuers' and OCSP responders' keys.
    pub issuer_key: KeyAlgorithm,
    /// The issuer of signature certificates.
    pub signature: UseSettings,
    /// The issuer of user-authentication certificates.
    pub user_authentication: UseSettings,
}

/// The settings of one issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UseSettings {
    /// The first `OU` in the issuer's name.
    pub unit: String,
    /// The same in Japanese.
    pub unit_ja: String,
    /// Where OCSP requests go. Observed on user-authentication certificates only.
    pub ocsp_uri: Option<HttpUri>,
    /// What differs on cards.
    pub card: MediumSettings,
    /// What differs on phones.
    pub phone: MediumSettings,
}

/// The settings of an issuer's certificates on one medium.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MediumSettings {
    /// The certificate policy.
    pub policy: PolicyOid,
    /// Algorithm of the holders' keys.
    pub key: KeyAlgorithm,
    /// The `OU` under which this medium's CRL partitions stand in the directory.
    pub crl_unit: String,
}

impl IssuerSettings {
    /// These settings with every key of one kind: the issuers', their responders' and the holders'.
    #[must_use]
    pub fn with_keys(mut self, algorithm: KeyAlgorithm) -> Self {
        self.issuer_key = algorithm;
        for usage in [&mut self.signature, &mut self.user_authentication] {
            usage.card.key = algorithm;
            usage.phone.key = algorithm;
        }
        self
    }

    /// These settings with every address under `base`: OCSP for both uses at `/ocsp`, CRLs below
    /// `/crl`, the practice statement at `/cps`.
    ///
    /// # Errors
    /// `base` is not an address.
    pub fn published_at(mut self, base: &str) -> Result<Self, InvalidUri> {
        let base = base.trim_end_matches('/');
        let under = |path: &str| HttpUri::try_from(format!("{base}{path}"));
        self.cps_uri = Some(under("/cps")?);
        self.crl_base_uri = Some(under("/crl")?);
        self.signature.ocsp_uri = Some(under("/ocsp")?);
        self.user_authentication.ocsp_uri = Some(under("/ocsp")?);
        Ok(self)
    }

    /// The settings of that use's issuer.
    pub fn of(&self, usage: Use) -> &UseSettings {
        match usage {
            Use::Signature => &self.signature,
            Use::UserAuthentication => &self.user_authentication,
        }
    }
}

impl Default for IssuerSettings {
    fn default() -> Self {
        Self {
            organisation: "Inrou Sandbox".to_owned(),
            organisation_ja: "印籠サンドボックス".to_owned(),
            operator: "Not a service of the Japanese government".to_owned(),
            operator_ja: "日本政府のサービスではありません".to_owned(),
            cps_uri: None,
            crl_base_uri: None,
            issuer_key: KeyAlgorithm::Rsa2048,
            signature: UseSettings {
                unit: "Inrou Sandbox for digital signature".to_owned(),
                unit_ja: "印籠サンドボックス署名用".to_owned(),
                ocsp_uri: None,
                card: MediumSettings::card("1.2.392.200149.8.5.1.0.20"),
                phone: MediumSettings::phone("2.25.259638066.1.1"),
            },
            user_authentication: UseSettings {
                unit: "Inrou Sandbox for user authentication".to_owned(),
                unit_ja: "印籠サンドボックス利用者証明用".to_owned(),
                ocsp_uri: None,
                card: MediumSettings::card("1.2.392.200149.8.5.1.0.30"),
                phone: MediumSettings::phone("2.25.259638066.1.2"),
            },
        }
    }
}

impl UseSettings {
    /// The settings of that medium.
    pub fn on(&self, medium: Medium) -> &MediumSettings {
        match medium {
            Medium::Card => &self.card,
            Medium::Phone => &self.phone,
        }
    }
}

impl MediumSettings {
    /// The policy is the one observed on test cards, so that a relying party's check of it runs as it
    /// will; production policies are for the real issuer alone.
    fn card(observed_policy: &str) -> Self {
        Self::new(observed_policy, "CRL Distribution Points")
    }

    /// No official value is public: the policy is under an arc of our own (see `docs/profiles.md`).
    fn phone(private_policy: &str) -> Self {
        Self::new(private_policy, "CRL Distribution Points for smartphones")
    }

    fn new(policy: &str, crl_unit: &str) -> Self {
        Self {
            policy: PolicyOid(ObjectIdentifier::new_unwrap(policy)),
            key: KeyAlgorithm::Rsa2048,
            crl_unit: crl_unit.to_owned(),
        }
    }
}

/// A certificate policy's object identifier; dotted numbers in text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PolicyOid(pub ObjectIdentifier);

impl fmt::Display for PolicyOid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PolicyOid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyOid({})", self.0)
    }
}

impl TryFrom<String> for PolicyOid {
    type Error = const_oid::Error;

    fn try_from(text: String) -> Result<Self, const_oid::Error> {
        ObjectIdentifier::new(&text).map(Self)
    }
}

impl From<PolicyOid> for String {
    fn from(policy: PolicyOid) -> String {
        policy.to_string()
    }
}

/// The text is not an address that a certificate can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address is http:// or https:// and visible ASCII characters, 512 at most")]
pub struct InvalidUri;

/// An `http` or `https` address of ASCII characters, as an IA5String can carry it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HttpUri(String);

impl HttpUri {
    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HttpUri {
    type Error = InvalidUri;

    fn try_from(text: String) -> Result<Self, InvalidUri> {
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        let fits = rest.is_some_and(|rest| !rest.is_empty())
            && text.len() <= 512
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text)) } else { Err(InvalidUri) }
    }
}

impl From<HttpUri> for String {
    fn from(uri: HttpUri) -> String {
        uri.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_under_one_base() {
        let settings = IssuerSettings::default().published_at("http://127.0.0.1:8080/").unwrap();
        for usage in Use::ALL {
            let uri = settings.of(usage).ocsp_uri.as_ref().unwrap();
            assert_eq!(uri.as_str(), "http://127.0.0.1:8080/ocsp");
        }
        assert_eq!(settings.crl_base_uri.unwrap().as_str(), "http://127.0.0.1:8080/crl");
        assert_eq!(IssuerSettings::default().published_at("ftp://x"), Err(InvalidUri));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "http://", "http://a b", "http://é.example", "example.com"] {
            assert_eq!(HttpUri::try_from(text.to_owned()), Err(InvalidUri), "{text}");
        }
        assert!(HttpUri::try_from(format!("http://{}", "a".repeat(506))).is_err());
    }
}
