//! Opening a bank account: the application is signed on the phone, judged by the bank, and asked about later.

use inrou::sandbox::Role;
use inrou_api::page::Page;
use inrou_api::wire::authority::{ReportLoss, ResidentSummary, ResidentView};
use inrou_journeys::browser::{Person, Way};
use inrou_journeys::hana::{PHONE_PASSWORD, PHONE_PIN};
use inrou_rules::Medium;

use crate::house::House;
use crate::{is_asked, looks_at};

in_every_way!(
    use_1_an_account_is_opened_by_a_signature,
    use_1_no_account_is_opened_by_another_name
);

const NAME: &str = "水野　花";
const ADDRESS: &str = "東京都清瀬市見本町1-2-3";

async fn use_1_an_account_is_opened_by_a_signature(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let site = house.at_host("bank.localhost");
    let mut hana = Person::new("bank", way).await;
    hana.goes_to(&site).await;
    looks_at(&mut hana, "bank.apply").await;
    hana.presses("button.next").await;
    hana.waits_for_words(&hana.words("bank.name-missing")).await;
    hana.looks_around("bank.name-missing").await;
    applies(&mut hana, NAME).await;
    signs(&hana, true).await;
    looks_at(&mut hana, "bank.opened").await;
    let account = hana.reads("#account").await;
    assert_eq!(account.len(), 7);
    // Everybody has one account.
    hana.presses("bank.end").await;
    applies(&mut hana, NAME).await;
    signs(&hana, true).await;
    looks_at(&mut hana, "bank.refused").await;
    assert_eq!(hana.counts("[data-reason=\"bank-refusal.has-account\"]").await, 1);
    // The back office has both, and asks how the certificate stands: before and after the phone is lost.
    hana.goes_to(&format!("{site}/office")).await;
    looks_at(&mut hana, "bank-office.title").await;
    hana.presses_words("1").await;
    looks_at(&mut hana, "bank-office.application").await;
    assert!(hana.page_says(&account).await && hana.page_says("TOTAL-PASSED").await);
    hana.presses("bank-office.ask").await;
    hana.waits_for_some("#told .good").await;
    loses_her_phone(&house).await;
    hana.presses("bank-office.ask").await;
    hana.waits_for_some("#told .bad").await;
    looks_at(&mut hana, "bank-office.application").await;
    hana.leaves().await;
    house.ends().await;
}

async fn use_1_no_account_is_opened_by_another_name(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let site = house.at_host("bank.localhost");
    let mut hana = Person::new("bank-refused", way).await;
    hana.goes_to(&site).await;
    applies(&mut hana, "水野　花子").await;
    // Who refuses on the phone may sign still.
    signs(&hana, false).await;
    hana.is_told("USE-1", "transaction-refused").await;
    hana.presses("page.to-start").await;
    signs(&hana, true).await;
    looks_at(&mut hana, "bank.refused").await;
    assert_eq!(hana.counts("[data-reason=\"bank-refusal.name-differs\"]").await, 1);
    hana.leaves().await;
    house.ends().await;
}

/// Fills in the form.
async fn applies(hana: &mut Person, name: &str) {
    hana.waits_for("bank.apply").await;
    hana.types("bank.name", name).await;
    hana.types("bank.address", ADDRESS).await;
    hana.presses("button.next").await;
    looks_at(hana, "bank.check").await;
}

/// Signs on the phone, which is this device, or refuses there.
async fn signs(hana: &Person, consents: bool) {
    hana.waits_for("bank.check").await;
    hana.presses("bank.sign").await;
    is_asked(hana).await;
    let page = hana.address().await;
    hana.presses("hand-over.open-app").await;
    hana.waits_for("open.title").await;
    hana.presses_words(&hana.reads(".menu a").await).await;
    hana.waits_for("transaction-page.sign").await;
    if consents {
        hana.types("step.phone-password-of", PHONE_PASSWORD).await;
        hana.types("transaction-page.pin", PHONE_PIN).await;
        hana.presses("button.sign").await;
        hana.waits_for("answered.done").await;
        hana.presses("answered.return").await;
    } else {
        hana.presses("button.refuse").await;
        hana.waits_for("answered.refused").await;
        hana.goes_to(&page).await;
    }
}

/// The hotline puts the certificates on her phone on hold (LOSS-1).
async fn loses_her_phone(house: &House) {
    let of = |role| house.sandbox.client("/authority/v1", role).unwrap();
    let all: Page<ResidentSummary> = of(Role::Counter).get("/residents").answer().await.unwrap();
    let hana = all.items.first().unwrap().resident;
    let loss = ReportLoss { medium: Medium::Phone };
    let call = of(Role::Hotline).post(&format!("/residents/{hana}/hold")).json(&loss);
    call.answer::<ResidentView>().await.unwrap();
}
