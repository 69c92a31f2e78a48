//! A change of name, address, date of birth or sex: S4 §3 (CARD-7, VALID-3), and who may notify it
//! (CARD-2, assumption).

use super::acts::{Attribute, Person};
use super::causes::Cause;
use super::expected::{Checks, Rules};
use super::japan;
use super::questions::{Asked, Question};
use super::world::*;

impl World {
    pub(super) fn change(
        &mut self,
        resident: ResidentId,
        at: Municipality,
        attribute: Attribute,
        new_signature: bool,
        by: Person,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let mut no = self.right_counter_for_change(resident, at, attribute);
        if new_signature {
            self.may_have_new_signature(resident, attribute, by, &mut no);
        }
        no.verdict(asked)?;

        match attribute {
            Attribute::Readings => {
                let there = self.latest_on_card(resident, Use::Signature);
                let live = there.is_some_and(|id| !self.has_ended(id) && !self.is_over(id));
                if new_signature && !live {
                    if let Some(expired) = there.filter(|id| !self.has_ended(*id)) {
                        self.end_on_card(expired, Cause::Renewed);
                    }
                    self.issue_on_card(resident, Use::Signature);
                }
                return Ok(());
            }
            Attribute::MoveTo(municipality) => {
                self.residents[resident.0].municipality = municipality;
            }
            Attribute::BirthDate(birth) => self.residents[resident.0].birth = birth,
            Attribute::Name | Attribute::Address | Attribute::Sex => {}
        }
        self.residents[resident.0].attributes += 1;
        self.lapse_signatures(resident);
        if new_signature {
            self.issue_on_card(resident, Use::Signature);
        }
        Ok(())
    }

    /// A move is notified where one lived or where one lives: the guides do not say which.
    fn right_counter_for_change(
        &self,
        resident: ResidentId,
        at: Municipality,
        attribute: Attribute,
    ) -> Checks {
        let person = &self.residents[resident.0];
        let mut no = Checks::new();
        no.when(person.life != Life::Living, &["CARD-7", "CARD-13"]);
        match attribute {
            Attribute::MoveTo(to) if to != person.municipality => {
                let one_of_both = at == to || at == person.municipality;
                no.when(!one_of_both, &["CARD-6", "CARD-7"]);
                no.perhaps(one_of_both, Question::MoveNotifiedHere, &["CARD-6", "CARD-7"]);
            }
            _ => no.when(person.municipality != at, &["CARD-6", "CARD-7"]),
        }
        no
    }

    /// The new signature certificate is issued on that occasion, in person, to a card at hand; it
    /// is not issued unasked.
    fn may_have_new_signature(
        &self,
        resident: ResidentId,
        attribute: Attribute,
        by: Person,
        no: &mut Checks,
    ) {
        let birth = match attribute {
            Attribute::BirthDate(birth) => birth,
            _ => self.residents[resident.0].birth,
        };
        no.when(by == Person::Proxy, &["CARD-2"]);
        no.when(!japan::has_age(birth, 15, self.now), &["CARD-3"]);
        no.when(self.card_in_force(resident).is_none(), &["CARD-1", "CARD-8", "VALID-2"]);
        no.when(self.card_is_lost(resident), &["CARD-11", "CARD-12"]);
        // By a change of the readings nothing lapses, so that there is nothing to issue anew.
        let readings = attribute == Attribute::Readings;
        no.perhaps(readings, Question::NewWithReadings, &["CARD-1", "CARD-7"]);
        let there = self.latest_on_card(resident, Use::Signature);
        let none = there.is_none_or(|id| self.has_ended(id));
        no.perhaps(none, Question::NewWithoutOld, &["CARD-1", "CARD-7"]);
    }

    /// CARD-7 on the card, VALID-3 on the phone; user authentication stays.
    fn lapse_signatures(&mut self, resident: ResidentId) {
        for id in self.ids().collect::<Vec<_>>() {
            let certificate = self.certificate(id);
            if certificate.holder != resident || certificate.usage != Use::Signature {
                continue;
            }
            match certificate.medium {
                Medium::Card(_) => self.end_on_card_alone(id, Cause::AttributesChanged),
                Medium::Phone(_) => {
                    self.end(id, Cause::AttributesChanged, Between::at(self.now));
                }
            }
        }
    }
}
