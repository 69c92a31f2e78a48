//! The token endpoint (RFC 6749 §3.2, §4.1.3, §5; OpenID Connect Core §3.1.3).

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{Request, StatusCode, header};

use crate::cases;
use crate::house::{House, ISSUER, path};
use crate::keys::{self, base64url};
use crate::site::Form;

#[tokio::test(flavor = "multi_thread")]
async fn rfc_6749_5_2_each_exchange_that_does_not_hold_is_refused_and_the_code_stays_good() {
    let house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let code = house.code(&site, &person).await;
    for [requirement, change, refusal] in cases::<[String; 3]>(include_str!("cases/token.json")) {
        let form = site.exchange(&house, &code).changed(&change);
        let answer = house.token(&site, &form).await;
        assert_eq!(answer.refusal(), refusal, "{requirement}: {change}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("www-authenticate"), "", "{change}: no scheme of HTTP was used");
    }
    let form = site.exchange(&house, &code).and("client_id", &site.id).and("more", "1");
    assert_eq!(house.token(&site, &form).await.status, StatusCode::OK, "RFC 7521 §4.2");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_6749_5_1_what_a_code_is_exchanged_for() {
    let house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let code = house.code(&site, &person).await;
    let answer = house.token(&site, &site.exchange(&house, &code)).await;
    assert_eq!(
        (answer.header("cache-control"), answer.header("pragma")),
        ("no-store".into(), "no-cache".into())
    );
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["scope"], "openid name birthdate");
    assert_eq!(tokens["expires_in"], 300);
    for token in ["access_token", "refresh_token"] {
        assert!(tokens[token].as_str().unwrap().len() >= 43, "FAPI2 5.4.1-4");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oidcc_id_token_what_it_says_and_by_whom_it_is_signed() {
    let house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let tokens = house.tokens(&site, &person).await;
    let id_token = tokens["id_token"].as_str().unwrap();
    let (header, claims) = (keys::header(id_token), keys::claims(id_token));
    let published = house.get(&path("certs"), &[]).await.json();
    assert_eq!(header["alg"], "ES256");
    assert_eq!(header["kid"], published["keys"][0]["kid"]);
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["aud"], site.id, "a string");
    assert_eq!(claims["nonce"], "a nonce");
    assert_eq!(claims["iat"], house.now());
    assert_eq!(claims["auth_time"], house.now());
    assert_eq!(claims["exp"], house.now() + 300);
    assert_eq!(claims["acr"], "aal3");
    let hash = digest(&SHA256, tokens["access_token"].as_str().unwrap().as_bytes());
    assert_eq!(claims["at_hash"], base64url(&hash.as_ref()[..16]), "OIDC Core §3.1.3.6");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_6749_4_1_2_a_code_that_comes_twice_takes_back_what_it_gave() {
    let house = House::new().await;
    for (profile, wait) in [("digital-auth", 0), ("fapi2", 1), ("digital-auth", 30)] {
        let (site, person) = (house.site(profile).await, house.person("水野　花"));
        let code = house.code(&site, &person).await;
        let tokens = house.token(&site, &site.exchange(&house, &code)).await.json();
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(house.userinfo(&site, access).await.status, StatusCode::OK);
        house.wait(wait);
        let again = house.token(&site, &site.exchange(&house, &code)).await;
        assert_eq!(again.refusal(), "400 invalid_grant code-invalid", "FAPI2 5.3.2.2-9");
        let refused = house.userinfo(&site, access).await;
        assert_eq!(refused.refusal(), "401 invalid_token access-token-invalid");
        let refused = house.token(&site, &site.refresh(&house, &tokens)).await;
        assert_eq!(refused.refusal(), "400 invalid_grant refresh-token-invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fapi2_5_3_2_1_11_a_code_is_good_for_a_minute() {
    let house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let early = house.code(&site, &person).await;
    house.wait(59);
    assert_eq!(house.token(&site, &site.exchange(&house, &early)).await.status, StatusCode::OK);
    let late = house.code(&site, &person).await;
    house.wait(60);
    let refused = house.token(&site, &site.exchange(&house, &late)).await;
    assert_eq!(refused.refusal(), "400 invalid_grant code-invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_6749_5_2_a_code_of_another_client_is_refused_and_stays_good() {
    let house = House::new().await;
    let (site, other) = (house.site("digital-auth").await, house.site("digital-auth").await);
    let code = house.code(&site, &house.person("水野　花")).await;
    let stolen = house.token(&other, &other.exchange(&house, &code)).await;
    assert_eq!(stolen.refusal(), "400 invalid_grant code-invalid");
    assert_eq!(house.token(&site, &site.exchange(&house, &code)).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_6749_5_2_who_uses_a_scheme_of_http_is_told_of_it() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let form = Form::default().set("grant_type", "authorization_code").set("code", "x");
    let basic = [("authorization", "Basic UlAwMTpzZWNyZXQ=")];
    let answer = house.post_with("token", &form, &basic).await;
    assert_eq!(answer.refusal(), "401 invalid_client client-secret-unsupported");
    assert!(answer.header("www-authenticate").starts_with("Basic realm="));
    let answer = house.post_with("token", &site.exchange(&house, "x"), &basic).await;
    assert_eq!(answer.refusal(), "400 invalid_request client-authentication-repeated");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_6749_3_2_a_body_that_is_no_form_is_refused() {
    let house = House::new().await;
    let request = Request::post(path("token")).header(header::CONTENT_TYPE, "application/json");
    let answer = house.send(request.body("{}".into()).unwrap()).await;
    assert_eq!(answer.refusal(), "400 invalid_request form-expected");
}
