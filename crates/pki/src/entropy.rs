//! Random bytes as an argument: who needs them is handed an [`Entropy`].

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::digest::HashAlgorithm;

/// A source of random bytes, shared between threads.
pub trait Entropy: Send + Sync {
    /// Overwrites all of `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's random numbers, by way of aws-lc.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes)
            .expect("aws-lc aborts the process rather than return without random bytes");
    }
}

/// The same bytes for the same seed and the same order of calls. For tests: never for keys or nonces
/// that matter.
pub struct SeededEntropy {
    seed: [u8; 32],
    calls: AtomicU64,
}

impl SeededEntropy {
    /// Starts the sequence that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        let digest = HashAlgorithm::Sha256.digest(&seed.to_be_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_bytes());
        Self { seed: bytes, calls: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        for (block, chunk) in bytes.chunks_mut(32).enumerate() {
            let mut hasher = HashAlgorithm::Sha256.hasher();
            hasher.update(&self.seed);
            hasher.update(&call.to_be_bytes());
            hasher.update(&(block as u64).to_be_bytes());
            chunk.copy_from_slice(&hasher.finish().as_bytes()[..chunk.len()]);
        }
    }
}

impl fmt::Debug for SeededEntropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeededEntropy(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(entropy: &dyn Entropy, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        entropy.fill(&mut bytes);
        bytes
    }

    #[test]
    fn one_seed_gives_one_sequence() {
        let (one, same, other) =
            (SeededEntropy::new(7), SeededEntropy::new(7), SeededEntropy::new(8));
        let first = draw(&one, 100);
        assert_eq!(first, draw(&same, 100));
        assert_ne!(first, draw(&one, 100), "a second draw differs from the first");
        assert_eq!(draw(&one, 5).len(), 5);
        assert_ne!(first, draw(&other, 100));
    }

    #[test]
    fn system_entropy_fills_everything() {
        let bytes = draw(&SystemEntropy, 4096);
        assert_ne!(bytes, draw(&SystemEntropy, 4096));
        assert!(bytes.chunks(64).all(|chunk| chunk.iter().any(|&byte| byte != 0)));
    }
}
