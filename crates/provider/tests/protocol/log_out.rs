//! Log-out that a site asks for (OpenID Connect RP-Initiated Logout 1.0).

use axum::http::{Request, StatusCode, header};
use serde_json::Value;

use crate::browser::{Answer, Browser};
use crate::house::{House, path};
use crate::keys::Key;
use crate::site::{Form, LOGGED_OUT, Site};

/// A site, a browser that is logged in there, and the tokens of it.
async fn logged_in<'h>(house: &'h House) -> (Site, Browser<'h>, Value) {
    let site = house.site("digital-auth").await;
    let mut browser = house.browser();
    let back = browser.log_in(&site.request(), &house.person("水野　花")).await;
    let tokens = house.token(&site, &site.exchange(house, &back["code"])).await.json();
    (site, browser, tokens)
}

async fn asked(browser: &mut Browser<'_>, request: &Form) -> Answer {
    browser.visit(&format!("{}?{}", path("logout"), request.encoded())).await
}

/// The form of a page, as it is shown.
fn form_of(page: &Answer) -> Form {
    assert_eq!(page.status, StatusCode::OK, "{}", page.fate());
    let value = |name: &str| {
        let field = page.text.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
        field.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")
    };
    ["client", "back", "mark"]
        .iter()
        .fold(Form::default(), |form, name| form.set(name, &value(name)))
}

async fn is_logged_in(browser: &mut Browser<'_>, site: &Site) -> bool {
    let silent = site.request().set("prompt", "none");
    browser.authorize(&silent).await.fate() == "back with a code"
}

#[tokio::test(flavor = "multi_thread")]
async fn oidcc_rp_initiated_logout_the_person_is_asked_and_then_led_back_with_the_state() {
    let house = House::new().await;
    let (site, mut browser, tokens) = logged_in(&house).await;
    let request = Form::default()
        .set("id_token_hint", tokens["id_token"].as_str().unwrap())
        .set("post_logout_redirect_uri", LOGGED_OUT)
        .set("state", "s&t");
    let page = asked(&mut browser, &request).await;
    assert!(page.text.contains("見本銀行"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://bank.example;"), "{policy}");
    assert!(is_logged_in(&mut browser, &site).await, "§2: nothing ends before the person says so");
    let done = browser.submit("/provider/log-out", &form_of(&page)).await;
    assert_eq!(done.to(), format!("{LOGGED_OUT}?state=s%26t"), "§3");
    assert!(!is_logged_in(&mut browser, &site).await);
    let access = tokens["access_token"].as_str().unwrap();
    let refused = house.userinfo(&site, access).await;
    assert_eq!(refused.refusal(), "401 invalid_token access-token-invalid");
    let refused = house.token(&site, &site.refresh(&house, &tokens)).await;
    assert_eq!(refused.refusal(), "400 invalid_grant refresh-token-invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn oidcc_rp_initiated_logout_what_does_not_hold_leads_nobody_anywhere() {
    let house = House::new().await;
    let (site, mut browser, tokens) = logged_in(&house).await;
    let other = house.site("digital-auth").await;
    let id_token = tokens["id_token"].as_str().unwrap();
    let claims = crate::keys::claims(id_token);
    let forged = Key::es256().jwt(serde_json::json!({}), &claims);
    let good =
        Form::default().set("id_token_hint", id_token).set("post_logout_redirect_uri", LOGGED_OUT);
    for (requirement, request, fate) in [
        (
            "§3: unregistered",
            good.clone().set("post_logout_redirect_uri", "https://evil.example/"),
            "page 400 log-out-invalid",
        ),
        (
            "§3: as strings",
            good.clone().set("post_logout_redirect_uri", &format!("{LOGGED_OUT}?a=b")),
            "page 400 log-out-invalid",
        ),
        ("§2: no token", good.clone().set("id_token_hint", "abc"), "page 400 log-out-invalid"),
        ("§2: forged", good.clone().set("id_token_hint", &forged), "page 400 log-out-invalid"),
        (
            "§2: an assertion",
            good.clone().set("id_token_hint", &site.assertion(&house)),
            "page 400 log-out-invalid",
        ),
        (
            "§2: another client",
            good.clone().set("client_id", &other.id),
            "page 400 log-out-invalid",
        ),
        (
            "§2: unknown client",
            Form::default().set("client_id", "RP99999999"),
            "page 400 client-unknown",
        ),
        (
            "RFC 6749 §3.1",
            good.clone().and("state", "a").and("state", "b"),
            "page 400 parameter-repeated",
        ),
    ] {
        assert_eq!(asked(&mut browser, &request).await.fate(), fate, "{requirement}");
    }
    assert!(is_logged_in(&mut browser, &site).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn oidcc_rp_initiated_logout_an_expired_token_a_client_alone_or_nothing_is_enough() {
    let house = House::new().await;
    let (site, mut browser, tokens) = logged_in(&house).await;
    house.wait(6 * 3600);
    let hint = Form::default().set("id_token_hint", tokens["id_token"].as_str().unwrap());
    for request in [hint, Form::default().set("client_id", &site.id), Form::default()] {
        let request = request.set("state", "unused");
        assert_eq!(asked(&mut browser, &request).await.status, StatusCode::OK, "§4");
    }
    // §2: an address is nobody's unless its client is named.
    let nobody_s = Form::default().set("post_logout_redirect_uri", LOGGED_OUT);
    let page = asked(&mut browser, &nobody_s).await;
    let done = browser.submit("/provider/log-out", &form_of(&page)).await;
    assert_eq!(done.to(), "/provider/log-out");
    assert_eq!(browser.visit("/provider/log-out").await.status, StatusCode::OK);
    assert!(!is_logged_in(&mut browser, &site).await, "of all sites");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_that_was_not_shown_to_this_browser_does_nothing() {
    let house = House::new().await;
    let (site, mut browser, _) = logged_in(&house).await;
    let request = Form::default().set("client_id", &site.id);
    let shown = form_of(&asked(&mut browser, &request).await);
    let of_another = form_of(&asked(&mut house.browser(), &request).await);
    for form in [
        of_another,
        shown.clone().set("mark", ""),
        shown.clone().set("client", ""),
        shown.clone().set("back", "https://evil.example/"),
    ] {
        let refused = browser.submit("/provider/log-out", &form).await;
        assert_eq!(refused.fate(), "page 400 log-out-invalid", "{form:?}");
    }
    assert!(is_logged_in(&mut browser, &site).await);
    browser.submit("/provider/log-out", &shown).await;
    assert!(!is_logged_in(&mut browser, &site).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn rp_initiated_logout_2_a_form_of_the_site_is_as_good_as_a_query() {
    let house = House::new().await;
    let (site, mut browser, _) = logged_in(&house).await;
    let request = Request::post(path("logout"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "document");
    let body = Form::default().set("client_id", &site.id).encoded();
    let answer = house.send(request.body(body.into()).unwrap()).await;
    assert_eq!(browser.visit(&answer.to()).await.status, StatusCode::OK);
}
