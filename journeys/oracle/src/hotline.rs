//! By telephone: S0 1-F and 2-F, S1, S2 5-B, S3 (CARD-11, LOSS-1, LOSS-3, HOURS-4).

use super::causes::Cause;
use super::expected::{Checks, Rules};
use super::japan::{self, Hotline};
use super::questions::{Asked, Question};
use super::world::*;

impl World {
    /// CARD-11: at any hour. The phone's certificates are not held by it, unless set so.
    pub(super) fn hold_card(
        &mut self,
        resident: ResidentId,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let usable = |usage| self.latest_on_card(resident, usage).filter(|id| self.is_usable(*id));
        let nothing = usable(Use::Signature).or(usable(Use::Authentication)).is_none();
        let mut no = Checks::new();
        no.perhaps(nothing, Question::NothingToDo, &["CARD-1", "CARD-11", "CARD-13"]);
        no.verdict(asked)?;
        self.hold_what_the_card_carries(resident);
        if let Some(card) = self.residents[resident.0].card
            && !self.cards[card.0].reported_lost
            && asked.ask(Question::CallReportsLoss)
        {
            self.cards[card.0].reported_lost = true;
        }
        if self.settings.card_hold_includes_phone {
            self.hold_what_phones_carry(resident, asked);
        }
        Ok(())
    }

    /// LOSS-1: at any hour. An application on the lost phone is withdrawn (assumption).
    pub(super) fn hold_phone(
        &mut self,
        resident: ResidentId,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let on_phones = self.on_phones_of(resident);
        let to_hold = on_phones.iter().any(|(_, id)| self.is_good(*id) && !self.is_over(*id));
        let nothing = !to_hold && self.applies_on(resident).is_empty();
        let mut no = Checks::new();
        no.perhaps(nothing, Question::NothingToDo, &["LOSS-1", "CARD-13"]);
        no.verdict(asked)?;
        self.withdraw_on_lost_phone(resident, asked);
        self.hold_what_phones_carry(resident, asked);
        Ok(())
    }

    /// Applications on the phone that is lost are withdrawn. Who has certificates on one phone and
    /// applies on another has lost the former, as far as the call tells.
    fn withdraw_on_lost_phone(&mut self, resident: ResidentId, asked: &mut Asked) {
        let carrying: Vec<_> =
            self.on_phones_of(resident).iter().map(|(phone, _)| *phone).collect();
        for phone in self.applies_on(resident) {
            let lost = carrying.is_empty() || carrying.contains(&phone);
            if lost || asked.ask(Question::ReachesOtherPhone) {
                self.withdraw(phone);
            }
        }
    }

    fn hold_what_phones_carry(&mut self, resident: ResidentId, asked: &mut Asked) {
        for (phone, id) in self.on_phones_of(resident) {
            if !self.is_good(id) || self.is_over(id) {
                continue;
            }
            let unregistered = self.certificate(id).place == Place::NotYet;
            if unregistered && asked.ask(Question::HoldWithdrawsReady) {
                self.end(id, Cause::WithdrawnByHold, Between::at(self.now));
                self.withdraw(phone);
            } else {
                self.hold(id);
            }
        }
    }

    /// LOSS-3: on request, in the hotline's hours (HOURS-4).
    pub(super) fn revoke_phone(
        &mut self,
        resident: ResidentId,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let on_phones = self.on_phones_of(resident);
        let applies = !self.applies_on(resident).is_empty();
        let hours = japan::hotline(self.now, &self.holidays);
        let mut no = Checks::new();
        no.when(hours == Hotline::Closed, &["HOURS-4"]);
        no.perhaps(hours == Hotline::Closing, Question::HotlineCloses, &["HOURS-4"]);
        let nothing = on_phones.is_empty();
        no.perhaps(nothing && !applies, Question::NothingToDo, &["LOSS-3", "CARD-13"]);
        no.perhaps(nothing && applies, Question::OnlyApplication, &["LOSS-3"]);
        let expired = !nothing && on_phones.iter().all(|(_, id)| self.is_over(*id));
        no.perhaps(expired, Question::OnlyExpired, &["LOSS-3", "VALID-1"]);
        no.verdict(asked)?;
        self.withdraw_on_lost_phone(resident, asked);
        for (_, id) in on_phones {
            self.end(id, Cause::EndedByHotline, Between::at(self.now));
        }
        Ok(())
    }
}
