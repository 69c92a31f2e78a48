//! Who may have certificates on a phone: asked at application and again at issuance.

use jiff::Timestamp;

use crate::{
    Application, ApplicationStage, Attributes, Card, Certificate, CertificateId, CertificateStatus,
    Medium, Platform, Refusal, Resident, Standing, Use, japan,
};

/// From this age on a resident gets a signature certificate (CARD-3).
const SIGNATURE_AGE: i16 = 15;

/// The person is on a residents' register (CARD-13).
pub(crate) fn check_on_register(resident: &Resident) -> Result<(), Refusal> {
    match resident.standing {
        Standing::Resident => Ok(()),
        standing @ (Standing::Died | Standing::MovedAbroad) => {
            Err(Refusal::NotOnRegister { standing })
        }
    }
}

/// There is a card, and it is in force; its holder is on the register.
pub(crate) fn card_in_force(resident: &Resident, now: Timestamp) -> Result<&Card, Refusal> {
    check_on_register(resident)?;
    let card = resident.card.as_ref().ok_or(Refusal::NoCard)?;
    if card.expires < japan::day(now) {
        return Err(Refusal::CardExpired { expires: card.expires });
    }
    Ok(card)
}

/// As [`card_in_force`], and the card is not reported lost (CARD-11).
pub(crate) fn card_at_hand(resident: &Resident, now: Timestamp) -> Result<&Card, Refusal> {
    let card = card_in_force(resident, now)?;
    if card.lost_since.is_some() { Err(Refusal::CardReportedLost) } else { Ok(card) }
}

/// A signature certificate is for residents of 15 and over (CARD-3).
pub(crate) fn check_age(
    attributes: &Attributes,
    usage: Use,
    now: Timestamp,
) -> Result<(), Refusal> {
    if usage == Use::Signature
        && !japan::has_reached(attributes.birth_date, SIGNATURE_AGE, japan::day(now))
    {
        return Err(Refusal::UnderFifteen);
    }
    Ok(())
}

/// `signed_with` is the usable signature certificate of the resident's own card (APPLY-4).
pub(crate) fn check_card_signature(
    resident: &Resident,
    signed_with: CertificateId,
    now: Timestamp,
) -> Result<&Certificate, Refusal> {
    let card = resident.card.as_ref().ok_or(Refusal::NoCard)?;
    let certificate = resident
        .certificates
        .get(&signed_with)
        .filter(|c| c.id.usage == Use::Signature && c.chip == card.chip)
        .ok_or(Refusal::CardSignatureUnknown)?;
    match certificate.status {
        CertificateStatus::Issued => Err(Refusal::CardSignatureNotActive),
        CertificateStatus::Held { .. } => Err(Refusal::CardSignatureHeld),
        CertificateStatus::Revoked { .. } => Err(Refusal::CardSignatureRevoked),
        CertificateStatus::Active { .. } if certificate.is_expired(now) => {
            Err(Refusal::CardSignatureExpired { not_after: certificate.not_after })
        }
        CertificateStatus::Active { .. } => Ok(certificate),
    }
}

/// The application can be granted: the card has what it takes (READY-1, APPLY-4), no certificate of
/// the resident is on this phone already, or on another one but that which it replaces (READY-3,
/// MOVE-1), and each has a source (VALID-1). Returns the certificate that signed it.
pub(crate) fn check_application<'a>(
    resident: &'a Resident,
    attributes: &Attributes,
    application: &Application,
    now: Timestamp,
) -> Result<&'a Certificate, Refusal> {
    check_on_register(resident)?;
    let signed_with = check_card_signature(resident, application.signed_with, now)?;
    if let Some(former) = resident.former_phones.iter().find(|f| f.chip == application.chip) {
        return Err(Refusal::DeletionDue { since: former.deletion_due });
    }
    check_elsewhere(resident, application, now)?;
    for usage in application.uses.iter() {
        check_age(attributes, usage, now)?;
        let carried = resident.live_for(Medium::Phone, usage, now);
        if carried.is_some_and(|carried| carried.chip == application.chip) {
            return Err(Refusal::AlreadyCarried { usage });
        }
        if resident.live_for(Medium::Card, usage, now).is_some_and(Certificate::is_held) {
            return Err(Refusal::SourceHeld { usage });
        }
    }
    Ok(signed_with)
}

/// No certificates are on another phone, or they end with this application: from Android to Android,
/// with consent (MOVE-1). Any other pair of phones takes a procedure on the old one first.
fn check_elsewhere(
    resident: &Resident,
    application: &Application,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Some(elsewhere) =
        resident.live(Medium::Phone, now).find(|c| c.chip != application.chip).map(|c| c.chip)
    else {
        return Ok(());
    };
    let old = resident.phone.as_ref().map_or(application.platform, |phone| phone.platform);
    match (old, application.platform) {
        (Platform::Android, Platform::Android) if application.replaces == Some(elsewhere) => Ok(()),
        (Platform::Android, Platform::Android) => Err(Refusal::PhoneElsewhere),
        (Platform::Android, Platform::Iphone) => Err(Refusal::RevokeOnAndroidFirst),
        (Platform::Iphone, _) => Err(Refusal::DeleteOnIphoneFirst),
    }
}

/// The new PINs are set, and work on the application has begun: since when (HOURS-1).
pub(crate) fn work_began(application: &Application, now: Timestamp) -> Result<Timestamp, Refusal> {
    match application.stage {
        ApplicationStage::Signed => Err(Refusal::ApplicationNotCompleted),
        ApplicationStage::Completed { due, .. } if now < due => {
            Err(Refusal::ApplicationNotDue { due })
        }
        ApplicationStage::Completed { due, .. } => Ok(due),
    }
}
