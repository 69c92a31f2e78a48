//! Applying for certificates on a phone: beginning, the signed application, completion (APPLY).

use inrou_api::problem::Code;
use inrou_api::wire::authority::{
    ApplicationAccepted, BeginEnrolment, Challenge, EnrolmentBegun, EnrolmentStage, EnrolmentView,
};
use inrou_rules::{ChipId, Command, EnrolmentId, Refusal, Use};

use crate::Authority;
use crate::act::Loaded;
use crate::enrolment::Enrolment;
use crate::problem::Failed;
use crate::store::{Actor, StoreError, Write};

impl Authority {
    /// Begins an enrolment under `id`; once begun it stays as it is. `also` gives further writes of the
    /// same commit.
    ///
    /// # Errors
    /// Refusals by APPLY-2, APPLY-3 and REG-3; `too-many-requests`; `phone-unknown`; the store's.
    pub fn begin_enrolment(
        &self,
        chip: ChipId,
        id: EnrolmentId,
        request: &BeginEnrolment,
        also: &dyn Fn(&EnrolmentBegun) -> Vec<Write>,
    ) -> Result<EnrolmentBegun, Failed> {
        if request.uses.is_empty() {
            return Err(Refusal::NoneSelected.into());
        }
        if !request.confirmed {
            return Err(Refusal::NotConfirmed.into());
        }
        let platform = self.phone(chip)?.value.platform;
        self.check_room(chip, id)?;
        let enrolment = Enrolment {
            id,
            chip,
            platform,
            uses: request.uses,
            change_of_phone: request.change_of_phone,
            terms: self.settings.terms.clone(),
            challenge: self.random_32(),
            challenge_expires: self.deadline(self.settings.challenge_life),
            key_challenge: self.random_32(),
            keys: Vec::new(),
            resident: None,
            stage: EnrolmentStage::Begun,
        };
        let answer = begun(&enrolment);
        let writes = [enrolment.write(None)].into_iter().chain(also(&answer));
        match self.commit(writes.collect()) {
            Ok(_) => Ok(answer),
            // The same request came before, and its answer was lost.
            Err(StoreError::Conflict) => Ok(begun(&self.enrolment_of(chip, id)?.1)),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the application that the card signed (APPLY-4): CMS, attached. Repeating it changes
    /// nothing.
    ///
    /// # Errors
    /// What is wrong with the application, the rules' refusals, the store's.
    pub fn take_application(
        &self,
        chip: ChipId,
        id: EnrolmentId,
        cms: &[u8],
    ) -> Result<ApplicationAccepted, Failed> {
        let (version, enrolment) = self.enrolment_of(chip, id)?;
        if matches!(enrolment.stage, EnrolmentStage::Ended { .. }) {
            return Err(Refusal::NoSuchApplication.into());
        }
        if enrolment.keys.is_empty() {
            return Err(Code::KEYS_NOT_MADE.into());
        }
        let waits = matches!(enrolment.stage, EnrolmentStage::Begun);
        if waits && self.clock.now() >= enrolment.challenge_expires {
            return Err(Code::CHALLENGE_EXPIRED.into());
        }
        let signer = self.signer_of(cms, &enrolment.statement())?;
        if signer.id.usage != Use::Signature {
            return Err(Code::CERTIFICATE_WRONG_KIND.into());
        }
        if enrolment.resident.is_some_and(|resident| resident != signer.resident) {
            return Err(Code::APPLICATION_CONTENT_MISMATCH.into());
        }
        let phone = self.phone(chip)?.value;
        if phone.resident.is_some_and(|serves| serves != signer.resident) {
            return Err(Refusal::PhoneServesAnother.into());
        }
        let uses = enrolment.uses;
        let command = Command::Apply {
            enrolment: id,
            chip,
            platform: enrolment.platform,
            uses,
            confirmed: true,
            consent: enrolment.change_of_phone,
            signed_with: signer.id,
        };
        let loaded =
            Loaded { enrolment: Some((version, enrolment)), ..self.load(signer.resident)? };
        let actor = Actor::Card { chip: signer.chip };
        let after = self.act_on(loaded, actor, &command, &|_| Vec::new())?;
        Ok(ApplicationAccepted { enrolment: id, applicant: after.attributes, uses })
    }

    /// The new PINs are set: the last screen was passed (HOURS-1). Repeating it changes nothing.
    ///
    /// # Errors
    /// `enrolment-unknown`, the rules' refusals, the store's.
    pub fn complete_application(
        &self,
        chip: ChipId,
        id: EnrolmentId,
    ) -> Result<EnrolmentView, Failed> {
        let (version, mut enrolment) = self.enrolment_of(chip, id)?;
        if enrolment.stage == EnrolmentStage::Signed {
            let resident = enrolment.resident.ok_or(Refusal::NoSuchApplication)?;
            let command = Command::CompleteApplication { enrolment: id };
            let loaded = Loaded { enrolment: Some((version, enrolment)), ..self.load(resident)? };
            let actor = Actor::Phone { chip };
            let mut after = self.act_on(loaded, actor, &command, &|_| Vec::new())?;
            enrolment = match after.enrolments.remove(&id) {
                Some(completed) => completed,
                // The same request came before, and was carried out meanwhile.
                None => self.enrolment_of(chip, id)?.1,
            };
        }
        if enrolment.stage == EnrolmentStage::Begun {
            return Err(Refusal::NoSuchApplication.into());
        }
        Ok(enrolment.view())
    }
}

fn begun(enrolment: &Enrolment) -> EnrolmentBegun {
    EnrolmentBegun {
        enrolment: enrolment.id,
        challenge: Challenge {
            value: enrolment.challenge.clone(),
            expires: enrolment.challenge_expires,
        },
        terms: enrolment.terms.clone(),
    }
}
