//! What an operator sets.

use std::collections::BTreeMap;

use inrou_pki::keys::{KeyError, PublicKey};
use inrou_rules::Municipality;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// The portal's settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The address under which people and phones reach the portal, such as `http://localhost:8080`.
    /// It names the portal in what phones sign.
    pub public_base: String,
    /// The page of the app that opens a link on this device, such as
    /// `http://phone.localhost:8080/open`; the link is added as `?link=`. Without it the portal's pages
    /// offer the QR code and the link's text alone.
    pub app: Option<String>,
    /// The name that phones show.
    pub name: String,
    /// How long a log-in may be answered.
    pub login_life: SignedDuration,
    /// How old a QR code may be when it is scanned.
    pub code_freshness: SignedDuration,
    /// Whether a log-in by QR code ends with a number that the phone shows and the page asks for.
    pub checks_number: bool,
    /// How many log-ins may wait for their phones at a time, in one process: anybody may begin one.
    pub open_logins: usize,
    /// How long a document may be signed.
    pub signing_life: SignedDuration,
    /// How long a session lasts unless it is extended, and each extension from its moment on.
    pub session_life: SignedDuration,
    /// How long a session lasts at most, however often it is extended.
    pub session_longest: SignedDuration,
    /// The roles that may call the receiving office, by the name in their signatures' key identifier
    /// `role:NAME`.
    pub callers: BTreeMap<String, Caller>,
}

/// A role that may call the receiving office.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// Its public key: SubjectPublicKeyInfo, PEM.
    pub public_key: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// The municipality whose applications it sees; absent: all.
    #[serde(default)]
    pub municipality: Option<Municipality>,
}

/// What a calling role may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// Read received applications and decide about them.
    Clerk,
}

impl Caller {
    /// Its public key, read.
    ///
    /// # Errors
    /// The PEM is none, or of another kind of key.
    pub(crate) fn public_key(&self) -> Result<PublicKey, KeyError> {
        let spki = inrou_pki::pem::decode("PUBLIC KEY", &self.public_key);
        PublicKey::from_spki(&spki.map_err(|_| KeyError::Malformed)?)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_base: "http://localhost:8080".to_owned(),
            app: None,
            name: "マイナポータル（サンドボックス）".to_owned(),
            login_life: SignedDuration::from_mins(3),
            code_freshness: SignedDuration::from_secs(5),
            checks_number: false,
            open_logins: 1000,
            signing_life: SignedDuration::from_mins(15),
            session_life: SignedDuration::from_mins(30),
            session_longest: SignedDuration::from_hours(12),
            callers: BTreeMap::new(),
        }
    }
}
