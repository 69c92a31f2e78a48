//! Reports on JWS: ours, and forged ones.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use inrou_pki::{KeyAlgorithm, Signer, Status};
use inrou_relying::report::{JwsFile, SignatureReport};
use inrou_relying::testing::Holder;
use inrou_relying::testing::xml::fixed;
use inrou_rules::Use;
use serde_json::{Value, json};

use super::words;
use super::world::{CONTENT, World};

pub fn header(holder: &Holder, alg: &str) -> Value {
    json!({"alg": alg, "x5c": [STANDARD.encode(holder.certificate.as_der())]})
}

/// What is signed, and the signature: `r ‖ s` for keys on a curve.
pub fn sign(holder: &Holder, header: &Value, content: &[u8]) -> String {
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(content));
    let made = holder.key.sign(signed.as_bytes()).unwrap();
    let made = match holder.key.public_key().algorithm() {
        KeyAlgorithm::EcP256 => fixed(&made, 32),
        KeyAlgorithm::EcP384 => fixed(&made, 48),
        _ => made,
    };
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(made))
}

async fn judged(world: &World, jws: &str, content: Option<&[u8]>) -> SignatureReport {
    let file = JwsFile { jws, content, status: &[], filename: None, detailed: false };
    let report = world.validator().report_jws(&file, world.now()).await;
    report.validation_conclusion.signatures.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_jws_by_a_holder_passes_with_its_payload_inside_or_beside() {
    for (algorithm, alg) in [
        (KeyAlgorithm::Rsa2048, "RS256"),
        (KeyAlgorithm::EcP256, "ES256"),
        (KeyAlgorithm::EcP384, "ES384"),
    ] {
        let world = World::of(algorithm).await;
        let holder = world.holder(Use::Signature);
        let jws = sign(&holder, &header(&holder, alg), CONTENT);
        let report = judged(&world, &jws, None).await;
        assert_eq!(
            (words(&report).as_str(), report.signature_format.as_str()),
            ("TOTAL-PASSED", "JWS")
        );
        let parts: Vec<_> = jws.split('.').collect();
        let bare = format!("{}..{}", parts[0], parts[2]);
        assert_eq!(words(&judged(&world, &bare, Some(CONTENT)).await), "TOTAL-PASSED");
        let missing = "INDETERMINATE SIGNED_DATA_NOT_FOUND application-content-mismatch";
        assert_eq!(words(&judged(&world, &bare, None).await), missing);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_jws_is_told_apart() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let good = header(&holder, "ES256");
    let with = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed[name] = value;
        sign(&holder, &changed, CONTENT)
    };
    let jws = sign(&holder, &good, CONTENT);
    let parts: Vec<_> = jws.split('.').collect();
    let format = "TOTAL-FAILED FORMAT_FAILURE application-signature-invalid";
    let broken = "TOTAL-FAILED SIG_CRYPTO_FAILURE application-signature-invalid";
    let no_signer = "INDETERMINATE NO_SIGNING_CERTIFICATE_FOUND application-signature-invalid";
    let unsupported = "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE application-signature-invalid";
    let other = URL_SAFE_NO_PAD.encode("another");
    let late = world.now().as_second() + 400 * 24 * 3600;
    let outside = "INDETERMINATE SIG_CONSTRAINTS_FAILURE application-signature-invalid";
    for (what, jws, expected) in [
        ("another payload", format!("{}.{other}.{}", parts[0], parts[2]), broken),
        ("no signature", format!("{}.{}.", parts[0], parts[1]), broken),
        ("two parts", format!("{}.{}", parts[0], parts[1]), format),
        ("four parts", format!("{jws}.AAAA"), format),
        ("padding", format!("{jws}="), format),
        ("none", with("alg", json!("none")), unsupported),
        ("a secret's algorithm", with("alg", json!("HS256")), unsupported),
        ("another kind of key", with("alg", json!("RS256")), broken),
        ("another curve", with("alg", json!("ES384")), broken),
        ("members to be understood", with("crit", json!(["exp"])), format),
        ("no certificate", with("x5c", json!([])), no_signer),
        ("garbage for a certificate", with("x5c", json!(["AAAA"])), format),
        ("another thumbprint", with("x5t#S256", json!("AAAA")), no_signer),
        ("claimed outside of the certificate", with("iat", json!(late)), outside),
    ] {
        assert_eq!(words(&judged(&world, &jws, None).await), expected, "{what}");
    }
    let swapped = "TOTAL-FAILED HASH_FAILURE application-content-mismatch";
    assert_eq!(words(&judged(&world, &jws, Some(b"another")).await), swapped);
    let thumbprint = URL_SAFE_NO_PAD.encode(holder.certificate.fingerprint().as_bytes());
    let named = with("x5t#S256", json!(thumbprint));
    assert_eq!(words(&judged(&world, &named, None).await), "TOTAL-PASSED");
    world.authority.set_status(&holder.certificate, Status::OnHold { since: world.now() });
    let held = "INDETERMINATE TRY_LATER certificate-on-hold";
    assert_eq!(words(&judged(&world, &jws, None).await), held);
}
