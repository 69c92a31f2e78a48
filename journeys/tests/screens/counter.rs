//! S4 3 to 5, S0 2-F: what is done at a municipality's counter.

use inrou::sandbox::Role;
use inrou_api::page::Page;
use inrou_api::wire::authority::{ReportLoss, ResidentSummary, ResidentView};
use inrou_journeys::browser::{Person, Way};
use inrou_rules::Medium;

use crate::hotline::signs_in;
use crate::house::House;

in_every_way!(
    card_7_a_record_is_changed_and_card_10_a_certificate_is_stopped,
    card_12_a_card_is_found
);

/// The clerk finds Hana.
async fn finds_hana(clerk: &Person, reason: &str) {
    clerk.types("caller.name", "水野").await;
    clerk.types("fact.birth-date", "1988-06-12").await;
    clerk.ticks(reason).await;
    clerk.presses("counter.do-find").await;
    clerk.waits_for_words(&clerk.words("counter.found")).await;
}

async fn card_7_a_record_is_changed_and_card_10_a_certificate_is_stopped(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let mut clerk = Person::new("counter", way).await;
    signs_in(&clerk, &house, "desk.localhost", "青木 直").await;
    clerk.sees("CARD-6", "counter.title").await;
    clerk.presses("counter.do-find").await;
    clerk.is_told("CARD-6", "caller-incomplete").await;
    finds_hana(&clerk, "act-reason.notified").await;
    clerk.looks_around("CARD-6").await;
    clerk.presses_words("水野 花").await;
    clerk.sees("CARD-6", "counter.resident").await;
    clerk.presses("procedure-at.record").await;
    clerk.sees("CARD-7", "procedure-at.record").await;
    clerk.types("fact.address", "東京都清瀬市見本町７－８").await;
    clerk.types("procedure-at.address-reading", "とうきょうときよせしみほんちょうななのはち").await;
    clerk.presses("procedure-at.do").await;
    clerk.is_told("CARD-7", "reason-missing").await;
    clerk.ticks("act-reason.notified").await;
    clerk.presses("procedure-at.do").await;
    clerk.waits_for("counter.resident").await;
    clerk.looks_around("CARD-7").await;
    assert_eq!(clerk.counts(".state.bad").await, 2, "signature certificates of card and phone");
    clerk.presses("procedure-at.certificates").await;
    clerk.sees("S4 5", "procedure-at.certificates").await;
    clerk.ticks("act-reason.asked").await;
    clerk.ticks("certificate.user-authentication").await;
    clerk.presses("procedure-at.do").await;
    clerk.waits_for("counter.resident").await;
    assert_eq!(clerk.counts(".state.good").await, 0, "VALID-4: the phone's goes with the card's");
    clerk.presses("procedure-at.renewal").await;
    clerk.sees("CARD-9", "procedure-at.renewal").await;
    clerk.presses_words("水野 花").await;
    clerk.presses("procedure-at.unlock").await;
    clerk.sees("CARD-6", "procedure-at.unlock").await;
    clerk.goes_to(&format!("{}/", house.at_host("desk.localhost"))).await;
    clerk.presses("journal.title").await;
    clerk.sees("CARD-7", "journal.title").await;
    clerk.leaves().await;
    house.ends().await;
}

async fn card_12_a_card_is_found(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let hotline = house.sandbox.client("/authority/v1", Role::Hotline).unwrap();
    let all: Page<ResidentSummary> = hotline.get("/residents").answer().await.unwrap();
    let path = format!("/residents/{}/hold", all.items[0].resident);
    let loss = ReportLoss { medium: Medium::Card };
    hotline.post(&path).json(&loss).answer::<ResidentView>().await.unwrap();
    let mut clerk = Person::new("counter-found", way).await;
    signs_in(&clerk, &house, "desk.localhost", "青木 直").await;
    clerk.waits_for("counter.title").await;
    finds_hana(&clerk, "act-reason.found").await;
    clerk.presses_words("水野 花").await;
    clerk.waits_for("counter.resident").await;
    clerk.presses("procedure-at.found").await;
    clerk.sees("S0 2-F found", "procedure-at.found").await;
    clerk.ticks("act-reason.found").await;
    clerk.presses("procedure-at.do").await;
    clerk.waits_for("counter.resident").await;
    clerk.presses("procedure-at.departure").await;
    clerk.sees("CARD-13", "procedure-at.departure").await;
    clerk.ticks("procedure-at.moved-abroad").await;
    clerk.ticks("act-reason.notified").await;
    clerk.presses("procedure-at.do").await;
    clerk.waits_for("counter.resident").await;
    clerk.looks_around("CARD-13").await;
    assert_eq!(clerk.counts(".state.good").await, 0);
    clerk.leaves().await;
    house.ends().await;
}
