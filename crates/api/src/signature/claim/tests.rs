use axum::http::{HeaderName, HeaderValue, Method};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, SeededEntropy, Signer};
use proptest::prelude::*;

use super::super::{RoleKey, sign};
use super::*;

const PATH: Target<'static> =
    Target { method: &Method::POST, authority: "a.example", path: "/p", query: Some("q=1") };
const BODY: &[u8] = b"{}";

fn noon() -> Timestamp {
    "2026-04-01T03:00:00Z".parse().unwrap()
}

async fn signed(body: &[u8]) -> (HeaderMap, PublicKey) {
    let key = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
    let public = key.public_key().clone();
    let key = RoleKey::new("role", std::sync::Arc::new(key));
    let mut headers = HeaderMap::new();
    headers.insert("idempotency-key", HeaderValue::from_static("\"k\""));
    sign(&PATH, &mut headers, body, &key, noon(), &SeededEntropy::new(1)).await.unwrap();
    (headers, public)
}

fn outcome(target: &Target<'_>, headers: &HeaderMap, body: &[u8], key: &PublicKey) -> String {
    let checked = Claim::read(target, headers, body)
        .and_then(|claim| claim.check_signature(key).map(|()| claim));
    match checked {
        Ok(claim) => claim.key_id().to_owned(),
        Err(problem) => problem.to_string(),
    }
}

#[test]
fn rfc_9421_b_2_4_ecdsa_p256_sha256() {
    let spki = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf\
                w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==";
    let key = PublicKey::from_spki(&STANDARD.decode(spki).unwrap()).unwrap();
    let signature =
        "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==";
    let component = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let components = [
        ("@status", "200"),
        ("content-type", "application/json"),
        (
            "content-digest",
            "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
        ),
        ("content-length", "23"),
    ]
    .map(component);
    let parameters = r#"("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256""#;
    let mut claim = Claim {
        key_id: "test-key-ecc-p256".into(),
        nonce: String::new(),
        created: Timestamp::from_second(1_618_884_473).unwrap(),
        expires: None,
        base: signature_base(&components, parameters),
        signature: to_der(&STANDARD.decode(signature).unwrap()).unwrap(),
    };
    claim.check_signature(&key).unwrap();
    claim.base.push(' ');
    assert!(claim.check_signature(&key).unwrap_err().is(Code::SIGNATURE_INVALID));
}

/// Signed by the Python package http-message-signatures 3.0.0.
#[test]
fn a_signature_by_another_implementation_is_accepted() {
    let spki = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYW2i2yLdm0HvIS2Un73qViEVhA9fgzyPB2FS3ey2f2zn\
                sTquKyGn5at1AgHkNAANRPew98x4kGaPwN/zKmjO3Q==";
    let key = PublicKey::from_spki(&STANDARD.decode(spki).unwrap()).unwrap();
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "\"8e03978e\""),
        ("content-digest", "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"),
        (
            "signature-input",
            r#"sig1=("@method" "@authority" "@path" "@query" "content-digest" "idempotency-key" "content-type");created=1775012400;keyid="phone-1";alg="ecdsa-p256-sha256";nonce="bm9uY2U";tag="inrou""#,
        ),
        (
            "signature",
            "sig1=:kEy5sAhkc81yGPB1nEb9RfZ4Nsnp1xJPu++7hWOO7SPLehRNKempAZwXc8Qf2kaEdIFg5XrmcCSRaPoUP8gR3A==:",
        ),
    ];
    let headers = HeaderMap::from_iter(
        headers
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))),
    );
    let target = Target {
        method: &Method::POST,
        authority: "authority.example",
        path: "/v1/phones",
        query: Some("a=b&c=%20d"),
    };
    let body = br#"{"hello": "world"}"#;
    assert_eq!(outcome(&target, &headers, body, &key), "phone-1");
    let claim = Claim::read(&target, &headers, body).unwrap();
    claim.check_time(noon()).unwrap();
    assert_eq!(claim.nonce(), "bm9uY2U");
}

#[tokio::test]
async fn what_was_signed_is_accepted() {
    let (headers, key) = signed(BODY).await;
    assert_eq!(outcome(&PATH, &headers, BODY, &key), "role");
    let (headers, key) = signed(b"").await;
    assert!(!headers.contains_key("content-digest"));
    assert_eq!(outcome(&PATH, &headers, b"", &key), "role");
}

#[tokio::test]
async fn every_component_is_bound() {
    const SIGNATURE: &str = "signature-invalid reason=signature";
    let (headers, key) = signed(BODY).await;
    for target in [
        Target { method: &Method::PUT, ..PATH },
        Target { authority: "b.example", ..PATH },
        Target { path: "/P", ..PATH },
        Target { query: Some("q=2"), ..PATH },
        Target { query: None, ..PATH },
    ] {
        assert_eq!(outcome(&target, &headers, BODY, &key), SIGNATURE, "{target:?}");
    }
    assert_eq!(outcome(&PATH, &headers, b"[]", &key), "content-digest-mismatch");
    let mut changed = headers.clone();
    changed.insert("content-digest", digest::content_digest(b"[]"));
    assert_eq!(outcome(&PATH, &changed, b"[]", &key), SIGNATURE);
    let mut changed = headers.clone();
    changed.insert("idempotency-key", HeaderValue::from_static("\"another\""));
    assert_eq!(outcome(&PATH, &changed, BODY, &key), SIGNATURE);
    let (_, another) = signed(BODY).await;
    assert_eq!(outcome(&PATH, &headers, BODY, &another), SIGNATURE);
}

#[tokio::test]
async fn a_body_or_key_that_was_added_later_is_refused() {
    const NOT_COVERED: &str = "signature-invalid reason=component-not-covered";
    let (mut headers, key) = signed(b"").await;
    assert_eq!(outcome(&PATH, &headers, BODY, &key), NOT_COVERED);
    headers.insert("content-digest", digest::content_digest(BODY));
    assert_eq!(outcome(&PATH, &headers, BODY, &key), NOT_COVERED);
    let input = headers["signature-input"].to_str().unwrap();
    let input = input.replace(" \"idempotency-key\"", "");
    headers.insert("signature-input", input.parse().unwrap());
    assert_eq!(outcome(&PATH, &headers, b"", &key), NOT_COVERED);
}

#[tokio::test]
async fn every_parameter_is_bound_and_needed() {
    let (headers, key) = signed(BODY).await;
    let input = headers["signature-input"].to_str().unwrap().to_owned();
    let with = |from: &str, to: &str| {
        assert!(input.contains(from), "{from} in {input}");
        let mut headers = headers.clone();
        headers.insert("signature-input", input.replacen(from, to, 1).parse().unwrap());
        outcome(&PATH, &headers, BODY, &key)
    };
    for (from, to, reason) in [
        ("created=1", "created=2", "signature"),
        ("keyid=\"role\"", "keyid=\"Role\"", "signature"),
        ("nonce=\"", "nonce=\"A", "signature"),
        (";tag", ";expires=9999999999;tag", "signature"),
        (";alg=\"ecdsa-p256-sha256\"", "", "signature"),
        ("ecdsa-p256-sha256", "hmac-sha256", "algorithm"),
        (";created=", ";other=", "time"),
        (";created=", ";created=\"now\";other=", "form"),
        (";created=", ";created=999999999999999;other=", "time"),
        (";keyid=", ";other=", "key"),
        (";keyid=\"role\"", ";keyid=role", "form"),
        (";nonce=", ";other=", "nonce"),
        (";nonce=", ";nonce=\"\";other=", "nonce"),
        ("\"@method\"", "\"@method\" \"@method\"", "component-unknown"),
        ("\"@method\"", "\"@method\" \"@status\"", "component-unknown"),
        ("\"@method\"", "\"@method\" \"absent\"", "component-unknown"),
        ("\"@method\"", "\"@method\" host", "component-unknown"),
        ("\"@method\"", "\"@method\";req", "component-unknown"),
    ] {
        assert_eq!(with(from, to), format!("signature-invalid reason={reason}"), "{to}");
    }
    assert_eq!(with("tag=\"inrou\"", "tag=\"other\""), "signature-missing");
    assert_eq!(with("inrou=(", "other=("), "signature-missing");
    let twice = format!("{input}, b{}", input.trim_start_matches("inrou"));
    assert_eq!(with(&input, &twice), "signature-invalid reason=more-than-one");
}

#[tokio::test]
async fn a_signature_of_somebody_else_beside_ours_is_passed_over() {
    let (mut headers, key) = signed(BODY).await;
    headers.append("signature-input", r#"proxy=("@path");tag="proxy""#.parse().unwrap());
    headers.append("signature", "proxy=:AAAA:".parse().unwrap());
    assert_eq!(outcome(&PATH, &headers, BODY, &key), "role");
}

#[tokio::test]
async fn it_is_accepted_for_five_minutes_either_way() {
    let (headers, _) = signed(BODY).await;
    let claim = Claim::read(&PATH, &headers, BODY).unwrap();
    let second = jiff::SignedDuration::from_secs(1);
    for now in [noon() - WINDOW, noon(), noon() + WINDOW] {
        claim.check_time(now).unwrap();
    }
    for now in [noon() - WINDOW - second, noon() + WINDOW + second] {
        assert!(claim.check_time(now).unwrap_err().is(Code::SIGNATURE_EXPIRED));
    }
    let claim = Claim { expires: Some(noon() + second), ..claim };
    claim.check_time(noon() + second).unwrap();
    assert!(claim.check_time(noon() + second + second).is_err());
}

#[test]
fn an_unsigned_request_lacks_its_signature() {
    let problem = Claim::read(&PATH, &HeaderMap::new(), b"").err().unwrap();
    assert!(problem.is(Code::SIGNATURE_MISSING));
    assert_eq!(problem.status(), axum::http::StatusCode::UNAUTHORIZED);
}

proptest! {
    #[test]
    fn no_header_panics(
        input in r#"inrou=\(("@method"|"@path"|" |;|1|:AA==:){0,5}\)(;tag="inrou"|;created=[0-9]{1,16}|;nonce="n"|;keyid="k"){0,5}"#,
        signature in "inrou=:[A-Za-z0-9+/=]{0,100}:",
        digest in "\\PC{0,40}",
    ) {
        let headers = [("signature-input", input), ("signature", signature), ("content-digest", digest)];
        let headers = HeaderMap::from_iter(headers.into_iter().filter_map(|(name, value)| {
            Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?))
        }));
        prop_assert!(Claim::read(&PATH, &headers, BODY).is_err());
    }
}
