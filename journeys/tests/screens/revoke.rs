//! S0 2-G, S2 2-F: ending the use of the phone's certificates, by the app's password and by the card.

use inrou_journeys::browser::{Person, Way};
use inrou_journeys::hana::{CARD_PASSWORD, PHONE_PASSWORD};

use crate::house::House;

in_every_way!(s0_2_g_by_the_phones_password, s0_2_g_by_the_card);

async fn s0_2_g_by_the_phones_password(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let mut hana = Person::new("revoke", way).await;
    hana.goes_to(&house.phone("hana-phone", "")).await;
    hana.sees("S0 2-G 1", "button.menu").await;
    hana.presses("button.revocation").await;
    hana.sees("S0 2-G 3", "step.confirm-revocation").await;
    hana.presses("button.begin").await;
    hana.is_told("S0 2-G 3", "revocation-not-confirmed").await;
    hana.ticks("revoke.tick").await;
    hana.presses("button.begin").await;
    hana.sees("S0 2-G 4", "step.phone-password").await;
    hana.types("field-of.password", "WRONG123").await;
    hana.presses("button.revoke").await;
    hana.is_told("S0 2-G 5", "wrong-pin").await;
    hana.types("field-of.password", PHONE_PASSWORD).await;
    hana.presses("button.revoke").await;
    hana.sees("S0 2-G 6", "step.revoked").await;
    hana.presses("button.to-menu").await;
    hana.sees("END-2", "button.menu").await;
    assert_eq!(hana.counts(".state.good").await, 0, "none can be used");
    hana.leaves().await;
    house.ends().await;
}

async fn s0_2_g_by_the_card(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let mut hana = Person::new("revoke-by-card", way).await;
    hana.goes_to(&house.phone("hana-phone", "")).await;
    hana.presses("button.revocation").await;
    hana.waits_for("step.confirm-revocation").await;
    hana.ticks("revoke.tick").await;
    hana.presses("button.begin").await;
    hana.waits_for("step.phone-password").await;
    hana.presses("button.use-card").await;
    hana.sees("S0 2-G 4 card", "step.card-password").await;
    hana.types("field-of.password", CARD_PASSWORD).await;
    hana.presses("button.next").await;
    hana.sees("END-3", "step.read-card").await;
    hana.ticks_words("hana").await;
    hana.presses("button.read-card").await;
    hana.sees("S0 2-G 6", "step.revoked").await;
    hana.leaves().await;
    house.ends().await;
}
