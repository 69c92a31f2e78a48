//! The signing API: ordered by the site's server, signed on the phone, fetched by the site alone.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inrou_api::clock::Clock;
use inrou_api::wire::Base64;
use inrou_api::wire::transaction::{
    Afterwards, Purpose, Transaction, TransactionAnswer, TransactionState,
};
use inrou_pki::cms::SignedMessage;
use inrou_pki::digest::{Digest, HashAlgorithm};
use inrou_pki::{Certificate, Status};
use inrou_relying::jwe::{RecipientKey, decrypt};
use inrou_rules::RevocationReason;
use serde_json::{Value, json};

use crate::browser::Answer;
use crate::events;
use crate::house::House;
use crate::keys::base64url;
use crate::signer::Signer;
use crate::site::{Form, Site};

const DOCUMENT: &str = "口座開設申込書\n氏名：水野　花\n";

/// A site that may have things signed, and its key for results.
pub struct Signing {
    pub house: House,
    pub site: Site,
    key: RecipientKey,
    /// The public half of the key for results.
    pub jwk: Value,
    pub person: Signer,
}

impl Signing {
    pub async fn new() -> Self {
        Self::with(json!({"number_check": "never"})).await
    }

    pub async fn with(more: Value) -> Self {
        let house = House::new().await;
        let key = PrivateKey::generate(&ECDH_P256).unwrap();
        let point = key.compute_public_key().unwrap();
        let (x, y) = point.as_ref()[1..].split_at(32);
        let jwk = json!({"kty": "EC", "crv": "P-256", "use": "enc", "kid": "results",
            "x": base64url(x), "y": base64url(y)});
        let mut more = more;
        more["scope"] = json!("openid name birthdate sign");
        more["more_keys"] = json!([&jwk]);
        let site = house.site_with(more).await;
        let person = Signer::new(&house, "水野　花");
        Self { house, site, key: RecipientKey::EcP256(key), jwk, person }
    }

    /// A token of the site itself.
    pub async fn own_token(&self) -> String {
        let form = Form::default().set("grant_type", "client_credentials").set("scope", "sign");
        let answer = self.house.token(&self.site, &self.site.proven(&self.house, &form)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let tokens = answer.json();
        assert_eq!((&tokens["scope"], &tokens["refresh_token"]), (&json!("sign"), &Value::Null));
        assert_eq!(tokens["id_token"], Value::Null);
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn call(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Answer {
        let request =
            Request::builder().method(method).uri(format!("/api/sign-transactions{path}"));
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let body = body.map(Value::to_string).map_or_else(Body::empty, Body::from);
        self.house.send(request.body(body).unwrap()).await
    }

    pub async fn order(&self, order: Value) -> Answer {
        self.call("POST", "", &self.own_token().await, Some(&order)).await
    }

    /// Something is ordered; its identifier.
    pub async fn ordered(&self, order: Value) -> String {
        let answer = self.order(order).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()["sign_transaction_id"].as_str().unwrap().to_owned()
    }

    pub fn request(&self, id: &str) -> Form {
        self.site.request().set("scope", "openid sign").set("sign_transaction_id", id)
    }

    pub async fn status(&self, id: &str) -> Value {
        let answer = self.call("GET", &format!("/{id}"), &self.own_token().await, None).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    }

    pub fn sign(&self, asked: &Transaction) -> TransactionAnswer {
        self.person.sign(&self.house, asked)
    }

    /// It is signed: the access token to which that leads.
    pub async fn signed(&self, id: &str) -> String {
        let tokens = self.signed_tokens(id).await;
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    /// It is signed: the tokens.
    pub async fn signed_tokens(&self, id: &str) -> Value {
        let mut browser = self.house.browser();
        let transaction = browser.begin(&self.request(id)).await;
        let asked = self.house.transaction(&transaction).await;
        let answer = self.house.answer(&transaction, &self.sign(&asked)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let back = browser.goes_back(&transaction).await;
        let code = back.get("code").unwrap_or_else(|| panic!("{back:?}"));
        self.house.token(&self.site, &self.site.exchange(&self.house, code)).await.json()
    }

    pub async fn result(&self, id: &str, token: &str) -> Answer {
        self.call("GET", &format!("/{id}/result"), token, None).await
    }

    fn opens(&self, result: &Value, member: &str) -> Vec<u8> {
        decrypt(result[member].as_str().unwrap(), &self.key).unwrap().to_vec()
    }
}

pub fn document() -> Value {
    json!({"purpose": "口座を開くため", "document": DOCUMENT})
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_document_is_shown_whole_and_its_signature_comes_to_the_site_alone() {
    let signing = Signing::new().await;
    let id = signing.ordered(document()).await;
    assert_eq!(signing.status(&id).await["status"], "ordered");
    let mut browser = signing.house.browser();
    let transaction = browser.begin(&signing.request(&id)).await;
    let asked = signing.house.transaction(&transaction).await;
    assert_eq!((asked.purpose, asked.text.as_str()), (Purpose::Sign, DOCUMENT));
    assert_eq!(asked.reason.as_deref(), Some("口座を開くため"));
    assert_eq!(signing.status(&id).await["status"], "asked");
    let token = signing.signed(&id).await;
    assert_eq!(signing.status(&id).await["status"], "signed");
    let result = signing.result(&id, &token).await;
    assert_eq!(result.headers[header::CACHE_CONTROL], "no-store");
    let result = result.json();
    // The same person as by the log-in to which it led.
    let userinfo = signing.house.userinfo(&signing.site, &token).await.json();
    assert_eq!(result["sub"], userinfo["sub"]);
    let signature = signing.opens(&result, "signature_jwe");
    let message = SignedMessage::from_der(&signature).unwrap();
    let signed = message.verify_detached(DOCUMENT.as_bytes()).unwrap();
    let certificate = signing.opens(&result, "certificate_jwe");
    assert_eq!(signed.signer.as_der(), certificate);
    assert_eq!(certificate, signing.person.signature.certificate.as_der());
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_digest_is_signed_in_either_form() {
    let signing = Signing::new().await;
    let hash = digest(&SHA256, b"a contract");
    let whole = Digest::from_bytes(HashAlgorithm::Sha256, hash.as_ref()).unwrap();
    for (form, bytes) in [("hash", hash.as_ref().to_vec()), ("digest-info", whole.to_digest_info())]
    {
        let digest = STANDARD.encode(bytes);
        let order = json!({"purpose": "契約", "digest": digest, "digest_form": form});
        let id = signing.ordered(order).await;
        let token = signing.signed(&id).await;
        let result = signing.result(&id, &token).await.json();
        let by = Certificate::from_der(&signing.opens(&result, "certificate_jwe")).unwrap();
        let key = by.public_key().unwrap();
        let signature = signing.opens(&result, "signature_jwe");
        key.verify(key.algorithm().signature(), b"a contract", &signature).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_does_not_hold_is_refused_by_its_member() {
    let signing = Signing::new().await;
    let digest = STANDARD.encode([7; 32]);
    for (order, member) in [
        (json!({"purpose": "", "document": "a"}), "purpose"),
        (json!({"purpose": "あ".repeat(201), "document": "a"}), "purpose"),
        (json!({"purpose": "a\nb", "document": "a"}), "purpose"),
        (json!({"purpose": "a"}), "digest"),
        (json!({"purpose": "a", "document": "a", "digest": digest}), "document"),
        (json!({"purpose": "a", "document": ""}), "document"),
        (json!({"purpose": "a", "document": "a".repeat(20_001)}), "document"),
        (json!({"purpose": "a", "document": "100\u{202e}001"}), "document"),
        (json!({"purpose": "a", "document": "a\u{0}b"}), "document"),
        (json!({"purpose": "a", "digest": "AAAA"}), "digest"),
        (json!({"purpose": "a", "digest": "not base64"}), "digest"),
        (json!({"purpose": "a", "digest": digest, "digest_form": "digest-info"}), "digest"),
        (json!({"purpose": "a", "document": "a", "expires_in": 0}), "expires_in"),
        (json!({"purpose": "a", "document": "a", "expires_in": 601}), "expires_in"),
    ] {
        let answer = signing.order(order.clone()).await;
        assert_eq!(answer.refusal(), "400 invalid_request sign-transaction-invalid", "{order}");
        assert!(answer.text.contains(member), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_token_opens_its_own_part_alone() {
    let signing = Signing::new().await;
    let own = signing.own_token().await;
    let id = signing.ordered(document()).await;
    let token = signing.signed(&id).await;
    // The client's own token fetches no result, and the person's orders nothing.
    let refused = signing.result(&id, &own).await;
    assert_eq!(refused.refusal(), "401 invalid_token access-token-invalid");
    let refused = signing.call("POST", "", &token, Some(&document())).await;
    assert_eq!(refused.refusal(), "403 insufficient_scope access-token-scope");
    let refused = signing.call("POST", "", "unknown", Some(&document())).await;
    assert_eq!(refused.refusal(), "401 invalid_token access-token-invalid");
    // Nor does the token of one signature fetch another's.
    let other = signing.ordered(document()).await;
    let refused = signing.result(&other, &token).await;
    assert_eq!(refused.refusal(), "404 invalid_request sign-transaction-unknown");
    signing.house.wait(6 * 60);
    let late = signing.call("GET", &format!("/{id}"), &own, None).await;
    assert_eq!(late.refusal(), "401 invalid_token access-token-invalid");
    // Another client's is as good as none.
    let stranger = signing.house.site_with(json!({"scope": "openid sign"})).await;
    let request = stranger.request().set("scope", "openid sign").set("sign_transaction_id", &id);
    let back = signing.house.browser().authorize(&request).await.back();
    assert_eq!(back["inrou_code"], "sign-transaction-unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_without_a_key_for_results_or_the_scope_orders_nothing() {
    let house = House::new().await;
    let form = Form::default().set("grant_type", "client_credentials");
    let plain = house.site("digital-auth").await;
    let refused = house.token(&plain, &plain.proven(&house, &form)).await;
    assert_eq!(refused.refusal(), "400 invalid_scope scope-invalid");
    let site = house.site_with(json!({"scope": "openid sign"})).await;
    let token = house.token(&site, &site.proven(&house, &form)).await.json();
    let token = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let request = Request::post("/api/sign-transactions").header(header::AUTHORIZATION, token);
    let request = request.header(header::CONTENT_TYPE, "application/json");
    let refused = house.send(request.body(document().to_string().into()).unwrap()).await;
    assert_eq!(refused.refusal(), "400 invalid_client encryption-key-missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn use_5_a_signature_is_not_asked_for_to_get_personal_data_nor_without_asking() {
    let signing = Signing::new().await;
    let id = signing.ordered(document()).await;
    let good = signing.request(&id);
    for (request, word) in [
        (good.clone().set("scope", "openid sign name"), "attributes"),
        (good.clone().without("sign_transaction_id"), "sign_transaction_id"),
        (good.clone().set("scope", "openid"), "sign"),
        (good.clone().set("prompt", "none"), "asked"),
    ] {
        let back = signing.house.browser().authorize(&request).await.back();
        assert_eq!(
            (&*back["error"], &*back["inrou_code"]),
            ("invalid_scope", "sign-scope-invalid")
        );
        assert!(back["error_description"].contains(word), "{back:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_is_signed_once_and_in_its_time() {
    let signing = Signing::new().await;
    // A refusal is told, and it may be asked for again.
    let id = signing.ordered(document()).await;
    let mut browser = signing.house.browser();
    let first = browser.begin(&signing.request(&id)).await;
    signing.house.answer(&first, &TransactionAnswer::Refused).await;
    assert_eq!(browser.goes_back(&first).await["inrou_code"], "transaction-refused");
    let status = signing.status(&id).await;
    assert_eq!(
        (&status["status"], &status["code"]),
        (&json!("not-signed"), &json!("transaction-refused"))
    );
    // Of two who are asked at a time, the one who was asked last signs.
    let older = browser.begin(&signing.request(&id)).await;
    let asked = signing.house.transaction(&older).await;
    let token = signing.signed(&id).await;
    let late = signing.house.answer(&older, &signing.sign(&asked)).await;
    assert_eq!(late.json()["code"], "sign-transaction-used");
    assert_eq!(signing.result(&id, &token).await.status, StatusCode::OK);
    let again = browser.authorize(&signing.request(&id)).await.back();
    assert_eq!(again["inrou_code"], "sign-transaction-used");
    // Its time ends on the phone as well.
    let id = signing.ordered(json!({"purpose": "a", "document": "b", "expires_in": 4})).await;
    let transaction = browser.begin(&signing.request(&id)).await;
    let asked = signing.house.transaction(&transaction).await;
    signing.house.wait(4);
    let late = signing.house.answer(&transaction, &signing.sign(&asked)).await;
    assert_eq!(late.json()["code"], "transaction-expired");
    let back = browser.authorize(&signing.request(&id)).await.back();
    assert_eq!(back["inrou_code"], "sign-transaction-expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_does_not_hold_is_told_on_both_sides() {
    let signing = Signing::new().await;
    let hash = STANDARD.encode(digest(&SHA256, b"a contract"));
    let order = json!({"purpose": "契約", "digest": hash});
    let answered = async |answer: &dyn Fn(&Transaction) -> TransactionAnswer| {
        let id = signing.ordered(order.clone()).await;
        let mut browser = signing.house.browser();
        let transaction = browser.begin(&signing.request(&id)).await;
        let asked = signing.house.transaction(&transaction).await;
        let told = signing.house.answer(&transaction, &answer(&asked)).await.json();
        let back = browser.goes_back(&transaction).await;
        assert_eq!((&told["code"], &*back["error"]), (&json!(back["inrou_code"]), "access_denied"));
        back["inrou_code"].clone()
    };
    let flip = |asked: &Transaction| match signing.sign(asked) {
        TransactionAnswer::SignDigest { certificate, mut signature, proof } => {
            signature.0[20] ^= 1;
            TransactionAnswer::SignDigest { certificate, signature, proof }
        }
        other => other,
    };
    assert_eq!(answered(&flip).await, "digest-signature-invalid");
    let of_other = |asked: &Transaction| {
        let digest = Some(Base64(vec![1; 32]));
        signing.sign(&Transaction { digest, ..asked.clone() })
    };
    assert_eq!(answered(&of_other).await, "digest-signature-invalid");
    let reason = RevocationReason::CessationOfOperation;
    let revoked = Status::Revoked { at: signing.house.clock.now(), reason };
    signing.house.authority.set_status(&signing.person.signature.certificate, revoked);
    assert_eq!(answered(&|asked| signing.sign(asked)).await, "certificate-revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_signature_by_code_from_another_device_is_confirmed_by_number() {
    let signing = Signing::with(json!({})).await;
    let id = signing.ordered(document()).await;
    let mut browser = signing.house.browser();
    let transaction = browser.begin(&signing.request(&id)).await;
    let asked = signing.house.transaction(&transaction).await;
    let answer = signing.sign(&asked);
    let told = signing.house.answer(&transaction, &answer).await;
    let told: Transaction = serde_json::from_str(&told.text).unwrap();
    assert_eq!(told.state, TransactionState::Done);
    assert!(matches!(told.afterwards, Some(Afterwards::TypeNumber { .. })), "by default");
    assert_eq!(signing.status(&id).await["status"], "asked", "not yet");
    let number = format!("/provider/log-ins/{transaction}/number");
    for _ in 0..3 {
        browser.submit(&number, &Form::default().set("number", "x")).await;
    }
    assert_eq!(browser.goes_back(&transaction).await["inrou_code"], "handover-number-wrong");
    let again = signing.house.answer(&transaction, &answer).await;
    assert_eq!(again.json()["code"], "handover-number-wrong", "the phone is told as well");
    // Nothing is left of it: it may be asked for again.
    assert_eq!(signing.status(&id).await["code"], "handover-number-wrong");
    browser.begin(&signing.request(&id)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_signature_is_told_from_its_order_until_it_is_fetched() {
    let signing = Signing::new().await;
    let (house, site) = (&signing.house, &signing.site);
    signing.order(json!({"purpose": "契約", "document": "a\u{202e}b"})).await;
    let id = signing.ordered(document()).await;
    let mut browser = house.browser();
    let first = browser.begin(&signing.request(&id)).await;
    house.answer(&first, &TransactionAnswer::Refused).await;
    let token = signing.signed(&id).await;
    signing.result(&id, &token).await;
    let told = events::of(house, site, &id).await;
    let expected = [
        "ordered",
        "asked",
        "taken qr",
        "refused transaction-refused",
        "asked",
        "taken qr",
        "signed phone",
        "led-back",
        "exchanged",
        "fetched",
    ];
    assert_eq!(told, expected);
    assert_eq!(events::of(house, site, &first).await, expected[1..4], "one asking alone");
    let log = format!("/provider/v1/clients/{}/events", site.id);
    let bearer = format!("Bearer {}", site.registration_token());
    let whole = house.get(&log, &[("authorization", &bearer)]).await;
    let refused = r#""what":"order-refused","code":"sign-transaction-invalid","detail":"document""#;
    assert!(whole.text.contains(refused), "{}", whole.text);
    assert!(!whole.text.contains("水野") && !whole.text.contains("口座"), "{}", whole.text);
}
