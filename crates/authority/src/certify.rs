//! From a recorded intent to a signed certificate, and back from a certificate to its record.

use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::statement::Statement;
use inrou_pki::cms::{CmsError, SignedMessage};
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::profile::{HolderRequest, Place};
use inrou_pki::{Certificate, PersonalAttributes, PublicKey};
use inrou_rules::{CertificateId, ChipId, Medium, Municipality, Refusal, ResidentId, Use};

use crate::Authority;
use crate::act::Loaded;
use crate::issuance::body_of;
use crate::problem::Failed;
use crate::store::{CertificateRecord, Holder, Intent, Partition};

/// The holder of a certificate that was issued here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownHolder {
    pub(crate) id: CertificateId,
    pub(crate) medium: Medium,
    pub(crate) chip: ChipId,
    pub(crate) resident: ResidentId,
}

impl Authority {
    /// Signs the certificate that an intent leads to. The same intent gives the same content.
    pub(crate) fn certify(
        &self,
        intent: &Intent,
        holder: &Loaded,
    ) -> Result<CertificateRecord, Failed> {
        let body = body_of(&intent.intent)?;
        let Partition::Residents { usage, medium, municipality } = intent.intent.partition else {
            return Err(Code::CERTIFICATE_UNTRUSTED.into());
        };
        let issuer =
            self.keys.generation(usage, body.generation).ok_or(Code::CERTIFICATE_UNTRUSTED)?;
        let attributes = match usage {
            Use::Signature if body.record == holder.resident.record => {
                Some(PersonalAttributes::from(&holder.attributes))
            }
            Use::Signature => {
                let record = self.store.attributes(body.holder, body.record)?;
                Some(PersonalAttributes::from(&record.ok_or(Refusal::ResidentUnknown)?.attributes))
            }
            Use::UserAuthentication => None,
        };
        let request = HolderRequest {
            usage,
            medium,
            serial: intent.id.serial,
            not_before: body.not_before,
            not_after: intent.intent.not_after,
            public_key: &PublicKey::from_spki(&body.spki.0).or_internal()?,
            place: &place(municipality)?,
            common_name: &body.common_name,
            attributes: attributes.as_ref(),
        };
        let unsigned = self.settings.issuer.holder_certificate(&issuer.certificate, &request);
        let der = unsigned.or_internal()?.sign_der(&*issuer).or_internal()?;
        log_signature(intent.id, &der);
        Ok(CertificateRecord {
            id: intent.id,
            generation: body.generation,
            partition: intent.intent.partition,
            holder: Some(Holder { resident: body.holder, chip: body.chip }),
            not_after: intent.intent.not_after,
            der,
        })
    }

    /// Judges a statement that a resident signed: the signature, the content, and that the signer's
    /// certificate is one of ours, byte for byte. Its status is the rules' matter.
    pub(crate) fn signer_of(
        &self,
        cms: &[u8],
        statement: &Statement,
    ) -> Result<KnownHolder, Failed> {
        let invalid =
            |error: CmsError| Problem::new(Code::APPLICATION_SIGNATURE_INVALID).caused_by(error);
        let message = SignedMessage::from_der(cms).map_err(invalid)?;
        if message.content() != Some(statement.to_bytes().as_slice()) {
            return Err(Code::APPLICATION_CONTENT_MISMATCH.into());
        }
        self.holder_of(message.verify().map_err(invalid)?.signer)
    }

    /// The holder of a certificate, if it was issued here.
    pub(crate) fn holder_of(&self, certificate: &Certificate) -> Result<KnownHolder, Failed> {
        self.issued_here(certificate)?.ok_or_else(|| Code::CERTIFICATE_UNTRUSTED.into())
    }

    /// The holder of a certificate of ours; `None` if its issuer has issued no such certificate to a
    /// resident. `certificate-untrusted` if it is of another issuer.
    pub(crate) fn issued_here(
        &self,
        certificate: &Certificate,
    ) -> Result<Option<KnownHolder>, Failed> {
        let usage = Use::ALL
            .into_iter()
            .find(|&usage| *certificate.issuer() == self.settings.issuer.issuer_name(usage));
        let id = usage
            .zip(certificate.serial())
            .map(|(usage, serial)| CertificateId { usage, serial })
            .ok_or(Code::CERTIFICATE_UNTRUSTED)?;
        let record = self.store.certificate(id)?;
        let record = record.filter(|record| record.der == certificate.as_der());
        Ok(record.and_then(|record| match (record.holder, record.partition) {
            (Some(Holder { resident, chip }), Partition::Residents { medium, .. }) => {
                Some(KnownHolder { id, medium, chip, resident })
            }
            _ => None,
        }))
    }
}

/// Leaves a trace of every certificate that an issuer's key has signed, whatever becomes of it.
pub(crate) fn log_signature(id: CertificateId, certificate: &[u8]) {
    let CertificateId { usage, serial } = id;
    let fingerprint = HashAlgorithm::Sha256.digest(certificate);
    tracing::info!(?usage, serial = serial.0, ?fingerprint, "a certificate was signed");
}

/// A municipality as certificates name it.
pub(crate) fn place(municipality: Municipality) -> Result<Place, Failed> {
    let found = inrou_words::place(municipality).ok_or(Code::MUNICIPALITY_UNKNOWN)?;
    Ok(Place {
        code: municipality,
        prefecture: found.prefecture.romaji.to_owned(),
        municipality: found.municipality.romaji.to_owned(),
    })
}
