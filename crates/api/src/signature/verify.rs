//! Checking the signature of each request to a router.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, OriginalUri, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use inrou_pki::PublicKey;

use super::claim::Claim;
use super::{NonceStore, Target};
use crate::clock::Clock;
use crate::problem::{Code, Problem};
use crate::server::{authority, read_body};

/// Knows the keys of those who may sign.
pub trait KeyDirectory: Send + Sync {
    /// The key of that name; `None` if there is none.
    ///
    /// # Errors
    /// The directory's.
    fn find(&self, key_id: &str)
    -> impl Future<Output = Result<Option<PublicKey>, Problem>> + Send;
}

/// By which key a request was signed. A handler below [`Verifier::check`] takes it as an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedBy {
    /// The key's name.
    pub key_id: String,
}

impl<S: Sync> FromRequestParts<S> for SignedBy {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        // Absent only where a route was left outside the check: that must not pass for signed.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::new(Code::SIGNATURE_MISSING))
    }
}

/// Checks signed requests.
pub struct Verifier<D, N> {
    clock: Arc<dyn Clock>,
    directory: D,
    nonces: N,
}

impl<D: KeyDirectory + 'static, N: NonceStore + 'static> Verifier<D, N> {
    /// A verifier by these keys, with this memory for nonces.
    pub fn new(clock: Arc<dyn Clock>, directory: D, nonces: N) -> Self {
        Self { clock, directory, nonces }
    }

    /// The middleware: `route_layer(from_fn_with_state(Arc::new(verifier), Verifier::check))`. It
    /// reads the body, so that a route's own `DefaultBodyLimit` has to be laid around it.
    ///
    /// # Errors
    /// As [`Verifier::verify`], and those of reading a body.
    pub async fn check(
        State(verifier): State<Arc<Self>>,
        request: Request,
        next: Next,
    ) -> Result<Response, Problem> {
        let (parts, body) = request.into_parts();
        let head = Request::from_parts(parts.clone(), body);
        let body = read_body(head, &()).await?;
        let signed_by = verifier.verify(&parts, &body).await?;
        let mut request = Request::from_parts(parts, Body::from(body));
        request.extensions_mut().insert(signed_by);
        Ok(next.run(request).await)
    }

    /// Checks the signature on one request.
    ///
    /// # Errors
    /// `signature-missing`, `signature-invalid`, `content-digest-mismatch`, `signature-expired`,
    /// `phone-unknown`, `nonce-replayed`; those of directory and nonce store.
    pub async fn verify(&self, parts: &Parts, body: &[u8]) -> Result<SignedBy, Problem> {
        // A nested router shortens the path; what was signed is the one in the request line.
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        let authority = authority(parts)?;
        let target = Target {
            method: &parts.method,
            authority: &authority,
            path: uri.path(),
            query: uri.query(),
        };
        let claim = Claim::read(&target, &parts.headers, body)?;
        let now = self.clock.now();
        claim.check_time(now)?;
        let key = self.directory.find(claim.key_id()).await?;
        claim.check_signature(&key.ok_or_else(|| Problem::new(Code::PHONE_UNKNOWN))?)?;
        // Last, so that nobody but the key's holder can use up a nonce.
        if !self.nonces.take(claim.key_id(), claim.nonce(), now, claim.ends()).await? {
            return Err(Problem::new(Code::NONCE_REPLAYED));
        }
        Ok(SignedBy { key_id: claim.key_id().to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use axum::Router;
    use axum::body::Bytes;
    use axum::http::{HeaderMap, Method, StatusCode};
    use axum::middleware::from_fn_with_state;
    use axum::routing::post;
    use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, SeededEntropy, Signer};
    use jiff::{SignedDuration, Timestamp};
    use tower::ServiceExt;

    use super::super::{DeviceKey, MemoryNonces, RequestSigner, SigningError, sign};
    use super::*;
    use crate::clock::TestClock;

    #[derive(Default)]
    struct Phones(BTreeMap<String, PublicKey>);

    impl KeyDirectory for Phones {
        async fn find(&self, key_id: &str) -> Result<Option<PublicKey>, Problem> {
            Ok(self.0.get(key_id).cloned())
        }
    }

    struct House {
        clock: Arc<TestClock>,
        entropy: SeededEntropy,
        phone: DeviceKey,
        stranger: DeviceKey,
        router: Router,
    }

    fn device(id: &str) -> (DeviceKey, PublicKey) {
        let key = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
        let public = key.public_key().clone();
        let sign = move |message: &[u8]| {
            key.sign(message).map_err(|error| SigningError(error.to_string()))
        };
        (DeviceKey::new(id, sign), public)
    }

    fn house() -> House {
        let clock = Arc::new(TestClock::at(Timestamp::UNIX_EPOCH));
        let ((phone, public), (stranger, _)) = (device("phone"), device("stranger"));
        let phones = Phones([("phone".to_owned(), public)].into());
        let verifier = Arc::new(Verifier::new(clock.clone(), phones, MemoryNonces::new()));
        let echo = async |by: SignedBy, body: Bytes| format!("{} {}", by.key_id, body.len());
        let inner = Router::new()
            .route("/echo", post(echo))
            .route_layer(from_fn_with_state(verifier, Verifier::<Phones, MemoryNonces>::check));
        let router = Router::new().nest("/v1", inner).route("/open", post(echo));
        House { clock, entropy: SeededEntropy::new(7), phone, stranger, router }
    }

    impl House {
        async fn signed(&self, by: &dyn RequestSigner, body: &'static str) -> HeaderMap {
            let target = Target {
                method: &Method::POST,
                authority: "localhost:1",
                path: "/v1/echo",
                query: Some("a=b"),
            };
            let mut headers = HeaderMap::new();
            let now = self.clock.now();
            sign(&target, &mut headers, body.as_bytes(), by, now, &self.entropy).await.unwrap();
            headers
        }

        async fn send(&self, uri: &str, headers: &HeaderMap, body: &'static str) -> String {
            let mut request =
                Request::post(uri).header("host", "LocalHost:1").body(Body::from(body)).unwrap();
            request.headers_mut().extend(headers.clone());
            let response = self.router.clone().oneshot(request).await.unwrap();
            if let Some(problem) = response.extensions().get::<Problem>() {
                return problem.code().to_owned();
            }
            assert_eq!(response.status(), StatusCode::OK);
            let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
            String::from_utf8(body.to_vec()).unwrap()
        }
    }

    const URI: &str = "/v1/echo?a=b";

    #[tokio::test]
    async fn a_signed_request_reaches_its_handler_with_its_body() {
        let house = house();
        let headers = house.signed(&house.phone, "hello").await;
        assert_eq!(house.send(URI, &headers, "hello").await, "phone 5");
    }

    #[tokio::test]
    async fn a_request_counts_once() {
        let house = house();
        let headers = house.signed(&house.phone, "hello").await;
        house.send(URI, &headers, "hello").await;
        assert_eq!(house.send(URI, &headers, "hello").await, "nonce-replayed");
        house.clock.advance_by(super::super::WINDOW);
        assert_eq!(house.send(URI, &headers, "hello").await, "nonce-replayed");
        house.clock.advance_by(SignedDuration::from_secs(1));
        assert_eq!(house.send(URI, &headers, "hello").await, "signature-expired");
    }

    #[tokio::test]
    async fn a_forged_request_does_not_use_up_the_nonce() {
        let house = house();
        let headers = house.signed(&house.phone, "hello").await;
        assert_eq!(house.send(URI, &headers, "jello").await, "content-digest-mismatch");
        assert_eq!(house.send("/v1/echo", &headers, "hello").await, "signature-invalid");
        assert_eq!(house.send(URI, &headers, "hello").await, "phone 5");
    }

    #[tokio::test]
    async fn an_unknown_key_and_a_missing_signature_have_their_own_codes() {
        let house = house();
        let headers = house.signed(&house.stranger, "hello").await;
        assert_eq!(house.send(URI, &headers, "hello").await, "phone-unknown");
        assert_eq!(house.send(URI, &HeaderMap::new(), "hello").await, "signature-missing");
    }

    #[tokio::test]
    async fn a_route_outside_the_check_does_not_pass_for_signed() {
        let house = house();
        let headers = house.signed(&house.phone, "hello").await;
        assert_eq!(house.send("/open", &headers, "hello").await, "signature-missing");
    }

    #[tokio::test]
    async fn a_key_whose_signature_is_of_another_form_signs_nothing() {
        let target =
            Target { method: &Method::GET, authority: "localhost", path: "/", query: None };
        for key in [
            DeviceKey::new("k", |_| Ok(vec![0; 64])),
            DeviceKey::new("k", |_| Err(SigningError("no".into()))),
            DeviceKey::new("k", |_| panic!("the driver fails")),
            DeviceKey::new("k\u{e9}", |_| Ok(Vec::new())),
        ] {
            let mut headers = HeaderMap::new();
            let now = Timestamp::UNIX_EPOCH;
            let entropy = SeededEntropy::new(1);
            assert!(sign(&target, &mut headers, b"", &key, now, &entropy).await.is_err());
            assert!(headers.is_empty());
        }
    }
}
