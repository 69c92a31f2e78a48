//! S0, the Android guide of February 2024, section by section.

use jiff::civil::date;

use super::super::causes::Reason;
use super::*;

#[test]
fn s0_2_a_what_one_needs() {
    // A card with the applicant's own signature certificate.
    let mut scene = Scene::without_card();
    let apply = scene.application(scene.android, FIRST, Uses::BOTH);
    scene.refused(apply, "READY-1");
    scene.does(Act::IssueCard {
        resident: scene.me,
        at: TOWN,
        uses: Uses::AUTHENTICATION,
        by: IN_PERSON,
    });
    scene.refused(scene.application(scene.android, FIRST, Uses::AUTHENTICATION), "READY-1");
    scene.does(Act::AddCertificates {
        resident: scene.me,
        at: TOWN,
        uses: Uses::SIGNATURE,
        by: IN_PERSON,
    });
    scene.does(scene.application(scene.android, FIRST, Uses::AUTHENTICATION));
    // A supported phone.
    let old_model = scene.world.add_phone(Platform::Android, false);
    scene.refused(scene.application(old_model, FIRST, Uses::BOTH), "READY-2");
}

#[test]
fn s0_2_c_apply() {
    let mut scene = Scene::new();
    let screens = scene.screens(scene.android, FIRST, Uses::BOTH);
    scene.refused(Act::Apply(Apply { uses: Uses::NONE, ..screens }), "APPLY-2");
    scene.refused(Act::Apply(Apply { confirmed: false, ..screens }), "APPLY-3");
    scene.refused(Act::Apply(Apply { password: Entry::wrong(2), ..screens }), "CARD-6");
    let card = || scene.world.look().cards[0].clone();
    assert_eq!(card().signature_tries.left, 3);
    // The right one resets the count; either or both may be applied for.
    for uses in [Uses::SIGNATURE, Uses::AUTHENTICATION, Uses::BOTH] {
        let mut other = Scene { world: scene.world.clone(), ..scene };
        other.does(Act::Apply(Apply { uses, password: Entry::right_after(1), ..screens }));
        assert_eq!(other.world.look().cards[0].signature_tries.left, 5);
        scene = other;
    }
    // Five wrong ones in a row lock the card's key, and the right one does not help any more.
    scene.refused(Act::Apply(Apply { password: Entry::right_after(5), ..screens }), "CARD-6");
    scene.refused(Act::Apply(screens), "CARD-6");
}

#[test]
fn s0_2_d_passwords() {
    let mut scene = Scene::new();
    let phone = scene.android;
    let complete = |signature: &Twice, authentication: &Twice| Act::Complete {
        phone,
        pins: NewPins {
            signature: Some(signature.clone()),
            authentication: Some(authentication.clone()),
        },
    };
    let (password, pin) = (Twice::same("ABC123"), Twice::same("0000"));
    scene.refused(complete(&password, &pin), "APPLY-1");
    scene.does(scene.application(phone, FIRST, Uses::BOTH));
    scene.refused(complete(&Twice::same("abc123"), &pin), "CARD-4");
    scene.refused(complete(&Twice::different("ABC123", "ABC124"), &pin), "APPLY-5");
    scene.refused(complete(&password, &Twice::same("123")), "CARD-5");
    scene.refused(complete(&password, &Twice::different("0000", "0001")), "APPLY-5");
    scene.refused(Act::Complete { phone, pins: pins(Uses::SIGNATURE) }, "APPLY-5");
    scene.does(complete(&password, &pin));
    assert!(matches!(scene.world.stage(phone), Some(ApplicationStage::Waiting { .. })));
}

#[test]
fn s0_2_d_hours() {
    // At 19:29 the notice comes within minutes.
    let mut scene = Scene::new();
    scene.moves_to(jst(2025, 10, 1, 19, 29));
    scene.applies(scene.android, FIRST, Uses::BOTH);
    scene.moves_to(jst(2025, 10, 1, 19, 45));
    assert_eq!(scene.phone(scene.android).application.unwrap().notice, Notice::Given);
    // From 19:30 on it comes the next morning.
    let mut scene = Scene::new();
    scene.moves_to(jst(2025, 10, 1, 19, 30));
    scene.applies(scene.android, FIRST, Uses::BOTH);
    scene.moves_to(jst(2025, 10, 2, 7, 59));
    assert_eq!(scene.phone(scene.android).application.unwrap().notice, Notice::NotYet);
    scene.refused(Act::Register { phone: scene.android }, "HOURS-1");
    assert!(scene.world.clone().notice(scene.android, scene.now).is_err());
    scene.moves_to(jst(2025, 10, 2, 8, 0));
    assert_eq!(scene.phone(scene.android).application.unwrap().notice, Notice::Perhaps);
    scene.moves_to(jst(2025, 10, 2, 8, 10));
    assert_eq!(scene.phone(scene.android).application.unwrap().notice, Notice::Given);
    scene.does(Act::Register { phone: scene.android });
}

#[test]
fn s0_2_e_registration() {
    let mut scene = Scene::new();
    let phone = scene.android;
    scene.refused(Act::Register { phone }, "REG-1");
    scene.applies(phone, FIRST, Uses::BOTH);
    scene.gets_notice(phone);
    // Issued, but not on its chip: unknown to the status services, and not to be used.
    let waiting = scene.world.on_phones_of(scene.me);
    assert_eq!(waiting.len(), 2);
    assert_eq!(scene.ocsp(waiting[0].1), [Status::Unknown]);
    assert!(!scene.logs_in(phone));
    scene.does(Act::Register { phone });
    assert_eq!(scene.ocsp(waiting[0].1), [Status::Good]);
    assert!(scene.logs_in(phone) && scene.signs(phone));
    scene.does(Act::LogIn { phone, pin: Entry::RIGHT });
    scene.does(Act::Sign { phone, password: Entry::RIGHT });
    // A repeat changes nothing.
    let before = scene.world.clone();
    scene.may_do(Act::Register { phone });
    assert_eq!(scene.world, before);
}

#[test]
fn s0_2_e_change_of_phone() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    let old = scene.on_phone(scene.android, Use::Signature);
    // Not as a first application, and not without consent.
    scene.refused(scene.application(scene.new_android, FIRST, Uses::BOTH), "READY-3");
    let without = Menu::ChangeOfPhone { consent: false };
    scene.refused(scene.application(scene.new_android, without, Uses::BOTH), "MOVE-1");
    scene.moves_to(jst(2025, 10, 1, 21, 0));
    scene.applies(scene.new_android, MOVES, Uses::BOTH);
    // Overnight the old phone goes on.
    scene.moves_to(jst(2025, 10, 2, 7, 59));
    assert!(scene.logs_in(scene.android) && !scene.logs_in(scene.new_android));
    scene.moves_to(jst(2025, 10, 2, 8, 1));
    scene.gets_notice(scene.new_android);
    let [Status::Revoked { reasons, since }] = scene.ocsp(old)[..] else { panic!() };
    assert_eq!(reasons, [Reason::Superseded]);
    assert_eq!(since, Between { from: jst(2025, 10, 2, 8, 0), to: scene.now });
    assert!(!scene.logs_in(scene.android));
    scene.does(Act::Register { phone: scene.new_android });
    assert!(scene.logs_in(scene.new_android) && scene.signs(scene.new_android));
}

/// As printed, S0 has the two procedures the other way round; read as in "Where guides disagree".
#[test]
fn s0_2_f_lost_card() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    scene.moves_to(jst(2025, 10, 4, 3, 0));
    let lost = scene.now;
    scene.does(Act::HoldCard { resident: scene.me });
    let (signature, authentication) =
        (scene.on_card(Use::Signature), scene.on_card(Use::Authentication));
    assert_eq!(scene.ocsp(signature), [Status::OnHold { since: lost }]);
    assert_eq!(scene.ocsp(authentication), [Status::OnHold { since: lost }]);
    scene.refused(Act::CardLogIn { resident: scene.me, pin: Entry::RIGHT }, "LOSS-4");
    // The phone is not lost.
    assert!(scene.logs_in(scene.android) && scene.signs(scene.android));
    // Found: the hold is lifted at the counter, the signature certificate revoked.
    scene.moves_to(jst(2025, 10, 6, 10, 0));
    let found =
        |new_signature, by| Act::CardFound { resident: ResidentId(0), at: TOWN, new_signature, by };
    scene.refused(found(true, Person::Proxy), "CARD-2");
    scene.does(found(true, IN_PERSON));
    assert_eq!(scene.ocsp(authentication), [Status::Good]);
    let [Status::Revoked { since, .. }] = scene.ocsp(signature)[..] else { panic!() };
    assert_eq!(since, Between::at(lost));
    assert_ne!(scene.on_card(Use::Signature), signature);
    scene.does(Act::CardSign { resident: scene.me, password: Entry::RIGHT });
    // VALID-4: what rested on the former signature certificate ends with it.
    assert!(scene.logs_in(scene.android) && !scene.signs(scene.android));
}

#[test]
fn s0_2_g_revocation() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    let phone = scene.android;
    let with = |entry| Proof::PhonePassword(entry);
    scene.refused(Act::RevokeOwn { phone, confirmed: false, by: with(Entry::RIGHT) }, "END-2");
    scene.refused(Act::RevokeOwn { phone, confirmed: true, by: with(Entry::wrong(1)) }, "PIN-1");
    assert_eq!(scene.phone(phone).signature_tries.unwrap().left, 4);
    let ids = [scene.on_phone(phone, Use::Signature), scene.on_phone(phone, Use::Authentication)];
    scene.does(Act::RevokeOwn { phone, confirmed: true, by: with(Entry::RIGHT) });
    for id in ids {
        scene.is_revoked(id, Reason::CessationOfOperation);
    }
    assert_eq!(scene.phone(phone).deletion, DeletionSeen::Confirmed);
    assert!(scene.phone(phone).holds.is_empty() && scene.phone(phone).may_hold.is_empty());
    // Then one may begin anew, on this phone or another.
    assert_eq!(scene.world.offers(scene.me)[2].outcome, Outcome::Succeeds);
    scene.has_on(scene.iphone, Uses::BOTH);
}

#[test]
fn s0_2_g_with_the_card_at_hand() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::AUTHENTICATION);
    let phone = scene.android;
    // No signature certificate on the phone, so no password either.
    let by_password = Proof::PhonePassword(Entry::RIGHT);
    scene.refused(Act::RevokeOwn { phone, confirmed: true, by: by_password }, "END-3");
    let by_card = |resident| Proof::Card(resident, Entry::RIGHT);
    let you = scene.world.add_resident(date(1990, 1, 1), TOWN);
    scene.does(Act::IssueCard { resident: you, at: TOWN, uses: Uses::BOTH, by: IN_PERSON });
    scene.refused(Act::RevokeOwn { phone, confirmed: true, by: by_card(you) }, "END-3");
    scene.does(Act::RevokeOwn { phone, confirmed: true, by: by_card(scene.me) });
    assert_eq!(scene.phone(phone).deletion, DeletionSeen::Confirmed);
}

#[test]
fn s0_3_q2_usable_after_registration_on_the_same_day() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    scene.does(Act::LogIn { phone: scene.android, pin: Entry::RIGHT });
}

#[test]
fn s0_3_q3_one_phone_for_one_resident() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    for phone in [scene.new_android, scene.iphone] {
        scene.refused(scene.application(phone, FIRST, Uses::BOTH), "READY-3");
    }
    // Nor a second one of a use on the same phone.
    scene.refused(scene.application(scene.android, FIRST, Uses::SIGNATURE), "READY-3");
    // And nobody else on this phone.
    let you = scene.world.add_resident(date(1990, 1, 1), TOWN);
    scene.does(Act::IssueCard { resident: you, at: TOWN, uses: Uses::BOTH, by: IN_PERSON });
    let mine = scene.screens(scene.android, FIRST, Uses::BOTH);
    scene.refused(Act::Apply(Apply { card: you, ..mine }), "READY-3");
}
