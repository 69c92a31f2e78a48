//! Folding events into the state.

use jiff::Timestamp;

use crate::{
    Application, ApplicationStage, Card, Certificate, CertificateId, CertificateStatus, Event,
    FormerPhone, HoldCause, Medium, Phone, PhoneStage, Resident, RevocationReason, Standing, Use,
    Uses,
};

/// The state after `event`. An event that does not fit the state leaves it unchanged.
///
/// [`Event::ResidentAdmitted`] makes the resident; nothing unmakes one.
pub fn apply(resident: Option<Resident>, event: &Event) -> Option<Resident> {
    match resident {
        None => admitted(event),
        Some(mut resident) => {
            fold(&mut resident, event);
            Some(resident)
        }
    }
}

/// As [`apply`], in place.
pub(crate) fn fold(resident: &mut Resident, event: &Event) {
    match event {
        Event::RecordChanged { record, municipality, .. } => {
            if *record == resident.record.next() {
                resident.record = *record;
                resident.municipality = *municipality;
            }
        }
        Event::CardIssued { card, chip, expires } => {
            resident.card = Some(Card {
                id: *card,
                chip: *chip,
                expires: *expires,
                ordered: Uses::NONE,
                lost_since: None,
            });
        }
        Event::CardCertificatesOrdered { uses } => {
            if let Some(card) = &mut resident.card {
                card.ordered = *uses;
            }
        }
        Event::ApplicationSigned { enrolment, chip, platform, uses, signed_with, replaces, at } => {
            resident.application.get_or_insert(Application {
                enrolment: *enrolment,
                chip: *chip,
                platform: *platform,
                uses: *uses,
                signed_with: *signed_with,
                replaces: *replaces,
                signed_at: *at,
                stage: ApplicationStage::Signed,
            });
        }
        Event::ApplicationWithdrawn { enrolment }
        | Event::ApplicationRejected { enrolment, .. } => {
            resident.application.take_if(|application| application.enrolment == *enrolment);
        }
        Event::ApplicationCompleted { enrolment, at, due } => {
            if let Some(application) = &mut resident.application
                && application.enrolment == *enrolment
                && application.stage == ApplicationStage::Signed
            {
                application.stage = ApplicationStage::Completed { at: *at, due: *due };
            }
        }
        Event::CertificateIssued { certificate } => issued(resident, certificate),
        Event::RegistrationReady { enrolment, chip, platform, at } => {
            if resident.application.take_if(|pending| pending.enrolment == *enrolment).is_some() {
                resident.phone = Some(Phone {
                    chip: *chip,
                    platform: *platform,
                    enrolment: *enrolment,
                    stage: PhoneStage::Ready { since: *at },
                });
            }
        }
        Event::CertificateActivated { id, at } => activated(resident, *id, *at),
        Event::PhoneRegistered { enrolment, at, .. } => {
            if let Some(phone) = &mut resident.phone
                && phone.enrolment == *enrolment
            {
                phone.stage = PhoneStage::Registered { since: *at };
            }
        }
        Event::LossReported { medium: Medium::Card, at } => {
            if let Some(card) = &mut resident.card {
                card.lost_since.get_or_insert(*at);
            }
        }
        Event::CardFound { .. } => {
            if let Some(card) = &mut resident.card {
                card.lost_since = None;
            }
        }
        Event::Departed { departure, .. } => resident.standing = (*departure).into(),
        Event::CertificateHeld { id, at, cause } => held(resident, *id, *at, *cause),
        Event::CertificateResumed { id, cause, .. } => resumed(resident, *id, *cause),
        Event::CertificateRevoked { id, at, reason } => revoked(resident, *id, *at, *reason),
        Event::PhoneRetired { chip, platform, at } => {
            if resident.phone.take_if(|phone| phone.chip == *chip).is_some() {
                resident.former_phones.push(FormerPhone {
                    chip: *chip,
                    platform: *platform,
                    deletion_due: *at,
                    overdue_since: None,
                });
            }
        }
        Event::DeletionOverdue { chip, at } => {
            let mut former = resident.former_phones.iter_mut();
            if let Some(former) = former.find(|former| former.chip == *chip) {
                former.overdue_since.get_or_insert(*at);
            }
        }
        Event::ReapplicationAsked { id, operation, .. } => {
            if let Some(certificate) = resident.certificates.get_mut(id) {
                certificate.reapplication = Some(*operation);
            }
        }
        Event::DeletionConfirmed { chip, .. } => {
            resident.former_phones.retain(|former| former.chip != *chip);
        }
        // These change a chip, or nothing that is decided by.
        Event::ResidentAdmitted { .. }
        | Event::CardUnlockAllowed { .. }
        | Event::LossReported { medium: Medium::Phone, .. }
        | Event::PhonePinResetAllowed { .. }
        | Event::ConsentGiven { .. }
        | Event::ConsentWithdrawn { .. } => {}
    }
}

fn admitted(event: &Event) -> Option<Resident> {
    let Event::ResidentAdmitted { resident, municipality, record, .. } = event else {
        return None;
    };
    Some(Resident {
        id: *resident,
        standing: Standing::Resident,
        municipality: *municipality,
        record: *record,
        card: None,
        application: None,
        phone: None,
        former_phones: Vec::new(),
        certificates: Default::default(),
    })
}

fn issued(resident: &mut Resident, certificate: &Certificate) {
    if resident.certificates.contains_key(&certificate.id) {
        return;
    }
    resident.certificates.insert(certificate.id, certificate.clone());
    if let Some(card) = &mut resident.card
        && card.chip == certificate.chip
    {
        card.ordered = card.ordered.iter().filter(|&usage| usage != certificate.id.usage).collect();
    }
}

fn activated(resident: &mut Resident, id: CertificateId, at: Timestamp) {
    if let Some(certificate) = resident.certificates.get_mut(&id)
        && certificate.status == CertificateStatus::Issued
    {
        certificate.status = CertificateStatus::Active { since: at };
    }
}

/// What is on hold stays so since its first cause.
fn held(resident: &mut Resident, id: CertificateId, at: Timestamp, cause: HoldCause) {
    if let Some(certificate) = resident.certificates.get_mut(&id) {
        certificate.status = match certificate.status {
            CertificateStatus::Issued => {
                CertificateStatus::Held { since: at, was_active: None, cause }
            }
            CertificateStatus::Active { since } => {
                CertificateStatus::Held { since: at, was_active: Some(since), cause }
            }
            CertificateStatus::Held { since, was_active, cause: known } => {
                CertificateStatus::Held { since, was_active, cause: known.and(cause) }
            }
            ended @ CertificateStatus::Revoked { .. } => ended,
        };
    }
}

/// A signature certificate does not return (LOSS-2, CARD-12).
fn resumed(resident: &mut Resident, id: CertificateId, ended: HoldCause) {
    if id.usage == Use::UserAuthentication
        && let Some(certificate) = resident.certificates.get_mut(&id)
        && let CertificateStatus::Held { since, was_active, cause } = certificate.status
    {
        certificate.status = match (cause.without(ended), was_active) {
            (Some(cause), _) => CertificateStatus::Held { since, was_active, cause },
            (None, Some(since)) => CertificateStatus::Active { since },
            (None, None) => CertificateStatus::Issued,
        };
    }
}

fn revoked(resident: &mut Resident, id: CertificateId, at: Timestamp, reason: RevocationReason) {
    if let Some(certificate) = resident.certificates.get_mut(&id)
        && !matches!(certificate.status, CertificateStatus::Revoked { .. })
    {
        certificate.status = CertificateStatus::Revoked { at, reason };
    }
}
