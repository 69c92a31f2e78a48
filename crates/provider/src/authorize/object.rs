//! Requests that their client has signed (RFC 9101; FAPI 2.0 Message Signing §5.3).

use inrou_api::problem::Code;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use crate::Provider;
use crate::clients::{Client, FAPI_ALGORITHMS};
use crate::jwt::{self, Fault};
use crate::parameters::Parameters;
use crate::refused::Refused;

/// How long a request object may be good, and how old it may be (FAPI 2.0 Message Signing §5.3.1).
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// What its header may call it (RFC 9101 §4, §10.8).
const TYPES: [&str; 2] = ["oauth-authz-req+jwt", "jwt"];

/// By what it may be signed.
const ALGORITHMS: [Algorithm; 3] = FAPI_ALGORITHMS;

/// Claims that speak of the token, and not of the request.
const OF_THE_TOKEN: [&str; 6] = ["iss", "aud", "exp", "nbf", "iat", "jti"];

impl Provider {
    /// The parameters that count: those of the request object, if the client is registered for such
    /// (RFC 9101 §6.3).
    ///
    /// # Errors
    /// `request-object-unsupported`, `request-object-needed`, `request-object-invalid`.
    pub(crate) fn signed_parameters(
        &self,
        parameters: &Parameters,
        client: &Client,
    ) -> Result<Option<Parameters>, Refused> {
        let is_signed = client.registration.require_signed_request_object;
        match parameters.one("request")? {
            Some(_) if !is_signed => Err(Refused::new(Code::REQUEST_OBJECT_UNSUPPORTED)),
            None if is_signed => Err(Refused::new(Code::REQUEST_OBJECT_NEEDED)),
            None => Ok(None),
            Some(object) => self.read_object(object, client).map(Some).map_err(|reason| {
                Refused::new(Code::REQUEST_OBJECT_INVALID).with("reason", reason)
            }),
        }
    }

    fn read_object(&self, object: &str, client: &Client) -> Result<Parameters, Fault> {
        let header = jwt::header(object)?;
        let named = header.typ.map(|typ| typ.to_ascii_lowercase());
        if named.is_some_and(|typ| !TYPES.contains(&typ.as_str())) {
            return Err("`typ`");
        }
        let claims: Map<String, Value> =
            jwt::verify(object, &client.registration.jwks, &ALGORITHMS)?;
        self.judge_object(&claims, client)?;
        let of_the_request =
            claims.into_iter().filter(|(name, _)| !OF_THE_TOKEN.contains(&name.as_str()));
        let pairs = of_the_request.map(|(name, value)| {
            let text = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            (name, text)
        });
        Ok(Parameters::of(pairs))
    }

    fn judge_object(&self, claims: &Map<String, Value>, client: &Client) -> Result<(), Fault> {
        if claims.contains_key("request") || claims.contains_key("request_uri") {
            return Err("it has a request inside");
        }
        let id = client.id.as_str();
        if claims.get("iss").is_none_or(|iss| iss != id) {
            return Err("`iss` is not the client");
        }
        if claims.get("client_id").is_none_or(|inside| inside != id) {
            return Err("`client_id` is missing or another");
        }
        let issuer = self.settings.issuer();
        let is_ours = match claims.get("aud") {
            Some(Value::Array(names)) => names.iter().any(|name| *name == issuer),
            Some(name) => *name == issuer,
            None => false,
        };
        if !is_ours {
            return Err("`aud`");
        }
        self.judge_times(claims)
    }

    fn judge_times(&self, claims: &Map<String, Value>) -> Result<(), Fault> {
        let time = |name: &str| {
            let seconds = claims.get(name)?.as_f64()?;
            Timestamp::from_second(seconds as i64).ok()
        };
        let now = self.now();
        let from = time("nbf").ok_or("`nbf` is missing")?;
        let until = time("exp").ok_or("`exp` is missing")?;
        if from > self.latest() || time("iat").is_some_and(|iat| iat > self.latest()) {
            return Err("`nbf` or `iat` lies ahead");
        }
        if until <= now {
            return Err("it has expired");
        }
        if now.duration_since(from) > LONGEST_LIFE || until.duration_since(from) > LONGEST_LIFE {
            return Err("it is older, or lasts longer, than an hour");
        }
        Ok(())
    }
}
