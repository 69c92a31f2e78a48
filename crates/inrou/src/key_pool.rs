//! RSA keys made ahead in the background: each takes tens of milliseconds, and people wait for chips.

use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use inrou_pki::keys::KeyError;
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, SoftwareKey};

/// How many keys are kept ready.
const READY: usize = 4;

/// A source whose RSA keys are ready when they are asked for, if its makers can keep up.
pub struct KeyPool(Mutex<Receiver<SoftwareKey>>);

impl KeyPool {
    /// Starts `makers` threads that make keys, and rest while enough are ready. They end with the
    /// pool.
    pub fn start(makers: usize) -> Self {
        let (sender, receiver) = sync_channel(READY);
        for _ in 0..makers {
            let sender = sender.clone();
            thread::spawn(move || {
                while let Ok(key) = FreshKeys.generate(KeyAlgorithm::Rsa2048) {
                    if sender.send(key).is_err() {
                        return;
                    }
                }
            });
        }
        Self(Mutex::new(receiver))
    }
}

impl KeySource for KeyPool {
    fn generate(&self, algorithm: KeyAlgorithm) -> Result<SoftwareKey, KeyError> {
        match algorithm {
            KeyAlgorithm::Rsa2048 => {
                let ready = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                ready.recv().map_err(|_| KeyError::Generation)
            }
            quick => FreshKeys.generate(quick),
        }
    }
}

#[cfg(test)]
mod tests {
    use inrou_pki::Signer;

    use super::*;

    #[test]
    fn every_key_is_given_once_and_of_the_kind_asked_for() {
        let pool = KeyPool::start(1);
        let keys: Vec<SoftwareKey> =
            (0..2).map(|_| pool.generate(KeyAlgorithm::Rsa2048).unwrap()).collect();
        assert_ne!(keys[0].public_key(), keys[1].public_key());
        let quick = pool.generate(KeyAlgorithm::EcP384).unwrap();
        assert_eq!(quick.public_key().algorithm(), KeyAlgorithm::EcP384);
    }
}
