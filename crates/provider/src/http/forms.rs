//! What the protocol's forms may have, as the OpenAPI document describes them. They are read as
//! [`Parameters`](crate::parameters::Parameters): one that comes twice is to be noticed, and one that nobody
//! knows is not (RFC 6749 §3.2).

#![allow(dead_code, reason = "only described, for the OpenAPI document")]

use utoipa::ToSchema;

/// A request for tokens.
#[derive(ToSchema)]
#[schema(example = json!({
    "grant_type": "authorization_code", "code": "SplxlOBeZQQYbYS6WxSbIA",
    "redirect_uri": "https://bank.example/callback",
    "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "client_assertion": "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"
}))]
pub(super) struct TokenForm {
    /// `authorization_code`, `refresh_token`, or for the signing API `client_credentials`.
    grant_type: String,
    /// The code, with `authorization_code`.
    code: Option<String>,
    /// As in the authorization request, with `authorization_code`.
    redirect_uri: Option<String>,
    /// What the request's `code_challenge` was made of, with `authorization_code` (RFC 7636 §4.1).
    code_verifier: Option<String>,
    /// The refresh token, with `refresh_token`.
    refresh_token: Option<String>,
    /// No more than was granted.
    scope: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer` (RFC 7523 §2.2).
    client_assertion_type: String,
    /// A JWT that the client signed: `iss` and `sub` are the client, `aud` the issuer. It has a `jti`, and
    /// serves once.
    client_assertion: String,
}

/// An authorization request that is pushed, or the request object that has its parameters.
#[derive(ToSchema)]
#[schema(example = json!({
    "response_type": "code", "redirect_uri": "https://bank.example/callback",
    "scope": "openid name", "state": "af0ifjsldkj", "nonce": "n-0S6_WzA2Mj",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "client_assertion": "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"
}))]
pub(super) struct PushedForm {
    /// `code`.
    response_type: Option<String>,
    /// One that is registered.
    redirect_uri: Option<String>,
    /// `openid`, and what is asked for.
    scope: Option<String>,
    /// Comes back with the answer.
    state: Option<String>,
    /// Comes back in the ID token.
    nonce: Option<String>,
    /// SHA-256 of the code verifier (RFC 7636 §4.2).
    code_challenge: Option<String>,
    /// `S256`.
    code_challenge_method: Option<String>,
    /// The order of a signature, with the scope `sign`.
    sign_transaction_id: Option<String>,
    /// A signed request object with all of these, for clients that send such (RFC 9101).
    request: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer` (RFC 7523 §2.2).
    client_assertion_type: String,
    /// As at the token endpoint.
    client_assertion: String,
}

/// A token that is given back.
#[derive(ToSchema)]
#[schema(example = json!({
    "token": "mF_9.B5f-4.1JqM",
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "client_assertion": "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"
}))]
pub(super) struct RevocationForm {
    /// An access or a refresh token.
    token: String,
    /// Says nothing here: a token is looked for among both.
    token_type_hint: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer` (RFC 7523 §2.2).
    client_assertion_type: String,
    /// As at the token endpoint.
    client_assertion: String,
}

/// An access token that is bound to no key, where it does not stand in `Authorization` (RFC 6750 §2.2).
#[derive(ToSchema)]
#[schema(example = json!({"access_token": "mF_9.B5f-4.1JqM"}))]
pub(super) struct UserinfoForm {
    /// The access token.
    access_token: Option<String>,
}
