//! Why a command did not do what it was asked for: one line of what, one of what to do.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use inrou_words::{Form, Language, error};

use crate::USAGE;
use crate::sandbox::{FolderError, SandboxError, TlsError};
use inrou_api::clock::ClockError;
use inrou_api::server::ListenError;

/// An error of the command: a code of `docs/errors.md` with its parameters.
#[derive(Clone, Debug)]
pub struct Fault {
    code: &'static str,
    params: Vec<(Cow<'static, str>, String)>,
}

impl Fault {
    /// The error of that code.
    pub fn new(code: &'static str) -> Self {
        Self { code, params: Vec::new() }
    }

    /// The error that another process told.
    pub(crate) fn told(code: &str, params: BTreeMap<String, String>) -> Self {
        let code = error(code).map_or("internal-error", |text| text.code());
        let params = params.into_iter().map(|(name, value)| (Cow::Owned(name), value));
        Self { code, params: params.collect() }
    }

    /// The error that a folder, or something in it, cannot be used.
    pub(crate) fn of_folder(path: &Path, cause: &io::Error) -> Self {
        let code = match cause.kind() {
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "not-a-folder",
            io::ErrorKind::InvalidData => "file-not-readable",
            _ => "file-access-denied",
        };
        Self::new(code).with("path", path.display())
    }

    /// Its code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Its parameters.
    pub(crate) fn params(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.params.iter().map(|(name, value)| (&**name, value.as_str()))
    }

    /// The exit code of a command that ends with it, which scripts go by: 2 if what was typed cannot be
    /// understood, 3 if a file could not be checked whole, 4 if it is genuine and says that a
    /// certificate is not good, 1 for all else.
    pub fn exit_code(&self) -> u8 {
        match self.code {
            "time-not-readable"
            | "moment-not-readable"
            | "serial-not-readable"
            | "digest-not-readable"
            | "key-not-readable"
            | "log-key-not-readable"
            | "body-not-json"
            | "option-without-use" => USAGE,
            "file-not-checked" => 3,
            "file-not-good" => 4,
            _ => 1,
        }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.params.push((Cow::Borrowed(name), value.to_string()));
        self
    }

    /// The two lines; the first ends with the code, by which `docs/errors.md` has it.
    pub fn lines(&self, language: Language) -> String {
        let Some(text) = error(self.code) else {
            return self.code.to_owned();
        };
        let line = |text: inrou_words::Text<'static>| {
            text.in_language(language).with_all(self.params()).render(Form::Plain)
        };
        format!("{} [{}]\n{}", line(text.what()), self.code, line(text.now()))
    }
}

impl From<FolderError> for Fault {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Missing(path) => {
                Fault::new("data-folder-missing").with("path", path.display())
            }
            FolderError::InUse(path) => {
                Fault::new("data-folder-in-use").with("path", path.display())
            }
            FolderError::Io { path, cause } => Fault::of_folder(&path, &cause),
        }
    }
}

impl From<SandboxError> for Fault {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::Folder(error) => error.into(),
            SandboxError::Listen(error) => error.into(),
            SandboxError::Role(error) => error.into(),
            SandboxError::Clock(error) => error.into(),
            SandboxError::Control { path, .. } => {
                Fault::new("file-access-denied").with("path", path.display())
            }
            SandboxError::Tls(TlsError::File { path, .. }) => {
                Fault::new("file-not-readable").with("path", path.display())
            }
            SandboxError::Residents(error) => Fault::new("residents-invalid")
                .with("detail", &error)
                .with("remedy", error.remedy()),
            error => {
                tracing::error!(error = ?error, "the sandbox did not start");
                Fault::new("internal-error")
            }
        }
    }
}

impl From<ListenError> for Fault {
    fn from(error: ListenError) -> Self {
        match error {
            ListenError::Bind(address, cause) if cause.kind() == io::ErrorKind::AddrInUse => {
                Fault::new("port-in-use").with("port", address.port())
            }
            ListenError::Bind(address, _) => {
                Fault::new("address-not-usable").with("address", address)
            }
            ListenError::PlainOffLoopback(address) => {
                Fault::new("plain-off-loopback").with("address", address)
            }
            ListenError::Tls(_) => Fault::new("tls-not-usable"),
        }
    }
}

impl From<ClockError> for Fault {
    fn from(error: ClockError) -> Self {
        match error {
            ClockError::Backwards { now, asked } => {
                Fault::new("clock-backwards").with("now", now).with("asked", asked)
            }
            ClockError::OutOfRange => Fault::new("time-out-of-range"),
            ClockError::Unreadable { path } => {
                Fault::new("file-not-readable").with("path", path.display())
            }
            error => {
                tracing::error!(error = ?error, "the clock cannot be turned");
                Fault::new("internal-error")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::DataFolder;

    #[test]
    fn a_file_in_the_place_of_a_folder_is_told_from_a_folder_that_is_closed() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        std::fs::write(&file, "").unwrap();
        let code = |path: &Path| Fault::from(DataFolder::create(path).unwrap_err()).code();
        assert_eq!(code(&file), "not-a-folder");
        assert_eq!(code(&file.join("below")), "not-a-folder");
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        assert_eq!(Fault::of_folder(&file, &denied).code(), "file-access-denied");
        std::fs::write(root.path().join("port"), "many").unwrap();
        let malformed = DataFolder::create(root.path()).unwrap().port().unwrap_err();
        assert_eq!(Fault::from(malformed).code(), "file-not-readable");
    }

    #[test]
    fn why_nothing_is_listened_at_is_told_apart() {
        let address = "192.0.2.1:443".parse().unwrap();
        let of = |kind: io::ErrorKind| Fault::from(ListenError::Bind(address, kind.into()));
        assert_eq!(of(io::ErrorKind::AddrInUse).code(), "port-in-use");
        assert_eq!(of(io::ErrorKind::AddrNotAvailable).code(), "address-not-usable");
        let off = Fault::from(ListenError::PlainOffLoopback(address));
        assert_eq!(off.code(), "plain-off-loopback");
        let tls = rustls::Error::General("no certificate".to_owned());
        assert_eq!(Fault::from(ListenError::Tls(tls)).code(), "tls-not-usable");
    }
}
