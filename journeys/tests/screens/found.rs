//! S0 2-F, S2 5-B: a phone that was lost is found, and its use is resumed (LOSS-2); and what is done before a phone
//! leaves one's hands (END-1, S3).

use inrou::sandbox::Role;
use inrou_api::page::Page;
use inrou_api::wire::authority::{ReportLoss, ResidentSummary, ResidentView};
use inrou_journeys::browser::{Person, Way};
use inrou_journeys::hana::{CARD_PASSWORD, PHONE_PASSWORD};
use inrou_rules::Medium;

use crate::house::House;

in_every_way!(s0_2_f_hana_has_found_her_phone, end_1_hana_trades_her_phone_in);

/// The hotline puts the certificates on her phone on hold (LOSS-1).
async fn loses_her_phone(house: &House) {
    let of = |role| house.sandbox.client("/authority/v1", role).unwrap();
    let all: Page<ResidentSummary> = of(Role::Counter).get("/residents").answer().await.unwrap();
    let hana = all.items.first().unwrap().resident;
    let loss = ReportLoss { medium: Medium::Phone };
    let call = of(Role::Hotline).post(&format!("/residents/{hana}/hold")).json(&loss);
    call.answer::<ResidentView>().await.unwrap();
    let phones = house.sandbox.anybody("/phone/v1").unwrap();
    inrou_journeys::hana::HANA.hears(&phones, "certificates-on-hold").await;
}

async fn s0_2_f_hana_has_found_her_phone(way: Way) {
    let house = House::where_hana_has_certificates().await;
    loses_her_phone(&house).await;
    let mut hana = Person::new("found-phone", way).await;
    hana.goes_to(&house.phone("hana-phone", "")).await;
    hana.sees("S0 2-F found phone", "button.menu").await;
    assert_eq!(hana.counts(".state.bad").await, 2, "both are on hold");
    hana.presses("button.resume").await;
    hana.sees("S2 5-B found phone", "button.resume").await;
    hana.presses("button.next").await;
    hana.waits_for("step.card-password").await;
    hana.types("field-of.password", CARD_PASSWORD).await;
    hana.presses("button.next").await;
    hana.waits_for("step.read-card").await;
    hana.ticks_words("hana").await;
    hana.presses("button.read-card").await;
    hana.sees("LOSS-2", "step.resumed").await;
    // The signature certificate is issued anew: it alone may be applied for.
    hana.presses("button.apply-for-phone").await;
    hana.waits_for("prepare.title").await;
    hana.presses("button.apply-for-phone").await;
    hana.waits_for("step.card-password").await;
    hana.types("field-of.password", CARD_PASSWORD).await;
    hana.presses("button.next").await;
    hana.sees("LOSS-2", "step.choose").await;
    assert_eq!(hana.counts("fieldset input[type=checkbox]").await, 1);
    hana.ticks("button.confirmed").await;
    hana.presses("button.apply").await;
    hana.waits_for("step.read-card").await;
    hana.ticks_words("hana").await;
    hana.presses("button.read-card").await;
    hana.waits_for("card-read.title").await;
    hana.leaves().await;
    house.ends().await;
}

async fn end_1_hana_trades_her_phone_in(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let mut hana = Person::new("disposal", way).await;
    hana.goes_to(&house.phone("hana-phone", "")).await;
    hana.presses("disposal.title").await;
    hana.sees("S3 leaflet 1 when", "disposal.title").await;
    hana.presses("disposal.trade-in").await;
    hana.sees("END-1", "disposal.title").await;
    hana.presses("disposal.begin").await;
    hana.waits_for("step.confirm-revocation").await;
    hana.ticks("revoke.tick").await;
    hana.presses("button.begin").await;
    hana.waits_for("step.phone-password").await;
    hana.types("field-of.password", PHONE_PASSWORD).await;
    hana.presses("button.revoke").await;
    hana.waits_for("step.revoked").await;
    hana.presses("proof.title").await;
    hana.sees("END-1", "proof.title").await;
    hana.presses("proof.judge").await;
    hana.sees("END-1", "receipt.good").await;
    hana.leaves().await;
    house.ends().await;
}
