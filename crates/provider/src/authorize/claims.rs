//! Single claims that are asked for (OpenID Connect Core §5.5).

use inrou_api::problem::Code;
use inrou_api::wire::transaction::Attribute;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::refused::Refused;

/// The one assurance that there is: a key in a chip, and a PIN or the holder's body.
pub(crate) const ACR: &str = "aal3";

/// What `claims` asks for, as far as it is known here.
#[derive(Default)]
pub(super) struct Claims {
    /// These are given at `userinfo`.
    pub attributes: Vec<Attribute>,
    /// The one person who may log in.
    pub subject: Option<String>,
}

#[derive(Deserialize)]
struct Sent {
    #[serde(default)]
    userinfo: Map<String, Value>,
    #[serde(default)]
    id_token: Map<String, Value>,
}

impl Claims {
    /// Reads the parameter. What is not known is left out, as voluntary claims are.
    ///
    /// # Errors
    /// `parameter-malformed`; `acr-unreachable` if the request insists on an assurance that is not given.
    pub fn parse(parameter: Option<&str>) -> Result<Self, Refused> {
        let Some(parameter) = parameter else { return Ok(Self::default()) };
        let sent: Sent = serde_json::from_str(parameter)
            .map_err(|_| Refused::new(Code::PARAMETER_MALFORMED).with("parameter", "claims"))?;
        let mut attributes = Attribute::ALL.to_vec();
        attributes.retain(|attribute| sent.userinfo.contains_key(attribute.as_str()));
        if let Some(acr) = sent.id_token.get("acr")
            && acr["essential"] == true
            && !suits(acr, ACR)
        {
            return Err(Refused::new(Code::ACR_UNREACHABLE));
        }
        let mut subjects = [&sent.id_token, &sent.userinfo].into_iter().filter_map(subject);
        Ok(Self { attributes, subject: subjects.next() })
    }
}

/// The one person whom the claims of a place are to be about.
fn subject(claims: &Map<String, Value>) -> Option<String> {
    claims.get("sub")?["value"].as_str().map(str::to_owned)
}

/// Whether a claim's request is met by this value: `value`, `values`, or any.
fn suits(request: &Value, value: &str) -> bool {
    match (&request["value"], &request["values"]) {
        (Value::Null, Value::Null) => true,
        (Value::Null, Value::Array(values)) => values.iter().any(|one| one == value),
        (one, _) => one == value,
    }
}
