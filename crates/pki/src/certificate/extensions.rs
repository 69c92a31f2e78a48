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

use super::CertificateError;
use crate::attributes::PersonalAttributes;
use crate::decode::{self, Bits, Malformed, Reader, decode, decode_sequence};
use crate::distribution::DistributionPoint;
use crate::encode::{BOOLEAN, INTEGER, SEQUENCE, primitive};
use crate::general_name::GeneralName;
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
    pub(super) fn read(reader: &mut Reader<'_>, issuer: &Name) -> Result<Self, CertificateError> {
        let mut extensions = Self::default();
        decode::extensions(reader, |oid, critical, value| {
            // These two change what other certificates mean, so they count whether critical or not.
            let must_be_followed =
                critical || [ID_CE_NAME_CONSTRAINTS, ID_CE_POLICY_MAPPINGS].contains(&oid);
            let taken = extensions.take(oid, value, issuer);
            match taken.map_err(|_| CertificateError::Extension(oid))? {
                true if oid == ID_CE_EXT_KEY_USAGE => {
                    extensions.extended_key_usages_critical = critical;
                }
                false if must_be_followed => extensions.not_followed.push(oid),
                _ => {}
            }
            Ok::<_, CertificateError>(())
        })?;
        Ok(extensions)
    }

    /// Takes one extension's value. `false`: not one that is understood.
    fn take(
        &mut self,
        oid: ObjectIdentifier,
        value: &[u8],
        issuer: &Name,
    ) -> Result<bool, Malformed> {
        match oid {
            ID_CE_KEY_USAGE => self.key_usages = Some(decode(value, key_usages)?),
            ID_CE_EXT_KEY_USAGE => {
                self.extended_key_usages = list(value, Reader::oid)?;
            }
            ID_CE_BASIC_CONSTRAINTS => {
                (self.is_issuer, self.constraints.path_length) =
                    decode_sequence(value, basic_constraints)?;
            }
            ID_CE_POLICY_CONSTRAINTS => {
                self.constraints.explicit_policy = decode_sequence(value, explicit_policy)?;
            }
            ID_CE_INHIBIT_ANY_POLICY => {
                self.constraints.inhibit_any_policy = Some(decode(value, Reader::unsigned)?);
            }
            ID_CE_CERTIFICATE_POLICIES => self.policies = list(value, policy)?,
            ID_CE_CRL_DISTRIBUTION_POINTS => {
                let points = list(value, |point| distribution_point(point, issuer))?;
                self.distribution_points = points.into_iter().flatten().collect();
            }
            ID_PE_AUTHORITY_INFO_ACCESS => self.ocsp_uri = ocsp_uri(value)?,
            ID_CE_SUBJECT_KEY_IDENTIFIER => {
                self.subject_key_identifier = Some(decode(value, Reader::octets)?.to_vec());
            }
            ID_CE_AUTHORITY_KEY_IDENTIFIER => {
                self.authority_key_identifier = Some(AuthorityKeyIdentifier::from_der(value)?);
            }
            ID_CE_SUBJECT_ALT_NAME => {
                let read = PersonalAttributes::read(value);
                self.attributes = read.map_err(|_| Malformed::Value)?;
            }
            ID_CE_ISSUER_ALT_NAME => {
                decode_sequence(value, |names| GeneralName::read_each(names, drop))?;
            }
            ID_PKIX_OCSP_NOCHECK => {
                decode(value, Reader::null)?;
                self.ocsp_nocheck = true;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl AuthorityKeyIdentifier {
    /// Reads the extension's value.
    pub(crate) fn from_der(value: &[u8]) -> Result<Self, Malformed> {
        decode_sequence(value, |fields| {
            let key = fields.take_if(primitive(0))?.map(<[u8]>::to_vec);
            let mut issuer = None;
            fields.explicit(1, |names| {
                GeneralName::read_each(names, |name| {
                    if let (GeneralName::Directory(name), None) = (name, &issuer) {
                        issuer = Some(name);
                    }
                })
            })?;
            let serial = fields.take_if(primitive(2))?;
            let serial = serial.map(decode::integer).transpose()?;
            Ok(Self { key, issuer, serial: serial.map(<[u8]>::to_vec) })
        })
    }
}

/// Reads a SEQUENCE OF.
fn list<'a, T>(
    value: &'a [u8],
    mut read: impl FnMut(&mut Reader<'a>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let mut all = Vec::new();
    decode_sequence(value, |list| {
        list.each(|list| {
            all.push(read(list)?);
            Ok::<_, Malformed>(())
        })
    })?;
    Ok(all)
}

/// Most bits in a keyUsage: there are nine.
const MAX_BITS: usize = 16;

fn key_usages(value: &mut Reader<'_>) -> Result<KeyUsages, Malformed> {
    let bits = value.bits()?;
    if bits.len() > MAX_BITS {
        return Err(Malformed::Value);
    }
    Ok(KeyUsages {
        digital_signature: bits.is_set(0),
        non_repudiation: bits.is_set(1),
        certificate_sign: bits.is_set(5),
        crl_sign: bits.is_set(6),
    })
}

/// `cA`, which some write though it is FALSE, and `pathLenConstraint`.
fn basic_constraints(fields: &mut Reader<'_>) -> Result<(bool, Option<u8>), Malformed> {
    let is_issuer = fields.take_if(BOOLEAN)?.map_or(Ok(false), decode::boolean)?;
    let length = fields.take_if(INTEGER)?.map(decode::unsigned).transpose()?;
    Ok((is_issuer, length))
}

/// `requireExplicitPolicy`. Mappings are not followed at all, so that there is nothing to inhibit.
fn explicit_policy(fields: &mut Reader<'_>) -> Result<Option<u32>, Malformed> {
    let mut number = |at| fields.take_if(primitive(at))?.map(decode::unsigned).transpose();
    let explicit = number(0)?;
    number(1)?;
    Ok(explicit)
}

/// A `PolicyInformation`; its qualifiers are for people.
fn policy(list: &mut Reader<'_>) -> Result<PolicyOid, Malformed> {
    list.sequence(|policy| {
        let oid = policy.oid()?;
        if policy.comes_next(SEQUENCE) {
            policy.sequence(|qualifiers| {
                qualifiers.each(|qualifiers| {
                    qualifiers.sequence(|qualifier| {
                        qualifier.oid()?;
                        if qualifier.is_finished() { Ok(()) } else { qualifier.element().map(drop) }
                    })
                })
            })?;
        }
        Ok(PolicyOid(oid))
    })
}

/// A point whose CRLs are the issuer's own and list every reason: others are not for us.
fn distribution_point(
    list: &mut Reader<'_>,
    issuer: &Name,
) -> Result<Option<DistributionPoint>, Malformed> {
    list.sequence(|fields| {
        let point = fields.explicit(0, |name| DistributionPoint::read(name, issuer))?;
        let reasons = fields.take_if(primitive(1))?.map(Bits::of).transpose()?;
        let other_issuer = fields.explicit(2, |names| GeneralName::read_each(names, drop))?;
        Ok(point.filter(|_| reasons.is_none() && other_issuer.is_none()))
    })
}

/// The first address of an OCSP responder in an `AuthorityInfoAccessSyntax`.
fn ocsp_uri(value: &[u8]) -> Result<Option<String>, Malformed> {
    let mut found = None;
    list(value, |list| {
        list.sequence(|description| {
            let method = description.oid()?;
            if let GeneralName::Uri(uri) = GeneralName::read(description)?
                && method == ID_AD_OCSP
                && found.is_none()
            {
                found = Some(uri.to_owned());
            }
            Ok(())
        })
    })?;
    Ok(found)
}
