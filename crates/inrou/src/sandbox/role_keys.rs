//! The keys by which the sandbox's roles sign their requests, and what each may do.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use inrou_api::signature::RoleKey;
use inrou_authority::key_folder::{KeyFolder, KeyFolderError};
use inrou_authority::settings::{Caller, Permission};
use inrou_pki::keys::Passphrase;
use inrou_pki::{Entropy, KeyAlgorithm, KeySource, Signer, SoftwareKey, pem};

use super::folder::DataFolder;
use crate::serve::{RoleError, passphrase};

/// A role that signs requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A municipality's counter.
    Counter,
    /// The hotline.
    Hotline,
    /// The portal.
    Portal,
    /// A clerk of the receiving office.
    Clerk,
    /// The OpenID provider.
    Provider,
    /// The provider's staff, who approve relying parties.
    Staff,
    /// The kiosk, which finds the record of a card's holder.
    Kiosk,
    /// An auditor, who reads the whole journal.
    Auditor,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 8] = [
        Role::Counter,
        Role::Hotline,
        Role::Portal,
        Role::Clerk,
        Role::Provider,
        Role::Staff,
        Role::Kiosk,
        Role::Auditor,
    ];

    /// The role of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The name by which others know its key.
    pub fn name(self) -> &'static str {
        match self {
            Role::Counter => "counter",
            Role::Hotline => "hotline",
            Role::Portal => "portal",
            Role::Clerk => "clerk",
            Role::Provider => "provider",
            Role::Staff => "staff",
            Role::Kiosk => "kiosk",
            Role::Auditor => "auditor",
        }
    }

    /// The file of its key.
    fn key_file(self) -> String {
        format!("{}.key", self.name())
    }

    /// What it may do at the authority.
    fn permissions(self) -> Vec<Permission> {
        match self {
            Role::Counter => vec![Permission::Counter],
            Role::Hotline => vec![Permission::Hotline],
            Role::Portal => {
                use Permission::{Attributes, History, Holders, Withdrawals};
                vec![Holders, Attributes, History, Withdrawals]
            }
            Role::Provider => {
                use Permission::{Attributes, Consents, Holders, Linkage};
                vec![Holders, Attributes, Linkage, Consents]
            }
            Role::Kiosk => vec![Permission::Holders, Permission::Attributes],
            Role::Auditor => vec![Permission::Audit],
            Role::Clerk | Role::Staff => Vec::new(),
        }
    }
}

/// The roles' keys.
#[derive(Clone)]
pub struct RoleKeys(BTreeMap<Role, Arc<SoftwareKey>>);

impl RoleKeys {
    /// Reads the keys of a sandbox that has been started; makes none.
    ///
    /// # Errors
    /// [`RoleError`].
    pub fn of(folder: &DataFolder) -> Result<Self, RoleError> {
        let passphrase = passphrase(&folder.passphrase_file())?;
        let folder = KeyFolder::open(folder.roles(), passphrase).map_err(KeyFolderError::from)?;
        let key = |role: Role| -> Result<_, KeyFolderError> {
            Ok((role, Arc::new(folder.read(&role.key_file())?)))
        };
        Ok(Self(Role::ALL.into_iter().map(key).collect::<Result<_, _>>()?))
    }

    /// Reads the keys in `folder`; those that are not there are made.
    ///
    /// # Errors
    /// [`KeyFolderError`].
    pub fn open(
        folder: PathBuf,
        passphrase: Passphrase,
        entropy: &dyn Entropy,
        source: &dyn KeySource,
    ) -> Result<Self, KeyFolderError> {
        let folder = KeyFolder::open(folder, passphrase)?;
        let key = |role: Role| -> Result<_, KeyFolderError> {
            let file = role.key_file();
            match folder.read(&file) {
                Err(KeyFolderError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                    let made = source.generate(KeyAlgorithm::EcP256)?;
                    folder.write(&file, &made, entropy)?;
                    Ok((role, Arc::new(made)))
                }
                other => Ok((role, Arc::new(other?))),
            }
        };
        Role::ALL.into_iter().map(key).collect::<Result<_, _>>().map(Self)
    }

    /// What a role signs its requests with.
    pub fn signer(&self, role: Role) -> Arc<RoleKey> {
        let key = self.0[&role].clone();
        Arc::new(RoleKey::new(format!("role:{}", role.name()), key))
    }

    /// A role's public key, PEM.
    pub fn public_key(&self, role: Role) -> String {
        pem::encode("PUBLIC KEY", self.0[&role].public_key().spki())
    }

    /// The roles as the authority knows them.
    pub fn callers(&self) -> BTreeMap<String, Caller> {
        let caller = |role: Role| {
            let caller = Caller {
                public_key: self.public_key(role),
                permissions: role.permissions(),
                municipality: None,
            };
            (role.name().to_owned(), caller)
        };
        Role::ALL.into_iter().map(caller).collect()
    }
}

#[cfg(test)]
mod tests {
    use inrou_pki::{FreshKeys, SeededEntropy};

    use super::*;

    #[test]
    fn a_role_keeps_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let passphrase = Passphrase::new("test".to_owned());
            let path = folder.path().to_owned();
            RoleKeys::open(path, passphrase, &SeededEntropy::new(1), &FreshKeys).unwrap()
        };
        let first = open();
        let again = open();
        for role in Role::ALL {
            assert_eq!(first.public_key(role), again.public_key(role));
        }
        assert_ne!(first.public_key(Role::Counter), first.public_key(Role::Hotline));
        assert_eq!(first.callers().len(), Role::ALL.len());
    }
}
