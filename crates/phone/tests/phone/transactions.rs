//! Log-in and signature by hand-over (USE-1, REG-4).

use inrou_api::problem::ProblemDocument;
use inrou_api::wire::Base64;
use inrou_api::wire::phone::{ChipContents, PhoneState, ShownTransaction};
use inrou_api::wire::transaction::{
    Hindrance, Purpose, Transaction, TransactionAnswer, TransactionId, TransactionState,
    authentication_message,
};
use inrou_pki::cms::SignedMessage;
use inrou_pki::{Certificate, SignatureAlgorithm};
use inrou_rules::Use;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::world::{PHONE_PASSWORD, PHONE_PIN, World};

const DOCUMENT: &str = "転出届\n試験　花子\n";

async fn carrying() -> World {
    let world = World::new().await;
    world.carry_certificates().await;
    world
}

async fn open(world: &World, link: &str) -> Result<ShownTransaction, ProblemDocument> {
    world.post("/phones/p/transactions", json!({"link": link})).await
}

async fn consent(
    world: &World,
    id: &TransactionId,
    consent: Value,
) -> Result<Transaction, ProblemDocument> {
    let path = format!("/phones/p/transactions/{}/consent", id.as_str());
    world.post(&path, consent).await
}

fn approve(pin: &str) -> Value {
    json!({"consent": "approve", "pin": pin})
}

fn ask(world: &World, purpose: Purpose) -> (TransactionId, String) {
    world.portal.ask(purpose, DOCUMENT, world.now() + SignedDuration::from_mins(3))
}

async fn tries(world: &World) -> Vec<u8> {
    let contents: ChipContents = world.post("/phones/p/contents", json!({})).await.unwrap();
    contents.keys.iter().map(|key| key.tries_left).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_log_in_is_signed_with_the_user_authentication_key() {
    let world = carrying().await;
    let (id, link) = ask(&world, Purpose::LogIn);
    let shown = open(&world, &link).await.unwrap();
    assert_eq!(shown.transaction.asker_name, "マイナポータル");
    assert_eq!(shown.tries_left, Some(3), "PIN-1");
    let done = consent(&world, &id, approve(PHONE_PIN)).await.unwrap();
    assert_eq!(done.state, TransactionState::Done);
    let answers = world.portal.answers();
    let [TransactionAnswer::LogIn { certificate, signature }] = answers.as_slice() else {
        panic!("{answers:?}")
    };
    let certificate = Certificate::from_der(&certificate.0).unwrap();
    let issuer = world.house.issuer(Use::UserAuthentication);
    assert_eq!(certificate.issuer(), issuer.subject());
    let message = authentication_message(&shown.transaction);
    let key = certificate.public_key().unwrap();
    key.verify(SignatureAlgorithm::Sha256WithRsa, &message, &signature.0).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_document_is_signed_detached_with_the_signature_key() {
    let world = carrying().await;
    let (id, link) = ask(&world, Purpose::Sign);
    let shown = open(&world, &link).await.unwrap();
    assert_eq!((shown.transaction.text.as_str(), shown.tries_left), (DOCUMENT, Some(5)));
    consent(&world, &id, approve(PHONE_PASSWORD)).await.unwrap();
    let answers = world.portal.answers();
    let [TransactionAnswer::Sign { cms, proof: None }] = answers.as_slice() else {
        panic!("{answers:?}")
    };
    let message = SignedMessage::from_der(&cms.0).unwrap();
    assert_eq!(message.content(), None);
    let signed = message.verify_detached(DOCUMENT.as_bytes()).unwrap();
    assert_eq!(signed.signer.issuer(), world.house.issuer(Use::Signature).subject());
    assert_eq!(signed.signing_time, Some(world.now()));
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_who_signs_is_proven_by_the_other_key_where_a_site_asks_for_that() {
    let world = carrying().await;
    let digest = Base64(vec![7; 32]);
    for purpose in [Purpose::Sign, Purpose::SignDigest] {
        let (id, link) = ask(&world, purpose);
        world.portal.change(&id, |transaction| {
            transaction.proof = true;
            transaction.digest = (purpose == Purpose::SignDigest).then(|| digest.clone());
        });
        let shown = open(&world, &link).await.unwrap();
        assert_eq!((shown.tries_left, shown.proof_tries_left), (Some(5), Some(3)));
        let proven = |password: &str, pin: &str| json!({"consent": "approve", "pin": password, "proof": pin});
        // Neither key is used before both secrets have their form.
        for (consents, fault) in [
            (approve(PHONE_PASSWORD), "pin-form"),
            (proven(PHONE_PASSWORD, "12"), "pin-form"),
            (proven("short", PHONE_PIN), "pin-form"),
        ] {
            assert_eq!(consent(&world, &id, consents).await.unwrap_err().code, fault);
        }
        assert_eq!(tries(&world).await, [5, 3]);
        let wrong = consent(&world, &id, proven(PHONE_PASSWORD, "1111")).await.unwrap_err();
        assert_eq!(
            (wrong.code.as_str(), &*wrong.params["pin"]),
            ("wrong-pin", "phone-user-authentication")
        );
        let wrong = consent(&world, &id, proven("WRONG123", PHONE_PIN)).await.unwrap_err();
        assert_eq!((wrong.code.as_str(), &*wrong.params["pin"]), ("wrong-pin", "phone-signature"));
        consent(&world, &id, proven(PHONE_PASSWORD, PHONE_PIN)).await.unwrap();
        assert_eq!(tries(&world).await, [5, 3], "the right ones give all tries back");
        let answers = world.portal.answers();
        let proof = match answers.last() {
            Some(TransactionAnswer::Sign { proof, .. }) => proof.clone(),
            Some(TransactionAnswer::SignDigest { proof, .. }) => proof.clone(),
            other => panic!("{other:?}"),
        };
        let proof = proof.unwrap();
        let by = Certificate::from_der(&proof.certificate.0).unwrap();
        let issuer = world.house.issuer(Use::UserAuthentication);
        assert_eq!(by.issuer(), issuer.subject());
        let message = authentication_message(&shown.transaction);
        let key = by.public_key().unwrap();
        key.verify(SignatureAlgorithm::Sha256WithRsa, &message, &proof.signature.0).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_only_sites_that_are_registered_as_safe_are_answered() {
    let world = carrying().await;
    let (_, link) = ask(&world, Purpose::LogIn);
    let host = world.portal.base.strip_suffix("/portal/v1").unwrap();
    let path = link.strip_prefix(host).unwrap();
    for unsafe_link in [
        format!("http://127.0.0.1:1{path}"),
        format!("https{}", link.strip_prefix("http").unwrap()),
        format!("{host}@evil.example{path}"),
        format!("{host}/other/v1{}", path.strip_prefix("/portal/v1").unwrap()),
        format!("{}x", world.portal.base),
        String::new(),
    ] {
        let problem = open(&world, &unsafe_link).await.unwrap_err();
        assert_eq!(problem.code, "asker-not-safe", "{unsafe_link}");
    }
    for no_link in [
        format!("{}/transactions/", world.portal.base),
        format!("{}/logins/{}", world.portal.base, "0".repeat(32)),
        link.replace("?m=", "/answer?m="),
        format!("{link}&x=1"),
        link.replace("?m=", "?x="),
        link.replace("?m=", "?t=-1&m="),
        link.split('?').next().unwrap().to_owned(),
        link.to_uppercase()
            .replace("HTTP", "http")
            .replace("PORTAL/V1/TRANSACTIONS", "portal/v1/transactions/.."),
        format!("{}/transactions/{}", world.portal.base, "9".repeat(32)) + "?m=a-mac",
    ] {
        let problem = open(&world, &no_link).await.unwrap_err();
        assert_eq!(problem.code, "transaction-unknown", "{no_link}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_safe_site_that_passes_on_what_another_asks_is_not_answered() {
    let world = carrying().await;
    let host = world.portal.base.strip_suffix("/portal/v1").unwrap().to_owned();
    for name in
        ["", "h", "http://", "https://bank.example", &format!("{host}0"), &host[..host.len() - 1]]
    {
        let (id, link) = ask(&world, Purpose::LogIn);
        world.portal.change(&id, |transaction| transaction.asker = name.to_owned());
        assert_eq!(open(&world, &link).await.unwrap_err().code, "asker-not-safe", "{name}");
    }
    for name in [host.clone(), format!("{host}/"), world.portal.base.clone()] {
        let (id, link) = ask(&world, Purpose::LogIn);
        world.portal.change(&id, |transaction| transaction.asker = name.clone());
        assert!(open(&world, &link).await.is_ok(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pin_is_tried_only_while_the_transaction_is_open_and_as_shown() {
    let world = carrying().await;
    let expires = world.now() + SignedDuration::from_mins(3);
    let states = [
        (TransactionState::Done, "transaction-done"),
        (TransactionState::Failed, "transaction-done"),
        (TransactionState::Refused, "transaction-refused"),
        (TransactionState::Expired, "transaction-expired"),
    ];
    for (state, code) in states {
        let (id, link) = ask(&world, Purpose::LogIn);
        open(&world, &link).await.unwrap();
        world.portal.change(&id, |transaction| transaction.state = state);
        let problem = consent(&world, &id, approve("0000")).await.unwrap_err();
        assert_eq!(problem.code, code);
        assert_eq!(open(&world, &link).await.unwrap_err().code, code, "nor is it shown");
    }
    type Change = fn(&mut Transaction);
    let changes: [Change; 4] = [
        |transaction| transaction.text.push('!'),
        |transaction| transaction.asker_name = "somebody".to_owned(),
        |transaction| transaction.challenge.0[0] ^= 1,
        |transaction| transaction.purpose = Purpose::Sign,
    ];
    for change in changes {
        let (id, link) = ask(&world, Purpose::LogIn);
        open(&world, &link).await.unwrap();
        world.portal.change(&id, change);
        assert_eq!(consent(&world, &id, approve("0000")).await.unwrap_err().code, "conflict");
    }
    let (id, link) = ask(&world, Purpose::LogIn);
    open(&world, &link).await.unwrap();
    world.clock.advance_to(expires);
    let problem = consent(&world, &id, approve("0000")).await.unwrap_err();
    assert_eq!(problem.code, "transaction-expired");
    assert_eq!(tries(&world).await, [5, 3], "no try was spent");
    assert!(world.portal.answers().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn pin_1_a_wrong_pin_is_told_and_the_transaction_stays_open() {
    let world = carrying().await;
    let (id, link) = ask(&world, Purpose::LogIn);
    open(&world, &link).await.unwrap();
    assert_eq!(consent(&world, &id, approve("12AB")).await.unwrap_err().code, "pin-form");
    let problem = consent(&world, &id, approve("0000")).await.unwrap_err();
    assert_eq!((problem.code.as_str(), problem.params["left"].as_str()), ("wrong-pin", "2"));
    assert_eq!(open(&world, &link).await.unwrap().tries_left, Some(2));
    assert_eq!(consent(&world, &id, approve("0000")).await.unwrap_err().code, "wrong-pin");
    consent(&world, &id, approve(PHONE_PIN)).await.unwrap();
    assert_eq!(tries(&world).await, [5, 3]);
    let (id, link) = ask(&world, Purpose::LogIn);
    open(&world, &link).await.unwrap();
    for code in ["wrong-pin", "wrong-pin", "pin-blocked", "pin-blocked"] {
        assert_eq!(consent(&world, &id, approve("0000")).await.unwrap_err().code, code);
    }
    assert_eq!(world.portal.answers().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_the_person_may_refuse() {
    let world = carrying().await;
    let (id, link) = ask(&world, Purpose::Sign);
    open(&world, &link).await.unwrap();
    let refused = consent(&world, &id, json!({"consent": "refuse"})).await.unwrap();
    assert_eq!(refused.state, TransactionState::Refused);
    assert!(matches!(world.portal.answers()[..], [TransactionAnswer::Refused]));
    let problem = consent(&world, &id, approve(PHONE_PASSWORD)).await.unwrap_err();
    assert_eq!(problem.code, "transaction-refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_receipt_was_lost_counts_once() {
    let world = carrying().await;
    let (id, link) = ask(&world, Purpose::LogIn);
    open(&world, &link).await.unwrap();
    world.portal.lose_answers(true);
    let lost = consent(&world, &id, approve(PHONE_PIN)).await.unwrap_err();
    assert_eq!(lost.code, "internal-error");
    let done = consent(&world, &id, approve(PHONE_PIN)).await.unwrap();
    assert_eq!(done.state, TransactionState::Done);
    assert_eq!(world.portal.answers().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_shown_is_not_consented_to() {
    let world = carrying().await;
    let (id, link) = ask(&world, Purpose::LogIn);
    let problem = consent(&world, &id, approve(PHONE_PIN)).await.unwrap_err();
    assert_eq!(problem.code, "transaction-unknown");
    open(&world, &link).await.unwrap();
    world.reopen().await;
    let problem = consent(&world, &id, approve(PHONE_PIN)).await.unwrap_err();
    assert_eq!(problem.code, "transaction-unknown", "after a restart it is opened anew");
    open(&world, &link).await.unwrap();
    consent(&world, &id, approve(PHONE_PIN)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_phone_without_certificates_says_so() {
    let world = World::new().await;
    for (purpose, pin) in [(Purpose::LogIn, PHONE_PIN), (Purpose::Sign, PHONE_PASSWORD)] {
        let (id, link) = ask(&world, purpose);
        open(&world, &link).await.unwrap();
        let problem = consent(&world, &id, approve(pin)).await.unwrap_err();
        assert_eq!(problem.code, "phone-carries-none");
    }
}

/// The person says so of this phone: what the asker is told.
async fn cannot(world: &World, purpose: Purpose, first: Option<&str>) -> Hindrance {
    let (id, link) = ask(world, purpose);
    open(world, &link).await.unwrap();
    if let Some(pin) = first {
        consent(world, &id, approve(pin)).await.unwrap_err();
    }
    let told = consent(world, &id, json!({"consent": "cannot"})).await.unwrap();
    assert_eq!(told.state, TransactionState::Failed);
    let again = consent(world, &id, json!({"consent": "cannot"})).await.unwrap();
    assert_eq!(again.state, TransactionState::Failed, "pressed twice");
    match world.portal.answers().last() {
        Some(TransactionAnswer::Cannot { reason }) => {
            assert_eq!(told.result.as_deref(), Some(reason.code().as_str()));
            *reason
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_what_cannot_be_done_is_said_with_its_reason_as_the_phone_knows_it() {
    let world = World::new().await;
    assert_eq!(cannot(&world, Purpose::LogIn, None).await, Hindrance::NoCertificate);
    let model = json!({"name": "old", "platform": "android", "model": "Sandbox Phone 3"});
    world.post::<PhoneState>("/phones", model).await.unwrap();
    let (id, link) = ask(&world, Purpose::Sign);
    let link = json!({"link": link});
    world.post::<ShownTransaction>("/phones/old/transactions", link).await.unwrap();
    let path = format!("/phones/old/transactions/{}/consent", id.as_str());
    world.post::<Transaction>(&path, json!({"consent": "cannot"})).await.unwrap();
    let reason = Hindrance::PhoneNotSupported;
    assert_eq!(world.portal.answers().last(), Some(&TransactionAnswer::Cannot { reason }));

    let world = carrying().await;
    let (id, link) = ask(&world, Purpose::LogIn);
    open(&world, &link).await.unwrap();
    let problem = consent(&world, &id, json!({"consent": "cannot"})).await.unwrap_err();
    assert_eq!(problem.code, "conflict", "it can be done");
    assert!(world.portal.answers().is_empty());
    assert_eq!(cannot(&world, Purpose::LogIn, Some("0000")).await, Hindrance::WrongPin);
    for _ in 0..2 {
        let (id, link) = ask(&world, Purpose::LogIn);
        open(&world, &link).await.unwrap();
        consent(&world, &id, approve("0000")).await.unwrap_err();
    }
    assert_eq!(cannot(&world, Purpose::LogIn, None).await, Hindrance::PinBlocked);
    assert_eq!(cannot(&world, Purpose::Sign, Some("WRONG123")).await, Hindrance::WrongPin);
    world.advance(SignedDuration::from_hours(24 * 366));
    assert_eq!(cannot(&world, Purpose::SignDigest, None).await, Hindrance::CertificateExpired);
}
