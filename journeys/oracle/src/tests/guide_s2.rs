//! S2, the guide of 2025 for Android and iPhone, section by section.

use super::super::causes::Reason;
use super::*;

fn ends_own(phone: PhoneId) -> Act {
    Act::RevokeOwn { phone, confirmed: true, by: Proof::PhonePassword(Entry::RIGHT) }
}

#[test]
fn s2_3_c_and_3_d_iphone() {
    let mut scene = Scene::new();
    let screens = scene.screens(scene.iphone, FIRST, Uses::BOTH);
    scene.refused(Act::Apply(Apply { confirmed: false, ..screens }), "IPHONE-1");
    scene.world.decided.push((Question::PinReachedTheChip, false));
    scene.refused(Act::Apply(Apply { face_matches: false, ..screens }), "IPHONE-3");
    scene.refused(Act::Apply(Apply { card_face_pin: Entry::wrong(1), ..screens }), "IPHONE-1");
    assert_eq!(scene.world.look().cards[0].card_face_tries.left, 2);
    scene.refused(Act::Apply(Apply { uses: Uses::AUTHENTICATION, ..screens }), "IPHONE-2");
    scene.does(Act::Apply(screens));
    assert_eq!(scene.world.look().cards[0].card_face_tries.left, 3);
    scene.refused(Act::Complete { phone: scene.iphone, pins: pins(Uses::SIGNATURE) }, "APPLY-5");
    scene.does(Act::Complete { phone: scene.iphone, pins: pins(Uses::BOTH) });
    scene.gets_notice(scene.iphone);
    scene.does(Act::Register { phone: scene.iphone });
    assert!(scene.logs_in(scene.iphone) && scene.signs(scene.iphone));
}

#[test]
fn s2_3_e_delete_on_the_iphone() {
    let mut scene = Scene::new();
    scene.has_on(scene.iphone, Uses::BOTH);
    let id = scene.on_phone(scene.iphone, Use::Authentication);
    scene.does(ends_own(scene.iphone));
    scene.is_revoked(id, Reason::CessationOfOperation);
    // Deleting once more: nothing, or refused.
    let before = scene.world.clone();
    scene.may_do(ends_own(scene.iphone));
    assert_eq!(scene.world, before);
}

#[test]
fn s2_3_f_another_iphone() {
    let mut scene = Scene::new();
    scene.has_on(scene.iphone, Uses::BOTH);
    let act = Act::RevokeOther { from: scene.new_iphone, card: scene.me, password: Entry::RIGHT };
    scene.does(act);
    assert!(!scene.logs_in(scene.iphone));
    scene.has_on(scene.new_iphone, Uses::BOTH);
}

#[test]
fn s2_4_a_four_pairs() {
    let pairs = |scene: &Scene| {
        [
            (scene.android, scene.new_android, None),
            (scene.android, scene.iphone, Some("MOVE-4")),
            (scene.iphone, scene.android, Some("MOVE-5")),
            (scene.iphone, scene.new_iphone, Some("MOVE-5")),
        ]
    };
    for index in 0..4 {
        let mut scene = Scene::new();
        let (old, new, first_end) = pairs(&scene)[index];
        scene.has_on(old, Uses::BOTH);
        match first_end {
            None => {
                scene.refused(scene.application(new, FIRST, Uses::BOTH), "MOVE-1");
                scene.applies(new, MOVES, Uses::BOTH);
                scene.gets_notice(new);
                scene.does(Act::Register { phone: new });
            }
            Some(rule) => {
                scene.refused(scene.application(new, FIRST, Uses::BOTH), rule);
                scene.refused(scene.application(new, MOVES, Uses::BOTH), rule);
                scene.does(ends_own(old));
                scene.has_on(new, Uses::BOTH);
            }
        }
        assert!(!scene.logs_in(old) && scene.logs_in(new) && scene.signs(new));
    }
}

#[test]
fn s2_4_b_48_hours() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    scene.applies(scene.new_android, MOVES, Uses::BOTH);
    scene.gets_notice(scene.new_android);
    scene.does(Act::Register { phone: scene.new_android });
    scene.moves_to(jst(2025, 10, 3, 9, 59));
    assert_eq!(scene.phone(scene.android).deletion, DeletionSeen::Pending);
    scene.moves_to(jst(2025, 10, 3, 10, 1));
    assert_eq!(scene.phone(scene.android).deletion, DeletionSeen::Unconfirmed);
    // It stays due, and is done when the phone comes at last.
    scene.moves_to(jst(2025, 11, 1, 12, 0));
    assert_eq!(scene.phone(scene.android).deletion, DeletionSeen::Unconfirmed);
    scene.does(Act::ComeOnline { phone: scene.android });
    assert_eq!(scene.phone(scene.android).deletion, DeletionSeen::Confirmed);
}

#[test]
fn s2_5_a_q4_until_the_cards_certificate_ends() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    for usage in [Use::Signature, Use::Authentication] {
        let (phone, card) = (scene.on_phone(scene.android, usage), scene.on_card(usage));
        let (phone, card) = (scene.world.certificate(phone), scene.world.certificate(card));
        assert_eq!(phone.not_after, card.not_after);
        assert_eq!(card.not_after, japan::end_of(date(2030, 2, 17)));
    }
    scene.moves_to(japan::end_of(date(2030, 2, 17)));
    assert!(scene.logs_in(scene.android));
    scene.moves_to(jst(2030, 2, 18, 0, 0));
    assert!(!scene.logs_in(scene.android));
    let id = scene.on_phone(scene.android, Use::Signature);
    assert_eq!(scene.ocsp(id), [Status::Good]);
    assert_eq!(scene.world.status(id, StatusService::Portal), [Status::Expired]);
    // Renewed at the counter, then the phone is registered anew.
    scene.refused(scene.application(scene.android, FIRST, Uses::BOTH), "APPLY-4");
    scene.moves_to(jst(2030, 2, 18, 10, 0));
    let renewal =
        Act::RenewCertificates { resident: scene.me, at: TOWN, uses: Uses::BOTH, by: IN_PERSON };
    scene.does(renewal);
    // Whether what had expired is revoked by the renewal, and has to be deleted, no source says.
    assert_eq!(scene.phone(scene.android).deletion, DeletionSeen::Perhaps);
    scene.does(Act::ComeOnline { phone: scene.android });
    scene.has_on(scene.android, Uses::BOTH);
    assert!(scene.logs_in(scene.android) && scene.signs(scene.android));
}

#[test]
fn s2_5_a_q4_renewed_in_time() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    let renewal =
        |uses| Act::RenewCertificates { resident: ResidentId(0), at: TOWN, uses, by: IN_PERSON };
    scene.moves_to(jst(2029, 11, 17, 23, 59));
    scene.refused(renewal(Uses::BOTH), "CARD-9");
    scene.moves_to(jst(2029, 11, 18, 10, 0));
    let phones = [Use::Signature, Use::Authentication].map(|u| scene.on_phone(scene.android, u));
    let cards = [Use::Signature, Use::Authentication].map(|u| scene.on_card(u));
    scene.does(renewal(Uses::BOTH));
    for id in phones.into_iter().chain(cards) {
        scene.is_revoked(id, Reason::Superseded);
    }
    scene.does(Act::ComeOnline { phone: scene.android });
    scene.has_on(scene.android, Uses::BOTH);
}

#[test]
fn s2_5_b_lost_phone_android() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    scene.moves_to(jst(2025, 10, 2, 11, 0));
    let lost = scene.now;
    scene.does(Act::HoldPhone { resident: scene.me });
    let signature = scene.on_phone(scene.android, Use::Signature);
    let phone = scene.android;
    // Not by the holder of the phone alone.
    scene.refused(Act::Resume { phone, card: None, password: Entry::RIGHT }, "LOSS-4");
    scene.moves_to(jst(2025, 10, 3, 11, 0));
    scene.world.decided.push((Question::ReissueIsAppliedFor, false));
    let resume = Act::Resume { phone, card: Some(scene.me), password: Entry::RIGHT };
    scene.does(resume.clone());
    assert!(scene.logs_in(phone) && !scene.signs(phone));
    // A new signature certificate is issued, and registered.
    scene.does(Act::Complete { phone, pins: pins(Uses::SIGNATURE) });
    scene.gets_notice(phone);
    let [Status::Revoked { reasons, since }] = scene.ocsp(signature)[..] else { panic!() };
    assert!(!reasons.contains(&Reason::CertificateHold) && !reasons.is_empty());
    assert_eq!(since, Between::at(lost));
    scene.does(Act::Register { phone });
    assert!(scene.logs_in(phone) && scene.signs(phone));
    assert_ne!(scene.on_phone(phone, Use::Signature), signature);
}

#[test]
fn s2_5_b_lost_phone_iphone() {
    let mut scene = Scene::new();
    scene.has_on(scene.iphone, Uses::BOTH);
    let phone = scene.iphone;
    let former =
        [scene.on_phone(phone, Use::Signature), scene.on_phone(phone, Use::Authentication)];
    scene.does(Act::HoldPhone { resident: scene.me });
    scene.world.decided.push((Question::ReissueIsAppliedFor, false));
    scene.world.decided.push((Question::UsingIsBeingOnline, false));
    scene.world.decided.push((Question::PerhapsMustDelete, false));
    scene.does(Act::Resume { phone, card: Some(scene.me), password: Entry::RIGHT });
    // Reissued as a whole: nothing is lifted.
    assert!(!scene.logs_in(phone) && !scene.signs(phone));
    scene.does(Act::Complete { phone, pins: pins(Uses::BOTH) });
    scene.gets_notice(phone);
    scene.does(Act::Register { phone });
    assert!(scene.logs_in(phone) && scene.signs(phone));
    for id in former {
        assert!(scene.world.has_ended(id));
    }
}

#[test]
fn s2_5_b_an_application_on_the_lost_phone_is_withdrawn() {
    let mut scene = Scene::new();
    scene.moves_to(jst(2025, 10, 1, 21, 0));
    scene.applies(scene.android, FIRST, Uses::BOTH);
    scene.does(Act::HoldPhone { resident: scene.me });
    scene.moves_to(jst(2025, 10, 2, 9, 0));
    assert!(scene.world.on_phones_of(scene.me).is_empty());
    scene.refused(Act::Register { phone: scene.android }, "LOSS-1");
    scene.has_on(scene.android, Uses::BOTH);
}
