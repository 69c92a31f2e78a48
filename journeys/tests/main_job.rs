//! The main job, on the sandbox as `inrou up` starts it: a resident applies on a phone with her card
//! (S0 2-C, 2-D), registers (2-E), logs in to the portal and sends a signed application with the phone
//! alone, reads the office's decision, and ends the use (2-G). OpenSSL judges what was signed.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

use std::fs;
use std::process::Command;

use inrou::sandbox::{DataFolder, Extras, Options, Role, Sandbox};
use inrou_api::client::Client;
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::page::Page;
use inrou_api::wire::authority::HistoryEntry;
use inrou_api::wire::phone::{NextStep, Procedure, Step, Typed};
use inrou_api::wire::portal::{
    ApplicationDrawnUp, Decision, DrawUpApplication, EvidenceKind, LoginBegun, LoginView,
    OfficeFile, Procedure as OnlineProcedure, ReceivedApplication,
};
use inrou_api::wire::transaction::TransactionState;
use inrou_journeys::hana::{PHONE_PASSWORD, PHONE_PIN, apply, consents, register, step};
use inrou_pki::{Certificate, KeyAlgorithm, SystemEntropy};
use inrou_rules::{CertificateStatus, RevocationReason};

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_certificate_is_carried_and_used_on_a_phone_and_given_up() {
    main_job(KeyAlgorithm::Rsa2048).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_the_same_with_every_key_on_p_256() {
    main_job(KeyAlgorithm::EcP256).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_the_same_with_every_key_on_p_384() {
    main_job(KeyAlgorithm::EcP384).await;
}

async fn main_job(keys: KeyAlgorithm) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        folder: DataFolder::create(folder.path()).unwrap(),
        port: 0,
        start: Some("2026-11-21T01:00:00Z".parse().unwrap()),
        residents: Some(vec!["hana".to_owned()]),
    };
    let sandbox = Sandbox::start_with(options, Extras { keys, ..Extras::default() }).await.unwrap();
    let phone = sandbox.anybody("/phone/v1").unwrap();
    let anybody = sandbox.anybody("/portal/v1").unwrap();

    apply(&phone).await;
    register(&phone).await;
    let portal = anybody.clone().showing(log_in(&phone, &anybody).await);
    let application = send_application(&phone, &portal).await;
    judge_by_openssl(&sandbox, &application, keys).await;
    decide(&sandbox, &application).await;
    let history: Page<HistoryEntry> = portal.get("/history").answer().await.unwrap();
    let codes: Vec<&str> = history.items.iter().map(|entry| entry.code.as_str()).collect();
    for code in ["logged-in", "application-sent", "application-accepted", "phone-registered"] {
        assert!(codes.contains(&code), "USE-7: {code} is not in {codes:?}");
    }
    revoke(&phone).await;
    sandbox.stop().await;
}

async fn log_in(phone: &Client, portal: &Client) -> String {
    let begun: LoginBegun = portal.post("/logins").once(&key()).answer().await.unwrap();
    consents(phone, &begun.link, PHONE_PIN).await;
    let path = format!("/logins/{}", begun.login);
    let login: LoginView = portal.get(&path).answer().await.unwrap();
    assert_eq!(login.state, TransactionState::Done);
    login.session.unwrap()
}

async fn send_application(phone: &Client, portal: &Client) -> String {
    let fields = [("new_address", "北海道札幌市見本町１"), ("moving_date", "2026-12-01")];
    let form = DrawUpApplication {
        procedure: OnlineProcedure::MovingOut,
        fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    };
    let call = portal.post("/applications").json(&form).once(&key());
    let drawn_up: ApplicationDrawnUp = call.answer().await.unwrap();
    assert!(drawn_up.document.contains("転出届"));
    consents(phone, &drawn_up.link, PHONE_PASSWORD).await;
    drawn_up.application
}

/// A stranger judges the document, and what told the certificate's status when it was received.
async fn judge_by_openssl(sandbox: &Sandbox, application: &str, keys: KeyAlgorithm) {
    let office = sandbox.client("/office/v1", Role::Clerk).unwrap();
    let file: OfficeFile =
        office.get(&format!("/applications/{application}")).answer().await.unwrap();
    let certificate = Certificate::from_der(&file.certificate.0).unwrap();
    assert_eq!(certificate.public_key().unwrap().algorithm(), keys);
    let anchors = sandbox.anybody("/ca").unwrap().get("/anchors.pem").bytes().await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (ca, cms) = (put("ca.pem", &anchors), put("signature.p7s", &file.signed.cms.0));
    let document = put("document.txt", file.signed.document.as_bytes());
    let evidence = put("evidence.der", &file.status_evidence.0);
    let verify = ["cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-in", &cms];
    let told = openssl(&[&verify[..], &["-content", &document, "-CAfile", &ca]].concat());
    assert!(told.contains("erification successful"), "{told}");
    let (hash, signature) = match keys {
        KeyAlgorithm::EcP256 => ("sha256", "ecdsa-with-SHA256"),
        KeyAlgorithm::EcP384 => ("sha384", "ecdsa-with-SHA384"),
        _ => ("sha256", "sha256WithRSAEncryption"),
    };
    let told = openssl(&["cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", &cms]);
    let signer = told.split_once("signerInfos").unwrap().1;
    assert!(signer.contains(hash) && signer.contains(signature), "{signer}");

    let told = match file.evidence_kind {
        EvidenceKind::Crl => openssl(&[
            "crl", "-verify", "-noout", "-inform", "DER", "-in", &evidence, "-CAfile", &ca,
        ]),
        EvidenceKind::Ocsp => openssl(&["ocsp", "-respin", &evidence, "-CAfile", &ca, "-no_nonce"]),
    };
    assert!(told.contains("verify OK"), "{told}");
}

/// What OpenSSL says, if it finds no fault.
fn openssl(arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told).into_owned();
    assert!(output.status.success(), "openssl {arguments:?}: {told}");
    told
}

/// The office's clerk finds the application and accepts it.
async fn decide(sandbox: &Sandbox, application: &str) {
    let office = sandbox.client("/office/v1", Role::Clerk).unwrap();
    let received: Page<ReceivedApplication> = office.get("/applications").answer().await.unwrap();
    assert_eq!(received.items.len(), 1);
    let path = format!("/applications/{application}/decision");
    office.post(&path).json(&Decision::Accept).once(&key()).bytes().await.unwrap();
}

/// S0 2-G: revocation with the phone's own password (END-2).
async fn revoke(phone: &Client) {
    step(phone, Step::Begin { procedure: Procedure::Revoke, usage: None }).await;
    step(phone, Step::ConfirmRevocation { confirmed: true, with_card: false }).await;
    let state = step(phone, Step::PhonePassword { password: Typed::new(PHONE_PASSWORD) }).await;
    assert!(matches!(state.procedure.unwrap().next, NextStep::Done { .. }));
    for certificate in state.certificates {
        let CertificateStatus::Revoked { reason, .. } = certificate.status else {
            panic!("{certificate:?}")
        };
        assert_eq!(reason, RevocationReason::CessationOfOperation);
    }
}

fn key() -> IdempotencyKey {
    IdempotencyKey::new(&SystemEntropy)
}
