//! Receipts of chips that took their certificates.

use crate::{
    Certificate, CertificateId, CertificateStatus, ChipId, EnrolmentId, Event, Medium, PhoneStage,
    Refusal,
};

use super::Case;

/// The card's receipt.
pub(super) fn activate_card(case: &mut Case<'_>, named: &[CertificateId]) -> Result<(), Refusal> {
    let chip = case.resident.card.as_ref().ok_or(Refusal::NoCard)?.chip;
    activate(case, chip, named)
}

/// The phone's receipt, which names all that wait for registration (REG-1).
pub(super) fn activate_phone(
    case: &mut Case<'_>,
    enrolment: EnrolmentId,
    named: &[CertificateId],
) -> Result<(), Refusal> {
    let phone = case.resident.phone.as_ref().filter(|phone| phone.enrolment == enrolment);
    let phone = phone.ok_or(Refusal::NoSuchRegistration)?.clone();
    activate(case, phone.chip, named)?;
    let waits = |certificate: &Certificate| certificate.status == CertificateStatus::Issued;
    if case.resident.live(Medium::Phone, case.now).any(waits) {
        return Err(Refusal::ReceiptIncomplete);
    }
    if matches!(phone.stage, PhoneStage::Ready { .. }) {
        case.record(Event::PhoneRegistered { enrolment, chip: phone.chip, at: case.now });
    }
    Ok(())
}

/// Activates those of `named` that wait for it. What was revoked meanwhile stays so; what is on hold
/// is not brought to life by a receipt (LOSS-4).
fn activate(case: &mut Case<'_>, chip: ChipId, named: &[CertificateId]) -> Result<(), Refusal> {
    for id in named {
        let certificate = case.resident.certificates.get(id).filter(|c| c.chip == chip);
        match certificate.ok_or(Refusal::CertificateUnknown)?.status {
            CertificateStatus::Issued => {
                case.record(Event::CertificateActivated { id: *id, at: case.now });
            }
            CertificateStatus::Held { .. } => {
                return Err(Refusal::CertificateHeld { usage: id.usage });
            }
            CertificateStatus::Active { .. } | CertificateStatus::Revoked { .. } => {}
        }
    }
    Ok(())
}
