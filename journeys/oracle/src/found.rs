//! A lost card at the counter, and a card that was found: S0 2-F, S2 5-B (CARD-11, CARD-12).

use super::acts::Person;
use super::causes::Cause;
use super::expected::Rules;
use super::questions::{Asked, Question};
use super::world::*;

impl World {
    /// CARD-11: the loss is also reported to the municipality.
    pub(super) fn report_card_lost(
        &mut self,
        resident: ResidentId,
        at: Municipality,
        by: Person,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let mut no = self.counter(resident, at, "CARD-11");
        let card = self.residents[resident.0].card;
        let reported = card.is_some_and(|card| self.cards[card.0].reported_lost);
        no.when(card.is_none(), &["CARD-1", "CARD-11"]);
        no.perhaps(by == Person::Proxy, Question::ProxyForCard, &["CARD-2", "CARD-11"]);
        no.perhaps(reported, Question::NothingToDo, &["CARD-11"]);
        let expired = card.is_some() && self.card_in_force(resident).is_none();
        no.perhaps(expired, Question::OnlyExpired, &["CARD-8", "CARD-11"]);
        no.verdict(asked)?;
        let Some(card) = card else { return Ok(()) };
        if !reported {
            self.cards[card.0].reported_lost = true;
            if asked.ask(Question::ReportAlsoHolds) {
                self.hold_what_the_card_carries(resident);
            }
        }
        Ok(())
    }

    pub(super) fn hold_what_the_card_carries(&mut self, resident: ResidentId) {
        for usage in [Use::Signature, Use::Authentication] {
            if let Some(id) = self.latest_on_card(resident, usage)
                && self.is_usable(id)
            {
                self.hold(id);
            }
        }
    }

    /// CARD-12: the user-authentication certificate's hold is lifted; the signature certificate is
    /// revoked, and a new one issued on request.
    pub(super) fn card_found(
        &mut self,
        resident: ResidentId,
        at: Municipality,
        new_signature: bool,
        by: Person,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let mut no = self.counter(resident, at, "CARD-12");
        no.when(by == Person::Proxy, &["CARD-2"]);
        let lost = self.card_is_lost(resident);
        let signature = self.latest_on_card(resident, Use::Signature);
        let held = signature.filter(|id| self.is_held(*id));
        no.when(!lost && new_signature, &["CARD-1", "CARD-12"]);
        no.perhaps(!lost, Question::NothingToDo, &["CARD-12"]);
        if new_signature {
            no.when(!self.has_age(resident, 15), &["CARD-3"]);
            let expired = self.card_in_force(resident).is_none();
            no.when(expired, &["CARD-1", "CARD-8", "VALID-2"]);
            no.perhaps(held.is_none(), Question::NewThoughNotHeld, &["CARD-1", "CARD-12"]);
        }
        no.verdict(asked)?;
        let Some(card) = self.residents[resident.0].card else { return Ok(()) };
        self.cards[card.0].reported_lost = false;
        if let Some(id) = self.latest_on_card(resident, Use::Authentication) {
            self.lift_if_it_may(id, asked);
        }
        if new_signature {
            // VALID-4: a reissue; what rests on the former one is revoked.
            if let Some(former) = signature.filter(|id| !self.has_ended(*id)) {
                self.end_on_card(former, Cause::CardFound);
            }
            self.issue_on_card(resident, Use::Signature);
            return Ok(());
        }
        let unheld = signature.filter(|id| lost && self.is_good(*id) && !self.is_over(*id));
        let also = unheld.filter(|_| asked.ask(Question::FoundEndsUnheld));
        if let Some(former) = held.or(also) {
            if asked.ask(Question::FoundCardEndsPhone) {
                self.end_on_card(former, Cause::CardFound);
            } else {
                self.end_on_card_alone(former, Cause::CardFound);
            }
        }
        Ok(())
    }
}
