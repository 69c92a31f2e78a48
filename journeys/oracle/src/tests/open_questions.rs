//! Where sources are silent: that the oracle leaves open what it says it leaves open.

use super::*;

#[test]
fn every_way_tells_its_answers_and_none_is_twice() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    scene.does(Act::HoldPhone { resident: scene.me });
    let resume = Act::Resume { phone: scene.android, card: Some(scene.me), password: Entry::RIGHT };
    let ways = scene.world.ways(&resume);
    assert_eq!(ways.len(), 2);
    for way in &ways {
        assert!(matches!(way.expected, Expected::Done(_)));
        assert!(way.answers.iter().any(|(q, _)| *q == Question::ReissueIsAppliedFor));
    }
    assert_ne!(ways[0].world, ways[1].world);
}

#[test]
fn a_decided_question_is_not_asked_again() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    let register = Act::Register { phone: scene.android };
    assert_eq!(scene.world.ways(&register).len(), 2);
    scene.world.decided.push((Question::NothingToDo, true));
    scene.refused(register, "REG-1");
}

#[test]
fn a_second_application_takes_the_place_of_one_that_waits() {
    let mut scene = Scene::new();
    scene.moves_to(jst(2025, 10, 1, 20, 0));
    scene.applies(scene.android, FIRST, Uses::BOTH);
    // Nobody begins another one on this phone (REG-3), but one may on another phone.
    scene.refused(scene.application(scene.android, FIRST, Uses::BOTH), "REG-3");
    let second = scene.application(scene.new_android, FIRST, Uses::BOTH);
    let Expected::Either(ways) = scene.world.act(&second, scene.now) else { panic!() };
    assert_eq!(ways.len(), 2);
    for way in ways {
        let mut scene = Scene { world: way.world, ..scene };
        let act = Act::Complete { phone: scene.new_android, pins: pins(Uses::BOTH) };
        scene.does(act);
        assert_eq!(scene.world.stage(scene.android), Some(ApplicationStage::Withdrawn));
        scene.moves_to(jst(2025, 10, 2, 8, 10));
        scene.does(Act::Register { phone: scene.new_android });
        scene.refused(Act::Register { phone: scene.android }, "REG-1");
    }
}

#[test]
fn a_hold_while_certificates_wait_for_registration() {
    let mut scene = Scene::new();
    scene.applies(scene.android, FIRST, Uses::BOTH);
    scene.gets_notice(scene.android);
    let hold = Act::HoldPhone { resident: scene.me };
    let Expected::Either(ways) = scene.world.act(&hold, scene.now) else { panic!() };
    assert_eq!(ways.len(), 2);
    for way in ways {
        let mut scene = Scene { world: way.world, ..scene };
        scene.refused(Act::Register { phone: scene.android }, "LOSS-4");
    }
}

#[test]
fn the_hotline_in_its_last_second() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    scene.moves_to(jst(2025, 10, 2, 20, 0));
    scene.may_do(Act::RevokePhone { resident: scene.me });
}

#[test]
fn a_move_notified_where_one_lived_or_lives() {
    for at in [TOWN, OTHER_TOWN] {
        let mut scene = Scene::new();
        scene.may_do(Act::Change {
            resident: scene.me,
            at,
            attribute: Attribute::MoveTo(OTHER_TOWN),
            new_signature: true,
            by: IN_PERSON,
        });
        assert_eq!(scene.world.residents[scene.me.0].municipality, OTHER_TOWN);
    }
    let mut scene = Scene::new();
    scene.refused(
        Act::Change {
            resident: scene.me,
            at: Municipality(1),
            attribute: Attribute::MoveTo(OTHER_TOWN),
            new_signature: false,
            by: IN_PERSON,
        },
        "CARD-7",
    );
}

/// Asks the question in some way of the act.
fn leaves_open(scene: &Scene, act: &Act, question: Question) {
    let ways = scene.world.ways(act);
    assert!(ways.len() > 1, "{act:?} leaves nothing open");
    let asks = ways.iter().any(|way| way.answers.iter().any(|(asked, _)| *asked == question));
    assert!(asks, "{act:?} does not ask {question:?}");
}

#[test]
fn old_phones_in_every_state() {
    // Held.
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    let change = scene.application(scene.new_android, MOVES, Uses::BOTH);
    let mut lost = Scene { world: scene.world.clone(), ..scene };
    lost.does(Act::HoldPhone { resident: lost.me });
    leaves_open(&lost, &change, Question::OldPhoneHeld);
    lost.refused(lost.application(lost.new_android, FIRST, Uses::BOTH), "READY-3");
    // Not registered yet.
    let mut waiting = Scene::new();
    waiting.applies(waiting.android, FIRST, Uses::BOTH);
    waiting.gets_notice(waiting.android);
    leaves_open(&waiting, &change, Question::OldPhoneUnregistered);
    waiting.refused(waiting.application(waiting.new_android, FIRST, Uses::BOTH), "READY-3");
    // Expired, with a card that is renewed in what the phone does not rest on.
    scene.moves_to(jst(2030, 3, 1, 10, 0));
    scene.does(Act::RenewCertificates {
        resident: scene.me,
        at: TOWN,
        uses: Uses::SIGNATURE,
        by: IN_PERSON,
    });
    let first = scene.application(scene.new_android, FIRST, Uses::SIGNATURE);
    for act in [first, scene.application(scene.new_android, MOVES, Uses::SIGNATURE)] {
        leaves_open(&scene, &act, Question::OldPhoneExpired);
    }
    // None at all.
    let scene = Scene::new();
    leaves_open(&scene, &change, Question::NoOldPhone);
}

#[test]
fn a_call_while_one_changes_phones() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    scene.moves_to(jst(2025, 10, 1, 19, 40));
    scene.applies(scene.new_android, MOVES, Uses::BOTH);
    let me = scene.me;
    for act in [Act::HoldPhone { resident: me }, Act::RevokePhone { resident: me }] {
        leaves_open(&scene, &act, Question::ReachesOtherPhone);
        for way in scene.world.ways(&act) {
            assert!(matches!(way.expected, Expected::Done(_)));
        }
    }
}

#[test]
fn registration_in_the_minutes_of_the_notice() {
    let mut scene = Scene::new();
    scene.applies(scene.android, FIRST, Uses::BOTH);
    leaves_open(&scene, &Act::Register { phone: scene.android }, Question::NotReadyYet);
    scene.moves_to(jst(2025, 10, 1, 10, 10));
    scene.does(Act::Register { phone: scene.android });
}

#[test]
fn pins_for_more_than_was_applied_for() {
    let mut scene = Scene::new();
    scene.does(scene.application(scene.android, FIRST, Uses::AUTHENTICATION));
    let complete = Act::Complete { phone: scene.android, pins: pins(Uses::BOTH) };
    leaves_open(&scene, &complete, Question::PinsForMore);
}

#[test]
fn a_card_for_who_has_none_or_has_lost_it() {
    let mut scene = Scene::without_card();
    let (me, at, uses, by) = (scene.me, TOWN, Uses::BOTH, IN_PERSON);
    let reissue = Act::ReissueCard { resident: me, at, uses, by };
    leaves_open(&scene, &reissue, Question::ReissueOfNothing);
    scene.does(Act::IssueCard { resident: me, at, uses, by });
    scene.refused(reissue.clone(), "CARD-1");
    scene.does(Act::HoldCard { resident: me });
    leaves_open(&scene, &reissue, Question::LostCardIsInForce);
}

#[test]
fn the_48_hours_may_count_from_the_consent() {
    let mut scene = Scene::new();
    scene.has_on(scene.android, Uses::BOTH);
    scene.moves_to(jst(2025, 10, 1, 20, 0));
    scene.applies(scene.new_android, MOVES, Uses::BOTH);
    scene.moves_to(jst(2025, 10, 2, 8, 0));
    scene.gets_notice(scene.new_android);
    let seen = |scene: &Scene| scene.phone(scene.android).deletion;
    scene.moves_to(jst(2025, 10, 3, 19, 59));
    assert_eq!(seen(&scene), DeletionSeen::Pending);
    scene.moves_to(jst(2025, 10, 3, 20, 1));
    assert_eq!(seen(&scene), DeletionSeen::PendingOrUnconfirmed);
    assert_eq!(scene.phone(scene.android).must_delete.len(), 2);
    scene.moves_to(jst(2025, 10, 4, 8, 1));
    assert_eq!(seen(&scene), DeletionSeen::Unconfirmed);
}

#[test]
fn an_iphone_after_a_change_of_address() {
    let mut scene = Scene::new();
    scene.has_on(scene.iphone, Uses::BOTH);
    scene.does(Act::Change {
        resident: scene.me,
        at: TOWN,
        attribute: Attribute::Address,
        new_signature: true,
        by: IN_PERSON,
    });
    let only = scene.application(scene.iphone, FIRST, Uses::SIGNATURE);
    leaves_open(&scene, &only, Question::OneOnIphone);
    let both = scene.application(scene.iphone, FIRST, Uses::BOTH);
    leaves_open(&scene, &both, Question::BothOnIphoneAgain);
}
