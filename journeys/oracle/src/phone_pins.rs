//! PINs of the phone: J §3.1, assumptions PIN-1 and PIN-2; the forms are those of S0 2-D (CARD-4,
//! CARD-5, APPLY-5).

use super::acts::Twice;
use super::expected::{Checks, Rules};
use super::pins::Entry;
use super::questions::{Asked, Question};
use super::world::*;

impl World {
    /// PIN-2: by who knows the old one; not while the phone is held.
    pub(super) fn change_pin(
        &mut self,
        phone: PhoneId,
        key: Use,
        old: Entry,
        new: &Twice,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        self.phone_is_used(phone, asked);
        let mut no = self.pin_can_be_set(phone, key, new);
        let held = self.carried_by(phone).iter().any(|id| self.is_held(*id));
        no.when(held, &["LOSS-4", "PIN-2"]);
        self.ask_phone(phone, key, old, no, asked)
    }

    /// PIN-2: a forgotten or locked one, with the card and its signature password.
    pub(super) fn reset_pin(
        &mut self,
        phone: PhoneId,
        key: Use,
        card: ResidentId,
        password: Entry,
        new: &Twice,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        self.phone_is_used(phone, asked);
        let mut no = self.pin_can_be_set(phone, key, new);
        let held = self.carried_by(phone).iter().any(|id| self.is_held(*id));
        no.perhaps(held, Question::ResetWhileHeld, &["LOSS-4", "PIN-2"]);
        if let Some(id) = self.latest(Medium::Phone(phone), key) {
            let strange = self.certificate(id).holder != card;
            no.when(strange, &["APPLY-4", "PIN-2", "READY-1", "READY-3"]);
        }
        self.card_signs(card, password, no, asked)?;
        self.phone_tries(phone, key).reset();
        Ok(())
    }

    fn pin_can_be_set(&self, phone: PhoneId, key: Use, new: &Twice) -> Checks {
        let mut no = Checks::new();
        match key {
            Use::Signature => {
                no.when(!new.is_signature_password(), &["APPLY-5", "CARD-4", "PIN-2"]);
            }
            Use::Authentication => no.when(!new.is_four_digits(), &["APPLY-5", "CARD-5", "PIN-2"]),
        }
        let there = self.latest(Medium::Phone(phone), key);
        let on_chip = there.filter(|id| self.certificate(*id).place == Place::OnChip);
        match on_chip {
            None => {
                // The PIN of an application that is not registered yet is on the phone already.
                let application = self.phones[phone.0].application.as_ref();
                let set = application.is_some_and(|application| {
                    let waits = matches!(
                        application.stage,
                        ApplicationStage::Waiting { .. } | ApplicationStage::Ready
                    );
                    waits && application.uses.has(key)
                });
                let remains = there.is_some_and(|id| self.certificate(id).place != Place::Gone);
                no.when(!set && !remains, &["PIN-2", "REG-1", "REG-3"]);
                no.perhaps(set || remains, Question::PinOfDeadKey, &["PIN-2", "REG-1", "REG-3"]);
            }
            Some(id) => {
                let dead = self.has_ended(id) || self.is_over(id);
                let mut rules = self.why_unusable(id);
                rules.push("PIN-2");
                no.perhaps(dead, Question::PinOfDeadKey, &rules);
            }
        }
        no
    }
}
