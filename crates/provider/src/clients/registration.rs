//! What is registered of a client, in the names of RFC 7591.

use jiff::SignedDuration;
use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Keys, Limits};

/// What is registered of a client. What is not known here is ignored (RFC 7591 §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "client_name": "見本銀行", "redirect_uris": ["https://bank.example/callback"],
    "jwks": {"keys": [{
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "1",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    }]},
    "scope": "openid name birthdate", "sector": "bank.example"
}))]
pub struct Registration {
    /// The name that residents are shown, if there is none in Japanese.
    pub client_name: String,
    /// The name in Japanese (RFC 7591 §2.2): that which residents are shown.
    #[serde(
        rename = "client_name#ja",
        alias = "client_name#ja-JP",
        alias = "client_name#ja-Jpan-JP",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub client_name_ja: Option<String>,
    /// Where a log-in may lead back to: compared as strings.
    pub redirect_uris: Vec<String>,
    /// Where a log-out may lead back to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// Its public keys (RFC 7517): those it signs with, and those that results are encrypted to.
    #[schema(value_type = serde_json::Value)]
    pub jwks: Keys,
    /// What it may ask for, apart by spaces; `openid` among them.
    pub scope: String,
    /// Clients of one sector call a resident by one name (OpenID Connect Core §8.1). A host.
    pub sector: String,
    /// By which profile it asks.
    #[serde(default)]
    pub profile: Profile,
    /// Whether its requests are signed (RFC 9101 §10.5, FAPI 2.0 Message Signing).
    #[serde(default)]
    pub require_signed_request_object: bool,
    /// In which form it is given attributes, if not in that of its profile: many libraries know that of
    /// OpenID Connect alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims_format: Option<ClaimsFormat>,
    /// When an answer to a QR code is confirmed by a number that the phone shows and the page asks for.
    #[serde(default)]
    pub number_check: NumberCheck,
    /// How often it asks to have residents asked, if not as the operator has it for all. What the staff sets
    /// goes before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
}

/// When an answer to a QR code is confirmed by a number: somebody who is sent the code of another's page
/// would have to send the number back (OAuth Cross-Device Flows: request-initiation verification).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NumberCheck {
    /// Never.
    Never,
    /// When something is signed.
    #[default]
    Signatures,
    /// When something is signed, and when somebody logs in.
    Always,
}

/// What FAPI 2.0 §5.4.1 lets be used.
pub(crate) const FAPI_ALGORITHMS: [Algorithm; 3] =
    [Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA];

/// By which profile a client asks: a set of rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// As デジタル認証アプリ does.
    #[default]
    DigitalAuth,
    /// FAPI 2.0 Security Profile.
    Fapi2,
}

/// In which form a resident's attributes are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimsFormat {
    /// As the card's face-input application has them: address in one string, `YYYYMMDD`, a digit.
    Card,
    /// As OpenID Connect Core §5.1 has them.
    Oidc,
}

impl Profile {
    /// The algorithms by which its clients may sign.
    pub(crate) fn algorithms(self) -> &'static [Algorithm] {
        match self {
            // Published clients of the shape sign by RS256.
            Profile::DigitalAuth => {
                &[Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA, Algorithm::RS256]
            }
            Profile::Fapi2 => &FAPI_ALGORITHMS,
        }
    }

    /// Whether its requests must be pushed (FAPI 2.0 §5.3.2.2).
    pub(crate) fn wants_push(self) -> bool {
        self == Profile::Fapi2
    }

    /// Whether its tokens must be bound to a key (FAPI 2.0 §5.3.2.1).
    pub(crate) fn wants_bound_tokens(self) -> bool {
        self == Profile::Fapi2
    }

    /// How long an assertion may be good. Published clients of the shape send one day.
    pub(crate) fn longest_assertion(self) -> SignedDuration {
        match self {
            Profile::DigitalAuth => SignedDuration::from_hours(24),
            Profile::Fapi2 => SignedDuration::from_mins(5),
        }
    }

    /// Whether `aud` of an assertion must be the issuer, as a string (FAPI 2.0 §5.3.2.1-8).
    pub(crate) fn wants_issuer_as_audience(self) -> bool {
        self == Profile::Fapi2
    }

    /// Whether `state` and `nonce` are demanded.
    pub(crate) fn wants_state_and_nonce(self) -> bool {
        self == Profile::DigitalAuth
    }

    /// The most characters of `state` and `nonce`.
    pub(crate) fn longest_state(self) -> usize {
        match self {
            Profile::DigitalAuth => 255,
            Profile::Fapi2 => 2048,
        }
    }

    /// Whether the answer has `session_state`.
    pub(crate) fn tells_session_state(self) -> bool {
        self == Profile::DigitalAuth
    }
}

impl Registration {
    /// The name that residents are shown.
    pub(crate) fn name(&self) -> &str {
        self.client_name_ja.as_deref().unwrap_or(&self.client_name)
    }

    /// Whether `new` has nothing for the staff to look at that was not in this: the keys are a site's own
    /// matter, and who asks for the limits that the staff has `set` asks for nothing.
    pub(crate) fn looks_like(&self, new: &Registration, set: Option<Limits>) -> bool {
        let limits = match new.limits {
            Some(asked) if Some(asked) == set => new.limits,
            _ => self.limits,
        };
        Self { jwks: new.jwks.clone(), limits, ..self.clone() } == *new
    }

    /// In which form attributes are given.
    pub(crate) fn claims_format(&self) -> ClaimsFormat {
        self.claims_format.unwrap_or(match self.profile {
            Profile::DigitalAuth => ClaimsFormat::Card,
            Profile::Fapi2 => ClaimsFormat::Oidc,
        })
    }

    /// Whether every scope of `asked` is registered.
    pub(crate) fn may_ask(&self, asked: &str) -> bool {
        asked.split(' ').all(|one| self.scope.split(' ').any(|registered| registered == one))
    }
}
