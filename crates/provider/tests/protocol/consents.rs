//! The latest attributes: consent is ordered by a site's server, signed on the phone, and opens what the
//! authority has at each request.

use axum::http::StatusCode;
use inrou_api::problem::Code;
use inrou_api::wire::authority::ConsentState;
use inrou_api::wire::transaction::{Purpose, Transaction, TransactionAnswer};
use inrou_relying::testing::resident;
use serde_json::{Value, json};

use crate::browser::{Answer, Back};
use crate::events;
use crate::house::House;
use crate::signer::{Signer, with_proof};
use crate::site::{Form, Site};

const NAME: &str = "水野　花";

/// A site that may ask for consents, and somebody who can sign.
struct Asking {
    house: House,
    site: Site,
    person: Signer,
}

impl Asking {
    async fn new() -> Self {
        Self::with(json!({})).await
    }

    async fn with(mut more: Value) -> Self {
        let house = House::new().await;
        more["number_check"] = more.get("number_check").cloned().unwrap_or(json!("never"));
        more["scope"] = json!("openid name address birthdate gender sign");
        let site = house.site_with(more).await;
        let person = Signer::new(&house, NAME);
        Self { house, site, person }
    }

    /// An answer to the site's server.
    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.site.calls(&self.house, method, &format!("/provider/v1{path}"), body).await
    }

    async fn order(&self, order: &Value) -> Answer {
        self.call("POST", "/consents", Some(order)).await
    }

    /// A consent is ordered; its identifier.
    async fn ordered(&self, order: &Value) -> String {
        let answer = self.order(order).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        let ordered = answer.json();
        assert_eq!(ordered["consent_id"], ordered["sign_transaction_id"]);
        ordered["consent_id"].as_str().unwrap().to_owned()
    }

    async fn status(&self, id: &str) -> Value {
        let answer = self.call("GET", &format!("/consents/{id}"), None).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    }

    async fn latest(&self, id: &str) -> Answer {
        self.call("GET", &format!("/consents/{id}/latest"), None).await
    }

    fn request(&self, id: &str) -> Form {
        self.site.request().set("scope", "openid sign").set("sign_transaction_id", id)
    }

    /// The resident is asked, and answers: with what the browser comes back to the site.
    async fn asked(&self, id: &str, answers: bool) -> Back {
        let mut browser = self.house.browser();
        let transaction = browser.begin(&self.request(id)).await;
        let asked = self.house.transaction(&transaction).await;
        let answer = match answers {
            true => self.person.sign(&self.house, &asked),
            false => TransactionAnswer::Refused,
        };
        let answer = self.house.answer(&transaction, &answer).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        browser.goes_back(&transaction).await
    }

    /// A consent that was given.
    async fn given(&self) -> String {
        let id = self.ordered(&order()).await;
        let back = self.asked(&id, true).await;
        assert!(back.contains_key("code"), "{back:?}");
        id
    }
}

fn order() -> Value {
    json!({"attributes": ["name", "address"], "purpose": "お届けの住所のため", "until": "2027-11-20"})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_resident_signs_the_whole_consent_and_the_site_has_what_it_opens() {
    let asking = Asking::new().await;
    let id = asking.ordered(&order()).await;
    let status = asking.status(&id).await;
    assert_eq!((&status["status"], &status["sub"]), (&json!("ordered"), &Value::Null));
    let refused = asking.latest(&id).await;
    assert_eq!(refused.refusal(), "403 access_denied consent-not-given");

    let mut browser = asking.house.browser();
    let transaction = browser.begin(&asking.request(&id)).await;
    let asked = asking.house.transaction(&transaction).await;
    assert_eq!(
        (asked.purpose, asked.reason.as_deref()),
        (Purpose::Sign, Some("お届けの住所のため"))
    );
    for part in ["見本銀行", "氏名", "住所", "お届けの住所のため", "2027年11月20日", &id]
    {
        assert!(asked.text.contains(part), "{part}: {}", asked.text);
    }
    assert!(!asked.text.contains("性別") && !asked.text.contains("生年月日"));
    assert_eq!(asking.status(&id).await["status"], "asked");
    let answer = asking.person.sign(&asking.house, &asked);
    asking.house.answer(&transaction, &answer).await;
    let back = browser.goes_back(&transaction).await;
    let tokens = asking.site.exchange(&asking.house, &back["code"]);
    let tokens = asking.house.token(&asking.site, &tokens).await.json();

    let status = asking.status(&id).await;
    assert_eq!(
        (&status["status"], &status["attributes"]),
        (&json!("given"), &json!(["name", "address"]))
    );
    let latest = asking.latest(&id).await;
    assert_eq!(
        (latest.status, latest.header("cache-control").as_str()),
        (StatusCode::OK, "no-store")
    );
    let latest = latest.json();
    assert_eq!(latest["serial_number"], "00002A");
    let told = json!({"name": NAME, "address": "東京都清瀬市中里１－２－３"});
    assert_eq!(latest["attributes"], told, "what was consented to, and nothing else");
    // The same person as the one who signed.
    assert_eq!(latest["sub"], status["sub"]);
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(asking.house.userinfo(&asking.site, token).await.json()["sub"], latest["sub"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_at_the_municipality_is_told_at_the_next_request() {
    let asking = Asking::new().await;
    let id = asking.given().await;
    let moved = resident(NAME, "東京都東村山市本町４－５－６");
    let certificate = &asking.person.signature.certificate;
    asking.house.role_api.know(certificate, &format!("subject of {NAME}"), &moved);
    let latest = asking.latest(&id).await.json();
    assert_eq!(latest["attributes"]["address"], "東京都東村山市本町４－５－６");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_attributes_come_in_the_form_that_the_site_has_chosen() {
    let asking = Asking::with(json!({"claims_format": "oidc"})).await;
    let mut all = order();
    all["attributes"] = json!(["birthdate", "gender", "address"]);
    let id = asking.ordered(&all).await;
    asking.asked(&id, true).await;
    let told = asking.latest(&id).await.json()["attributes"].clone();
    let address = json!({"formatted": "東京都清瀬市中里１－２－３"});
    assert_eq!(told, json!({"birthdate": "1980-02-17", "gender": "female", "address": address}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_consent_that_does_not_hold_is_refused_by_its_member() {
    let asking = Asking::new().await;
    for (name, value) in [
        ("attributes", json!([])),
        ("attributes", json!(["name", "name"])),
        ("purpose", json!("")),
        ("purpose", json!("a\nb")),
        ("until", json!("2026-11-19")),
        ("until", json!("2036-11-22")),
        ("expires_in", json!(601)),
    ] {
        let mut bad = order();
        bad[name] = value;
        let answer = asking.order(&bad).await;
        assert_eq!(answer.refusal(), "400 invalid_request consent-invalid", "{bad}");
        assert!(answer.text.contains(name), "{}", answer.text);
    }
    // What is not registered is not asked for.
    let house = &asking.house;
    let narrow = house.site_with(json!({"scope": "openid name sign"})).await;
    let refused = narrow.calls(house, "POST", "/provider/v1/consents", Some(&order())).await;
    assert_eq!(refused.refusal(), "400 invalid_request consent-invalid");
    // Nor without a token of the site itself.
    let request = axum::http::Request::post("/provider/v1/consents");
    let request = request.header("content-type", "application/json");
    let refused = house.send(request.body(order().to_string().into()).unwrap()).await;
    assert_eq!(refused.refusal(), "401 invalid_token access-token-missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_who_refuses_gives_nothing_and_may_be_asked_again() {
    let asking = Asking::new().await;
    let id = asking.ordered(&order()).await;
    let back = asking.asked(&id, false).await;
    assert_eq!((&*back["error"], &*back["inrou_code"]), ("access_denied", "transaction-refused"));
    let status = asking.status(&id).await;
    let told = (&status["status"], &status["code"]);
    assert_eq!(told, (&json!("not-given"), &json!("transaction-refused")));
    assert_eq!(asking.latest(&id).await.refusal(), "403 access_denied consent-not-given");
    asking.asked(&id, true).await;
    assert_eq!(asking.status(&id).await["status"], "given");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_was_not_asked_for_in_its_time_is_not_given() {
    let asking = Asking::new().await;
    let id = asking.ordered(&order()).await;
    asking.house.wait(301);
    assert_eq!(asking.status(&id).await["status"], "not-given");
    let back = asking.house.browser().authorize(&asking.request(&id)).await.back();
    assert_eq!(back["inrou_code"], "sign-transaction-expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_end_of_a_consent_and_of_the_latest_certificate_has_its_code() {
    let asking = Asking::new().await;
    let id = asking.given().await;
    let role_api = &asking.house.role_api;
    for code in [
        Code::LATEST_CERTIFICATE_EXPIRED,
        Code::LATEST_CERTIFICATE_REVOKED_OR_ON_HOLD,
        Code::LATEST_CERTIFICATE_UNKNOWN,
    ] {
        role_api.set_latest(Some(code));
        let refused = asking.latest(&id).await.refusal();
        assert_eq!(refused, format!("409 access_denied {code}"));
    }
    role_api.set_latest(None);
    role_api.set_consent_state(&id, ConsentState::Expired);
    assert_eq!(asking.latest(&id).await.refusal(), "403 access_denied consent-expired");
    assert_eq!(asking.status(&id).await["status"], "expired");
    role_api.set_consent_state(&id, ConsentState::Withdrawn);
    assert_eq!(asking.latest(&id).await.refusal(), "403 access_denied consent-withdrawn");
    assert_eq!(asking.status(&id).await["status"], "withdrawn");
    role_api.set_down(true);
    let down = asking.latest(&id).await.refusal();
    assert_eq!(down, "503 temporarily_unavailable service-unavailable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_is_its_own_sites_alone() {
    let asking = Asking::new().await;
    let (id, ordered) = (asking.given().await, asking.ordered(&order()).await);
    let stranger = asking.house.site_with(json!({"scope": "openid name address sign"})).await;
    for path in [
        format!("/consents/{id}"),
        format!("/consents/{id}/latest"),
        format!("/consents/{ordered}"),
        format!("/consents/{}", "0".repeat(36)),
        "/consents/none".to_owned(),
    ] {
        let path = format!("/provider/v1{path}");
        let refused = stranger.calls(&asking.house, "GET", &path, None).await;
        assert_eq!(refused.refusal(), "404 invalid_request consent-unknown", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_number_leaves_no_consent() {
    let asking = Asking::with(json!({"number_check": "always"})).await;
    let id = asking.ordered(&order()).await;
    let mut browser = asking.house.browser();
    let transaction = browser.begin(&asking.request(&id)).await;
    let asked = asking.house.transaction(&transaction).await;
    let answer = asking.person.sign(&asking.house, &asked);
    asking.house.answer(&transaction, &answer).await;
    assert_eq!(asking.status(&id).await["status"], "asked", "the number is not typed yet");
    for _ in 0..3 {
        let path = format!("/provider/log-ins/{transaction}/number");
        browser.submit(&path, &Form::default().set("number", "none")).await;
    }
    let status = asking.status(&id).await;
    let told = (&status["status"], &status["code"]);
    assert_eq!(told, (&json!("not-given"), &json!("handover-number-wrong")));
    assert_eq!(asking.latest(&id).await.refusal(), "403 access_denied consent-not-given");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_does_not_come_back_takes_no_consent_away() {
    let asking = Asking::new().await;
    let id = asking.ordered(&order()).await;
    let mut browser = asking.house.browser();
    let transaction = browser.begin(&asking.request(&id)).await;
    let asked = asking.house.transaction(&transaction).await;
    let answer = asking.person.sign(&asking.house, &asked);
    asking.house.answer(&transaction, &answer).await;
    assert_eq!(asking.status(&id).await["status"], "given");
    assert!(browser.goes_back(&transaction).await.contains_key("code"), "it may still come");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_the_authority_does_not_take_leads_back_with_its_reason() {
    let asking = Asking::new().await;
    let id = asking.ordered(&order()).await;
    asking.house.role_api.set_consents_refused(Some(Code::CERTIFICATE_ON_HOLD));
    let back = asking.asked(&id, true).await;
    assert_eq!((&*back["error"], &*back["inrou_code"]), ("access_denied", "certificate-on-hold"));
    let status = asking.status(&id).await;
    let told = (&status["status"], &status["code"]);
    assert_eq!(told, (&json!("not-given"), &json!("certificate-on-hold")));
    // What the site was told stays so, though the hold is lifted: nobody has consented.
    asking.house.role_api.set_consents_refused(None);
    assert_eq!(asking.status(&id).await["status"], "not-given");
    assert_eq!(asking.latest(&id).await.refusal(), "403 access_denied consent-not-given");
    let told = events::of(&asking.house, &asking.site, &id).await;
    assert_eq!(told[3..], ["signed phone", "failed certificate-on-hold"], "{told:?}");
    // The resident may be asked again.
    assert!(asking.asked(&id, true).await.contains_key("code"));
    assert_eq!(asking.status(&id).await["status"], "given");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_is_given_by_who_is_there_and_not_by_a_signature_alone() {
    let asking = Asking::new().await;
    let (house, other) = (&asking.house, Signer::new(&asking.house, "水野　健"));
    let answered = async |answer: &dyn Fn(&Transaction) -> TransactionAnswer| {
        let id = asking.ordered(&order()).await;
        let mut browser = house.browser();
        let transaction = browser.begin(&asking.request(&id)).await;
        let asked = house.transaction(&transaction).await;
        assert!(asked.proof);
        let told = house.answer(&transaction, &answer(&asked)).await.json();
        let back = browser.goes_back(&transaction).await;
        assert_eq!((&told["code"], &*back["error"]), (&json!(back["inrou_code"]), "access_denied"));
        assert_eq!(asking.status(&id).await["code"], told["code"]);
        assert_eq!(asking.latest(&id).await.refusal(), "403 access_denied consent-not-given");
        back["inrou_code"].clone()
    };
    let signed = |asked: &Transaction| asking.person.signs(house, asked);
    assert_eq!(answered(&signed).await, "login-proof-missing");
    let by_other = |asked: &Transaction| with_proof(signed(asked), Some(other.login.proves(asked)));
    assert_eq!(answered(&by_other).await, "signer-other-person");
}
