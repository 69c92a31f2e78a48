//! Requests that are replayed, cut, reordered, or taken into another session: each has its own refusal.

use axum::http::StatusCode;
use inrou_api::wire::transaction::TransactionAnswer;
use inrou_rules::{Medium, Use};
use serde_json::json;

use crate::house::{House, path};
use crate::site::Form;

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_is_shown_to_the_browser_that_began_it_alone() {
    let house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let (mut own, mut other) = (house.browser(), house.browser());
    let id = own.begin(&site.request()).await;
    let page = format!("/provider/log-ins/{id}");
    assert_eq!(other.visit(&page).await.fate(), "page 401 login-not-begun", "no cookie");
    other.begin(&site.request()).await;
    assert_eq!(other.visit(&page).await.fate(), "page 401 login-not-begun", "another's cookie");
    let asked = house.transaction(&id).await;
    house.answer(&id, &person.log_in(&asked)).await;
    assert_eq!(other.visit(&page).await.fate(), "page 401 login-not-begun", "nor its code");
    assert!(own.goes_back(&id).await.contains_key("code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_s_answer_serves_the_log_in_for_which_it_was_made() {
    let house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let (mut one, mut other) = (house.browser(), house.browser());
    let (first, second) = (one.begin(&site.request()).await, other.begin(&site.request()).await);
    let answer = person.log_in(&house.transaction(&first).await);
    let refused = house.answer(&second, &answer).await;
    assert_eq!(refused.json()["code"], "login-signature-invalid");
    let back = other.goes_back(&second).await;
    assert_eq!(
        (&*back["error"], &*back["inrou_code"]),
        ("access_denied", "login-signature-invalid")
    );
    // The right one may come twice, and nothing else after it.
    for _ in 0..2 {
        assert_eq!(house.answer(&first, &answer).await.status, StatusCode::OK);
    }
    let late = house.answer(&first, &TransactionAnswer::Refused).await;
    assert_eq!(late.json()["code"], "transaction-done");
    assert!(one.goes_back(&first).await.contains_key("code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_on_the_phone_is_told_to_the_site_by_its_own_code() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let (unknown, signer) = (house.person("水野　花"), house.person("水野　健"));
    house.role_api.forget(&unknown.certificate);
    let revoked = house.person("水野　実");
    let at = inrou_api::clock::Clock::now(&*house.clock);
    let reason = inrou_rules::RevocationReason::KeyCompromise;
    house.authority.set_status(&revoked.certificate, inrou_pki::Status::Revoked { at, reason });
    let held = house.person("水野　望");
    house.authority.set_status(&held.certificate, inrou_pki::Status::OnHold { since: at });
    let attributes = inrou_relying::testing::resident("水野　誠", "東京都清瀬市中里１－２－３");
    let wrong = house.authority.issue(Use::Signature, Medium::Phone, &attributes);
    for (person, code) in [
        (&unknown, "certificate-untrusted"),
        (&revoked, "certificate-revoked"),
        (&held, "certificate-on-hold"),
        (&wrong, "certificate-wrong-kind"),
    ] {
        let back = house.browser().log_in(&site.request(), person).await;
        assert_eq!((&*back["error"], &*back["inrou_code"]), ("access_denied", code));
    }
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    let asked = house.transaction(&id).await;
    house.wait(300);
    let back = browser.goes_back(&id).await;
    assert_eq!((&*back["error"], &*back["inrou_code"]), ("access_denied", "transaction-expired"));
    let late = house.answer(&id, &signer.log_in(&asked)).await;
    assert_eq!(late.json()["code"], "transaction-expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_site_was_given_stays_the_same_when_the_page_is_looked_at_again() {
    let mut house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let mut browser = house.browser();
    let code = browser.log_in(&site.request(), &person).await["code"].clone();
    let id = browser.begin(&site.request()).await;
    let asked = house.transaction(&id).await;
    house.answer(&id, &person.log_in(&asked)).await;
    let cookie = browser.cookie.clone();
    house.restart();
    let mut browser = house.browser();
    browser.cookie = cookie;
    let (first, again) = (browser.goes_back(&id).await, browser.goes_back(&id).await);
    assert_eq!(first["code"], again["code"]);
    for code in [&code, &first["code"]] {
        let answer = house.token(&site, &site.exchange(&house, code)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_or_is_no_request_at_all_is_refused_at_every_endpoint() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let garbage = Form::default().set("\u{0}", "\u{fffd}").set("client_assertion", "a.b");
    for endpoint in ["token", "ext/par/request", "revoke"] {
        for form in [Form::default(), garbage.clone()] {
            let refused = house.post(endpoint, &form).await;
            assert_eq!(
                refused.refusal(),
                "401 invalid_client client-assertion-missing",
                "{endpoint}"
            );
        }
        let cut = site.proven(&house, &site.request()).changed("client_assertion=a.b.c");
        let refused = house.post(endpoint, &cut).await;
        assert_eq!(refused.refusal(), "401 invalid_client client-assertion-invalid", "{endpoint}");
        let long = Form::default().set("code", &"c".repeat(70_000));
        assert_eq!(
            house.post(endpoint, &long).await.refusal(),
            "413 invalid_request body-too-large"
        );
    }
    for id in ["", "x", "0123456789abcdef0123456789abcdef"] {
        let answer = house.get(&format!("/provider/v1/transactions/{id}"), &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}");
    }
    let answer =
        house.get(&format!("{}?%ff=%00&client_id", path("auth")), &[("accept", "text/html")]).await;
    assert_eq!(answer.fate(), "page 400 parameter-missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_comes_too_early_finds_nothing() {
    let house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    let waits = browser.visit(&format!("/provider/log-ins/{id}")).await;
    assert_eq!(waits.status, StatusCode::OK, "the page waits");
    let asked = house.transaction(&id).await;
    house.answer(&id, &person.log_in(&asked)).await;
    // The browser has not come back: nobody has the code, and its name cannot be guessed.
    let early = house.token(&site, &site.exchange(&house, &id)).await;
    assert_eq!(early.refusal(), "400 invalid_grant code-invalid");
    let refused = house.token(&site, &site.refresh(&house, &json!({"refresh_token": id}))).await;
    assert_eq!(refused.refusal(), "400 invalid_grant refresh-token-invalid");
}
