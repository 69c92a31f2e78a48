//! What secure-channel sessions are for: which operations a chip is to carry out, and what follows
//! from their outcomes.

mod card;
mod phone;

use std::collections::BTreeMap;

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{AttestedKey, CertificateView, SessionOutcome, SessionWork};
use inrou_chip::issuer::{
    Attestation, AttestedKey as KeyName, CarriedCertificate, Challenge, Operation, Outcome,
    ProofError, StorageReceipt,
};
use inrou_pki::KeyAlgorithm;
use inrou_rules::{
    CertificateId, CertificateStatus, ChipId, EnrolmentId, Medium, Resident, Use, Uses,
};

use crate::Authority;
use crate::problem::Failed;
use crate::settings::Permission;

/// Who opened a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A phone that is not registered yet: whoever knows the session's identifier.
    Anybody,
    /// A registered phone.
    Phone(ChipId),
    /// A role, by its key's name.
    Role(String),
}

/// The work of one session.
pub(crate) trait Task: Send {
    /// The chip that is to do it.
    fn chip(&self) -> ChipId;

    /// What the chip is to do.
    fn operations(&self) -> Vec<Operation>;

    /// What follows, once the chip has done it. Repeating it changes nothing more.
    fn finish(
        &self,
        authority: &Authority,
        outcomes: Vec<Outcome>,
    ) -> Result<SessionOutcome, Failed>;
}

/// The keys that a chip is to make, by use.
pub(crate) type KeyKinds = BTreeMap<Use, KeyAlgorithm>;

/// What a session is to do, or that it has been done before.
pub(crate) enum Planned {
    Task(Box<dyn Task>),
    Done(SessionOutcome),
}

impl<T: Task + 'static> From<T> for Planned {
    fn from(task: T) -> Self {
        Planned::Task(Box::new(task))
    }
}

impl Authority {
    /// Plans the work that a caller asks for.
    pub(crate) fn plan_work(&self, caller: &Caller, work: &SessionWork) -> Result<Planned, Failed> {
        match (work, caller) {
            (SessionWork::RegisterPhone { chip, platform, model }, _) => {
                self.plan_phone_registration(*chip, *platform, model)
            }
            (SessionWork::MakeKeys { enrolment }, Caller::Phone(chip)) => {
                self.plan_keys(*chip, *enrolment)
            }
            (SessionWork::StoreCertificates { enrolment }, Caller::Phone(chip)) => {
                self.plan_storage(*chip, *enrolment)
            }
            (SessionWork::Delete, Caller::Phone(chip)) => self.plan_deletion(*chip),
            (SessionWork::AllowPinSet { request }, Caller::Phone(chip)) => {
                self.plan_pin_set(*chip, request)
            }
            (SessionWork::WriteCard { resident }, Caller::Role(role)) => {
                self.permit(role, Permission::Counter)?;
                self.permit_counter(role, self.load(*resident)?.resident.municipality)?;
                self.plan_card(*resident)
            }
            _ => Err(Code::PERMISSION_DENIED.into()),
        }
    }

    /// What kinds of keys a chip is to make: the settings say, by use and medium.
    fn key_kinds(&self, uses: Uses, medium: Medium) -> KeyKinds {
        uses.iter().map(|usage| (usage, self.settings.issuer.of(usage).on(medium).key)).collect()
    }

    /// Judges attestations of the keys of an enrolment.
    fn judge_keys(
        &self,
        chip: ChipId,
        enrolment: EnrolmentId,
        kinds: &KeyKinds,
        challenge: &Challenge,
        attestations: &[Attestation],
    ) -> Result<Vec<AttestedKey>, Failed> {
        let judged = kinds.iter().zip(attestations).map(|((&usage, &algorithm), attestation)| {
            let name = KeyName::Credential { enrolment, usage };
            let key =
                attestation.verify(&self.maker, &chip, &name, challenge).map_err(unattested)?;
            if key.algorithm() != algorithm {
                return Err(unattested(ProofError::OtherKey));
            }
            Ok(AttestedKey { usage, spki: Base64(key.spki().to_vec()) })
        });
        let keys: Vec<AttestedKey> = judged.collect::<Result<_, Failed>>()?;
        if keys.len() == kinds.len() { Ok(keys) } else { Err(unattested(ProofError::Malformed)) }
    }

    /// The certificates of a resident that wait for their chip, with their issuers'.
    fn carried(&self, resident: &Resident, chip: ChipId) -> Result<Carried, Failed> {
        let mut carried = Carried::default();
        let waiting = resident.certificates.values().filter(|found| {
            found.chip == chip && matches!(found.status, CertificateStatus::Issued)
        });
        for certificate in waiting {
            let Some(record) = self.store.certificate(certificate.id)? else { continue };
            let Some(issuer) = self.keys.generation(certificate.id.usage, record.generation) else {
                continue;
            };
            carried.ids.push(certificate.id);
            carried.certificates.push(CarriedCertificate {
                usage: certificate.id.usage,
                certificate: record.der,
                issuer: issuer.certificate.as_der().to_vec(),
            });
        }
        Ok(carried)
    }

    /// Judges a chip's receipt for certificates.
    fn judge_storage(
        &self,
        chip: ChipId,
        enrolment: EnrolmentId,
        carried: &Carried,
        receipt: &StorageReceipt,
    ) -> Result<(), Failed> {
        receipt
            .verify(&self.maker, &chip, &enrolment, &carried.certificates)
            .map(drop)
            .map_err(unproven)
    }
}

/// Certificates on their way to a chip, by use.
#[derive(Default)]
struct Carried {
    ids: Vec<CertificateId>,
    certificates: Vec<CarriedCertificate>,
}

/// The certificates of a resident on one medium that are on their chip.
fn on_chip(resident: &Resident, medium: Medium) -> Vec<CertificateView> {
    let here = resident.certificates.values().filter(|found| {
        found.medium == medium && matches!(found.status, CertificateStatus::Active { .. })
    });
    here.map(crate::views::certificate).collect()
}

fn unattested(error: ProofError) -> Failed {
    Problem::new(Code::ATTESTATION_INVALID)
        .with("reason", proof_reason(error))
        .caused_by(error)
        .into()
}

pub(crate) fn unproven(error: ProofError) -> Failed {
    Problem::new(Code::RECEIPT_INVALID).with("reason", proof_reason(error)).caused_by(error).into()
}

fn proof_reason(error: ProofError) -> &'static str {
    match error {
        ProofError::Malformed => "malformed",
        ProofError::UnknownMaker => "unknown-maker",
        ProofError::Signature => "signature",
        ProofError::OtherChip => "other-chip",
        ProofError::OtherKind => "other-kind",
        ProofError::OtherKey => "other-key",
        ProofError::OtherEnrolment => "other-enrolment",
        ProofError::Stale => "stale",
        ProofError::OtherCertificates => "other-certificates",
        ProofError::OtherUses => "other-uses",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_that_does_not_hold_is_told_with_its_reason() {
        for (Failed(problem), code) in [
            (unattested(ProofError::Stale), "attestation-invalid"),
            (unproven(ProofError::OtherCertificates), "receipt-invalid"),
        ] {
            assert_eq!(problem.code(), code);
            assert!(problem.param("reason").is_some_and(|reason| !reason.is_empty()));
        }
    }
}
