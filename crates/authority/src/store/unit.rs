//! A unit of work: typed writes, applied in order, all or nothing.

use inrou_rules::{CertificateId, Resident};
use jiff::Timestamp;

use super::{
    AttributeVersion, CertificateRecord, CrlRecord, Document, IdempotencyRecord, Intent, IntentKey,
    Job, JobId, JournalEntry, Lease, NewIntent, NewJob, NewMessage, Nonce, Partition, PhoneRecord,
    SerialRange, Status, StatusVersion, Version,
};

/// Writes that are committed together or not at all, in this order.
///
/// A write that refers to a row needs the row to be there: a resident before the events.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    writes: Vec<Write>,
}

impl Unit {
    /// A unit without writes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a write.
    pub fn push(&mut self, write: Write) {
        self.writes.push(write);
    }

    /// The writes, in order.
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }
}

impl From<Write> for Unit {
    fn from(write: Write) -> Self {
        Self { writes: vec![write] }
    }
}

impl FromIterator<Write> for Unit {
    fn from_iter<I: IntoIterator<Item = Write>>(writes: I) -> Self {
        Self { writes: writes.into_iter().collect() }
    }
}

impl Extend<Write> for Unit {
    fn extend<I: IntoIterator<Item = Write>>(&mut self, writes: I) {
        self.writes.extend(writes);
    }
}

/// One write, with its precondition.
///
/// `expected` is the version that the row must have: `None` means that there must be no such row,
/// anything else is [`Conflict`](super::StoreError::Conflict). The row's next version is the
/// expected one plus 1. The other errors named here are kinds of [`Precondition`](super::Precondition).
#[derive(Clone, Debug)]
pub enum Write {
    // --- residents ---
    /// Stores a resident's state.
    PutResident {
        /// The version that the row must have.
        expected: Option<Version>,
        /// The state.
        resident: Box<Resident>,
    },
    /// Stores a version of a resident's attributes, once: `AlreadyRecorded`.
    PutAttributes(AttributeVersion),
    /// Appends to the journal; the answer has the place in the log.
    AppendEvent(JournalEntry),
    /// Stores a phone. `ResidentHasPhone` if another phone serves the same resident: in a unit that
    /// moves a resident from phone to phone, the one that is left comes first.
    PutPhone {
        /// The version that the row must have.
        expected: Option<Version>,
        /// The phone.
        phone: PhoneRecord,
    },
    /// Stores a document.
    PutDocument {
        /// The version that the row must have.
        expected: Option<Version>,
        /// The document.
        document: Document,
    },

    // --- issuance and status ---
    /// Reserves serial numbers; they are `Pending` from now on. The answer has the numbers.
    ReserveSerials {
        /// The partition of the certificates-to-be, and with it the issuer.
        partition: Partition,
        /// How many.
        count: u32,
        /// Last second of their validity.
        not_after: Timestamp,
    },
    /// Records an issuance and reserves its serial number, or finds the one that is recorded under
    /// the same key. The answer has what was recorded first.
    OpenIntent(NewIntent),
    /// Ends an issuance, whether or not a certificate came of it: `IntentNotOpen`. If none did, the
    /// intent stays as the record of its serial number.
    CloseIntent(IntentKey),
    /// Stores a certificate, once: `AlreadyRecorded`, `SerialNotReserved`.
    PutCertificate(CertificateRecord),
    /// Changes a status: `SerialNotReserved`, or `Revoked` if it is revoked. What is on hold is revoked since
    /// then ([`Status::after`]). The answer has the version of the change.
    PutStatus {
        /// Which certificate.
        id: CertificateId,
        /// The new status.
        status: Status,
    },
    /// Forgets good certificates whose change to good every reader of the feed has seen.
    ForgetGood {
        /// The last change seen.
        up_to: StatusVersion,
    },
    /// Reserves a partition's next CRL number; the answer has it.
    ReserveCrlNumber(Partition),
    /// Records that a CRL is published: `CrlNumberNotNext`.
    PutCrl(CrlRecord),

    // --- work ---
    /// Adds a job, unless there is one under the same kind and key. The answer has its number.
    AddJob(NewJob),
    /// Takes jobs that are due and not leased, the longest due first. The answer has them.
    LeaseJobs {
        /// The present time.
        now: Timestamp,
        /// Until when nobody else can take them.
        until: Timestamp,
        /// At most how many.
        limit: u32,
    },
    /// Removes a job that is done: `LeaseLost`.
    CompleteJob(Lease),
    /// Gives a job back, to be done later: `LeaseLost`.
    PostponeJob {
        /// The right to do so.
        lease: Lease,
        /// When it is to be done.
        due: Timestamp,
    },
    /// Puts a message in its phone's sequence; the answer has its number. The latest
    /// [`MESSAGES`](super::MESSAGES) of a phone are kept.
    Send(NewMessage),

    // --- requests ---
    /// Spends a nonce: `NonceSpent`.
    SpendNonce(Nonce),
    /// Records an answer: `IdempotencyKeyUsed`.
    PutIdempotency(IdempotencyRecord),
    /// Deletes what has expired: nonces, idempotency records, documents. The answer has how many
    /// rows.
    Prune {
        /// The present time.
        now: Timestamp,
        /// At most how many rows of each.
        limit: u32,
    },
}

/// What a committed unit answers. Each list follows the order of the writes that it belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Places in the log, of [`Write::AppendEvent`].
    pub events: Vec<u64>,
    /// Of [`Write::ReserveSerials`].
    pub serials: Vec<SerialRange>,
    /// Of [`Write::OpenIntent`].
    pub intents: Vec<Intent>,
    /// Of [`Write::PutStatus`].
    pub statuses: Vec<StatusVersion>,
    /// Of [`Write::ReserveCrlNumber`].
    pub crl_numbers: Vec<u64>,
    /// Of [`Write::AddJob`].
    pub added_jobs: Vec<JobId>,
    /// The jobs taken by [`Write::LeaseJobs`].
    pub leased_jobs: Vec<Job>,
    /// Numbers in the phones' sequences, of [`Write::Send`].
    pub messages: Vec<u64>,
    /// How many rows [`Write::Prune`] deleted.
    pub pruned: u64,
}
