//! What becomes of one file's content when the power fails.

use super::power::Loss;

/// One file, whatever its name.
#[derive(Debug, Default)]
pub(super) struct Inode {
    /// What is read: as if nothing could be lost.
    pub(super) content: Vec<u8>,
    /// What is left at the least.
    pub(super) durable: Vec<u8>,
    /// What happened since the last sync.
    pub(super) unsynced: Vec<Change>,
    /// What was being done when the power failed.
    pub(super) under_way: Option<Change>,
}

impl Inode {
    /// A file with durable content.
    pub(super) fn holding(content: Vec<u8>) -> Self {
        Self { durable: content.clone(), content, ..Self::default() }
    }

    /// What is left after the power has failed.
    pub(super) fn suffer_outage(&mut self, loss: Loss, draws: &mut Draws) {
        for change in std::mem::take(&mut self.unsynced) {
            match loss {
                Loss::Everything => {}
                Loss::Nothing => change.apply(&mut self.durable),
                Loss::Drawn(_) => match draws.below(3) {
                    0 => {}
                    1 => change.apply(&mut self.durable),
                    _ => change.apply_in_part(draws, &mut self.durable),
                },
            }
        }
        match (self.under_way.take(), loss) {
            (None, _) => {}
            (Some(change), Loss::Drawn(_)) => change.apply_in_part(draws, &mut self.durable),
            (Some(change), _) => change.apply_half(&mut self.durable),
        }
        self.content.clone_from(&self.durable);
    }
}

/// A change of a file's content.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// The length is set.
    SetLen(usize),
    /// Bytes are written at an offset.
    Write { offset: usize, bytes: Vec<u8> },
}

impl Change {
    /// How long the file is after it, if it was shorter before.
    pub(super) fn end(&self) -> usize {
        match self {
            Self::SetLen(length) => *length,
            Self::Write { offset, bytes } => offset + bytes.len(),
        }
    }

    /// Makes the whole change.
    pub(super) fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::SetLen(length) => content.resize(*length, 0),
            Self::Write { offset, bytes } => write(content, *offset, bytes),
        }
    }

    fn apply_half(&self, content: &mut Vec<u8>) {
        if let Self::Write { offset, bytes } = self {
            write(content, *offset, &bytes[..bytes.len() / 2]);
        }
    }

    /// A sector arrives or it does not: any of them may.
    fn apply_in_part(&self, draws: &mut Draws, content: &mut Vec<u8>) {
        match self {
            Self::SetLen(_) if draws.below(2) == 0 => {}
            Self::SetLen(_) => self.apply(content),
            Self::Write { offset, bytes } => {
                for (sector, part) in bytes.chunks(SECTOR).enumerate() {
                    if draws.below(2) == 0 {
                        write(content, offset + sector * SECTOR, part);
                    }
                }
            }
        }
    }
}

/// What a disk writes whole or not at all.
pub(super) const SECTOR: usize = 512;

fn write(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(bytes);
}

/// SplitMix64: reproducible, and nothing more is asked of it.
#[derive(Debug)]
pub(super) struct Draws(pub(super) u64);

impl Draws {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut draw = self.0;
        draw = (draw ^ (draw >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        draw = (draw ^ (draw >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (draw ^ (draw >> 31)) % bound
    }
}
