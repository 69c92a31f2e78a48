//! Work that falls due, and messages that go out.

use std::collections::BTreeMap;

use inrou_rules::ChipId;
use jiff::Timestamp;

use super::Opaque;

/// A job to be done once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// What kind of work, in kebab case.
    pub kind: String,
    /// Which one of its kind: there is one job at a time under kind and key.
    pub key: String,
    /// When it is to be done.
    pub due: Timestamp,
    /// What else the work needs to know. Must not hold attribute values.
    pub payload: Opaque,
}

/// Names a job for good: numbers are not used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// The right to finish a job: lost when the lease runs out and somebody else takes the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which job.
    pub job: JobId,
    /// How often the job was taken, this time included.
    pub attempt: u32,
}

/// A job that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Which one.
    pub id: JobId,
    /// The job.
    pub job: NewJob,
    /// How often it was taken.
    pub attempts: u32,
    /// Until when nobody else can take it.
    pub leased_until: Option<Timestamp>,
}

impl Job {
    /// The right of the worker that took the job last.
    pub fn lease(&self) -> Lease {
        Lease { job: self.id, attempt: self.attempts }
    }
}

/// A message to a phone: a code with parameters; its words are made where it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// The chip of the phone.
    pub chip: ChipId,
    /// What it says, in kebab case.
    pub code: String,
    /// Name and value of each parameter. Must not hold attribute values.
    pub params: BTreeMap<String, String>,
    /// When.
    pub at: Timestamp,
}

/// A message in its phone's sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number there, from 1, without gaps.
    pub sequence: u64,
    /// The message.
    pub message: NewMessage,
}
