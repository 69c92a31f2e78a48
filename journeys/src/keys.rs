//! RSA keys that several sandboxes of one test process share: making them takes longer than a journey.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use inrou_pki::keys::KeyError;
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, SoftwareKey};
use zeroize::Zeroizing;

/// PKCS #8 of all that were made in this process.
static MADE: Mutex<Vec<Zeroizing<Vec<u8>>>> = Mutex::new(Vec::new());

/// The keys of one sandbox: no two of them are the same, the n-th is that of every other sandbox.
#[derive(Debug, Default)]
pub struct SharedKeys {
    given: AtomicUsize,
}

impl KeySource for SharedKeys {
    fn generate(&self, algorithm: KeyAlgorithm) -> Result<SoftwareKey, KeyError> {
        if algorithm != KeyAlgorithm::Rsa2048 {
            return FreshKeys.generate(algorithm);
        }
        let place = self.given.fetch_add(1, Ordering::Relaxed);
        loop {
            if let Some(key) = made().get(place) {
                return SoftwareKey::from_pkcs8(key);
            }
            let fresh = FreshKeys.generate(algorithm)?.to_pkcs8();
            made().push(fresh);
        }
    }
}

fn made() -> MutexGuard<'static, Vec<Zeroizing<Vec<u8>>>> {
    MADE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use inrou_pki::Signer;

    use super::*;

    #[test]
    fn a_sandbox_has_each_key_once_and_the_next_has_the_same_ones() {
        let give = |keys: &SharedKeys| keys.generate(KeyAlgorithm::Rsa2048).unwrap();
        let (one, other) = (SharedKeys::default(), SharedKeys::default());
        let (first, second) = (give(&one), give(&one));
        assert_ne!(first.public_key(), second.public_key());
        assert_eq!(give(&other).public_key(), first.public_key());
    }
}
