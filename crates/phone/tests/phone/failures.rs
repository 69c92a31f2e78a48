//! An authority that is out of reach, loses answers, restarts; steps that come at once.

use std::sync::Arc;

use axum::http::StatusCode;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::phone::NextStep;
use inrou_rules::Refusal;
use serde_json::json;

use crate::authority::Fault;
use crate::world::{PHONE_PASSWORD, PHONE_PIN, World, begin, new_password, new_pin, soon};

/// A world in which `reached` is the next step.
async fn at(reached: impl Fn(&NextStep) -> bool) -> World {
    let world = World::new().await;
    world.step(begin("apply")).await.unwrap();
    while !reached(&world.next().await) {
        assert!(world.obey().await.unwrap());
    }
    world
}

fn is_read(next: &NextStep) -> bool {
    matches!(next, NextStep::ReadCard)
}

fn is_pin(next: &NextStep) -> bool {
    matches!(next, NextStep::NewUserAuthenticationPin { .. })
}

fn is_register(next: &NextStep) -> bool {
    matches!(next, NextStep::Register)
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_6_nothing_is_lost_while_the_authority_is_out_of_reach() {
    let world = at(is_read).await;
    world.authority.out_of_reach();
    assert_eq!(world.obey().await.unwrap_err().code, "service-unavailable");
    assert_eq!(world.next().await, NextStep::ReadCard, "the password is kept");
    world.authority.mend();
    world.obey().await.unwrap();

    world.step(new_password(PHONE_PASSWORD)).await.unwrap();
    world.authority.out_of_reach();
    assert_eq!(world.refused(new_pin(PHONE_PIN)).await, "service-unavailable");
    assert_eq!(world.next().await, NextStep::Complete, "the PINs are set");
    assert_eq!(world.noted().await.unwrap(), "service-unavailable");
    world.authority.mend();
    world.obey_to_the_end().await;
    let acts = ["phone", "enrolment", "application", "completion", "registration"];
    assert_eq!(world.authority.acts(), acts);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_was_signed_is_sent_later_without_the_card() {
    let world = at(is_read).await;
    world.authority.refuse("/application", Problem::new(Code::STORE_UNAVAILABLE));
    assert_eq!(world.obey().await.unwrap_err().code, "store-unavailable");
    assert_eq!(world.next().await, NextStep::Complete);
    world.take_card_away().await;
    world.reopen().await;
    assert_eq!(world.refused(json!({"step": "complete"})).await, "store-unavailable");
    world.authority.mend();
    world.step(json!({"step": "complete"})).await.unwrap();
    assert!(matches!(world.next().await, NextStep::NewSignaturePassword { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_for_again_under_the_same_key() {
    let world = at(is_read).await;
    // The three requests that register the phone come first.
    let begins = world.authority.seen() + 3;
    world.authority.fail(begins, 1, Fault::AnswerLost, StatusCode::SERVICE_UNAVAILABLE);
    world.obey_to_the_end().await;
    let acts = ["phone", "enrolment", "application", "completion", "registration"];
    assert_eq!(world.authority.acts(), acts);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_1_a_session_that_is_lost_is_opened_anew() {
    for lost in 0..20 {
        let world = at(is_read).await;
        let number = world.authority.seen() + lost;
        world.authority.fail(number, 1, Fault::SessionsForgotten, StatusCode::OK);
        world.obey_to_the_end().await;
        let acts = ["phone", "enrolment", "application", "completion", "registration"];
        assert_eq!(world.authority.acts(), acts, "before request {lost}");
        if world.authority.seen() <= number {
            assert!(lost > 10, "every request was tried");
            return;
        }
    }
    panic!("there are more requests than that");
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_1_an_authority_that_keeps_losing_sessions_is_told_and_tried_again() {
    let world = at(is_register).await;
    world.authority.refuse("/sessions/", Problem::new(Code::SESSION_LOST));
    assert_eq!(world.obey().await.unwrap_err().code, "session-lost");
    assert_eq!(world.next().await, NextStep::Register);
    world.authority.mend();
    world.obey_to_the_end().await;
    assert_eq!(world.authority.acts().last(), Some(&"registration"));
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_at_every_request_leave_the_person_where_it_can_go_on() {
    for (path, code, next) in [
        ("/enrolments", "not-on-register", NextStep::ReadCard),
        ("/sessions", "not-on-register", NextStep::ReadCard),
        ("/application", "not-on-register", NextStep::Choose),
    ] {
        let world = at(is_read).await;
        let standing = inrou_rules::Standing::Died;
        world.authority.refuse(path, Refusal::NotOnRegister { standing });
        assert_eq!(world.obey().await.unwrap_err().code, code, "{path}");
        assert_eq!(world.next().await, next, "{path}");
        world.authority.mend();
        world.obey_to_the_end().await;
    }
    let world = at(is_pin).await;
    world.authority.refuse("/completion", Refusal::NoSuchApplication);
    assert_eq!(world.obey().await.unwrap_err().code, "no-such-application");
    assert_eq!(world.next().await, NextStep::CardPassword);
    world.authority.mend();
    world.obey_to_the_end().await;

    let world = at(is_register).await;
    world.authority.refuse("/sessions", Refusal::NoSuchRegistration);
    assert_eq!(world.obey().await.unwrap_err().code, "no-such-registration");
    assert_eq!(world.next().await, NextStep::Register, "the authority still has it ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_the_authority_forgot_makes_itself_known_anew() {
    let world = at(is_pin).await;
    world.authority.forget_phones();
    assert_eq!(world.obey().await.unwrap_err().code, "phone-unknown");
    assert_eq!(world.next().await, NextStep::Complete);
    world.obey_to_the_end().await;
    let acts = ["phone", "enrolment", "application", "phone", "completion", "registration"];
    assert_eq!(world.authority.acts(), acts);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_step_at_a_time_and_it_ends_though_the_caller_goes_away() {
    let world = Arc::new(at(is_read).await);
    world.put_card("hanako").await.unwrap();
    world.authority.hold();
    let number = world.authority.seen();
    let caller = {
        let world = world.clone();
        tokio::spawn(async move { world.step(json!({"step": "read-card"})).await })
    };
    world.authority.came(number).await;
    assert_eq!(world.refused(json!({"step": "cancel"})).await, "phone-busy");
    assert_eq!(world.next().await, NextStep::ReadCard, "looking is free");
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    world.authority.release();
    soon(async {
        while !matches!(world.next().await, NextStep::NewSignaturePassword { .. }) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
