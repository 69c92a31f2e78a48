//! What a certificate's extensions say.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_AD_OCSP, ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_BASIC_CONSTRAINTS,
    ID_CE_CERTIFICATE_POLICIES, ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_EXT_KEY_USAGE,
    ID_CE_INHIBIT_ANY_POLICY, ID_CE_ISSUER_ALT_NAME, ID_CE_KEY_USAGE, ID_CE_NAME_CONSTRAINTS,
    ID_CE_POLICY_CONSTRAINTS, ID_CE_POLICY_MAPPINGS, ID_CE_SUBJECT_ALT_NAME,
    ID_CE_SUBJECT_KEY_IDENTIFIER, ID_PE_AUTHORITY_INFO_ACCESS,
};
use const_oid::db::rfc6960::ID_PKIX_OCSP_NOCHECK;
use der::asn1::OctetString;
use der::{Decode, Encode, SliceReader};
use x509_cert::ext::pkix as types;
use x509_cert::ext::pkix::name::GeneralName;

use super::CertificateError;
use crate::attributes::PersonalAttributes;
use crate::decode::{self, decode};
use crate::distribution::DistributionPoint;
use crate::name::Name;
use crate::profile::PolicyOid;

/// authorityKeyIdentifier: which of an issuer's certificates signed this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityKeyIdentifier {
    /// The issuer's key identifier.
    pub key: Option<Vec<u8>>,
    /// The issuer of the issuer's certificate.
    pub issuer: Option<Name>,
    /// The serial number of the issuer's certificate: content octets.
    pub serial: Option<Vec<u8>>,
}

/// keyUsage: the bits that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsages {
    /// digitalSignature.
    pub digital_signature: bool,
    /// nonRepudiation (contentCommitment).
    pub non_repudiation: bool,
    /// keyCertSign.
    pub certificate_sign: bool,
    /// cRLSign.
    pub crl_sign: bool,
}

/// What an issuer's certificate asks of the path below it, in numbers of further certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PathConstraints {
    /// basicConstraints: how many issuers that are not self-issued may follow.
    pub path_length: Option<u8>,
    /// policyConstraints: after how many certificates each needs an acceptable policy.
    pub explicit_policy: Option<u32>,
    /// inhibitAnyPolicy: after how many certificates anyPolicy stands for no other policy.
    pub inhibit_any_policy: Option<u32>,
}

#[derive(Default)]
pub(super) struct Extensions {
    pub(super) key_usages: Option<KeyUsages>,
    pub(super) extended_key_usages: Vec<ObjectIdentifier>,
    pub(super) extended_key_usages_critical: bool,
    pub(super) is_issuer: bool,
    pub(super) constraints: PathConstraints,
    pub(super) policies: Vec<PolicyOid>,
    pub(super) distribution_points: Vec<DistributionPoint>,
    pub(super) ocsp_uri: Option<String>,
    pub(super) subject_key_identifier: Option<Vec<u8>>,
    pub(super) authority_key_identifier: Option<AuthorityKeyIdentifier>,
    pub(super) attributes: Option<PersonalAttributes>,
    pub(super) ocsp_nocheck: bool,
    pub(super) not_followed: Vec<ObjectIdentifier>,
}

impl Extensions {
    pub(super) fn read(
        reader: &mut SliceReader<'_>,
        issuer: &Name,
    ) -> Result<Self, CertificateError> {
        let mut extensions = Self::default();
        decode::extensions(reader, |oid, critical, value| {
            // These two change what other certificates mean, so they count whether critical or not.
            let must_be_followed =
                critical || [ID_CE_NAME_CONSTRAINTS, ID_CE_POLICY_MAPPINGS].contains(&oid);
            if oid == ID_CE_CRL_DISTRIBUTION_POINTS {
                let points = points(value, issuer).ok_or(CertificateError::Extension(oid))?;
                extensions.distribution_points = points;
                return Ok(());
            }
            match extensions.take(oid, value) {
                Some(true) if oid == ID_CE_EXT_KEY_USAGE => {
                    extensions.extended_key_usages_critical = critical;
                }
                Some(false) if must_be_followed => extensions.not_followed.push(oid),
                Some(_) => {}
                None => return Err(CertificateError::Extension(oid)),
            }
            Ok(())
        })?;
        Ok(extensions)
    }

    /// Takes one extension's value. `Some(false)`: not one that is understood; `None`: malformed.
    fn take(&mut self, oid: ObjectIdentifier, value: &[u8]) -> Option<bool> {
        match oid {
            ID_CE_KEY_USAGE => self.key_usages = Some(key_usages(value)?),
            ID_CE_EXT_KEY_USAGE => {
                self.extended_key_usages = types::ExtendedKeyUsage::from_der(value).ok()?.0;
            }
            ID_CE_BASIC_CONSTRAINTS => {
                let constraints = types::BasicConstraints::from_der(value).ok()?;
                self.is_issuer = constraints.ca;
                self.constraints.path_length = constraints.path_len_constraint;
            }
            ID_CE_POLICY_CONSTRAINTS => {
                let constraints = types::PolicyConstraints::from_der(value).ok()?;
                // Mappings are not followed at all, so that there is nothing to inhibit.
                self.constraints.explicit_policy = constraints.require_explicit_policy;
            }
            ID_CE_INHIBIT_ANY_POLICY => {
                self.constraints.inhibit_any_policy = Some(u32::from_der(value).ok()?);
            }
            ID_CE_CERTIFICATE_POLICIES => {
                let policies = types::CertificatePolicies::from_der(value).ok()?.0;
                self.policies =
                    policies.iter().map(|each| PolicyOid(each.policy_identifier)).collect();
            }
            ID_PE_AUTHORITY_INFO_ACCESS => self.ocsp_uri = ocsp_uri(value)?,
            ID_CE_SUBJECT_KEY_IDENTIFIER => {
                self.subject_key_identifier =
                    Some(OctetString::from_der(value).ok()?.into_bytes().into());
            }
            ID_CE_AUTHORITY_KEY_IDENTIFIER => {
                self.authority_key_identifier = Some(authority_key_identifier(value)?);
            }
            ID_CE_SUBJECT_ALT_NAME => {
                let names = types::SubjectAltName::from_der(value).ok()?.0;
                self.attributes = PersonalAttributes::read(&names).ok()?;
            }
            ID_CE_ISSUER_ALT_NAME => drop(types::IssuerAltName::from_der(value).ok()?),
            ID_PKIX_OCSP_NOCHECK => {
                der::asn1::Null::from_der(value).ok()?;
                self.ocsp_nocheck = true;
            }
            _ => return Some(false),
        }
        Some(true)
    }
}

fn key_usages(value: &[u8]) -> Option<KeyUsages> {
    let usage = types::KeyUsage::from_der(value).ok()?;
    Some(KeyUsages {
        digital_signature: usage.digital_signature(),
        non_repudiation: usage.non_repudiation(),
        certificate_sign: usage.key_cert_sign(),
        crl_sign: usage.crl_sign(),
    })
}

/// The points whose CRLs are the issuer's own and list every reason: others are not for us.
fn points(value: &[u8], issuer: &Name) -> Option<Vec<DistributionPoint>> {
    let points = types::CrlDistributionPoints::from_der(value).ok()?.0;
    let ours = points.iter().filter(|point| point.reasons.is_none() && point.crl_issuer.is_none());
    ours.filter_map(|point| point.distribution_point.as_ref())
        .map(|name| DistributionPoint::read(name, issuer).ok())
        .collect()
}

fn ocsp_uri(value: &[u8]) -> Option<Option<String>> {
    let descriptions = types::AuthorityInfoAccessSyntax::from_der(value).ok()?.0;
    Some(descriptions.iter().find_map(|description| match &description.access_location {
        GeneralName::UniformResourceIdentifier(uri) if description.access_method == ID_AD_OCSP => {
            Some(uri.to_string())
        }
        _ => None,
    }))
}

fn authority_key_identifier(value: &[u8]) -> Option<AuthorityKeyIdentifier> {
    let identifier = types::AuthorityKeyIdentifier::from_der(value).ok()?;
    let directory_name = identifier.authority_cert_issuer.iter().flatten().find_map(|name| {
        if let GeneralName::DirectoryName(name) = name { Some(name) } else { None }
    });
    let issuer = match directory_name {
        Some(name) => Some(decode(&name.to_der().ok()?, Name::read).ok()?),
        None => None,
    };
    Some(AuthorityKeyIdentifier {
        key: identifier.key_identifier.map(|key| key.into_bytes().into()),
        issuer,
        serial: identifier.authority_cert_serial_number.map(|serial| serial.as_bytes().to_vec()),
    })
}
