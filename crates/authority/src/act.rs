//! Acting on a resident: load, decide, project, commit; again if somebody else was quicker.

use inrou_rules::{Attributes, Command, Refusal, Resident, ResidentId, apply, decide};

use crate::Authority;
use crate::problem::Failed;
use crate::projection::project;
use crate::store::{Actor, StoreError, Unit, Version, Write};

/// How often a command is decided anew when the resident was changed meanwhile.
const ATTEMPTS: u32 = 8;

/// A resident as loaded.
pub(crate) struct Loaded {
    pub(crate) resident: Resident,
    pub(crate) version: Version,
    pub(crate) attributes: Attributes,
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
        let mut attempt = 1;
        loop {
            let loaded = self.load(id)?;
            match self.decide_and_commit(&loaded, actor, command, also) {
                Err(Attempt::Conflict) if attempt < ATTEMPTS => attempt += 1,
                Err(Attempt::Conflict) => return Err(StoreError::Conflict.into()),
                Err(Attempt::Failed(failed)) => return Err(failed),
                Ok(resident) => return Ok(resident),
            }
        }
    }

    /// As [`act`](Self::act), once, on a resident that was loaded before.
    pub(crate) fn decide_and_commit(
        &self,
        loaded: &Loaded,
        actor: Actor,
        command: &Command,
        also: &dyn Fn(&Resident) -> Vec<Write>,
    ) -> Result<Resident, Attempt> {
        let now = self.clock.now();
        let events =
            decide(Some(&loaded.resident), &loaded.attributes, command, now, &self.settings.rules)?;
        let resident = events
            .iter()
            .try_fold(loaded.resident.clone(), |state, event| apply(Some(state), event))
            .ok_or(Refusal::ResidentUnknown)?;

        let mut unit = Unit::new();
        if !events.is_empty() {
            unit.push(Write::PutResident {
                expected: Some(loaded.version),
                resident: Box::new(resident.clone()),
            });
            unit.extend(project(self, &resident, &events, actor, now)?);
        }
        unit.extend(also(&resident));
        if !unit.writes().is_empty() {
            self.commit(unit)?;
        }
        Ok(resident)
    }

    /// A resident with the present attributes.
    pub(crate) fn load(&self, id: ResidentId) -> Result<Loaded, Failed> {
        let found = self.store.resident(id)?.ok_or(Refusal::ResidentUnknown)?;
        let record =
            self.store.attributes(id, found.value.record)?.ok_or(Refusal::ResidentUnknown)?;
        Ok(Loaded { resident: found.value, version: found.version, attributes: record.attributes })
    }

    /// Commits a unit, and lets everybody know who waits for what it may have brought.
    pub(crate) fn commit(&self, unit: Unit) -> Result<crate::store::Committed, StoreError> {
        let committed = self.store.commit(unit)?;
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
