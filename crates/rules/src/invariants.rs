//! What no history may break. Tests check it after every command; an operator may as well.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::eligibility::check_age;
use crate::{Attributes, Certificate, CertificateStatus, Medium, Resident, Standing, Use};

/// Something that always holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Invariant {
    /// Live phone certificates are all on the one phone on record (READY-3).
    OnePhone,
    /// A medium carries at most one live certificate for each use.
    OneCertificateAUse,
    /// No signature certificate is issued to a resident under 15 (CARD-3).
    SignatureFromFifteen,
    /// A phone's certificate has a source and ends no later (VALID-1).
    EndsWithSource,
    /// A signature certificate that was held never becomes valid again (CARD-12, LOSS-2).
    HeldSignatureStaysInvalid,
    /// Who has died or moved abroad has no live certificate, and none on order or on its way (CARD-13).
    DepartedHasNothing,
    /// A revoked certificate stays revoked, at the same time and for the same reason (VALID-5).
    RevokedForGood,
}

/// The invariants that the step from `before` to `after` breaks: none, ever.
///
/// `before` is `None` if `after` is a resident just admitted; `attributes` are those of the present
/// record at the time of the step, `now`.
pub fn broken_invariants(
    before: Option<&Resident>,
    after: &Resident,
    attributes: &Attributes,
    now: Timestamp,
) -> Vec<Invariant> {
    let known = |certificate: &Certificate| {
        before.and_then(|before| before.certificates.get(&certificate.id))
    };
    let all = || after.certificates.values();
    let checks = [
        (Invariant::OnePhone, after.live(Medium::Phone, now).all(|c| is_on_phone(after, c))),
        (Invariant::OneCertificateAUse, one_certificate_a_use(after, now)),
        (
            Invariant::SignatureFromFifteen,
            all().filter(|c| known(c).is_none()).all(|c| is_of_age(c, attributes)),
        ),
        (Invariant::EndsWithSource, all().all(|c| ends_with_source(after, c))),
        (
            Invariant::HeldSignatureStaysInvalid,
            all().all(|c| known(c).is_none_or(|was| stays_invalid(was, c))),
        ),
        (Invariant::DepartedHasNothing, departed_has_nothing(after, now)),
        (
            Invariant::RevokedForGood,
            all().all(|c| known(c).is_none_or(|was| stays_revoked(was, c))),
        ),
    ];
    checks.into_iter().filter(|(_, holds)| !holds).map(|(invariant, _)| invariant).collect()
}

fn is_on_phone(resident: &Resident, certificate: &Certificate) -> bool {
    resident.phone.as_ref().is_some_and(|phone| phone.chip == certificate.chip)
}

fn one_certificate_a_use(resident: &Resident, now: Timestamp) -> bool {
    let mut seen = BTreeSet::new();
    let mut live = resident.certificates.values().filter(|c| c.is_live(now));
    live.all(|c| seen.insert((c.medium, c.id.usage)))
}

fn is_of_age(certificate: &Certificate, attributes: &Attributes) -> bool {
    check_age(attributes, certificate.id.usage, certificate.not_before).is_ok()
}

/// A source that was pruned after it expired binds no more.
fn ends_with_source(resident: &Resident, certificate: &Certificate) -> bool {
    match (certificate.medium, certificate.source) {
        (Medium::Card, source) => source.is_none(),
        (Medium::Phone, None) => false,
        (Medium::Phone, Some(source)) => resident
            .certificates
            .get(&source)
            .is_none_or(|source| certificate.not_after <= source.not_after),
    }
}

fn stays_invalid(was: &Certificate, is: &Certificate) -> bool {
    was.id.usage != Use::Signature
        || !was.is_held()
        || matches!(is.status, CertificateStatus::Held { .. } | CertificateStatus::Revoked { .. })
}

fn departed_has_nothing(resident: &Resident, now: Timestamp) -> bool {
    resident.standing == Standing::Resident
        || resident.certificates.values().all(|c| !c.is_live(now))
            && resident.card.as_ref().is_none_or(|card| card.ordered.is_empty())
            && resident.application.is_none()
            && resident.phone.is_none()
}

fn stays_revoked(was: &Certificate, is: &Certificate) -> bool {
    !matches!(was.status, CertificateStatus::Revoked { .. }) || was.status == is.status
}
