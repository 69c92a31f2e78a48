//! The certificates of organisations' seals (組織の電子署名): their issuer's own, and those of the seals. All of
//! it is chosen.

use const_oid::ObjectIdentifier;
use inrou_rules::Serial;
use jiff::Timestamp;

use super::build::{Names, check_names, write_tbs};
use super::extension::{SEAL, SEAL_ISSUER, Values};
use super::{HttpUri, IssuerSettings, Lifetime, Place, PolicyOid, ProfileError};
use crate::certificate::{Certificate, UnsignedCertificate};
use crate::distribution::DistributionPoint;
use crate::keys::PublicKey;
use crate::name::{Name, Part};

/// The policy of seals: below the number that is for documentation (RFC 5612), nobody's.
pub const SEAL_POLICY: PolicyOid = PolicyOid(ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1.2"));

/// As long as a resident's issuer.
const ISSUER_LIFE: Lifetime = Lifetime { years: 10, days: 0 };

/// As long as seals of organisations commonly have.
const SEAL_LIFE: Lifetime = Lifetime { years: 3, days: 0 };

impl IssuerSettings {
    /// The certificate of the seals' issuer, to be signed with its own key.
    ///
    /// # Errors
    /// [`ProfileError::Name`].
    pub fn seal_issuer(
        &self,
        public_key: &PublicKey,
        serial: Serial,
        not_before: Timestamp,
    ) -> Result<UnsignedCertificate, ProfileError> {
        check_names(&[&self.organisation, &self.operator])?;
        let name = self.seal_issuer_name();
        Ok(write_tbs(
            public_key.algorithm().signature(),
            serial,
            Names { issuer: &name, subject: &name },
            (not_before, ISSUER_LIFE.end(not_before)),
            public_key,
            SEAL_ISSUER,
            &Values::of_keys(None, public_key),
        ))
    }

    /// The certificate of a municipality's seal, to be signed by `issuer`, whose CRL is at `crl`. It lives as
    /// long as its issuer allows.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub fn municipal_seal(
        &self,
        issuer: &Certificate,
        place: &Place,
        public_key: &PublicKey,
        serial: Serial,
        not_before: Timestamp,
        crl: &HttpUri,
    ) -> Result<UnsignedCertificate, ProfileError> {
        if !issuer.is_issuer() || *issuer.subject() != self.seal_issuer_name() {
            return Err(ProfileError::Issuer);
        }
        if not_before < issuer.not_before() || not_before > issuer.not_after() {
            return Err(ProfileError::Validity);
        }
        check_names(&[&place.prefecture, &place.municipality])?;
        let subject = Name::of(&[
            Part::Country("JP"),
            Part::Locality(&place.prefecture),
            Part::Organisation(&place.municipality),
            Part::Unit(&self.operator),
            Part::CommonName(&format!("{} seal", place.municipality)),
        ]);
        let point = DistributionPoint::at(crl.as_str());
        let values = Values {
            policy: Some(SEAL_POLICY),
            distribution_point: Some(&point),
            ..Values::of_keys(Some(issuer), public_key)
        };
        Ok(write_tbs(
            issuer.public_key()?.algorithm().signature(),
            serial,
            Names { issuer: issuer.subject(), subject: &subject },
            (not_before, SEAL_LIFE.end(not_before).min(issuer.not_after())),
            public_key,
            SEAL,
            &values,
        ))
    }

    fn seal_issuer_name(&self) -> Name {
        Name::of(&[
            Part::Country("JP"),
            Part::Organisation(&self.organisation),
            Part::Unit(&self.operator),
            Part::CommonName("Seals of municipalities"),
        ])
    }
}
