//! S1, the leaflet on changing phones, and S3, the leaflets on ending use and on the beginning.

use super::super::causes::Reason;
use super::*;

#[test]
fn s1_old_phone_on_the_network() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    scene.applies(scene.new_android, MOVES, Uses::BOTH);
    scene.gets_notice(scene.new_android);
    assert_eq!(scene.phone(scene.android).deletion, DeletionSeen::Pending);
    assert_eq!(scene.phone(scene.android).may_hold.len(), 2);
    scene.does(Act::ComeOnline { phone: scene.android });
    assert_eq!(scene.phone(scene.android).deletion, DeletionSeen::Confirmed);
    assert!(scene.phone(scene.android).may_hold.is_empty());
    // Once more: nothing.
    assert_eq!(scene.does(Act::ComeOnline { phone: scene.android }), []);
}

#[test]
fn s1_menu_another_phones_certificates() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    let old = scene.on_phone(scene.android, Use::Signature);
    let revoke = |from, password| Act::RevokeOther { from, card: ResidentId(0), password };
    scene.refused(revoke(scene.new_android, Entry::wrong(1)), "CARD-6");
    scene.refused(revoke(scene.android, Entry::RIGHT), "MOVE-6");
    scene.does(revoke(scene.new_android, Entry::RIGHT));
    scene.is_revoked(old, Reason::CessationOfOperation);
    assert!(!scene.logs_in(scene.android));
    assert_ne!(scene.phone(scene.android).deletion, DeletionSeen::Confirmed);
    // Until its data is deleted nobody applies on the old phone (READY-3).
    let again = scene.application(scene.android, FIRST, Uses::BOTH);
    scene.world.decided.push((Question::UsingIsBeingOnline, false));
    scene.world.decided.push((Question::PinReachedTheChip, false));
    scene.refused(again.clone(), "READY-3");
    scene.does(Act::ComeOnline { phone: scene.android });
    scene.does(again);
}

#[test]
fn s1_menu_while_registration_is_awaited() {
    let mut scene = Scene::new();
    scene.applies(scene.new_android, FIRST, Uses::BOTH);
    scene.gets_notice(scene.new_android);
    // There is nothing elsewhere, which the menu may say by refusing.
    let revoke =
        Act::RevokeOther { from: scene.new_android, card: scene.me, password: Entry::RIGHT };
    let before = scene.world.clone();
    scene.may_do(revoke);
    assert_eq!(scene.world, before);
    scene.does(Act::Register { phone: scene.new_android });
}

#[test]
fn s3_hold_at_any_hour() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    scene.moves_to(jst(2026, 1, 1, 3, 0));
    // Other matters wait for the hotline's hours.
    scene.refused(Act::RevokePhone { resident: scene.me }, "HOURS-4");
    scene.does(Act::HoldPhone { resident: scene.me });
    let since = scene.now;
    for usage in [Use::Signature, Use::Authentication] {
        let id = scene.on_phone(scene.android, usage);
        assert_eq!(scene.ocsp(id), [Status::OnHold { since }]);
    }
    assert!(!scene.logs_in(scene.android) && !scene.signs(scene.android));
    // The card is not lost.
    scene.does(Act::CardLogIn { resident: scene.me, pin: Entry::RIGHT });
    // A CRL may be a day old.
    let signature = scene.on_phone(scene.android, Use::Signature);
    let crl = scene.world.status(signature, StatusService::Crl);
    assert_eq!(crl, [Status::OnHold { since }, Status::Good]);
    scene.moves_to(jst(2026, 1, 2, 4, 0));
    let crl = scene.world.status(signature, StatusService::Crl);
    assert_eq!(crl, [Status::OnHold { since }]);
}

#[test]
fn s3_not_found_so_revoked() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    scene.moves_to(jst(2025, 10, 2, 3, 0));
    let held = scene.now;
    scene.does(Act::HoldPhone { resident: scene.me });
    scene.moves_to(jst(2025, 10, 2, 10, 0));
    let id = scene.on_phone(scene.android, Use::Signature);
    let mut by_hotline = Scene { world: scene.world.clone(), ..scene };
    by_hotline.does(Act::RevokePhone { resident: by_hotline.me });
    scene.does(Act::RevokeOther {
        from: scene.new_android,
        card: scene.me,
        password: Entry::RIGHT,
    });
    for scene in [&scene, &by_hotline] {
        let [Status::Revoked { reasons, since }] = scene.ocsp(id)[..] else { panic!() };
        assert_eq!(reasons, [Reason::CessationOfOperation]);
        // What was signed meanwhile is not to pass: revoked since the hold.
        assert_eq!(since, Between::at(held));
    }
    scene.has_on(scene.new_android, Uses::BOTH);
}

#[test]
fn s3_step_3_not_offered_on_an_unsupported_phone() {
    let mut scene = Scene::new();
    let phone = scene.world.add_phone(Platform::Android, false);
    let offers = scene.world.offers(scene.me);
    let here: Vec<_> = offers.iter().filter(|offer| offer.phone == phone).collect();
    assert_eq!(here.len(), 6);
    assert!(here.iter().all(|offer| matches!(offer.outcome, Outcome::Fails(_))));
}
