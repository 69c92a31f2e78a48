//! What a phone remembers besides its chip: one JSON file, replaced whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use inrou_api::wire::authority::{CertificateView, EnrolmentView};
use inrou_rules::{ChipId, Platform};
use serde::{Deserialize, Serialize};

use crate::flow::Flow;

/// The file's name in the phone's directory.
const FILE: &str = "phone.json";

/// A phone's memory. *This type is stored*: fields are only ever added, with a default. It holds no
/// PIN. Attribute values are in it only inside the certificate of a statement that was signed and
/// could not be sent yet.
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
}

impl Stored {
    /// Whether there is such a file in `directory`.
    pub(crate) fn is_in(directory: &Path) -> bool {
        directory.join(FILE).is_file()
    }

    /// Reads the file in `directory`.
    ///
    /// # Errors
    /// It is not there, or does not have its form ([`io::ErrorKind::InvalidData`]).
    pub(crate) fn read(directory: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(directory.join(FILE))?)?)
    }

    /// Replaces the file in `directory`, durably: after a power failure it is the old or the new one.
    ///
    /// # Errors
    /// The directory cannot be written; the old file stands.
    pub(crate) fn write(&self, directory: &Path) -> io::Result<()> {
        let json = serde_json::to_vec_pretty(self)?;
        let unfinished = directory.join(format!("{FILE}.new"));
        let mut options = File::options();
        let mut file =
            options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(&json)?;
        file.sync_all()?;
        fs::rename(unfinished, directory.join(FILE))?;
        sync_directory(directory)
    }
}

/// Makes durable which files a directory holds.
///
/// # Errors
/// It cannot be opened or synced.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files as released versions wrote them: they stay readable.
    const RELEASED: [&str; 2] = [
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
    ];

    #[test]
    fn what_was_written_is_read_again_also_from_older_versions() {
        let directory = tempfile::tempdir().unwrap();
        assert!(!Stored::is_in(directory.path()));
        for released in RELEASED {
            fs::write(directory.path().join(FILE), released).unwrap();
            let stored = Stored::read(directory.path()).unwrap();
            stored.write(directory.path()).unwrap();
            assert_eq!(Stored::read(directory.path()).unwrap(), stored);
        }
        assert!(Stored::is_in(directory.path()));
    }

    #[test]
    fn a_write_that_was_cut_off_leaves_the_old_file() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(FILE), RELEASED[1]).unwrap();
        fs::write(directory.path().join("phone.json.new"), "{ \"chip\": \"half").unwrap();
        let stored = Stored::read(directory.path()).unwrap();
        assert!(stored.registered && stored.flow.is_some());
        stored.write(directory.path()).unwrap();
        assert_eq!(Stored::read(directory.path()).unwrap(), stored);
    }
}
