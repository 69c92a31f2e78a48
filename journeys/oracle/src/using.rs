//! Logging in and signing, with the phone and with the card on a reader: S0 1-B, 2-C, S2 1-B,
//! S4 §1, §2 (USE-1, CARD-14, CARD-6, PIN-1, LOSS-4, REG-3).

use super::expected::{Checks, Rules};
use super::pins::{Entry, Tries};
use super::questions::{Asked, Question};
use super::world::*;

impl World {
    /// USE-1: the phone's user-authentication certificate and its PIN.
    pub(super) fn log_in(
        &mut self,
        phone: PhoneId,
        pin: Entry,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        self.phone_is_used(phone, asked);
        let mut no = Checks::new();
        self.must_be_usable(Some(Medium::Phone(phone)), Use::Authentication, &mut no);
        self.ask_phone(phone, Use::Authentication, pin, no, asked)
    }

    /// USE-1: the phone's signature certificate and its password.
    pub(super) fn sign(
        &mut self,
        phone: PhoneId,
        password: Entry,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        self.phone_is_used(phone, asked);
        let mut no = Checks::new();
        self.must_be_usable(Some(Medium::Phone(phone)), Use::Signature, &mut no);
        let tries = self.phones[phone.0].authentication;
        let other = self.takes_both(Medium::Phone(phone), tries, &mut no, asked);
        let done = self.ask_phone(phone, Use::Signature, password, no, asked);
        if other {
            self.phones[phone.0].authentication.reset();
        }
        done
    }

    /// USE-1, CARD-14.
    pub(super) fn card_log_in(
        &mut self,
        resident: ResidentId,
        pin: Entry,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let mut no = Checks::new();
        let medium = self.residents[resident.0].card.map(Medium::Card);
        self.must_be_usable(medium, Use::Authentication, &mut no);
        self.ask_card(resident, Use::Authentication, pin, no, asked)
    }

    /// USE-1, CARD-14.
    pub(super) fn card_sign(
        &mut self,
        resident: ResidentId,
        password: Entry,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let mut no = Checks::new();
        let card = self.residents[resident.0].card;
        self.must_be_usable(card.map(Medium::Card), Use::Signature, &mut no);
        let other = card.is_some_and(|card| {
            let tries = self.cards[card.0].authentication;
            self.takes_both(Medium::Card(card), tries, &mut no, asked)
        });
        let done = self.ask_card(resident, Use::Signature, password, no, asked);
        if other && let Some(card) = card {
            self.cards[card.0].authentication.reset();
        }
        done
    }

    fn must_be_usable(&self, medium: Option<Medium>, usage: Use, no: &mut Checks) {
        match medium.and_then(|medium| self.latest(medium, usage)) {
            None => no.when(true, &["CARD-1", "READY-1", "REG-1", "USE-1"]),
            Some(id) => no.when(!self.is_usable(id), &self.why_unusable(id)),
        }
    }

    /// A site's signature takes the user-authentication PIN as well, the portal's does not. Where
    /// it makes a difference it is left open; whether that PIN was entered, and right.
    fn takes_both(&self, medium: Medium, tries: Tries, no: &mut Checks, asked: &mut Asked) -> bool {
        if no.is_firm() {
            return false;
        }
        let usable = self.latest(medium, Use::Authentication).is_some_and(|id| self.is_usable(id));
        if !usable || tries.locked() {
            let rules = &["CARD-6", "PIN-1", "USE-1"];
            no.perhaps(true, Question::SigningTakesBoth, rules);
            return false;
        }
        !tries.full() && asked.ask(Question::SigningTakesBoth)
    }
}
