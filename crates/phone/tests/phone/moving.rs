//! Changing phones, other phones, phones that are lost and found (MOVE, LOSS).

use inrou_api::wire::authority::Resumption;
use inrou_api::wire::phone::{ChipContents, NextStep, PhoneState};
use inrou_rules::{CertificateStatus, Use, Uses};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::house::CARD_PASSWORD;
use crate::world::{PHONE_PASSWORD, World, begin, card_password, choose, new_password, soon};

const SIGNATURE: Uses = Uses { signature: true, user_authentication: false };
const AUTHENTICATION: Uses = Uses { signature: false, user_authentication: true };

fn read_card() -> Value {
    json!({"step": "read-card"})
}

fn consent() -> Value {
    json!({"step": "consent-to-replacement"})
}

/// What the chip holds, once the phone has time for it: it may be deleting by itself.
async fn contents(world: &World) -> ChipContents {
    let mut found = None;
    soon(async {
        while found.is_none() {
            match world.post("/phones/p/contents", json!({})).await {
                Ok(contents) => found = Some(contents),
                Err(problem) => assert_eq!(problem.code, "phone-busy"),
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    found.unwrap()
}

/// A world in which the card has signed a change of phone.
async fn signed() -> World {
    let world = World::new().await;
    world.step(begin("change-phone")).await.unwrap();
    world.step(card_password(CARD_PASSWORD)).await.unwrap();
    world.step(choose(true, true)).await.unwrap();
    world.put_card("hanako").await.unwrap();
    world.step(read_card()).await.unwrap();
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn move_1_nothing_is_sent_before_the_consent() {
    let world = signed().await;
    assert_eq!(world.next().await, NextStep::ConsentToReplacement);
    assert_eq!(world.authority.acts(), ["phone", "enrolment"], "the card has signed, that is all");
    assert_eq!(world.refused(new_password(PHONE_PASSWORD)).await, "step-out-of-turn");
    assert_eq!(world.refused(json!({"step": "complete"})).await, "step-out-of-turn");
    world.reopen().await;
    assert_eq!(world.next().await, NextStep::ConsentToReplacement, "nor by a restart");
    world.step(consent()).await.unwrap();
    assert_eq!(world.authority.acts().last(), Some(&"application"));
    assert!(matches!(world.next().await, NextStep::NewSignaturePassword { .. }));
    world.obey_to_the_end().await;
    assert_eq!(contents(&world).await.keys.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn move_1_a_consent_that_comes_too_late_is_asked_for_anew() {
    let world = signed().await;
    world.advance(SignedDuration::from_mins(11));
    assert_eq!(world.refused(consent()).await, "challenge-expired");
    assert_eq!(world.next().await, NextStep::ReadCard, "what was typed is kept");
    world.step(read_card()).await.unwrap();
    assert_eq!(world.next().await, NextStep::ConsentToReplacement);
    world.step(consent()).await.unwrap();
    assert!(matches!(world.next().await, NextStep::NewSignaturePassword { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn move_1_who_does_not_consent_gives_it_up() {
    let world = signed().await;
    world.step(json!({"step": "cancel"})).await.unwrap();
    assert_eq!(world.state().await.procedure, None);
    assert_eq!(world.authority.acts(), ["phone", "enrolment"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn move_5_an_iphone_has_no_change_of_phone() {
    let world = World::new().await;
    let iphone = json!({"name": "i", "platform": "iphone", "model": "Sandbox Phone 8"});
    world.post::<PhoneState>("/phones", iphone).await.unwrap();
    let refused = world.post::<PhoneState>("/phones/i/steps", begin("change-phone")).await;
    assert_eq!(refused.unwrap_err().code, "phone-not-supported");
}

/// Waits until the phone has deleted by itself.
async fn deletes(world: &World) -> PhoneState {
    soon(async {
        while world.state().await.deleted.is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    world.state().await
}

#[tokio::test(flavor = "multi_thread")]
async fn move_3_an_old_phone_that_hears_of_it_deletes_by_itself_and_keeps_the_receipt() {
    let world = World::new().await;
    world.carry_certificates().await;
    // Not even what somebody began there and left keeps it.
    let reset = json!({"step": "begin", "procedure": "reset-pin", "usage": "signature"});
    world.step(reset).await.unwrap();
    world.authority.revoke_elsewhere();
    let state = deletes(&world).await;
    assert_eq!(contents(&world).await.keys, []);
    assert_eq!(world.authority.acts().last(), Some(&"deletion"));
    assert_eq!(state.deletion_due, None);
    let deleted = state.deleted.unwrap();
    assert_eq!(deleted.at, world.now());
    assert!(!deleted.proof.unwrap().receipt.0.is_empty());
    world.reopen().await;
    assert!(world.state().await.deleted.is_some(), "after a restart too");
    // New certificates: the proof is no more.
    world.step(json!({"step": "cancel"})).await.unwrap();
    world.step(begin("apply")).await.unwrap();
    while !matches!(world.next().await, NextStep::Wait { .. }) {
        world.obey().await.unwrap();
    }
    world.authority.issue();
    world.hear(3).await;
    world.obey_to_the_end().await;
    assert_eq!(world.state().await.deleted, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn move_3_an_old_phone_without_network_deletes_when_it_is_back() {
    let world = World::new().await;
    world.carry_certificates().await;
    let refusal = inrou_api::problem::Problem::new(inrou_api::problem::Code::STORE_UNAVAILABLE);
    world.authority.refuse("/sessions", refusal);
    world.authority.revoke_elsewhere();
    world.hear(2).await;
    assert!(world.state().await.deletion_due.is_some());
    assert_eq!(contents(&world).await.keys.len(), 2);
    world.authority.mend();
    world.reopen().await;
    deletes(&world).await;
    assert_eq!(contents(&world).await.keys, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn move_6_what_is_on_another_phone_is_revoked_with_the_card() {
    let world = World::new().await;
    world.step(begin("revoke-other")).await.unwrap();
    assert_eq!(world.next().await, NextStep::CardPassword);
    world.obey_to_the_end().await;
    assert_eq!(world.authority.acts(), ["phone", "request", "other-revocation"]);
    assert_eq!(world.state().await.deleted, None, "nothing was on this one");
}

#[tokio::test(flavor = "multi_thread")]
async fn loss_2_what_resuming_leads_to_is_told_before_the_card_is_read() {
    let world = World::new().await;
    world.carry_certificates().await;
    assert_eq!(world.refused(begin("resume")).await, "nothing-held");
    let told = Resumption { resumed: AUTHENTICATION, anew: SIGNATURE, emptied: false };
    world.authority.put_on_hold(told);
    world.hear(2).await;
    let begun = world.step(begin("resume")).await.unwrap();
    assert_eq!(begun.resumption, Some(told));
    assert_eq!(begun.procedure.unwrap().next, NextStep::ConfirmResumption);
    assert_eq!(world.refused(card_password(CARD_PASSWORD)).await, "step-out-of-turn");
    world.obey_to_the_end().await;
    assert_eq!(world.authority.acts()[5..], ["request", "resumption"]);
    let state = world.state().await;
    assert_eq!(state.resumption, None);
    let active = |usage: Use| {
        let mut of_use = state.certificates.iter().filter(|view| view.usage == usage);
        of_use.any(|view| matches!(view.status, CertificateStatus::Active { .. }))
    };
    assert!(active(Use::UserAuthentication) && !active(Use::Signature));
}

#[tokio::test(flavor = "multi_thread")]
async fn loss_2_a_phone_that_keeps_nothing_is_emptied() {
    let world = World::new().await;
    world.carry_certificates().await;
    let told = Resumption { resumed: Uses::NONE, anew: Uses::BOTH, emptied: true };
    world.authority.put_on_hold(told);
    world.hear(2).await;
    world.step(begin("resume")).await.unwrap();
    world.obey_to_the_end().await;
    assert_eq!(world.authority.acts()[5..], ["request", "resumption", "deletion"]);
    assert_eq!(contents(&world).await.keys, []);
}
