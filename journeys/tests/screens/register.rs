//! S0 2-E (registration), S2 2-E: registering what was applied for, and the operation check.

use inrou_journeys::browser::{Person, Way};
use inrou_journeys::hana::{PHONE_PASSWORD, PHONE_PIN};

use inrou_words::{Form, text};

use crate::house::House;

in_every_way!(s0_2_e_hana_registers, reg_2_hana_checks_that_they_work);

async fn s0_2_e_hana_registers(way: Way) {
    let house = House::where_hana_has_applied().await;
    let mut hana = Person::new("register", way).await;
    hana.goes_to(&house.phone("hana-phone", "")).await;
    hana.sees("S1 12", "button.menu").await;
    hana.presses("button.register").await;
    hana.sees("S0 2-E (registration) 1", "step.register").await;
    house.gate.shuts();
    hana.presses("button.register").await;
    hana.sees("S0 2-E (registration) 2", "progress.title").await;
    // REG-1: it goes on while nobody looks, and the page shows how far it is when somebody does again.
    hana.reloads().await;
    hana.waits_for("progress.title").await;
    house.gate.opens();
    hana.sees("S0 2-E (registration) 3", "step.registered").await;
    // HOURS-3: as the guide has it, though our own service makes them usable at once.
    let wait = text("step.usable-in").in_language(way.language).with("minutes", 15_u64);
    assert!(hana.page_says(&wait.render(Form::Plain)).await);
    hana.presses("button.to-menu").await;
    hana.sees("S0 3-A Q1", "button.menu").await;
    assert_eq!(hana.counts(".state.good").await, 2, "both can be used");
    hana.leaves().await;
    house.ends().await;
}

async fn reg_2_hana_checks_that_they_work(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let mut hana = Person::new("operation-check", way).await;
    hana.goes_to(&house.phone("hana-phone", "")).await;
    hana.presses("check-page.title").await;
    hana.sees("S1 operation check", "check-page.title").await;
    hana.types("transaction-page.pin", "0000").await;
    hana.presses("button.check-log-in").await;
    hana.is_told("S1 operation check", "wrong-pin").await;
    hana.types("transaction-page.pin", PHONE_PIN).await;
    hana.presses("button.check-log-in").await;
    hana.waits_for_words(&hana.words("check-page.logged-in")).await;
    hana.types("step.phone-password-of", PHONE_PASSWORD).await;
    hana.presses("button.check-signing").await;
    hana.waits_for_words(&hana.words("check-page.signed")).await;
    hana.sees("S1 operation check", "check-page.title").await;
    hana.leaves().await;
    house.ends().await;
}
