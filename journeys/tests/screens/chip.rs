//! S0 1-E: what the chip holds (REG-3); and its PINs: changed, forgotten (PIN-2).

use inrou_journeys::browser::{Person, Way};
use inrou_journeys::hana::{CARD_PASSWORD, PHONE_PASSWORD, PHONE_PIN};

use crate::house::House;

in_every_way!(
    s0_1_e_what_the_chip_holds,
    pin_2_hana_changes_her_pins,
    pin_2_hana_has_forgotten_a_pin
);

async fn s0_1_e_what_the_chip_holds(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let mut hana = Person::new("contents", way).await;
    hana.goes_to(&house.phone("hana-phone", "")).await;
    hana.presses("button.check-certificate").await;
    hana.sees("S0 1-E 3", "button.check-certificate").await;
    hana.types("step.phone-password-of", "WRONG123").await;
    hana.presses("button.show-certificates").await;
    hana.is_told("S0 1-E 5", "wrong-pin").await;
    hana.types("step.phone-password-of", PHONE_PASSWORD).await;
    hana.types("transaction-page.pin", PHONE_PIN).await;
    hana.presses("button.show-certificates").await;
    hana.waits_for_words(&hana.words("fact.serial")).await;
    hana.sees("S0 1-E 3", "button.check-certificate").await;
    hana.leaves().await;
    house.ends().await;
}

async fn pin_2_hana_changes_her_pins(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let mut hana = Person::new("pin-change", way).await;
    hana.goes_to(&house.phone("hana-phone", "")).await;
    hana.presses("pins-page.title").await;
    hana.sees("PIN-2", "pins-page.title").await;
    hana.presses("pin-change.signature").await;
    hana.sees("PIN-2", "pin-change.signature").await;
    hana.types("field-of.old-password", "WRONG123").await;
    hana.types("field-of.changed-password", "NEWPASS1").await;
    hana.types("field-of.changed-password-again", "NEWPASS1").await;
    hana.presses("button.change-pin").await;
    hana.is_told("PIN-1", "wrong-pin").await;
    hana.types("field-of.old-password", PHONE_PASSWORD).await;
    hana.types("field-of.changed-password", "NEWPASS1").await;
    hana.types("field-of.changed-password-again", "NEWPASS1").await;
    hana.presses("button.change-pin").await;
    hana.sees("PIN-2", "pin-change.done").await;
    hana.goes_to(&house.phone("hana-phone", "/pins/user-authentication")).await;
    hana.sees("PIN-2", "pin-change.user-authentication").await;
    hana.types("field-of.old-pin", PHONE_PIN).await;
    hana.types("field-of.changed-pin", "1234").await;
    hana.types("field-of.changed-pin-again", "1234").await;
    hana.presses("button.change-pin").await;
    hana.sees("PIN-2", "pin-change.done").await;
    assert!(hana.page_says(&hana.words("weak-pin.change-advised")).await);
    hana.leaves().await;
    house.ends().await;
}

async fn pin_2_hana_has_forgotten_a_pin(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let mut hana = Person::new("pin-forgotten", way).await;
    hana.goes_to(&house.phone("hana-phone", "")).await;
    hana.presses("button.forgotten").await;
    hana.sees("S0 2-G 4 forgotten", "button.forgotten").await;
    hana.presses("forgotten.reset-user-authentication").await;
    hana.sees("PIN-2", "step.card-password").await;
    hana.types("field-of.password", CARD_PASSWORD).await;
    hana.presses("button.next").await;
    hana.sees("PIN-2", "step.read-card").await;
    hana.ticks_words("hana").await;
    hana.presses("button.read-card").await;
    hana.sees("PIN-2", "step.new-user-authentication-pin").await;
    hana.types("field-of.new-pin", "8046").await;
    hana.types("field-of.pin-again", "8046").await;
    hana.presses("button.next").await;
    hana.sees("PIN-2", "step.pin-reset").await;
    hana.leaves().await;
    house.ends().await;
}
