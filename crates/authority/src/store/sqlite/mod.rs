//! The store on SQLite: one file, one writer thread, a few readers (WAL, `synchronous=FULL`).

mod columns;
mod counters;
mod documents;
mod failure;
mod issuance;
mod jobs;
mod journal;
mod opening;
mod outbox;
mod phones;
mod readers;
mod requests;
mod residents;
mod statuses;
mod writer;

#[cfg(test)]
mod tests;

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use inrou_rules::{CertificateId, ChipId, RecordVersion, Resident, ResidentId, Serial, Use};
use jiff::Timestamp;

use self::opening::Opening;
use self::readers::Readers;
use self::writer::{Request, Writer};
use super::{
    AttributeVersion, CertificateRecord, CrlRecord, Document, DocumentKind, IdempotencyRecord,
    Intent, IntentKey, Job, JobId, LeafHash, LoggedEntry, Message, Partition, Pending, PhoneRecord,
    StatusRecord, StatusVersion, Store, StoreError, Unit, Versioned,
};

/// How many units may wait for the writer before it is said to be busy.
const QUEUE: usize = 4096;

/// What can be set.
#[derive(Clone, Copy, Debug)]
pub struct SqliteSettings {
    /// How many reads may go on at once.
    pub readers: usize,
    /// After how many pages of the write-ahead log they are carried over into the main file.
    pub checkpoint_pages: u32,
}

impl Default for SqliteSettings {
    fn default() -> Self {
        Self { readers: 16, checkpoint_pages: 8000 }
    }
}

/// A store in a file.
///
/// Dropping it commits what was handed in, and closes the file. The file has one owner: beside it
/// lies a lock, `.lock` appended to its name, held while the store is open.
pub struct SqliteStore {
    /// `None` only while the store is dropped, as `writer`.
    queue: Option<SyncSender<Request>>,
    readers: Option<Readers>,
    writer: Option<JoinHandle<()>>,
}

impl SqliteStore {
    /// Opens a store, or makes an empty one, in a folder that exists. Leases on jobs end with the
    /// process that held them.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Newer`], or what the medium says.
    pub fn open(file: &Path, settings: SqliteSettings) -> Result<Self, StoreError> {
        let lock = lock(file)?;
        private(file).map_err(StoreError::failed)?;
        Self::start(Opening { file: file.to_owned(), vfs: None, settings }, Some(lock))
    }

    /// Opens a store on another file layer than the system's, which has no locks between processes.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn open_on(
        vfs: &str,
        file: &str,
        settings: SqliteSettings,
    ) -> Result<Self, StoreError> {
        let opening = Opening { file: file.into(), vfs: Some(vfs.to_owned()), settings };
        Self::start(opening, None)
    }

    fn start(opening: Opening, lock: Option<File>) -> Result<Self, StoreError> {
        let writer = Writer::new(opening.writer()?);
        let (queue, requests) = sync_channel(QUEUE);
        let writer = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                writer.run(&requests);
                // Others may open the file when the writer has closed it, not before.
                drop(lock);
            })
            .map_err(StoreError::failed)?;
        Ok(Self { queue: Some(queue), readers: Some(Readers::new(opening)), writer: Some(writer) })
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&rusqlite::Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.readers.as_ref().ok_or(StoreError::Closed)?.read(read)
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // The writer closes last: the last connection carries the log over into the main file.
        self.readers = None;
        self.queue = None;
        if let Some(writer) = self.writer.take()
            // A caller woken by the writer may drop the store there and then.
            && writer.thread().id() != thread::current().id()
        {
            let _ = writer.join();
        }
    }
}

fn lock(file: &Path) -> Result<File, StoreError> {
    let mut name = file.as_os_str().to_owned();
    name.push(".lock");
    let lock = private(Path::new(&name)).map_err(StoreError::failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => Err(StoreError::failed(error)),
    }
}

/// Opens a file for this user alone, if the system knows users; SQLite's own files follow it.
fn private(file: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

impl Store for SqliteStore {
    fn commit_async(&self, unit: Unit) -> Pending {
        let (answer, pending) = Pending::new();
        let request = Request { unit, answer };
        let refused = match &self.queue {
            None => Some((StoreError::Closed, request)),
            Some(queue) => match queue.try_send(request) {
                Ok(()) => None,
                Err(TrySendError::Full(request)) => Some((StoreError::Busy, request)),
                Err(TrySendError::Disconnected(request)) => Some((StoreError::Closed, request)),
            },
        };
        if let Some((error, request)) = refused {
            request.answer.give(Err(error));
        }
        pending
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

    fn leaves(&self, from: u64, limit: u32) -> Result<Vec<LeafHash>, StoreError> {
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
