//! Acting on a resident: load, decide, project, commit; again if somebody else was quicker.

use std::collections::BTreeMap;

use inrou_rules::{Attributes, Command, EnrolmentId, Refusal, Resident, ResidentId, apply, decide};

use crate::Authority;
use crate::enrolment::Enrolment;
use crate::problem::Failed;
use crate::projection::project;
use crate::store::{Actor, Committed, Pending, StoreError, Unit, Version, Write};

/// How often something is decided anew when the resident was changed meanwhile.
pub(crate) const ATTEMPTS: u32 = 8;

/// What a command is decided on, as loaded.
pub(crate) struct Loaded {
    pub(crate) resident: Resident,
    pub(crate) version: Version,
    pub(crate) attributes: Attributes,
    /// The enrolment that the command is about, if it was loaded before: it is not loaded again.
    pub(crate) enrolment: Option<(Version, Enrolment)>,
}

/// What a command has led to.
pub(crate) struct After {
    pub(crate) resident: Resident,
    /// The attributes on which it was decided.
    pub(crate) attributes: Attributes,
    /// The enrolments that it changed.
    pub(crate) enrolments: BTreeMap<EnrolmentId, Enrolment>,
}

impl Authority {
    /// Carries out a command, and gives the state after it. `also` gives further writes of the same
    /// commit.
    pub(crate) fn act(
        &self,
        id: ResidentId,
        actor: Actor,
        command: &Command,
        also: &dyn Fn(&Resident) -> Vec<Write>,
    ) -> Result<Resident, Failed> {
        self.act_on(self.load(id)?, actor, command, also).map(|after| after.resident)
    }

    /// As [`act`](Self::act), on what was loaded before; it is loaded anew if it has changed.
    pub(crate) fn act_on(
        &self,
        mut loaded: Loaded,
        actor: Actor,
        command: &Command,
        also: &dyn Fn(&Resident) -> Vec<Write>,
    ) -> Result<After, Failed> {
        let mut attempt = 1;
        loop {
            match self.decide_and_commit(&loaded, actor, command, also) {
                Err(Attempt::Conflict) if attempt < ATTEMPTS => attempt += 1,
                Err(Attempt::Conflict) => return Err(StoreError::Conflict.into()),
                Err(Attempt::Failed(failed)) => return Err(failed),
                Ok(after) => return Ok(after),
            }
            loaded = self.load(loaded.resident.id)?;
        }
    }

    /// As [`act_on`](Self::act_on), once.
    pub(crate) fn decide_and_commit(
        &self,
        loaded: &Loaded,
        actor: Actor,
        command: &Command,
        also: &dyn Fn(&Resident) -> Vec<Write>,
    ) -> Result<After, Attempt> {
        let (unit, after) = self.decide(loaded, actor, command, also)?;
        if !unit.writes().is_empty() {
            self.commit(unit)?;
        }
        Ok(after)
    }

    /// What a command leads to, and the unit that makes it so.
    pub(crate) fn decide(
        &self,
        loaded: &Loaded,
        actor: Actor,
        command: &Command,
        also: &dyn Fn(&Resident) -> Vec<Write>,
    ) -> Result<(Unit, After), Failed> {
        let now = self.clock.now();
        let events =
            decide(Some(&loaded.resident), &loaded.attributes, command, now, &self.settings.rules)?;
        let resident = events
            .iter()
            .try_fold(loaded.resident.clone(), |state, event| apply(Some(state), event))
            .ok_or(Refusal::ResidentUnknown)?;

        let (mut unit, mut enrolments) = (Unit::new(), BTreeMap::new());
        if !events.is_empty() {
            unit.push(Write::PutResident {
                expected: Some(loaded.version),
                resident: Box::new(resident.clone()),
            });
            let projected =
                project(self, &resident, &events, actor, now, loaded.enrolment.clone())?;
            unit.extend(projected.writes);
            enrolments = projected.enrolments;
        }
        unit.extend(also(&resident));
        let attributes = loaded.attributes.clone();
        Ok((unit, After { resident, attributes, enrolments }))
    }

    /// A resident with the present attributes.
    pub(crate) fn load(&self, id: ResidentId) -> Result<Loaded, Failed> {
        let (resident, record) =
            self.store.resident_with_attributes(id)?.ok_or(Refusal::ResidentUnknown)?;
        Ok(Loaded {
            resident: resident.value,
            version: resident.version,
            attributes: record.attributes,
            enrolment: None,
        })
    }

    /// Commits a unit, and lets everybody know who waits for what it may have brought.
    pub(crate) fn commit(&self, unit: Unit) -> Result<Committed, StoreError> {
        self.await_commit(self.store.commit_async(unit))
    }

    /// As [`commit`](Self::commit), of a unit that was handed in before.
    pub(crate) fn await_commit(&self, handed_in: Pending) -> Result<Committed, StoreError> {
        let committed = handed_in.wait()?;
        if let Some(&last) = committed.statuses.last()
            && let Err(error) = self.status.catch_up_to(last, &*self.store)
        {
            // It is committed all the same. Status services read it before they tell anything.
            tracing::warn!(%error, "the status index is behind");
        }
        self.changed.notify();
        Ok(committed)
    }
}

/// Why one attempt did not succeed.
pub(crate) enum Attempt {
    /// Somebody else was quicker: load and decide anew.
    Conflict,
    /// Anything else.
    Failed(Failed),
}

impl From<Attempt> for Failed {
    fn from(attempt: Attempt) -> Self {
        match attempt {
            Attempt::Conflict => StoreError::Conflict.into(),
            Attempt::Failed(failed) => failed,
        }
    }
}

impl From<StoreError> for Attempt {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Attempt::Conflict,
            error => Attempt::Failed(error.into()),
        }
    }
}

impl From<Refusal> for Attempt {
    fn from(refusal: Refusal) -> Self {
        Attempt::Failed(refusal.into())
    }
}

impl From<Failed> for Attempt {
    fn from(failed: Failed) -> Self {
        Attempt::Failed(failed)
    }
}
