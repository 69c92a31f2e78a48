//! Ending use (END).

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::phone::{ChipContents, NextStep};
use inrou_rules::{CertificateStatus, Refusal};
use serde_json::{Value, json};

use crate::authority::Fault;
use crate::house::CARD_PASSWORD;
use crate::world::{PHONE_PASSWORD, World, begin, card_password, phone_password};

fn confirm(with_card: bool) -> Value {
    json!({"step": "confirm-revocation", "confirmed": true, "with_card": with_card})
}

async fn carrying() -> World {
    let world = World::new().await;
    world.carry_certificates().await;
    world.step(begin("revoke")).await.unwrap();
    world
}

async fn contents(world: &World) -> ChipContents {
    world.post("/phones/p/contents", json!({})).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn end_2_the_phones_password_revokes_and_the_chip_is_emptied() {
    let world = carrying().await;
    assert_eq!(contents(&world).await.keys.len(), 2);
    let mut unticked = confirm(false);
    unticked["confirmed"] = false.into();
    let problem = world.step(unticked).await.unwrap_err();
    assert_eq!(
        (problem.code.as_str(), problem.rule.as_deref()),
        ("revocation-not-confirmed", Some("END-2"))
    );
    world.step(confirm(false)).await.unwrap();
    let procedure = world.state().await.procedure.unwrap();
    assert_eq!((procedure.next, procedure.tries_left), (NextStep::PhonePassword, Some(5)));
    let done = world.step(phone_password(PHONE_PASSWORD)).await.unwrap();
    assert_eq!(done.procedure.unwrap().next, NextStep::Done { usable_from: None });
    let revoked = |status| matches!(status, CertificateStatus::Revoked { .. });
    assert!(done.certificates.iter().all(|certificate| revoked(certificate.status)));
    assert_eq!(contents(&world).await.keys, []);
    assert_eq!(world.authority.acts()[5..], ["request", "revocation", "deletion"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn end_3_the_card_at_hand_revokes_instead() {
    let world = carrying().await;
    world.step(confirm(false)).await.unwrap();
    // お手元のカードを利用する, on the screen of the password.
    world.step(confirm(true)).await.unwrap();
    assert_eq!(world.next().await, NextStep::CardPassword);
    world.step(card_password(CARD_PASSWORD)).await.unwrap();
    assert_eq!(world.next().await, NextStep::ReadCard);
    world.put_card("hanako").await.unwrap();
    world.step(json!({"step": "read-card"})).await.unwrap();
    assert_eq!(world.next().await, NextStep::Done { usable_from: None });
    assert_eq!(contents(&world).await.keys, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn pin_1_a_wrong_password_is_told_until_it_locks_and_the_card_still_serves() {
    let world = carrying().await;
    world.step(confirm(false)).await.unwrap();
    for left in (1..=4).rev() {
        let problem = world.step(phone_password("WRONG123")).await.unwrap_err();
        assert_eq!((problem.code.as_str(), problem.rule.as_deref()), ("wrong-pin", Some("PIN-1")));
        assert_eq!(problem.params["pin"], "phone-signature");
        assert_eq!(problem.params["left"], left.to_string());
        let tries_left = world.state().await.procedure.unwrap().tries_left;
        assert_eq!(tries_left, Some(left));
    }
    assert_eq!(world.refused(phone_password("WRONG123")).await, "pin-blocked");
    assert_eq!(world.refused(phone_password(PHONE_PASSWORD)).await, "pin-blocked");
    assert_eq!(world.next().await, NextStep::PhonePassword);
    world.step(confirm(true)).await.unwrap();
    world.obey_to_the_end().await;
    assert_eq!(contents(&world).await.keys, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn end_2_a_refused_way_lets_the_person_take_the_other() {
    let world = carrying().await;
    world.authority.refuse("/requests/", Refusal::PhoneSignatureUnusable);
    world.step(confirm(false)).await.unwrap();
    let refused = world.refused(phone_password(PHONE_PASSWORD)).await;
    assert_eq!(refused, "phone-signature-unusable");
    assert_eq!(world.next().await, NextStep::ConfirmRevocation);
    assert_eq!(contents(&world).await.keys.len(), 2, "nothing is deleted");
    world.authority.mend();
    world.step(confirm(true)).await.unwrap();
    world.obey_to_the_end().await;
    assert_eq!(contents(&world).await.keys, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn end_2_the_deletion_is_made_up_for() {
    let world = carrying().await;
    world.authority.refuse("/sessions", Problem::new(Code::STORE_UNAVAILABLE));
    world.step(confirm(false)).await.unwrap();
    let refused = world.refused(phone_password(PHONE_PASSWORD)).await;
    assert_eq!(refused, "store-unavailable");
    assert_eq!(world.next().await, NextStep::Delete);
    assert_eq!(contents(&world).await.keys.len(), 2);
    world.authority.mend();
    world.reopen().await;
    world.step(json!({"step": "delete"})).await.unwrap();
    assert_eq!(contents(&world).await.keys, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn end_2_a_deletion_that_was_confirmed_before_is_done() {
    let world = carrying().await;
    let last = world.authority.seen() + 3;
    let status = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
    world.authority.fail(last + 1, 1, Fault::AnswerLost, status);
    world.step(confirm(false)).await.unwrap();
    assert_eq!(world.refused(phone_password(PHONE_PASSWORD)).await, "internal-error");
    assert_eq!(world.next().await, NextStep::Delete);
    world.step(json!({"step": "delete"})).await.unwrap();
    assert_eq!(world.next().await, NextStep::Done { usable_from: None });
    assert_eq!(world.noted().await, None);
    assert_eq!(contents(&world).await.keys, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_carries_none_says_so_before_anything_is_signed() {
    let world = World::new().await;
    world.step(begin("revoke")).await.unwrap();
    world.step(confirm(false)).await.unwrap();
    assert_eq!(world.refused(phone_password(PHONE_PASSWORD)).await, "phone-carries-none");
    assert_eq!(world.next().await, NextStep::PhonePassword);
}
