//! `private_key_jwt` (RFC 7523 §3, OpenID Connect Core §9; FAPI 2.0 §5.3.2.1-6, -8, -13).

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::cases;
use crate::house::House;
use crate::keys::{Key, unsigned};
use crate::site::{Site, but, claims_of};

/// Whether an assertion passes at the endpoint for pushed requests, which takes any that does.
async fn passes(house: &House, site: &Site, assertion: &str) -> bool {
    let answer = house.post("ext/par/request", &site.proven_by(&site.request(), assertion)).await;
    if answer.status == StatusCode::CREATED {
        return true;
    }
    assert_eq!(answer.refusal(), "401 invalid_client client-assertion-invalid");
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_7523_3_claims_that_do_not_hold_are_refused() {
    let house = House::new().await;
    let (shape, fapi) = (house.site("digital-auth").await, house.site("fapi2").await);
    let table = cases::<(String, Value, String, String)>(include_str!("cases/assertion.json"));
    for (requirement, other, of_shape, of_fapi) in table {
        for (site, expected) in [(&shape, &of_shape), (&fapi, &of_fapi)] {
            let assertion = site.assertion_but(&house, &claims_of(&house, &other));
            let fate = if passes(&house, site, &assertion).await { "taken" } else { "refused" };
            assert_eq!(fate, expected, "{requirement}: {other}");
        }
    }
    // Ours alone: what must be remembered has its length.
    for (length, expected) in [(255, true), (256, false)] {
        let assertion = shape.assertion_but(&house, &json!({"jti": "j".repeat(length)}));
        assert_eq!(passes(&house, &shape, &assertion).await, expected, "{length}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_8725_3_1_an_assertion_is_signed_by_a_registered_key_and_a_good_algorithm() {
    let house = House::new().await;
    for (algorithm, of_shape, of_fapi) in [
        ("ES256", true, true),
        ("PS256", true, true),
        ("EdDSA", true, true),
        ("RS256", true, false),
    ] {
        for (profile, expected) in [("digital-auth", of_shape), ("fapi2", of_fapi)] {
            let key = match algorithm {
                "ES256" => Key::es256(),
                "EdDSA" => Key::ed25519(),
                of_rsa => Key::rsa(of_rsa),
            };
            let mut site =
                house.site_with(json!({"profile": profile, "jwks": {"keys": [key.jwk()]}})).await;
            site.key = key;
            let assertion = site.assertion(&house);
            assert_eq!(passes(&house, &site, &assertion).await, expected, "{profile} {algorithm}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_8725_3_1_forged_assertions_are_refused() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let claims = site.assertion_claims(&house);
    let genuine = site.assertion(&house);
    let mut flipped = genuine.clone().into_bytes();
    let last = flipped.len() - 10;
    flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
    let forged = [
        ("another key", Key::es256().jwt(json!({}), &claims)),
        ("no algorithm", format!("{}.", unsigned(&json!({"alg": "none"}), &claims))),
        ("the public key as a secret", site.key.jwt(json!({"alg": "HS256"}), &claims)),
        ("another algorithm of the kind", site.key.jwt(json!({"alg": "ES384"}), &claims)),
        ("a key in the header", Key::es256().jwt(json!({"jwk": Key::es256().jwk()}), &claims)),
        ("an unknown name of a key", site.key.jwt(json!({"kid": "unknown"}), &claims)),
        ("what is critical", site.key.jwt(json!({"crit": ["exp"], "exp": 1}), &claims)),
        ("a flipped byte", String::from_utf8(flipped).unwrap()),
        ("cut", genuine.rsplit_once('.').unwrap().0.to_owned()),
        ("no token", "garbage".to_owned()),
        ("other claims", {
            let signature = genuine.rsplit_once('.').unwrap().1;
            let other = but(claims.clone(), &json!({"jti": "other"}));
            format!("{}.{signature}", unsigned(&json!({"alg": "ES256"}), &other))
        }),
    ];
    for (how, assertion) in forged {
        assert!(!passes(&house, &site, &assertion).await, "{how}");
    }
    assert!(passes(&house, &site, &genuine).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_7523_3_7_an_assertion_serves_once_at_whatever_endpoint() {
    let mut house = House::new().await;
    let site = house.site("digital-auth").await;
    let assertion = site.assertion(&house);
    assert!(passes(&house, &site, &assertion).await);
    assert!(!passes(&house, &site, &assertion).await);
    house.restart();
    assert!(!passes(&house, &site, &assertion).await, "over a restart as well");
    let form = site.proven_by(&site.exchange(&house, "x"), &assertion);
    let refused = house.post("token", &form).await;
    assert_eq!(refused.refusal(), "401 invalid_client client-assertion-invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn fapi2_ensure_client_id_and_assertion_are_one_client_s() {
    let house = House::new().await;
    let (one, two) = (house.site("fapi2").await, house.site("fapi2").await);
    let code = house.code(&one, &house.person("水野　花")).await;
    // Client two's name, by client one's key.
    let claims = two.assertion_claims(&house);
    let form = two.exchange(&house, &code);
    let form = two.proven_by(&form, &one.key.jwt(json!({}), &claims)).set("client_id", &two.id);
    let refused = house.token(&two, &form).await;
    assert_eq!(refused.refusal(), "401 invalid_client client-assertion-invalid");
    // Client one's assertion, beside client two's name.
    let form = one.exchange(&house, &code).set("client_id", &two.id);
    let refused = house.token(&one, &form).await;
    assert_eq!(refused.refusal(), "401 invalid_client client-assertion-invalid");
    assert_eq!(house.token(&one, &one.exchange(&house, &code)).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_for_encryption_signs_nothing() {
    let house = House::new().await;
    let key = Key::es256();
    let mut jwk = key.jwk();
    jwk["use"] = json!("enc");
    let mut site = house.site_with(json!({"jwks": {"keys": [jwk, Key::es256().jwk()]}})).await;
    site.key = key;
    let assertion = site.assertion(&house);
    assert!(!passes(&house, &site, &assertion).await);
}
