//! Refresh tokens (RFC 6749 §6, OpenID Connect Core §12).

use axum::http::StatusCode;

use crate::house::House;
use crate::keys;

#[tokio::test(flavor = "multi_thread")]
async fn fapi2_5_3_2_1_9_a_refresh_token_is_used_again_and_again_and_stays_the_same() {
    let house = House::new().await;
    for profile in ["digital-auth", "fapi2"] {
        let (site, person) = (house.site(profile).await, house.person("水野　花"));
        let first = house.tokens(&site, &person).await;
        let id_token = keys::claims(first["id_token"].as_str().unwrap());
        for _ in 0..2 {
            house.wait(400);
            let answer = house.token(&site, &site.refresh(&house, &first)).await;
            let again = answer.json();
            assert_eq!(again["refresh_token"], first["refresh_token"], "{}", answer.text);
            assert_ne!(again["access_token"], first["access_token"]);
            assert_eq!(again["token_type"], first["token_type"]);
            let claims = keys::claims(again["id_token"].as_str().unwrap());
            for same in ["iss", "sub", "aud", "auth_time"] {
                assert_eq!(claims[same], id_token[same], "OIDC Core §12.2: {same}");
            }
            assert_eq!(claims["iat"], house.now(), "OIDC Core §12.2");
            assert!(claims.get("nonce").is_none(), "OIDC Core §12.2");
            let told = house.userinfo(&site, again["access_token"].as_str().unwrap()).await.json();
            assert_eq!(told["name"], "水野　花");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_6749_6_less_may_be_asked_for_and_never_more() {
    let house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let tokens = house.tokens(&site, &person).await;
    let form = site.refresh(&house, &tokens).set("scope", "openid birthdate");
    let less = house.token(&site, &form).await.json();
    assert_eq!(less["scope"], "openid birthdate");
    let told = house.userinfo(&site, less["access_token"].as_str().unwrap()).await.json();
    assert_eq!(told["birthdate"], "19800217");
    assert!(told.get("name").is_none(), "FAPI2 5.3.2.1-14");
    let form = site.refresh(&house, &tokens).set("scope", "openid name address");
    let more = house.token(&site, &form).await;
    assert_eq!(more.refusal(), "400 invalid_scope scope-widened");
    let whole = house.token(&site, &site.refresh(&house, &tokens)).await.json();
    assert_eq!(whole["scope"], "openid name birthdate", "what was granted stays so");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_6749_6_refresh_tokens_that_do_not_hold_are_refused() {
    let house = House::new().await;
    let (site, other) = (house.site("digital-auth").await, house.site("digital-auth").await);
    let tokens = house.tokens(&site, &house.person("水野　花")).await;
    let refused = "400 invalid_grant refresh-token-invalid";
    let stolen = house.token(&other, &other.refresh(&house, &tokens)).await;
    assert_eq!(stolen.refusal(), refused, "fapi2-refresh-token of another client");
    let access = tokens["access_token"].as_str().unwrap();
    let form = site.refresh(&house, &tokens).set("refresh_token", access);
    assert_eq!(house.token(&site, &form).await.refusal(), refused, "an access token is none");
    let form = site.refresh(&house, &tokens).without("refresh_token");
    let missing = house.token(&site, &form).await;
    assert_eq!(missing.refusal(), "400 invalid_request parameter-missing");
    let as_access = house.userinfo(&site, tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(as_access.refusal(), "401 invalid_token access-token-invalid");
    house.wait(12 * 3600);
    assert_eq!(house.token(&site, &site.refresh(&house, &tokens)).await.refusal(), refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_6749_5_1_an_access_token_does_not_outlive_what_was_granted() {
    let house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let tokens = house.tokens(&site, &person).await;
    house.wait(12 * 3600 - 100);
    let answer = house.token(&site, &site.refresh(&house, &tokens)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["expires_in"], 100);
}
