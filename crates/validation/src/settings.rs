//! What can be set.

use std::num::NonZeroUsize;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How much is taken on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How many requests are judged at a time. Some of the time is waiting for status services.
    pub workers: NonZeroUsize,
    /// How many more may be under way: arriving, or waiting to be judged.
    pub waiting: usize,
    /// How long, in real time, a request that has arrived may take.
    pub patience: SignedDuration,
}

impl Default for Settings {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            workers: cores.saturating_mul(NonZeroUsize::MIN.saturating_add(1)),
            waiting: 32,
            patience: SignedDuration::from_secs(30),
        }
    }
}
