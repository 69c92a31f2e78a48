//! End of use: S0 2-G, S2 2-F, 3-E, 3-F, S3 (END-1 to END-4); another phone's certificates: S1
//! menu, S2 3-F (MOVE-6).

use super::acts::Proof;
use super::causes::Cause;
use super::expected::{Checks, Rules};
use super::pins::Entry;
use super::questions::{Asked, Question};
use super::world::*;

impl World {
    /// END-2, END-3, END-4: on the phone itself. Its data is deleted by the same procedure.
    pub(super) fn revoke_own(
        &mut self,
        phone: PhoneId,
        confirmed: bool,
        by: Proof,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        self.phone_is_used(phone, asked);
        let carried = self.carried_by(phone);
        let waits = self.is_on_its_way(phone);
        let applicant = self.phones[phone.0].application.as_ref().map(|a| a.applicant);
        let holder = self.carries_of(phone).or(applicant.filter(|_| waits));
        let mut no = Checks::new();
        no.when(!confirmed, &["END-2", "END-4"]);
        let nothing = carried.is_empty() && !waits;
        no.perhaps(nothing, Question::NothingToDo, &["END-2", "END-4", "REG-1"]);
        let only_application = carried.is_empty() && waits;
        no.perhaps(only_application, Question::OnlyApplication, &["END-2", "END-4"]);
        let expired = !carried.is_empty() && carried.iter().all(|id| self.is_over(*id));
        no.perhaps(expired, Question::OnlyExpired, &["END-2", "END-4", "VALID-1"]);
        if !confirmed {
            return no.verdict(asked);
        }
        match by {
            Proof::PhonePassword(password) => {
                let signature = self.latest(Medium::Phone(phone), Use::Signature);
                let usable = signature.is_some_and(|id| self.is_usable(id));
                no.when(!nothing && !usable, &["END-2", "END-3"]);
                if let Some(id) = signature.filter(|_| !nothing) {
                    no.when(!usable, &self.why_unusable(id));
                }
                self.ask_phone(phone, Use::Signature, password, no, asked)?;
            }
            Proof::Card(card, password) => {
                let strange = holder.is_some_and(|holder| holder != card);
                no.when(strange, &["APPLY-4", "END-3", "READY-1", "READY-3"]);
                self.card_signs(card, password, no, asked)?;
            }
        }
        if nothing {
            return Ok(());
        }
        let registered = carried.iter().any(|id| self.certificate(*id).place == Place::OnChip);
        for id in carried {
            self.end(id, Cause::UseEnded, Between::at(self.now));
        }
        self.withdraw(phone);
        self.wipe(phone, Place::Gone);
        self.phones[phone.0].deletion =
            if registered { Deletion::Confirmed } else { Deletion::Nothing };
        Ok(())
    }

    /// MOVE-6: with the card and its signature password, from a phone that carries nothing or
    /// awaits registration.
    pub(super) fn revoke_other(
        &mut self,
        from: PhoneId,
        card: ResidentId,
        password: Entry,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        self.phone_is_used(from, asked);
        let mut on_phones = self.on_phones_of(card);
        on_phones.retain(|(phone, _)| *phone != from);
        let mut applies = self.applies_on(card);
        applies.retain(|phone| *phone != from);

        let mut no = Checks::new();
        self.other_may_be_revoked_from(from, card, &mut no);
        let nothing = on_phones.is_empty();
        no.perhaps(nothing && applies.is_empty(), Question::NothingToDo, &["MOVE-6"]);
        no.perhaps(nothing && !applies.is_empty(), Question::OnlyApplication, &["MOVE-6"]);
        let expired = !nothing && on_phones.iter().all(|(_, id)| self.is_over(*id));
        no.perhaps(expired, Question::OnlyExpired, &["MOVE-6", "VALID-1"]);
        self.card_signs(card, password, no, asked)?;

        let carrying: Vec<_> = on_phones.iter().map(|(phone, _)| *phone).collect();
        for (_, id) in on_phones {
            self.end(id, Cause::EndedFromAnotherPhone, Between::at(self.now));
        }
        for phone in applies {
            if nothing || carrying.contains(&phone) || asked.ask(Question::ReachesOtherPhone) {
                self.withdraw(phone);
            }
        }
        Ok(())
    }

    fn other_may_be_revoked_from(&self, from: PhoneId, card: ResidentId, no: &mut Checks) {
        let carried = self.carried_by(from);
        let registered = |id: &&CertificateId| self.certificate(**id).place == Place::OnChip;
        let alive = carried.iter().filter(registered).any(|id| !self.is_over(*id));
        no.when(alive, &["MOVE-6"]);
        let phone = &self.phones[from.0];
        let awaits_registration = phone.platform == Platform::Android
            && self.stage(from) == Some(ApplicationStage::Ready);
        let strange = self.carries_of(from).is_some_and(|holder| holder != card)
            || phone.application.as_ref().is_some_and(|application| {
                let over = matches!(
                    application.stage,
                    ApplicationStage::Withdrawn
                        | ApplicationStage::Rejected
                        | ApplicationStage::Registered
                );
                !over && application.applicant != card
            });
        let unclear = !phone.supported
            || strange
            || self.is_on_its_way(from)
            || !matches!(phone.deletion, Deletion::Nothing | Deletion::Confirmed)
            || (!carried.is_empty() && !awaits_registration);
        no.perhaps(unclear, Question::RevokeFromSuchPhone, &["MOVE-6", "READY-2"]);
    }
}
