//! A PIN as the chip keeps it: a salted digest and its try counter.

use aws_lc_rs::{constant_time, digest};
use serde::{Deserialize, Serialize};

use super::{Bytes, SecretBytes};

/// A PIN with its try counter, set or not yet set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    reference: Option<Reference>,
    tries_left: u8,
    tries_max: u8,
}

/// What a presented PIN is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reference {
    salt: Bytes,
    /// SHA-256 over salt and PIN.
    digest: SecretBytes,
}

impl Pin {
    /// A PIN that nobody has set yet: it has no tries, whatever is presented.
    pub fn unset(tries_max: u8) -> Self {
        Self {
            reference: None,
            tries_left: 0,
            tries_max,
        }
    }

    /// A PIN with all its tries. `salt` comes from the caller's entropy.
    pub fn new(value: &[u8], salt: [u8; 16], tries_max: u8) -> Self {
        let mut pin = Self::unset(tries_max);
        pin.set(value, salt);
        pin
    }

    /// Whether it was set.
    pub fn is_set(&self) -> bool {
        self.reference.is_some()
    }

    /// How many wrong entries it still bears.
    pub fn tries_left(&self) -> u8 {
        self.tries_left
    }

    /// How many wrong entries in a row lock it.
    pub fn tries_max(&self) -> u8 {
        self.tries_max
    }

    /// Sets a new value, with all tries.
    pub fn set(&mut self, value: &[u8], salt: [u8; 16]) {
        self.reference = Some(Reference {
            salt: Bytes(salt.to_vec()),
            digest: SecretBytes::new(digest_of(&salt, value)),
        });
        self.restore_tries();
    }

    /// Forgets the value.
    pub fn unset_again(&mut self) {
        *self = Self::unset(self.tries_max);
    }

    /// Counts a try; must be durable before [`Pin::matches`] is asked.
    pub fn spend_try(&mut self) {
        self.tries_left = self.tries_left.saturating_sub(1);
    }

    /// A right entry resets the count.
    pub fn restore_tries(&mut self) {
        self.tries_left = self.tries_max;
    }

    /// Whether `presented` is the value, in a time that does not depend on where they differ.
    pub fn matches(&self, presented: &[u8]) -> bool {
        self.reference
            .as_ref()
            .is_some_and(|Reference { salt, digest }| {
                constant_time::verify_slices_are_equal(&digest_of(salt, presented), digest).is_ok()
            })
    }
}

fn digest_of(salt: &[u8], value: &[u8]) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(salt);
    context.update(value);
    context.finish().as_ref().to_vec()
}
