//! Tokens that are given back (RFC 7009).

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::browser::Answer;
use crate::house::House;
use crate::site::{Form, Site};

async fn give_back(house: &House, site: &Site, tokens: &Value, which: &str) -> Answer {
    let form = Form::default().set("token", tokens[which].as_str().unwrap());
    house.post("revoke", &site.proven(house, &form)).await
}

async fn opens(house: &House, site: &Site, tokens: &Value) -> bool {
    let access = tokens["access_token"].as_str().unwrap();
    house.userinfo(site, access).await.status == StatusCode::OK
}

async fn refreshes(house: &House, site: &Site, tokens: &Value) -> bool {
    house.token(site, &site.refresh(house, tokens)).await.status == StatusCode::OK
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_7009_2_1_a_refresh_token_takes_all_with_it_and_an_access_token_itself_alone() {
    let house = House::new().await;
    for profile in ["digital-auth", "fapi2"] {
        let (site, person) = (house.site(profile).await, house.person("水野　花"));
        let tokens = house.tokens(&site, &person).await;
        let answer = give_back(&house, &site, &tokens, "access_token").await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, ""));
        assert!(!opens(&house, &site, &tokens).await);
        assert!(refreshes(&house, &site, &tokens).await);

        let tokens = house.tokens(&site, &person).await;
        give_back(&house, &site, &tokens, "refresh_token").await;
        assert!(!opens(&house, &site, &tokens).await);
        assert!(!refreshes(&house, &site, &tokens).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_7009_2_2_a_token_that_nobody_knows_is_as_good_as_given_back() {
    let house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let tokens = house.tokens(&site, &person).await;
    for _ in 0..2 {
        assert_eq!(give_back(&house, &site, &tokens, "refresh_token").await.status, StatusCode::OK);
    }
    let unknown =
        site.proven(&house, &Form::default().set("token", "x").set("token_type_hint", "y"));
    assert_eq!(house.post("revoke", &unknown).await.status, StatusCode::OK);
    let id_token = give_back(&house, &site, &tokens, "id_token").await;
    assert_eq!(id_token.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_7009_2_1_another_client_s_token_lives_on() {
    let house = House::new().await;
    let (site, other) = (house.site("digital-auth").await, house.site("digital-auth").await);
    let tokens = house.tokens(&site, &house.person("水野　花")).await;
    for which in ["access_token", "refresh_token"] {
        let refused = give_back(&house, &other, &tokens, which).await;
        assert_eq!(refused.refusal(), "400 invalid_request token-of-another-client");
    }
    assert!(opens(&house, &site, &tokens).await && refreshes(&house, &site, &tokens).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_7009_2_1_who_gives_back_proves_who_it_is() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let bare = Form::default().set("token", "x");
    let refused = house.post("revoke", &bare).await;
    assert_eq!(refused.refusal(), "401 invalid_client client-assertion-missing");
    let refused = house.post("revoke", &site.proven(&house, &Form::default())).await;
    assert_eq!(refused.refusal(), "400 invalid_request parameter-missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_7009_2_a_client_s_own_token_is_given_back_by_it_alone() {
    let house = House::new().await;
    let site = house.site_with(json!({"scope": "openid sign"})).await;
    let other = house.site_with(json!({"scope": "openid sign"})).await;
    let form = Form::default().set("grant_type", "client_credentials").set("scope", "sign");
    let own = async || house.token(&site, &site.proven(&house, &form)).await.json();
    let state = async |tokens: &Value| {
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        let path = "/api/sign-transactions/none";
        house.get(path, &[("authorization", &bearer)]).await.refusal()
    };
    let (first, second) = (own().await, own().await);
    let open = "404 invalid_request sign-transaction-unknown";
    assert_eq!(state(&first).await, open);
    let refused = give_back(&house, &other, &first, "access_token").await;
    assert_eq!(refused.refusal(), "400 invalid_request token-of-another-client");
    assert_eq!(state(&first).await, open, "it lives on");
    for _ in 0..2 {
        let answer = give_back(&house, &site, &first, "access_token").await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, ""));
    }
    assert_eq!(state(&first).await, "401 invalid_token access-token-invalid");
    assert_eq!(state(&second).await, open, "and the other one as well");
    let log = format!("/provider/v1/clients/{}/events?limit=1", site.id);
    let bearer = format!("Bearer {}", site.registration_token());
    let latest = house.get(&log, &[("authorization", &bearer)]).await.json();
    assert_eq!(latest["items"][0]["what"], "given-back");
}
