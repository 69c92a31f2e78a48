//! The municipality's counter: S4 §1 to §5 (CARD-1 to CARD-6, CARD-8 to CARD-10, CARD-13).
//!
//! Only the municipality of residence serves a resident, and only in person where certificates are
//! concerned (CARD-2). What is issued is on the card at the end of the visit, with a new PIN.

use super::acts::{CardKey, Person, Uses};
use super::causes::Cause;
use super::expected::{Checks, Rules};
use super::pins::{Tries, is_four_digits, is_signature_password};
use super::questions::{Asked, Question};
use super::validity;
use super::world::*;

impl World {
    /// What every counter looks at first. `rule` is the rule of the procedure.
    pub(super) fn counter(
        &self,
        resident: ResidentId,
        at: Municipality,
        rule: &'static str,
    ) -> Checks {
        let person = &self.residents[resident.0];
        let mut no = Checks::new();
        no.when(person.life != Life::Living, &["CARD-13", rule]);
        no.when(person.municipality != at, &["CARD-6", rule]);
        no
    }

    /// The card is in force: issued, and before the end of its last day (CARD-1, CARD-8).
    pub fn card_in_force(&self, resident: ResidentId) -> Option<CardId> {
        let card = self.residents[resident.0].card?;
        (!validity::is_over(self.cards[card.0].not_after, self.now)).then_some(card)
    }

    /// CARD-11: reported lost at the counter, or on hold by telephone.
    pub fn card_is_lost(&self, resident: ResidentId) -> bool {
        let on_hold = |id| self.is_held(id) && !self.is_over(id);
        let held = |usage| self.latest_on_card(resident, usage).is_some_and(on_hold);
        let card = self.residents[resident.0].card;
        card.is_some_and(|card| self.cards[card.0].reported_lost)
            || held(Use::Signature)
            || held(Use::Authentication)
    }

    /// Certificates are issued to a card that is in force and not lost, in person, and a signature
    /// certificate from 15 years on (CARD-2, CARD-3, CARD-8, CARD-11).
    fn may_issue(&self, resident: ResidentId, uses: Uses, by: Person, no: &mut Checks) {
        no.when(by == Person::Proxy, &["CARD-2"]);
        no.when(uses.signature && !self.has_age(resident, 15), &["CARD-3"]);
        no.when(self.card_in_force(resident).is_none(), &["CARD-1", "CARD-8", "VALID-2"]);
        no.when(self.card_is_lost(resident), &["CARD-11", "CARD-12"]);
    }

    /// Puts a new certificate on the card, with a new PIN.
    pub(super) fn issue_on_card(&mut self, resident: ResidentId, usage: Use) {
        let Some(card) = self.residents[resident.0].card else { return };
        let birth = self.residents[resident.0].birth;
        let end = self.cards[card.0].not_after;
        self.certificates.push(Certificate {
            holder: resident,
            usage,
            medium: Medium::Card(card),
            issued: Between::at(self.now),
            not_after: validity::card_certificate_ends(birth, self.now, end),
            source: None,
            attributes: self.residents[resident.0].attributes,
            place: Place::OnChip,
            standing: Standing::Good,
            history: Vec::new(),
        });
        self.card_tries(card, usage).reset();
    }

    pub(super) fn card_tries(&mut self, card: CardId, usage: Use) -> &mut Tries {
        match usage {
            Use::Signature => &mut self.cards[card.0].signature,
            Use::Authentication => &mut self.cards[card.0].authentication,
        }
    }

    /// CARD-1.
    pub(super) fn issue_card(
        &mut self,
        resident: ResidentId,
        at: Municipality,
        uses: Uses,
        by: Person,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let mut no = self.counter(resident, at, "CARD-1");
        self.may_replace_card(resident, uses, by, &mut no);
        no.verdict(asked)?;
        self.hand_over_card(resident, uses);
        Ok(())
    }

    /// CARD-1: as an issue; the former card was lost.
    pub(super) fn reissue_card(
        &mut self,
        resident: ResidentId,
        at: Municipality,
        uses: Uses,
        by: Person,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let mut no = self.counter(resident, at, "CARD-1");
        let none = self.residents[resident.0].card.is_none();
        no.perhaps(none, Question::ReissueOfNothing, &["CARD-1"]);
        self.may_replace_card(resident, uses, by, &mut no);
        no.verdict(asked)?;
        self.hand_over_card(resident, uses);
        Ok(())
    }

    /// A card in force is not replaced by another one; once it has expired, it is. Whether a lost
    /// one is "in force", nobody says.
    fn may_replace_card(&self, resident: ResidentId, uses: Uses, by: Person, no: &mut Checks) {
        let proxy = by == Person::Proxy;
        no.when(proxy && uses != Uses::NONE, &["CARD-2"]);
        no.perhaps(proxy, Question::ProxyForCard, &["CARD-2"]);
        no.when(uses.signature && !self.has_age(resident, 15), &["CARD-3"]);
        if let Some(card) = self.card_in_force(resident) {
            let lost = self.card_is_lost(resident);
            let ends = self.cards[card.0].not_after;
            let about_to_expire = self.now >= validity::renewal_opens(ends);
            no.when(!lost && !about_to_expire, &["CARD-1"]);
            no.perhaps(!lost && about_to_expire, Question::CardAboutToExpire, &["CARD-1"]);
            no.perhaps(lost, Question::LostCardIsInForce, &["CARD-1", "CARD-11"]);
        }
    }

    fn hand_over_card(&mut self, resident: ResidentId, uses: Uses) {
        if let Some(former) = self.residents[resident.0].card {
            for id in self.ids().collect::<Vec<_>>() {
                if self.certificate(id).medium == Medium::Card(former) && !self.has_ended(id) {
                    self.end_on_card(id, Cause::CardReplaced);
                }
            }
        }
        self.cards.push(Card {
            holder: resident,
            not_after: validity::card_ends(self.residents[resident.0].birth, self.now),
            reported_lost: false,
            signature: Tries::SIGNATURE,
            authentication: Tries::AUTHENTICATION,
            card_face: Tries::CARD_FACE,
        });
        self.residents[resident.0].card = Some(CardId(self.cards.len() - 1));
        for usage in uses.each() {
            self.issue_on_card(resident, usage);
        }
    }

    /// CARD-1: a certificate that was not chosen at first, or that has ended since.
    pub(super) fn add_certificates(
        &mut self,
        resident: ResidentId,
        at: Municipality,
        uses: Uses,
        by: Person,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let mut no = self.counter(resident, at, "CARD-1");
        self.may_issue(resident, uses, by, &mut no);
        no.when(uses == Uses::NONE, &["CARD-1", "APPLY-2"]);
        for id in uses.each().filter_map(|usage| self.latest_on_card(resident, usage)) {
            let there = self.is_good(id);
            let renewable = self.may_be_renewed(id);
            no.when(there && !renewable, &["CARD-1", "CARD-9"]);
            no.perhaps(there && renewable, Question::AddInsteadOfRenewing, &["CARD-1", "CARD-9"]);
        }
        no.verdict(asked)?;
        self.renew(resident, uses);
        Ok(())
    }

    /// CARD-9: the window has opened; it does not close, for what has expired is renewed as well
    /// (VALID-2).
    fn may_be_renewed(&self, id: CertificateId) -> bool {
        self.now >= validity::renewal_opens(self.certificate(id).not_after)
    }

    /// Issues new certificates in place of those that are there.
    fn renew(&mut self, resident: ResidentId, uses: Uses) {
        for usage in uses.each() {
            if let Some(old) = self.latest_on_card(resident, usage)
                && !self.has_ended(old)
            {
                self.end_on_card(old, Cause::Renewed);
            }
            self.issue_on_card(resident, usage);
        }
    }

    /// CARD-9.
    pub(super) fn renew_certificates(
        &mut self,
        resident: ResidentId,
        at: Municipality,
        uses: Uses,
        by: Person,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let mut no = self.counter(resident, at, "CARD-9");
        self.may_issue(resident, uses, by, &mut no);
        no.when(uses == Uses::NONE, &["CARD-9", "APPLY-2"]);
        for usage in uses.each() {
            match self.latest_on_card(resident, usage) {
                Some(id) if !self.has_ended(id) => no.when(!self.may_be_renewed(id), &["CARD-9"]),
                _ => no.perhaps(true, Question::RenewWhatIsNotThere, &["CARD-1", "CARD-9"]),
            }
        }
        no.verdict(asked)?;
        self.renew(resident, uses);
        Ok(())
    }

    /// CARD-10.
    pub(super) fn stop_certificates(
        &mut self,
        resident: ResidentId,
        at: Municipality,
        uses: Uses,
        by: Person,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let mut no = self.counter(resident, at, "CARD-10");
        no.when(by == Person::Proxy, &["CARD-2"]);
        no.when(uses == Uses::NONE, &["CARD-10", "APPLY-2"]);
        let there: Vec<_> = uses
            .each()
            .filter_map(|usage| self.latest_on_card(resident, usage))
            .filter(|id| !self.has_ended(*id))
            .collect();
        let all_there = there.len() == uses.each().count();
        no.perhaps(there.is_empty(), Question::NothingToDo, &["CARD-10", "CARD-1"]);
        no.perhaps(
            !there.is_empty() && !all_there,
            Question::StopWhatIsPartlyThere,
            &["CARD-10", "CARD-1"],
        );
        let expired = !there.is_empty() && there.iter().all(|id| self.is_over(*id));
        no.perhaps(expired, Question::OnlyExpired, &["CARD-10", "CARD-8"]);
        no.verdict(asked)?;
        for id in there {
            self.end_on_card(id, Cause::Stopped);
        }
        Ok(())
    }

    /// CARD-6: unlocks a key and sets a new PIN; also where nothing was locked (S4 §2).
    pub(super) fn unlock(
        &mut self,
        resident: ResidentId,
        at: Municipality,
        key: CardKey,
        new: &str,
        by: Person,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let mut no = self.counter(resident, at, "CARD-6");
        no.when(by == Person::Proxy, &["CARD-2", "CARD-6"]);
        let certificate = match key {
            CardKey::Signature => Some(Use::Signature),
            CardKey::Authentication => Some(Use::Authentication),
            CardKey::CardFace => None,
        };
        match certificate {
            Some(Use::Signature) => no.when(!is_signature_password(new), &["CARD-4", "CARD-6"]),
            _ => no.when(!is_four_digits(new), &["CARD-5", "CARD-6"]),
        }
        let card = self.residents[resident.0].card;
        no.when(card.is_none(), &["CARD-1", "CARD-6"]);
        let mut dead = self.card_in_force(resident).is_none() || self.card_is_lost(resident);
        if let Some(usage) = certificate {
            let there = self.latest_on_card(resident, usage);
            no.when(there.is_none(), &["CARD-1", "CARD-6"]);
            dead |= there.is_some_and(|id| !self.is_usable(id));
        }
        let rules = &["CARD-1", "CARD-6", "CARD-7", "CARD-8", "CARD-10", "CARD-11", "CARD-12"];
        no.perhaps(dead, Question::UnlockOfDeadKey, rules);
        no.verdict(asked)?;
        if let Some(card) = card {
            match certificate {
                Some(usage) => self.card_tries(card, usage).reset(),
                None => self.cards[card.0].card_face.reset(),
            }
        }
        Ok(())
    }

    /// CARD-13: death or moving abroad ends everything, on the card and on the phone.
    pub(super) fn leave(
        &mut self,
        resident: ResidentId,
        at: Municipality,
        life: Life,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let person = &self.residents[resident.0];
        let mut no = Checks::new();
        no.when(person.municipality != at, &["CARD-6", "CARD-13"]);
        no.perhaps(person.life == life, Question::NothingToDo, &["CARD-13"]);
        no.when(person.life != Life::Living && person.life != life, &["CARD-13"]);
        no.verdict(asked)?;
        self.residents[resident.0].life = life;
        let cause = if life == Life::Dead { Cause::Died } else { Cause::MovedAbroad };
        for id in self.ids().collect::<Vec<_>>() {
            if self.certificate(id).holder == resident && !self.has_ended(id) {
                match self.certificate(id).medium {
                    Medium::Card(_) => self.end_on_card(id, cause),
                    Medium::Phone(_) => self.end(id, cause, Between::at(self.now)),
                }
            }
        }
        for phone in self.applies_on(resident) {
            self.set_stage(phone, ApplicationStage::Rejected);
        }
        Ok(())
    }
}
