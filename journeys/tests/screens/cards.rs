//! S0 2-C 7, READY-1: cards with which nobody can apply: locked, expired, without a signature certificate.

use inrou_journeys::browser::{Person, Way};

use crate::house::House;

in_every_way!(
    card_6_a_locked_card,
    card_8_an_expired_card,
    ready_1_a_card_without_a_signature_certificate
);

async fn card_6_a_locked_card(way: Way) {
    refused(way, "locked-card", ["nao", "MISHIMA9"], "pin-blocked").await;
}

async fn card_8_an_expired_card(way: Way) {
    refused(way, "expired-card", ["kenji", "OHARA045"], "card-signature-expired").await;
}

async fn ready_1_a_card_without_a_signature_certificate(way: Way) {
    refused(way, "card-without", ["akira", "AKIRA123"], "card-carries-none").await;
}

/// Applies with that card, on the resident's own phone.
async fn refused(way: Way, journey: &'static str, [name, password]: [&str; 2], code: &str) {
    let house = House::of(&[name]).await;
    // Kenji's certificates end in 20 days.
    house.turns_to("2026-12-24T10:00:00+09:00");
    let mut person = Person::new(journey, way).await;
    person.goes_to(&house.phone(&format!("{name}-phone"), "/prepare")).await;
    person.presses("button.apply-for-phone").await;
    person.waits_for("step.card-password").await;
    person.types("field-of.password", password).await;
    person.presses("button.next").await;
    person.waits_for("step.choose").await;
    person.ticks("button.confirmed").await;
    person.presses("button.apply").await;
    person.waits_for("step.read-card").await;
    person.presses("button.read-card").await;
    person.is_told("S0 2-C 7", code).await;
    person.leaves().await;
    house.ends().await;
}
