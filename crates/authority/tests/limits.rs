//! What may be begun without end is bounded.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

#[path = "support/applying.rs"]
mod applying;
#[path = "support/house.rs"]
mod house;

use applying::{apply, begin};
use house::{House, hanako};
use inrou_api::client::Client;
use inrou_api::clock::Clock;
use inrou_api::wire::authority::{SessionStep, SessionWork};
use inrou_authority::store::Write;
use inrou_pki::SystemEntropy;
use inrou_rules::{ChipId, Platform, Uses};
use jiff::SignedDuration;

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_nobody_signed_for_are_bounded_and_push_out_no_others() {
    let house = House::at("2026-11-21T01:00:00Z").await;
    // Registered: its session is done, and takes no room.
    house.phone().await;
    let api = format!("{}/authority/v1", house.base);
    let entropy = std::sync::Arc::new(SystemEntropy);
    let anybody = Client::new(&api, &[], house.clock.clone(), entropy).unwrap();
    let work = SessionWork::RegisterPhone {
        chip: ChipId::from_bytes([7; 16]),
        platform: Platform::Android,
        model: "Test phone".to_owned(),
    };
    let open = async || anybody.post("/sessions").json(&work).answer::<SessionStep>().await;
    for _ in 0..1000 {
        open().await.unwrap();
    }
    let refused = open().await.unwrap_err();
    let problem = refused.problem().unwrap();
    assert_eq!((problem.code(), problem.param("wait")), ("too-many-requests", Some("600")));
    // Who signs is served all the same.
    let resident = house.admit(&hanako()).await;
    house.issue_card(resident, &hanako(), Uses::BOTH).await;
    house.clock.advance_by(SignedDuration::from_mins(10));
    open().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_that_nobody_signs_are_bounded_on_each_phone() {
    let house = House::at("2026-11-21T01:00:00Z").await;
    let (phone, other) = (house.phone().await, house.phone().await);
    for _ in 0..100 {
        begin(&house, &phone, Uses::BOTH).await.unwrap();
    }
    assert_eq!(begin(&house, &phone, Uses::BOTH).await.unwrap_err(), "too-many-requests");
    let resident = house.admit(&hanako()).await;
    let card = house.issue_card(resident, &hanako(), Uses::BOTH).await;
    apply(&house, &other, &card, Uses::BOTH).await.unwrap();

    house.clock.advance_by(SignedDuration::from_hours(25));
    house.store.commit(Write::Prune { now: house.clock.now(), limit: 1000 }.into()).unwrap();
    begin(&house, &phone, Uses::BOTH).await.unwrap();
}
