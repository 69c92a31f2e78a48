//! What a signature is bound to: the transaction, the site, what was shown, and who is there.

use inrou_api::clock::Clock;
use inrou_api::wire::Base64;
use inrou_api::wire::transaction::{Transaction, TransactionAnswer};
use inrou_pki::Status;
use inrou_rules::RevocationReason;
use serde_json::{Value, json};

use crate::signer::{Signer, with_proof};
use crate::signing::{Signing, document};

/// A digest to sign, in place of a document.
fn contract() -> Value {
    json!({"purpose": "契約", "digest": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="})
}

/// Answers a new order: the code that phone and site are told. Nothing is signed by it.
async fn refused(
    signing: &Signing,
    order: &Value,
    answer: &dyn Fn(&Transaction) -> TransactionAnswer,
) -> String {
    let house = &signing.house;
    let id = signing.ordered(order.clone()).await;
    let mut browser = house.browser();
    let transaction = browser.begin(&signing.request(&id)).await;
    let asked = house.transaction(&transaction).await;
    let told = house.answer(&transaction, &answer(&asked)).await.json();
    let back = browser.goes_back(&transaction).await;
    assert_eq!((&*back["error"], &json!(back["inrou_code"])), ("access_denied", &told["code"]));
    let status = signing.status(&id).await;
    assert_eq!((&status["status"], &status["code"]), (&json!("not-signed"), &told["code"]));
    // It may be asked for again, and signed as it should be.
    let token = signing.signed(&id).await;
    assert_eq!(signing.result(&id, &token).await.status, 200);
    back["inrou_code"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_signature_alone_or_with_the_proof_of_somebody_else_is_not_taken() {
    let signing = Signing::new().await;
    let other = Signer::new(&signing.house, "水野　健");
    let signs = |asked: &Transaction| signing.person.signs(&signing.house, asked);
    for order in [document(), contract()] {
        assert_eq!(refused(&signing, &order, &signs).await, "login-proof-missing");
        let by_other =
            |asked: &Transaction| with_proof(signs(asked), Some(other.login.proves(asked)));
        assert_eq!(refused(&signing, &order, &by_other).await, "signer-other-person");
        let by_itself = |asked: &Transaction| {
            with_proof(signs(asked), Some(signing.person.signature.proves(asked)))
        };
        assert_eq!(refused(&signing, &order, &by_itself).await, "certificate-wrong-kind");
        let nobody_s = |asked: &Transaction| {
            let mut proof = signing.person.login.proves(asked);
            proof.certificate = Base64(b"none".to_vec());
            with_proof(signs(asked), Some(proof))
        };
        assert_eq!(refused(&signing, &order, &nobody_s).await, "certificate-untrusted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_proof_serves_one_transaction_one_content_and_one_purpose() {
    let signing = Signing::new().await;
    let proven_over = |asked: &Transaction, other: Transaction| {
        let signature = signing.person.signs(&signing.house, asked);
        with_proof(signature, Some(signing.person.login.proves(&other)))
    };
    type Change = fn(&mut Transaction);
    let changes: [(&str, Change); 6] = [
        ("another digest", |asked| asked.digest = Some(Base64(vec![1; 32]))),
        ("another purpose of the site's", |asked| asked.reason = Some("広告".to_owned())),
        ("another text", |asked| asked.text = "another".to_owned()),
        ("another site", |asked| asked.site = Some("other.example".to_owned())),
        ("another moment", |asked| asked.challenge = Base64(vec![1; 32])),
        ("a log-in", |asked| asked.purpose = inrou_api::wire::transaction::Purpose::LogIn),
    ];
    for (what, change) in changes {
        let answer = |asked: &Transaction| {
            let mut other = asked.clone();
            change(&mut other);
            proven_over(asked, other)
        };
        let order = contract();
        assert_eq!(refused(&signing, &order, &answer).await, "login-signature-invalid", "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_an_answer_is_not_taken_again_by_another_transaction_of_the_same_content() {
    let signing = Signing::new().await;
    let house = &signing.house;
    for order in [document(), contract()] {
        let id = signing.ordered(order.clone()).await;
        let mut browser = house.browser();
        let transaction = browser.begin(&signing.request(&id)).await;
        let asked = house.transaction(&transaction).await;
        let answer = signing.person.sign(house, &asked);
        assert_eq!(house.answer(&transaction, &answer).await.status, 200);
        let replayed = refused(&signing, &order, &|_| answer.clone()).await;
        assert_eq!(replayed, "login-signature-invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_who_is_there_has_a_good_certificate_to_log_in() {
    let signing = Signing::new().await;
    let id = signing.ordered(document()).await;
    let mut browser = signing.house.browser();
    let transaction = browser.begin(&signing.request(&id)).await;
    let asked = signing.house.transaction(&transaction).await;
    let reason = RevocationReason::CessationOfOperation;
    let revoked = Status::Revoked { at: signing.house.clock.now(), reason };
    signing.house.authority.set_status(&signing.person.login.certificate, revoked);
    let told = signing.house.answer(&transaction, &signing.sign(&asked)).await;
    assert_eq!(told.json()["code"], "certificate-revoked");
    assert_eq!(browser.goes_back(&transaction).await["inrou_code"], "certificate-revoked");
    assert_eq!(signing.status(&id).await["status"], "not-signed");
}
