//! Key pairs: elliptic ones are made when they are asked for; RSA ones are ready, for making one takes
//! as long as a whole act.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use inrou_pki::keys::KeyError;
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, SoftwareKey};
use zeroize::Zeroizing;

/// How many RSA keys there are.
const READY: usize = 4;

pub struct ReadyKeys;

impl KeySource for ReadyKeys {
    fn generate(&self, algorithm: KeyAlgorithm) -> Result<SoftwareKey, KeyError> {
        static KEYS: OnceLock<Vec<Zeroizing<Vec<u8>>>> = OnceLock::new();
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        if algorithm != KeyAlgorithm::Rsa2048 {
            return FreshKeys.generate(algorithm);
        }
        let make = || FreshKeys.generate(KeyAlgorithm::Rsa2048).expect("a key").to_pkcs8();
        let keys = KEYS.get_or_init(|| (0..READY).map(|_| make()).collect());
        SoftwareKey::from_pkcs8(&keys[NEXT.fetch_add(1, Ordering::Relaxed) % READY])
    }
}
