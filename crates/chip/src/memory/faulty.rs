//! A medium that loses power at a chosen moment, to prove durability by.

use std::io;

use super::{InMemoryMedium, Medium, Slot};

/// A medium with a write cache. At a chosen write or sync the power fails: what was not synced is
/// dropped or torn, and every later operation fails.
pub struct FaultyMedium {
    disk: InMemoryMedium,
    cache: Vec<(Slot, Vec<u8>)>,
    operations_left: usize,
    torn_at: usize,
    failed: bool,
}

impl FaultyMedium {
    /// Over `disk`, for `operations` writes and syncs; at the next one the power fails. Of each
    /// unsynced write the first `torn_at` bytes reach the disk.
    pub fn new(disk: InMemoryMedium, operations: usize, torn_at: usize) -> Self {
        Self { disk, cache: Vec::new(), operations_left: operations, torn_at, failed: false }
    }

    /// Counts an operation; if it is one too many, what is in the cache is torn.
    fn count(&mut self) -> io::Result<()> {
        if !self.failed && self.operations_left > 0 {
            self.operations_left -= 1;
            return Ok(());
        }
        self.failed = true;
        for (slot, record) in self.cache.drain(..) {
            self.disk.write(slot, &record[..self.torn_at.min(record.len())])?;
        }
        Err(io::Error::other("the power failed"))
    }
}

impl Medium for FaultyMedium {
    fn read(&self, slot: Slot) -> io::Result<Vec<u8>> {
        let mut seen = InMemoryMedium::default();
        seen.write(slot, &self.disk.read(slot)?)?;
        for (_, record) in self.cache.iter().filter(|(cached, _)| *cached == slot) {
            seen.write(slot, record)?;
        }
        seen.read(slot)
    }

    fn write(&mut self, slot: Slot, record: &[u8]) -> io::Result<()> {
        self.cache.push((slot, record.to_vec()));
        self.count()
    }

    fn sync(&mut self) -> io::Result<()> {
        self.count()?;
        self.cache.drain(..).try_for_each(|(slot, record)| self.disk.write(slot, &record))
    }
}
