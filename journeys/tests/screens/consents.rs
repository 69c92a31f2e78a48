//! A site's consent to have the latest attributes: given on the phone, shown and withdrawn in the portal.

use inrou::sandbox::Role;
use inrou_api::client::Client;
use inrou_api::page::Page;
use inrou_api::session::play;
use inrou_api::wire::authority::{
    Attendance, ChangeRecord, ResidentSummary, ResidentView, SessionWork,
};
use inrou_chip::chip::Interface;
use inrou_chip::transport::Transport;
use inrou_journeys::browser::{Person, Way};
use inrou_journeys::hana::{PHONE_PASSWORD, PHONE_PIN};
use inrou_rules::{Attributes, ResidentId};
use inrou_words::{Form, Language, text};
use serde_json::Value;

use crate::bank::{BANK, Bank};
use crate::house::House;
use crate::portal::logs_in;

in_every_way!(use_7_a_consent_is_given_shown_and_withdrawn);

/// The counter is told that Hana has moved, and orders a new signature certificate (CARD-7); her address.
async fn hana_moves(house: &House) -> String {
    let counter = house.sandbox.client("/authority/v1", Role::Counter).unwrap();
    let (world, resident) = (house.sandbox.world().unwrap(), resident(&counter).await);
    let hana = world.resident("hana").unwrap();
    let address = hana.attributes.address.replace('１', "２");
    assert_ne!(address, hana.attributes.address);
    let change = ChangeRecord {
        attributes: Attributes { address: address.clone(), ..hana.attributes.clone() },
        municipality: hana.municipality,
        reissue: true,
        attendance: Attendance::InPerson,
    };
    let path = format!("/residents/{resident}/record");
    counter.post(&path).json(&change).answer::<ResidentView>().await.unwrap();
    address
}

/// Hana brings her card to the counter.
async fn hana_has_her_card_written(house: &House) {
    let counter = house.sandbox.client("/authority/v1", Role::Counter).unwrap();
    let work = SessionWork::WriteCard { resident: resident(&counter).await };
    let tray = house.sandbox.world().unwrap().tray.clone();
    let mut card = tray.take(&"hana".parse().unwrap()).unwrap();
    card.power_on(Interface::Contactless);
    // Keys, then certificates.
    for _ in 0..2 {
        play(&counter, &work, |command| card.transmit(command)).await.unwrap();
    }
    card.power_off();
}

/// The one resident.
async fn resident(counter: &Client) -> ResidentId {
    let all: Page<ResidentSummary> = counter.get("/residents").answer().await.unwrap();
    all.items[0].resident
}

async fn use_7_a_consent_is_given_shown_and_withdrawn(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let bank = Bank::registers(&house).await;
    let consent = bank.orders().await;
    let mut hana = Person::new("consents", way).await;
    hana.goes_to(&bank.sends_to(&consent)).await;
    hana.waits_for("site-log-in.title").await;
    hana.presses("hand-over.open-app").await;
    hana.waits_for("open.title").await;
    hana.presses_words(&hana.reads(".menu a").await).await;
    // The whole document, in her own language; easy Japanese is in kana, as text has no readings.
    hana.sees("USE-1", "transaction-page.sign").await;
    let form = if way.language == Language::JaEasy { Form::Kana } else { Form::Plain };
    for code in ["consent-document.title", "consent-document.free", "attribute.address"] {
        let line = text(code).in_language(way.language).render(form);
        assert!(hana.page_says(&line).await, "{line}");
    }
    assert!(hana.page_says(&consent).await && hana.page_says(BANK).await);
    assert_eq!(bank.asks(&consent).await.unwrap_err(), "consent-not-given");
    hana.types("step.phone-password-of", PHONE_PASSWORD).await;
    hana.types("transaction-page.pin", PHONE_PIN).await;
    hana.presses("button.sign").await;
    hana.sees("USE-1", "answered.done").await;
    hana.presses("answered.return").await;
    // Back at the site.
    hana.waits_for("home.title").await;
    let told = bank.asks(&consent).await.unwrap();
    assert_eq!(told["attributes"]["name"], "水野　花");
    assert_eq!(told["attributes"]["birthdate"], Value::Null);
    // She moves: the bank learns of it once her new certificate is there.
    let moved = hana_moves(&house).await;
    let refused = bank.asks(&consent).await.unwrap_err();
    assert_eq!(refused, "latest-certificate-revoked-or-on-hold");
    hana_has_her_card_written(&house).await;
    let now = bank.asks(&consent).await.unwrap();
    assert_eq!(now["attributes"]["address"], moved);
    assert_ne!(now["serial_number"], told["serial_number"]);
    assert_eq!(now["sub"], told["sub"]);

    logs_in(&hana, &house).await;
    hana.presses("consents.title").await;
    hana.sees("USE-7", "consents.title").await;
    hana.presses_words(BANK).await;
    hana.sees("USE-7", "consent.title").await;
    hana.presses("consent.withdraw").await;
    hana.waits_for_words(&hana.words("consent.withdrawn")).await;
    hana.looks_around("USE-7").await;
    assert_eq!(bank.asks(&consent).await.unwrap_err(), "consent-withdrawn");
    hana.presses("consents.title").await;
    hana.waits_for("consents.title").await;
    assert_eq!(hana.counts(".state.bad").await, 1);
    hana.leaves().await;
    house.ends().await;
}
