//! Why a sandbox did not start.

use inrou_api::client::ClientError;
use inrou_api::clock::ClockError;
use inrou_api::problem::Problem;
use inrou_api::server::ListenError;
use inrou_authority::key_folder::KeyFolderError;
use inrou_chip::tray::TrayError;

use super::folder::FolderError;
use super::setup::SetupError;
use super::tls::TlsError;
use crate::maker::MakerError;
use crate::residents::ResidentsError;
use crate::serve::RoleError;

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The data folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The listener.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The certificate for TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The clock.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The residents' file.
    #[error(transparent)]
    Residents(#[from] ResidentsError),
    /// The maker of chips.
    #[error(transparent)]
    Maker(#[from] MakerError),
    /// The callers' keys.
    #[error(transparent)]
    Keys(#[from] KeyFolderError),
    /// The cards' folder.
    #[error(transparent)]
    Tray(#[from] TrayError),
    /// A role.
    #[error(transparent)]
    Role(#[from] RoleError),
    /// A client of a role.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The first start.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// A persona.
    #[error(transparent)]
    Persona(Problem),
    /// The control socket.
    #[error("{path}: {cause}")]
    Control {
        /// Where it is to be.
        path: std::path::PathBuf,
        /// Why it cannot be made.
        cause: std::io::Error,
    },
    /// A file of the data folder.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
