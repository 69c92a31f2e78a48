//! The locks and the shared memory that connections to one file have in common.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::disk::DiskFile;

/// How far a connection has locked a file, in SQLite's order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Not at all.
    #[default]
    None,
    /// It reads.
    Shared,
    /// It is going to write.
    Reserved,
    /// It waits for readers to finish.
    Pending,
    /// It writes.
    Exclusive,
}

/// How many slots of shared-memory locks there are.
pub(super) const SLOTS: usize = 8;

/// Somebody else has a lock that stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contended;

/// What the connections to one file share.
#[derive(Debug, Default)]
pub(super) struct Node {
    state: Mutex<NodeState>,
}

#[derive(Debug, Default)]
struct NodeState {
    /// How many connections have at least a shared lock.
    readers: u32,
    /// The highest lock above shared; one connection at most has it.
    writer: Level,
    /// For each slot how many share it, or -1 if one has it to itself.
    slots: [i32; SLOTS],
    regions: Vec<Region>,
    /// How many connections have the shared memory mapped.
    mapped: u32,
}

/// Shared memory is made in pieces that do not move.
type Region = Box<[std::sync::atomic::AtomicU64]>;

/// What one connection holds of a [`Node`]. Dropped, it lets go of all.
#[derive(Debug)]
pub(super) struct Holding {
    node: Arc<Node>,
    level: Level,
    shared_slots: [bool; SLOTS],
    exclusive_slots: [bool; SLOTS],
    is_mapped: bool,
}

impl Holding {
    /// Joins the connections to a file, on a disk of the given id.
    pub(super) fn of(disk: u64, file: &DiskFile) -> Self {
        static NODES: Mutex<BTreeMap<(u64, u64, u64), Weak<Node>>> = Mutex::new(BTreeMap::new());
        let (epoch, inode) = file.inode();
        let mut nodes = NODES.lock().unwrap_or_else(PoisonError::into_inner);
        nodes.retain(|_, node| node.strong_count() > 0);
        let entry = nodes.entry((disk, epoch, inode)).or_default();
        let node = entry.upgrade().unwrap_or_default();
        *entry = Arc::downgrade(&node);
        Self {
            node,
            level: Level::None,
            shared_slots: [false; SLOTS],
            exclusive_slots: [false; SLOTS],
            is_mapped: false,
        }
    }

    /// Raises the lock on the file.
    pub(super) fn lock(&mut self, wanted: Level) -> Result<(), Contended> {
        if wanted <= self.level {
            return Ok(());
        }
        let mut state = self.node.lock();
        if self.level == Level::None {
            if state.writer >= Level::Pending {
                return Err(Contended);
            }
            state.readers += 1;
            self.level = Level::Shared;
        }
        if wanted > Level::Shared {
            if self.level == Level::Shared && state.writer != Level::None {
                return Err(Contended);
            }
            if wanted == Level::Reserved {
                state.writer = Level::Reserved;
                self.level = Level::Reserved;
            } else if state.readers > 1 {
                state.writer = Level::Pending;
                self.level = Level::Pending;
                return Err(Contended);
            } else {
                state.writer = Level::Exclusive;
                self.level = Level::Exclusive;
            }
        }
        Ok(())
    }

    /// Lowers the lock on the file to shared or none.
    pub(super) fn unlock(&mut self, wanted: Level) {
        if wanted >= self.level {
            return;
        }
        let mut state = self.node.lock();
        if self.level > Level::Shared {
            state.writer = Level::None;
        }
        if wanted == Level::None {
            state.readers -= 1;
        }
        self.level = wanted;
    }

    /// Whether any connection is going to write.
    pub(super) fn is_reserved(&self) -> bool {
        self.node.lock().writer != Level::None
    }

    /// Takes slots of the shared memory, all or none.
    pub(super) fn lock_slots(
        &mut self,
        slots: std::ops::Range<usize>,
        exclusive: bool,
    ) -> Result<(), Contended> {
        let mut state = self.node.lock();
        for slot in slots.clone() {
            let taken = state.slots[slot];
            let stands_in_the_way = if exclusive {
                taken != 0 && !self.exclusive_slots[slot]
            } else {
                taken < 0 && !self.exclusive_slots[slot]
            };
            if stands_in_the_way {
                return Err(Contended);
            }
        }
        for slot in slots {
            if exclusive {
                state.slots[slot] = -1;
                self.exclusive_slots[slot] = true;
            } else if !self.shared_slots[slot] {
                state.slots[slot] += 1;
                self.shared_slots[slot] = true;
            }
        }
        Ok(())
    }

    /// Lets go of slots of the shared memory.
    pub(super) fn unlock_slots(&mut self, slots: std::ops::Range<usize>) {
        let mut state = self.node.lock();
        for slot in slots {
            if std::mem::take(&mut self.exclusive_slots[slot]) {
                state.slots[slot] = 0;
            }
            if std::mem::take(&mut self.shared_slots[slot]) {
                state.slots[slot] -= 1;
            }
        }
    }

    /// The start of a piece of the shared memory, of `size` bytes; made if asked for.
    ///
    /// The memory stays where it is until the last connection that mapped any has unmapped it.
    pub(super) fn region(&mut self, index: usize, size: usize, make: bool) -> Option<*mut u8> {
        let mut state = self.node.lock();
        if !std::mem::replace(&mut self.is_mapped, true) {
            state.mapped += 1;
        }
        while make && state.regions.len() <= index {
            state.regions.push((0..size.div_ceil(8)).map(|_| Default::default()).collect());
        }
        state.regions.get(index).map(|region| region.as_ptr().cast_mut().cast())
    }

    /// Unmaps the shared memory.
    pub(super) fn unmap(&mut self) {
        self.unlock_slots(0..SLOTS);
        let mut state = self.node.lock();
        if std::mem::take(&mut self.is_mapped) {
            state.mapped -= 1;
            if state.mapped == 0 {
                state.regions.clear();
            }
        }
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.unmap();
        self.unlock(Level::None);
    }
}

impl Node {
    fn lock(&self) -> MutexGuard<'_, NodeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
