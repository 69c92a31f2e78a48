//! Private keys at rest: PKCS #8 `EncryptedPrivateKeyInfo` with PBES2 (RFC 8018), which OpenSSL reads.

use std::fmt;
use std::num::NonZeroU32;

use der::Decode;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};
use zeroize::Zeroizing;

use super::{KeyError, SoftwareKey};
use crate::entropy::Entropy;

/// PBKDF2-HMAC-SHA-256 iterations for keys that are written here, unless the passphrase was given others.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(600_000).unwrap();

/// More than this is refused when reading: a file must not cost minutes or gigabytes.
const MAX_SCRYPT_BLOCKS: u64 = 1 << 20;

/// What opens a key file. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct Passphrase {
    text: Zeroizing<String>,
    iterations: NonZeroU32,
}

impl Passphrase {
    /// More iterations of PBKDF2 than these are refused where something is read: opening it would take
    /// seconds.
    pub const MAX_ITERATIONS: u32 = 5_000_000;

    /// Takes a passphrase; any text will do, its strength is the operator's matter.
    pub fn new(text: String) -> Self {
        Self { text: Zeroizing::new(text), iterations: ITERATIONS }
    }

    /// The same passphrase, stretched by so many iterations of PBKDF2 where something is written. One
    /// that was drawn at random needs few.
    #[must_use]
    pub fn stretched_by(self, iterations: NonZeroU32) -> Self {
        Self { iterations, ..self }
    }

    /// How many iterations of PBKDF2 stretch it where something is written.
    pub fn iterations(&self) -> NonZeroU32 {
        self.iterations
    }

    /// The text's bytes, from which a key is derived.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

impl SoftwareKey {
    /// Writes the key as DER `EncryptedPrivateKeyInfo`: PBKDF2-HMAC-SHA-256, AES-256-CBC; salt and IV
    /// come from `entropy`.
    pub fn to_encrypted_pkcs8(&self, passphrase: &Passphrase, entropy: &dyn Entropy) -> Vec<u8> {
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        entropy.fill(&mut salt);
        entropy.fill(&mut iv);
        let (iterations, clear) = (passphrase.iterations.get(), self.to_pkcs8());
        Parameters::generate_pbkdf2_sha256_aes256cbc(iterations, &salt, iv)
            .map_err(pkcs8::Error::from)
            .and_then(|parameters| {
                PrivateKeyInfoRef::from_der(&clear)?
                    .encrypt_with_params(parameters, passphrase.as_bytes())
            })
            .expect("salt, IV and PKCS #8 have their right form")
            .as_bytes()
            .to_vec()
    }

    /// Reads a DER `EncryptedPrivateKeyInfo` with PBES2: PBKDF2 or scrypt, AES-CBC.
    ///
    /// # Errors
    /// [`KeyError::Malformed`], [`KeyError::Parameters`] (out of bounds, or not PBES2),
    /// [`KeyError::Passphrase`], [`KeyError::Unsupported`].
    pub fn from_encrypted_pkcs8(
        encrypted: &[u8],
        passphrase: &Passphrase,
    ) -> Result<Self, KeyError> {
        let info =
            EncryptedPrivateKeyInfoRef::from_der(encrypted).map_err(|_| KeyError::Malformed)?;
        check_cost(&info.encryption_algorithm)?;
        let clear = info.decrypt(passphrase.as_bytes()).map_err(|_| KeyError::Passphrase)?;
        Self::from_pkcs8(clear.as_bytes())
    }
}

fn check_cost(scheme: &EncryptionScheme) -> Result<(), KeyError> {
    let bounded = match scheme {
        EncryptionScheme::Pbes2(Parameters { kdf: Kdf::Pbkdf2(kdf), .. }) => {
            kdf.iteration_count <= Passphrase::MAX_ITERATIONS
        }
        EncryptionScheme::Pbes2(Parameters { kdf: Kdf::Scrypt(kdf), .. }) => {
            u64::from(kdf.block_size)
                .checked_mul(kdf.cost_parameter)
                .and_then(|blocks| blocks.checked_mul(u64::from(kdf.parallelization)))
                .is_some_and(|blocks| blocks <= MAX_SCRYPT_BLOCKS)
        }
        _ => false,
    };
    if bounded { Ok(()) } else { Err(KeyError::Parameters) }
}
