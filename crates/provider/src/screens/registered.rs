//! What is registered of a site, as people read it.

use serde_json::{Value, json};

use crate::clients::Registration;

/// The members of a registration: what each is called, and what stands there.
pub(super) fn shown(registration: &Registration) -> Vec<(&'static str, String)> {
    let all = serde_json::to_value(registration).unwrap_or_default();
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items = items.iter().map(|item| item.as_str().unwrap_or_default());
            items.collect::<Vec<_>>().join("\n")
        }
        Value::Object(members) => {
            let lines = members.iter().map(|(name, value)| format!("{name}: {value}"));
            lines.collect::<Vec<_>>().join("\n")
        }
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let names = registration.jwks.named().map(|(name, _)| json!(name));
    let keys = Value::Array(names.collect());
    [
        ("console.name", &all["client_name"]),
        ("console.name-ja", &all["client_name#ja"]),
        ("console.redirect-uris", &all["redirect_uris"]),
        ("console.post-logout-redirect-uris", &all["post_logout_redirect_uris"]),
        ("staff.scope", &all["scope"]),
        ("console.sector", &all["sector"]),
        ("console.profile", &all["profile"]),
        ("staff.signed-requests", &all["require_signed_request_object"]),
        ("staff.claims-format", &all["claims_format"]),
        ("staff.number-check", &all["number_check"]),
        ("console.limits", &all["limits"]),
        ("console-site.keys", &keys),
    ]
    .map(|(label, value)| (label, text(value)))
    .to_vec()
}
