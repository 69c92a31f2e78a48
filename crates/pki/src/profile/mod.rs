//! Certificate profiles as data: who the subject is, which extensions in which order, which policy,
//! which key, how long. `docs/profiles.md` says what of it is observed and what is chosen.

mod build;
mod extension;
mod seal;
mod settings;
mod subject;
mod time_stamp;

pub use build::{HolderRequest, ProfileError};
pub use extension::Extension;
pub use seal::SEAL_POLICY;
pub use settings::{HttpUri, InvalidUri, IssuerSettings, MediumSettings, PolicyOid, UseSettings};
pub use subject::{CommonName, InvalidCommonName, Place};

use inrou_rules::{Medium, Use, japan};
use jiff::{Span, Timestamp};

use crate::keys::KeyAlgorithm;

/// The kinds of certificates there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateKind {
    /// An issuer's own, signed by itself.
    Issuer(Use),
    /// A resident's.
    Holder(Use, Medium),
    /// That of an issuer's delegated OCSP responder (RFC 6960 §4.2.2.2).
    OcspResponder(Use),
}

/// What a certificate of one kind looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What the subject name consists of.
    pub subject: SubjectForm,
    /// The extensions in their order; those without a value by the settings are left out.
    pub extensions: &'static [Extension],
    /// The certificate policy.
    pub policy: Option<PolicyOid>,
    /// The algorithm of the subject's key.
    pub key: KeyAlgorithm,
    /// The longest life.
    pub lifetime: Lifetime,
}

/// What a subject name consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectForm {
    /// Country, organisation, unit, operator.
    Issuer,
    /// Country, organisation, unit, and the words `OCSP Responder`.
    OcspResponder,
    /// Country, prefecture, municipality, common name.
    SignatureHolder,
    /// Country, common name.
    UserAuthenticationHolder,
}

/// A length of time that ends with a day, in Japan: `years` and `days` after the day it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// Years.
    pub years: i16,
    /// Days on top of them.
    pub days: i16,
}

impl Lifetime {
    /// 23:59:59 Japan time of the last day, for what begins at `from`.
    pub fn end(self, from: Timestamp) -> Timestamp {
        let life = Span::new().years(self.years).days(self.days);
        let after = japan::day(from).saturating_add(life);
        japan::end_of_day(after.yesterday().unwrap_or(after))
    }
}

impl CertificateKind {
    /// The use, by which the issuer goes.
    pub fn usage(self) -> Use {
        match self {
            Self::Issuer(usage) | Self::Holder(usage, _) | Self::OcspResponder(usage) => usage,
        }
    }
}

impl IssuerSettings {
    /// The profile of that kind under these settings.
    pub fn profile(&self, kind: CertificateKind) -> Profile {
        match kind {
            CertificateKind::Issuer(_) => Profile {
                subject: SubjectForm::Issuer,
                extensions: extension::ISSUER,
                policy: None,
                key: self.issuer_key,
                // Observed: ten years less the day of issue.
                lifetime: Lifetime { years: 10, days: 0 },
            },
            CertificateKind::OcspResponder(_) => Profile {
                subject: SubjectForm::OcspResponder,
                extensions: extension::OCSP_RESPONDER,
                policy: None,
                key: self.issuer_key,
                // Short, since nobody can revoke it (RFC 6960 §4.2.2.2.1).
                lifetime: Lifetime { years: 0, days: 30 },
            },
            CertificateKind::Holder(usage, medium) => {
                let settings = self.of(usage).on(medium);
                let (subject, extensions) = match usage {
                    Use::Signature => (SubjectForm::SignatureHolder, extension::SIGNATURE),
                    Use::UserAuthentication => {
                        (SubjectForm::UserAuthenticationHolder, extension::USER_AUTHENTICATION)
                    }
                };
                Profile {
                    subject,
                    extensions,
                    policy: Some(settings.policy),
                    key: settings.key,
                    // CARD-8: the fifth birthday after the day of issue is at most five years away, and a day
                    // for who was born on 29 February and comes on the 28th, the birthday of that year.
                    lifetime: Lifetime { years: 5, days: 2 },
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_8_a_birthday_on_29_february_may_be_five_years_and_a_day_away() {
        let kind = CertificateKind::Holder(Use::Signature, Medium::Card);
        let longest = IssuerSettings::default().profile(kind).lifetime;
        let issued = "2027-02-28T09:00:00+09:00".parse().unwrap();
        let fifth_birthday = "2032-02-29T23:59:59+09:00".parse::<Timestamp>().unwrap();
        assert_eq!(longest.end(issued), fifth_birthday);
    }
}
