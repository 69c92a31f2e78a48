//! A site: what is registered of it, what it sends.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use url::form_urlencoded::{Serializer, parse};

use crate::browser::Answer;
use crate::house::{House, ISSUER, address};
use crate::keys::{Key, base64url};

/// Where log-ins lead back to.
pub const CALLBACK: &str = "https://bank.example/callback";

/// Where log-outs lead back to.
pub const LOGGED_OUT: &str = "https://bank.example/bye";

/// The code verifier of every request.
pub const VERIFIER: &str = "a-verifier-that-is-long-enough-for-rfc-7636-4";

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Parameters in their order.
#[derive(Clone, Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The same with that value, and no other of the name.
    pub fn set(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// The same with that value as well.
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// The same, changed as a query says it: `name=value` sets, `name` takes away, `+name=value` adds.
    pub fn changed(self, how: &str) -> Self {
        how.split('&').filter(|change| !change.is_empty()).fold(self, |form, change| {
            let (name, value) = match parse(change.as_bytes()).next() {
                Some((name, value)) if change.contains('=') => (name, value),
                _ => return form.without(change),
            };
            // A plus is a space in a query.
            match name.strip_prefix(' ') {
                Some(name) => form.and(name, &value),
                None => form.set(&name, &value),
            }
        })
    }

    pub fn encoded(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    /// As claims of a request object.
    pub fn claims(&self) -> Value {
        let claims = self.0.iter().map(|(name, value)| (name.clone(), json!(value)));
        Value::Object(claims.collect())
    }
}

/// A site, as its server is.
pub struct Site {
    pub id: String,
    /// By which it signs.
    pub key: Key,
    /// To which its tokens are bound.
    pub dpop: Key,
    registered: Value,
}

impl Site {
    pub fn new() -> Self {
        Self { id: String::new(), key: Key::es256(), dpop: Key::es256(), registered: Value::Null }
    }

    pub fn registration(&self) -> Value {
        json!({
            "client_name": "見本銀行",
            "redirect_uris": [CALLBACK, "https://bank.example/other"],
            "post_logout_redirect_uris": [LOGGED_OUT],
            "jwks": {"keys": [self.key.jwk()]},
            "scope": "openid name address birthdate gender",
            "sector": "bank.example",
        })
    }

    pub fn is_registered(&mut self, client: &Value) {
        self.id = client["client_id"].as_str().unwrap().to_owned();
        self.registered = client.clone();
    }

    /// Its server calls the provider with a token of its own, for the scope `sign`.
    pub async fn calls(
        &self,
        house: &House,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let form = Form::default().set("grant_type", "client_credentials").set("scope", "sign");
        let tokens = house.token(self, &self.proven(house, &form)).await.json();
        let token = tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let body = body.map(Value::to_string).map_or_else(Body::empty, Body::from);
        house.send(request.body(body).unwrap()).await
    }

    /// What opens its registration.
    pub fn registration_token(&self) -> &str {
        self.registered["registration_access_token"].as_str().unwrap()
    }

    pub fn is_bound(&self) -> bool {
        self.registered["profile"] == "fapi2"
    }

    /// A request to log in, as it should be.
    pub fn request(&self) -> Form {
        let challenge = base64url(digest(&SHA256, VERIFIER.as_bytes()).as_ref());
        Form::default()
            .set("client_id", &self.id)
            .set("response_type", "code")
            .set("redirect_uri", CALLBACK)
            .set("scope", "openid name birthdate")
            .set("state", "a state")
            .set("nonce", "a nonce")
            .set("code_challenge", &challenge)
            .set("code_challenge_method", "S256")
    }

    /// The exchange of a code, as it should be.
    pub fn exchange(&self, house: &House, code: &str) -> Form {
        let form = Form::default()
            .set("grant_type", "authorization_code")
            .set("code", code)
            .set("redirect_uri", CALLBACK)
            .set("code_verifier", VERIFIER);
        self.proven(house, &form)
    }

    /// The use of a refresh token.
    pub fn refresh(&self, house: &House, tokens: &Value) -> Form {
        let token = tokens["refresh_token"].as_str().unwrap();
        let form = Form::default().set("grant_type", "refresh_token").set("refresh_token", token);
        self.proven(house, &form)
    }

    /// A form with a fresh assertion.
    pub fn proven(&self, house: &House, form: &Form) -> Form {
        self.proven_by(form, &self.assertion(house))
    }

    pub fn proven_by(&self, form: &Form, assertion: &str) -> Form {
        form.clone().set("client_assertion_type", ASSERTION_TYPE).set("client_assertion", assertion)
    }

    pub fn assertion(&self, house: &House) -> String {
        self.key.jwt(json!({}), &self.assertion_claims(house))
    }

    /// An assertion with other claims; `null` takes one away.
    pub fn assertion_but(&self, house: &House, other: &Value) -> String {
        self.key.jwt(json!({}), &but(self.assertion_claims(house), other))
    }

    pub fn assertion_claims(&self, house: &House) -> Value {
        let now = house.now();
        json!({"iss": self.id, "sub": self.id, "aud": ISSUER, "jti": unique(), "iat": now,
            "exp": now + 60})
    }

    /// The claims of a request object (RFC 9101).
    pub fn object_claims(&self, house: &House) -> Value {
        let now = house.now();
        let token = json!({"iss": self.id, "aud": ISSUER, "nbf": now, "exp": now + 300});
        but(self.request().claims(), &token)
    }

    /// A proof of the key to which tokens are bound.
    pub async fn proof(
        &self,
        house: &House,
        method: &str,
        endpoint: &str,
        token: Option<&str>,
    ) -> String {
        let claims = self.proof_claims(house, method, endpoint, token).await;
        self.dpop.jwt(self.proof_header(), &claims)
    }

    pub fn proof_header(&self) -> Value {
        json!({"typ": "dpop+jwt", "jwk": self.dpop.jwk()})
    }

    pub async fn proof_claims(
        &self,
        house: &House,
        method: &str,
        endpoint: &str,
        token: Option<&str>,
    ) -> Value {
        let mut claims = json!({"jti": unique(), "htm": method, "htu": address(endpoint),
            "iat": house.now(), "nonce": house.nonce().await});
        if let Some(token) = token {
            claims["ath"] = json!(base64url(digest(&SHA256, token.as_bytes()).as_ref()));
        }
        claims
    }
}

/// These claims with others; `null` takes one away.
pub fn but(mut claims: Value, other: &Value) -> Value {
    let all = claims.as_object_mut().unwrap();
    for (name, value) in other.as_object().unwrap() {
        match value {
            Value::Null => all.remove(name),
            value => all.insert(name.clone(), value.clone()),
        };
    }
    claims
}

/// Claims as a table has them: `now+5` is so many seconds from now, and endpoints are called by what they
/// are.
pub fn claims_of(house: &House, table: &Value) -> Value {
    match table {
        Value::String(text) => {
            if let Some(Ok(span)) = text.strip_prefix("now").map(|span| match span {
                "" => Ok(0.0),
                span => span.parse::<f64>(),
            }) {
                let at = house.now() as f64 + span;
                return if at.fract() == 0.0 { json!(at as i64) } else { json!(at) };
            }
            let named = [
                ("the issuer", ISSUER.to_owned()),
                ("the token endpoint", address("token")),
                ("the endpoint for pushed requests", address("ext/par/request")),
            ];
            json!(named.iter().fold(text.clone(), |text, (name, of)| text.replace(name, of)))
        }
        Value::Array(all) => all.iter().map(|one| claims_of(house, one)).collect(),
        Value::Object(all) => {
            let all = all.iter().map(|(name, value)| (name.clone(), claims_of(house, value)));
            Value::Object(all.collect())
        }
        other => other.clone(),
    }
}

/// A name that no other has.
pub fn unique() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("unique-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}
