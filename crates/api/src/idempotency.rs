//! Requests that are carried out once, however often they arrive (the header `Idempotency-Key` of
//! draft-ietf-httpapi-idempotency-key-header).
//!
//! A handler takes a [`KeyedJson`] and adds who is calling ([`Keyed`]). The role's store keeps what it
//! takes to answer again ([`Kept`]), for longer than any client repeats a request. Only what succeeded
//! is kept: a request that was refused changed nothing, and may be made again under its key.
//!
//! The draft has the key as a string of structured fields, in quotes. Most clients send it without them:
//! what is a token of RFC 9110 is taken as it is, and means the same key.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{Context, SHA256};
use axum::extract::{FromRequest, OriginalUri, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use inrou_pki::Entropy;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sfv::{BareItem, Item, Parser};
use utoipa::IntoParams;

use crate::problem::{Code, Problem};
use crate::server::{parse_json, read_json};

/// The header's name.
pub(crate) const HEADER: &str = "idempotency-key";

/// What a client calls one request by: 1 to 64 printable ASCII characters without `"` and `\`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// A new key that nobody else has.
    pub fn new(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        Self(format!("{:032x}", u128::from_be_bytes(bytes)))
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The header's value: a string of RFC 9651, in quotes.
    pub fn to_header(&self) -> HeaderValue {
        HeaderValue::try_from(format!("\"{}\"", self.0))
            .expect("printable ASCII is a header's value")
    }

    /// Reads the header.
    ///
    /// # Errors
    /// `idempotency-key-missing`, `idempotency-key-malformed`.
    pub fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let malformed = || Problem::new(Code::IDEMPOTENCY_KEY_MALFORMED);
        let mut lines = headers.get_all(HEADER).iter();
        let line = lines.next().ok_or_else(|| Problem::new(Code::IDEMPOTENCY_KEY_MISSING))?;
        if lines.next().is_some() {
            return Err(malformed());
        }
        if let Ok(bare) = line.to_str()
            && !bare.is_empty()
            && bare.bytes().all(is_of_token)
        {
            return bare.parse().map_err(|_| malformed());
        }
        let item: Item = Parser::new(line.as_bytes()).parse().map_err(|_| malformed())?;
        match item.bare_item {
            BareItem::String(key) if item.params.is_empty() => {
                key.as_str().parse().map_err(|_| malformed())
            }
            _ => Err(malformed()),
        }
    }
}

/// A `tchar` of RFC 9110 §5.6.2.
fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The header, as API documents describe it.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "a description; the header is read by `IdempotencyKey::read`")]
pub struct KeyHeader {
    /// Names this request, so that a repetition is answered the same and carried out once; 1 to 64
    /// characters, best a random UUID. A string in quotes, as draft-ietf-httpapi-idempotency-key-header
    /// has it; without quotes, letters, digits and ``!#$%&'*+-.^_`|~`` are taken as well, and are the same
    /// key. An answer is kept for 24 hours.
    #[param(
        rename = "Idempotency-Key",
        example = "\"8e03978e-40d5-43e8-bc93-6894a57f9324\"",
        pattern = r##"^("[ !#-\[\]-~]{1,64}"|[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64})$"##
    )]
    key: String,
}

/// The text is not an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an idempotency key")]
pub struct InvalidKey;

impl FromStr for IdempotencyKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let allowed = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidKey)
        }
    }
}

/// SHA-256 over a request's method, path, query and body: tells whether two requests are the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// That of a request.
    pub fn of(method: &Method, path_and_query: &str, body: &[u8]) -> Self {
        let mut context = Context::new(&SHA256);
        for part in [method.as_str().as_bytes(), path_and_query.as_bytes(), body] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.finish().as_ref());
        Self(bytes)
    }

    /// One that was kept.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// To be kept.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(..)")
    }
}

/// A JSON body that came under an idempotency key.
#[derive(Clone, Debug)]
pub struct KeyedJson<T> {
    /// The key.
    pub key: IdempotencyKey,
    /// That of the whole request.
    pub fingerprint: Fingerprint,
    /// The body.
    pub body: T,
}

impl<T> KeyedJson<T> {
    /// Takes it apart into the request, as made by `caller`, and the body.
    pub fn by(self, caller: impl Into<String>) -> (Keyed, T) {
        let keyed = Keyed { caller: caller.into(), key: self.key, fingerprint: self.fingerprint };
        (keyed, self.body)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for KeyedJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let key = IdempotencyKey::read(request.headers())?;
        let uri = request.extensions().get::<OriginalUri>().map_or(request.uri(), |uri| &uri.0);
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let method = request.method().clone();
        let body = read_json(request, state).await?;
        let fingerprint = Fingerprint::of(&method, &path, &body);
        Ok(Self { key, fingerprint, body: parse_json(&body)? })
    }
}

/// A request under an idempotency key, as a caller made it. Keys of different callers have nothing to
/// do with each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyed {
    /// Who calls: by which key it is signed, or whose session it is.
    pub caller: String,
    /// Under which key.
    pub key: IdempotencyKey,
    /// What is asked.
    pub fingerprint: Fingerprint,
}

impl Keyed {
    /// The answer to give again.
    ///
    /// # Errors
    /// [`KeyReused`] if what was kept is the answer to another request.
    pub fn again(&self, kept: Kept) -> Result<Answer, KeyReused> {
        if kept.fingerprint == self.fingerprint { Ok(kept.answer) } else { Err(KeyReused) }
    }
}

/// An answer as it is kept: a status of success and JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON; empty if there is none.
    pub body: Vec<u8>,
}

impl Answer {
    /// The answer with this content.
    ///
    /// # Errors
    /// `internal-error` if it cannot be written as JSON.
    pub fn json(status: StatusCode, content: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(content).map_err(Problem::internal)?;
        Ok(Self { status: status.as_u16(), body })
    }

    /// The answer without a content (204).
    pub const fn empty() -> Self {
        Self { status: 204, body: Vec::new() }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        if self.body.is_empty() {
            return status.into_response();
        }
        (status, [(header::CONTENT_TYPE, "application/json")], self.body).into_response()
    }
}

/// What a store keeps of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What was asked.
    pub fingerprint: Fingerprint,
    /// What was answered.
    pub answer: Answer,
}

/// A different request was made under the same key before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the idempotency key was used for another request")]
pub struct KeyReused;

impl From<KeyReused> for Problem {
    fn from(_: KeyReused) -> Self {
        Problem::new(Code::IDEMPOTENCY_KEY_REUSED)
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use inrou_pki::SeededEntropy;

    use super::*;

    fn request(body: &[u8]) -> Keyed {
        Keyed {
            caller: "a".into(),
            key: "k".parse().unwrap(),
            fingerprint: Fingerprint::of(&Method::POST, "/a?b", body),
        }
    }

    #[test]
    fn a_repeated_request_is_answered_the_same_and_another_one_under_its_key_is_refused() {
        let answer = Answer { status: 201, body: b"1".to_vec() };
        let kept = Kept { fingerprint: request(b"x").fingerprint, answer: answer.clone() };
        assert_eq!(request(b"x").again(kept.clone()), Ok(answer));
        let problem = Problem::from(request(b"y").again(kept).unwrap_err());
        assert!(problem.is(Code::IDEMPOTENCY_KEY_REUSED));
        assert_eq!(problem.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }

    #[test]
    fn the_parts_of_a_request_do_not_run_into_each_other() {
        let one = Fingerprint::of(&Method::POST, "/ab", b"c");
        assert_ne!(one, Fingerprint::of(&Method::POST, "/a", b"bc"));
        assert_ne!(one, Fingerprint::of(&Method::PUT, "/ab", b"c"));
    }

    #[test]
    fn a_key_goes_through_the_header() {
        let key = IdempotencyKey::new(&SeededEntropy::new(1));
        let mut headers = HeaderMap::new();
        assert!(IdempotencyKey::read(&headers).unwrap_err().is(Code::IDEMPOTENCY_KEY_MISSING));
        headers.insert(HEADER, key.to_header());
        assert_eq!(IdempotencyKey::read(&headers).unwrap(), key);
        headers.append(HEADER, key.to_header());
        assert!(IdempotencyKey::read(&headers).unwrap_err().is(Code::IDEMPOTENCY_KEY_MALFORMED));
    }

    #[test]
    fn a_bare_token_is_the_same_key_as_in_quotes() {
        let uuid = "8e03978e-40d5-43e8-bc93-6894a57f9324";
        for bare in [uuid, "bare", "1", "1.5", "KG5L~_x"] {
            let read = |value: String| {
                let value = HeaderValue::try_from(value).unwrap();
                IdempotencyKey::read(&HeaderMap::from_iter([(
                    header::HeaderName::from_static(HEADER),
                    value,
                )]))
            };
            let key = read(bare.to_owned()).unwrap();
            assert_eq!(key.as_str(), bare);
            assert_eq!(read(format!("\"{bare}\"")).unwrap(), key);
        }
    }

    #[test]
    fn a_malformed_key_is_refused() {
        let bare = "k".repeat(65);
        let long = format!("\"{}\"", "k".repeat(65));
        for value in [
            "",
            "\"\"",
            "\"open",
            "two words",
            "?1",
            ":AAAA:",
            "a;b",
            "\"a\";b",
            "\"a\\\"\"",
            &long,
            &bare,
        ] {
            let headers = HeaderMap::from_iter([(
                header::HeaderName::from_static(HEADER),
                HeaderValue::from_str(value).unwrap(),
            )]);
            let problem = IdempotencyKey::read(&headers).unwrap_err();
            assert!(problem.is(Code::IDEMPOTENCY_KEY_MALFORMED), "{value}");
        }
    }

    #[tokio::test]
    async fn a_keyed_body_is_read_and_fingerprinted() {
        let request = |body: &'static str| {
            Request::post("/a?b")
                .header(header::CONTENT_TYPE, "application/json")
                .header(HEADER, "\"k\"")
                .body(Body::from(body))
                .unwrap()
        };
        let keyed = KeyedJson::<Vec<u8>>::from_request(request("[1, 2]"), &()).await.unwrap();
        assert_eq!((keyed.key.as_str(), &keyed.body[..]), ("k", &[1, 2][..]));
        assert_eq!(keyed.fingerprint, Fingerprint::of(&Method::POST, "/a?b", b"[1, 2]"));
        let problem = KeyedJson::<Vec<u8>>::from_request(request("["), &()).await.unwrap_err();
        assert!(problem.is(Code::BODY_MALFORMED));
    }
}
