//! A site in Rust, by the crate `openidconnect`. It has no `private_key_jwt` of its own: the assertion goes
//! along as parameters (RFC 7523 §2.2).

use std::pin::Pin;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use axum::body::{Body, to_bytes};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use inrou::sandbox::Sandbox;
use inrou_pki::keys::ecdsa;
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, Signer, SoftwareKey};
use inrou_relying::jwe::{RecipientKey, decrypt};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AuthorizationCode, ClientId, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    RedirectUrl, Scope, SubjectIdentifier, TokenResponse,
};
use serde_json::{Value, json};

use crate::site::{CALLBACK, issuer, registered};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// With what the provider's metadata sets.
type Stack = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A site that is registered.
struct Site<'s> {
    sandbox: &'s Sandbox,
    id: String,
    /// By which it signs.
    key: SoftwareKey,
    stack: Stack,
}

/// What a visit to log in led to: where the site sends its visitor, and back again, is the caller's.
pub async fn visited<F>(sandbox: &Sandbox, send: impl FnOnce(String) -> F) -> CoreUserInfoClaims
where
    F: Future<Output = String>,
{
    let attributes = ["name", "address", "birthdate", "gender"];
    let site = Site::register(sandbox, &attributes, None).await;
    let (tokens, subject) = site.sends(&attributes, &[], send).await;
    let refreshed = site
        .stack
        .exchange_refresh_token(tokens.refresh_token().unwrap())
        .unwrap()
        .add_extra_param("client_assertion_type", TYPE)
        .add_extra_param("client_assertion", site.assertion())
        .request_async(&call)
        .await
        .unwrap();
    let token = refreshed.access_token().clone();
    site.stack.user_info(token, Some(subject)).unwrap().request_async(&call).await.unwrap()
}

/// What a visit to sign led to: the signature and the certificate.
pub async fn signed<F>(
    sandbox: &Sandbox,
    order: Value,
    send: impl FnOnce(String) -> F,
) -> [Vec<u8>; 2]
where
    F: Future<Output = String>,
{
    let key = PrivateKey::generate(&ECDH_P256).unwrap();
    let point = key.compute_public_key().unwrap();
    let results = jwk(point.as_ref(), "results", "enc");
    let site = Site::register(sandbox, &["sign"], Some(results)).await;
    let own = site
        .stack
        .exchange_client_credentials()
        .unwrap()
        .add_scope(Scope::new("sign".to_owned()))
        .add_extra_param("client_assertion_type", TYPE)
        .add_extra_param("client_assertion", site.assertion())
        .request_async(&call)
        .await
        .unwrap();
    let base = format!("{}/api/sign-transactions", sandbox.world().unwrap().base);
    let ordered = at(&base, own.access_token().secret(), Some(&order)).await;
    let id = ordered["sign_transaction_id"].as_str().unwrap();
    let (tokens, _) = site.sends(&["sign"], &[("sign_transaction_id", id)], send).await;
    let result = at(&format!("{base}/{id}/result"), tokens.access_token().secret(), None).await;
    let key = RecipientKey::EcP256(key);
    ["signature_jwe", "certificate_jwe"]
        .map(|member| decrypt(result[member].as_str().unwrap(), &key).unwrap().to_vec())
}

impl<'s> Site<'s> {
    async fn register(sandbox: &'s Sandbox, scopes: &[&str], results: Option<Value>) -> Self {
        let key = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
        let own = jwk(key.public_key().subject_public_key(), "site", "sig");
        let keys: Vec<Value> = [own].into_iter().chain(results).collect();
        let id = registered(
            sandbox,
            &json!({
                "client_name": "見本商店",
                "redirect_uris": [CALLBACK],
                "jwks": {"keys": keys},
                "scope": format!("openid {}", scopes.join(" ")),
                "sector": "shop.example",
                "claims_format": "oidc",
                // The browser of the test has no page to type a number on.
                "number_check": "never",
            }),
        )
        .await;
        let stack = as_the_console_says(&issuer(sandbox), &id, CALLBACK).await;
        Self { sandbox, id, key, stack }
    }

    /// Sends a visitor, and gets tokens for the code; and whom they are about.
    async fn sends<F>(
        &self,
        scopes: &[&str],
        more: &[(&str, &str)],
        send: impl FnOnce(String) -> F,
    ) -> (CoreTokenResponse, SubjectIdentifier)
    where
        F: Future<Output = String>,
    {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let mut request = self.stack.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
        for (name, value) in more {
            request = request.add_extra_param(*name, *value);
        }
        let (url, state, nonce) = request
            .add_scopes(scopes.iter().map(|one| Scope::new((*one).to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        let back = url::Url::parse(&send(url.to_string()).await).unwrap();
        let given = |name: &str| {
            let mut pairs = back.query_pairs();
            pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned()).unwrap()
        };
        assert_eq!(given("state"), *state.secret());
        let tokens = self
            .stack
            .exchange_code(AuthorizationCode::new(given("code")))
            .unwrap()
            .set_pkce_verifier(verifier)
            .add_extra_param("client_assertion_type", TYPE)
            .add_extra_param("client_assertion", self.assertion())
            .request_async(&call)
            .await
            .unwrap();
        let verifier = self.stack.id_token_verifier();
        let claims = tokens.id_token().unwrap().claims(&verifier, &nonce).unwrap();
        let subject = claims.subject().clone();
        (tokens, subject)
    }

    fn assertion(&self) -> String {
        let now = inrou_api::clock::Clock::now(&*self.sandbox.world().unwrap().clock).as_second();
        let claims = json!({"iss": self.id, "sub": self.id, "aud": issuer(self.sandbox),
            "iat": now, "exp": now + 60, "jti": CsrfToken::new_random().secret()});
        let part = |value: Value| base64url(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(json!({"alg": "ES256"})), part(claims));
        let signature = ecdsa::to_raw(&self.key.sign(signed.as_bytes()).unwrap()).unwrap();
        format!("{signed}.{}", base64url(&signature))
    }
}

/// The stack by the lines that the console shows to be copied; `console.rs` compares them.
#[allow(clippy::let_and_return, reason = "the lines stand as they are shown")]
async fn as_the_console_says(issuer: &str, client_id: &str, redirect_uri: &str) -> Stack {
    let http = call;
    // What follows is shown.
    let issuer = IssuerUrl::new(issuer.to_owned()).unwrap();
    let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.unwrap();
    let redirect_uri = RedirectUrl::new(redirect_uri.to_owned()).unwrap();
    // The token request gets `client_assertion` as an extra parameter.
    let client_id = ClientId::new(client_id.to_owned());
    let client = CoreClient::from_provider_metadata(metadata, client_id, None)
        .set_redirect_uri(redirect_uri);
    // That was shown.
    client
}

/// A point on P-256, uncompressed, as a key.
fn jwk(point: &[u8], kid: &str, usage: &str) -> Value {
    json!({"kty": "EC", "crv": "P-256", "kid": kid, "use": usage,
        "x": base64url(&point[1..33]), "y": base64url(&point[33..])})
}

/// What the signing API answers.
async fn at(address: &str, token: &str, order: Option<&Value>) -> Value {
    let request = match order {
        Some(_) => axum::http::Request::post(address),
        None => axum::http::Request::get(address),
    };
    let request = request
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    let body = order.map(|order| order.to_string().into_bytes()).unwrap_or_default();
    let answer = call(request.body(body).unwrap()).await.unwrap();
    assert!(answer.status().is_success(), "{}", String::from_utf8_lossy(answer.body()));
    serde_json::from_slice(answer.body()).unwrap()
}

type Answer = Result<HttpResponse, hyper_util::client::legacy::Error>;

/// Sends a request, and follows nowhere.
fn call(request: HttpRequest) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
    Box::pin(async {
        let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
        let response = client.request(request.map(Body::from)).await?;
        let (parts, body) = response.into_parts();
        let body = to_bytes(Body::new(body), 1_000_000).await.unwrap();
        Ok(HttpResponse::from_parts(parts, body.to_vec()))
    })
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
