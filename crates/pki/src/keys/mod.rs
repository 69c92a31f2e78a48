//! Keys: algorithms, public keys that verify, signers that sign, and where new key pairs come from.

mod algorithm;
pub mod ecdsa;
mod encrypted;
mod fixed;
mod public;
mod signer;
mod software;

pub use algorithm::{KeyAlgorithm, SignatureAlgorithm};
pub use encrypted::Passphrase;
pub use public::{KeyIdentifier, PublicKey, SignatureInvalid};
pub use signer::{SignError, Signer};
pub use software::{FreshKeys, KeySource, SoftwareKey};

/// Why a key could not be read, made or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are not DER of the expected structure, or the key they hold is not sound.
    #[error("the key is malformed")]
    Malformed,
    /// The key is neither RSA of 2048, 3072 or 4096 bits nor on P-256 or P-384.
    #[error("the key's algorithm or size is not supported")]
    Unsupported,
    /// Decryption failed: the passphrase is wrong, or the file was changed.
    #[error("the passphrase does not open the key")]
    Passphrase,
    /// The encryption asks for more work or memory than any sound key file does.
    #[error("the key's encryption has unreasonable parameters")]
    Parameters,
    /// The cryptographic library failed to make a key.
    #[error("no key could be made")]
    Generation,
}
