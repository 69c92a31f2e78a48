//! Transactional memory: the whole image, written in turn to one of two slots.
//!
//! A commit writes magic, sequence number, length, SHA-256 checksum and image to the older slot and
//! syncs it; the newer slot stays as it is. Opening takes the whole slot with the higher number, so
//! a torn or dropped write leaves the former image: there is never half a state.

mod faulty;
mod file;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use thiserror::Error;
use zeroize::Zeroizing;

pub use faulty::FaultyMedium;
pub use file::FileMedium;

use crate::image::Image;

/// The most bytes that a record in a slot may have.
pub const SLOT_CAPACITY: usize = 128 * 1024;

const MAGIC: &[u8; 8] = b"INROUCH1";
const HEADER: usize = 8 + 8 + 4 + digest::SHA256_OUTPUT_LEN;

/// One of the two places for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The first.
    A,
    /// The second.
    B,
}

impl Slot {
    const ALL: [Self; 2] = [Self::A, Self::B];

    fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// What the slots lie on. Nothing that was written is durable before [`Medium::sync`] returns.
pub trait Medium {
    /// All bytes of a slot: empty if nothing was ever written; bytes of an older, longer record may
    /// follow the record.
    ///
    /// # Errors
    /// The medium cannot be read.
    fn read(&self, slot: Slot) -> io::Result<Vec<u8>>;

    /// Writes a record of at most [`SLOT_CAPACITY`] bytes at the start of a slot.
    ///
    /// # Errors
    /// The medium cannot be written; what the slot then holds is unknown.
    fn write(&mut self, slot: Slot, record: &[u8]) -> io::Result<()>;

    /// Makes what was written durable.
    ///
    /// # Errors
    /// It is not known to be durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// Why a memory cannot be opened or written.
#[derive(Debug, Error)]
pub enum MemoryError {
    /// The medium failed.
    #[error("the chip's medium failed")]
    Medium(#[from] io::Error),
    /// Neither slot holds a whole image.
    #[error("there is no whole image of a chip")]
    NoImage,
    /// There is an image already.
    #[error("there is an image of a chip already")]
    Occupied,
    /// The image cannot be read by, or written in, this version's form.
    #[error("the image of the chip is not of this version's form")]
    Form(#[from] serde_json::Error),
    /// The image is larger than a slot.
    #[error("the chip's memory is full")]
    Full,
}

/// The memory of one chip.
#[derive(Debug)]
pub struct Memory<M> {
    medium: M,
    image: Image,
    newest: Slot,
    sequence: u64,
}

impl<M: Medium> Memory<M> {
    /// Writes the first image to an empty medium.
    ///
    /// # Errors
    /// The medium fails or is not empty.
    pub fn create(medium: M, image: Image) -> Result<Self, MemoryError> {
        for slot in Slot::ALL {
            if !medium.read(slot)?.is_empty() {
                return Err(MemoryError::Occupied);
            }
        }
        let mut memory = Self { medium, image: image.clone(), newest: Slot::B, sequence: 0 };
        memory.commit(image)?;
        Ok(memory)
    }

    /// Takes up the newest whole image.
    ///
    /// # Errors
    /// The medium fails, or there is no whole image in this version's form.
    pub fn open(medium: M) -> Result<Self, MemoryError> {
        let records = [medium.read(Slot::A)?, medium.read(Slot::B)?].map(Zeroizing::new);
        let (newest, sequence, image) = Slot::ALL
            .into_iter()
            .zip(&records)
            .filter_map(|(slot, record)| {
                whole(record).map(|(sequence, image)| (slot, sequence, image))
            })
            .max_by_key(|&(_, sequence, _)| sequence)
            .ok_or(MemoryError::NoImage)?;
        let image = serde_json::from_slice(image)?;
        Ok(Self { medium, image, newest, sequence })
    }

    /// The present image.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// Makes `image` the present one, durably.
    ///
    /// # Errors
    /// The medium fails or the image is too large; the former image stays the present one.
    pub fn commit(&mut self, image: Image) -> Result<(), MemoryError> {
        let sequence = self.sequence + 1;
        let record = record(sequence, &image)?;
        let slot = self.newest.other();
        self.medium.write(slot, &record)?;
        self.medium.sync()?;
        (self.image, self.newest, self.sequence) = (image, slot, sequence);
        Ok(())
    }

    /// Commits the present image with a change.
    ///
    /// # Errors
    /// As [`Memory::commit`]: nothing is changed then.
    pub fn update(&mut self, change: impl FnOnce(&mut Image)) -> Result<(), MemoryError> {
        let mut image = self.image.clone();
        change(&mut image);
        self.commit(image)
    }
}

/// A medium that lives in memory. Clones share it, so that a test can take the power from a chip
/// and open another on what remains.
#[derive(Clone, Default)]
pub struct InMemoryMedium {
    slots: Arc<Mutex<[Vec<u8>; 2]>>,
}

impl Medium for InMemoryMedium {
    fn read(&self, slot: Slot) -> io::Result<Vec<u8>> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(slots[slot as usize].clone())
    }

    fn write(&mut self, slot: Slot, record: &[u8]) -> io::Result<()> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = &mut slots[slot as usize];
        let kept = bytes.split_off(record.len().min(bytes.len()));
        *bytes = [record, &kept].concat();
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn record(sequence: u64, image: &Image) -> Result<Zeroizing<Vec<u8>>, MemoryError> {
    let image = Zeroizing::new(serde_json::to_vec(image)?);
    let length = u32::try_from(image.len()).map_err(|_| MemoryError::Full)?;
    let mut record = Zeroizing::new(Vec::with_capacity(HEADER + image.len()));
    record.extend_from_slice(MAGIC);
    record.extend_from_slice(&sequence.to_be_bytes());
    record.extend_from_slice(&length.to_be_bytes());
    record.extend_from_slice(&checksum(sequence, &image));
    record.extend_from_slice(&image);
    if record.len() > SLOT_CAPACITY { Err(MemoryError::Full) } else { Ok(record) }
}

/// Sequence number and image of a record, if it is whole.
fn whole(record: &[u8]) -> Option<(u64, &[u8])> {
    let rest = record.strip_prefix(MAGIC)?;
    let (sequence, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (expected, rest) = rest.split_at_checked(digest::SHA256_OUTPUT_LEN)?;
    let sequence = u64::from_be_bytes(*sequence);
    let image = rest.get(..u32::from_be_bytes(*length).try_into().ok()?)?;
    (checksum(sequence, image) == expected).then_some((sequence, image))
}

fn checksum(sequence: u64, image: &[u8]) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&sequence.to_be_bytes());
    context.update(image);
    context.finish().as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::card_image;
    use inrou_rules::ChipId;

    fn image(mark: u8) -> Image {
        Image { chip: ChipId::from_bytes([mark; 16]), ..card_image() }
    }

    /// Bytes of a torn write that reach the medium: from none to all.
    fn tears() -> Vec<usize> {
        let length = record(1, &image(1)).unwrap().len();
        vec![0, HEADER / 2, HEADER, length / 2, length - 1, length]
    }

    #[test]
    fn the_newest_image_is_taken_up_again() {
        let medium = InMemoryMedium::default();
        let mut memory = Memory::create(medium.clone(), image(0)).unwrap();
        for mark in 1..=5 {
            memory.commit(image(mark)).unwrap();
            assert_eq!(*Memory::open(medium.clone()).unwrap().image(), image(mark));
        }
    }

    #[test]
    fn whenever_the_power_fails_the_image_is_the_last_acknowledged_or_the_one_in_hand() {
        for (torn_at, operations) in tears().into_iter().flat_map(|t| (0..12).map(move |n| (t, n)))
        {
            let disk = InMemoryMedium::default();
            Memory::create(disk.clone(), image(0)).unwrap();
            let faulty = FaultyMedium::new(disk.clone(), operations, torn_at);
            let mut memory = Memory::open(faulty).unwrap();
            let acknowledged =
                (1..=6).take_while(|&mark| memory.commit(image(mark)).is_ok()).last().unwrap_or(0);
            assert_eq!(usize::from(acknowledged), operations / 2, "two operations a commit");
            assert_eq!(*memory.image(), image(acknowledged), "a failed commit changes nothing");

            let mut reopened = Memory::open(disk.clone()).unwrap();
            let in_hand_arrived = *reopened.image() == image(acknowledged + 1);
            assert!(in_hand_arrived || *reopened.image() == image(acknowledged));
            assert!(!in_hand_arrived || torn_at > HEADER);
            reopened.commit(image(9)).unwrap();
            assert_eq!(*Memory::open(disk).unwrap().image(), image(9), "it can be written again");
        }
    }

    #[test]
    fn a_flipped_bit_in_the_newest_slot_leaves_the_former_image() {
        let length = record(2, &image(2)).unwrap().len();
        for position in [0, 9, 17, 21, HEADER, length - 1] {
            let mut medium = InMemoryMedium::default();
            let mut memory = Memory::create(medium.clone(), image(1)).unwrap();
            memory.commit(image(2)).unwrap();
            let mut bytes = medium.read(Slot::B).unwrap();
            bytes[position] ^= 0x01;
            medium.write(Slot::B, &bytes).unwrap();
            assert_eq!(*Memory::open(medium).unwrap().image(), image(1), "bit at {position}");
        }
    }

    #[test]
    fn bytes_of_a_longer_former_record_do_no_harm() {
        let medium = InMemoryMedium::default();
        let mut memory = Memory::create(medium.clone(), image(1)).unwrap();
        memory.commit(image(2)).unwrap();
        let short = Image { face_input: None, ..image(3) };
        memory.commit(short.clone()).unwrap();
        assert_eq!(*Memory::open(medium).unwrap().image(), short);
    }

    #[test]
    fn an_empty_or_ruined_medium_is_no_chip() {
        assert!(matches!(Memory::open(InMemoryMedium::default()), Err(MemoryError::NoImage)));
        let mut medium = InMemoryMedium::default();
        medium.write(Slot::A, b"INROUCH1 and then nothing of use").unwrap();
        assert!(matches!(Memory::open(medium.clone()), Err(MemoryError::NoImage)));
        assert!(matches!(Memory::create(medium, image(1)), Err(MemoryError::Occupied)));
    }

    #[test]
    fn an_image_larger_than_a_slot_is_refused_and_changes_nothing() {
        let medium = InMemoryMedium::default();
        let mut memory = Memory::create(medium.clone(), image(1)).unwrap();
        let mut large = image(2);
        let file = crate::image::Bytes(vec![0; SLOT_CAPACITY / 2]);
        large.jpki.files.insert(crate::jpki::SIGNATURE_CERTIFICATE, file);
        assert!(matches!(memory.commit(large), Err(MemoryError::Full)));
        assert_eq!(*memory.image(), image(1));
        assert_eq!(*Memory::open(medium).unwrap().image(), image(1));
    }
}
