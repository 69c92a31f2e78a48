//! Hashes of leaves and nodes (RFC 6962 §2.1): SHA-256, told apart by their first byte.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How many bytes a hash has.
pub const LENGTH: usize = 32;

/// A hash in a Merkle tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; LENGTH]);

impl Hash {
    /// Of a leaf: SHA-256 over 0x00 and the entry.
    pub fn of_leaf(entry: &[u8]) -> Self {
        digest(&[&[0], entry])
    }

    /// Of a node: SHA-256 over 0x01 and both children.
    pub fn of_node(left: Self, right: Self) -> Self {
        digest(&[&[1], &left.0, &right.0])
    }

    /// Of the empty tree: SHA-256 of nothing.
    pub fn of_nothing() -> Self {
        digest(&[])
    }

    /// Reads the standard base64 of a hash, and nothing that is spelt otherwise.
    pub fn from_base64(text: &str) -> Option<Self> {
        Some(Self(STANDARD.decode(text).ok()?.try_into().ok()?))
    }
}

impl fmt::Display for Hash {
    /// Standard base64.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// The root over these hashes as leaves, the last of which may stand for a smaller tree.
pub(crate) fn root_over(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => Hash::of_nothing(),
        [one] => *one,
        more => {
            let (left, right) = more.split_at(more.len().next_power_of_two() / 2);
            Hash::of_node(root_over(left), root_over(right))
        }
    }
}

fn digest(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; LENGTH];
    hash.copy_from_slice(context.finish().as_ref());
    Hash(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9162 §2.1.1 defines both: SHA-256 of nothing, and of one zero byte.
    #[test]
    fn nothing_and_the_empty_leaf_have_their_known_hashes() {
        assert_eq!(
            format!("{:?}", Hash::of_nothing()),
            "Hash(e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855)"
        );
        assert_eq!(
            format!("{:?}", Hash::of_leaf(b"")),
            "Hash(6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d)"
        );
    }

    #[test]
    fn base64_is_read_as_it_is_written() {
        let hash = Hash::of_leaf(b"entry");
        assert_eq!(Hash::from_base64(&hash.to_string()), Some(hash));
        for wrong in ["", "AAAA", &format!("{hash} "), &hash.to_string()[..43]] {
            assert_eq!(Hash::from_base64(wrong), None, "{wrong}");
        }
    }
}
