//! The service ends and starts anew: between all steps, and at every request of a step.

use std::sync::Arc;

use axum::http::StatusCode;
use inrou_api::wire::phone::NextStep;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::authority::Fault;
use crate::house::{CARD_PASSWORD, hanako};
use crate::world::{PHONE_PASSWORD, World, begin, card_password, choose};

const CARRY: [&str; 5] = ["phone", "enrolment", "application", "completion", "registration"];
const REVOKE: [&str; 3] = ["request", "revocation", "deletion"];
const RESET: [&str; 2] = ["request", "reset"];

fn reset() -> Value {
    json!({"step": "begin", "procedure": "reset-pin", "usage": "signature"})
}

/// What was done since the certificates were carried.
fn done_after(world: &World) -> Vec<&'static str> {
    world.authority.acts().into_iter().skip(CARRY.len()).collect()
}

/// Obeys to the end, and begins the service anew before every step.
async fn obey_with_restarts(world: &World) {
    loop {
        world.reopen().await;
        check_memory(world);
        if !world.obey().await.unwrap() {
            return;
        }
        // A password that was typed is not there after a restart: the step after it comes at once.
        if world.next().await == NextStep::Choose {
            world.step(choose(true, true)).await.unwrap();
        }
        if world.next().await == NextStep::ReadCard {
            world.put_card("hanako").await.unwrap();
            world.step(json!({"step": "read-card"})).await.unwrap();
        }
    }
}

/// No secret and no attribute is stored.
fn check_memory(world: &World) {
    let memory = world.fleet_directory().join("p").join("phone.json");
    let memory = std::fs::read_to_string(memory).unwrap();
    for secret in [CARD_PASSWORD, PHONE_PASSWORD, &hanako().name, &hanako().address] {
        assert!(!memory.contains(secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_procedure_goes_on_after_a_restart_between_any_two_steps() {
    let world = World::new().await;
    world.step(begin("apply")).await.unwrap();
    obey_with_restarts(&world).await;
    assert_eq!(world.authority.acts(), CARRY);
    world.step(reset()).await.unwrap();
    obey_with_restarts(&world).await;
    assert_eq!(done_after(&world), RESET);
    world.step(begin("revoke")).await.unwrap();
    obey_with_restarts(&world).await;
    assert_eq!(done_after(&world)[RESET.len()..], REVOKE);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_chosen_is_kept_over_a_restart_and_the_password_is_asked_for_again() {
    let world = World::new().await;
    world.step(begin("apply")).await.unwrap();
    world.step(card_password(CARD_PASSWORD)).await.unwrap();
    world.step(choose(false, true)).await.unwrap();
    world.reopen().await;
    assert_eq!(world.next().await, NextStep::CardPassword);
    world.step(card_password(CARD_PASSWORD)).await.unwrap();
    assert_eq!(world.next().await, NextStep::ReadCard, "the choice stands");
    world.obey().await.unwrap();
    world.reopen().await;
    let applicant = None;
    assert_eq!(world.next().await, NextStep::NewUserAuthenticationPin { applicant });
}

/// Obeys to the end; whenever a PIN was set on the chip, the service ends before it has noted that.
async fn obey_and_forget_new_pins(world: &World) {
    let memory = world.fleet_directory().join("p").join("phone.json");
    let mut forgotten = 0;
    while !matches!(world.next().await, NextStep::Done { .. }) {
        let sets_pin = matches!(
            world.next().await,
            NextStep::NewSignaturePassword { .. } | NextStep::NewUserAuthenticationPin { .. }
        );
        let before = std::fs::read(&memory).unwrap();
        if let Err(problem) = world.obey().await {
            assert_eq!(problem.code, "conflict", "the leave to set a PIN is used up");
        } else if sets_pin && forgotten < 2 {
            forgotten += 1;
            world.reopen().await;
            std::fs::write(&memory, before).unwrap();
        }
    }
    assert!(forgotten > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_5_a_pin_that_was_set_and_not_noted_is_set_again() {
    let world = World::new().await;
    world.step(begin("apply")).await.unwrap();
    obey_and_forget_new_pins(&world).await;
    assert_eq!(world.authority.acts(), CARRY);
    // A reset begins anew: its leave is for once.
    world.step(reset()).await.unwrap();
    obey_and_forget_new_pins(&world).await;
    let password = json!({"signature_password": PHONE_PASSWORD});
    world.post::<Value>("/phones/p/contents", password).await.unwrap();
}

/// Carries a procedure through a world in which one request fails, with a restart right after.
async fn survive(
    prepare: bool,
    first: Value,
    at: usize,
    fault: Fault,
) -> Option<Vec<&'static str>> {
    let world = World::new().await;
    if prepare {
        world.carry_certificates().await;
    }
    let before = world.authority.acts().len();
    let number = world.authority.seen() + at;
    world.authority.fail(number, 1, fault, StatusCode::INTERNAL_SERVER_ERROR);
    world.step(first).await.unwrap();
    let mut failed = 0;
    loop {
        match world.obey().await {
            Ok(true) => {}
            Ok(false) => break,
            Err(problem) => {
                assert_eq!(problem.code, "internal-error", "request {at}, {fault:?}");
                failed += 1;
                world.reopen().await;
                check_memory(&world);
            }
        }
    }
    assert!(failed <= 1, "request {at}, {fault:?}");
    let came = world.authority.seen() > number;
    came.then(|| world.authority.acts().split_off(before))
}

/// Every request of a procedure is lost once, and its answer is lost once.
async fn survive_everywhere(prepare: bool, first: Value, requests: usize, acts: &[&str]) {
    let mut worlds = JoinSet::new();
    let first = Arc::new(first);
    for at in 0..=requests {
        for fault in [Fault::Lost, Fault::AnswerLost] {
            let first = Value::clone(&first);
            worlds.spawn(async move { (at, fault, survive(prepare, first, at, fault).await) });
        }
    }
    for (at, fault, done) in worlds.join_all().await {
        match done {
            Some(done) => assert_eq!(done, acts, "request {at}, {fault:?}"),
            None => assert_eq!(at, requests, "all requests of the procedure were tried"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_survives_the_loss_of_any_request_and_any_answer() {
    survive_everywhere(false, begin("apply"), 12, &CARRY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_survives_the_loss_of_any_request_and_any_answer() {
    survive_everywhere(true, begin("revoke"), 5, &REVOKE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_reset_survives_the_loss_of_any_request_and_any_answer() {
    survive_everywhere(true, reset(), 5, &RESET).await;
}
