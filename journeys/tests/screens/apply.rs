//! S0 2-C and 2-D, S2 2-C and 2-D: applying for certificates, with what can go wrong on the way; and the
//! notice that comes when the service opens (HOURS-1, HOURS-2).

use inrou_journeys::browser::{Person, Way};
use inrou_journeys::hana::{CARD_PASSWORD, PHONE_PASSWORD};

use crate::house::House;

in_every_way!(s0_2_c_and_2_d_hana_applies_in_the_evening, s0_2_c_7_each_trouble_with_the_card);

/// From the menu to the step at which the card is read.
async fn up_to_the_card(hana: &Person, house: &House, password: &str) {
    hana.goes_to(&house.phone("hana-phone", "/prepare")).await;
    hana.presses("button.apply-for-phone").await;
    hana.waits_for("step.card-password").await;
    hana.types("field-of.password", password).await;
    hana.presses("button.next").await;
    hana.waits_for("step.choose").await;
    hana.ticks("button.confirmed").await;
    hana.presses("button.apply").await;
    hana.waits_for("step.read-card").await;
}

async fn s0_2_c_and_2_d_hana_applies_in_the_evening(way: Way) {
    let house = House::at("2026-11-24T19:40:00+09:00", &["hana"]).await;
    let mut hana = Person::new("apply", way).await;
    hana.goes_to(&house.phone("hana-phone", "")).await;
    hana.sees("S0 2-C 2", "button.menu").await;
    hana.presses("button.apply-for-phone").await;
    hana.sees("S0 2-C 3", "prepare.title").await;
    hana.presses("button.apply-for-phone").await;
    hana.sees("S0 2-C 4", "step.card-password").await;
    hana.types("field-of.password", "mizuno").await;
    hana.presses("button.next").await;
    hana.is_told("S0 2-C 4", "pin-form").await;
    hana.types("field-of.password", CARD_PASSWORD).await;
    hana.presses("button.next").await;
    hana.sees("S0 2-C 5", "step.choose").await;
    // APPLY-3: what is not ticked is asked for, and what was chosen is kept.
    hana.presses("button.apply").await;
    hana.is_told("S0 2-C 6", "not-confirmed").await;
    hana.ticks("button.confirmed").await;
    hana.presses("button.apply").await;
    hana.sees("S0 2-C 7", "step.read-card").await;
    hana.ticks_words("hana").await;
    hana.presses("button.read-card").await;
    hana.sees("S0 2-C 8", "card-read.title").await;
    hana.presses("button.next").await;
    hana.sees("S0 2-D 1", "step.new-signature-password").await;
    hana.types("field-of.new-password", PHONE_PASSWORD).await;
    hana.types("field-of.password-again", "PHONE124").await;
    hana.presses("button.next").await;
    hana.is_told("S0 2-D 1", "pin-entries-differ").await;
    hana.types("field-of.new-password", PHONE_PASSWORD).await;
    hana.types("field-of.password-again", PHONE_PASSWORD).await;
    hana.presses("button.next").await;
    hana.sees("S0 2-D 2", "step.new-user-authentication-pin").await;
    hana.types("field-of.new-pin", "1234").await;
    hana.types("field-of.pin-again", "1234").await;
    hana.presses("button.next").await;
    hana.sees("APPLY-5", "weak-pin.title").await;
    hana.presses("button.another-pin").await;
    hana.waits_for("step.new-user-authentication-pin").await;
    hana.types("field-of.new-pin", "7305").await;
    hana.types("field-of.pin-again", "7305").await;
    hana.presses("button.next").await;
    // HOURS-1: after 19:30 it is worked on at about eight the next morning.
    hana.sees("S0 2-D 3", "step.applied").await;
    hana.presses("button.to-menu").await;
    hana.sees("HOURS-1", "button.menu").await;
    assert_eq!(hana.counts(".told").await, 0, "no notice has come");
    house.turns_to("2026-11-25T08:00:00+09:00");
    if !way.scripts {
        house.hana_hears().await;
        hana.reloads().await;
    }
    // HOURS-2: the notice shows on the page that is open.
    hana.waits_for_words(&hana.words("notice.registration-ready.title")).await;
    hana.sees("S1 12", "button.menu").await;
    hana.presses("notices-page.title").await;
    hana.sees("S0 2-E (registration) notice", "notices-page.title").await;
    hana.leaves().await;
    house.ends().await;
}

async fn s0_2_c_7_each_trouble_with_the_card(way: Way) {
    let house = House::of(&["akira", "hana"]).await;
    let mut hana = Person::new("card-troubles", way).await;
    up_to_the_card(&hana, &house, "WRONG123").await;
    hana.ticks_words("hana").await;
    hana.presses("button.read-card").await;
    // PIN-1: the tries that are left are told.
    hana.is_told("S0 2-C 7", "wrong-pin").await;
    hana.types("field-of.password", CARD_PASSWORD).await;
    hana.presses("button.next").await;
    hana.waits_for("step.read-card").await;
    // Another's card is refused: one's own is read all the same, and nothing is typed again.
    hana.ticks_words("akira").await;
    hana.presses("button.read-card").await;
    hana.is_told("APPLY-6", "card-carries-none").await;
    // Taken away too early.
    house.gate.shuts();
    hana.ticks_words("hana").await;
    hana.presses("button.read-card").await;
    hana.sees("APPLY-6", "progress.title").await;
    hana.presses("button.take-card-away").await;
    // Once the phone has heard of it, the page no longer offers it.
    hana.waits_for_some("main:has(progress):not(:has([action$='/card/away']))").await;
    house.gate.opens();
    hana.is_told("APPLY-6", "card-removed").await;
    hana.ticks_words("hana").await;
    hana.presses("button.go-on").await;
    hana.waits_for("card-read.title").await;
    hana.leaves().await;
    house.ends().await;
}
