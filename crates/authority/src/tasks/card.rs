//! Work on a card that lies on a counter's reader.
//!
//! Certificates that were ordered take two sessions: in the first the chip makes the keys, then the
//! resident sets the PINs on the reader, in the second the certificates are issued and written.

use std::collections::BTreeSet;

use inrou_api::problem::Code;
use inrou_api::wire::authority::{CardPin, SessionOutcome};
use inrou_chip::issuer::{Challenge, Operation, Outcome, PinReference};
use inrou_rules::{ChipId, Command, EnrolmentId, Medium, Refusal, ResidentId, Use};

use super::phone::{challenge, make_keys, unexpected};
use super::{Carried, KeyKinds, Planned, Task, on_chip};
use crate::Authority;
use crate::enrolment::key_of;
use crate::problem::Failed;
use crate::store::{Actor, IntentSubject, StoreError};

impl Authority {
    pub(super) fn plan_card(&self, id: ResidentId) -> Result<Planned, Failed> {
        let resident = self.load(id)?.resident;
        let card = resident.card.as_ref().ok_or(Refusal::NoCard)?;
        let (chip, actor) =
            (card.chip, Actor::Counter { municipality: resident.municipality, acting: None });
        let (_, work) = self.card_work(card.id)?;
        let unlocked = work.unlocked.clone();
        // What was ordered after the first keys were made needs a key of its own.
        if card.ordered.iter().any(|usage| key_of(&work.keys, usage).is_none()) {
            let (order, challenge) = (work.order, challenge(&work.key_challenge)?);
            return Ok(MakeKeys {
                resident: id,
                chip,
                order,
                challenge,
                kinds: self.key_kinds(card.ordered, Medium::Card),
                unlocked,
            }
            .into());
        }
        if !card.ordered.is_empty() {
            let keys = |usage| key_of(&work.keys, usage);
            self.issue(id, IntentSubject::Card(card.id), &keys, None)?;
        }
        let carried = self.carried(&self.load(id)?.resident, chip)?;
        if carried.ids.is_empty() && unlocked.is_empty() {
            return Err(Code::NOTHING_TO_DO.into());
        }
        Ok(Store { resident: id, chip, actor, order: work.order, carried, unlocked }.into())
    }

    fn change_card_work(
        &self,
        id: ResidentId,
        change: impl Fn(&mut crate::card_work::CardWork),
    ) -> Result<(), Failed> {
        loop {
            let card = self.load(id)?.resident.card.ok_or(Refusal::NoCard)?;
            let (version, mut work) = self.card_work(card.id)?;
            change(&mut work);
            match self.commit(work.write(id, Some(version)).into()) {
                Err(StoreError::Conflict) => {}
                other => return Ok(other.map(drop)?),
            }
        }
    }
}

/// The chip makes the keys that were ordered, and takes the PINs that are to be set.
struct MakeKeys {
    resident: ResidentId,
    chip: ChipId,
    order: EnrolmentId,
    challenge: Challenge,
    kinds: KeyKinds,
    unlocked: BTreeSet<CardPin>,
}

impl Task for MakeKeys {
    fn chip(&self) -> ChipId {
        self.chip
    }

    fn operations(&self) -> Vec<Operation> {
        let mut operations = make_keys(self.order, self.challenge, &self.kinds);
        operations.extend(allow(&self.unlocked));
        operations
    }

    fn finish(
        &self,
        authority: &Authority,
        outcomes: Vec<Outcome>,
    ) -> Result<SessionOutcome, Failed> {
        let Some(Outcome::Keys(attestations)) = outcomes.into_iter().next() else {
            return Err(unexpected());
        };
        let (chip, order) = (self.chip, self.order);
        let keys =
            authority.judge_keys(chip, order, &self.kinds, &self.challenge, &attestations)?;
        authority.change_card_work(self.resident, |work| {
            if work.order == self.order {
                work.keys.clone_from(&keys);
            }
            work.unlocked.retain(|pin| !self.unlocked.contains(pin));
        })?;
        let new = self.kinds.keys().map(|usage| match usage {
            Use::Signature => CardPin::Signature,
            Use::UserAuthentication => CardPin::UserAuthentication,
        });
        let pins: BTreeSet<CardPin> = self.unlocked.iter().copied().chain(new).collect();
        let resident = authority.load(self.resident)?.resident;
        Ok(SessionOutcome::CardWritten {
            certificates: on_chip(&resident, Medium::Card),
            pins: pins.into_iter().collect(),
        })
    }
}

/// The chip takes its certificates, and the PINs that were unlocked.
struct Store {
    resident: ResidentId,
    chip: ChipId,
    actor: Actor,
    order: EnrolmentId,
    carried: Carried,
    unlocked: BTreeSet<CardPin>,
}

impl Task for Store {
    fn chip(&self) -> ChipId {
        self.chip
    }

    fn operations(&self) -> Vec<Operation> {
        let (enrolment, certificates) = (self.order, self.carried.certificates.clone());
        let store = (!certificates.is_empty())
            .then_some(Operation::StoreCertificates { enrolment, certificates });
        store.into_iter().chain(allow(&self.unlocked)).collect()
    }

    fn finish(
        &self,
        authority: &Authority,
        outcomes: Vec<Outcome>,
    ) -> Result<SessionOutcome, Failed> {
        authority.change_card_work(self.resident, |work| {
            work.unlocked.retain(|pin| !self.unlocked.contains(pin));
        })?;
        if !self.carried.ids.is_empty() {
            let Some(Outcome::Stored(receipt)) = outcomes.into_iter().next() else {
                return Err(unexpected());
            };
            authority.judge_storage(self.chip, self.order, &self.carried, &receipt)?;
            self.activate(authority)?;
        }
        let resident = authority.load(self.resident)?.resident;
        Ok(SessionOutcome::CardWritten {
            certificates: on_chip(&resident, Medium::Card),
            pins: self.unlocked.iter().copied().collect(),
        })
    }
}

impl Store {
    /// Activates the certificates and ends the order in one commit: the next order must not find
    /// the keys of this one.
    fn activate(&self, authority: &Authority) -> Result<(), Failed> {
        let command = Command::ActivateCard { certificates: self.carried.ids.clone() };
        authority.act_on_card(self.resident, self.actor, &command, |work| {
            let ends = work.order == self.order;
            if ends {
                work.end_order(&*authority.entropy);
            }
            ends
        })
    }
}

fn allow(pins: &BTreeSet<CardPin>) -> impl Iterator<Item = Operation> {
    pins.iter().map(|pin| Operation::AllowPin {
        reference: match pin {
            CardPin::Signature => PinReference::Signature,
            CardPin::UserAuthentication => PinReference::UserAuthentication,
            CardPin::CardFace => PinReference::CardFace,
        },
        enrolment: None,
    })
}
