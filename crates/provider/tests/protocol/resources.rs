//! What each access token opens (RFC 6749 §7, RFC 6750 §3.1), and the nonces of proofs at each resource (RFC
//! 9449 §8, §9).

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::browser::Answer;
use crate::house::{BASE, House};
use crate::keys::base64url;
use crate::signing::{Signing, document};
use crate::site::{Form, Site, but, unique};

/// A request to a resource by a bound token, with a proof that has this nonce.
async fn opened(
    house: &House,
    site: &Site,
    (method, path, body): (&str, &str, &Value),
    token: &str,
    nonce: Option<&str>,
) -> Answer {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
    let claims = json!({"jti": unique(), "htm": method, "htu": format!("{BASE}{path}"),
        "iat": house.now(), "ath": base64url(hash.as_ref()), "nonce": nonce});
    let proof = site.dpop.jwt(site.proof_header(), &but(claims, &json!({})));
    let request = Request::builder().method(method).uri(path);
    let request = request.header("authorization", format!("DPoP {token}")).header("dpop", proof);
    let request = request.header("content-type", "application/json");
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    house.send(request.body(body).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9449_9_each_resource_asks_for_its_nonce_and_gives_a_fresh_one() {
    let signing = Signing::with(json!({"profile": "fapi2", "number_check": "never"})).await;
    let (house, site) = (&signing.house, &signing.site);
    let form = Form::default().set("grant_type", "client_credentials").set("scope", "sign");
    let own = house.token(site, &site.proven(house, &form)).await.json();
    assert_eq!(own["token_type"], "DPoP");
    let own = own["access_token"].as_str().unwrap();
    let tokens = house.tokens(site, &signing.person.login).await;
    let of_person = tokens["access_token"].as_str().unwrap();
    let none = Value::Null;
    let consent = json!({"attributes": ["name"], "purpose": "a", "until": "2027-11-20"});
    let two = json!({"first": {"certificate": "AAAA"}, "second": {"certificate": "AAAA"}});
    let id = "00000000-0000-4000-8000-000000000000";
    let userinfo = crate::house::path("userinfo");
    for (method, path, body, token, passes) in [
        ("GET", userinfo.as_str(), &none, of_person, 200),
        ("POST", userinfo.as_str(), &none, of_person, 200),
        ("POST", "/api/sign-transactions", &document(), own, 201),
        ("GET", &format!("/api/sign-transactions/{id}"), &none, own, 404),
        ("GET", &format!("/api/sign-transactions/{id}/result"), &none, of_person, 403),
        ("POST", "/provider/v1/consents", &consent, own, 201),
        ("GET", &format!("/provider/v1/consents/{id}"), &none, own, 404),
        ("GET", &format!("/provider/v1/consents/{id}/latest"), &none, own, 404),
        ("POST", "/provider/v1/same-person", &two, own, 422),
    ] {
        let request = (method, path, body);
        for without in [None, Some("another")] {
            let asks = opened(house, site, request, token, without).await;
            let refusal = asks.refusal();
            assert_eq!(refusal, "401 use_dpop_nonce dpop-nonce-needed", "{method} {path}");
            let challenge = asks.header("www-authenticate");
            let expected = "DPoP realm=\"inrou\", error=\"use_dpop_nonce\"";
            assert!(challenge.starts_with(expected), "{path}: {challenge}");
            let nonce = asks.header("dpop-nonce");
            let passed = opened(house, site, request, token, Some(&nonce)).await;
            assert_eq!(passed.status.as_u16(), passes, "{method} {path}: {}", passed.text);
            assert!(!passed.header("dpop-nonce").is_empty(), "§8.2: {path}");
        }
    }
    // The next one is told before the last one ends.
    let request = ("POST", "/api/sign-transactions", &document());
    let nonce = opened(house, site, request, own, None).await.header("dpop-nonce");
    house.wait(60);
    let later = opened(house, site, request, own, Some(&nonce)).await;
    assert_eq!(later.status, StatusCode::CREATED);
    assert_ne!(later.header("dpop-nonce"), nonce, "§8.2");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9449_7_1_a_proof_s_refusal_asks_for_another_proof_and_nothing_else() {
    let house = House::new().await;
    let site = house.site("fapi2").await;
    let tokens = house.tokens(&site, &house.person("水野　花")).await;
    let token = tokens["access_token"].as_str().unwrap();
    let path = crate::house::path("userinfo");
    let shown = format!("DPoP {token}");
    let bare = house.get(&path, &[("authorization", &shown)]).await;
    let challenge = bare.header("www-authenticate");
    assert!(challenge.starts_with("DPoP ") && !challenge.contains("Bearer"), "{challenge}");
    let none = house.get(&path, &[]).await.header("www-authenticate");
    assert!(none.contains("Bearer realm") && none.contains("DPoP realm"), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_6750_3_1_a_token_of_less_scope_opens_less() {
    let signing = Signing::new().await;
    let (house, site) = (&signing.house, &signing.site);
    let id = signing.ordered(document()).await;
    let tokens = signing.signed_tokens(&id).await;
    let narrowed = async |scope: &str| {
        let form = site.refresh(house, &tokens).set("scope", scope);
        house.token(site, &form).await
    };
    let plain = narrowed("openid").await.json();
    assert_eq!((&plain["scope"], plain["id_token"].is_string()), (&json!("openid"), true));
    let refused = signing.result(&id, plain["access_token"].as_str().unwrap()).await;
    assert_eq!(refused.refusal(), "403 insufficient_scope access-token-scope");
    let challenge = refused.header("www-authenticate");
    assert!(challenge.contains("error=\"insufficient_scope\""), "RFC 6750 §3.1: {challenge}");
    let signs = narrowed("sign").await.json();
    assert_eq!(signs["id_token"], Value::Null, "OIDC Core §12.2: it was not asked for");
    let token = signs["access_token"].as_str().unwrap();
    assert_eq!(signing.result(&id, token).await.status, StatusCode::OK);
    let refused = house.userinfo(site, token).await;
    assert_eq!(refused.refusal(), "403 insufficient_scope access-token-scope", "OIDC Core §5.3");
    for wider in ["openid sign name", "openid sign unknown", "unknown", " ", "openid  sign"] {
        let refused = narrowed(wider).await.refusal();
        assert_eq!(refused, "400 invalid_scope scope-widened", "RFC 6749 §6: {wider:?}");
    }
    let whole = narrowed("sign openid").await.json();
    assert_eq!(whole["scope"], "openid sign");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_6750_3_1_a_result_is_its_client_s_and_of_its_own_signature() {
    let mut signing = Signing::new().await;
    let id = signing.ordered(document()).await;
    let token = signing.signed(&id).await;
    // Another client's token for a signature of its own, by the same person.
    let more =
        json!({"scope": "openid sign", "number_check": "never", "more_keys": [&signing.jwk]});
    let other = signing.house.site_with(more).await;
    let own = std::mem::replace(&mut signing.site, other);
    let theirs = signing.ordered(document()).await;
    let their_token = signing.signed(&theirs).await;
    for (id, token) in [(&id, &their_token), (&theirs, &token)] {
        let refused = signing.result(id, token).await;
        assert_eq!(refused.refusal(), "404 invalid_request sign-transaction-unknown");
    }
    signing.site = own;
    assert_eq!(signing.result(&id, &token).await.status, StatusCode::OK);
}

/// Puts another key for results in the place of one, as it may stand there since keys were judged less
/// strictly.
fn keeps_another_key(house: &House, before: &Value, after: &Value) {
    let file = house.folder.path().join("provider.db");
    let sql = "UPDATE clients SET registration = replace(registration, ?1, ?2)";
    let changed = [before, after].map(|key| key.to_string());
    let store = rusqlite::Connection::open(file).unwrap();
    assert_eq!(store.execute(sql, changed).unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_to_which_nothing_can_be_encrypted_is_told_and_nothing_is_fetched() {
    let signing = Signing::new().await;
    let (house, site) = (&signing.house, &signing.site);
    let id = signing.ordered(document()).await;
    let token = signing.signed(&id).await;
    let good = signing.jwk.clone();
    let bad = but(good.clone(), &json!({"x": base64url(&[1; 32])}));
    let small = json!({"kty": "RSA", "use": "enc", "kid": "results", "e": "AQAB",
        "n": base64url(&[0; 257])});
    let signs = but(good.clone(), &json!({"use": "sig"}));
    let mut before = &good;
    for (key, code) in [
        (&bad, "encryption-key-unusable"),
        (&small, "encryption-key-unusable"),
        (&signs, "encryption-key-missing"),
    ] {
        keeps_another_key(house, before, key);
        before = key;
        let refused = signing.result(&id, &token).await;
        assert_eq!(refused.refusal(), format!("400 invalid_client {code}"), "{key}");
        let refused = signing.order(document()).await;
        assert_eq!(refused.refusal(), format!("400 invalid_client {code}"), "{key}");
    }
    let told = crate::events::of(house, site, &id).await;
    assert_eq!(told.last().unwrap(), "exchanged", "nothing was fetched: {told:?}");
    keeps_another_key(house, before, &good);
    assert_eq!(signing.result(&id, &token).await.status, StatusCode::OK);
    let told = crate::events::of(house, site, &id).await;
    assert_eq!(told.last().unwrap(), "fetched");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9449_7_a_person_s_token_is_told_of_its_scope_to_who_has_its_key_alone() {
    let signing = Signing::with(json!({"profile": "fapi2", "number_check": "never"})).await;
    let (house, site) = (&signing.house, &signing.site);
    let tokens = house.tokens(site, &signing.person.login).await;
    let token = tokens["access_token"].as_str().unwrap();
    let stolen = signing.call("POST", "", token, Some(&document())).await;
    assert_eq!(stolen.refusal(), "401 invalid_token access-token-key-wrong");
    let nonce = house.nonce().await;
    let request = ("POST", "/api/sign-transactions", &document());
    let refused = opened(house, site, request, token, Some(&nonce)).await;
    assert_eq!(refused.refusal(), "403 insufficient_scope access-token-scope");
    // A key that the thief has is another one.
    let thief = Site::new();
    let refused = opened(house, &thief, request, token, Some(&nonce)).await;
    assert_eq!(refused.refusal(), "401 invalid_token access-token-key-wrong");
}
