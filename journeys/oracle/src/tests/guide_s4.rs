//! S4, the guide in easy Japanese on the card's own certificates, section by section.

use jiff::civil::date;

use super::super::causes::Reason;
use super::*;

#[test]
fn s4_1_chosen_and_changed_later() {
    let mut scene = Scene::without_card();
    let me = scene.me;
    let issue = |uses, at, by| Act::IssueCard { resident: ResidentId(0), at, uses, by };
    scene.refused(issue(Uses::BOTH, TOWN, Person::Proxy), "CARD-2");
    scene.refused(issue(Uses::BOTH, OTHER_TOWN, IN_PERSON), "CARD-6");
    scene.does(issue(Uses::NONE, TOWN, IN_PERSON));
    scene.refused(Act::CardLogIn { resident: me, pin: Entry::RIGHT }, "CARD-1");
    let add = |uses, by| Act::AddCertificates { resident: ResidentId(0), at: TOWN, uses, by };
    scene.refused(add(Uses::AUTHENTICATION, Person::Proxy), "CARD-2");
    scene.does(add(Uses::AUTHENTICATION, IN_PERSON));
    scene.does(Act::CardLogIn { resident: me, pin: Entry::RIGHT });
    scene.refused(add(Uses::BOTH, IN_PERSON), "CARD-1");
    scene.does(add(Uses::SIGNATURE, IN_PERSON));
    scene.does(Act::CardSign { resident: me, password: Entry::RIGHT });
    // A card in force is not replaced by another one.
    scene.refused(issue(Uses::BOTH, TOWN, IN_PERSON), "CARD-1");
}

#[test]
fn s4_1_1_no_signature_under_fifteen() {
    let mut scene = Scene::without_card();
    let child = scene.world.add_resident(date(2010, 10, 2), TOWN);
    let issue = |uses| Act::IssueCard { resident: child, at: TOWN, uses, by: IN_PERSON };
    scene.refused(issue(Uses::BOTH), "CARD-3");
    scene.does(issue(Uses::AUTHENTICATION));
    let add =
        Act::AddCertificates { resident: child, at: TOWN, uses: Uses::SIGNATURE, by: IN_PERSON };
    scene.refused(add.clone(), "CARD-3");
    scene.moves_to(jst(2025, 10, 2, 0, 0));
    scene.does(add);
}

#[test]
fn s4_2_wrong_pins() {
    let mut scene = Scene::new();
    let log_in = |pin| Act::CardLogIn { resident: ResidentId(0), pin };
    scene.refused(log_in(Entry::wrong(2)), "CARD-6");
    scene.does(log_in(Entry::RIGHT));
    scene.refused(log_in(Entry::wrong(2)), "CARD-6");
    scene.refused(log_in(Entry::wrong(1)), "CARD-6");
    scene.refused(log_in(Entry::RIGHT), "CARD-6");
    // The other key is not locked.
    scene.world.decided.push((Question::SigningTakesBoth, false));
    scene.does(Act::CardSign { resident: scene.me, password: Entry::right_after(4) });
    let unlock = |at, new: &str, by| Act::Unlock {
        resident: ResidentId(0),
        at,
        key: CardKey::Authentication,
        new: new.to_owned(),
        by,
    };
    scene.refused(unlock(OTHER_TOWN, "4321", IN_PERSON), "CARD-6");
    scene.refused(unlock(TOWN, "4321", Person::Proxy), "CARD-2");
    scene.refused(unlock(TOWN, "432", IN_PERSON), "CARD-5");
    scene.does(unlock(TOWN, "4321", IN_PERSON));
    scene.does(log_in(Entry::RIGHT));
}

#[test]
fn s4_3_name_and_address() {
    let change = |attribute, new_signature, by| Act::Change {
        resident: ResidentId(0),
        at: TOWN,
        attribute,
        new_signature,
        by,
    };
    let attributes = [
        Attribute::Name,
        Attribute::Address,
        Attribute::Sex,
        Attribute::BirthDate(date(1981, 1, 1)),
    ];
    for attribute in attributes {
        let mut scene = Scene::new();
        scene.has_on(scene.android, Uses::BOTH);
        let card = scene.on_card(Use::Signature);
        let phone = scene.on_phone(scene.android, Use::Signature);
        // Somebody else may notify it, but not ask for a certificate.
        scene.refused(change(attribute, true, Person::Proxy), "CARD-2");
        scene.does(change(attribute, false, Person::Proxy));
        scene.is_revoked(card, Reason::AffiliationChanged);
        scene.is_revoked(phone, Reason::AffiliationChanged);
        // User authentication stays, on both; nothing is issued unasked.
        scene.does(Act::CardLogIn { resident: scene.me, pin: Entry::RIGHT });
        assert!(scene.logs_in(scene.android) && !scene.signs(scene.android));
        scene.refused(Act::CardSign { resident: scene.me, password: Entry::RIGHT }, "CARD-7");
    }
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    scene.does(change(Attribute::Name, true, IN_PERSON));
    scene.does(Act::CardSign { resident: scene.me, password: Entry::RIGHT });
    // The phone gets its new one by an application for what it lacks.
    scene.has_on(scene.android, Uses::SIGNATURE);
    assert!(scene.logs_in(scene.android) && scene.signs(scene.android));
    // The readings alone: nothing lapses.
    scene.does(change(Attribute::Readings, false, IN_PERSON));
    assert!(scene.signs(scene.android));
}

#[test]
fn s4_3_an_application_signed_before_is_rejected() {
    let mut scene = Scene::new();
    scene.moves_to(jst(2025, 10, 1, 20, 0));
    scene.applies(scene.android, FIRST, Uses::AUTHENTICATION);
    scene.does(Act::Change {
        resident: scene.me,
        at: TOWN,
        attribute: Attribute::Address,
        new_signature: true,
        by: IN_PERSON,
    });
    assert_eq!(scene.world.stage(scene.android), Some(ApplicationStage::Rejected));
    scene.moves_to(jst(2025, 10, 2, 9, 0));
    scene.refused(Act::Register { phone: scene.android }, "APPLY-4");
}

#[test]
fn s4_4_renewal_and_the_card() {
    let mut scene = Scene::new();
    let renewal =
        |uses| Act::RenewCertificates { resident: ResidentId(0), at: TOWN, uses, by: IN_PERSON };
    scene.refused(renewal(Uses::BOTH), "CARD-9");
    scene.moves_to(jst(2029, 11, 18, 10, 0));
    scene.does(renewal(Uses::BOTH));
    // The fifth birthday after: 2030, 31, 32, 33, 34.
    let end = |scene: &Scene| scene.world.certificate(scene.on_card(Use::Signature)).not_after;
    assert_eq!(end(&scene), japan::end_of(date(2034, 2, 17)));
    scene.moves_to(jst(2034, 1, 10, 10, 0));
    scene.does(renewal(Uses::BOTH));
    // The card ends on 17 February 2035, and its certificates with it.
    assert_eq!(end(&scene), japan::end_of(date(2035, 2, 17)));
    scene.moves_to(jst(2035, 2, 18, 10, 0));
    scene.refused(renewal(Uses::BOTH), "CARD-8");
    scene.does(Act::IssueCard { resident: scene.me, at: TOWN, uses: Uses::BOTH, by: IN_PERSON });
    assert_eq!(end(&scene), japan::end_of(date(2040, 2, 17)));
}

#[test]
fn s4_5_stop() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    let stop = |uses, by| Act::StopCertificates { resident: ResidentId(0), at: TOWN, uses, by };
    let ids = [scene.on_card(Use::Signature), scene.on_phone(scene.android, Use::Signature)];
    scene.refused(stop(Uses::SIGNATURE, Person::Proxy), "CARD-2");
    scene.does(stop(Uses::SIGNATURE, IN_PERSON));
    for id in ids {
        scene.is_revoked(id, Reason::CessationOfOperation);
    }
    assert!(scene.logs_in(scene.android) && !scene.signs(scene.android));
    let before = scene.world.clone();
    scene.may_do(stop(Uses::SIGNATURE, IN_PERSON));
    assert_eq!(scene.world, before);
    // The last one: the phone is left without certificates, and has to delete its data.
    scene.does(stop(Uses::AUTHENTICATION, IN_PERSON));
    assert_eq!(scene.phone(scene.android).deletion, DeletionSeen::Pending);
}

#[test]
fn j_death_and_moving_abroad() {
    for act in [
        Act::Die { resident: ResidentId(0), at: TOWN },
        Act::MoveAbroad { resident: ResidentId(0), at: TOWN },
    ] {
        let mut scene = Scene::new();
        scene.has_on(scene.android, Uses::BOTH);
        scene.does(act);
        for usage in [Use::Signature, Use::Authentication] {
            scene.is_revoked(scene.on_card(usage), Reason::AffiliationChanged);
            scene.is_revoked(scene.on_phone(scene.android, usage), Reason::AffiliationChanged);
        }
        scene.refused(scene.application(scene.iphone, FIRST, Uses::BOTH), "CARD-13");
        let issue =
            Act::IssueCard { resident: scene.me, at: TOWN, uses: Uses::BOTH, by: IN_PERSON };
        scene.refused(issue, "CARD-13");
    }
}

#[test]
fn valid_1_where_the_card_has_no_user_authentication() {
    let mut scene = Scene::without_card();
    scene.does(Act::IssueCard {
        resident: scene.me,
        at: TOWN,
        uses: Uses::SIGNATURE,
        by: IN_PERSON,
    });
    scene.has_on(scene.android, Uses::BOTH);
    let signature = scene.on_card(Use::Signature);
    let phone = scene.on_phone(scene.android, Use::Authentication);
    assert_eq!(scene.world.certificate(phone).source, Some(signature));
}

#[test]
fn valid_1_never_later_than_what_signed_the_application() {
    let mut scene = Scene::new();
    // A new user-authentication certificate in 2027 ends in 2032, the signature one in 2030.
    scene.moves_to(jst(2027, 5, 1, 10, 0));
    let who = scene.me;
    let stop = Act::StopCertificates {
        resident: who,
        at: TOWN,
        uses: Uses::AUTHENTICATION,
        by: IN_PERSON,
    };
    scene.does(stop);
    scene.does(Act::AddCertificates {
        resident: who,
        at: TOWN,
        uses: Uses::AUTHENTICATION,
        by: IN_PERSON,
    });
    let card = scene.on_card(Use::Authentication);
    assert_eq!(scene.world.certificate(card).not_after, japan::end_of(date(2032, 2, 17)));
    scene.has_on(scene.android, Uses::BOTH);
    let phone = scene.world.certificate(scene.on_phone(scene.android, Use::Authentication));
    assert_eq!(phone.source, Some(card));
    assert_eq!(phone.not_after, japan::end_of(date(2030, 2, 17)));
}

#[test]
fn pin_1_and_pin_2_on_the_phone() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    let phone = scene.android;
    let change = |old, new: &str| Act::ChangePin {
        phone,
        key: Use::Authentication,
        old,
        new: Twice::same(new),
    };
    scene.refused(change(Entry::RIGHT, "12"), "CARD-5");
    scene.does(change(Entry::RIGHT, "9876"));
    scene.refused(change(Entry::wrong(3), "1111"), "PIN-1");
    scene.refused(Act::LogIn { phone, pin: Entry::RIGHT }, "PIN-1");
    assert_eq!(scene.phone(phone).authentication_tries.unwrap().left, 0);
    let reset = |password| Act::ResetPin {
        phone,
        key: Use::Authentication,
        card: ResidentId(0),
        password,
        new: Twice::same("2468"),
    };
    scene.refused(reset(Entry::wrong(1)), "CARD-6");
    scene.does(reset(Entry::RIGHT));
    scene.does(Act::LogIn { phone, pin: Entry::RIGHT });
}

#[test]
fn valid_3_user_authentication_stays_even_where_it_rests_on_the_signature_certificate() {
    let mut scene = Scene::without_card();
    let me = scene.me;
    scene.does(Act::IssueCard { resident: me, at: TOWN, uses: Uses::SIGNATURE, by: IN_PERSON });
    scene.has_on(scene.android, Uses::BOTH);
    scene.does(Act::Change {
        resident: me,
        at: TOWN,
        attribute: Attribute::Name,
        new_signature: false,
        by: IN_PERSON,
    });
    assert!(scene.logs_in(scene.android) && !scene.signs(scene.android));
}

#[test]
fn pin_2_not_while_the_phone_is_held() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    scene.does(Act::HoldPhone { resident: scene.me });
    let (phone, key, old) = (scene.android, Use::Authentication, Entry::RIGHT);
    scene.refused(Act::ChangePin { phone, key, old, new: Twice::same("9876") }, "PIN-2");
}

#[test]
fn pin_1_a_new_registration_has_all_tries() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    let phone = scene.android;
    scene.refused(Act::LogIn { phone, pin: Entry::wrong(3) }, "PIN-1");
    let by = Proof::Card(scene.me, Entry::RIGHT);
    scene.does(Act::RevokeOwn { phone, confirmed: true, by });
    scene.has_on(phone, Uses::BOTH);
    assert!(scene.logs_in(phone));
}
