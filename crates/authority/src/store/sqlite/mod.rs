//! The store on SQLite: one file, one writer thread, a few readers (WAL, `synchronous=FULL`).

mod columns;
mod counters;
mod documents;
mod issuance;
mod jobs;
mod journal;
mod outbox;
mod phones;
mod requests;
mod residents;
mod statuses;
mod units;

#[cfg(test)]
mod tests;

use std::path::Path;

use inrou_rules::{CertificateId, ChipId, RecordVersion, Resident, ResidentId, Serial, Use};
use inrou_store::{Database, Opening, Schema};
use inrou_tlog::Hash;
use jiff::Timestamp;

use super::{
    AttributeVersion, CertificateRecord, CrlRecord, Document, DocumentKind, IdempotencyRecord,
    Intent, IntentKey, Job, JobId, LoggedEntry, Message, NameKey, Partition, Pending, PhoneRecord,
    Precondition, StatusRecord, StatusVersion, Store, StoreError, Unit, Versioned,
};

/// Each form of the schema, from an empty file on. What was released is never changed. A fixture of
/// every form stays readable: with a new form, `sqlite3 FILE .dump` of a store that has a row in
/// every table goes to `fixtures/`, and the tests ask for it.
const SCHEMA: Schema =
    &[include_str!("schema/v1.sql"), include_str!("schema/v2.sql"), include_str!("schema/v3.sql")];

/// What can be set.
pub use inrou_store::Settings as SqliteSettings;

/// A store in a file.
///
/// Dropping it commits what was handed in, and closes the file. The file has one owner: beside it
/// lies a lock, `.lock` appended to its name, held while the store is open.
pub struct SqliteStore {
    database: Database<Precondition>,
}

impl SqliteStore {
    /// Opens a store, or makes an empty one, in a folder that exists. Leases on jobs end with the
    /// process that held them.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Newer`], or what the medium says.
    pub fn open(file: &Path, settings: SqliteSettings) -> Result<Self, StoreError> {
        Self::start(Opening::new(file, SCHEMA, settings))
    }

    /// Opens a store on another file layer than the system's, which has no locks between processes.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn open_on(
        layer: &str,
        file: &str,
        settings: SqliteSettings,
    ) -> Result<Self, StoreError> {
        Self::start(Opening::through(layer, file, SCHEMA, settings))
    }

    fn start(opening: Opening) -> Result<Self, StoreError> {
        let database = Database::open(opening, |connection| {
            residents::make_findable(connection)?;
            jobs::end_leases(connection)
        })?;
        Ok(Self { database })
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&rusqlite::Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.database.read(read)
    }
}

impl Store for SqliteStore {
    fn commit_async(&self, unit: Unit) -> Pending {
        self.database.write(move |connection| units::apply(connection, &unit))
    }

    fn resident(&self, id: ResidentId) -> Result<Option<Versioned<Resident>>, StoreError> {
        self.read(|connection| residents::one(connection, id))
    }

    fn resident_with_attributes(
        &self,
        id: ResidentId,
    ) -> Result<Option<(Versioned<Resident>, AttributeVersion)>, StoreError> {
        self.read(|connection| residents::with_attributes(connection, id))
    }

    fn residents(
        &self,
        after: Option<ResidentId>,
        limit: u32,
    ) -> Result<Vec<Versioned<Resident>>, StoreError> {
        self.read(|connection| residents::list(connection, after, limit))
    }

    fn residents_called(
        &self,
        key: NameKey,
        after: Option<ResidentId>,
        limit: u32,
    ) -> Result<Vec<Versioned<Resident>>, StoreError> {
        self.read(|connection| residents::called(connection, key, after, limit))
    }

    fn attributes(
        &self,
        resident: ResidentId,
        record: RecordVersion,
    ) -> Result<Option<AttributeVersion>, StoreError> {
        self.read(|connection| residents::attributes(connection, resident, record))
    }

    fn journal(
        &self,
        resident: ResidentId,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LoggedEntry>, StoreError> {
        self.read(|connection| journal::of_resident(connection, resident, from, limit))
    }

    fn log(&self, from: u64, limit: u32) -> Result<Vec<LoggedEntry>, StoreError> {
        self.read(|connection| journal::list(connection, from, limit))
    }

    fn leaves(&self, from: u64, limit: u32) -> Result<Vec<Hash>, StoreError> {
        self.read(|connection| journal::leaves(connection, from, limit))
    }

    fn log_size(&self) -> Result<u64, StoreError> {
        self.read(journal::size)
    }

    fn phone(&self, chip: ChipId) -> Result<Option<Versioned<PhoneRecord>>, StoreError> {
        self.read(|connection| phones::one(connection, chip))
    }

    fn document(
        &self,
        kind: DocumentKind,
        id: &str,
    ) -> Result<Option<Versioned<Document>>, StoreError> {
        self.read(|connection| documents::one(connection, kind, id))
    }

    fn documents(
        &self,
        kind: DocumentKind,
        owner: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Versioned<Document>>, StoreError> {
        self.read(|connection| documents::list(connection, kind, owner, after, limit))
    }

    fn last_serial(&self, usage: Use) -> Result<Serial, StoreError> {
        self.read(|connection| issuance::last_serial(connection, usage))
    }

    fn intent(&self, key: IntentKey) -> Result<Option<Intent>, StoreError> {
        self.read(|connection| issuance::intent(connection, key))
    }

    fn certificate(&self, id: CertificateId) -> Result<Option<CertificateRecord>, StoreError> {
        self.read(|connection| issuance::certificate(connection, id))
    }

    fn certificates_in(
        &self,
        chip: ChipId,
        after: Option<CertificateId>,
        limit: u32,
    ) -> Result<Vec<CertificateRecord>, StoreError> {
        self.read(|connection| issuance::in_chip(connection, chip, after, limit))
    }

    fn status(&self, id: CertificateId) -> Result<Option<StatusRecord>, StoreError> {
        self.read(|connection| statuses::one(connection, id))
    }

    fn statuses(
        &self,
        usage: Use,
        after: Option<Serial>,
        limit: u32,
    ) -> Result<Vec<StatusRecord>, StoreError> {
        self.read(|connection| statuses::of_issuer(connection, usage, after, limit))
    }

    fn status_version(&self) -> Result<StatusVersion, StoreError> {
        self.read(statuses::version)
    }

    fn status_changes(
        &self,
        since: StatusVersion,
        limit: u32,
    ) -> Result<Vec<StatusRecord>, StoreError> {
        self.read(|connection| statuses::changes(connection, since, limit))
    }

    fn crl(&self, partition: Partition) -> Result<Option<CrlRecord>, StoreError> {
        self.read(|connection| statuses::crl(connection, partition))
    }

    fn jobs(&self, after: Option<JobId>, limit: u32) -> Result<Vec<Job>, StoreError> {
        self.read(|connection| jobs::list(connection, after, limit))
    }

    fn next_job(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(jobs::next)
    }

    fn messages(&self, chip: ChipId, since: u64, limit: u32) -> Result<Vec<Message>, StoreError> {
        self.read(|connection| outbox::list(connection, chip, since, limit))
    }

    fn idempotency(
        &self,
        caller: &str,
        key: &str,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.read(|connection| requests::idempotency(connection, caller, key))
    }
}
