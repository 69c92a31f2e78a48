//! A chip holds the keys of one application beside those in use (REG-3): making keys for another one
//! ends those that were begun before. One that is complete is not given up: until it is registered,
//! its chip takes no other, whoever applies.

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::authority::EnrolmentStage;
use inrou_rules::{ChipId, Command, EnrolmentId, Medium, Refusal};

use crate::Authority;
use crate::enrolment::Enrolment;
use crate::problem::Failed;
use crate::store::{Actor, Version};

/// How many enrolments of a chip are remembered that nobody has signed.
const MOST_UNSIGNED: usize = 100;

impl Authority {
    /// Whether another enrolment may be begun on a chip.
    ///
    /// # Errors
    /// `application-under-way`; `too-many-requests` until one that nobody signed is forgotten; the
    /// store's.
    pub(crate) fn check_room(&self, chip: ChipId, id: EnrolmentId) -> Result<(), Failed> {
        let mut others = self.enrolments_on(chip)?;
        others.retain(|(_, other)| other.id != id);
        self.check_none_under_way(&others)?;
        let forgotten = others.iter().filter_map(|(_, other)| other.forgotten_from());
        let forgotten: Vec<_> = forgotten.collect();
        match forgotten.iter().min() {
            Some(first) if forgotten.len() >= MOST_UNSIGNED => {
                let wait = first.duration_since(self.clock.now()).as_secs().max(1);
                Err(Problem::new(Code::TOO_MANY_REQUESTS).with("wait", wait).into())
            }
            _ => Ok(()),
        }
    }

    /// Ends what else was begun on a chip, before the chip makes the keys of an enrolment.
    ///
    /// # Errors
    /// `application-under-way`; `conflict` if another one goes on at this moment; the store's.
    pub(crate) fn make_way_for(&self, chip: ChipId, id: EnrolmentId) -> Result<(), Failed> {
        let mut others = self.enrolments_on(chip)?;
        others.retain(|(_, other)| other.id != id);
        self.check_none_under_way(&others)?;
        for (version, mut other) in others {
            match (&other.stage, other.resident) {
                (EnrolmentStage::Begun, _) => {
                    other.end(Code::APPLICATION_WITHDRAWN.as_str());
                    self.commit(other.write(Some(version)).into())?;
                }
                (EnrolmentStage::Signed, Some(resident)) => {
                    let command = Command::WithdrawApplication { enrolment: other.id };
                    self.act(resident, Actor::Phone { chip }, &command, &|_| Vec::new())?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn check_none_under_way(&self, others: &[(Version, Enrolment)]) -> Result<(), Failed> {
        for (_, other) in others {
            if self.is_under_way(other)? {
                return Err(Refusal::ApplicationUnderWay.into());
            }
        }
        Ok(())
    }

    /// Whether an application is complete, and neither registered nor over.
    pub(crate) fn is_under_way(&self, enrolment: &Enrolment) -> Result<bool, Failed> {
        let (EnrolmentStage::Completed { .. } | EnrolmentStage::Ready { .. }, Some(resident)) =
            (&enrolment.stage, enrolment.resident)
        else {
            return Ok(false);
        };
        let resident = self.load(resident)?.resident;
        let is_pending =
            resident.application.as_ref().is_some_and(|pending| pending.enrolment == enrolment.id);
        let mut waiting = resident
            .live(Medium::Phone, self.clock.now())
            .filter(|found| found.chip == enrolment.chip && found.is_undelivered());
        Ok(is_pending || waiting.next().is_some())
    }
}
