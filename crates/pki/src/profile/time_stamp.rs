//! The time-stamp authority's certificates: its issuer's own, and those of its units. All of it is chosen.

use inrou_rules::Serial;
use jiff::Timestamp;

use super::build::{Names, check_names, write_tbs};
use super::extension::{TIME_STAMP_ISSUER, TIME_STAMP_UNIT, Values};
use super::{IssuerSettings, Lifetime, ProfileError};
use crate::certificate::{Certificate, UnsignedCertificate};
use crate::keys::PublicKey;
use crate::name::{Name, Part};

/// As long as a resident's issuer.
const ISSUER_LIFE: Lifetime = Lifetime { years: 10, days: 0 };

/// Longer than any certificate whose signatures are stamped.
const UNIT_LIFE: Lifetime = Lifetime { years: 6, days: 0 };

impl IssuerSettings {
    /// The certificate of the authority's issuer, to be signed with its own key.
    ///
    /// # Errors
    /// [`ProfileError::Name`].
    pub fn time_stamp_issuer(
        &self,
        public_key: &PublicKey,
        serial: Serial,
        not_before: Timestamp,
    ) -> Result<UnsignedCertificate, ProfileError> {
        check_names(&[&self.organisation, &self.operator])?;
        let name = self.time_stamp_name("Time-stamp authority");
        Ok(write_tbs(
            public_key.algorithm().signature(),
            serial,
            Names { issuer: &name, subject: &name },
            (not_before, ISSUER_LIFE.end(not_before)),
            public_key,
            TIME_STAMP_ISSUER,
            &Values::of_keys(None, public_key),
        ))
    }

    /// The certificate of one of its units, to be signed by `issuer`. It lives as long as its issuer
    /// allows.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub fn time_stamp_unit(
        &self,
        issuer: &Certificate,
        public_key: &PublicKey,
        serial: Serial,
        not_before: Timestamp,
    ) -> Result<UnsignedCertificate, ProfileError> {
        if !issuer.is_issuer() {
            return Err(ProfileError::Issuer);
        }
        if not_before < issuer.not_before() || not_before > issuer.not_after() {
            return Err(ProfileError::Validity);
        }
        Ok(write_tbs(
            issuer.public_key()?.algorithm().signature(),
            serial,
            Names { issuer: issuer.subject(), subject: &self.time_stamp_name("Time-stamp unit") },
            (not_before, UNIT_LIFE.end(not_before).min(issuer.not_after())),
            public_key,
            TIME_STAMP_UNIT,
            &Values::of_keys(Some(issuer), public_key),
        ))
    }

    fn time_stamp_name(&self, common_name: &str) -> Name {
        Name::of(&[
            Part::Country("JP"),
            Part::Organisation(&self.organisation),
            Part::Unit(&self.operator),
            Part::CommonName(common_name),
        ])
    }
}
