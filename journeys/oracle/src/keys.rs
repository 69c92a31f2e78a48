//! A key is asked, and its PIN is entered: S4 §2 (CARD-6), S0 2-C (APPLY-4, READY-1), S0 2-F and
//! S3 (LOSS-4), assumption PIN-1.

use super::expected::{Checks, Rules, refuse};
use super::pins::{Entry, Tries};
use super::questions::{Asked, Question};
use super::world::*;

impl World {
    /// Which rules say that a certificate cannot be used; none if it can.
    pub fn why_unusable(&self, id: CertificateId) -> Rules {
        let certificate = self.certificate(id);
        let mut rules = Rules::new();
        if self.is_over(id) {
            rules.extend(["CARD-8", "VALID-1", "VALID-2"]);
        }
        match (certificate.standing, certificate.medium) {
            (Standing::Good, _) => {}
            (Standing::Held { .. }, Medium::Card(_)) => rules.extend(["CARD-11", "LOSS-4"]),
            (Standing::Held { .. }, Medium::Phone(_)) => rules.extend(["LOSS-1", "LOSS-4"]),
            (Standing::Ended { cause, .. }, _) => rules.extend(cause.rules()),
        }
        if certificate.place != Place::OnChip {
            rules.extend(["REG-1", "REG-3"]);
        }
        rules
    }

    /// The card signs with its signature key (APPLY-4): its certificate must be the holder's own,
    /// unexpired, neither held nor revoked, and the password right (READY-1).
    pub(super) fn card_signs(
        &mut self,
        holder: ResidentId,
        password: Entry,
        mut no: Checks,
        asked: &mut Asked,
    ) -> Result<CertificateId, Rules> {
        self.card_can_sign(holder, &mut no);
        self.ask_card(holder, Use::Signature, password, no, asked)?;
        self.latest_on_card(holder, Use::Signature).ok_or_else(|| vec!["READY-1"])
    }

    pub(super) fn card_can_sign(&self, holder: ResidentId, no: &mut Checks) {
        no.when(self.residents[holder.0].life != Life::Living, &["CARD-13"]);
        match self.latest_on_card(holder, Use::Signature) {
            None => no.when(true, &["APPLY-4", "CARD-1", "READY-1"]),
            Some(id) if !self.is_usable(id) => {
                no.when(true, &["APPLY-4", "READY-1"]);
                no.when(true, &self.why_unusable(id));
            }
            Some(_) => {}
        }
    }

    /// A PIN is entered for a key of the card, where nothing else is against it.
    pub(super) fn ask_card(
        &mut self,
        holder: ResidentId,
        usage: Use,
        entry: Entry,
        no: Checks,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let there = self.latest_on_card(holder, usage).is_some();
        match self.residents[holder.0].card {
            Some(card) if there => {
                let tries = self.card_tries(card, usage);
                enter(tries, entry, no, &["CARD-6"], asked)
            }
            _ => no.verdict(asked),
        }
    }

    /// A PIN is entered for a key of the phone, where nothing else is against it.
    pub(super) fn ask_phone(
        &mut self,
        phone: PhoneId,
        usage: Use,
        entry: Entry,
        no: Checks,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let there = self.latest(Medium::Phone(phone), usage).is_some();
        let gone = self
            .latest(Medium::Phone(phone), usage)
            .is_some_and(|id| self.certificate(id).place == Place::Gone);
        if there && !gone {
            enter(self.phone_tries(phone, usage), entry, no, &["PIN-1"], asked)
        } else {
            no.verdict(asked)
        }
    }

    pub(super) fn phone_tries(&mut self, phone: PhoneId, usage: Use) -> &mut Tries {
        match usage {
            Use::Signature => &mut self.phones[phone.0].signature,
            Use::Authentication => &mut self.phones[phone.0].authentication,
        }
    }

    /// An act on a phone that has something to delete: the phone may be on the network by it.
    pub(super) fn phone_is_used(&mut self, phone: PhoneId, asked: &mut Asked) {
        let deletion = self.phones[phone.0].deletion;
        if matches!(deletion, Deletion::Due { .. } | Deletion::Perhaps)
            && asked.ask(Question::UsingIsBeingOnline)
        {
            self.delete_what_is_due(phone);
        }
    }
}

/// Enters a PIN if nothing is against the act; if something is, the chip may have been asked or not.
fn enter(
    tries: &mut Tries,
    entry: Entry,
    no: Checks,
    rules_of_tries: &[&'static str],
    asked: &mut Asked,
) -> Result<(), Rules> {
    match no.verdict(asked) {
        Ok(()) if tries.enter(entry) => Ok(()),
        Ok(()) => refuse(rules_of_tries),
        Err(mut rules) => {
            if !tries.would_open(entry) {
                rules.extend(rules_of_tries);
            }
            if asked.ask(Question::PinReachedTheChip) {
                tries.enter(entry);
            }
            Err(rules)
        }
    }
}
