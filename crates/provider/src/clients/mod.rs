//! Clients: the relying parties' sites and apps that are registered (REG-4).

mod check;
mod manage;
mod registration;

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) use check::is_sound;
pub(crate) use manage::Approval;
pub(crate) use registration::FAPI_ALGORITHMS;
pub use registration::{ClaimsFormat, NumberCheck, Profile, Registration};

/// Names a client: `RP` and digits, which no resident's identifier can be (FAPI 2.0 §6).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// The client of that number.
    pub fn numbered(number: u64) -> Self {
        Self(format!("RP{number:08}"))
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
    /// May ask residents.
    Approved,
    /// Was refused, or may no longer ask.
    Suspended,
}

/// A client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its identifier.
    pub id: ClientId,
    /// What is registered of it.
    pub registration: Registration,
    /// Whether it may ask residents.
    pub standing: Standing,
    /// Why the staff decided so, if it said.
    pub reason: Option<String>,
}
