//! The maker of chips: cards with a resident's data printed into them, phones from the shop.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inrou_authority::key_folder::{KeyFolder, KeyFolderError};
use inrou_chip::face_input::{RecordError, RecordIssuer};
use inrou_chip::files::Folder;
use inrou_chip::image::Image;
use inrou_chip::issuer::{
    self, IssuerState, MakerCa, MakerCertificate, ManufactureError, ProofError,
};
use inrou_chip::personalisation::{self, CardData, PersonalisationError};
use inrou_chip::scp03::MasterKey;
use inrou_pki::certificate::IssueError;
use inrou_pki::keys::{KeyError, Passphrase};
use inrou_pki::{Entropy, KeyAlgorithm, KeySource};
use inrou_rules::ChipId;
use jiff::Timestamp;

/// Why a chip could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MakerError {
    /// The maker's keys cannot be read or written.
    #[error(transparent)]
    Folder(#[from] KeyFolderError),
    /// The maker's certificate cannot be read or written.
    #[error("the maker's certificate cannot be read or written")]
    Io(#[from] std::io::Error),
    /// The maker's certificate is not that of its key.
    #[error("the maker's certificate does not fit its key")]
    Mismatch,
    /// A key could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The maker's CA could not be founded.
    #[error(transparent)]
    Found(#[from] IssueError),
    /// A chip could not be made.
    #[error(transparent)]
    Chip(#[from] ManufactureError),
    /// A card could not be personalised.
    #[error(transparent)]
    Card(#[from] PersonalisationError),
    /// The records on cards could not be certified.
    #[error(transparent)]
    Records(#[from] RecordError),
    /// The maker's certificate is malformed.
    #[error(transparent)]
    Certificate(#[from] ProofError),
}

/// The name of the secret from which the chips' channel keys are derived.
const CHANNEL: &str = "channel";

/// The file with the maker's certificate.
const CERTIFICATE: &str = "maker.cer";

/// A maker of chips.
pub struct Maker {
    ca: MakerCa,
    records: RecordIssuer,
    master: MasterKey,
    entropy: Arc<dyn Entropy>,
    keys: Arc<dyn KeySource>,
}

/// What those know of a maker who trust its chips and speak with them.
pub struct Trusted {
    /// The certificate by which its chips are known.
    pub certificate: MakerCertificate,
    /// The key from which the chips' channel keys are derived.
    pub channel_master: MasterKey,
}

impl Maker {
    /// Reads what those know of the maker in `folder` who trust its chips.
    ///
    /// # Errors
    /// [`MakerError`].
    pub fn trusted(folder: &Path, passphrase: Passphrase) -> Result<Trusted, MakerError> {
        let keep = KeyFolder::open(folder.to_owned(), passphrase)?;
        let secret = keep.read_secret(CHANNEL)?;
        Ok(Trusted {
            certificate: MakerCertificate::from_der(&fs::read(folder.join(CERTIFICATE))?)?,
            channel_master: channel_master(&secret),
        })
    }

    /// Takes up the maker whose keys are in `folder`, or founds one there as of `since`.
    ///
    /// # Errors
    /// [`MakerError`].
    pub fn open(
        folder: PathBuf,
        passphrase: Passphrase,
        since: Timestamp,
        entropy: Arc<dyn Entropy>,
        keys: Arc<dyn KeySource>,
    ) -> Result<Self, MakerError> {
        let folder = Folder::from(&folder);
        let keep = KeyFolder::open(folder.clone(), passphrase)?;
        let master = channel_master(&*keep.secret(CHANNEL, &*entropy)?);
        let key = |name: &str, algorithm| -> Result<_, MakerError> {
            match keep.read(name) {
                Err(KeyFolderError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                    let made = keys.generate(algorithm)?;
                    keep.write(name, &made, &*entropy)?;
                    Ok(made)
                }
                other => Ok(other?),
            }
        };
        let ca_key = Box::new(key("maker.key", KeyAlgorithm::EcP256)?);
        let ca = if folder.contains(CERTIFICATE) {
            MakerCa::open(folder.read(CERTIFICATE)?, ca_key).ok_or(MakerError::Mismatch)?
        } else {
            let founded = MakerCa::found(ca_key, since)?;
            folder.replace(CERTIFICATE, founded.certificate())?;
            founded
        };
        let root = key("records-root.key", KeyAlgorithm::Rsa2048)?;
        let records =
            RecordIssuer::certify(&root, Arc::new(key("records.key", KeyAlgorithm::Rsa2048)?))?;
        Ok(Self { ca, records, master, entropy, keys })
    }

    /// A card with a resident's data, without keys and certificates.
    ///
    /// # Errors
    /// [`MakerError`].
    pub fn card(&self, data: &CardData<'_>) -> Result<Image, MakerError> {
        let issuer = inrou_phone::Maker::manufacture(self, &data.chip)?;
        Ok(personalisation::card(data, &self.records, &*self.keys, &*self.entropy, issuer)?)
    }
}

impl inrou_phone::Maker for Maker {
    fn manufacture(&self, chip: &ChipId) -> Result<IssuerState, ManufactureError> {
        issuer::manufacture(chip, &self.master, &self.ca, &*self.keys)
    }
}

fn channel_master(secret: &[u8; 32]) -> MasterKey {
    let mut master = [0; 16];
    master.copy_from_slice(&secret[..16]);
    MasterKey::from_bytes(master)
}
