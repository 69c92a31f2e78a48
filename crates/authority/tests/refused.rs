//! Steps of counter and phone that are refused, by their codes.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

#[path = "support/applying.rs"]
mod applying;
#[path = "support/house.rs"]
mod house;

use house::{House, hanako, transmit};
use inrou_api::client::ClientError;
use inrou_api::session::{SessionError, play};
use inrou_api::wire::Hex;
use inrou_api::wire::authority::{
    AdmitResident, ResidentAdmitted, SessionAnswer, SessionStep, SessionWork,
};
use inrou_rules::Uses;

const START: &str = "2026-11-21T01:00:00Z";

fn code<T: std::fmt::Debug>(refused: Result<T, ClientError>) -> String {
    refused.unwrap_err().problem().unwrap().code().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_that_no_certificate_can_hold_are_not_entered() {
    let house = House::at(START).await;
    let mut attributes = hanako();
    attributes.address = "x".repeat(201);
    let admit = AdmitResident { municipality: "13221".parse().unwrap(), attributes };
    let call = house.counter.post("/residents").json(&admit).once(&house.key());
    let refused = call.answer::<ResidentAdmitted>().await;
    assert!(refused.as_ref().unwrap_err().problem().unwrap().param("member").is_some());
    assert_eq!(code(refused), "attributes-malformed");
}

#[tokio::test(flavor = "multi_thread")]
async fn card_1_nothing_is_written_to_a_card_on_which_nothing_is_due() {
    let house = House::at(START).await;
    let resident = house.admit(&hanako()).await;
    let card = house.order_card(resident, &hanako(), Uses::NONE).await;
    let work = SessionWork::WriteCard { resident };
    let played = play(&house.counter, &work, |command| transmit(&card, command)).await;
    let Err(SessionError::Client(error)) = played else { panic!("{played:?}") };
    assert_eq!(error.problem().unwrap().code(), "nothing-to-do");
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_4_an_application_is_signed_after_the_phone_has_made_its_keys() {
    let house = House::at(START).await;
    let resident = house.admit(&hanako()).await;
    let card = house.issue_card(resident, &hanako(), Uses::BOTH).await;
    let phone = house.phone().await;
    let begun = applying::begin(&house, &phone, Uses::BOTH).await.unwrap();
    let signed = applying::sign(&house, &phone, &card, &begun, &[]).await;
    assert_eq!(signed.unwrap_err(), "keys-not-made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_with_an_answer_that_is_not_the_chips() {
    let house = House::at(START).await;
    let phone = house.phone().await;
    let begun = applying::begin(&house, &phone, Uses::BOTH).await.unwrap();
    let work = SessionWork::MakeKeys { enrolment: begun.enrolment };
    let step: SessionStep = phone.client.post("/sessions").json(&work).answer().await.unwrap();
    let SessionStep::Commands { session, .. } = step else { panic!("{step:?}") };
    let forged = SessionAnswer { responses: vec![Hex(vec![0; 30]), Hex(vec![0x90, 0x00])] };
    let path = format!("/sessions/{session}");
    let answer = || phone.client.post(&path).json(&forged).answer::<SessionStep>();
    assert_eq!(code(answer().await), "session-answer-invalid");
    assert_eq!(code(answer().await), "session-lost", "it is over");
}
