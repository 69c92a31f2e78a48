//! Applying and registering (APPLY, HOURS, REG).

use inrou_api::wire::authority::EnrolmentStage;
use inrou_api::wire::phone::{NextStep, Procedure};
use inrou_rules::{Refusal, Uses};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::house::{CARD_PASSWORD, hanako};
use crate::world::{
    PHONE_PASSWORD, PHONE_PIN, World, begin, card_password, choose, new_password, new_pin,
};

fn read_card() -> Value {
    json!({"step": "read-card"})
}

/// A world in which the next step is to read the card, which lies on the phone.
async fn before_reading(signature: bool, user_authentication: bool) -> World {
    let world = World::new().await;
    world.step(begin("apply")).await.unwrap();
    world.step(card_password(CARD_PASSWORD)).await.unwrap();
    world.step(choose(signature, user_authentication)).await.unwrap();
    world.put_card("hanako").await.unwrap();
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_1_the_steps_come_in_order_to_the_end() {
    let world = World::new().await;
    let begun = world.step(begin("apply")).await.unwrap();
    let procedure = begun.procedure.unwrap();
    assert_eq!((procedure.procedure, procedure.next), (Procedure::Apply, NextStep::CardPassword));
    world.step(card_password(CARD_PASSWORD)).await.unwrap();
    assert_eq!(world.next().await, NextStep::Choose);
    world.step(choose(true, true)).await.unwrap();
    assert_eq!(world.next().await, NextStep::ReadCard);
    world.put_card("hanako").await.unwrap();
    world.step(read_card()).await.unwrap();
    let applicant = Some(hanako());
    assert_eq!(world.next().await, NextStep::NewSignaturePassword { applicant: applicant.clone() });
    world.step(new_password(PHONE_PASSWORD)).await.unwrap();
    assert_eq!(world.next().await, NextStep::NewUserAuthenticationPin { applicant });
    world.step(new_pin(PHONE_PIN)).await.unwrap();
    assert_eq!(world.next().await, NextStep::Wait { due: world.now() });

    world.authority.issue();
    world.hear(1).await;
    assert_eq!(world.next().await, NextStep::Register);
    let done = world.step(json!({"step": "register"})).await.unwrap();
    let usable_from = Some(world.now() + SignedDuration::from_mins(15));
    assert_eq!(done.procedure.unwrap().next, NextStep::Done { usable_from });
    assert_eq!(done.certificates.len(), 2);
    assert!(matches!(done.enrolment.unwrap().stage, EnrolmentStage::Registered { .. }));
    let acts = ["phone", "enrolment", "application", "completion", "registration"];
    assert_eq!(world.authority.acts(), acts);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_3_no_other_application_is_begun_while_one_waits() {
    let world = before_reading(true, true).await;
    world.step(read_card()).await.unwrap();
    world.step(new_password(PHONE_PASSWORD)).await.unwrap();
    world.step(new_pin(PHONE_PIN)).await.unwrap();
    assert_eq!(world.refused(begin("apply")).await, "application-under-way");
    assert_eq!(world.next().await, NextStep::Wait { due: world.now() });
    // Nor after the person has put the procedure away.
    world.step(json!({"step": "cancel"})).await.unwrap();
    assert_eq!(world.refused(begin("apply")).await, "application-under-way");
    assert!(world.state().await.procedure.is_none());

    world.authority.issue();
    assert_eq!(world.refused(begin("apply")).await, "application-under-way");
    world.step(begin("register")).await.unwrap();
    world.step(json!({"step": "register"})).await.unwrap();
    world.step(begin("apply")).await.unwrap();
    assert_eq!(world.next().await, NextStep::CardPassword);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_3_an_application_that_has_ended_unheard_does_not_stand_in_the_way() {
    let world = before_reading(true, true).await;
    world.step(read_card()).await.unwrap();
    world.step(new_password(PHONE_PASSWORD)).await.unwrap();
    world.step(new_pin(PHONE_PIN)).await.unwrap();
    world.step(json!({"step": "cancel"})).await.unwrap();
    world.authority.reject("phone-serves-another");
    world.step(begin("apply")).await.unwrap();
    let stage = world.state().await.enrolment.unwrap().stage;
    assert_eq!(stage, EnrolmentStage::Ended { code: "phone-serves-another".to_owned() });
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_3_that_the_authority_refuses_to_begin_is_shown() {
    let world = before_reading(true, true).await;
    world.authority.refuse("/enrolments", Refusal::ApplicationUnderWay);
    assert_eq!(world.refused(read_card()).await, "application-under-way");
    assert_eq!(world.noted().await.unwrap(), "application-under-way");
    assert!(world.state().await.enrolment.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_2_none_selected_and_apply_3_not_confirmed_are_refused() {
    let world = World::new().await;
    world.step(begin("apply")).await.unwrap();
    world.step(card_password(CARD_PASSWORD)).await.unwrap();
    assert_eq!(world.refused(choose(false, false)).await, "none-selected");
    assert_eq!(world.noted().await.unwrap(), "none-selected");
    let mut unticked = choose(true, false);
    unticked["confirmed"] = false.into();
    assert_eq!(world.refused(unticked).await, "not-confirmed");
    assert_eq!(world.next().await, NextStep::Choose);
    world.step(choose(true, false)).await.unwrap();
    assert_eq!(world.noted().await, None, "a step that succeeds clears the problem");
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_5_pins_are_set_only_for_what_was_applied_for() {
    for (signature, user_authentication) in [(true, false), (false, true)] {
        let world = before_reading(signature, user_authentication).await;
        world.step(read_card()).await.unwrap();
        if signature {
            assert!(matches!(world.next().await, NextStep::NewSignaturePassword { .. }));
            assert_eq!(world.refused(new_pin(PHONE_PIN)).await, "step-out-of-turn");
            world.step(new_password(PHONE_PASSWORD)).await.unwrap();
        } else {
            assert!(matches!(world.next().await, NextStep::NewUserAuthenticationPin { .. }));
            assert_eq!(world.refused(new_password(PHONE_PASSWORD)).await, "step-out-of-turn");
            world.step(new_pin(PHONE_PIN)).await.unwrap();
        }
        assert!(matches!(world.next().await, NextStep::Wait { .. }));
        let uses = Uses { signature, user_authentication };
        assert_eq!(world.state().await.enrolment.unwrap().uses, uses);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_5_a_new_pin_has_its_form_and_is_entered_twice_alike() {
    let world = before_reading(true, true).await;
    world.step(read_card()).await.unwrap();
    for (password, again, code) in [
        ("PHONE567", "PHONE568", "pin-entries-differ"),
        ("PHO56", "PHO56", "pin-length"),
        ("phone567", "phone567", "pin-character"),
        ("12345678", "12345678", "pin-no-letter"),
        ("PHONEPHONE", "PHONEPHONE", "pin-no-digit"),
    ] {
        let mut step = new_password(password);
        step["again"] = again.into();
        assert_eq!(world.refused(step).await, code);
        assert!(matches!(world.next().await, NextStep::NewSignaturePassword { .. }));
    }
    world.step(new_password(PHONE_PASSWORD)).await.unwrap();
    assert_eq!(world.refused(new_pin("123")).await, "pin-length");
    assert_eq!(world.refused(new_pin("12E4")).await, "pin-character");
    world.step(new_pin(PHONE_PIN)).await.unwrap();
    assert!(matches!(world.next().await, NextStep::Wait { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn card_6_a_wrong_password_is_told_with_the_tries_left_until_it_locks() {
    let world = before_reading(true, true).await;
    for left in (1..=4).rev() {
        world.step(card_password("WRONG123")).await.unwrap();
        let tries_left = world.state().await.procedure.unwrap().tries_left;
        assert_eq!(tries_left, Some(left + 1), "PIN-1: known before asking");
        let problem = world.step(read_card()).await.unwrap_err();
        assert_eq!((problem.code.as_str(), problem.rule.as_deref()), ("wrong-pin", Some("CARD-6")));
        assert_eq!(problem.params["pin"], "card-signature");
        assert_eq!(problem.params["left"], left.to_string());
        let procedure = world.state().await.procedure.unwrap();
        assert_eq!(procedure.next, NextStep::CardPassword, "a wrong password is not kept");
        assert_eq!(procedure.problem.unwrap().params["left"], left.to_string());
    }
    for _ in 0..2 {
        world.step(card_password(CARD_PASSWORD)).await.unwrap();
        if world.state().await.procedure.unwrap().tries_left == Some(1) {
            world.step(card_password("WRONG123")).await.unwrap();
        }
        assert_eq!(world.refused(read_card()).await, "pin-blocked");
        assert_eq!(world.next().await, NextStep::CardPassword);
    }
    let acts = world.authority.acts();
    assert_eq!(acts, ["phone", "enrolment"], "begun once, and never signed");
}

#[tokio::test(flavor = "multi_thread")]
async fn card_4_what_cannot_be_the_password_costs_no_try() {
    let world = World::new().await;
    world.step(begin("apply")).await.unwrap();
    world.put_card("hanako").await.unwrap();
    for (typed, fault) in
        [("A1", "length"), ("abc123", "character"), ("123456", "no-letter"), ("ABCDEF", "no-digit")]
    {
        let problem = world.step(card_password(typed)).await.unwrap_err();
        assert_eq!((problem.code.as_str(), problem.params["fault"].as_str()), ("pin-form", fault));
        let shown = serde_json::to_string(&problem).unwrap();
        assert!(!shown.contains(typed), "what was typed is not repeated");
    }
    assert_eq!(world.state().await.procedure.unwrap().tries_left, Some(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_out_of_its_turn_changes_nothing() {
    let world = World::new().await;
    let steps = [
        card_password(CARD_PASSWORD),
        choose(true, true),
        read_card(),
        new_password(PHONE_PASSWORD),
        new_pin(PHONE_PIN),
        json!({"step": "complete"}),
        json!({"step": "register"}),
        json!({"step": "confirm-revocation", "confirmed": true, "with_card": true}),
        json!({"step": "phone-password", "password": PHONE_PASSWORD}),
        json!({"step": "delete"}),
    ];
    for step in &steps {
        assert_eq!(world.refused(step.clone()).await, "step-out-of-turn", "nothing has begun");
    }
    world.step(begin("apply")).await.unwrap();
    for step in &steps[1..] {
        assert_eq!(world.refused(step.clone()).await, "step-out-of-turn", "{step}");
        assert_eq!(world.next().await, NextStep::CardPassword);
        assert_eq!(world.noted().await, None);
    }
    assert_eq!(world.refused(begin("revoke")).await, "procedure-open");
    assert_eq!(world.authority.seen(), 0);
    world.step(json!({"step": "cancel"})).await.unwrap();
    assert_eq!(world.state().await.procedure, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_2_the_choice_may_be_changed_until_the_card_has_signed() {
    let world = before_reading(true, true).await;
    world.step(card_password("WRONG123")).await.unwrap();
    world.refused(read_card()).await;
    world.step(card_password(CARD_PASSWORD)).await.unwrap();
    world.step(choose(false, true)).await.unwrap();
    world.step(read_card()).await.unwrap();
    assert!(matches!(world.next().await, NextStep::NewUserAuthenticationPin { .. }));
    assert_eq!(world.authority.acts(), ["phone", "enrolment", "enrolment", "application"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_4_a_refusal_is_kept_and_lets_the_person_choose_anew() {
    let world = before_reading(true, true).await;
    world.authority.refuse("/application", Refusal::UnderFifteen);
    let problem = world.step(read_card()).await.unwrap_err();
    assert_eq!((problem.code.as_str(), problem.rule.as_deref()), ("under-fifteen", Some("CARD-3")));
    assert_eq!(world.noted().await.unwrap(), "under-fifteen");
    assert_eq!(world.next().await, NextStep::Choose, "the password is kept");
    world.authority.mend();
    world.step(choose(false, true)).await.unwrap();
    world.step(read_card()).await.unwrap();
    assert!(matches!(world.next().await, NextStep::NewUserAuthenticationPin { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_4_an_expired_challenge_is_replaced_before_the_card_signs() {
    let world = before_reading(true, true).await;
    world.take_card_away().await;
    assert_eq!(world.refused(read_card()).await, "card-not-present");
    world.advance(SignedDuration::from_mins(10));
    world.put_card("hanako").await.unwrap();
    world.step(read_card()).await.unwrap();
    assert!(matches!(world.next().await, NextStep::NewSignaturePassword { .. }));
    assert_eq!(world.authority.acts(), ["phone", "enrolment", "enrolment", "application"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_2_a_rejection_is_told_and_the_person_can_apply_anew() {
    let world = before_reading(true, true).await;
    while !matches!(world.next().await, NextStep::Wait { .. }) {
        world.obey().await.unwrap();
    }
    world.authority.reject("card-signature-revoked");
    world.hear(1).await;
    assert_eq!(world.noted().await.unwrap(), "card-signature-revoked");
    assert_eq!(world.next().await, NextStep::CardPassword);
    let stage = world.state().await.enrolment.unwrap().stage;
    assert_eq!(stage, EnrolmentStage::Ended { code: "card-signature-revoked".to_owned() });
    assert_eq!(world.refused(json!({"step": "register"})).await, "step-out-of-turn");
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_1_registration_is_taken_up_after_it_was_left() {
    let world = before_reading(true, true).await;
    assert_eq!(world.refused(begin("register")).await, "procedure-open");
    while !matches!(world.next().await, NextStep::Wait { .. }) {
        world.obey().await.unwrap();
    }
    // Waiting is no reason to keep a person from anything else.
    world.step(begin("revoke")).await.unwrap();
    world.step(json!({"step": "cancel"})).await.unwrap();
    let taken_up = world.step(begin("register")).await.unwrap().procedure.unwrap();
    assert_eq!(taken_up.procedure, Procedure::Register);
    assert!(matches!(taken_up.next, NextStep::Wait { .. }));
    world.obey_to_the_end().await;
    assert_eq!(world.authority.acts().last(), Some(&"registration"));
    assert_eq!(world.refused(begin("register")).await, "no-such-registration");
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_1_a_phone_that_never_applied_has_nothing_to_register() {
    let world = World::new().await;
    assert_eq!(world.refused(begin("register")).await, "no-such-registration");
    let reset = json!({"step": "begin", "procedure": "reset-pin"});
    assert_eq!(world.refused(reset).await, "bad-request", "which PIN is not said");
    assert_eq!(world.authority.seen(), 0);
}
