//! What time alone brings: S0 2-D, Q1, Q2; S2 3-D, 4-B⑧ (HOURS-1, HOURS-2, MOVE-3).
//!
//! A certificate expires by its own date, which nothing here has to do anything for.

use jiff::{SignedDuration, Timestamp};

use super::look::WATCH;
use super::world::*;

impl World {
    /// Time passes. Every application whose latest time has come is worked on: its certificates are
    /// issued between that of its earliest time and `to`, for a clock that leaps does its work on
    /// landing. A test had better go in steps, by [`World::next_moment`].
    pub fn pass(&mut self, to: Timestamp) {
        assert!(to >= self.now, "time does not run backwards");
        let mut due: Vec<(Timestamp, PhoneId)> = Vec::new();
        for phone in (0..self.phones.len()).map(PhoneId) {
            if let Some(ApplicationStage::Waiting { from, by }) = self.stage(phone)
                && by <= to
            {
                due.push((from, phone));
            }
        }
        due.sort_unstable();
        for (from, phone) in due {
            if matches!(self.stage(phone), Some(ApplicationStage::Waiting { .. })) {
                self.issue(phone, Between { from, to });
            }
        }
        self.now = to;
    }

    /// HOURS-2: the resident gets the notice that registration can be done. To be told to the
    /// oracle when the service has given it; an error if it was too early or never to come.
    pub fn notice(&mut self, phone: PhoneId, at: Timestamp) -> Result<(), &'static str> {
        self.pass(at);
        match self.stage(phone) {
            Some(ApplicationStage::Waiting { from, .. }) if at < from => {
                Err("HOURS-1: a notice before work has begun")
            }
            Some(ApplicationStage::Waiting { from, .. }) => {
                self.issue(phone, Between { from, to: at });
                match self.stage(phone) {
                    Some(ApplicationStage::Ready) => Ok(()),
                    _ => Err("APPLY-4: a notice for an application that had to be rejected"),
                }
            }
            Some(ApplicationStage::Ready | ApplicationStage::Registered) => Ok(()),
            _ => Err("HOURS-2: a notice without an application that is complete"),
        }
    }

    /// The next moment at which something happens by itself, or has happened for certain.
    pub fn next_moment(&self) -> Option<Timestamp> {
        let second = SignedDuration::from_secs(1);
        let mut moments = Vec::new();
        for phone in &self.phones {
            if let Some(application) = &phone.application
                && let ApplicationStage::Waiting { from, by } = application.stage
            {
                moments.extend([from, by]);
            }
            if let Deletion::Due { since, earliest, .. } = phone.deletion {
                moments.extend([earliest + WATCH, since.to + WATCH + second]);
            }
        }
        moments.extend(self.certificates.iter().map(|c| c.not_after + second));
        moments.into_iter().filter(|moment| *moment > self.now).min()
    }
}
