//! Why a role does not start.

use std::io;
use std::path::{Path, PathBuf};

use inrou_api::client::ClientError;
use inrou_api::clock::ClockError;
use inrou_api::problem::Problem;
use inrou_api::server::ListenError;
use inrou_authority::key_folder::KeyFolderError;
use inrou_chip::transport::pcsc::PcscError;
use inrou_chip::tray::TrayError;
use inrou_phone::FleetError;
use inrou_pki::profile::InvalidUri;
use inrou_relying::FetchError;
use inrou_relying::anchors::AnchorError;
use inrou_store::{StoreError, Unmet};

use crate::fault::Fault;
use crate::maker::MakerError;

/// Why a role does not start.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// A file or folder that cannot be read or made.
    #[error("{path}: {cause}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A file that does not hold what it should.
    #[error("{0} does not hold what it should")]
    Content(PathBuf),
    /// A store that another process has open.
    #[error("{0} is in use")]
    StoreInUse(PathBuf),
    /// A store that a newer version has written.
    #[error("{0} is of a newer form")]
    StoreNewer(PathBuf),
    /// A store.
    #[error("{folder}: {cause}")]
    Store {
        /// Where it lies.
        folder: PathBuf,
        /// Why.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The clock.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The listener.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The key files.
    #[error(transparent)]
    Keys(#[from] KeyFolderError),
    /// The maker of chips.
    #[error(transparent)]
    Maker(#[from] MakerError),
    /// The cards' folder.
    #[error(transparent)]
    Tray(#[from] TrayError),
    /// The card readers.
    #[error(transparent)]
    Readers(#[from] PcscError),
    /// The phones' folder.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// The trust anchors.
    #[error(transparent)]
    Anchors(#[from] AnchorError),
    /// The client of status services.
    #[error(transparent)]
    Status(#[from] FetchError),
    /// The time-stamp authority.
    #[error(transparent)]
    TimeStamps(#[from] inrou_timestamps::OpenError),
    /// The authority.
    #[error(transparent)]
    Authority(Problem),
    /// The provider.
    #[error(transparent)]
    Provider(Problem),
    /// The address under which status is published.
    #[error(transparent)]
    Address(#[from] InvalidUri),
    /// A client of another role.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl RoleError {
    pub(super) fn file(path: &Path, cause: io::Error) -> Self {
        Self::File { path: path.to_owned(), cause }
    }

    pub(crate) fn store<P: Unmet>(folder: &Path, cause: StoreError<P>) -> Self {
        let folder = folder.to_owned();
        match cause {
            StoreError::InUse => Self::StoreInUse(folder),
            StoreError::Newer { .. } => Self::StoreNewer(folder),
            cause => Self::Store { folder, cause: Box::new(cause) },
        }
    }
}

impl From<RoleError> for Fault {
    fn from(error: RoleError) -> Self {
        let of_path = |code, path: &Path| Fault::new(code).with("path", path.display());
        match error {
            RoleError::File { path, cause } if cause.kind() == io::ErrorKind::NotFound => {
                of_path("file-not-readable", &path)
            }
            RoleError::File { path, .. } => of_path("file-access-denied", &path),
            RoleError::Content(path) => of_path("file-not-readable", &path),
            RoleError::StoreInUse(folder) => of_path("data-folder-in-use", &folder),
            RoleError::StoreNewer(folder) => of_path("data-folder-newer", &folder),
            RoleError::Clock(error) => error.into(),
            RoleError::Listen(error) => error.into(),
            RoleError::Keys(_) | RoleError::Maker(MakerError::Folder(_)) => {
                tracing::error!(error = ?error, "the keys cannot be opened");
                Fault::new("keys-not-opened")
            }
            RoleError::Anchors(AnchorError::File { path, .. }) => {
                of_path("file-not-readable", &path)
            }
            RoleError::Readers(_) => Fault::new("reader-unavailable"),
            error => {
                tracing::error!(error = ?error, "a role did not start");
                Fault::new("internal-error")
            }
        }
    }
}
