//! What a resident lets sites have: shown and withdrawn.

use axum::http::StatusCode;
use inrou_api::clock::Clock;
use inrou_api::consent::ConsentTerms;
use inrou_api::wire::authority::{ConsentState, Consents};
use inrou_api::wire::transaction::Attribute;
use inrou_rules::Medium;
use inrou_words::Language;
use jiff::civil::date;

use crate::browser::Browser;
use crate::support::{House, Person};

/// The bank's.
pub const BANK: &str = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
/// The shop's.
pub const SHOP: &str = "2b4e28ba-2fa1-41d2-883f-0016d3cca427";

/// A resident who has given two consents.
async fn who_consented() -> (House, Person) {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    gives_consents(&house, &person);
    (house, person)
}

/// Gives a consent to a bank, and one to a shop.
pub fn gives_consents(house: &House, person: &Person) {
    for (consent, site, host) in
        [(BANK, "見本銀行", "bank.example.jp"), (SHOP, "見本商店", "shop.example.jp")]
    {
        let terms = ConsentTerms {
            consent: consent.to_owned().try_into().unwrap(),
            client: "RP00000001".to_owned(),
            site: site.to_owned(),
            host: host.to_owned(),
            attributes: vec![Attribute::Name, Attribute::Address],
            purpose: "お届けの住所のため".to_owned(),
            from: date(2026, 11, 21),
            until: date(2027, 11, 20),
        };
        let document = terms.document(Language::Ja);
        house.role_api.consented(&person.subject, terms, &document, house.clock.now());
    }
}

#[tokio::test]
async fn consents_are_shown_with_what_was_signed_and_withdrawn_once() {
    let (house, person) = who_consented().await;
    let mut browser = Browser::portal(&house);
    let home = browser.log_in(&house, &person).await;
    assert!(home.has("href=\"/portal/consents\""));
    let list = browser.get("/portal/consents").await;
    assert!(list.has("見本銀行") && list.has("bank.example.jp") && list.has("2027年11月20日まで"));
    let (bank, shop) = (list.body.find("見本銀行"), list.body.find("見本商店"));
    assert!(shop < bank, "the newest first");

    let address = format!("/portal/consents/{BANK}");
    let shown = browser.get(&address).await;
    for part in ["お届けの住所のため", "・氏名", "・住所", BANK, "同意を取り消す"]
    {
        assert!(shown.has(part), "{part}: {}", shown.body);
    }
    for _ in 0..2 {
        let withdrawn = browser.post(&format!("{address}/withdrawal"), &[]).await;
        assert_eq!(withdrawn.location().as_deref(), Some(address.as_str()));
    }
    let shown = browser.get(&address).await;
    assert!(shown.has("同意を取り消しました。") && !shown.has("class=\"danger\""));
    assert!(browser.get("/portal/consents").await.has("に取り消しました"));
    // Who reloads where the form was sent is led to the consent.
    let led = browser.get(&format!("{address}/withdrawal")).await;
    assert_eq!(led.location().as_deref(), Some(address.as_str()));
}

#[tokio::test]
async fn another_residents_consent_is_as_good_as_none() {
    let (house, _) = who_consented().await;
    let other = house.person("印籠　太郎", Medium::Phone);
    let mut browser = Browser::portal(&house);
    browser.log_in(&house, &other).await;
    assert!(browser.get("/portal/consents").await.has("同意の記録はありません"));
    let address = format!("/portal/consents/{BANK}");
    assert_eq!(browser.get(&address).await.status, StatusCode::NOT_FOUND);
    for consent in [BANK, "none"] {
        let path = format!("/portal/consents/{consent}/withdrawal");
        assert_eq!(browser.submit(&path, &[]).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_consent_whose_time_is_over_cannot_be_withdrawn() {
    let (house, person) = who_consented().await;
    house.role_api.set_consent_state(BANK, ConsentState::Expired);
    let mut browser = Browser::portal(&house);
    browser.log_in(&house, &person).await;
    let shown = browser.get(&format!("/portal/consents/{BANK}")).await;
    assert!(shown.has("に期間が終わりました") && !shown.has("/withdrawal"));
}

#[tokio::test]
async fn consents_are_listed_and_withdrawn_over_the_api() {
    let (house, person) = who_consented().await;
    let token = house.log_in(&person).await;
    let list =
        async || -> Consents { house.resident(&token).get("/consents").answer().await.unwrap() };
    assert_eq!(list().await.consents.len(), 2);
    let withdraw = async |consent: &str| {
        let path = format!("/consents/{consent}/withdrawal");
        let call = house.resident(&token).post(&path).json(&());
        call.answer::<inrou_api::wire::authority::ConsentView>().await
    };
    assert_eq!(withdraw(SHOP).await.unwrap().state, ConsentState::Withdrawn);
    assert_eq!(list().await.consents[0].state, ConsentState::Withdrawn);
    let none = withdraw("none").await.unwrap_err();
    assert_eq!(none.problem().unwrap().code(), "not-found");
    house.role_api.set_down(true);
    let down = withdraw(BANK).await.unwrap_err();
    assert_eq!(down.problem().unwrap().code(), "service-unavailable");
}
