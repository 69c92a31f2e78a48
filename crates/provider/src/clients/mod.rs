//! Clients: the relying parties' sites and apps that are registered (REG-4).

mod acts;
mod check;
mod keys;
mod limits;
mod manage;
mod registration;
mod staff;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use acts::{Change, ClientFault, Decision, NewClient, Renewal, Seen, StaffAct};
pub use keys::Keys;
pub(crate) use keys::{is_private, is_sound};
pub(crate) use limits::MOST;
pub use limits::{Counted, Limits, Reached, Span, Use};
pub(crate) use manage::{Registered, Shown};
pub(crate) use registration::FAPI_ALGORITHMS;
pub use registration::{ClaimsFormat, NumberCheck, Profile, Registration};
pub(crate) use staff::{Approval, LimitsSet};

use crate::secrets::{base64url, sha256};

/// Names a client: `RP` and digits, which no resident's identifier can be (FAPI 2.0 §6).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// The client of that number.
    pub fn numbered(number: u64) -> Self {
        Self(format!("RP{number:08}"))
    }

    /// Which number that is; `None` if it names nobody.
    pub(crate) fn number(&self) -> Option<u64> {
        self.0.strip_prefix("RP")?.parse().ok()
    }

    /// As it was sent; whether it names anybody is for the store to say.
    pub(crate) fn sent(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a registration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Waits for the staff's decision.
    Pending,
    /// Was looked at and refused: a change of it is looked at anew.
    Refused,
    /// May ask residents.
    Approved,
    /// May not ask any more, whatever is changed.
    Suspended,
}

/// A client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its identifier.
    pub id: ClientId,
    /// What is registered of it.
    pub registration: Registration,
    /// The number of that registration among all that it had: a decision names it.
    pub version: u64,
    /// What was approved last, if anything was.
    pub approved: Option<Registration>,
    /// Whether it may ask residents.
    pub standing: Standing,
    /// Why the staff decided so, if it said.
    pub reason: Option<String>,
    /// Since when it stands so; absent where that was not noted.
    pub since: Option<Timestamp>,
    /// How often it may have residents asked, where the staff has said so: whatever the site registers.
    pub limits: Option<Limits>,
}

impl Client {
    /// Whether it may ask residents.
    pub(crate) fn may_ask(&self) -> bool {
        self.standing == Standing::Approved
    }

    /// The entity tag of what its developer is shown (RFC 9110 §8.8.3): another one after every act.
    pub(crate) fn tag(&self) -> String {
        let Self { version, standing, reason, since, limits, .. } = self;
        let stands = serde_json::to_vec(&(version, standing, reason, since, limits));
        format!("\"{version}-{}\"", base64url(&sha256(&stands.unwrap_or_default())))
    }

    /// How often it may have residents asked: as the staff has it, else as was registered and approved, else
    /// as it is for all.
    pub(crate) fn limits_in_force(&self, usual: Limits) -> Limits {
        self.limits.or(self.registration.limits).unwrap_or(usual)
    }
}
