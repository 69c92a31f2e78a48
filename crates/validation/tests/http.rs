//! The service over HTTP: every format, every way to be wrong, every refusal.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use inrou_api::clock::{Clock, TestClock};
use inrou_api::server::Shell;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::{KeyAlgorithm, SeededEntropy, Signer, Status};
use inrou_relying::testing::{Holder, TestAuthority, resident};
use inrou_relying::{Settings, StatusSource};
use inrou_rules::{Medium, RevocationReason, Use};
use inrou_validation::{Validation, router};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt;

const CONTENT: &[u8] = "申請書\n".as_bytes();

struct World {
    clock: Arc<TestClock>,
    authority: TestAuthority,
    router: Router,
}

impl World {
    async fn new() -> Self {
        let clock = Arc::new(TestClock::at("2026-11-21T01:00:00Z".parse().unwrap()));
        let authority = TestAuthority::open(clock.clone(), KeyAlgorithm::EcP256).await;
        let settings = Settings { nonce: false, ..authority.relying_settings() };
        let validator = authority.validator(settings);
        let service = Validation::new(validator, clock.clone(), &Default::default());
        let shell = Shell::new("validation", Arc::new(SeededEntropy::new(1)));
        let router = shell.wrap(router(Arc::new(service)));
        Self { clock, authority, router }
    }

    fn holder(&self, usage: Use, medium: Medium) -> Holder {
        self.authority.issue(usage, medium, &resident("印籠　花子", "東京都清瀬市中里１－２－３"))
    }

    fn sign(&self, holder: &Holder, attached: bool) -> Vec<u8> {
        holder.sign_content(CONTENT, attached, self.clock.now())
    }

    async fn send(&self, path: &str, media_type: &str, body: Vec<u8>) -> (u16, Value) {
        let request = Request::post(format!("/validation/v1/{path}"))
            .header("content-type", media_type)
            .body(Body::from(body));
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 1_000_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn ask(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(path, "application/json", body.to_string().into_bytes()).await
    }

    /// What the one signature of a file comes to.
    async fn judged(&self, body: Value) -> Value {
        let (status, report) = self.ask("validate", body).await;
        assert_eq!(status, 200, "{report}");
        assert_eq!(report["validationConclusion"]["signaturesCount"], 1);
        report["validationConclusion"]["signatures"][0].clone()
    }

    async fn certificate(&self, body: Value) -> Value {
        let (status, report) = self.ask("certificates", body).await;
        assert_eq!(status, 200, "{report}");
        report
    }
}

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Indication, sub-indication and code.
fn words(report: &Value) -> String {
    let words = ["indication", "subIndication", "code"].map(|name| report[name].as_str());
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn jws(holder: &Holder, payload: &[u8]) -> String {
    let header = json!({"alg": "ES256", "x5c": [base64(holder.certificate.as_der())]});
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(payload));
    let signature = holder.key.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", encode(&fixed(&signature)))
}

/// A DER `ECDSA-Sig-Value` by a key on P-256, as `r ‖ s`.
fn fixed(der: &[u8]) -> Vec<u8> {
    let r = usize::from(der[3]);
    let numbers = [&der[4..4 + r], &der[6 + r..]];
    let widen = |number: &[u8]| {
        let digits = number.strip_prefix(&[0]).unwrap_or(number);
        [vec![0; 32 - digits.len()], digits.to_vec()].concat()
    };
    numbers.map(widen).concat()
}

#[tokio::test]
async fn a_signature_is_judged_by_what_is_inside_beside_or_its_hash() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature, Medium::Card);
    let (attached, detached) = (world.sign(&holder, true), world.sign(&holder, false));
    let jws = jws(&holder, CONTENT);
    for (document, content) in
        [(&attached[..], None), (&detached, Some(CONTENT)), (jws.as_bytes(), None)]
    {
        let content = content.map(base64);
        let asked = json!({"document": base64(document), "content": content});
        let report = world.judged(asked).await;
        assert_eq!(words(&report), "TOTAL-PASSED", "{report}");
        assert_eq!(report["kind"], json!({"usage": "signature", "medium": "card"}));
        assert_eq!(report["certificateStatus"]["status"], "good");
    }
    let hash = HashAlgorithm::Sha256.digest(CONTENT);
    let asked = |hash: &[u8]| {
        json!({
            "signature": base64(&detached),
            "hash": base64(hash),
            "hashAlgo": "SHA256",
            "filename": "申請書.txt",
            "reportType": "Detailed",
        })
    };
    let (status, report) = world.ask("validate-hash", asked(hash.as_bytes())).await;
    assert_eq!(status, 200);
    let conclusion = &report["validationConclusion"];
    assert_eq!(words(&conclusion["signatures"][0]), "TOTAL-PASSED");
    assert_eq!(conclusion["validatedDocument"]["filename"], "申請書.txt");
    let blocks = report["validationProcess"][0]["blocks"].as_array().unwrap();
    let names: Vec<_> = blocks.iter().map(|block| block["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["FC", "ISC", "XCV", "CV", "SAV"]);
    let (_, report) = world.ask("validate-hash", asked(&[7; 32])).await;
    assert_eq!(
        words(&report["validationConclusion"]["signatures"][0]),
        "TOTAL-FAILED HASH_FAILURE application-content-mismatch"
    );
}

#[tokio::test]
async fn what_is_wrong_is_told_apart() {
    let (world, stranger) = (World::new().await, World::new().await);
    let holder = world.holder(Use::Signature, Medium::Phone);
    let signature = world.sign(&holder, true);
    let mut flipped = signature.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let theirs = stranger.sign(&stranger.holder(Use::Signature, Medium::Phone), true);
    let login = world.sign(&world.holder(Use::UserAuthentication, Medium::Phone), true);
    let broken = &signature[..signature.len() - 1];
    for (document, content, expected) in [
        (&flipped[..], None, "TOTAL-FAILED SIG_CRYPTO_FAILURE application-signature-invalid"),
        (&signature, Some("b"), "TOTAL-FAILED HASH_FAILURE application-content-mismatch"),
        (broken, None, "TOTAL-FAILED FORMAT_FAILURE application-signature-invalid"),
        (&theirs, None, "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND certificate-untrusted"),
        (&login, None, "INDETERMINATE CHAIN_CONSTRAINTS_FAILURE certificate-wrong-kind"),
    ] {
        let content = content.map(|content| base64(content.as_bytes()));
        let asked = json!({"document": base64(document), "content": content});
        assert_eq!(words(&world.judged(asked).await), expected);
    }
    let detached = json!({"document": base64(&world.sign(&holder, false))});
    let missing = "INDETERMINATE SIGNED_DATA_NOT_FOUND application-content-mismatch";
    assert_eq!(words(&world.judged(detached).await), missing);
}

#[tokio::test]
async fn a_status_is_that_of_the_given_time() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature, Medium::Card);
    let signature = base64(&world.sign(&holder, true));
    let certificate = base64(holder.certificate.as_der());
    let begin = world.clock.now();
    world.clock.advance_by(SignedDuration::from_hours(2));
    let at = world.clock.now() - SignedDuration::from_hours(1);
    let (reason, future) = (RevocationReason::Superseded, at + SignedDuration::from_hours(9));
    let good = (Status::Good, None, "");
    let held = (Status::OnHold { since: at }, Some("on-hold"), "TRY_LATER certificate-on-hold");
    let revoked = "REVOKED_NO_POE certificate-revoked";
    let revoked = (Status::Revoked { at, reason }, Some("revoked"), revoked);
    for (status, told, why) in [good, held, revoked] {
        world.authority.set_status(&holder.certificate, status);
        // What was kept of the one before has ended.
        world.clock.advance_by(SignedDuration::from_mins(16));
        let judge = async |time: Option<Timestamp>| {
            let asked = json!({"document": signature, "validationTime": time});
            let signed = world.judged(asked).await;
            let asked = json!({"certificate": certificate, "validationTime": time});
            let by_itself = world.certificate(asked).await;
            for report in [&signed, &by_itself] {
                assert_eq!(report["certificateStatus"]["status"], told.unwrap_or("good"));
            }
            assert_eq!(
                words(&signed).trim_start_matches("TOTAL-"),
                words(&by_itself),
                "{time:?} {signed} {by_itself}"
            );
            words(&by_itself)
        };
        let now = if why.is_empty() { "PASSED".to_owned() } else { format!("INDETERMINATE {why}") };
        assert_eq!(judge(None).await, now);
        assert_eq!(judge(Some(at + SignedDuration::from_mins(30))).await, now);
        assert_eq!(judge(Some(begin)).await, "PASSED", "it was good then: {status:?}");
        // Of later nobody knows that it is good still.
        let later = if why.is_empty() { "TRY_LATER status-unavailable" } else { why };
        assert_eq!(judge(Some(future)).await, format!("INDETERMINATE {later}"));
    }
}

#[tokio::test]
async fn a_certificate_is_judged_by_itself_for_each_of_the_four_kinds() {
    let (world, stranger) = (World::new().await, World::new().await);
    let asked = |holder: &Holder| json!({"certificate": base64(holder.certificate.as_der())});
    for usage in Use::ALL {
        for medium in [Medium::Card, Medium::Phone] {
            let holder = world.holder(usage, medium);
            let report = world.certificate(asked(&holder)).await;
            assert_eq!(words(&report), "PASSED");
            assert_eq!(report["kind"], json!({"usage": usage, "medium": medium}));
            assert_eq!(report["notAfter"], json!(holder.certificate.not_after()));
            assert!(report.get("constraints").is_none());
            let other = match usage {
                Use::Signature => "log-in",
                Use::UserAuthentication => "sign",
            };
            let pem = base64(holder.certificate.to_pem().as_bytes());
            let asked = json!({"certificate": pem, "purpose": other, "reportType": "Detailed"});
            let report = world.certificate(asked).await;
            let wrong = "INDETERMINATE CHAIN_CONSTRAINTS_FAILURE certificate-wrong-kind";
            assert_eq!(words(&report), wrong);
            assert_eq!(report["constraints"][2]["status"], "NOT OK");
        }
    }
    let theirs = stranger.holder(Use::Signature, Medium::Card);
    let untrusted = "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND certificate-untrusted";
    assert_eq!(words(&world.certificate(asked(&theirs)).await), untrusted);
    let holder = world.holder(Use::UserAuthentication, Medium::Phone);
    world.authority.set_status(&holder.certificate, Status::Unknown);
    let report = world.certificate(asked(&holder)).await;
    let unknown = "INDETERMINATE CERTIFICATE_CHAIN_GENERAL_FAILURE status-unavailable";
    assert_eq!((words(&report).as_str(), &report["mayPass"]), (unknown, &json!(true)));
    let early = holder.certificate.not_before() - SignedDuration::from_secs(1);
    let mut at = asked(&holder);
    at["validationTime"] = json!(early);
    let not_yet = "FAILED NOT_YET_VALID certificate-not-yet-valid";
    world.authority.set_status(&holder.certificate, Status::Good);
    world.clock.advance_by(SignedDuration::from_mins(16));
    assert_eq!(words(&world.certificate(at).await), not_yet);
    world.clock.advance_by(SignedDuration::from_hours(366 * 24));
    let expired = "INDETERMINATE OUT_OF_BOUNDS_NO_POE certificate-expired";
    assert_eq!(words(&world.certificate(asked(&holder)).await), expired);
}

#[tokio::test]
async fn a_status_is_asked_for_once_until_it_ends() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature, Medium::Card);
    let asked = || json!({"document": base64(&world.sign(&holder, true))});
    for _ in 0..3 {
        assert_eq!(words(&world.judged(asked()).await), "TOTAL-PASSED");
    }
    assert_eq!(world.authority.requests("/ocsp/"), 1);
    world.clock.advance_by(SignedDuration::from_secs(60));
    assert_eq!(words(&world.judged(asked()).await), "TOTAL-PASSED");
    assert_eq!(world.authority.requests("/ocsp/"), 2, "max-age is over");
}

#[tokio::test]
async fn each_refusal_has_its_code() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature, Medium::Card);
    let signature = base64(&world.sign(&holder, false));
    let certificate = base64(holder.certificate.as_der());
    let (pdf, jws) = (base64(b"%PDF-1.7"), base64(jws(&holder, CONTENT).as_bytes()));
    let hash = |signature: &str, bytes: &[u8]| json!({"signature": signature, "hash": base64(bytes), "hashAlgo": "SHA256"});
    for (path, body, expected) in [
        ("validate", json!({"document": base64(b"a text")}), (422, "signature-format-unknown")),
        ("validate", json!({"document": certificate}), (422, "signature-format-unknown")),
        ("validate", json!({"document": pdf, "content": ""}), (422, "content-inside")),
        ("validate", json!({"document": "%"}), (400, "body-malformed")),
        ("validate", json!({"document": jws, "filename": "a\nb"}), (400, "body-malformed")),
        ("validate", json!({"document": jws, "validationTime": "now"}), (400, "body-malformed")),
        ("validate", json!({"document": jws, "policy": "x"}), (400, "body-malformed")),
        ("validate-hash", hash(&jws, &[0; 32]), (422, "hash-for-cms-alone")),
        ("validate-hash", hash(&pdf, &[0; 32]), (422, "hash-for-cms-alone")),
        ("validate-hash", hash(&certificate, &[0; 32]), (422, "signature-format-unknown")),
        ("validate-hash", hash(&signature, &[0; 31]), (422, "hash-malformed")),
        ("certificates", json!({"certificate": signature}), (422, "certificate-malformed")),
        ("certificates", json!({"certificate": ""}), (422, "certificate-malformed")),
    ] {
        let (status, problem) = world.ask(path, body.clone()).await;
        assert_eq!((status, problem["code"].as_str().unwrap()), expected, "{path} {body}");
    }
    for path in ["validate", "validate-hash", "certificates"] {
        let (status, problem) = world.send(path, "application/pdf", b"%PDF-1.7".to_vec()).await;
        assert_eq!((status, &problem["code"]), (415, &json!("unsupported-media-type")));
        let long = vec![b' '; 12 * 1024 * 1024 + 1];
        let (status, problem) = world.send(path, "application/json", long).await;
        assert_eq!((status, &problem["code"]), (413, &json!("body-too-large")));
    }
}

#[tokio::test]
async fn without_status_services_a_signature_may_pass_later() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature, Medium::Card);
    world.authority.set_fault(Some(inrou_relying::testing::Fault::Down));
    let report = world.judged(json!({"document": base64(&world.sign(&holder, true))})).await;
    let unavailable = "INDETERMINATE CERTIFICATE_CHAIN_GENERAL_FAILURE status-unavailable";
    assert_eq!((words(&report).as_str(), &report["mayPass"]), (unavailable, &json!(true)));
    let warnings = report["warnings"][0]["content"].as_str().unwrap();
    assert!(warnings.contains(&StatusSource::Crl.to_string()), "{warnings}");
}
