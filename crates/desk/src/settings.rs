//! What an operator sets.

use inrou_api::client::Client;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::staff::NewMember;

/// The desk's settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// After how long without a page a member is signed out.
    pub idle: SignedDuration,
    /// How long a member stays signed in at most.
    pub longest: SignedDuration,
    /// How long an invitation may be answered.
    pub invitation_life: SignedDuration,
    /// How long the hotline may act for a caller once recognised.
    pub call_life: SignedDuration,
    /// Whether anybody may sign in as anybody, without a passkey: for a sandbox, in which people practise.
    pub practice: bool,
    /// The first members of an empty desk. Where people do not practise, the links of their invitations are
    /// written into its folder.
    pub founders: Vec<NewMember>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            idle: SignedDuration::from_mins(30),
            longest: SignedDuration::from_hours(12),
            invitation_life: SignedDuration::from_hours(72),
            call_life: SignedDuration::from_mins(30),
            practice: false,
            founders: Vec::new(),
        }
    }
}

/// The authority's API, called with the key of a role each.
#[derive(Clone)]
pub struct Authority {
    /// As the hotline.
    pub hotline: Client,
    /// As the counters.
    pub counter: Client,
}
