//! A sorted map of what is not good, in 22 bytes a certificate: serial number, since when, why, its
//! partition, and when it expires.
//!
//! It is a list of sorted chunks, so that a change moves at most one chunk's bytes, whatever the size
//! of the map. Chunks are kept as large as they need to be and no larger. A clone shares them, and
//! sees no later change.

use std::sync::Arc;

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
#[repr(C, packed(2))]
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
#[derive(Clone, Default)]
pub(super) struct Entries {
    /// Not empty, sorted, in order.
    chunks: Vec<Arc<Vec<Entry>>>,
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
            self.chunks.insert(0, Arc::new(vec![entry]));
            return None;
        };
        let is_last = index + 1 == self.chunks.len();
        let chunk = &self.chunks[index];
        let place = position(chunk, entry.serial());
        // Serial numbers ascend: a full chunk at the end is left full.
        if is_last && place == Err(CHUNK) {
            self.chunks.push(Arc::new(vec![entry]));
            return None;
        }
        let chunk = Arc::make_mut(&mut self.chunks[index]);
        match place {
            Ok(at) => return Some(std::mem::replace(&mut chunk[at], entry)),
            Err(at) if chunk.len() < CHUNK => insert_at(chunk, at, entry),
            Err(at) => {
                let mut upper = chunk.split_off(CHUNK / 2);
                chunk.shrink_to_fit();
                if at <= CHUNK / 2 {
                    insert_at(chunk, at, entry);
                } else {
                    insert_at(&mut upper, at - CHUNK / 2, entry);
                }
                self.chunks.insert(index + 1, Arc::new(upper));
            }
        }
        None
    }

    pub(super) fn remove(&mut self, serial: Serial) -> Option<Entry> {
        let index = self.chunk_of(serial)?;
        let at = position(&self.chunks[index], serial).ok()?;
        let chunk = Arc::make_mut(&mut self.chunks[index]);
        let removed = chunk.remove(at);
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

    pub(super) fn iter(&self) -> impl Iterator<Item = Entry> + Clone + '_ {
        self.chunks.iter().flat_map(|chunk| chunk.iter()).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.len()).sum()
    }

    /// How many bytes it takes up.
    pub(super) fn footprint(&self) -> usize {
        /// A chunk's own: a pointer to it, two counts of its owners, the parts of a `Vec`.
        const OVERHEAD: usize =
            size_of::<Arc<()>>() + 2 * size_of::<usize>() + size_of::<Vec<()>>();
        let entries: usize = self.chunks.iter().map(|chunk| chunk.capacity()).sum();
        entries * size_of::<Entry>() + self.chunks.capacity() * OVERHEAD
    }

    /// The chunk in which a serial number is or would be; `None` if it stands before all others.
    fn chunk_of(&self, serial: Serial) -> Option<usize> {
        let stands_after =
            |chunk: &Arc<Vec<Entry>>| chunk.first().is_some_and(|first| first.serial() <= serial);
        self.chunks.partition_point(stands_after).checked_sub(1)
    }

    /// Joins a small chunk with a neighbour, if both together are not large.
    fn merge(&mut self, index: usize) {
        let joint =
            |low: usize| Some(self.chunks.get(low)?.len() + self.chunks.get(low + 1)?.len());
        let low = [Some(index), index.checked_sub(1)]
            .into_iter()
            .flatten()
            .find(|&low| joint(low).is_some_and(|joint| joint <= CHUNK / 2));
        if let Some(low) = low {
            let upper = self.chunks.remove(low + 1);
            let chunk = Arc::make_mut(&mut self.chunks[low]);
            chunk.reserve_exact(upper.len());
            chunk.extend_from_slice(&upper);
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use inrou_rules::{CertificateId, Municipality, Use};

    use super::*;
    use crate::store::StatusVersion;

    fn record(serial: u64, status: Status) -> StatusRecord {
        let municipality: Municipality = "13221".parse().unwrap();
        StatusRecord {
            id: CertificateId { usage: Use::Signature, serial: Serial(serial) },
            partition: Partition::Residents {
                usage: Use::Signature,
                medium: Medium::Phone,
                municipality,
            },
            not_after: time("2030-02-17T14:59:59Z"),
            status,
            version: StatusVersion(1),
        }
    }

    fn pending(serial: u64) -> Entry {
        Entry::of(&record(serial, Status::Pending)).unwrap()
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Numbers that look random, from xorshift64.
    fn numbers(mut state: u64) -> impl Iterator<Item = u64> {
        std::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        })
    }

    #[test]
    fn valid_5_an_entry_tells_when_and_why() {
        let at = time("2126-11-21T01:02:03Z");
        for reason in REASONS {
            let entry = Entry::of(&record(7, Status::Revoked { at, reason })).unwrap();
            assert_eq!(entry.withdrawal(), Some((at, Withdrawal::Revoked(reason))));
        }
        let held = Entry::of(&record(7, Status::Held { since: at })).unwrap();
        assert_eq!(held.withdrawal(), Some((at, Withdrawal::Hold)));
        assert_eq!(held.listed().map(|listed| listed.serial), Some(Serial(7)));
        assert_eq!(pending(7).listed(), None);
        assert!(Entry::of(&record(7, Status::Good)).is_none());
    }

    #[test]
    fn every_reason_has_its_number() {
        let every = |reason| match reason {
            RevocationReason::Unspecified
            | RevocationReason::KeyCompromise
            | RevocationReason::CaCompromise
            | RevocationReason::AffiliationChanged
            | RevocationReason::Superseded
            | RevocationReason::CessationOfOperation => REASONS.contains(&reason),
        };
        assert!(REASONS.into_iter().all(every));
    }

    #[test]
    fn an_entry_is_expired_from_the_day_after_and_never_where_that_is_too_far() {
        let entry = pending(7);
        assert!(!entry.is_expired(time("2030-02-17T23:59:59Z")));
        assert!(entry.is_expired(time("2030-02-18T00:00:00Z")));
        let mut far = record(7, Status::Pending);
        far.not_after = time("9999-12-30T00:00:00Z");
        assert!(!Entry::of(&far).unwrap().is_expired(Timestamp::MAX));
    }

    #[test]
    fn partitions_do_not_share_a_number() {
        let mut seen = std::collections::HashSet::new();
        let usage = Use::Signature;
        assert!(seen.insert(PartitionCode::from(Partition::Own { usage })));
        for medium in [Medium::Card, Medium::Phone] {
            for code in ["00000", "00001", "13221", "99999"] {
                let municipality = code.parse().unwrap();
                let partition = Partition::Residents { usage, medium, municipality };
                assert!(seen.insert(partition.into()), "{partition}");
            }
        }
    }

    #[test]
    fn it_does_what_a_map_does() {
        let (mut entries, mut model) = (Entries::default(), BTreeMap::new());
        let mut snapshots = Vec::new();
        for (step, number) in numbers(42).take(60_000).enumerate() {
            // Mostly growing at first, mostly shrinking at last.
            let serial = number % 8_000 + 1;
            if (number >> 32) % 60_000 > step as u64 {
                let entry = pending(serial);
                assert_eq!(entries.insert(entry).is_some(), model.insert(serial, entry).is_some());
            } else {
                let removed = entries.remove(Serial(serial)).map(|entry| entry.serial().0);
                assert_eq!(removed, model.remove(&serial).map(|_| serial));
            }
            if step % 10_000 == 0 {
                snapshots.push((entries.clone(), model.clone()));
            }
        }
        snapshots.push((entries, model));
        for (entries, model) in snapshots {
            let serials: Vec<u64> = entries.iter().map(|entry| entry.serial().0).collect();
            assert!(serials.iter().eq(model.keys()), "a snapshot changed");
            assert_eq!(entries.len(), model.len());
            for serial in 0..=8_001 {
                let found = entries.find(Serial(serial));
                assert_eq!(found.is_some(), model.contains_key(&serial));
            }
        }
    }

    #[test]
    fn an_entry_takes_24_bytes_at_most_however_it_came_there() {
        let per_entry = |entries: &Entries| entries.footprint() as f64 / entries.len() as f64;
        let mut appended = Entries::default();
        for serial in 1..=200_000 {
            appended.insert(pending(serial));
        }
        assert!(per_entry(&appended) < 24.0, "{}", per_entry(&appended));

        // As certificates come to be good: few of those that were pending stay.
        let mut thinned = appended.clone();
        for serial in (1..=200_000).filter(|serial| serial % 20 != 0) {
            thinned.remove(Serial(serial));
        }
        assert_eq!(thinned.len(), 10_000);
        assert!(per_entry(&thinned) < 24.0, "{}", per_entry(&thinned));

        let mut scattered = Entries::default();
        for serial in numbers(7).take(200_000) {
            scattered.insert(pending(serial >> 16));
        }
        assert!(per_entry(&scattered) < 24.0, "{}", per_entry(&scattered));
    }
}
