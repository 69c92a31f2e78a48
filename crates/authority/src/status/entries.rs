//! A sorted map of what is not good, in 22 bytes a certificate: serial number, since when, why, its
//! partition, and when it expires.
//!
//! It is a list of sorted chunks, so that a change moves at most one chunk's bytes, whatever the size
//! of the map. Chunks are kept as large as they need to be and no larger.

use inrou_pki::crl::CrlEntry;
use inrou_pki::status::Withdrawal;
use inrou_rules::{Medium, RevocationReason, Serial};
use jiff::Timestamp;

use crate::store::{Partition, Status, StatusRecord};

/// Most entries in a chunk.
const CHUNK: usize = 1024;
/// How many entries a chunk has room for beyond those in it, at most.
const ROOM: usize = 16;

/// Seconds in a day.
const DAY: i64 = 24 * 60 * 60;

/// A partition of an issuer as a number: 0 for the issuer's own name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PartitionCode(u32);

impl From<Partition> for PartitionCode {
    fn from(partition: Partition) -> Self {
        let Partition::Residents { medium, municipality, .. } = partition else {
            return Self(0);
        };
        let digits = municipality.as_str().bytes();
        let municipality = digits.fold(0, |code, digit| code * 10 + u32::from(digit - b'0'));
        let medium = match medium {
            Medium::Card => 1,
            Medium::Phone => 2,
        };
        Self(medium * 100_000 + municipality)
    }
}

/// A certificate that is not good.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(packed(2))]
pub(super) struct Entry {
    serial: u64,
    /// Since when, in seconds, times 256; and a [`Kind`]'s number.
    since_and_kind: u64,
    partition: PartitionCode,
    /// The first day (UTC, since 1970) that lies wholly after the certificate's validity.
    expired_on: u16,
}

const PENDING: u8 = 0;
const HELD: u8 = 1;
/// And from here on the reasons.
const REVOKED: u8 = 2;

const REASONS: [RevocationReason; 6] = [
    RevocationReason::Unspecified,
    RevocationReason::KeyCompromise,
    RevocationReason::CaCompromise,
    RevocationReason::AffiliationChanged,
    RevocationReason::Superseded,
    RevocationReason::CessationOfOperation,
];

impl Entry {
    /// The entry of a status; `None` for one that is good.
    pub(super) fn of(record: &StatusRecord) -> Option<Self> {
        let (since, kind) = match record.status {
            Status::Good => return None,
            Status::Pending => (Timestamp::UNIX_EPOCH, PENDING),
            Status::Held { since } => (since, HELD),
            Status::Revoked { at, reason } => {
                let reason = REASONS.iter().position(|&each| each == reason).unwrap_or_default();
                (at, REVOKED + reason as u8)
            }
        };
        let since = u64::try_from(since.as_second()).unwrap_or_default();
        let days = record.not_after.as_second().div_euclid(DAY).saturating_add(1);
        Some(Self {
            serial: record.id.serial.0,
            since_and_kind: since << 8 | u64::from(kind),
            partition: record.partition.into(),
            // A day that does not fit never comes.
            expired_on: u16::try_from(days.max(0)).unwrap_or(u16::MAX),
        })
    }

    pub(super) fn serial(self) -> Serial {
        Serial(self.serial)
    }

    pub(super) fn partition(self) -> PartitionCode {
        self.partition
    }

    /// Since when it is held or revoked, and which of both; `None` while it is pending.
    pub(super) fn withdrawal(self) -> Option<(Timestamp, Withdrawal)> {
        let withdrawal = match self.since_and_kind as u8 {
            PENDING => return None,
            HELD => Withdrawal::Hold,
            kind => {
                let reason = REASONS.get(usize::from(kind - REVOKED)).copied();
                Withdrawal::Revoked(reason.unwrap_or(RevocationReason::Unspecified))
            }
        };
        let since = i64::try_from(self.since_and_kind >> 8).unwrap_or(i64::MAX);
        Some((Timestamp::from_second(since).unwrap_or(Timestamp::MAX), withdrawal))
    }

    /// Its entry in a CRL; `None` while it is pending.
    pub(super) fn listed(self) -> Option<CrlEntry> {
        let (at, withdrawal) = self.withdrawal()?;
        Some(CrlEntry { serial: self.serial(), at, withdrawal })
    }

    /// Whether its validity was over at `time`, to the day.
    pub(super) fn is_expired(self, time: Timestamp) -> bool {
        self.expired_on != u16::MAX && time.as_second() >= i64::from(self.expired_on) * DAY
    }
}

/// Entries by serial number.
#[derive(Default)]
pub(super) struct Entries {
    /// Not empty, sorted, in order.
    chunks: Vec<Vec<Entry>>,
}

impl Entries {
    pub(super) fn find(&self, serial: Serial) -> Option<Entry> {
        let chunk = self.chunks.get(self.chunk_of(serial)?)?;
        let at = position(chunk, serial).ok()?;
        chunk.get(at).copied()
    }

    /// Puts an entry in its place, and answers the one that it replaces.
    pub(super) fn insert(&mut self, entry: Entry) -> Option<Entry> {
        let Some(index) = self.chunk_of(entry.serial()) else {
            self.chunks.insert(0, vec![entry]);
            return None;
        };
        let is_last = index + 1 == self.chunks.len();
        let chunk = &mut self.chunks[index];
        match position(chunk, entry.serial()) {
            Ok(at) => return Some(std::mem::replace(&mut chunk[at], entry)),
            // Serial numbers ascend: a full chunk at the end is left full.
            Err(at) if at == CHUNK && is_last => self.chunks.push(vec![entry]),
            Err(at) if chunk.len() < CHUNK => insert_at(chunk, at, entry),
            Err(at) => {
                let mut upper = chunk.split_off(CHUNK / 2);
                chunk.shrink_to_fit();
                if at <= CHUNK / 2 {
                    insert_at(chunk, at, entry);
                } else {
                    insert_at(&mut upper, at - CHUNK / 2, entry);
                }
                self.chunks.insert(index + 1, upper);
            }
        }
        None
    }

    pub(super) fn remove(&mut self, serial: Serial) -> Option<Entry> {
        let index = self.chunk_of(serial)?;
        let chunk = &mut self.chunks[index];
        let removed = chunk.remove(position(chunk, serial).ok()?);
        if chunk.capacity() > chunk.len() + 2 * ROOM {
            chunk.shrink_to(chunk.len() + ROOM);
        }
        if chunk.is_empty() {
            self.chunks.remove(index);
        } else if chunk.len() < CHUNK / 4 {
            self.merge(index);
        }
        Some(removed)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        self.chunks.iter().flatten().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.chunks.iter().map(Vec::len).sum()
    }

    /// How many bytes it takes up.
    pub(super) fn footprint(&self) -> usize {
        let entries: usize = self.chunks.iter().map(Vec::capacity).sum();
        entries * size_of::<Entry>() + self.chunks.capacity() * size_of::<Vec<Entry>>()
    }

    /// The chunk in which a serial number is or would be; `None` if it stands before all others.
    fn chunk_of(&self, serial: Serial) -> Option<usize> {
        let first = |chunk: &Vec<Entry>| chunk.first().map_or(Serial(0), |entry| entry.serial());
        self.chunks.partition_point(|chunk| first(chunk) <= serial).checked_sub(1)
    }

    /// Joins a small chunk with the next, if both together are not large.
    fn merge(&mut self, index: usize) {
        let joint = |low: usize| Some(self.chunks.get(low)?.len() + self.chunks.get(low + 1)?.len());
        let low = [Some(index), index.checked_sub(1)]
            .into_iter()
            .flatten()
            .find(|&low| joint(low).is_some_and(|joint| joint <= CHUNK / 2));
        if let Some(low) = low {
            let upper = self.chunks.remove(low + 1);
            let chunk = &mut self.chunks[low];
            chunk.reserve_exact(upper.len());
            chunk.extend(upper);
        }
    }
}

fn position(chunk: &[Entry], serial: Serial) -> Result<usize, usize> {
    chunk.binary_search_by_key(&serial, |entry| entry.serial())
}

fn insert_at(chunk: &mut Vec<Entry>, at: usize, entry: Entry) {
    if chunk.len() == chunk.capacity() {
        chunk.reserve_exact(ROOM);
    }
    chunk.insert(at, entry);
}
