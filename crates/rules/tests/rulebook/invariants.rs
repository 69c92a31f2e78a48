//! The check of the invariants sees each of them broken.

use inrou_rules::{
    Attributes, CertificateId, CertificateStatus, Departure, Invariant, Medium, Resident,
    RevocationReason, Serial, Standing, Use, Uses, broken_invariants,
};
use jiff::SignedDuration;
use jiff::civil::date;

use crate::world::*;

fn broken_by(change: impl Fn(&mut Resident)) -> Vec<Invariant> {
    let before = World::with_phone(Uses::BOTH);
    let mut after = before.clone();
    change(after.resident_mut());
    broken_invariants(Some(before.resident()), after.resident(), &after.attributes, after.now)
}

fn on_phone(resident: &Resident, usage: Use) -> CertificateId {
    resident.live_for(Medium::Phone, usage, at(TEN)).unwrap().id
}

#[test]
fn a_step_that_changes_nothing_breaks_nothing() {
    assert_eq!(broken_by(|_| {}), []);
}

#[test]
fn ready_3_two_phones_are_seen() {
    let second = broken_by(|resident| {
        let id = on_phone(resident, Use::Signature);
        resident.certificates.get_mut(&id).unwrap().chip = OTHER_PHONE;
    });
    assert_eq!(second, [Invariant::OnePhone]);
    assert_eq!(broken_by(|resident| resident.phone = None), [Invariant::OnePhone]);
}

#[test]
fn two_certificates_of_one_use_are_seen() {
    for medium in [Medium::Card, Medium::Phone] {
        let twice = broken_by(|resident| {
            let mut copy =
                resident.live_for(medium, Use::UserAuthentication, at(TEN)).unwrap().clone();
            copy.id.serial = Serial(99);
            resident.certificates.insert(copy.id, copy);
        });
        assert_eq!(twice, [Invariant::OneCertificateAUse]);
    }
}

#[test]
fn card_3_a_signature_certificate_under_15_is_seen() {
    let world = World::with_card(Uses::BOTH);
    let child: Attributes = attributes(date(2012, 1, 1));
    let broken = |before| broken_invariants(before, world.resident(), &child, world.now);
    assert_eq!(broken(None), [Invariant::SignatureFromFifteen]);
    // A certificate that was there before is no new issuance.
    assert_eq!(broken(Some(world.resident())), []);
}

#[test]
fn valid_1_a_certificate_that_outlives_its_source_is_seen() {
    let later = broken_by(|resident| {
        let id = on_phone(resident, Use::Signature);
        resident.certificates.get_mut(&id).unwrap().not_after += SignedDuration::from_secs(1);
    });
    assert_eq!(later, [Invariant::EndsWithSource]);
    let without = broken_by(|resident| {
        let id = on_phone(resident, Use::Signature);
        resident.certificates.get_mut(&id).unwrap().source = None;
    });
    assert_eq!(without, [Invariant::EndsWithSource]);
    let cards = broken_by(|resident| {
        let phones = on_phone(resident, Use::Signature);
        let card = resident.live_for(Medium::Card, Use::Signature, at(TEN)).unwrap().id;
        resident.certificates.get_mut(&card).unwrap().source = Some(phones);
    });
    assert_eq!(cards, [Invariant::EndsWithSource]);
}

#[test]
fn valid_1_a_pruned_source_binds_no_more() {
    let pruned = broken_by(|resident| {
        resident.certificates.retain(|_, certificate| certificate.medium == Medium::Phone);
    });
    assert_eq!(pruned, []);
}

#[test]
fn loss_2_a_held_signature_certificate_that_returns_is_seen() {
    let mut before = World::with_phone(Uses::BOTH);
    before.run(&inrou_rules::Command::Hold { medium: Medium::Phone });
    let broken = |usage, status| {
        let mut after = before.clone();
        let id = on_phone(after.resident(), usage);
        after.resident_mut().certificates.get_mut(&id).unwrap().status = status;
        broken_invariants(Some(before.resident()), after.resident(), &after.attributes, after.now)
    };
    let active = CertificateStatus::Active { since: before.now };
    let returned = [Invariant::HeldSignatureStaysInvalid];
    assert_eq!(broken(Use::Signature, active), returned);
    assert_eq!(broken(Use::Signature, CertificateStatus::Issued), returned);
    assert_eq!(broken(Use::UserAuthentication, active), []);
    let reason = RevocationReason::Superseded;
    let revoked = CertificateStatus::Revoked { at: before.now, reason };
    assert_eq!(broken(Use::Signature, revoked), []);
}

#[test]
fn card_13_what_is_left_in_force_after_a_departure_is_seen() {
    let gone = |change: fn(&mut Resident)| {
        let mut before = World::with_card(Uses::BOTH);
        before.run(&depart(Departure::MovedAbroad));
        let mut after = before.clone();
        change(after.resident_mut());
        broken_invariants(Some(before.resident()), after.resident(), &after.attributes, after.now)
    };
    assert_eq!(gone(|_| {}), []);
    let left = [Invariant::DepartedHasNothing];
    assert_eq!(gone(|resident| resident.card.as_mut().unwrap().ordered = SIGNATURE), left);
    let alive = broken_by(|resident| resident.standing = Standing::Died);
    assert_eq!(alive, left);
}

#[test]
fn valid_5_a_revocation_that_is_undone_or_altered_is_seen() {
    let mut before = World::with_phone(Uses::BOTH);
    let id = on_phone(before.resident(), Use::UserAuthentication);
    before.run(&before.revoke_by_phone());
    let broken = |status| {
        let mut after = before.clone();
        after.resident_mut().certificates.get_mut(&id).unwrap().status = status;
        broken_invariants(Some(before.resident()), after.resident(), &after.attributes, after.now)
    };
    let reason = RevocationReason::KeyCompromise;
    let altered = CertificateStatus::Revoked { at: before.now, reason };
    assert_eq!(broken(altered), [Invariant::RevokedForGood]);
    let undone = broken(CertificateStatus::Active { since: before.now });
    assert!(undone.contains(&Invariant::RevokedForGood));
}
