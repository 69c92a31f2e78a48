//! Private keys and secrets at rest: one encrypted file each, in one folder.

use std::io;
use std::num::NonZeroU32;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::pbkdf2;
use inrou_chip::files::Folder;
use inrou_pki::keys::{KeyError, Passphrase};
use inrou_pki::{Entropy, SoftwareKey};
use zeroize::Zeroizing;

/// Why a key could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyFolderError {
    /// The file system said no.
    #[error("the key file cannot be read or written")]
    Io(#[from] io::Error),
    /// The file is not a key, or the passphrase does not open it.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A secret's file was changed, or the passphrase does not open it.
    #[error("the passphrase does not open the secret, or its file was changed")]
    Secret,
}

/// A folder of encrypted key files.
pub struct KeyFolder {
    folder: Folder,
    passphrase: Passphrase,
}

impl KeyFolder {
    /// Opens the folder, and makes it if it is not there.
    ///
    /// # Errors
    /// The file system said no.
    pub fn open(folder: impl Into<Folder>, passphrase: Passphrase) -> io::Result<Self> {
        let folder = folder.into();
        folder.make()?;
        Ok(Self { folder, passphrase })
    }

    /// Reads a key.
    ///
    /// # Errors
    /// [`KeyFolderError`].
    pub fn read(&self, file: &str) -> Result<SoftwareKey, KeyFolderError> {
        let encrypted = self.folder.read(file)?;
        Ok(SoftwareKey::from_encrypted_pkcs8(&encrypted, &self.passphrase)?)
    }

    /// The secret of 32 bytes under a name that is there.
    ///
    /// # Errors
    /// [`KeyFolderError`].
    pub fn read_secret(&self, name: &str) -> Result<Zeroizing<[u8; 32]>, KeyFolderError> {
        self.unseal(name, &self.folder.read(&secret_file(name))?)
    }

    /// A secret of 32 bytes under a name; drawn when it is first asked for.
    ///
    /// # Errors
    /// [`KeyFolderError`].
    pub fn secret(
        &self,
        name: &str,
        entropy: &dyn Entropy,
    ) -> Result<Zeroizing<[u8; 32]>, KeyFolderError> {
        match self.read_secret(name) {
            Err(KeyFolderError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                let mut secret = Zeroizing::new([0; 32]);
                entropy.fill(&mut *secret);
                self.folder.replace(&secret_file(name), &self.seal(name, &secret, entropy)?)?;
                Ok(secret)
            }
            read => read,
        }
    }

    /// Writes a key, whole or not at all, and durably.
    ///
    /// # Errors
    /// The file system said no.
    pub fn write(
        &self,
        file: &str,
        key: &SoftwareKey,
        entropy: &dyn Entropy,
    ) -> Result<(), KeyFolderError> {
        Ok(self.folder.replace(file, &key.to_encrypted_pkcs8(&self.passphrase, entropy))?)
    }

    /// Removes a key, if it is there.
    ///
    /// # Errors
    /// The file system said no.
    pub(crate) fn remove(&self, file: &str) -> Result<(), KeyFolderError> {
        Ok(self.folder.remove(file)?)
    }

    /// PBKDF2 iterations, salt, nonce, and the secret under AES-256-GCM with the name as associated data.
    fn seal(
        &self,
        name: &str,
        secret: &[u8; 32],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, KeyFolderError> {
        let mut sealed = vec![0; SALT + NONCE_LEN];
        entropy.fill(&mut sealed);
        let (salt, nonce) = sealed.split_at(SALT);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| KeyFolderError::Secret)?;
        let iterations = self.passphrase.iterations();
        // With room for the tag, so that growing leaves no copy of the secret behind.
        let mut content = Zeroizing::new(Vec::with_capacity(secret.len() + AES_256_GCM.tag_len()));
        content.extend_from_slice(secret);
        self.sealing_key(iterations, salt)?
            .seal_in_place_append_tag(nonce, Aad::from(name), &mut *content)
            .map_err(|_| KeyFolderError::Secret)?;
        Ok([&iterations.get().to_be_bytes()[..], &sealed, &content].concat())
    }

    fn unseal(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyFolderError> {
        let (iterations, rest) = sealed.split_first_chunk().ok_or(KeyFolderError::Secret)?;
        let iterations = NonZeroU32::new(u32::from_be_bytes(*iterations))
            .filter(|iterations| iterations.get() <= Passphrase::MAX_ITERATIONS)
            .ok_or(KeyFolderError::Secret)?;
        let (salt, rest) = rest.split_at_checked(SALT).ok_or(KeyFolderError::Secret)?;
        let (nonce, content) = rest.split_at_checked(NONCE_LEN).ok_or(KeyFolderError::Secret)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| KeyFolderError::Secret)?;
        let mut content = Zeroizing::new(content.to_vec());
        let opened = self
            .sealing_key(iterations, salt)?
            .open_in_place(nonce, Aad::from(name), &mut content)
            .map_err(|_| KeyFolderError::Secret)?;
        let secret: &[u8; 32] = (&*opened).try_into().map_err(|_| KeyFolderError::Secret)?;
        Ok(Zeroizing::new(*secret))
    }

    fn sealing_key(
        &self,
        iterations: NonZeroU32,
        salt: &[u8],
    ) -> Result<LessSafeKey, KeyFolderError> {
        let mut key = Zeroizing::new([0; 32]);
        let passphrase = self.passphrase.as_bytes();
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, passphrase, &mut *key);
        let key = UnboundKey::new(&AES_256_GCM, &*key).map_err(|_| KeyFolderError::Secret)?;
        Ok(LessSafeKey::new(key))
    }
}

fn secret_file(name: &str) -> String {
    format!("{name}.secret")
}

const SALT: usize = 16;

#[cfg(test)]
mod tests {
    use std::fs;

    use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, SeededEntropy, Signer};

    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_by_who_knows_the_passphrase() {
        let folder = tempfile::tempdir().unwrap();
        let open = |text: &str| {
            let path = folder.path().join("keys");
            KeyFolder::open(path, Passphrase::new(text.to_owned())).unwrap()
        };
        let key = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
        open("right").write("a.key", &key, &SeededEntropy::new(1)).unwrap();
        let read = open("right").read("a.key").unwrap();
        assert_eq!(read.public_key(), key.public_key());
        assert!(matches!(
            open("wrong").read("a.key"),
            Err(KeyFolderError::Key(KeyError::Passphrase))
        ));
        assert!(matches!(open("right").read("b.key"), Err(KeyFolderError::Io(_))));
    }

    #[test]
    fn a_secret_stays_the_same_and_is_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let open = |text: &str| {
            let passphrase = Passphrase::new(text.to_owned());
            KeyFolder::open(folder.path().to_owned(), passphrase).unwrap()
        };
        let secret = |text: &str, seed| open(text).secret("a", &SeededEntropy::new(seed));
        let few = Passphrase::new("right".to_owned()).stretched_by(NonZeroU32::MIN);
        let few = KeyFolder::open(folder.path().to_owned(), few).unwrap();
        let first = few.secret("a", &SeededEntropy::new(1)).unwrap();
        assert_eq!(secret("right", 2).unwrap(), first, "the file says how it was stretched");
        assert!(matches!(secret("wrong", 2), Err(KeyFolderError::Secret)));
        let path = folder.path().join("a.secret");
        let mut sealed = fs::read(&path).unwrap();
        assert!(!sealed.windows(32).any(|window| window == first.as_slice()));
        sealed.pop();
        fs::write(&path, sealed).unwrap();
        assert!(matches!(secret("right", 2), Err(KeyFolderError::Secret)));
    }
}
