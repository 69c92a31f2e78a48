//! What the provider says of itself (OpenID Connect Discovery 1.0, RFC 8414).

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::house::{BASE, House, ISSUER, path};

const OPENID: &str = "/api/realms/main/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server/api/realms/main";

#[tokio::test(flavor = "multi_thread")]
async fn fapi2_5_3_2_1_1_the_metadata_is_one_at_both_addresses() {
    let house = House::new().await;
    let (one, other) = (house.get(OPENID, &[]).await.json(), house.get(OAUTH, &[]).await.json());
    assert_eq!(one, other);
    assert_eq!(one["issuer"], ISSUER);
    for (member, value) in [
        ("response_types_supported", json!(["code"])),
        (
            "grant_types_supported",
            json!(["authorization_code", "refresh_token", "client_credentials"]),
        ),
        ("subject_types_supported", json!(["pairwise"])),
        ("token_endpoint_auth_methods_supported", json!(["private_key_jwt"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("dpop_signing_alg_values_supported", json!(["ES256", "PS256", "EdDSA"])),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("request_uri_parameter_supported", json!(false)),
    ] {
        assert_eq!(one[member], value, "{member}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oidcc_discovery_every_endpoint_that_it_names_is_there() {
    let house = House::new().await;
    let metadata = house.get(OPENID, &[]).await.json();
    let named = metadata.as_object().unwrap().iter();
    let named = named.filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
    let named: Vec<(&String, &Value)> = named.collect();
    assert_eq!(named.len(), 7);
    for (name, address) in named {
        let path = address.as_str().unwrap().strip_prefix(BASE).unwrap();
        let answer = house.get(path, &[]).await;
        assert_ne!(answer.status, StatusCode::NOT_FOUND, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_are_public_and_for_signing() {
    let house = House::new().await;
    let keys = house.get(&path("certs"), &[]).await.json();
    let key = &keys["keys"][0];
    assert_eq!(key["use"], "sig");
    assert_eq!(key["alg"], "ES256");
    assert!(key.get("d").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_of_any_site_read_what_is_published_and_nothing_else() {
    let house = House::new().await;
    let script = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")];
    for public in [OPENID.to_owned(), OAUTH.to_owned(), path("certs")] {
        let answer = house.get(&public, &script).await;
        assert_eq!(answer.status, StatusCode::OK, "{public}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
    }
    for other in [path("userinfo"), path("auth")] {
        let answer = house.get(&other, &script).await;
        assert_eq!(answer.json()["code"], "cross-origin-refused", "{other}");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
}
