//! Tokens that are bound to a key (RFC 9449; FAPI 2.0 §5.3.2.1-4, -5, -10, -12).

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::browser::Answer;
use crate::cases;
use crate::house::{House, path};
use crate::keys::{Key, unsigned};
use crate::site::{Site, but, claims_of};

/// Of proofs at the token endpoint.
const CASES: &str = include_str!("cases/proof.json");

const INVALID: &str = "invalid_dpop_proof dpop-proof-invalid";

async fn opened(house: &House, token: &str, proof: &str) -> Answer {
    let shown = format!("DPoP {token}");
    house.get(&path("userinfo"), &[("authorization", &shown), ("dpop", proof)]).await
}

/// A refresh by a proof: it may be tried as often as one likes.
async fn refreshed(house: &House, site: &Site, tokens: &Value, proof: &str) -> Answer {
    house.post_with("token", &site.refresh(house, tokens), &[("dpop", proof)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9449_4_3_proofs_that_do_not_hold_are_refused_at_the_token_endpoint_and_at_userinfo() {
    let house = House::new().await;
    let site = house.site("fapi2").await;
    let tokens = house.tokens(&site, &house.person("水野　花")).await;
    let access = tokens["access_token"].as_str().unwrap();
    for (requirement, other, expected) in cases::<(String, Value, String)>(CASES) {
        if expected == "taken" {
            continue;
        }
        let code = if expected == "use_dpop_nonce" { "nonce-needed" } else { "proof-invalid" };
        let (word, expected) = (expected.clone(), format!("{expected} dpop-{code}"));
        let other = claims_of(&house, &other);
        let claims = but(site.proof_claims(&house, "POST", "token", None).await, &other);
        let proof = site.dpop.jwt(site.proof_header(), &claims);
        let answer = refreshed(&house, &site, &tokens, &proof).await;
        assert_eq!(answer.refusal(), format!("400 {expected}"), "{requirement}: {other}");
        assert!(!answer.header("dpop-nonce").is_empty(), "§8.2");

        let claims = but(site.proof_claims(&house, "GET", "userinfo", Some(access)).await, &other);
        let proof = site.dpop.jwt(site.proof_header(), &claims);
        let answer = opened(&house, access, &proof).await;
        assert_eq!(answer.refusal(), format!("401 {expected}"), "{requirement}: {other}");
        let challenge = answer.header("www-authenticate");
        assert!(
            challenge.contains(&format!("DPoP realm=\"inrou\", error=\"{word}\"")),
            "{challenge}"
        );
        assert!(challenge.contains("algs=\"ES256 PS256 EdDSA\""), "§7.1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9449_4_3_proofs_that_differ_in_what_does_not_matter_pass() {
    let house = House::new().await;
    let site = house.site("fapi2").await;
    let tokens = house.tokens(&site, &house.person("水野　花")).await;
    let of_table = cases::<(String, Value, String)>(CASES).into_iter();
    let of_table = of_table.filter(|(_, _, expected)| expected == "taken");
    let of_table = of_table.map(|(requirement, other, _)| (requirement, claims_of(&house, &other)));
    let address = crate::house::address("token").replace("localhost", "LOCALHOST");
    let host = ("RFC 3986 §6.2.2.1: the host's case".to_owned(), json!({ "htu": address }));
    for (requirement, other) in of_table.chain([host]) {
        let claims = but(site.proof_claims(&house, "POST", "token", None).await, &other);
        let proof = site.dpop.jwt(site.proof_header(), &claims);
        let answer = refreshed(&house, &site, &tokens, &proof).await;
        assert_eq!(answer.status, StatusCode::OK, "{requirement}: {}", answer.text);
        assert_eq!(answer.json()["token_type"], "DPoP");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9449_4_2_forged_and_malformed_proofs_are_refused() {
    let house = House::new().await;
    let site = house.site("fapi2").await;
    let tokens = house.tokens(&site, &house.person("水野　花")).await;
    let claims = site.proof_claims(&house, "POST", "token", None).await;
    let mut private = site.dpop.jwk();
    private["d"] = json!("c2VjcmV0");
    let header = |jwk: Value| json!({"typ": "dpop+jwt", "jwk": jwk});
    let rs256 = Key::rsa("RS256");
    for (requirement, proof) in [
        ("§4.3-2", "garbage".to_owned()),
        ("§4.3-4", site.dpop.jwt(json!({"jwk": site.dpop.jwk()}), &claims)),
        ("§4.3-4", site.dpop.jwt(json!({"typ": "JWT", "jwk": site.dpop.jwk()}), &claims)),
        (
            "§4.3-5",
            format!("{}.", unsigned(&but(site.proof_header(), &json!({"alg": "none"})), &claims)),
        ),
        ("§4.3-5", site.dpop.jwt(but(site.proof_header(), &json!({"alg": "HS256"})), &claims)),
        ("FAPI2 5.4.1-1", rs256.jwt(header(rs256.jwk()), &claims)),
        ("§4.3-6", site.dpop.jwt(header(Key::es256().jwk()), &claims)),
        ("§4.2: no key", site.dpop.jwt(json!({"typ": "dpop+jwt"}), &claims)),
        ("§4.3-7", site.dpop.jwt(header(private), &claims)),
        ("§4.2: a secret", site.dpop.jwt(header(json!({"kty": "oct", "k": "c2VjcmV0"})), &claims)),
    ] {
        let answer = refreshed(&house, &site, &tokens, &proof).await;
        assert_eq!(answer.refusal(), format!("400 {INVALID}"), "{requirement}");
    }
    let two = [
        site.proof(&house, "POST", "token", None).await,
        site.proof(&house, "POST", "token", None).await,
    ];
    let answer = house
        .post_with("token", &site.refresh(&house, &tokens), &[("dpop", &two[0]), ("dpop", &two[1])])
        .await;
    assert_eq!(answer.refusal(), format!("400 {INVALID}"), "§4.3-1");
    for key in [Key::ed25519(), Key::rsa("PS256")] {
        let claims = site.proof_claims(&house, "POST", "token", None).await;
        let answer = refreshed(&house, &site, &tokens, &key.jwt(header(key.jwk()), &claims)).await;
        assert_eq!(answer.status, StatusCode::OK, "§5: a confidential client may change its key");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9449_11_1_a_proof_serves_once() {
    let mut house = House::new().await;
    let site = house.site("fapi2").await;
    let tokens = house.tokens(&site, &house.person("水野　花")).await;
    let access = tokens["access_token"].as_str().unwrap();
    let proof = site.proof(&house, "POST", "token", None).await;
    assert_eq!(refreshed(&house, &site, &tokens, &proof).await.status, StatusCode::OK);
    assert_eq!(refreshed(&house, &site, &tokens, &proof).await.refusal(), format!("400 {INVALID}"));
    let proof = site.proof(&house, "GET", "userinfo", Some(access)).await;
    assert_eq!(opened(&house, access, &proof).await.status, StatusCode::OK);
    assert_eq!(opened(&house, access, &proof).await.refusal(), format!("401 {INVALID}"));
    // What was seen is forgotten in a restart: so is every nonce.
    house.restart();
    let again = opened(&house, access, &proof).await;
    assert_eq!(again.refusal(), "401 use_dpop_nonce dpop-nonce-needed");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9449_8_a_nonce_is_good_for_a_while() {
    let house = House::new().await;
    let site = house.site("fapi2").await;
    let tokens = house.tokens(&site, &house.person("水野　花")).await;
    for (wait, status) in [(120, StatusCode::OK), (180, StatusCode::BAD_REQUEST)] {
        let mut claims = site.proof_claims(&house, "POST", "token", None).await;
        house.wait(wait);
        claims["iat"] = json!(house.now());
        let proof = site.dpop.jwt(site.proof_header(), &claims);
        assert_eq!(refreshed(&house, &site, &tokens, &proof).await.status, status, "{wait} s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fapi2_5_3_2_1_4_a_client_of_fapi_gets_no_token_without_a_proof() {
    let house = House::new().await;
    let site = house.site("fapi2").await;
    let code = house.code(&site, &house.person("水野　花")).await;
    let answer = house.post("token", &site.exchange(&house, &code)).await;
    assert_eq!(answer.refusal(), "400 invalid_dpop_proof dpop-proof-missing");
    let answer = house.token(&site, &site.exchange(&house, &code)).await;
    assert_eq!(answer.json()["token_type"], "DPoP", "the code stays good");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9449_7_1_a_bound_token_opens_nothing_without_its_key() {
    let house = House::new().await;
    let site = house.site("fapi2").await;
    let tokens = house.tokens(&site, &house.person("水野　花")).await;
    let access = tokens["access_token"].as_str().unwrap();
    let bearer = format!("Bearer {access}");
    let proof = site.proof(&house, "GET", "userinfo", Some(access)).await;
    let with_proof = [("authorization", bearer.as_str()), ("dpop", proof.as_str())];
    let wrong = "401 invalid_token access-token-key-wrong";
    assert_eq!(house.get(&path("userinfo"), &with_proof).await.refusal(), wrong, "§7.2");
    assert_eq!(house.get(&path("userinfo"), &with_proof[..1]).await.refusal(), wrong, "§7.2");
    let form = crate::site::Form::default().set("access_token", access);
    assert_eq!(house.post("userinfo", &form).await.refusal(), wrong, "FAPI2 5.3.4-1");
    let shown = format!("DPoP {access}");
    let bare = house.get(&path("userinfo"), &[("authorization", &shown)]).await;
    assert_eq!(bare.refusal(), "401 invalid_dpop_proof dpop-proof-missing", "§7.1");
    let other = Key::es256();
    let claims = site.proof_claims(&house, "GET", "userinfo", Some(access)).await;
    let proof = other.jwt(json!({"typ": "dpop+jwt", "jwk": other.jwk()}), &claims);
    assert_eq!(opened(&house, access, &proof).await.refusal(), wrong, "§7.1");
    for token in [None, Some("another")] {
        let proof = site.proof(&house, "GET", "userinfo", token).await;
        assert_eq!(
            opened(&house, access, &proof).await.refusal(),
            format!("401 {INVALID}"),
            "`ath`"
        );
    }
    assert_eq!(house.userinfo(&site, access).await.status, StatusCode::OK);
    let lower = format!("dpop {access}");
    let proof = site.proof(&house, "GET", "userinfo", Some(access)).await;
    let headers = [("authorization", lower.as_str()), ("dpop", proof.as_str())];
    assert_eq!(
        house.get(&path("userinfo"), &headers).await.status,
        StatusCode::OK,
        "the suite: any case"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fapi2_5_3_2_1_12_a_code_is_bound_to_the_key_that_was_named_when_it_was_asked_for() {
    let house = House::new().await;
    let (site, person) = (house.site("fapi2").await, house.person("水野　花"));
    let jkt = jkt(&site.dpop);
    let named = site.request().set("dpop_jkt", &jkt);
    let proof = site.proof(&house, "POST", "ext/par/request", None).await;
    for (request, headers) in
        [(named.clone(), vec![]), (site.request(), vec![("dpop", proof.as_str())])]
    {
        let form = site.proven(&house, &request);
        let pushed = house.post_with("ext/par/request", &form, &headers).await;
        let asked = crate::site::Form::default()
            .set("client_id", &site.id)
            .set("request_uri", pushed.json()["request_uri"].as_str().unwrap());
        let back = house.browser().log_in(&asked, &person).await;
        let exchange = site.exchange(&house, &back["code"]);
        let other = Key::es256();
        let claims = site.proof_claims(&house, "POST", "token", None).await;
        let stolen = other.jwt(json!({"typ": "dpop+jwt", "jwk": other.jwk()}), &claims);
        let answer = house.post_with("token", &exchange, &[("dpop", &stolen)]).await;
        assert_eq!(answer.refusal(), "400 invalid_grant code-invalid", "RFC 9449 §10");
        let answer = house.token(&site, &site.exchange(&house, &back["code"])).await;
        assert_eq!(answer.status, StatusCode::OK, "the code stays good");
    }
    let other = Key::es256();
    let claims = site.proof_claims(&house, "POST", "ext/par/request", None).await;
    let proof = other.jwt(json!({"typ": "dpop+jwt", "jwk": other.jwk()}), &claims);
    let form = site.proven(&house, &named);
    let answer = house.post_with("ext/par/request", &form, &[("dpop", &proof)]).await;
    assert_eq!(answer.refusal(), format!("400 {INVALID}"), "RFC 9449 §10.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9449_5_a_client_of_the_shape_may_bind_its_tokens_as_well() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let code = house.code(&site, &house.person("水野　花")).await;
    let proof = site.proof(&house, "POST", "token", None).await;
    let answer = house.post_with("token", &site.exchange(&house, &code), &[("dpop", &proof)]).await;
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "DPoP");
    let access = tokens["access_token"].as_str().unwrap();
    let refused = house.userinfo(&site, access).await;
    assert_eq!(refused.refusal(), "401 invalid_token access-token-key-wrong");
}

/// RFC 7638 §3.
fn jkt(key: &Key) -> String {
    let jwk = key.jwk();
    let text = |name: &str| jwk[name].as_str().unwrap().to_owned();
    let canonical =
        format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, text("x"), text("y"));
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.as_bytes());
    crate::keys::base64url(digest.as_ref())
}
