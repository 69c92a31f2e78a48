//! Clients prove themselves by `private_key_jwt` (RFC 7523, OpenID Connect Core §9).

use axum::http::{HeaderMap, header};
use inrou_api::problem::Code;
use jiff::Timestamp;
use serde::Deserialize;

use crate::Provider;
use crate::clients::{Client, ClientId};
use crate::jwt::{Fault, verify};
use crate::parameters::Parameters;
use crate::refused::Refused;
use crate::store::Seen;

/// What `client_assertion_type` says.
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The most characters of a `jti` that are remembered.
const LONGEST_JTI: usize = 255;

/// What a client's server sends to an endpoint.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) parameters: &'a Parameters,
}

/// A client that proved itself, and the assertion by which it did: to be taken together with what it
/// asks for, so that it serves once.
pub(crate) struct Proven {
    pub(crate) client: Client,
    pub(crate) assertion: Seen,
}

#[derive(Clone, Deserialize)]
struct Assertion {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Audience>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    jti: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Provider {
    /// The client that sends these parameters to `endpoint`.
    ///
    /// # Errors
    /// `client-assertion-missing`, `client-assertion-invalid`, `client-secret-unsupported`,
    /// `client-authentication-repeated`, `client-not-approved`; the store's.
    pub(crate) async fn prove_client(
        &self,
        Sent { headers, parameters }: Sent<'_>,
        endpoint: &str,
    ) -> Result<Proven, Refused> {
        parameters.check_each_once()?;
        let assertion =
            match (parameters.one("client_assertion_type")?, parameters.one("client_assertion")?) {
                (Some(TYPE), Some(assertion)) => Some(assertion),
                _ => None,
            };
        let has_secret = parameters.one("client_secret")?.is_some();
        let by_header = headers.contains_key(header::AUTHORIZATION);
        let assertion = match assertion {
            Some(_) if has_secret || by_header => {
                return Err(Refused::new(Code::CLIENT_AUTHENTICATION_REPEATED));
            }
            Some(assertion) => assertion,
            None if by_header => {
                return Err(Refused::new(Code::CLIENT_SECRET_UNSUPPORTED).at_basic());
            }
            None if has_secret => return Err(Refused::new(Code::CLIENT_SECRET_UNSUPPORTED)),
            None => return Err(Refused::new(Code::CLIENT_ASSERTION_MISSING)),
        };
        let claimed: Assertion = jsonwebtoken::dangerous::insecure_decode_claims(assertion)
            .map_err(|_| invalid("it is no JWT"))?;
        let id = claimed.iss.as_deref().ok_or_else(|| invalid("`iss` is missing"))?;
        if parameters.one("client_id")?.is_some_and(|sent| sent != id) {
            return Err(invalid("`client_id` is another client’s"));
        }
        let client = self.client(&ClientId::sent(id)).await?;
        let client = client.ok_or_else(|| invalid("`iss` is no client"))?;
        // Before the signature is looked at, which takes longer.
        if !client.may_ask() {
            return Err(Refused::new(Code::CLIENT_NOT_APPROVED));
        }
        let profile = client.registration.profile;
        let assertion: Assertion =
            verify(assertion, &client.registration.jwks, profile.algorithms()).map_err(invalid)?;
        let until = self.judge(&assertion, &client, endpoint).map_err(invalid)?;
        let jti = assertion.jti.unwrap_or_default();
        let assertion = Seen { what: format!("assertion:{id}:{jti}"), until };
        Ok(Proven { client, assertion })
    }

    /// Until when the assertion must be remembered.
    fn judge(
        &self,
        claims: &Assertion,
        client: &Client,
        endpoint: &str,
    ) -> Result<Timestamp, Fault> {
        let (now, profile) = (self.now(), client.registration.profile);
        if claims.sub.as_deref() != Some(client.id.as_str()) {
            return Err("`sub` is not the client");
        }
        let issuer = self.settings.issuer();
        let token = self.settings.endpoint("token");
        let accepted = |name: &String| [&issuer, &token, endpoint].contains(&name.as_str());
        let is_ours = match &claims.aud {
            Some(Audience::One(name)) if profile.wants_issuer_as_audience() => *name == issuer,
            Some(Audience::One(name)) => accepted(name),
            Some(Audience::Many(names)) => {
                !profile.wants_issuer_as_audience() && names.iter().any(accepted)
            }
            None => false,
        };
        if !is_ours {
            return Err("`aud`");
        }
        let jti = claims.jti.as_deref().unwrap_or_default();
        if jti.is_empty() || jti.len() > LONGEST_JTI {
            return Err("`jti` is missing or too long");
        }
        let at = |seconds: f64| Timestamp::from_second(seconds as i64).ok();
        let latest = self.latest();
        for (claim, fault) in [(claims.iat, "`iat` lies ahead"), (claims.nbf, "`nbf` lies ahead")] {
            if claim.is_some_and(|claim| at(claim).is_none_or(|from| from > latest)) {
                return Err(fault);
            }
        }
        let expires = claims.exp.and_then(at).ok_or("`exp` is missing")?;
        if expires <= now {
            return Err("it has expired");
        }
        let longest = latest.saturating_add(profile.longest_assertion()).unwrap_or(Timestamp::MAX);
        if expires > longest {
            return Err("it lasts too long");
        }
        Ok(expires)
    }
}

fn invalid(reason: Fault) -> Refused {
    Refused::new(Code::CLIENT_ASSERTION_INVALID).with("reason", reason)
}
