//! What the provider says of itself (OpenID Connect Discovery 1.0, RFC 8414).

use jsonwebtoken::jwk::JwkSet;
use serde_json::{Value, json};

use crate::Provider;
use crate::authorize::{ACR, Scope};

impl Provider {
    /// The metadata.
    pub(crate) fn metadata(&self) -> Value {
        let endpoint = |name| self.settings.endpoint(name);
        json!({
            "issuer": self.settings.issuer(),
            "authorization_endpoint": endpoint("auth"),
            "token_endpoint": endpoint("token"),
            "userinfo_endpoint": endpoint("userinfo"),
            "pushed_authorization_request_endpoint": endpoint("ext/par/request"),
            "revocation_endpoint": endpoint("revoke"),
            "end_session_endpoint": endpoint("logout"),
            "jwks_uri": endpoint("certs"),
            "scopes_supported": Scope::known().collect::<Vec<_>>(),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported":
                ["authorization_code", "refresh_token", "client_credentials"],
            "acr_values_supported": [ACR],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256", "PS256", "EdDSA", "RS256"],
            "revocation_endpoint_auth_methods_supported": ["private_key_jwt"],
            "revocation_endpoint_auth_signing_alg_values_supported":
                ["ES256", "PS256", "EdDSA", "RS256"],
            "request_object_signing_alg_values_supported": ["ES256", "PS256", "EdDSA"],
            "dpop_signing_alg_values_supported": ["ES256", "PS256", "EdDSA"],
            "claims_supported": ["sub", "name", "address", "birthdate", "gender"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
            "request_parameter_supported": true,
            "request_uri_parameter_supported": false,
            "claims_parameter_supported": true,
            "ui_locales_supported": ["ja", "ja-x-easy", "en"],
        })
    }

    /// The keys that sign ID tokens.
    pub(crate) fn keys(&self) -> JwkSet {
        self.issuer.keys()
    }
}
