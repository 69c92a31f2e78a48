//! The keys by which the provider signs ID tokens: the one that signs, and those of before, which are still
//! published so that what they signed is known.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use inrou_authority::key_folder::{KeyFolder, KeyFolderError};
use inrou_chip::files::{Folder, OpenFile, Opening};
use inrou_pki::{Entropy, KeyAlgorithm, KeySource, PublicKey, Signer, SoftwareKey};
use inrou_provider::Issuer;

use super::RoleError;

/// The file of the key that signs.
const SIGNS: &str = "tokens.key";

/// The files of public keys of before: this, the key's name, and the ending. DER, SubjectPublicKeyInfo.
const FORMER: &str = "tokens-former-";
const ENDING: &str = ".spki";

/// The file that is locked by whoever works with the keys.
const LOCK: &str = "tokens.lock";

/// The keys in a provider's folder. Nobody else, a provider that starts or another command, works with them
/// meanwhile.
pub(crate) struct TokenKeys {
    keys: KeyFolder,
    folder: Folder,
    _lock: Box<dyn OpenFile>,
}

impl TokenKeys {
    /// Those in that folder, of which `keys` opens the private ones; waits until nobody works with them.
    ///
    /// # Errors
    /// [`RoleError`].
    pub(super) fn open(path: &Path, keys: KeyFolder) -> Result<Self, RoleError> {
        let folder = Folder::from(path);
        let lock = folder.open(LOCK, Opening::Make).and_then(|file| file.lock().map(|()| file));
        let lock = lock.map_err(|error| RoleError::file(path, error))?;
        Ok(Self { keys, folder, _lock: lock })
    }

    /// Whether a provider has made keys in that folder: it does at its first start.
    pub(super) fn are_in(path: &Path) -> bool {
        Folder::from(path).contains(SIGNS)
    }

    /// Who signs by them. The first key is made when it is first asked for.
    ///
    /// # Errors
    /// [`RoleError`].
    pub(super) fn issuer(
        &self,
        source: &dyn KeySource,
        entropy: &dyn Entropy,
    ) -> Result<Issuer, RoleError> {
        let signs = match self.keys.read(SIGNS) {
            Err(KeyFolderError::Io(error)) if error.kind() == ErrorKind::NotFound => {
                self.make(source, entropy)?
            }
            read => read?,
        };
        let former: Vec<PublicKey> = self.former()?.into_iter().map(|(_, key)| key).collect();
        let issuer = Issuer::new(Arc::new(signs)).map_err(RoleError::Provider)?;
        issuer.with_former(&former).map_err(RoleError::Provider)
    }

    /// The name of the key that signs, and those of the keys of before.
    ///
    /// # Errors
    /// [`RoleError`].
    pub(crate) fn names(&self) -> Result<(String, Vec<String>), RoleError> {
        let signs = name(self.keys.read(SIGNS)?.public_key())?;
        let former = self.former()?.into_iter().map(|(name, _)| name);
        let former = former.filter(|name| *name != signs).collect();
        Ok((signs, former))
    }

    /// Has a new key sign, and keeps the public key of the one that did; gives the new one's name. Stopped
    /// between, the old one signs on.
    ///
    /// # Errors
    /// [`RoleError`].
    pub(crate) fn rotate(
        &self,
        source: &dyn KeySource,
        entropy: &dyn Entropy,
    ) -> Result<String, RoleError> {
        let signed = self.keys.read(SIGNS)?;
        let file = format!("{FORMER}{}{ENDING}", name(signed.public_key())?);
        self.write(&file, signed.public_key().spki())?;
        name(self.make(source, entropy)?.public_key())
    }

    /// Forgets a key of before: what it signed is no longer known. Whether there was such a key.
    ///
    /// # Errors
    /// [`RoleError`].
    pub(crate) fn retire(&self, wanted: &str) -> Result<bool, RoleError> {
        let (_, former) = self.names()?;
        if !former.iter().any(|name| name == wanted) {
            return Ok(false);
        }
        let removed = self.folder.remove(&format!("{FORMER}{wanted}{ENDING}"));
        removed.map(|()| true).map_err(|error| RoleError::file(self.folder.path(), error))
    }

    fn make(
        &self,
        source: &dyn KeySource,
        entropy: &dyn Entropy,
    ) -> Result<SoftwareKey, RoleError> {
        let made = source.generate(KeyAlgorithm::EcP256).map_err(KeyFolderError::from)?;
        self.keys.write(SIGNS, &made, entropy)?;
        Ok(made)
    }

    fn write(&self, file: &str, content: &[u8]) -> Result<(), RoleError> {
        let written = self.folder.replace(file, content);
        written.map_err(|error| RoleError::file(self.folder.path(), error))
    }

    /// The public keys of before, by their names.
    fn former(&self) -> Result<Vec<(String, PublicKey)>, RoleError> {
        let path = self.folder.path();
        let files = self.folder.names().map_err(|error| RoleError::file(path, error))?;
        let mut former = Vec::new();
        for file in files {
            let named = file.strip_prefix(FORMER).and_then(|rest| rest.strip_suffix(ENDING));
            let Some(named) = named else { continue };
            let spki = self.folder.read(&file).map_err(|error| RoleError::file(path, error))?;
            let key = PublicKey::from_spki(&spki).ok();
            let key = key.filter(|key| Issuer::key_id(key).is_ok_and(|name| name == named));
            let key = key.ok_or_else(|| RoleError::Content(path.join(&file)))?;
            former.push((named.to_owned(), key));
        }
        former.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(former)
    }
}

fn name(key: &PublicKey) -> Result<String, RoleError> {
    Issuer::key_id(key).map_err(RoleError::Provider)
}

#[cfg(test)]
mod tests {
    use inrou_pki::keys::Passphrase;
    use inrou_pki::{FreshKeys, SystemEntropy};

    use super::*;

    fn keys(folder: &Path) -> TokenKeys {
        let opened = KeyFolder::open(folder, Passphrase::new("secret".to_owned())).unwrap();
        TokenKeys::open(folder, opened).unwrap()
    }

    #[test]
    fn a_key_is_followed_by_another_kept_and_retired() {
        let folder = tempfile::tempdir().unwrap();
        let opened = || keys(folder.path());
        assert!(opened().names().is_err(), "there is none yet");
        opened().issuer(&FreshKeys, &SystemEntropy).unwrap();
        let (first, former) = opened().names().unwrap();
        assert!(former.is_empty());
        let second = opened().rotate(&FreshKeys, &SystemEntropy).unwrap();
        let third = opened().rotate(&FreshKeys, &SystemEntropy).unwrap();
        let mut before = vec![first.clone(), second.clone()];
        before.sort();
        assert_eq!(opened().names().unwrap(), (third.clone(), before));
        for none in [third.as_str(), "unknown", "../tokens", ""] {
            assert!(!opened().retire(none).unwrap(), "{none}");
        }
        assert!(opened().retire(&first).unwrap());
        assert!(!opened().retire(&first).unwrap());
        assert_eq!(opened().names().unwrap(), (third, vec![second]));
        opened().issuer(&FreshKeys, &SystemEntropy).unwrap();
    }

    #[test]
    fn who_works_with_the_keys_does_so_alone_and_no_key_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let held = keys(folder.path());
        let another = Folder::from(folder.path()).open(LOCK, Opening::Make).unwrap();
        assert_eq!(another.try_lock().unwrap_err().kind(), ErrorKind::WouldBlock);
        drop((held, another));
        let path = folder.path();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    keys(path).issuer(&FreshKeys, &SystemEntropy).unwrap();
                    keys(path).rotate(&FreshKeys, &SystemEntropy).unwrap();
                });
            }
        });
        // The first, and one more by each.
        assert_eq!(keys(path).names().unwrap().1.len(), 4);
    }

    #[test]
    fn a_rotation_that_stopped_half_way_leaves_the_key_that_signs() {
        let folder = tempfile::tempdir().unwrap();
        let keys = keys(folder.path());
        keys.issuer(&FreshKeys, &SystemEntropy).unwrap();
        let (signs, _) = keys.names().unwrap();
        // The public key is kept, the new key not written yet.
        let public = keys.keys.read(SIGNS).unwrap().public_key().clone();
        keys.write(&format!("{FORMER}{signs}{ENDING}"), public.spki()).unwrap();
        assert_eq!(keys.names().unwrap(), (signs.clone(), Vec::new()));
        assert!(!keys.retire(&signs).unwrap());
        keys.rotate(&FreshKeys, &SystemEntropy).unwrap();
        assert_eq!(keys.names().unwrap().1, [signs]);
    }

    #[test]
    fn a_file_that_holds_another_key_than_it_says_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let keys = keys(folder.path());
        keys.issuer(&FreshKeys, &SystemEntropy).unwrap();
        let other = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
        keys.write(&format!("{FORMER}abc{ENDING}"), other.public_key().spki()).unwrap();
        assert!(matches!(keys.names(), Err(RoleError::Content(_))));
        assert!(matches!(keys.issuer(&FreshKeys, &SystemEntropy), Err(RoleError::Content(_))));
    }
}
