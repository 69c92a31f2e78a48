//! A bank's server, which asks residents for consent to have their latest attributes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inrou_api::idempotency::IdempotencyKey;
use inrou_journeys::hana::{PHONE_PASSWORD, consents};
use inrou_pki::keys::ecdsa;
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, Signer, SoftwareKey, SystemEntropy};
use inrou_web::percent;
use serde_json::{Value, json};

use crate::house::House;
use crate::http::{Page, Visitor};

/// Its name.
pub const BANK: &str = "見本銀行";

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Of a code verifier (RFC 7636 appendix B): nobody exchanges a code here.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The bank.
pub struct Bank<'h> {
    house: &'h House,
    key: SoftwareKey,
    id: String,
}

impl<'h> Bank<'h> {
    /// Registers it: people are led back to the sandbox's home.
    pub async fn registers(house: &'h House) -> Self {
        let key = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
        let point = key.public_key().subject_public_key();
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": base64url(&point[1..33]),
            "y": base64url(&point[33..])});
        let registration = json!({
            "client_name": BANK,
            "redirect_uris": [home(house)],
            "jwks": {"keys": [jwk]},
            "scope": "openid name address sign",
            "sector": "bank.example",
            "number_check": "never",
        });
        let provider = house.sandbox.anybody("/provider/v1").unwrap();
        let call = provider.post("/clients").json(&registration);
        let client: Value = call.answer().await.unwrap();
        let id = client["client_id"].as_str().unwrap().to_owned();
        Self { house, key, id }
    }

    /// Wants consent; its identifier.
    pub async fn orders(&self) -> String {
        let day = inrou_api::clock::Clock::now(&*self.house.sandbox.clock);
        let until = inrou_rules::japan::day(day).tomorrow().unwrap();
        let order = json!({"attributes": ["name", "address"], "purpose": "お届けの住所のため",
            "until": until});
        let answer = self.calls("POST", "/consents", &order.to_string()).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let ordered: Value = serde_json::from_str(&answer.body).unwrap();
        ordered["consent_id"].as_str().unwrap().to_owned()
    }

    /// Where it sends the resident's browser.
    pub fn sends_to(&self, consent: &str) -> String {
        let back = percent(&home(self.house));
        let (id, base) = (&self.id, &self.house.sandbox.base);
        format!(
            "{base}/api/realms/main/protocol/openid-connect/auth?response_type=code&client_id={id}\
             &redirect_uri={back}&scope=openid%20sign&state=s&nonce=n&code_challenge={CHALLENGE}\
             &code_challenge_method=S256&sign_transaction_id={consent}"
        )
    }

    /// What it is told of the resident now, or the code for which it is told nothing.
    pub async fn asks(&self, consent: &str) -> Result<Value, String> {
        let answer = self.calls("GET", &format!("/consents/{consent}/latest"), "").await;
        let told: Value = serde_json::from_str(&answer.body).unwrap();
        match answer.status {
            200 => Ok(told),
            _ => Err(told["code"].as_str().unwrap().to_owned()),
        }
    }

    async fn calls(&self, method: &str, path: &str, body: &str) -> Page {
        let mut server = Visitor::at(self.house.sandbox.base.clone());
        let assertion = self.assertion();
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", "sign"),
            ("client_assertion_type", TYPE),
            ("client_assertion", assertion.as_str()),
        ];
        let token = server.post("/api/realms/main/protocol/openid-connect/token", &form).await;
        let token: Value = serde_json::from_str(&token.body).unwrap();
        let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        server.send(method, &format!("/provider/v1{path}"), &headers, body).await
    }

    fn assertion(&self) -> String {
        let now = inrou_api::clock::Clock::now(&*self.house.sandbox.clock).as_second();
        let issuer = format!("{}/api/realms/main", self.house.sandbox.base);
        let claims = json!({"iss": self.id, "sub": self.id, "aud": issuer, "iat": now,
            "exp": now + 60, "jti": IdempotencyKey::new(&SystemEntropy).as_str()});
        let part = |value: Value| base64url(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(json!({"alg": "ES256"})), part(claims));
        let signature = ecdsa::to_raw(&self.key.sign(signed.as_bytes()).unwrap()).unwrap();
        format!("{signed}.{}", base64url(&signature))
    }
}

/// Hana has given the bank a consent, with her phone as a program.
#[allow(dead_code, reason = "the journeys go through the screens")]
pub async fn hana_consents(house: &House) -> String {
    let bank = Bank::registers(house).await;
    let consent = bank.orders().await;
    let mut browser = Visitor::at(house.sandbox.base.clone());
    let begins = bank.sends_to(&consent);
    let path = begins.strip_prefix(&house.sandbox.base).unwrap();
    let waits = browser.get(path).await.header("location").unwrap().to_owned();
    let page = browser.get(&waits).await;
    let link = page.between("<code class=\"long\">", "</code>").replace("&#38;", "&");
    consents(&house.sandbox.anybody("/phone/v1").unwrap(), &link, PHONE_PASSWORD).await;
    bank.asks(&consent).await.unwrap();
    consent
}

fn home(house: &House) -> String {
    format!("{}/", house.sandbox.base)
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
