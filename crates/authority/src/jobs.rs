//! Work that falls due: issuance in business hours (HOURS-1), delayed publication (HOURS-3).

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::{iter, thread};

use inrou_api::problem::Code;
use inrou_rules::{
    CertificateId, CertificateStatus, EnrolmentId, Refusal, ResidentId, Serial, Use,
};
use jiff::{SignedDuration, Timestamp};

use crate::Authority;
use crate::problem::Failed;
use crate::store::{IntentSubject, Job, Status, Unit, Write};

/// Issues an enrolment's certificates.
pub(crate) const ISSUE: &str = "issue";
/// Lets status services tell a certificate.
pub(crate) const PUBLISH: &str = "publish";

/// How long a worker has for the jobs it took.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// After how long a job is tried again that did not succeed.
const RETRY: SignedDuration = SignedDuration::from_mins(1);
/// How many jobs are taken at a time.
const BATCH: u32 = 256;
/// How many of them are done at a time. Many more than there are processors: those that wait for
/// the medium together are committed together.
const WORKERS: usize = 32;

impl Authority {
    /// Does every job that is due now, and says when the next one falls due.
    ///
    /// # Errors
    /// The store failed; jobs that failed for reasons of their own are put off.
    pub fn run_due_jobs(&self) -> Result<Option<Timestamp>, Failed> {
        loop {
            let now = self.clock.now();
            if self.store.next_job()?.is_none_or(|due| due > now) {
                return Ok(self.store.next_job()?);
            }
            let until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
            let lease = Write::LeaseJobs { now, until, limit: BATCH };
            self.run_all(self.store.commit(lease.into())?.leased_jobs)?;
        }
    }

    fn run_all(&self, jobs: Vec<Job>) -> Result<(), Failed> {
        let others = WORKERS.min(jobs.len()).saturating_sub(1);
        let jobs = Mutex::new(jobs.into_iter());
        let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
        let work = || iter::from_fn(next).try_for_each(|job| self.run(&job));
        thread::scope(|scope| {
            let others: Vec<_> = (0..others).map(|_| scope.spawn(work)).collect();
            let done = work();
            let others = others
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
            others.fold(done, Result::and)
        })
    }

    fn run(&self, job: &Job) -> Result<(), Failed> {
        let done = match job.job.kind.as_str() {
            ISSUE => self.run_issue(job),
            PUBLISH => self.run_publish(job),
            kind => {
                tracing::error!(kind, "a job of a kind that is not known");
                Ok(())
            }
        };
        let Err(Failed(problem)) = done else { return Ok(()) };
        tracing::warn!(%problem, kind = job.job.kind, "a job is put off");
        let due = self.clock.now().saturating_add(RETRY).unwrap_or(Timestamp::MAX);
        self.store.commit(Write::PostponeJob { lease: job.lease(), due }.into())?;
        Ok(())
    }

    fn run_issue(&self, job: &Job) -> Result<(), Failed> {
        let (Ok(enrolment), Some(resident)) =
            (job.job.key.parse::<EnrolmentId>(), resident_of(job))
        else {
            return self.complete(job, Vec::new());
        };
        let (_, document) = self.enrolment(enrolment)?;
        let issued = self.issue(
            resident,
            IntentSubject::Enrolment(enrolment),
            &|usage| document.key(usage),
            Some(job.lease()),
        );
        match issued {
            // The application gave way to another, or was issued by a worker that died afterwards.
            Err(Failed(problem)) if problem.code() == Refusal::NoSuchApplication.code() => {
                self.complete(job, Vec::new())
            }
            other => other.map(drop),
        }
    }

    fn run_publish(&self, job: &Job) -> Result<(), Failed> {
        let found = certificate_of(&job.job.key).zip(resident_of(job));
        let Some((id, resident)) = found else { return self.complete(job, Vec::new()) };
        loop {
            match self.publish(job, id, resident) {
                // Somebody else was quicker, such as the job of the resident's other certificate.
                Err(failed) if failed.0.is(Code::CONFLICT) => {}
                done => return done,
            }
        }
    }

    fn publish(&self, job: &Job, id: CertificateId, resident: ResidentId) -> Result<(), Failed> {
        let loaded = self.load(resident)?;
        let active = loaded
            .resident
            .certificates
            .get(&id)
            .is_some_and(|found| matches!(found.status, CertificateStatus::Active { .. }));
        // The resident's version holds off a hold or revocation that is decided meanwhile.
        let writes = if active {
            vec![
                Write::PutResident {
                    expected: Some(loaded.version),
                    resident: Box::new(loaded.resident),
                },
                Write::PutStatus { id, status: Status::Good },
            ]
        } else {
            Vec::new()
        };
        self.complete(job, writes)
    }

    fn complete(&self, job: &Job, mut writes: Vec<Write>) -> Result<(), Failed> {
        writes.push(Write::CompleteJob(job.lease()));
        self.commit(writes.into_iter().collect::<Unit>())?;
        Ok(())
    }
}

/// The key of a job about one certificate.
pub(crate) fn certificate_key(id: CertificateId) -> String {
    let usage = match id.usage {
        Use::Signature => "signature",
        Use::UserAuthentication => "user-authentication",
    };
    format!("{usage}/{}", id.serial.0)
}

fn certificate_of(key: &str) -> Option<CertificateId> {
    let (usage, serial) = key.split_once('/')?;
    let usage = match usage {
        "signature" => Use::Signature,
        "user-authentication" => Use::UserAuthentication,
        _ => return None,
    };
    Some(CertificateId { usage, serial: Serial(serial.parse().ok()?) })
}

fn resident_of(job: &Job) -> Option<ResidentId> {
    std::str::from_utf8(&job.job.payload.0).ok()?.parse().ok()
}
