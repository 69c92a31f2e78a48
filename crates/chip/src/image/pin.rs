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
        Self { reference: None, tries_left: 0, tries_max }
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
        self.reference.as_ref().is_some_and(|Reference { salt, digest }| {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_matches_itself_alone() {
        let pin = Pin::new(b"ABC123", [9; 16], 5);
        assert!(pin.matches(b"ABC123"));
        for wrong in [b"".as_slice(), b"abc123", b"ABC12", b"ABC1234", b"ABC123\0"] {
            assert!(!pin.matches(wrong));
        }
        assert!(!Pin::unset(5).matches(b""));
    }

    #[test]
    fn tries_are_spent_one_by_one_and_never_below_none() {
        let mut pin = Pin::new(b"1234", [9; 16], 2);
        for left in [1, 0, 0] {
            pin.spend_try();
            assert_eq!(pin.tries_left(), left);
        }
        pin.restore_tries();
        assert_eq!(pin.tries_left(), pin.tries_max());
        pin.spend_try();
        pin.set(b"4321", [8; 16]);
        assert_eq!(pin.tries_left(), 2, "a new value has all tries");
        assert!(pin.matches(b"4321") && !pin.matches(b"1234"));
    }

    #[test]
    fn the_value_is_nowhere_to_be_seen() {
        let pin = Pin::new(b"ABC123", [9; 16], 5);
        let shown = format!("{pin:?} {}", serde_json::to_string(&pin).unwrap());
        assert!(!shown.contains("ABC123") && !shown.contains("414243313233"), "{shown}");
        assert!(format!("{pin:?}").contains("SecretBytes(..)"));
    }
}
