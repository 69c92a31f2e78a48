//! Time that runs out, or is turned, between one page and the next.

use inrou_journeys::browser::Browser;
use inrou_journeys::hana::{CARD_PASSWORD, PHONE_PASSWORD, PHONE_PIN};
use inrou_web::percent;
use serde_json::json;

use crate::hana::{MOVING_OUT, approves, hands_over, link, logs_in, phone, waits};
use crate::house::House;
use crate::http::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_that_nobody_answers_in_time_ends_on_both_devices() {
    let house = House::where_hana_has_certificates().await;
    let mut portal = Visitor::at(house.sandbox.base.clone());
    let key = portal.get("/portal/login").await.hidden("key");
    let asked = link(&portal.submit("/portal/login", &[("key", &key)]).await);
    let browser = Browser::start().await;
    hands_over(&portal, &browser, &house.sandbox.base).await;
    browser.client.goto(&house.portal("/login/wait")).await.unwrap();
    waits(&browser, "return document.querySelector('svg.qr') !== null").await;
    let mut phone = phone(&house);
    let open = format!("/phones/hana-phone/open?link={}", percent(&asked));
    assert_eq!(phone.get(&open).await.status, 200);
    house.turns_to("2026-11-24T10:34:00+09:00");
    // The page hears of the turned clock by itself.
    waits(
        &browser,
        "return document.querySelector('.trouble')?.dataset.code === 'transaction-expired'",
    )
    .await;
    assert_eq!(phone.get(&open).await.trouble(), Some("transaction-expired"));
    // What was on the phone's screen before is answered too late, and says so; no try is lost.
    let fields = [("link", asked.as_str()), ("consent", "approve"), ("secret", PHONE_PIN)];
    let late = phone.submit("/phones/hana-phone/consent", &fields).await;
    assert_eq!(late.trouble(), Some("transaction-expired"));
    let again = phone.get("/phones/hana-phone/answered/failed").await;
    assert_eq!(again.header("location"), Some("/phones/hana-phone"), "a reload leads on");
    browser.close().await.unwrap();
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_nobody_signs_in_time_can_be_signed_again() {
    let house = House::where_hana_has_certificates().await;
    let mut portal = logs_in(&house).await;
    let send = |act, key| -> Vec<(&str, &str)> {
        MOVING_OUT.into_iter().chain([("act", act), ("key", key)]).collect()
    };
    let path = "/portal/apply/moving-out";
    let key = portal.post(path, &send("review", "")).await.hidden("key");
    let waits = portal.submit(path, &send("send", &key)).await;
    let address = format!(
        "/portal/applications/{}",
        waits.between("data-waits=\"/portal/applications/", "/news")
    );
    house.turns_to("2026-11-24T10:46:00+09:00");
    let late = approves(&house, &link(&waits), PHONE_PASSWORD).await;
    // It was never shown before its end.
    assert!(["transaction-expired", "transaction-unknown"].contains(&late.trouble().unwrap()));
    let over = portal.get(&address).await;
    assert_eq!(over.trouble(), Some("transaction-expired"), "{}", over.body);
    let again =
        portal.submit(&format!("{address}/signature"), &[("key", &over.hidden("key"))]).await;
    approves(&house, &link(&again), PHONE_PASSWORD).await;
    assert!(portal.get(&address).await.body.contains("class=\"told\""));
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_warns_before_its_end_is_extended_in_place_and_loses_nothing_when_it_ends() {
    let house = House::where_hana_has_certificates().await;
    let portal = logs_in(&house).await;
    let browser = Browser::start().await;
    hands_over(&portal, &browser, &house.sandbox.base).await;
    browser.client.goto(&house.portal("/apply/moving-out")).await.unwrap();
    let warning = "return !document.querySelector('[data-warning]').hidden";
    let no_warning = "return document.querySelector('[data-warning]').hidden";
    let over = "return !document.querySelector('[data-over]').hidden";
    // As when the person comes back from the tab in which the clock was turned.
    let looks = "document.dispatchEvent(new Event('visibilitychange'))";
    let types = "document.getElementById('new_address').value = arguments[0]";
    waits(&browser, no_warning).await;
    browser.client.execute(types, vec![json!("東京都練馬区")]).await.unwrap();
    house.turns_to("2026-11-24T10:56:00+09:00");
    browser.client.execute(looks, vec![]).await.unwrap();
    waits(&browser, warning).await;
    browser
        .client
        .execute("document.querySelector('.session button').click()", vec![])
        .await
        .unwrap();
    waits(&browser, no_warning).await;
    waits(&browser, "return document.getElementById('new_address').value === '東京都練馬区'").await;
    house.turns_to("2026-11-24T11:20:00+09:00");
    browser.client.execute(looks, vec![]).await.unwrap();
    waits(&browser, no_warning).await;

    house.turns_to("2026-11-24T11:40:00+09:00");
    browser.client.execute(looks, vec![]).await.unwrap();
    waits(&browser, over).await;
    // The button that the page names keeps what was typed, now that there is nothing to extend.
    let extend = "document.querySelector('.session button').click()";
    browser.client.execute(extend, vec![]).await.unwrap();
    waits(&browser, "return document.querySelector('.trouble')?.dataset.code === 'session-ended'")
        .await;
    waits(&browser, "return document.querySelector('.told') !== null").await;
    browser.client.execute("document.querySelector('main form').submit()", vec![]).await.unwrap();
    waits(&browser, "return location.pathname === '/portal/login/wait'").await;
    let asked =
        browser.client.execute("return document.querySelector('main code').textContent", vec![]);
    approves(&house, asked.await.unwrap().as_str().unwrap(), PHONE_PIN).await;
    waits(&browser, "return location.pathname === '/portal/apply/moving-out'").await;
    waits(&browser, "return document.getElementById('new_address')?.value === '東京都練馬区'")
        .await;
    // A page without a form shows nothing private after the end.
    browser.client.goto(&house.portal("/own/medicines")).await.unwrap();
    house.turns_to("2026-11-24T12:30:00+09:00");
    browser.client.execute(looks, vec![]).await.unwrap();
    waits(&browser, "return location.pathname === '/portal/login'").await;
    browser.close().await.unwrap();
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_1_who_is_overtaken_by_the_evening_is_told_the_morning() {
    let house = House::at("2026-11-24T19:20:00+09:00", &["hana"]).await;
    let mut phone = phone(&house);
    let mut step =
        async |fields: &[(&str, &str)]| phone.submit("/phones/hana-phone/procedure", fields).await;
    Visitor::at(house.at_host("phone.localhost"))
        .submit("/phones/hana-phone/begin", &[("procedure", "apply")])
        .await;
    step(&[("step", "card-password"), ("secret", CARD_PASSWORD)]).await;
    let both = [("signature", "yes"), ("user_authentication", "yes"), ("confirmed", "yes")];
    step(&[&[("step", "choose")], &both[..]].concat()).await;
    step(&[("step", "read-card"), ("card", "hana")]).await;
    let password = [("secret", PHONE_PASSWORD), ("again", PHONE_PASSWORD)];
    step(&[&[("step", "new-signature-password")], &password[..]].concat()).await;
    house.turns_to("2026-11-24T19:31:00+09:00");
    let pin = [("secret", "8046"), ("again", "8046")];
    let done = step(&[&[("step", "new-user-authentication-pin")], &pin[..]].concat()).await;
    assert_eq!((done.status, done.trouble()), (200, None), "{}", done.body);
    assert!(done.body.contains("明朝8時"), "{}", done.body);
    house.ends().await;
}
