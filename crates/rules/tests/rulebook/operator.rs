//! The operator's acts on certificates of many residents, seen at one of them.

use inrou_rules::{
    CertificateId, CertificateStatus, Command, Event, HoldCause, Medium, OperatorAct, Refusal,
    RevocationReason, Serial, Use, Uses,
};

use crate::world::*;

const PHONE_LOST: Command = Command::Hold { medium: Medium::Phone };

fn on_phone(world: &World) -> Vec<CertificateId> {
    Use::ALL.map(|usage| world.live(Medium::Phone, usage)).to_vec()
}

fn held_for(world: &World, id: CertificateId) -> Option<HoldCause> {
    world.resident().certificates[&id].hold()
}

#[test]
fn loss_4_the_operators_hold_is_told_apart_and_given_once() {
    let mut world = World::with_phone(Uses::BOTH);
    let ids = on_phone(&world);
    let events = world.run(&operate(OperatorAct::Hold, ids.clone()));
    let cause = HoldCause::Operator;
    assert_eq!(events[0], Event::CertificateHeld { id: ids[0], at: world.now, cause });
    assert_eq!(events.len(), 2);
    assert_eq!(held_for(&world, ids[1]), Some(cause));
    assert!(!world.resident().certificates[&ids[1]].is_usable(world.now));
    assert_eq!(world.run(&operate(OperatorAct::Hold, ids)), []);
}

#[test]
fn loss_4_the_operators_hold_is_lifted_by_the_operator_alone() {
    let mut world = World::with_phone(AUTHENTICATION);
    let registered = world.now;
    let id = world.live(Medium::Phone, Use::UserAuthentication);
    world.run(&operate(OperatorAct::Hold, vec![id]));
    let resume = Command::ResumePhone { chip: PHONE, signed_with: world.card_signature() };
    assert_eq!(world.refusal(&resume), Refusal::HeldByOperator);
    let lift = operate(OperatorAct::Lift, vec![id]);
    let resumed = Event::CertificateResumed { id, at: world.now, cause: HoldCause::Operator };
    assert_eq!(world.run(&lift), [resumed]);
    assert_eq!(world.status(id), CertificateStatus::Active { since: registered });
    assert_eq!(world.run(&lift), []);
}

#[test]
fn loss_2_a_signature_certificate_that_the_operator_held_never_returns() {
    let mut world = World::with_phone(Uses::BOTH);
    let ids = on_phone(&world);
    let lift = operate(OperatorAct::Lift, ids.clone());
    assert_eq!(world.run(&lift), []);
    world.run(&operate(OperatorAct::Hold, ids.clone()));
    assert_eq!(world.refusal(&lift), Refusal::SignatureStaysHeld);
    world.run(&operate(OperatorAct::Lift, vec![ids[1]]));
    world.run(&operate(OperatorAct::Revoke(RevocationReason::Superseded), vec![ids[0]]));
    assert_eq!(world.run(&lift), []);
}

#[test]
fn loss_4_a_loss_and_the_operators_hold_end_each_by_itself() {
    for operator_first in [true, false] {
        let mut world = World::with_phone(AUTHENTICATION);
        let id = world.live(Medium::Phone, Use::UserAuthentication);
        let hold = operate(OperatorAct::Hold, vec![id]);
        let [first, second] =
            if operator_first { [&hold, &PHONE_LOST] } else { [&PHONE_LOST, &hold] };
        world.run(first);
        world.run(second);
        assert_eq!(held_for(&world, id), Some(HoldCause::LossAndOperator));
        assert_eq!((world.run(&PHONE_LOST), world.run(&hold)), (vec![], vec![]));
        let resume = Command::ResumePhone { chip: PHONE, signed_with: world.card_signature() };
        assert_eq!(world.refusal(&resume), Refusal::HeldByOperator);
        world.run(&operate(OperatorAct::Lift, vec![id]));
        assert_eq!(held_for(&world, id), Some(HoldCause::Loss));
        world.run(&resume);
        assert_eq!(held_for(&world, id), None);
    }
}

#[test]
fn card_12_a_found_card_stays_on_the_operators_hold() {
    let mut world = World::with_card(Uses::BOTH);
    let id = world.live(Medium::Card, Use::UserAuthentication);
    world.run(&operate(OperatorAct::Hold, vec![id]));
    world.run(&Command::Hold { medium: Medium::Card });
    world.run(&find_card(false));
    assert_eq!(held_for(&world, id), Some(HoldCause::Operator));
}

#[test]
fn apply_4_an_application_that_stands_on_what_the_operator_holds_is_rejected() {
    let mut world = World::with_card(Uses::BOTH);
    world.apply_and_complete(1, PHONE, Uses::BOTH);
    let events = world.run(&operate(OperatorAct::Hold, vec![world.card_signature()]));
    let code = "card-signature-held".to_owned();
    let rejected = Event::ApplicationRejected { enrolment: enrolment(1), code };
    assert_eq!(events.last(), Some(&rejected));
}

#[test]
fn valid_4_a_compromised_card_takes_the_phones_with_it_whose_key_is_not_compromised() {
    let mut world = World::with_phone(Uses::BOTH);
    let (card, phones) = (world.card_signature(), on_phone(&world));
    let revoke = operate(OperatorAct::Revoke(RevocationReason::KeyCompromise), vec![card]);
    world.run(&revoke);
    assert_eq!(world.reason(card), Some(RevocationReason::KeyCompromise));
    let stopped = Some(RevocationReason::CessationOfOperation);
    assert_eq!((world.reason(phones[0]), world.reason(phones[1])), (stopped, None));
    assert_eq!(world.run(&revoke), []);
}

#[test]
fn valid_5_the_operator_revokes_with_a_reason_and_a_phone_left_without_is_retired() {
    let mut world = World::with_phone(Uses::BOTH);
    let ids = on_phone(&world);
    let reason = RevocationReason::CaCompromise;
    let events = world.run(&operate(OperatorAct::Revoke(reason), ids.clone()));
    assert!(matches!(events[..], [_, _, Event::PhoneRetired { chip: PHONE, .. }]));
    assert!(ids.iter().all(|&id| world.reason(id) == Some(reason)));
}

#[test]
fn valid_5_who_is_asked_to_apply_anew_is_asked_once_in_an_operation() {
    let mut world = World::with_phone(Uses::BOTH);
    let ids = on_phone(&world);
    let ask = |number| Command::Operate {
        operation: operation(number),
        act: OperatorAct::AskToReapply,
        certificates: ids.clone(),
    };
    let asked = Event::ReapplicationAsked { id: ids[0], operation: operation(1), at: world.now };
    let events = world.run(&ask(1));
    assert_eq!((events.len(), &events[0]), (2, &asked));
    assert_eq!(world.resident().certificates[&ids[0]].reapplication, Some(operation(1)));
    assert!(world.resident().certificates[&ids[0]].is_usable(world.now));
    assert_eq!(world.run(&ask(1)), []);
    assert_eq!(world.run(&ask(2)).len(), 2);
    world.run(&world.revoke_by_phone());
    assert_eq!(world.run(&ask(3)), []);
}

#[test]
fn valid_5_the_operator_names_this_residents_certificates() {
    let world = World::with_phone(Uses::BOTH);
    let stranger = CertificateId { usage: Use::Signature, serial: Serial(99) };
    for act in [OperatorAct::Hold, OperatorAct::Lift, OperatorAct::AskToReapply] {
        let named = vec![world.card_signature(), stranger];
        assert_eq!(world.refusal(&operate(act, named)), Refusal::CertificateOfAnother);
    }
}
