//! Registration on the phone: S0 2-E(登録), S1⑫⑬, S2 2-E, 3-D (REG-1, HOURS-2, LOSS-4).

use jiff::Timestamp;

use super::expected::{Checks, Rules};
use super::questions::{Asked, Question};
use super::validity;
use super::world::*;

impl World {
    /// REG-1. A receipt names every certificate that waits; one that was revoked meanwhile stays
    /// revoked, one that is held is refused. A repeat has the same result.
    pub(super) fn register(&mut self, phone: PhoneId, asked: &mut Asked) -> Result<(), Rules> {
        self.phone_is_used(phone, asked);
        let mut no = Checks::new();
        let not_yet = &["HOURS-1", "HOURS-2", "REG-1"];
        match self.stage(phone) {
            None => no.when(true, &["REG-1"]),
            Some(ApplicationStage::Begun) => no.when(true, &["APPLY-1", "REG-1"]),
            Some(ApplicationStage::Withdrawn) => no.when(
                true,
                &["APPLY-1", "END-2", "LOSS-1", "LOSS-3", "LOSS-4", "MOVE-2", "MOVE-6", "REG-1"],
            ),
            Some(ApplicationStage::Rejected) => no.when(true, &["APPLY-4", "CARD-13", "REG-1"]),
            Some(ApplicationStage::Registered) => {
                no.perhaps(true, Question::NothingToDo, &["REG-1"]);
            }
            Some(ApplicationStage::Waiting { from, .. }) => {
                no.when(self.now < from, not_yet);
                no.perhaps(self.now >= from, Question::NotReadyYet, not_yet);
                // APPLY-4: expired by the time of issuance.
                no.when(self.signer_is_over(phone, from), &["APPLY-4", "REG-1"]);
            }
            Some(ApplicationStage::Ready) => self.may_be_registered(phone, &mut no),
        }
        no.verdict(asked)?;
        if let Some(ApplicationStage::Waiting { from, .. }) = self.stage(phone) {
            self.issue(phone, Between { from, to: self.now });
        }
        if self.stage(phone) == Some(ApplicationStage::Ready) {
            self.write_to_chip(phone);
        }
        Ok(())
    }

    fn signer_is_over(&self, phone: PhoneId, at: Timestamp) -> bool {
        let application = self.phones[phone.0].application.as_ref();
        application.is_some_and(|application| {
            validity::is_over(self.certificate(application.signed_by).not_after, at)
        })
    }

    fn waiting_for_registration(&self, phone: PhoneId) -> Vec<CertificateId> {
        let application = self.phones[phone.0].application.as_ref();
        application.map(|application| application.certificates.clone()).unwrap_or_default()
    }

    fn may_be_registered(&self, phone: PhoneId, no: &mut Checks) {
        let mut waiting = self.waiting_for_registration(phone);
        waiting.retain(|id| !self.has_ended(*id));
        let held = waiting.iter().filter(|id| self.is_held(**id)).count();
        no.when(held > 0 && held == waiting.len(), &["LOSS-1", "LOSS-4", "REG-1"]);
        let flaw = held > 0 || waiting.iter().any(|id| self.is_over(*id));
        let rules = &["LOSS-1", "LOSS-4", "REG-1", "VALID-1", "VALID-2"];
        no.perhaps(flaw, Question::RegisterWithFlaw, rules);
    }

    fn write_to_chip(&mut self, phone: PhoneId) {
        for id in self.waiting_for_registration(phone) {
            if self.has_ended(id) {
                self.certificates[id.0].place = Place::PerhapsGone;
                continue;
            }
            if self.is_held(id) {
                continue;
            }
            let usage = self.certificate(id).usage;
            for former in self.ids().collect::<Vec<_>>() {
                let certificate = &mut self.certificates[former.0];
                if certificate.medium == Medium::Phone(phone)
                    && certificate.usage == usage
                    && certificate.place != Place::NotYet
                {
                    certificate.place = Place::Gone;
                }
            }
            self.certificates[id.0].place = Place::OnChip;
            self.phone_tries(phone, usage).reset();
        }
        self.set_stage(phone, ApplicationStage::Registered);
        self.phones[phone.0].deletion = Deletion::Nothing;
    }
}
