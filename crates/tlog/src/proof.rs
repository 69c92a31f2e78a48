//! Proofs, verified by those who have roots alone.

use crate::hash::Hash;

/// Whether a leaf is the one at `index` in the tree (RFC 9162 §2.1.3.2).
pub fn is_included(leaf: Hash, index: u64, size: u64, root: Hash, proof: &[Hash]) -> bool {
    if index >= size {
        return false;
    }
    let mut way = Way { node: index, last: size - 1 };
    let mut reached = leaf;
    for sibling in proof {
        match way.up() {
            None => return false,
            Some(Side::Left) => reached = Hash::of_node(*sibling, reached),
            Some(Side::Right) => reached = Hash::of_node(reached, *sibling),
        }
    }
    way.is_at_root() && reached == root
}

/// Whether a tree, by size and root, begins with an older one (RFC 9162 §2.1.4.2). The empty tree and the
/// tree itself take no proof.
pub fn is_consistent(old: (u64, Hash), new: (u64, Hash), proof: &[Hash]) -> bool {
    let ((old_size, old_root), (size, root)) = (old, new);
    if old_size == 0 {
        return old_root == Hash::of_nothing() && proof.is_empty();
    }
    if old_size >= size {
        return old == new && proof.is_empty();
    }
    // The root of an old tree that is a complete subtree of the new one is not sent.
    let own = old_size.is_power_of_two().then_some(old_root);
    let mut path = own.into_iter().chain(proof.iter().copied());
    let Some(start) = path.next() else { return false };
    let height = (old_size - 1).trailing_ones();
    let mut way = Way { node: (old_size - 1) >> height, last: (size - 1) >> height };
    let (mut old_reached, mut reached) = (start, start);
    for sibling in path {
        match way.up() {
            None => return false,
            Some(Side::Left) => {
                old_reached = Hash::of_node(sibling, old_reached);
                reached = Hash::of_node(sibling, reached);
            }
            Some(Side::Right) => reached = Hash::of_node(reached, sibling),
        }
    }
    way.is_at_root() && old_reached == old_root && reached == root
}

/// Where a sibling stands.
enum Side {
    Left,
    Right,
}

/// The way from a node to the root.
struct Way {
    /// The node's place in its level.
    node: u64,
    /// That of the level's last node.
    last: u64,
}

impl Way {
    /// Goes up to the parent, past those that have one child only; says where the sibling stood. `None` at
    /// the root.
    fn up(&mut self) -> Option<Side> {
        if self.is_at_root() {
            return None;
        }
        let mut height = 1;
        let side = if self.node & 1 == 1 || self.node == self.last {
            // A last node without a sibling stands for its parent.
            if self.node & 1 == 0 {
                height += self.node.trailing_zeros();
            }
            Side::Left
        } else {
            Side::Right
        };
        self.node >>= height;
        self.last >>= height;
        Some(side)
    }

    fn is_at_root(&self) -> bool {
        self.last == 0
    }
}
