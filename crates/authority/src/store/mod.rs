//! The store of the authority: units of typed writes go in, typed rows come out.
//!
//! Whatever stands behind [`Store`], a unit that was answered with `Ok` is durable and seen by every
//! later read, and a unit that was answered with an error other than [`StoreError::Failed`] left
//! nothing behind. Moments outside JSON are kept to the microsecond. Lists are paged: `after` (or
//! `from`, `since`) is the place to go on from, `limit` the most rows to answer.

mod error;
mod issuance;
mod journal;
mod records;
mod requests;
mod sqlite;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod unit;
mod work;

use inrou_rules::{CertificateId, ChipId, RecordVersion, Resident, ResidentId, Serial, Use};
use inrou_tlog::Hash;
use jiff::Timestamp;

pub use error::{Pending, Precondition, StoreError};
pub use issuance::{
    CertificateRecord, CrlRecord, Holder, Intent, IntentKey, IntentSubject, NewIntent, Partition,
    SerialRange, Status, StatusRecord, StatusVersion,
};
pub use journal::{Actor, JournalEntry, LoggedEntry};
pub use records::{
    AttributeVersion, Document, DocumentKind, NameKey, Opaque, PhoneRecord, Salt, Version,
    Versioned,
};
pub use requests::{IdempotencyRecord, Nonce};
pub use sqlite::{SqliteSettings, SqliteStore};
pub use unit::{Committed, Unit, Write};
pub use work::{Job, JobId, Lease, Message, NewJob, NewMessage};

/// How many messages of a phone are kept: it reads them as they come.
pub const MESSAGES: u64 = 100;

/// A store. Reads block on the medium: async callers wrap them.
///
/// Every read fails only with [`StoreError::Busy`], [`Corrupt`](StoreError::Corrupt) or
/// [`Failed`](StoreError::Failed), unless it says more.
pub trait Store: Send + Sync {
    /// Hands in a unit, to be awaited. It is committed even if nobody awaits it.
    fn commit_async(&self, unit: Unit) -> Pending;

    /// Commits a unit, and blocks until it is durable.
    ///
    /// # Errors
    /// Why it was not committed.
    fn commit(&self, unit: Unit) -> Result<Committed, StoreError> {
        self.commit_async(unit).wait()
    }

    // --- residents and their journal ---

    /// A resident's state.
    fn resident(&self, id: ResidentId) -> Result<Option<Versioned<Resident>>, StoreError>;

    /// A resident's state with the attributes that it names, as of one moment; `None` also if those
    /// are not stored.
    fn resident_with_attributes(
        &self,
        id: ResidentId,
    ) -> Result<Option<(Versioned<Resident>, AttributeVersion)>, StoreError>;

    /// Residents by id.
    fn residents(
        &self,
        after: Option<ResidentId>,
        limit: u32,
    ) -> Result<Vec<Versioned<Resident>>, StoreError>;

    /// Residents whose present record has a name and birth date of that key, by id.
    fn residents_called(
        &self,
        key: NameKey,
        after: Option<ResidentId>,
        limit: u32,
    ) -> Result<Vec<Versioned<Resident>>, StoreError>;

    /// One version of a resident's attributes.
    fn attributes(
        &self,
        resident: ResidentId,
        record: RecordVersion,
    ) -> Result<Option<AttributeVersion>, StoreError>;

    /// A resident's journal, from a place in the whole log on.
    fn journal(
        &self,
        resident: ResidentId,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LoggedEntry>, StoreError>;

    /// The whole log, from a place on. `Corrupt` if an entry does not have its leaf's hash.
    fn log(&self, from: u64, limit: u32) -> Result<Vec<LoggedEntry>, StoreError>;

    /// The log's leaves, from a place on.
    fn leaves(&self, from: u64, limit: u32) -> Result<Vec<Hash>, StoreError>;

    /// How many entries the log has.
    fn log_size(&self) -> Result<u64, StoreError>;

    // --- phones and documents ---

    /// A phone, by its chip.
    fn phone(&self, chip: ChipId) -> Result<Option<Versioned<PhoneRecord>>, StoreError>;

    /// A document.
    fn document(
        &self,
        kind: DocumentKind,
        id: &str,
    ) -> Result<Option<Versioned<Document>>, StoreError>;

    /// Documents of a kind by id; with an owner, only that owner's.
    fn documents(
        &self,
        kind: DocumentKind,
        owner: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Versioned<Document>>, StoreError>;

    // --- issuance and status ---

    /// The highest serial number that was reserved from an issuer; `Serial(0)` if none was.
    fn last_serial(&self, usage: Use) -> Result<Serial, StoreError>;

    /// The open issuance under a key.
    fn intent(&self, key: IntentKey) -> Result<Option<Intent>, StoreError>;

    /// A certificate.
    fn certificate(&self, id: CertificateId) -> Result<Option<CertificateRecord>, StoreError>;

    /// The certificates whose private keys are in a chip, by id.
    fn certificates_in(
        &self,
        chip: ChipId,
        after: Option<CertificateId>,
        limit: u32,
    ) -> Result<Vec<CertificateRecord>, StoreError>;

    /// The status of a serial number. A stored certificate without a record is good.
    fn status(&self, id: CertificateId) -> Result<Option<StatusRecord>, StoreError>;

    /// An issuer's serial numbers that are not good (and some that became good of late), by number.
    ///
    /// Whoever keeps an index asks for [`status_version`](Self::status_version), reads all of these,
    /// and follows [`status_changes`](Self::status_changes) from that version on.
    fn statuses(
        &self,
        usage: Use,
        after: Option<Serial>,
        limit: u32,
    ) -> Result<Vec<StatusRecord>, StoreError>;

    /// The last change of status.
    fn status_version(&self) -> Result<StatusVersion, StoreError>;

    /// The present status of what changed later than `since`, of all issuers, by version.
    ///
    /// # Errors
    /// [`Precondition::FeedForgotten`] if [`Write::ForgetGood`] went further than `since`.
    fn status_changes(
        &self,
        since: StatusVersion,
        limit: u32,
    ) -> Result<Vec<StatusRecord>, StoreError>;

    /// The last CRL published for a partition.
    fn crl(&self, partition: Partition) -> Result<Option<CrlRecord>, StoreError>;

    // --- work ---

    /// Jobs by id.
    fn jobs(&self, after: Option<JobId>, limit: u32) -> Result<Vec<Job>, StoreError>;

    /// When the next job may be taken: it is due and no lease is on it.
    fn next_job(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Messages to a phone later than number `since`.
    fn messages(&self, chip: ChipId, since: u64, limit: u32) -> Result<Vec<Message>, StoreError>;

    // --- requests ---

    /// What was answered under an idempotency key.
    fn idempotency(&self, caller: &str, key: &str)
    -> Result<Option<IdempotencyRecord>, StoreError>;
}
