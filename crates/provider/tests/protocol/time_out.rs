//! What is over stays over, for phone, page and site alike: whoever comes later, and whatever comes between.

use inrou_api::wire::transaction::{Afterwards, Transaction, TransactionAnswer};
use serde_json::json;

use crate::events;
use crate::house::{House, PHONE};
use crate::signing::{Signing, document};
use crate::site::Form;

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_signature_that_is_not_confirmed_in_time_is_none_and_may_be_made_again() {
    let signing = Signing::with(json!({})).await;
    let house = &signing.house;
    let mut order = document();
    order["expires_in"] = json!(600);
    let id = signing.ordered(order).await;
    let mut browser = house.browser();
    let transaction = browser.begin(&signing.request(&id)).await;
    let asked = house.transaction(&transaction).await;
    let answer = signing.sign(&asked);
    let told = house.answer_as(&transaction, &answer, PHONE).await;
    let told: Transaction = serde_json::from_str(&told.text).unwrap();
    let Some(Afterwards::TypeNumber { number }) = told.afterwards else { panic!("no number") };
    house.wait(120);
    // The site's server, the phone and the page are told the same, and the log says so.
    let status = signing.status(&id).await;
    let late = (&status["status"], &status["code"]);
    assert_eq!(late, (&json!("not-signed"), &json!("handover-timed-out")));
    let again = house.answer_as(&transaction, &answer, PHONE).await;
    assert_eq!(again.json()["code"], "handover-timed-out");
    let otherwise = house.answer_as(&transaction, &TransactionAnswer::Refused, PHONE).await;
    assert_eq!(otherwise.json()["code"], "transaction-done");
    let typed = Form::default().set("number", &number);
    browser.submit(&format!("/provider/log-ins/{transaction}/number"), &typed).await;
    assert_eq!(browser.goes_back(&transaction).await["inrou_code"], "handover-timed-out");
    let told = events::of(house, &signing.site, &transaction).await;
    assert_eq!(told, ["asked", "taken qr", "signed phone", "expired handover-timed-out"]);
    // Nothing is left of it.
    let again = browser.begin(&signing.request(&id)).await;
    let asked = house.transaction(&again).await;
    assert_eq!(house.answer(&again, &signing.sign(&asked)).await.status, 200);
    assert_eq!(signing.status(&id).await["status"], "asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_an_answer_whose_judging_outlasts_its_time_is_too_late() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let person = house.person("水野　花");
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    let asked = house.transaction(&id).await;
    let answer = person.log_in(&asked);
    // The authority takes its time to say who that is. Meanwhile the page is told that nobody came.
    house.role_api.set_silent(true);
    let (late, told) = tokio::join!(house.answer_as(&id, &answer, PHONE), async {
        house.role_api.is_waited_for().await;
        house.wait(300);
        let told = browser.goes_back(&id).await;
        house.role_api.set_silent(false);
        told
    });
    assert_eq!(told["inrou_code"], "transaction-expired");
    assert_eq!(late.json()["code"], "transaction-expired");
    assert_eq!(browser.goes_back(&id).await["inrou_code"], "transaction-expired");
    let told = events::of(&house, &site, &id).await;
    assert_eq!(told, ["asked", "taken qr", "expired transaction-expired"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_an_answer_that_nobody_saw_to_be_late_is_late_by_itself() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let person = house.person("水野　花");
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    let asked = house.transaction(&id).await;
    house.role_api.set_silent(true);
    let answer = person.log_in(&asked);
    let (late, ()) = tokio::join!(house.answer_as(&id, &answer, PHONE), async {
        house.role_api.is_waited_for().await;
        house.wait(300);
        house.role_api.set_silent(false);
    });
    assert_eq!(late.json()["code"], "transaction-expired");
    assert_eq!(browser.goes_back(&id).await["inrou_code"], "transaction-expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_log_in_that_was_not_confirmed_in_time_opens_nothing_later() {
    let house = House::new().await;
    let site = house.site_with(json!({"number_check": "always"})).await;
    let person = house.person("水野　花");
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    let asked = house.transaction(&id).await;
    let answer = person.log_in(&asked);
    house.answer(&id, &answer).await;
    house.wait(120);
    // The phone looks first: what it is told is noted for all.
    let told = house.answer_as(&id, &answer, PHONE).await;
    assert_eq!((told.status.as_u16(), &told.json()["code"]), (410, &json!("handover-timed-out")));
    assert_eq!(browser.goes_back(&id).await["inrou_code"], "handover-timed-out");
    let silent = browser.authorize(&site.request().set("prompt", "none")).await.back();
    assert_eq!(silent["error"], "login_required");
    let told = events::of(&house, &site, &id).await;
    assert_eq!(told.last().unwrap(), "expired handover-timed-out");
    assert_eq!(told.len(), 4, "{told:?}");
}
