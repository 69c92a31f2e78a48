//! Requests that their client has signed (RFC 9101; FAPI 2.0 Message Signing §5.3.1).

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::cases;
use crate::house::House;
use crate::keys::{Key, unsigned};
use crate::site::{CALLBACK, Form, Site, but, claims_of};

async fn signing_site(house: &House, profile: &str) -> Site {
    house.site_with(json!({"profile": profile, "require_signed_request_object": true})).await
}

fn object(site: &Site, claims: &Value) -> Form {
    let token = site.key.jwt(json!({"typ": "oauth-authz-req+jwt"}), claims);
    Form::default().set("client_id", &site.id).set("request", &token)
}

/// Whether a request object is taken; if not, it is so for the one reason.
async fn is_taken(house: &House, site: &Site, form: &Form) -> bool {
    let answer = house.post("ext/par/request", &site.proven(house, form)).await;
    if answer.status == StatusCode::CREATED {
        return true;
    }
    assert_eq!(answer.refusal(), "400 invalid_request_object request-object-invalid");
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9101_6_3_a_signed_request_leads_to_a_code_pushed_or_not() {
    let house = House::new().await;
    let person = house.person("水野　花");
    for profile in ["fapi2", "digital-auth"] {
        let site = signing_site(&house, profile).await;
        let signed = object(&site, &site.object_claims(&house));
        // What stands outside is not looked at.
        let signed = signed.set("state", "outside").set("redirect_uri", "https://evil.example/");
        let asked = house.asks(&site, &signed).await;
        let back = house.browser().log_in(&asked, &person).await;
        assert_eq!(back["state"], "a state", "{profile}");
        let answer = house.token(&site, &site.exchange(&house, &back["code"])).await;
        assert_eq!(answer.status, StatusCode::OK, "{profile}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fapi2_ms_5_3_1_claims_of_a_request_object_that_do_not_hold_are_refused() {
    let house = House::new().await;
    let site = signing_site(&house, "fapi2").await;
    let table = cases::<(String, Value, String)>(include_str!("cases/request_object.json"));
    for (requirement, other, expected) in table {
        let form = object(&site, &but(site.object_claims(&house), &claims_of(&house, &other)));
        let fate = if is_taken(&house, &site, &form).await { "taken" } else { "refused" };
        assert_eq!(fate, expected, "{requirement}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9101_10_8_a_request_object_is_signed_by_its_client_as_such() {
    let house = House::new().await;
    let (site, other) = (signing_site(&house, "fapi2").await, signing_site(&house, "fapi2").await);
    let claims = site.object_claims(&house);
    let with = |token: String| Form::default().set("client_id", &site.id).set("request", &token);
    let genuine = site.key.jwt(json!({}), &claims);
    let (signed, signature) = genuine.rsplit_once('.').unwrap();
    let place = if signature.starts_with('A') { "B" } else { "A" };
    for (how, token) in [
        ("a flipped byte", format!("{signed}.{place}{}", &signature[1..])),
        ("cut", signed.to_owned()),
        ("another client's key", other.key.jwt(json!({}), &claims)),
        ("no algorithm", format!("{}.", unsigned(&json!({"alg": "none"}), &claims))),
        ("a secret", site.key.jwt(json!({"alg": "HS256"}), &claims)),
        ("garbage", "garbage".to_owned()),
        ("another type", site.key.jwt(json!({"typ": "dpop+jwt"}), &claims)),
        ("an assertion", site.assertion(&house)),
    ] {
        assert!(!is_taken(&house, &site, &with(token)).await, "{how}");
    }
    assert!(is_taken(&house, &site, &with(site.key.jwt(json!({"typ": "JWT"}), &claims))).await);
    assert!(is_taken(&house, &site, &with(site.key.jwt(json!({}), &claims))).await);

    let key = Key::rsa("RS256");
    let more = json!({"jwks": {"keys": [key.jwk()]}, "require_signed_request_object": true});
    let mut by_rs256 = house.site_with(more).await;
    by_rs256.key = key;
    let form = object(&by_rs256, &by_rs256.object_claims(&house));
    assert!(!is_taken(&house, &by_rs256, &form).await, "FAPI2 5.4.1-1: RS256");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9101_5_what_is_wrong_inside_is_told_as_it_would_be_outside() {
    let house = House::new().await;
    let site = signing_site(&house, "fapi2").await;
    for (other, refusal) in [
        (json!({"redirect_uri": null}), "400 invalid_request parameter-missing"),
        (
            json!({"redirect_uri": "https://evil.example/"}),
            "400 invalid_request redirect-uri-unregistered",
        ),
        (json!({"scope": "name"}), "400 invalid_scope scope-invalid"),
        (json!({"max_age": -1}), "400 invalid_request parameter-malformed"),
    ] {
        let form =
            object(&site, &but(site.object_claims(&house), &other)).set("redirect_uri", CALLBACK);
        let answer = house.post("ext/par/request", &site.proven(&house, &form)).await;
        assert_eq!(answer.refusal(), refusal, "{other}");
    }
    let max_age =
        but(site.object_claims(&house), &json!({"max_age": 5, "claims": {"id_token": {}}}));
    assert!(is_taken(&house, &site, &object(&site, &max_age)).await, "numbers and objects");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9101_10_5_who_must_sign_is_refused_without_and_who_does_not_with() {
    let house = House::new().await;
    let signing = signing_site(&house, "fapi2").await;
    let answer = house.post("ext/par/request", &signing.proven(&house, &signing.request())).await;
    assert_eq!(answer.refusal(), "400 invalid_request request-object-needed");
    let signing = signing_site(&house, "digital-auth").await;
    let answer = house.browser().authorize(&signing.request()).await;
    assert_eq!(answer.fate(), "back invalid_request request-object-needed");
    let bad = object(&signing, &but(signing.object_claims(&house), &json!({"exp": null})));
    let answer = house.browser().authorize(&bad.clone().set("redirect_uri", CALLBACK)).await;
    assert_eq!(answer.fate(), "back invalid_request_object request-object-invalid");
    let answer = house.browser().authorize(&bad).await;
    assert_eq!(answer.fate(), "page 400 parameter-missing", "nobody knows where to lead");
    let evil =
        but(signing.object_claims(&house), &json!({"redirect_uri": "https://evil.example/"}));
    let answer =
        house.browser().authorize(&object(&signing, &evil).set("redirect_uri", CALLBACK)).await;
    assert_eq!(answer.fate(), "page 400 redirect-uri-unregistered", "the inner one counts");
}
