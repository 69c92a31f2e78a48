//! Work that falls due: issuance in business hours (HOURS-1), delayed publication (HOURS-3), the watch
//! over deletions (MOVE-3).

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use inrou_api::problem::Code;
use inrou_rules::hours::overdue_from;
use inrou_rules::{
    CertificateId, CertificateStatus, ChipId, Command, EnrolmentId, ResidentId, Serial, Use,
};
use jiff::{SignedDuration, Timestamp};

use crate::Authority;
use crate::act::{ATTEMPTS, Attempt, Loaded};
use crate::issuance::{Begun, Signed};
use crate::problem::Failed;
use crate::store::{
    Actor, IntentSubject, Job, Pending, Precondition, Status, StoreError, Unit, Write,
};

/// Issues an enrolment's certificates.
pub(crate) const ISSUE: &str = "issue";
/// Lets status services tell a certificate.
pub(crate) const PUBLISH: &str = "publish";

/// Looks whether a former phone has deleted its data.
pub(crate) const WATCH: &str = "watch-deletion";

/// How long a worker has for the jobs it took.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// After how long a job is tried again that did not succeed.
const RETRY: SignedDuration = SignedDuration::from_mins(1);
/// How many jobs are taken at a time.
const BATCH: u32 = 256;

impl Authority {
    /// Does every job that is due now, and says when the next one falls due.
    ///
    /// # Errors
    /// The store failed; jobs that failed for reasons of their own are put off.
    pub fn run_due_jobs(&self) -> Result<Option<Timestamp>, Failed> {
        loop {
            let next = self.run_some_due_jobs()?;
            if next.is_none_or(|due| due > self.clock.now()) {
                return Ok(next);
            }
        }
    }

    /// Does a bounded number of the jobs that are due now, and says when the next one falls due.
    ///
    /// # Errors
    /// As [`Authority::run_due_jobs`].
    pub(crate) fn run_some_due_jobs(&self) -> Result<Option<Timestamp>, Failed> {
        let now = self.clock.now();
        if self.store.next_job()?.is_some_and(|due| due <= now) {
            let until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
            let lease = Write::LeaseJobs { now, until, limit: BATCH };
            self.run_all(&self.store.commit(lease.into())?.leased_jobs)?;
        }
        Ok(self.store.next_job()?)
    }

    /// Each processor gets a share of the jobs.
    fn run_all(&self, jobs: &[Job]) -> Result<(), Failed> {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        let mut shares = jobs.chunks(jobs.len().div_ceil(processors).max(1));
        let Some(own) = shares.next() else { return Ok(()) };
        thread::scope(|scope| {
            let others: Vec<_> =
                shares.map(|share| scope.spawn(|| self.run_share(share))).collect();
            let done = self.run_share(own);
            let others = others
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
            others.fold(done, Result::and)
        })
    }

    /// Every step of all jobs before the next step of any: what they hand in to the store is committed
    /// together, and they do not wait for it one after the other.
    fn run_share(&self, jobs: &[Job]) -> Result<(), Failed> {
        let begun: Vec<_> = jobs.iter().map(|job| self.begin(job)).collect();
        let signed: Vec<_> = jobs
            .iter()
            .zip(begun)
            .map(|(job, begun)| begun.and_then(|begun| self.sign(job, begun)))
            .collect();
        jobs.iter()
            .zip(signed)
            .map(|(job, signed)| self.settle(job, signed.and_then(|signed| self.finish(signed))))
            .fold(Ok(()), Result::and)
    }

    /// The first step of a job.
    fn begin(&self, job: &Job) -> Result<Step<Begun>, Attempt> {
        match job.job.kind.as_str() {
            ISSUE => self.begin_issue(job),
            PUBLISH => self.publish(job),
            WATCH => self.watch_deletion(job),
            kind => {
                tracing::error!(kind, "a job of a kind that is not known");
                Ok(Step::Stay)
            }
        }
    }

    /// The second step, of a job that issues.
    fn sign(&self, job: &Job, step: Step<Begun>) -> Result<Step<Signed>, Attempt> {
        Ok(match step {
            Step::Issue(begun) => Step::Issue(self.sign_begun(begun, Some(job.lease()))?),
            Step::Last(handed_in) => Step::Last(handed_in),
            Step::Stay => Step::Stay,
        })
    }

    /// The last step: what the job was for is durable.
    fn finish(&self, step: Step<Signed>) -> Result<(), Attempt> {
        match step {
            Step::Issue(signed) => self.finish_issuance(signed).map(drop),
            Step::Last(handed_in) => Ok(self.await_commit(handed_in).map(drop)?),
            Step::Stay => Ok(()),
        }
    }

    /// What becomes of a job: it is done, tried again at once, refused for good, or put off.
    fn settle(&self, job: &Job, mut done: Result<(), Attempt>) -> Result<(), Failed> {
        // Somebody else was quicker, such as the job of the resident's other certificate.
        let mut attempt = 1;
        while attempt < ATTEMPTS && matches!(done, Err(Attempt::Conflict)) {
            let again = self.begin(job).and_then(|begun| self.sign(job, begun));
            done = again.and_then(|signed| self.finish(signed));
            attempt += 1;
        }
        let Err(attempt) = done else { return Ok(()) };
        let mut failed = Failed::from(attempt);
        if is_final(&failed) {
            match self.end_refused(job, &failed) {
                Ok(()) => return Ok(()),
                Err(again) => failed = again,
            }
        }
        tracing::warn!(problem = %failed.0, kind = job.job.kind, "a job is put off");
        let due = self.clock.now().saturating_add(RETRY).unwrap_or(Timestamp::MAX);
        match self.store.commit(Write::PostponeJob { lease: job.lease(), due }.into()) {
            // Another worker has it, or has done it.
            Ok(_) | Err(StoreError::Precondition(Precondition::LeaseLost)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends a job that no repetition can do. The application that it was for is rejected, unless it
    /// gave way to another, or was issued by a worker that died afterwards.
    fn end_refused(&self, job: &Job, refused: &Failed) -> Result<(), Failed> {
        let problem = &refused.0;
        tracing::warn!(%problem, kind = job.job.kind, "a job is refused for good");
        let done = || vec![Write::CompleteJob(job.lease())];
        if job.job.kind == ISSUE
            && let Some((enrolment, resident)) = applied(job)
        {
            let command = Command::RejectApplication { enrolment, code: problem.code().to_owned() };
            match self.act(resident, Actor::Service, &command, &|_| done()) {
                Ok(_) => return Ok(()),
                Err(failed) if is_final(&failed) => {}
                Err(failed) => return Err(failed),
            }
        }
        Ok(self.commit(done().into_iter().collect()).map(drop)?)
    }

    fn begin_issue(&self, job: &Job) -> Result<Step<Begun>, Attempt> {
        let Some((enrolment, resident)) = applied(job) else {
            return Ok(self.complete(job, Vec::new()));
        };
        let (version, document) = self.enrolment(enrolment)?;
        let keys = |usage| document.key(usage);
        let loaded = self.load(resident)?;
        let loaded = Loaded { enrolment: Some((version, document.clone())), ..loaded };
        let begun = self.begin_issuance(loaded, IntentSubject::Enrolment(enrolment), &keys)?;
        Ok(Step::Issue(begun))
    }

    fn publish(&self, job: &Job) -> Result<Step<Begun>, Attempt> {
        let found = certificate_of(&job.job.key).zip(resident_of(job));
        let Some((id, resident)) = found else { return Ok(self.complete(job, Vec::new())) };
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
        Ok(self.complete(job, writes))
    }

    /// MOVE-3: what is not deleted by now is overdue. A phone that was left again meanwhile, or for which
    /// the time was set anew, is looked at again when that is over.
    fn watch_deletion(&self, job: &Job) -> Result<Step<Begun>, Attempt> {
        let Some((chip, resident)) = watched(job) else {
            return Ok(self.complete(job, Vec::new()));
        };
        let loaded = self.load(resident)?;
        let former = loaded.resident.former_phones.iter().find(|former| former.chip == chip);
        let awaited = former
            .filter(|former| former.overdue_since.is_none())
            .map(|former| overdue_from(former.deletion_due, self.settings.rules.deletion_watch));
        if let Some(due) = awaited.filter(|&due| due > self.clock.now()) {
            let postpone = Write::PostponeJob { lease: job.lease(), due };
            return Ok(Step::Last(self.store.commit_async(postpone.into())));
        }
        let (command, done) = (Command::WatchDeletion { chip }, job.lease());
        let present = Write::PutResident {
            expected: Some(loaded.version),
            resident: Box::new(loaded.resident.clone()),
        };
        let (mut unit, _) = self.decide(&loaded, Actor::Service, &command, &|_| Vec::new())?;
        // The resident's version holds off that the phone is left again meanwhile.
        if unit.writes().is_empty() {
            unit.push(present);
        }
        unit.push(Write::CompleteJob(done));
        Ok(Step::Last(self.store.commit_async(unit)))
    }

    fn complete<S>(&self, job: &Job, mut writes: Vec<Write>) -> Step<S> {
        writes.push(Write::CompleteJob(job.lease()));
        Step::Last(self.store.commit_async(writes.into_iter().collect::<Unit>()))
    }
}

/// How far a job is.
enum Step<S> {
    /// It issues certificates, and is so far.
    Issue(S),
    /// What ends it is on its way to the store.
    Last(Pending),
    /// Nothing is done with it.
    Stay,
}

/// The key of a job about one certificate.
pub(crate) fn certificate_key(id: CertificateId) -> String {
    format!("{}/{}", id.usage.as_str(), id.serial.0)
}

/// The key of the watch over a phone that carried a resident's certificates.
pub(crate) fn watch_key(chip: ChipId, resident: ResidentId) -> String {
    format!("{chip}/{resident}")
}

fn watched(job: &Job) -> Option<(ChipId, ResidentId)> {
    let (chip, resident) = job.job.key.split_once('/')?;
    chip.parse().ok().zip(resident.parse().ok())
}

fn certificate_of(key: &str) -> Option<CertificateId> {
    let (usage, serial) = key.split_once('/')?;
    let usage = Use::ALL.into_iter().find(|each| each.as_str() == usage)?;
    Some(CertificateId { usage, serial: Serial(serial.parse().ok()?) })
}

/// Which application a job issues, and whose.
fn applied(job: &Job) -> Option<(EnrolmentId, ResidentId)> {
    job.job.key.parse().ok().zip(resident_of(job))
}

/// Whether the same job would be refused again, however often it is tried.
fn is_final(Failed(problem): &Failed) -> bool {
    let may_pass = problem.is(Code::CONFLICT) || problem.code() == "application-not-due";
    problem.status().is_client_error() && !may_pass
}

fn resident_of(job: &Job) -> Option<ResidentId> {
    std::str::from_utf8(&job.job.payload.0).ok()?.parse().ok()
}
