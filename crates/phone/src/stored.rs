//! What a phone remembers besides its chip: one JSON file, replaced whole.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use inrou_api::wire::authority::{CertificateView, EnrolmentView, Resumption};
use inrou_api::wire::phone::Deleted;
use inrou_chip::files::Folder;
use inrou_rules::{ChipId, Platform};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::flow::Flow;
use crate::passkey::Passkey;

/// Whether the phone in this folder may be used at a card reader (REG-4), as its file says, whether or
/// not its app runs.
///
/// # Errors
/// The file is not there, or does not have its form ([`io::ErrorKind::InvalidData`]).
pub fn allows_contactless(phone: &Path) -> io::Result<bool> {
    Ok(serde_json::from_slice::<Stored>(&fs::read(phone.join(FILE))?)?.contactless)
}

/// The file's name in the phone's directory.
const FILE: &str = "phone.json";

/// A phone's memory. *This type is stored*: fields are only ever added, with a default. It holds no
/// PIN but one that is sealed, and not what opens it. Attribute values are in it only inside the
/// certificate of a statement that was signed and could not be sent yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    /// The chip inside.
    pub(crate) chip: ChipId,
    /// The phone's system.
    pub(crate) platform: Platform,
    /// The phone's model.
    pub(crate) model: String,
    /// Whether the authority knows the device key.
    #[serde(default)]
    pub(crate) registered: bool,
    /// The procedure under way, or the one that ended last.
    #[serde(default)]
    pub(crate) flow: Option<Flow>,
    /// The application that the authority has, as last heard.
    #[serde(default)]
    pub(crate) enrolment: Option<EnrolmentView>,
    /// The certificates, as last heard.
    #[serde(default)]
    pub(crate) certificates: Vec<CertificateView>,
    /// Since when the chip has to delete what it holds, as last heard (MOVE-3).
    #[serde(default)]
    pub(crate) deletion_due: Option<Timestamp>,
    /// The last deletion, until certificates are registered again.
    #[serde(default)]
    pub(crate) deleted: Option<Deleted>,
    /// What resuming the phone's use leads to, as last heard (LOSS-2).
    #[serde(default)]
    pub(crate) resumption: Option<Resumption>,
    /// What stands in for the user-authentication PIN (REG-2).
    #[serde(default)]
    pub(crate) passkey: Option<Passkey>,
    /// Whether the chip may be used at a card reader (REG-4).
    #[serde(default)]
    pub(crate) contactless: bool,
    /// From which the secrets are derived by which it takes transactions.
    #[serde(default)]
    pub(crate) taking: Option<Seed>,
}

/// Random bytes that stay secret.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seed(pub(crate) [u8; 32]);

/// They are not written anywhere else.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

impl Stored {
    /// Whether there is such a file in `folder`.
    pub(crate) fn is_in(folder: &Folder) -> bool {
        folder.contains(FILE)
    }

    /// Reads the file in `folder`.
    ///
    /// # Errors
    /// It is not there, or does not have its form ([`io::ErrorKind::InvalidData`]).
    pub(crate) fn read(folder: &Folder) -> io::Result<Self> {
        Ok(serde_json::from_slice(&folder.read(FILE)?)?)
    }

    /// Replaces the file in `folder`, durably: after a power failure it is the old or the new one.
    ///
    /// # Errors
    /// The folder cannot be written; the old file stands.
    pub(crate) fn write(&self, folder: &Folder) -> io::Result<()> {
        folder.replace(FILE, &serde_json::to_vec_pretty(self)?)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Files as released versions wrote them: they stay readable.
    const RELEASED: [&str; 3] = [
        r#"{"chip": "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1", "platform": "android", "model": "m"}"#,
        r#"{
            "chip": "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1", "platform": "android", "model": "m",
            "registered": true,
            "flow": {
                "order": {
                    "procedure": "apply",
                    "choice": {"signature": true, "user_authentication": false}
                },
                "stage": {
                    "stage": "signed",
                    "to": {"enrolment": "02020202020202020202020202020202"},
                    "cms": "MAA="
                },
                "act": "00ff", "attempt": 1,
                "problem": {"code": "wrong-pin", "params": {"left": "4"}}
            },
            "enrolment": {
                "enrolment": "02020202020202020202020202020202",
                "uses": {"signature": true, "user_authentication": false},
                "stage": "begun"
            },
            "certificates": [{
                "usage": "signature", "medium": "phone", "serial": "000002",
                "not_before": "2026-11-21T01:00:00Z", "not_after": "2030-02-17T14:59:59Z",
                "status": "active", "since": "2026-11-21T01:00:00Z"
            }]
        }"#,
        r#"{
            "chip": "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1", "platform": "android", "model": "m",
            "registered": true,
            "passkey": {
                "credential": "Y3JlZGVudGlhbA==", "key": "MAA=", "salt": "c2FsdA==",
                "nonce": "AAAAAAAAAAAAAAAA", "sealed": "c2VhbGVk",
                "since": "2026-11-21T01:00:00Z"
            }
        }"#,
    ];

    #[test]
    fn what_was_written_is_read_again_also_from_older_versions() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::from(directory.path());
        assert!(!Stored::is_in(&folder));
        for released in RELEASED {
            fs::write(directory.path().join(FILE), released).unwrap();
            let stored = Stored::read(&folder).unwrap();
            stored.write(&folder).unwrap();
            assert_eq!(Stored::read(&folder).unwrap(), stored);
        }
        assert!(Stored::is_in(&folder));
    }

    #[test]
    fn a_write_that_was_cut_off_leaves_the_old_file() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::from(directory.path());
        fs::write(directory.path().join(FILE), RELEASED[1]).unwrap();
        fs::write(directory.path().join("phone.json.new"), "{ \"chip\": \"half").unwrap();
        let stored = Stored::read(&folder).unwrap();
        assert!(stored.registered && stored.flow.is_some());
        stored.write(&folder).unwrap();
        assert_eq!(Stored::read(&folder).unwrap(), stored);
    }
}
