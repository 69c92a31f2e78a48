//! Entropy by which a test gets in between.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Mutex;

use inrou_pki::{Entropy, SystemEntropy};

/// Draws as the system does; once, when so many bytes are wanted, something else is done first.
#[derive(Default)]
pub struct Interrupted(Mutex<Option<(usize, Act)>>);

type Act = Box<dyn FnOnce() + Send>;

impl Interrupted {
    /// Does it when `length` bytes are drawn next.
    pub fn at(&self, length: usize, act: impl FnOnce() + Send + 'static) {
        *self.0.lock().unwrap() = Some((length, Box::new(act)));
    }
}

impl Entropy for Interrupted {
    fn fill(&self, bytes: &mut [u8]) {
        let act = self.0.lock().unwrap().take_if(|(length, _)| *length == bytes.len());
        if let Some((_, act)) = act {
            act();
        }
        SystemEntropy.fill(bytes);
    }
}
