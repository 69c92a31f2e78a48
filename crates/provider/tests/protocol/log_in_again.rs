//! A log-in of before that is used again: `prompt`, `max_age`, `id_token_hint` (OpenID Connect Core
//! §3.1.2.1).

use serde_json::Value;

use crate::browser::{Back, Browser};
use crate::house::House;
use crate::keys;
use crate::site::Site;

/// A site where somebody has logged in, in a browser.
async fn logged_in<'h>(house: &'h House, site: &Site) -> (Browser<'h>, Value) {
    let mut browser = house.browser();
    let asked = house.asks(site, &site.request()).await;
    let back = browser.log_in(&asked, &house.person("水野　花")).await;
    let id_token = id_token(house, site, &back).await;
    (browser, id_token)
}

async fn id_token(house: &House, site: &Site, back: &Back) -> Value {
    let tokens = house.token(site, &site.exchange(house, &back["code"])).await.json();
    let mut claims = keys::claims(tokens["id_token"].as_str().unwrap());
    claims["token"] = tokens["id_token"].clone();
    claims
}

#[tokio::test(flavor = "multi_thread")]
async fn oidcc_prompt_none_logged_in_and_max_age_10000_give_the_log_in_of_before() {
    let house = House::new().await;
    for profile in ["digital-auth", "fapi2"] {
        let site = house.site(profile).await;
        let (mut browser, first) = logged_in(&house, &site).await;
        house.wait(100);
        let hint = format!("prompt=none&id_token_hint={}", first["token"].as_str().unwrap());
        for change in ["prompt=none", "max_age=10000", "prompt=none&max_age=100", &hint] {
            let request = site.request().set("nonce", "another").changed(change);
            let answer = browser.authorize(&house.asks(&site, &request).await).await;
            assert_eq!(answer.fate(), "back with a code", "{change}");
            let again = id_token(&house, &site, &answer.back()).await;
            for same in ["sub", "auth_time"] {
                assert_eq!(again[same], first[same], "{change}: {same}");
            }
            assert_eq!(again["nonce"], "another", "{change}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oidcc_prompt_login_and_max_age_1_ask_the_phone() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let (mut browser, first) = logged_in(&house, &site).await;
    house.wait(2);
    for change in ["", "prompt=login", "prompt=login&max_age=10000", "max_age=1", "prompt=consent"]
    {
        let answer = browser.authorize(&site.request().changed(change)).await;
        assert_eq!(answer.fate(), "asked", "{change}");
    }
    let answer = browser.authorize(&site.request().changed("prompt=none&max_age=1")).await;
    assert_eq!(answer.fate(), "back login_required prompt-none-impossible");
    let request = site.request().changed("prompt=login");
    let back = browser.log_in(&request, &house.person("水野　花")).await;
    let again = id_token(&house, &site, &back).await;
    assert!(again["auth_time"].as_i64() > first["auth_time"].as_i64());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_is_used_again_for_the_same_browser_client_person_and_scope_alone() {
    let house = House::new().await;
    let (site, other) = (house.site("digital-auth").await, house.site("digital-auth").await);
    let (mut browser, _) = logged_in(&house, &site).await;
    let refused = "back login_required prompt-none-impossible";
    let silent = site.request().set("prompt", "none");
    assert_eq!(house.browser().authorize(&silent).await.fate(), refused, "another browser");
    let of_other = other.request().set("prompt", "none");
    assert_eq!(browser.authorize(&of_other).await.fate(), refused, "another client");
    let wider = silent.clone().set("scope", "openid name birthdate address");
    assert_eq!(browser.authorize(&wider).await.fate(), refused, "more than was consented to");
    let somebody = silent.clone().set("claims", "{\"id_token\":{\"sub\":{\"value\":\"else\"}}}");
    assert_eq!(browser.authorize(&somebody).await.fate(), refused, "another person");
    let narrower = silent.clone().set("scope", "openid birthdate");
    let answer = browser.authorize(&narrower).await;
    let tokens = house.token(&site, &site.exchange(&house, &answer.back()["code"])).await.json();
    let told = house.userinfo(&site, tokens["access_token"].as_str().unwrap()).await.json();
    assert!(told.get("name").is_none() && told["birthdate"] == "19800217");
    house.wait(12 * 3600);
    assert_eq!(browser.authorize(&silent).await.fate(), refused, "it is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_that_was_taken_back_is_not_used_again() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let mut browser = house.browser();
    let back = browser.log_in(&site.request(), &house.person("水野　花")).await;
    for _ in 0..2 {
        house.token(&site, &site.exchange(&house, &back["code"])).await;
    }
    let answer = browser.authorize(&site.request().set("prompt", "none")).await;
    assert_eq!(answer.fate(), "back login_required prompt-none-impossible");
}
