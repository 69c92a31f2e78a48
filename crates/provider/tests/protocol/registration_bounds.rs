//! What may be registered, and how much of it (REG-4, RFC 7591).

use axum::http::{Method, StatusCode};
use inrou_provider::settings::Settings;
use serde_json::{Value, json};

use crate::browser::Answer;
use crate::house::House;
use crate::keys::Key;
use crate::registration::{decide, manage};
use crate::site::Site;

/// Registers a site with another member.
async fn registers(house: &House, member: &str, value: Value) -> Answer {
    let mut registration = Site::new().registration();
    registration[member] = value;
    house.post_json("/provider/v1/clients", &registration).await
}

/// A key with another member.
fn key(member: &str, value: Value) -> Value {
    let mut key = Key::es256().jwk();
    key[member] = value;
    key
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_each_member_has_its_bounds() {
    let house = House::new().await;
    let uris = |count: usize| {
        let uris = (0..count).map(|number| format!("https://bank.example/{number}"));
        json!(uris.collect::<Vec<_>>())
    };
    let long = format!("https://bank.example/{}", "x".repeat(235));
    for (member, value) in [
        ("client_name", json!("名".repeat(61))),
        ("client_name", json!("\u{3000}")),
        ("client_name", json!("銀行\u{202e}knab")),
        ("client_name", json!("銀\u{200b}行")),
        ("client_name", json!("銀\n行")),
        ("redirect_uris", uris(21)),
        ("redirect_uris", json!([])),
        ("redirect_uris", json!([long])),
        ("post_logout_redirect_uris", uris(21)),
        ("scope", json!(format!("openid {}", "x".repeat(250)))),
        ("scope", json!("name")),
        ("sector", json!(format!("{}.example", "x".repeat(250)))),
    ] {
        let refused = registers(&house, member, value.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{member} {value}: {}", refused.text);
        assert_eq!(refused.json()["code"], "registration-invalid", "{member} {value}");
        assert_eq!(refused.json()["params"]["member"], member);
    }
    for (member, value) in [
        ("client_name", json!("名".repeat(60))),
        ("redirect_uris", uris(20)),
        ("post_logout_redirect_uris", uris(20)),
    ] {
        let taken = registers(&house, member, value).await;
        assert_eq!(taken.status, StatusCode::CREATED, "{member}: {}", taken.text);
    }
    let huge = registers(&house, "client_uri", json!("x".repeat(64 * 1024))).await;
    assert_eq!(huge.json()["code"], "body-too-large");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_7591_2_what_is_not_known_is_ignored() {
    let house = House::new().await;
    let taken = registers(&house, "software_statement_of_tomorrow", json!({"x": 1})).await;
    assert_eq!(taken.status, StatusCode::CREATED, "{}", taken.text);
    assert_eq!(taken.json()["software_statement_of_tomorrow"], Value::Null);
    let other = registers(&house, "token_endpoint_auth_method", json!("client_secret_basic")).await;
    assert_eq!(other.json()["token_endpoint_auth_method"], "private_key_jwt", "RFC 7591 §3.2.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_private_key_is_refused_and_not_kept() {
    let house = House::new().await;
    for private in [
        key("d", json!("c2VjcmV0")),
        json!({"kty": "oct", "k": "c2VjcmV0"}),
        json!({"kty": "RSA", "n": "AQ", "e": "AQAB", "qi": "c2VjcmV0"}),
    ] {
        let refused = registers(&house, "jwks", json!({"keys": [private]})).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
        assert_eq!(refused.json()["code"], "private-key-sent");
        assert!(!refused.text.contains("c2VjcmV0"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_key_that_cannot_be_used_is_refused_when_it_is_registered() {
    let house = House::new().await;
    let good = Key::es256().jwk();
    let rsa = Key::rsa("PS256").jwk();
    let ed25519 = |more: Value| {
        let mut key = Key::ed25519().jwk();
        key["use"] = more;
        key
    };
    let short = json!({"kty": "RSA", "e": "AQAB", "n": crate::keys::base64url(&[0xff; 255])});
    let even = json!({"kty": "RSA", "e": "AQAB", "n": crate::keys::base64url(&[0xfe; 256])});
    let mut not_encrypting = good.clone();
    not_encrypting["use"] = json!("enc");
    not_encrypting["alg"] = json!("RSA-OAEP-256");
    let mut by_old_padding = rsa.clone();
    by_old_padding["use"] = json!("enc");
    by_old_padding["alg"] = json!("RSA-OAEP");
    let named = |name: &str| key("kid", json!(name));
    for (keys, about) in [
        (json!([]), "none of them is for signing"),
        (json!([key("use", json!("enc"))]), "none of them is for signing"),
        (json!([key("x", good["x"].clone())]), "not on the curve"),
        (json!([key("x", json!("AQ"))]), "not on the curve"),
        (json!([key("x", json!("no base64!"))]), "base64url"),
        (json!([key("crv", json!("P-384"))]), "neither of RSA"),
        (json!([key("crv", json!("P-999"))]), "neither of RSA"),
        (json!([5]), "is not known here"),
        (json!([{"kty": "OKP", "crv": "Ed25519", "x": "AQ"}]), "not on the curve"),
        (json!([short]), "shorter than 2048 bits"),
        (json!([even]), "none of RSA"),
        (json!([key("use", json!("tls"))]), "neither `sig` nor `enc`"),
        (json!([key("alg", json!("ES384"))]), "do not sign by its `alg`"),
        (json!([key("alg", json!("RS256"))]), "do not sign by its `alg`"),
        (json!([key("alg", json!("none"))]), "do not sign by its `alg`"),
        (json!([key("key_ops", json!(["encrypt"]))]), "`key_ops`"),
        (json!([key("kid", json!(""))]), "`kid`"),
        (json!([key("kid", json!("x".repeat(256)))]), "`kid`"),
        (json!([named("1"), named("1")]), "two of them have one `kid`"),
        (json!([good, good]), "stands twice"),
        (json!([good, not_encrypting]), "not encrypted by its `alg`"),
        (json!([good, by_old_padding]), "not encrypted by its `alg`"),
        (json!([good, ed25519(json!("enc"))]), "nothing can be encrypted to it"),
        (json!((0..11).map(|_| Key::es256().jwk()).collect::<Vec<_>>()), "more than 10"),
        (json!([key("x5c", json!(["x".repeat(16 * 1024)]))]), "16 KiB"),
    ] {
        let refused = registers(&house, "jwks", json!({"keys": keys})).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{about}: {}", refused.text);
        assert_eq!(refused.json()["code"], "key-unsound", "{about}: {}", refused.text);
        let reason = refused.json()["params"]["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains(about), "{reason}, not {about}");
    }
    let mut result = Key::es256().jwk();
    result["use"] = json!("enc");
    result["alg"] = json!("ECDH-ES+A256KW");
    for keys in [
        json!([key("use", json!("sig")), result]),
        json!([rsa]),
        json!([ed25519(json!("sig"))]),
        json!((0..10).map(|_| Key::es256().jwk()).collect::<Vec<_>>()),
    ] {
        let taken = registers(&house, "jwks", json!({"keys": keys})).await;
        assert_eq!(taken.status, StatusCode::CREATED, "{}", taken.text);
        assert_eq!(taken.json()["jwks"]["keys"], keys, "it is shown as it was sent");
    }
    let mut fapi = Site::new().registration();
    fapi["profile"] = json!("fapi2");
    fapi["jwks"] = json!({"keys": [Key::rsa("RS256").jwk()]});
    fapi["jwks"]["keys"][0]["alg"] = json!("RS256");
    let refused = house.post_json("/provider/v1/clients", &fapi).await;
    assert_eq!(refused.json()["code"], "key-unsound", "FAPI 2.0 §5.4.1: {}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_only_so_many_registrations_wait_at_a_time_and_not_for_ever() {
    let settings = Settings { pending_registrations: 2, ..Settings::default() };
    let house = House::with(settings).await;
    let (first, second) = (house.site("digital-auth").await, house.site("digital-auth").await);
    let refused = house.post_json("/provider/v1/clients", &Site::new().registration()).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.text);
    assert_eq!(refused.json()["code"], "registrations-full");
    assert_eq!(refused.header("retry-after"), "3600");
    decide(&house, &first, "approved", 1).await;
    decide(&house, &second, "refused", 1).await;
    let (third, fourth) = (house.site("digital-auth").await, house.site("digital-auth").await);
    house.wait(30 * 24 * 3600 + 1);
    house.tidies().await;
    assert_eq!(manage(&house, &first, Method::GET, None).await.status, StatusCode::OK);
    for forgotten in [second, third, fourth] {
        let answer = manage(&house, &forgotten, Method::GET, None).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "30 days are over");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_7592_2_2_the_client_that_is_changed_is_the_one_that_the_body_names() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let mut registration = site.registration();
    for (named, status) in [(site.id.as_str(), 200), ("RP99999999", 400)] {
        registration["client_id"] = json!(named);
        let answer = manage(&house, &site, Method::PUT, Some(&registration)).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    }
}
