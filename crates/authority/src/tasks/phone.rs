//! Work on a phone's chip.

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{BeginRequest, EnrolmentStage, SessionOutcome};
use inrou_chip::issuer::{
    AttestedKey as KeyName, Challenge, DeletionRequest, Operation, Outcome, PinReference,
    SignedStatement,
};
use inrou_rules::hours::visible_from;
use inrou_rules::{
    ChipId, Command, EnrolmentId, Medium, PhoneStage, Platform, Refusal, Resident, ResidentId, Use,
};

use super::{Carried, KeyKinds, Planned, Task, unattested, unproven};
use crate::Authority;
use crate::problem::Failed;
use crate::store::{Actor, PhoneRecord, StoreError, Write};

impl Authority {
    pub(super) fn plan_phone_registration(
        &self,
        chip: ChipId,
        platform: Platform,
        model: &str,
    ) -> Result<Planned, Failed> {
        let challenge = Challenge(self.random());
        Ok(Registration { chip, platform, model: model.to_owned(), challenge }.into())
    }

    pub(super) fn plan_keys(&self, chip: ChipId, id: EnrolmentId) -> Result<Planned, Failed> {
        let (_, enrolment) = self.enrolment_of(chip, id)?;
        if matches!(enrolment.stage, EnrolmentStage::Ended { .. }) {
            return Err(Refusal::NoSuchApplication.into());
        }
        if !enrolment.keys.is_empty() {
            return Ok(Planned::Done(SessionOutcome::KeysAttested { keys: enrolment.keys }));
        }
        self.make_way_for(chip, id)?;
        let challenge = challenge(&enrolment.key_challenge)?;
        let kinds = self.key_kinds(enrolment.uses, Medium::Phone);
        Ok(Keys { chip, enrolment: id, challenge, kinds }.into())
    }

    pub(super) fn plan_storage(&self, chip: ChipId, id: EnrolmentId) -> Result<Planned, Failed> {
        let (_, enrolment) = self.enrolment_of(chip, id)?;
        let resident = enrolment.resident.ok_or(Refusal::NoSuchRegistration)?;
        match enrolment.stage {
            EnrolmentStage::Ready { .. } => {}
            EnrolmentStage::Registered { .. } => return Ok(Planned::Done(self.stored(resident)?)),
            _ => return Err(Refusal::NoSuchRegistration.into()),
        }
        let holder = self.load(resident)?.resident;
        let mut waiting = holder.certificates.values().filter(|found| found.chip == chip);
        if let Some(held) = waiting.find(|found| found.is_undelivered() && found.is_held()) {
            return Err(Refusal::CertificateHeld { usage: held.id.usage }.into());
        }
        let carried = self.carried(&holder, chip)?;
        if carried.ids.is_empty() {
            return Err(Refusal::NoSuchRegistration.into());
        }
        Ok(Storage { chip, enrolment: id, resident, carried }.into())
    }

    pub(super) fn plan_deletion(&self, chip: ChipId) -> Result<Planned, Failed> {
        let resident = self.former_holder(chip)?.ok_or(Refusal::DeletionNotDue)?;
        Ok(Deletion { chip, resident, request: DeletionRequest(self.random()) }.into())
    }

    pub(super) fn plan_pin_set(&self, chip: ChipId, id: &str) -> Result<Planned, Failed> {
        let (_, request) = self.request(chip, id)?;
        let BeginRequest::PinReset { usage } = request.asked else {
            return Err(Code::REQUEST_UNKNOWN.into());
        };
        if request.carried_out.is_none() {
            return Err(Code::REQUEST_UNKNOWN.into());
        }
        if request.leave_given {
            return Ok(Planned::Done(SessionOutcome::PinSetAllowed { usage }));
        }
        Ok(PinLeave { chip, request: id.to_owned(), usage }.into())
    }

    /// Whose certificates a chip carried that has to delete them.
    fn former_holder(&self, chip: ChipId) -> Result<Option<ResidentId>, Failed> {
        let has_to_delete =
            |resident: &Resident| resident.former_phones.iter().any(|former| former.chip == chip);
        Ok(self.holders_in(chip)?.into_iter().find(has_to_delete).map(|resident| resident.id))
    }

    fn stored(&self, resident: ResidentId) -> Result<SessionOutcome, Failed> {
        let resident = self.load(resident)?.resident;
        let usable_from = resident.phone.as_ref().and_then(|phone| match phone.stage {
            PhoneStage::Registered { since } => {
                Some(visible_from(since, phone.platform, self.settings.rules.visibility_delay))
            }
            PhoneStage::Ready { .. } => None,
        });
        Ok(SessionOutcome::CertificatesStored {
            certificates: super::on_chip(&resident, Medium::Phone),
            usable_from: usable_from.ok_or(Refusal::NoSuchRegistration)?,
        })
    }
}

/// The device key is made, and from then on signs the phone's requests.
struct Registration {
    chip: ChipId,
    platform: Platform,
    model: String,
    challenge: Challenge,
}

impl Task for Registration {
    fn chip(&self) -> ChipId {
        self.chip
    }

    fn operations(&self) -> Vec<Operation> {
        vec![Operation::MakeDeviceKey { challenge: self.challenge }]
    }

    fn finish(
        &self,
        authority: &Authority,
        outcomes: Vec<Outcome>,
    ) -> Result<SessionOutcome, Failed> {
        let Some(Outcome::DeviceKey(attestation)) = outcomes.into_iter().next() else {
            return Err(unexpected());
        };
        let key = attestation
            .verify(&authority.maker, &self.chip, &KeyName::Device, &self.challenge)
            .map_err(unattested)?;
        let known = authority.store.phone(self.chip)?;
        if known.as_ref().is_none_or(|known| known.value.device_key != key.spki()) {
            let phone = PhoneRecord {
                chip: self.chip,
                device_key: key.spki().to_vec(),
                model: self.model.clone(),
                platform: self.platform,
                resident: known.as_ref().and_then(|known| known.value.resident),
            };
            let expected = known.map(|known| known.version);
            authority.commit(Write::PutPhone { expected, phone }.into())?;
        }
        Ok(SessionOutcome::PhoneRegistered)
    }
}

/// The keys of an enrolment are made; their PINs may be set until the certificates come (APPLY-5).
struct Keys {
    chip: ChipId,
    enrolment: EnrolmentId,
    challenge: Challenge,
    kinds: KeyKinds,
}

impl Task for Keys {
    fn chip(&self) -> ChipId {
        self.chip
    }

    fn operations(&self) -> Vec<Operation> {
        make_keys(self.enrolment, self.challenge, &self.kinds)
    }

    fn finish(
        &self,
        authority: &Authority,
        outcomes: Vec<Outcome>,
    ) -> Result<SessionOutcome, Failed> {
        let Some(Outcome::Keys(attestations)) = outcomes.into_iter().next() else {
            return Err(unexpected());
        };
        let keys = authority.judge_keys(
            self.chip,
            self.enrolment,
            &self.kinds,
            &self.challenge,
            &attestations,
        )?;
        let (version, mut enrolment) = authority.enrolment_of(self.chip, self.enrolment)?;
        if enrolment.stage != EnrolmentStage::Begun {
            return Err(Refusal::NoSuchApplication.into());
        }
        if enrolment.keys.is_empty() {
            enrolment.keys.clone_from(&keys);
            authority.commit(enrolment.write(Some(version)).into())?;
        }
        Ok(SessionOutcome::KeysAttested { keys })
    }
}

/// 登録する: the certificates are written, the chip's receipt activates them (REG-1).
struct Storage {
    chip: ChipId,
    enrolment: EnrolmentId,
    resident: ResidentId,
    carried: Carried,
}

impl Task for Storage {
    fn chip(&self) -> ChipId {
        self.chip
    }

    fn operations(&self) -> Vec<Operation> {
        let (enrolment, certificates) = (self.enrolment, self.carried.certificates.clone());
        vec![Operation::StoreCertificates { enrolment, certificates }]
    }

    fn finish(
        &self,
        authority: &Authority,
        outcomes: Vec<Outcome>,
    ) -> Result<SessionOutcome, Failed> {
        let Some(Outcome::Stored(receipt)) = outcomes.into_iter().next() else {
            return Err(unexpected());
        };
        authority.judge_storage(self.chip, self.enrolment, &self.carried, &receipt)?;
        let command = Command::ActivatePhone {
            enrolment: self.enrolment,
            certificates: self.carried.ids.clone(),
        };
        let actor = Actor::Phone { chip: self.chip };
        authority.act(self.resident, actor, &command, &|_| Vec::new())?;
        authority.stored(self.resident)
    }
}

/// The chip deletes what it may no longer hold, and proves it.
struct Deletion {
    chip: ChipId,
    resident: ResidentId,
    request: DeletionRequest,
}

impl Task for Deletion {
    fn chip(&self) -> ChipId {
        self.chip
    }

    fn operations(&self) -> Vec<Operation> {
        vec![Operation::Delete { request: self.request, usage: None }]
    }

    fn finish(
        &self,
        authority: &Authority,
        outcomes: Vec<Outcome>,
    ) -> Result<SessionOutcome, Failed> {
        let Some(Outcome::Deleted(receipt)) = outcomes.into_iter().next() else {
            return Err(unexpected());
        };
        receipt.verify(&authority.maker, &self.chip, &self.request, None).map_err(unproven)?;
        let command = Command::ConfirmDeletion { chip: self.chip };
        let actor = Actor::Phone { chip: self.chip };
        authority.act(self.resident, actor, &command, &|_| Vec::new())?;
        let SignedStatement { signed, certificate } = receipt.0;
        Ok(SessionOutcome::Deleted { receipt: Base64(signed), certificate: Base64(certificate) })
    }
}

/// The chip takes a new PIN once (PIN-2).
struct PinLeave {
    chip: ChipId,
    request: String,
    usage: Use,
}

impl Task for PinLeave {
    fn chip(&self) -> ChipId {
        self.chip
    }

    fn operations(&self) -> Vec<Operation> {
        vec![Operation::AllowPin { reference: self.usage.into(), enrolment: None }]
    }

    fn finish(&self, authority: &Authority, _: Vec<Outcome>) -> Result<SessionOutcome, Failed> {
        let (version, mut request) = authority.request(self.chip, &self.request)?;
        request.leave_given = true;
        match authority.commit(request.write(Some(version)).into()) {
            Ok(_) | Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(SessionOutcome::PinSetAllowed { usage: self.usage })
    }
}

/// Makes keys, and gives leave to set their PINs until the certificates come.
pub(super) fn make_keys(
    enrolment: EnrolmentId,
    challenge: Challenge,
    keys: &KeyKinds,
) -> Vec<Operation> {
    let leaves = keys.keys().map(|&usage| Operation::AllowPin {
        reference: PinReference::from(usage),
        enrolment: Some(enrolment),
    });
    let make = Operation::MakeKeys { enrolment, challenge, keys: keys.clone() };
    [make].into_iter().chain(leaves).collect()
}

/// A challenge that was stored.
pub(super) fn challenge(stored: &Base64) -> Result<Challenge, Failed> {
    stored.0.as_slice().try_into().map(Challenge).map_err(|_| Code::KEYS_NOT_MADE.into())
}

/// A session's outcomes follow its operations: anything else is our own mistake.
pub(super) fn unexpected() -> Failed {
    Problem::new(Code::INTERNAL_ERROR).into()
}
