//! Certificates by their profile: the names, the checks, the bytes.

use inrou_rules::{Medium, Serial, Use};
use jiff::Timestamp;

use super::extension::{Extension, Values};
use super::{CertificateKind, CommonName, IssuerSettings, Place, Profile, SubjectForm};
use crate::attributes::{AttributesInvalid, PersonalAttributes};
use crate::certificate::{Certificate, UnsignedCertificate};
use crate::crl::Partition;
use crate::encode::{constructed, encode};
use crate::keys::{KeyError, PublicKey, SignatureAlgorithm};
use crate::name::{Name, Part};

/// Why no certificate can be made by its profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// The issuer's certificate does not bear the name that the settings give that use's issuer, or is
    /// no issuer's certificate at all.
    #[error("the certificate given as the issuer's is not one by these settings")]
    Issuer,
    /// The issuer's key is not supported.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The subject's key is of another algorithm than the profile's.
    #[error("the key is not of the profile's algorithm")]
    KeyAlgorithm,
    /// It would end before it begins, live longer than the profile allows, or outlive its issuer.
    #[error("the validity is outside of what the profile and the issuer allow")]
    Validity,
    /// A name in the settings, or of the place, is empty or longer than X.520 allows.
    #[error("a name is empty or too long")]
    Name,
    /// What the profile asks of the holder is missing: the four attributes, in a signature certificate; or
    /// they are given for another.
    #[error("a signature certificate carries the four attributes, and no other does")]
    Presence,
    /// An attribute does not have its form.
    #[error(transparent)]
    Attributes(#[from] AttributesInvalid),
}

/// What goes into a holder's certificate.
#[derive(Clone, Debug)]
pub struct HolderRequest<'a> {
    /// What it is for.
    pub usage: Use,
    /// Card or phone.
    pub medium: Medium,
    /// Its reserved serial number.
    pub serial: Serial,
    /// First second of validity: that of issuance.
    pub not_before: Timestamp,
    /// Last second of validity (CARD-8, VALID-1).
    pub not_after: Timestamp,
    /// The key that the chip made.
    pub public_key: &'a PublicKey,
    /// The municipality: in the subject of a signature certificate, and of the CRL partition.
    pub place: &'a Place,
    /// The holder's common name.
    pub common_name: &'a CommonName,
    /// The four attributes, in a signature certificate.
    pub attributes: Option<&'a PersonalAttributes>,
}

impl IssuerSettings {
    /// The distinguished name of that use's issuer: all its generations share it.
    pub fn issuer_name(&self, usage: Use) -> Name {
        Name::of(&[
            Part::Country("JP"),
            Part::Organisation(&self.organisation),
            Part::Unit(&self.of(usage).unit),
            Part::Unit(&self.operator),
        ])
    }

    /// A holder's certificate, to be signed by `issuer`.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub fn holder_certificate(
        &self,
        issuer: &Certificate,
        request: &HolderRequest<'_>,
    ) -> Result<UnsignedCertificate, ProfileError> {
        let HolderRequest { usage, medium, .. } = *request;
        if (usage == Use::Signature) != request.attributes.is_some() {
            return Err(ProfileError::Presence);
        }
        if let Some(attributes) = request.attributes {
            attributes.check()?;
        }
        let crl_unit = &self.of(usage).on(medium).crl_unit;
        check_names(&[&request.place.prefecture, &request.place.municipality, crl_unit])?;
        let partition = Partition::Holders { usage, medium, place: request.place.clone() };
        self.build(&Draft {
            kind: CertificateKind::Holder(usage, medium),
            issuer: Some(issuer),
            serial: request.serial,
            not_before: request.not_before,
            not_after: request.not_after,
            public_key: request.public_key,
            holder: Some(request),
            partition: Some(partition),
        })
    }

    /// An issuer's own certificate, to be signed with its own key. It lives as long as its profile
    /// allows.
    ///
    /// # Errors
    /// [`ProfileError::KeyAlgorithm`], [`ProfileError::Name`].
    pub fn issuer_certificate(
        &self,
        usage: Use,
        public_key: &PublicKey,
        serial: Serial,
        not_before: Timestamp,
    ) -> Result<UnsignedCertificate, ProfileError> {
        check_names(&[&self.organisation, &self.operator, &self.of(usage).unit])?;
        check_names(&[&self.organisation_ja, &self.operator_ja, &self.of(usage).unit_ja])?;
        let kind = CertificateKind::Issuer(usage);
        self.build(&Draft {
            kind,
            issuer: None,
            serial,
            not_before,
            not_after: self.profile(kind).lifetime.end(not_before),
            public_key,
            holder: None,
            partition: Some(Partition::Issuer { usage }),
        })
    }

    /// The certificate of a delegated OCSP responder, to be signed by `issuer`. It lives as long as its
    /// profile and its issuer allow.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub fn responder_certificate(
        &self,
        usage: Use,
        issuer: &Certificate,
        public_key: &PublicKey,
        serial: Serial,
        not_before: Timestamp,
    ) -> Result<UnsignedCertificate, ProfileError> {
        let kind = CertificateKind::OcspResponder(usage);
        let longest = self.profile(kind).lifetime.end(not_before);
        self.build(&Draft {
            kind,
            issuer: Some(issuer),
            serial,
            not_before,
            not_after: longest.min(issuer.not_after()),
            public_key,
            holder: None,
            partition: None,
        })
    }

    fn build(&self, draft: &Draft<'_>) -> Result<UnsignedCertificate, ProfileError> {
        let usage = draft.kind.usage();
        let profile = self.profile(draft.kind);
        let issuer_key = match draft.issuer {
            Some(issuer) => issuer.public_key()?,
            None => draft.public_key,
        };
        self.check(draft, &profile)?;
        let subject = self.subject(profile.subject, usage, draft.holder)?;
        let algorithm = issuer_key.algorithm().signature();
        let point = draft.partition.as_ref();
        let point =
            point.map(|partition| self.distribution_point(partition, issuer_key.identifier()));
        let values = Values {
            attributes: draft.holder.and_then(|request| request.attributes),
            name_in_japanese: Some(&self.issuer_name_in_japanese(usage)),
            policy: profile.policy,
            cps_uri: self.cps_uri.as_ref(),
            distribution_point: point.as_ref(),
            ocsp_uri: self.of(usage).ocsp_uri.as_ref(),
            issuer: draft.issuer,
            subject_key: draft.public_key.identifier(),
        };
        let issuer = self.issuer_name(usage);
        let names = Names { issuer: &issuer, subject: &subject };
        let times = (draft.not_before, draft.not_after);
        let (key, extensions) = (draft.public_key, profile.extensions);
        Ok(write_tbs(algorithm, draft.serial, names, times, key, extensions, &values))
    }

    fn check(&self, draft: &Draft<'_>, profile: &Profile) -> Result<(), ProfileError> {
        if draft.public_key.algorithm() != profile.key {
            return Err(ProfileError::KeyAlgorithm);
        }
        let longest = profile.lifetime.end(draft.not_before);
        if draft.not_after < draft.not_before || draft.not_after > longest {
            return Err(ProfileError::Validity);
        }
        let Some(issuer) = draft.issuer else {
            return Ok(());
        };
        if !issuer.is_issuer() || *issuer.subject() != self.issuer_name(draft.kind.usage()) {
            return Err(ProfileError::Issuer);
        }
        if draft.not_before < issuer.not_before() || draft.not_after > issuer.not_after() {
            return Err(ProfileError::Validity);
        }
        Ok(())
    }

    fn issuer_name_in_japanese(&self, usage: Use) -> Name {
        Name::of(&[
            Part::Country("JP"),
            Part::Organisation(&self.organisation_ja),
            Part::Unit(&self.of(usage).unit_ja),
            Part::Unit(&self.operator_ja),
        ])
    }

    fn subject(
        &self,
        form: SubjectForm,
        usage: Use,
        holder: Option<&HolderRequest<'_>>,
    ) -> Result<Name, ProfileError> {
        Ok(match form {
            SubjectForm::Issuer => self.issuer_name(usage),
            SubjectForm::OcspResponder => Name::of(&[
                Part::Country("JP"),
                Part::Organisation(&self.organisation),
                Part::Unit(&self.of(usage).unit),
                Part::CommonName("OCSP Responder"),
            ]),
            SubjectForm::SignatureHolder => {
                let HolderRequest { place, common_name, .. } =
                    holder.ok_or(ProfileError::Presence)?;
                Name::of(&[
                    Part::Country("JP"),
                    Part::Locality(&place.prefecture),
                    Part::Locality(&place.municipality),
                    Part::CommonName(common_name.as_str()),
                ])
            }
            SubjectForm::UserAuthenticationHolder => {
                let HolderRequest { common_name, .. } = holder.ok_or(ProfileError::Presence)?;
                Name::of(&[Part::Country("JP"), Part::CommonName(common_name.as_str())])
            }
        })
    }
}

/// X.520 allows 64 characters in `O`, `OU` and `CN`; a municipality's has six more behind it.
pub(super) fn check_names(names: &[&str]) -> Result<(), ProfileError> {
    let fits = |name: &&str| (1..=58).contains(&name.chars().count());
    if names.iter().all(fits) { Ok(()) } else { Err(ProfileError::Name) }
}

/// Who signs a certificate, and whose it is.
pub(super) struct Names<'a> {
    pub(super) issuer: &'a Name,
    pub(super) subject: &'a Name,
}

/// Writes a `TBSCertificate`; `times`: first and last second of validity.
pub(super) fn write_tbs(
    algorithm: SignatureAlgorithm,
    serial: Serial,
    names: Names<'_>,
    times: (Timestamp, Timestamp),
    public_key: &PublicKey,
    extensions: &[Extension],
    values: &Values<'_>,
) -> UnsignedCertificate {
    let tbs = encode(|out| {
        out.sequence(|tbs| {
            tbs.nest(constructed(0), |version| version.unsigned(2));
            tbs.unsigned(serial.0);
            tbs.signature_algorithm(algorithm);
            tbs.raw(names.issuer.as_der());
            tbs.sequence(|validity| {
                validity.time(times.0);
                validity.time(times.1);
            });
            tbs.raw(names.subject.as_der());
            tbs.raw(public_key.spki());
            tbs.nest(constructed(3), |explicit| {
                explicit.sequence(|list| {
                    for extension in extensions {
                        extension.write(values, list);
                    }
                });
            });
        });
    });
    UnsignedCertificate::new(tbs, algorithm)
}

/// One certificate in the making.
struct Draft<'a> {
    kind: CertificateKind,
    /// `None` for what is signed with its own key.
    issuer: Option<&'a Certificate>,
    serial: Serial,
    not_before: Timestamp,
    not_after: Timestamp,
    public_key: &'a PublicKey,
    holder: Option<&'a HolderRequest<'a>>,
    partition: Option<Partition>,
}
