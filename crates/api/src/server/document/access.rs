//! Who may call an operation, as its document says.

use serde_json::{Value, json};
use utoipa::openapi::security::SecurityRequirement;
use utoipa_axum::router::OpenApiRouter;

use super::problems::{PROBLEMS, add_codes};

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone.
    Anybody,
    /// A registered phone, by its device key.
    Phone,
    /// A role that is set up, by its key.
    Role,
    /// A phone or a role, by its key; for some requests everyone.
    PhoneRoleOrAnybody,
    /// A resident who is logged in, by the session's token.
    Resident,
    /// A site's developer, by the registration access token.
    Client,
}

const DEVICE_KEY: &str = "device-key";
const ROLE_KEY: &str = "role-key";
const SESSION_TOKEN: &str = "session-token";
const REGISTRATION_TOKEN: &str = "registration-token";

const SIGNED: [&str; 5] = [
    "content-digest-mismatch",
    "nonce-replayed",
    "signature-expired",
    "signature-invalid",
    "signature-missing",
];

/// Says of every operation of the router who may call it, and what is answered to others.
pub fn with_access<S>(mut router: OpenApiRouter<S>, access: Access) -> OpenApiRouter<S>
where
    S: Send + Sync + Clone + 'static,
{
    let one = |scheme: &str| SecurityRequirement::new(scheme, [""; 0]);
    let (requirements, mut codes) = match access {
        Access::Anybody => (vec![], vec![]),
        Access::Phone => (vec![one(DEVICE_KEY)], vec!["phone-unknown"]),
        Access::Role => {
            (vec![one(ROLE_KEY)], vec!["caller-unknown", "permission-denied", "phone-unknown"])
        }
        Access::PhoneRoleOrAnybody => (
            vec![one(DEVICE_KEY), one(ROLE_KEY), SecurityRequirement::default()],
            vec!["caller-unknown", "permission-denied", "phone-unknown"],
        ),
        Access::Resident => (vec![one(SESSION_TOKEN)], vec!["login-required"]),
        Access::Client => (vec![one(REGISTRATION_TOKEN)], vec!["registration-token-invalid"]),
    };
    if matches!(access, Access::Phone | Access::Role | Access::PhoneRoleOrAnybody) {
        codes.extend(SIGNED);
    }
    for item in router.get_openapi_mut().paths.paths.values_mut() {
        let methods = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
            &mut item.head,
            &mut item.options,
        ];
        for operation in methods.into_iter().flatten() {
            operation.security = Some(requirements.clone());
            let extensions = operation.extensions.get_or_insert_default();
            add_codes(extensions.entry(PROBLEMS.to_owned()).or_insert(Value::Null), &codes);
        }
    }
    router
}

/// Describes the ways to prove who calls that the document's operations name.
pub(super) fn add_schemes(document: &mut Value) {
    let mut named = Vec::new();
    for (_, _, operation) in super::operations(document) {
        let requirements = operation.get("security").and_then(Value::as_array);
        let schemes = requirements.into_iter().flatten().filter_map(Value::as_object);
        named.extend(schemes.flat_map(|scheme| scheme.keys().cloned()));
    }
    for name in named {
        document["components"]["securitySchemes"][&name] = scheme(&name);
    }
}

fn scheme(name: &str) -> Value {
    match name {
        DEVICE_KEY => json!({
            "type": "apiKey", "in": "header", "name": "Signature",
            "description": format!("The phone's device key, which its chip makes and attests in the \
                session `register-phone`. `keyid` is `phone:` and the chip's identifier, 32 lower-case \
                hexadecimal digits.\n\n{HOW_TO_SIGN}"),
        }),
        ROLE_KEY => json!({
            "type": "apiKey", "in": "header", "name": "Signature",
            "description": format!("The key of a role that the configuration names under `callers` with \
                its permissions, such as a counter's or a clerk's. `keyid` is `role:` and that name.\n\n\
                {HOW_TO_SIGN}"),
        }),
        REGISTRATION_TOKEN => json!({
            "type": "http", "scheme": "bearer",
            "description": "`registration_access_token` of the answer to `POST /provider/v1/clients`.",
        }),
        _ => json!({
            "type": "http", "scheme": "bearer",
            "description": "`session` of the answer to `GET /portal/v1/logins/{login}`, once the \
                resident has consented on the phone.",
        }),
    }
}

const HOW_TO_SIGN: &str = "\
The request carries an HTTP message signature (RFC 9421) by ECDSA P-256 with SHA-256, as 64 bytes r ‖ s. \
Three headers belong together:\n\n\
- `Content-Digest: sha-256=:…:` (RFC 9530) over the body's bytes, if there is a body;\n\
- `Signature-Input: sig=(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\" \
\"idempotency-key\");created=1795262400;nonce=\"…\";keyid=\"…\";alg=\"ecdsa-p256-sha256\";tag=\"inrou\"`. \
`content-digest` is covered if there is a body, `idempotency-key` if that header is sent. `created` is \
Unix time on the service's clock, which every answer tells in `Date`; at most five minutes off. \
`nonce` is random, good for once;\n\
- `Signature: sig=:…:`, over the signature base of RFC 9421 §2.5. `@query` is `?` where there is no query.\n\n\
`inrou call` does all of this on a sandbox; docs/operating.md has an example.";
