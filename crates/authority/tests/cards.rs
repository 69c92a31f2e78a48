//! Cards on a counter's reader, where the resident's choice changes while they are written.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

#[path = "support/house.rs"]
mod house;

use house::{CARD_PASSWORD, CARD_PIN, House, hanako, set_pins};
use inrou_api::wire::authority::{
    Attendance, CardPin, ChooseCertificates, ResidentView, SessionOutcome, UnlockCard,
};
use inrou_rules::{Use, Uses};

#[tokio::test(flavor = "multi_thread")]
async fn card_1_a_certificate_ordered_after_the_keys_were_made_has_a_key_made_as_well() {
    let house = House::at("2026-11-21T01:00:00Z").await;
    let resident = house.admit(&hanako()).await;
    let one = Uses::from_iter([Use::Signature]);
    let card = house.order_card(resident, &hanako(), one).await;
    house.write_card(resident, &card).await;

    let choice = ChooseCertificates {
        uses: Uses::BOTH,
        attendance: Attendance::InPerson,
        counter: "13221".parse().unwrap(),
    };
    let path = format!("/residents/{resident}/card/certificates");
    let _: ResidentView = house.counter.post(&path).json(&choice).answer().await.unwrap();

    house.write_card(resident, &card).await;
    set_pins(&card, Uses::BOTH, CARD_PASSWORD, CARD_PIN);
    let written = house.write_card(resident, &card).await;
    let SessionOutcome::CardWritten { certificates, .. } = written else { panic!("{written:?}") };
    let uses: Uses = certificates.iter().map(|certificate| certificate.usage).collect();
    assert_eq!(uses, Uses::BOTH);
}

#[tokio::test(flavor = "multi_thread")]
async fn card_6_pins_that_are_unlocked_at_the_same_time_are_all_unlocked() {
    let house = House::at("2026-11-21T01:00:00Z").await;
    let resident = house.admit(&hanako()).await;
    let card = house.issue_card(resident, &hanako(), Uses::BOTH).await;
    let pins = [CardPin::Signature, CardPin::UserAuthentication, CardPin::CardFace];
    let path = format!("/residents/{resident}/card/unlock");
    for _ in 0..5 {
        let calls = pins.map(|pin| {
            let counter = "13221".parse().unwrap();
            let unlock = UnlockCard { pin, attendance: Attendance::InPerson, counter };
            tokio::spawn(house.counter.post(&path).json(&unlock).bytes())
        });
        for call in calls {
            call.await.unwrap().unwrap();
        }
        let written = house.write_card(resident, &card).await;
        let SessionOutcome::CardWritten { pins: unlocked, .. } = written else {
            panic!("{written:?}")
        };
        assert_eq!(unlocked.len(), pins.len());
    }
}
