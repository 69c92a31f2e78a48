//! What an operator sets.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::clients::{Limits, MOST};

/// The provider's settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The address under which people, phones and relying parties reach the provider, such as
    /// `http://localhost:8080`. It names the provider in what phones sign.
    pub public_base: String,
    /// The page of the app that opens a link on this device; the link is added as `?link=`.
    pub app: Option<String>,
    /// How long a log-in may be answered.
    pub login_life: SignedDuration,
    /// How old a QR code may be when it is scanned.
    pub code_freshness: SignedDuration,
    /// How many log-ins may wait for their phones at a time, in one process: anybody may begin one.
    pub open_logins: usize,
    /// How long a code may be exchanged: at most a minute (FAPI 2.0 §5.3.2.1).
    pub code_life: SignedDuration,
    /// How long a browser may come with a request that was pushed: less than ten minutes (FAPI 2.0
    /// §5.3.2.2-12).
    pub pushed_life: SignedDuration,
    /// How long an access token is good.
    pub access_token_life: SignedDuration,
    /// How long what was granted lasts, and with it the refresh token.
    pub grant_life: SignedDuration,
    /// How long it is remembered what happened to a site's transactions.
    pub events_life: SignedDuration,
    /// The keys of the staff who approve clients, PEM, by the name in their signatures' key identifier
    /// `role:NAME`.
    pub staff: BTreeMap<String, String>,
    /// Whether a client may ask residents as soon as it is registered: in a sandbox.
    pub approves_at_once: bool,
    /// How often a client may have residents asked whose registration does not say otherwise.
    #[serde(deserialize_with = "sound")]
    pub limits: Limits,
    /// How many registrations may wait for a decision at a time: anybody may register.
    pub pending_registrations: usize,
    /// How long a registration is kept that is not approved, from its last change on.
    pub pending_life: SignedDuration,
    /// How far a client's clock may be ahead (FAPI 2.0 §5.3.2.1: 10 to 60 seconds).
    pub skew: SignedDuration,
}

impl Settings {
    /// The issuer, in the shape of デジタル認証アプリ.
    pub fn issuer(&self) -> String {
        format!("{}/api/realms/main", self.base())
    }

    /// The address of something below the issuer's protocol path.
    pub(crate) fn endpoint(&self, name: &str) -> String {
        format!("{}/protocol/openid-connect/{name}", self.issuer())
    }

    /// The address of the signing API, and of something below it.
    pub(crate) fn sign_transactions(&self, below: &str) -> String {
        format!("{}/api/sign-transactions{below}", self.base())
    }

    /// The address of something in the provider's own API.
    pub(crate) fn own_api(&self, below: &str) -> String {
        format!("{}/provider/v1{below}", self.base())
    }

    /// The public base without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        self.public_base.trim_end_matches('/')
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_base: "http://localhost:8080".to_owned(),
            app: None,
            login_life: SignedDuration::from_mins(5),
            code_freshness: SignedDuration::from_secs(5),
            open_logins: 1000,
            code_life: SignedDuration::from_secs(60),
            pushed_life: SignedDuration::from_secs(90),
            access_token_life: SignedDuration::from_mins(5),
            grant_life: SignedDuration::from_hours(12),
            events_life: SignedDuration::from_hours(30 * 24),
            staff: BTreeMap::new(),
            approves_at_once: false,
            limits: Limits::default(),
            pending_registrations: 1000,
            pending_life: SignedDuration::from_hours(30 * 24),
            skew: SignedDuration::from_secs(10),
        }
    }
}

/// Limits under which every client can be served.
fn sound<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Limits, D::Error> {
    let limits = Limits::deserialize(deserializer)?;
    match limits.fault() {
        None => Ok(limits),
        Some(member) => Err(D::Error::custom(format!(
            "`limits.{member}` does not hold: each limit is from 1 to {MOST}, and no fewer for a day than for a minute"
        ))),
    }
}
