//! Extensions: their order in each kind of certificate, and their values.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_AD_OCSP, ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_BASIC_CONSTRAINTS,
    ID_CE_CERTIFICATE_POLICIES, ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_EXT_KEY_USAGE,
    ID_CE_ISSUER_ALT_NAME, ID_CE_KEY_USAGE, ID_CE_SUBJECT_ALT_NAME, ID_CE_SUBJECT_KEY_IDENTIFIER,
    ID_KP_CLIENT_AUTH, ID_KP_OCSP_SIGNING, ID_KP_TIME_STAMPING, ID_PE_AUTHORITY_INFO_ACCESS,
    ID_QT_CPS,
};
use const_oid::db::rfc6960::ID_PKIX_OCSP_NOCHECK;

use super::{HttpUri, PolicyOid};
use crate::attributes::PersonalAttributes;
use crate::certificate::Certificate;
use crate::distribution::DistributionPoint;
use crate::encode::{
    BOOLEAN, Encoder, IA5_STRING, NULL, OCTET_STRING, constructed, encode, primitive,
};
use crate::general_name::{write_directory_name, write_uri};
use crate::keys::{KeyIdentifier, PublicKey};
use crate::name::Name;

/// An extension of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// keyUsage, critical: the content octets of its BIT STRING.
    KeyUsage(&'static [u8]),
    /// extKeyUsage with one purpose, not critical.
    ExtendedKeyUsage(ObjectIdentifier),
    /// extKeyUsage for time-stamps alone, critical (RFC 3161 §2.3).
    TimeStamping,
    /// subjectAltName with the four attributes.
    Attributes,
    /// subjectAltName with the issuer's name in Japanese.
    SubjectNameInJapanese,
    /// basicConstraints of an issuer, critical, without a path length.
    BasicConstraints,
    /// certificatePolicies, critical, with the practice statement's address.
    CertificatePolicies,
    /// issuerAltName: the issuer's name in Japanese.
    IssuerNameInJapanese,
    /// cRLDistributionPoints: one point.
    CrlDistributionPoints,
    /// authorityInfoAccess: the OCSP responder.
    AuthorityInfoAccess,
    /// authorityKeyIdentifier in full form: key identifier, issuer, serial number.
    AuthorityKeyIdentifier,
    /// subjectKeyIdentifier.
    SubjectKeyIdentifier,
    /// id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1).
    OcspNoCheck,
}

/// digitalSignature and nonRepudiation.
const SIGNS_DOCUMENTS: &[u8] = &[6, 0xC0];
/// digitalSignature.
const SIGNS: &[u8] = &[7, 0x80];
/// keyCertSign and cRLSign.
const SIGNS_CERTIFICATES: &[u8] = &[1, 0x06];

pub(super) const ISSUER: &[Extension] = &[
    Extension::KeyUsage(SIGNS_CERTIFICATES),
    Extension::SubjectNameInJapanese,
    Extension::BasicConstraints,
    Extension::CrlDistributionPoints,
    Extension::SubjectKeyIdentifier,
];

pub(super) const SIGNATURE: &[Extension] = &[
    Extension::KeyUsage(SIGNS_DOCUMENTS),
    Extension::Attributes,
    Extension::CertificatePolicies,
    Extension::IssuerNameInJapanese,
    Extension::CrlDistributionPoints,
    Extension::AuthorityInfoAccess,
    Extension::AuthorityKeyIdentifier,
    Extension::SubjectKeyIdentifier,
];

pub(super) const USER_AUTHENTICATION: &[Extension] = &[
    Extension::KeyUsage(SIGNS),
    Extension::ExtendedKeyUsage(ID_KP_CLIENT_AUTH),
    Extension::CertificatePolicies,
    Extension::IssuerNameInJapanese,
    Extension::CrlDistributionPoints,
    Extension::AuthorityInfoAccess,
    Extension::AuthorityKeyIdentifier,
    Extension::SubjectKeyIdentifier,
];

pub(super) const OCSP_RESPONDER: &[Extension] = &[
    Extension::KeyUsage(SIGNS),
    Extension::ExtendedKeyUsage(ID_KP_OCSP_SIGNING),
    Extension::OcspNoCheck,
    Extension::AuthorityKeyIdentifier,
    Extension::SubjectKeyIdentifier,
];

pub(super) const TIME_STAMP_ISSUER: &[Extension] = &[
    Extension::KeyUsage(SIGNS_CERTIFICATES),
    Extension::BasicConstraints,
    Extension::SubjectKeyIdentifier,
];

pub(super) const TIME_STAMP_UNIT: &[Extension] = &[
    Extension::KeyUsage(SIGNS),
    Extension::TimeStamping,
    Extension::AuthorityKeyIdentifier,
    Extension::SubjectKeyIdentifier,
];

pub(super) const SEAL_ISSUER: &[Extension] = TIME_STAMP_ISSUER;

pub(super) const SEAL: &[Extension] = &[
    Extension::KeyUsage(SIGNS_DOCUMENTS),
    Extension::CertificatePolicies,
    Extension::CrlDistributionPoints,
    Extension::AuthorityKeyIdentifier,
    Extension::SubjectKeyIdentifier,
];

/// What the values of a certificate's extensions are made of.
pub(super) struct Values<'a> {
    pub(super) attributes: Option<&'a PersonalAttributes>,
    pub(super) name_in_japanese: Option<&'a Name>,
    pub(super) policy: Option<PolicyOid>,
    pub(super) cps_uri: Option<&'a HttpUri>,
    pub(super) distribution_point: Option<&'a DistributionPoint>,
    pub(super) ocsp_uri: Option<&'a HttpUri>,
    pub(super) issuer: Option<&'a Certificate>,
    pub(super) subject_key: KeyIdentifier,
}

impl<'a> Values<'a> {
    /// Those of a certificate that tells of nothing but keys: its own, and its issuer's if that is
    /// another's.
    pub(super) fn of_keys(issuer: Option<&'a Certificate>, subject_key: &PublicKey) -> Self {
        Self {
            attributes: None,
            name_in_japanese: None,
            policy: None,
            cps_uri: None,
            distribution_point: None,
            ocsp_uri: None,
            issuer,
            subject_key: subject_key.identifier(),
        }
    }
}

impl Extension {
    /// Writes the extension; nothing if there is no value for it.
    pub(super) fn write(self, values: &Values<'_>, out: &mut Encoder) {
        let Some(value) = self.value(values) else {
            return;
        };
        out.sequence(|extension| {
            extension.oid(self.oid());
            if self.is_critical() {
                extension.value(BOOLEAN, &[0xFF]);
            }
            extension.value(OCTET_STRING, &value);
        });
    }

    fn oid(self) -> ObjectIdentifier {
        match self {
            Self::KeyUsage(_) => ID_CE_KEY_USAGE,
            Self::ExtendedKeyUsage(_) | Self::TimeStamping => ID_CE_EXT_KEY_USAGE,
            Self::Attributes | Self::SubjectNameInJapanese => ID_CE_SUBJECT_ALT_NAME,
            Self::BasicConstraints => ID_CE_BASIC_CONSTRAINTS,
            Self::CertificatePolicies => ID_CE_CERTIFICATE_POLICIES,
            Self::IssuerNameInJapanese => ID_CE_ISSUER_ALT_NAME,
            Self::CrlDistributionPoints => ID_CE_CRL_DISTRIBUTION_POINTS,
            Self::AuthorityInfoAccess => ID_PE_AUTHORITY_INFO_ACCESS,
            Self::AuthorityKeyIdentifier => ID_CE_AUTHORITY_KEY_IDENTIFIER,
            Self::SubjectKeyIdentifier => ID_CE_SUBJECT_KEY_IDENTIFIER,
            Self::OcspNoCheck => ID_PKIX_OCSP_NOCHECK,
        }
    }

    fn is_critical(self) -> bool {
        matches!(
            self,
            Self::KeyUsage(_)
                | Self::TimeStamping
                | Self::BasicConstraints
                | Self::CertificatePolicies
        )
    }

    fn value(self, values: &Values<'_>) -> Option<Vec<u8>> {
        Some(match self {
            Self::KeyUsage(bits) => encode(|out| out.value(crate::encode::BIT_STRING, bits)),
            Self::ExtendedKeyUsage(purpose) => encode(|out| out.sequence(|list| list.oid(purpose))),
            Self::TimeStamping => Self::ExtendedKeyUsage(ID_KP_TIME_STAMPING).value(values)?,
            Self::Attributes => {
                let attributes = values.attributes?;
                encode(|out| attributes.write(out))
            }
            Self::SubjectNameInJapanese | Self::IssuerNameInJapanese => {
                let name = values.name_in_japanese?;
                encode(|out| out.sequence(|names| write_directory_name(names, name)))
            }
            Self::BasicConstraints => {
                encode(|out| out.sequence(|fields| fields.value(BOOLEAN, &[0xFF])))
            }
            Self::CertificatePolicies => policies(values.policy?, values.cps_uri),
            Self::CrlDistributionPoints => distribution_points(values.distribution_point?),
            Self::AuthorityInfoAccess => authority_info_access(values.ocsp_uri?),
            Self::AuthorityKeyIdentifier => authority_key_identifier(values.issuer?),
            Self::SubjectKeyIdentifier => {
                encode(|out| out.value(OCTET_STRING, &values.subject_key.0))
            }
            Self::OcspNoCheck => encode(|out| out.value(NULL, &[])),
        })
    }
}

fn policies(policy: PolicyOid, cps_uri: Option<&HttpUri>) -> Vec<u8> {
    encode(|out| {
        out.sequence(|policies| {
            policies.sequence(|information| {
                information.oid(policy.0);
                if let Some(uri) = cps_uri {
                    information.sequence(|qualifiers| {
                        qualifiers.sequence(|qualifier| {
                            qualifier.oid(ID_QT_CPS);
                            qualifier.value(IA5_STRING, uri.as_str().as_bytes());
                        });
                    });
                }
            });
        });
    })
}

fn distribution_points(point: &DistributionPoint) -> Vec<u8> {
    encode(|out| {
        out.sequence(|points| {
            points.sequence(|fields| fields.nest(constructed(0), |name| point.write(name)));
        });
    })
}

fn authority_info_access(ocsp_uri: &HttpUri) -> Vec<u8> {
    encode(|out| {
        out.sequence(|descriptions| {
            descriptions.sequence(|description| {
                description.oid(ID_AD_OCSP);
                write_uri(description, ocsp_uri.as_str());
            });
        });
    })
}

fn authority_key_identifier(issuer: &Certificate) -> Vec<u8> {
    encode(|out| {
        out.sequence(|fields| {
            if let Some(identifier) = issuer.subject_key_identifier() {
                fields.value(primitive(0), identifier);
            }
            fields.nest(constructed(1), |names| write_directory_name(names, issuer.issuer()));
            fields.value(primitive(2), issuer.serial_bytes());
        });
    })
}
