//! S0 2-A to 2-E, S2 2-A to 2-E: applying for certificates and registering them.

use inrou_journeys::browser::{Look, Person};
use inrou_journeys::hana::{CARD_PASSWORD, PHONE_PASSWORD, PHONE_PIN};
use inrou_words::Language;

use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn s0_2_c_hana_applies_in_japanese() {
    applies(Language::Ja, Look::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s0_2_c_hana_applies_in_easy_japanese_on_a_narrow_screen() {
    applies(Language::JaEasy, Look { size: (320, 700), ..Look::default() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s0_2_c_hana_applies_in_english_in_forced_colours() {
    let media = &[("forced-colors", "active"), ("prefers-color-scheme", "dark")];
    applies(Language::En, Look { media, ..Look::default() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s0_2_c_hana_applies_without_scripts_in_large_text() {
    applies(Language::Ja, Look { scripts: false, text_percent: 200, ..Look::default() }).await;
}

async fn applies(language: Language, look: Look) {
    let house = House::of(&["hana"]).await;
    let mut hana = Person::new("apply", language, look).await;
    hana.goes_to(&house.phone("hana-phone", "")).await;
    hana.sees("S0 2-C 2", "button.menu").await;
    hana.presses("button.apply-for-phone").await;
    hana.sees("S0 2-A", "prepare.title").await;
    hana.presses("button.apply-for-phone").await;
    hana.sees("S0 2-C 4", "step.card-password").await;
    hana.types("field-of.password", CARD_PASSWORD).await;
    hana.presses("button.next").await;
    hana.sees("S0 2-C 5", "step.choose").await;
    // APPLY-3: what is not ticked is asked for.
    hana.presses("button.apply").await;
    hana.is_told("APPLY-3", "not-confirmed").await;
    hana.ticks("button.confirmed").await;
    hana.presses("button.apply").await;
    hana.sees("S0 2-C 7", "step.read-card").await;
    hana.ticks_words("hana").await;
    hana.presses("button.read-card").await;
    hana.sees("S0 2-C 8", "card-read.title").await;
    hana.presses("button.next").await;
    hana.sees("S0 2-D 1", "step.new-signature-password").await;
    hana.types("field-of.new-password", PHONE_PASSWORD).await;
    hana.types("field-of.password-again", PHONE_PASSWORD).await;
    hana.presses("button.next").await;
    hana.sees("S0 2-D 2", "step.new-user-authentication-pin").await;
    hana.types("field-of.new-pin", PHONE_PIN).await;
    hana.types("field-of.pin-again", PHONE_PIN).await;
    hana.presses("button.next").await;
    hana.browser.close().await.unwrap();
    house.sandbox.stop().await;
}
