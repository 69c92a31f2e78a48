//! Cards on the table, on phones, lent out, taken away.

use std::sync::Arc;

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::phone::{CardsOnTable, NextStep, PhoneState};
use inrou_chip::image::Personality;
use inrou_chip::personalisation;
use inrou_phone::Maker;
use inrou_rules::{ChipId, Refusal};
use serde_json::json;
use tokio::runtime::Handle;

use crate::house::CARD_PASSWORD;
use crate::world::{World, begin, card_password, choose};

/// A world in which the card is to be read.
async fn before_reading() -> World {
    let world = World::new().await;
    world.step(begin("apply")).await.unwrap();
    world.step(card_password(CARD_PASSWORD)).await.unwrap();
    world.step(choose(true, true)).await.unwrap();
    world
}

async fn read(world: &World) -> Result<PhoneState, String> {
    world.step(json!({"step": "read-card"})).await.map_err(|problem| problem.code)
}

/// How many tries the card's password has left.
async fn tries_left(world: &World) -> u8 {
    world.state().await.procedure.unwrap().tries_left.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_6_a_card_that_is_taken_away_at_any_moment_is_read_again_without_typing() {
    let world = Arc::new(before_reading().await);
    for moment in 0.. {
        world.put_card("hanako").await.unwrap();
        let (hand, runtime) = (Arc::downgrade(&world), Handle::current());
        *world.watch.lock().unwrap() = Some(Box::new(move |command| {
            if command == moment {
                let world = hand.upgrade().unwrap();
                runtime.block_on(world.take_card_away());
            }
        }));
        let outcome = read(&world).await;
        *world.watch.lock().unwrap() = None;
        match outcome {
            Err(code) => {
                // A command that is on its way to the card when it leaves may still be answered.
                assert_eq!(code, "card-removed", "at command {moment}");
                assert_eq!(world.state().await.card, None);
                assert_eq!(world.next().await, NextStep::ReadCard, "the password is kept");
                assert_eq!(read(&world).await.unwrap_err(), "card-not-present");
            }
            Ok(_) => {
                assert!(moment > 10, "the read has more commands than {moment}");
                break;
            }
        }
    }
    assert!(matches!(world.next().await, NextStep::NewSignaturePassword { .. }));
    assert_eq!(world.authority.acts(), ["phone", "enrolment", "application"]);
    world.step(json!({"step": "cancel"})).await.unwrap();
    world.step(begin("apply")).await.unwrap();
    world.put_card("hanako").await.unwrap();
    assert_eq!(tries_left(&world).await, 5, "no try was lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_4_a_password_that_opened_one_card_costs_another_no_try() {
    let world = before_reading().await;
    world.authority.refuse("/application", Problem::new(Code::CHALLENGE_EXPIRED));
    world.put_card("hanako").await.unwrap();
    assert_eq!(read(&world).await.unwrap_err(), "challenge-expired");
    world.authority.mend();
    world.put_card("other").await.unwrap();
    assert_eq!(read(&world).await.unwrap_err(), "wrong-card");
    assert_eq!(tries_left(&world).await, 5);
    world.put_card("hanako").await.unwrap();
    read(&world).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_6_a_card_that_is_refused_does_not_keep_another_from_being_read() {
    let world = before_reading().await;
    let empty = world.house.card(ChipId::from_bytes([0xEF; 16]), false, world.now());
    world.cards.create(&"empty".parse().unwrap(), empty).unwrap();
    world.put_card("empty").await.unwrap();
    assert_eq!(read(&world).await.unwrap_err(), "card-carries-none");
    // The card itself is good, and the authority does not take it.
    let not_after = world.now();
    world.authority.refuse("/application", Refusal::CardSignatureExpired { not_after });
    world.put_card("other").await.unwrap();
    assert_eq!(read(&world).await.unwrap_err(), "card-signature-expired");
    assert_eq!(world.next().await, NextStep::ReadCard, "what was chosen is kept");
    world.authority.mend();
    world.put_card("hanako").await.unwrap();
    read(&world).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_1_what_is_no_card_with_a_signature_certificate_is_told() {
    let world = before_reading().await;
    let chip = ChipId::from_bytes([0xEE; 16]);
    let issuer = world.house.manufacture(&chip).unwrap();
    let phone = personalisation::phone(Personality::Android, chip, issuer);
    world.cards.create(&"a-phone".parse().unwrap(), phone).unwrap();
    let empty = world.house.card(ChipId::from_bytes([0xEF; 16]), false, world.now());
    world.cards.create(&"empty".parse().unwrap(), empty).unwrap();
    for (card, code) in [("a-phone", "not-a-my-number-card"), ("empty", "card-carries-none")] {
        world.put_card(card).await.unwrap();
        world.step(card_password(CARD_PASSWORD)).await.unwrap();
        assert_eq!(read(&world).await.unwrap_err(), code, "{card}");
        assert_eq!(world.next().await, NextStep::ReadCard);
    }
    let table: CardsOnTable = world.get("/cards").await.unwrap();
    assert_eq!(table.cards, ["empty", "hanako", "other"], "a phone is no card");
}

#[test]
fn card_3_who_is_under_15_is_not_sent_to_the_counter_for_a_signature_certificate() {
    let now = inrou_words::error("card-carries-none").unwrap().now();
    let told = |usage: &str| {
        let said = now.in_language(inrou_words::Language::Ja);
        said.with("usage", inrou_words::Value::Name(usage)).render(inrou_words::Form::Plain)
    };
    assert!(
        told("signature").starts_with("15歳未満の方には発行されません。"),
        "{}",
        told("signature")
    );
    assert!(!told("user-authentication").contains("15歳"), "which has no such bound");
}

#[tokio::test(flavor = "multi_thread")]
async fn card_14_a_card_that_is_elsewhere_is_busy() {
    let world = before_reading().await;
    assert_eq!(world.put_card("nobody").await.unwrap_err().code, "not-found");
    assert_eq!(world.put_card("../phones").await.unwrap_err().code, "not-found");
    let hanako = "hanako".parse().unwrap();
    world.cards.lend(&hanako, "inrou card attach").unwrap();
    assert_eq!(world.put_card("hanako").await.unwrap_err().code, "card-busy");
    world.cards.take_back(&hanako);
    world.put_card("hanako").await.unwrap();

    // Lent out while it lies on the phone.
    world.cards.lend(&hanako, "inrou card attach").unwrap();
    assert_eq!(read(&world).await.unwrap_err(), "card-busy");
    assert_eq!(world.next().await, NextStep::ReadCard);
    world.cards.take_back(&hanako);
    read(&world).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_lies_on_one_phone_at_a_time() {
    let world = World::new().await;
    world.put_card("hanako").await.unwrap();
    let second = json!({"name": "q", "platform": "android", "model": "Sandbox Phone 8"});
    world.post::<PhoneState>("/phones", second).await.unwrap();
    let put = async |card: &str| {
        let body = Some(json!({"card": card}));
        world.call(axum::http::Method::PUT, "/phones/q/card", body).await
    };
    // Whoever puts it to another one has taken it away.
    put("other").await.unwrap();
    put("hanako").await.unwrap();
    let other: PhoneState = world.get("/phones/q").await.unwrap();
    assert_eq!(other.card.as_deref(), Some("hanako"));
    assert_eq!(world.state().await.card, None);
}
