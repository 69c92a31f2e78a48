//! An application on a phone, from the first screen to the last: S0 2-A, 2-C, 2-D and
//! 2-E(機種変更), S1, S2 2-A to 2-D, 3-A to 3-D, 4-A, 4-B (READY-1 to READY-3, APPLY-1 to APPLY-5,
//! MOVE-1 to MOVE-5, IPHONE-1 to IPHONE-3, HOURS-1).

use jiff::SignedDuration;

use super::acts::{Apply, Menu, NewPins, Uses};
use super::expected::{Checks, Rules};
use super::japan;
use super::questions::{Asked, Question};
use super::world::*;

/// After this time an application that was begun may have been given up by the service.
const LEFT_LYING: SignedDuration = SignedDuration::from_mins(10);

impl World {
    /// APPLY-1, MOVE-1, IPHONE-1: password, choice, notices, reading of the card.
    pub(super) fn apply(&mut self, apply: &Apply, asked: &mut Asked) -> Result<(), Rules> {
        self.phone_is_used(apply.phone, asked);
        let mut no = Checks::new();
        let iphone = self.phones[apply.phone.0].platform == Platform::Iphone;
        // What the screens refuse before any card is read.
        no.when(!self.phones[apply.phone.0].supported, &["READY-1", "READY-2"]);
        no.when(apply.uses == Uses::NONE, &["APPLY-2"]);
        no.when(!apply.confirmed, &["APPLY-3"]);
        no.when(!apply.confirmed && iphone, &["IPHONE-1"]);
        let on_screen = no.is_firm();

        no.when(iphone && !apply.face_matches, &["IPHONE-3"]);
        self.phone_is_free(apply, &mut no);
        match self.other_phone(apply) {
            Some(other) => self.other_phone_lets_go(apply, other, &mut no),
            None => self.has_no_other_phone(apply, &mut no),
        }
        self.card_can_sign(apply.card, &mut no);
        let authentication = self.latest_on_card(apply.card, Use::Authentication);
        let expired = authentication.is_some_and(|id| self.is_over(id) && !self.has_ended(id));
        no.perhaps(
            apply.uses.authentication && expired,
            Question::CardAuthenticationExpired,
            &["CARD-8", "VALID-1", "VALID-2"],
        );
        if on_screen {
            return no.verdict(asked);
        }
        if iphone {
            self.ask_card_twice(apply, no, asked)?;
        } else {
            self.ask_card(apply.card, Use::Signature, apply.password, no, asked)?;
        }
        let Some(signed_by) = self.latest_on_card(apply.card, Use::Signature) else {
            return Ok(());
        };
        let moves = matches!(apply.menu, Menu::ChangeOfPhone { .. });
        let kind = if moves { ApplicationKind::ChangeOfPhone } else { ApplicationKind::First };
        self.begin(apply.phone, apply.card, kind, apply.uses, signed_by, asked);
        Ok(())
    }

    /// An application is begun. One that was begun on this phone gives way (assumption REG-3); one
    /// that is under way on another phone gives way as well, then or at completion (APPLY-1).
    pub(super) fn begin(
        &mut self,
        phone: PhoneId,
        applicant: ResidentId,
        kind: ApplicationKind,
        uses: Uses,
        signed_by: CertificateId,
        asked: &mut Asked,
    ) {
        for elsewhere in self.applies_on(applicant) {
            if elsewhere != phone && asked.ask(Question::TakesPlaceAtOnce) {
                self.withdraw(elsewhere);
            }
        }
        let (begun, stage) = (self.now, ApplicationStage::Begun);
        let certificates = Vec::new();
        let application =
            Application { applicant, kind, uses, signed_by, begun, stage, certificates };
        self.phones[phone.0].application = Some(application);
    }

    /// READY-3 and REG-3: what this phone carries or waits for.
    fn phone_is_free(&self, apply: &Apply, no: &mut Checks) {
        let phone = &self.phones[apply.phone.0];
        no.when(matches!(phone.deletion, Deletion::Due { .. }), &["END-1", "MOVE-3", "READY-3"]);
        let perhaps = phone.deletion == Deletion::Perhaps;
        no.perhaps(perhaps, Question::PerhapsMustDelete, &["END-1", "MOVE-3", "READY-3"]);
        let complete = matches!(
            self.stage(apply.phone),
            Some(ApplicationStage::Waiting { .. } | ApplicationStage::Ready)
        );
        let expired = self.stage(apply.phone) == Some(ApplicationStage::Ready)
            && phone.application.as_ref().is_some_and(|application| {
                application.certificates.iter().all(|id| self.is_over(*id))
            });
        no.when(complete && !expired, &["APPLY-1", "READY-3", "REG-3"]);
        no.perhaps(expired, Question::ReadyButExpired, &["APPLY-1", "READY-3", "REG-3"]);

        let carried = self.carried_by(apply.phone);
        no.when(carried.iter().any(|id| self.certificate(*id).holder != apply.card), &["READY-3"]);
        let remains = self.ids().any(|id| {
            let certificate = self.certificate(id);
            certificate.medium == Medium::Phone(apply.phone)
                && certificate.place == Place::PerhapsGone
                && certificate.holder != apply.card
        });
        no.perhaps(remains, Question::StrangersRemains, &["READY-3"]);

        // One certificate of each use for each resident (S0 Q3).
        let live = |usage: Use| {
            let of_use = |id: &&CertificateId| self.certificate(**id).usage == usage;
            carried.iter().filter(of_use).find(|id| !self.is_over(**id)).copied()
        };
        let lacks_one = live(Use::Signature).is_none() || live(Use::Authentication).is_none();
        let whole = phone.platform == Platform::Iphone && apply.uses == Uses::BOTH && lacks_one;
        for id in apply.uses.each().filter_map(live) {
            let held = self.is_held(id);
            no.when(held, &["LOSS-2", "LOSS-4"]);
            no.when(held || !whole, &["READY-3"]);
            no.perhaps(whole, Question::BothOnIphoneAgain, &["IPHONE-2", "READY-3"]);
        }
        if phone.platform == Platform::Iphone && apply.uses != Uses::BOTH {
            let has_the_rest = [Use::Signature, Use::Authentication]
                .into_iter()
                .all(|usage| apply.uses.has(usage) || live(usage).is_some());
            no.when(!has_the_rest, &["IPHONE-1", "IPHONE-2"]);
            no.perhaps(has_the_rest, Question::OneOnIphone, &["IPHONE-1", "IPHONE-2"]);
        }
    }

    /// The other phone that carries the applicant's certificates.
    fn other_phone(&self, apply: &Apply) -> Option<PhoneId> {
        let on_phones = self.on_phones_of(apply.card);
        on_phones.iter().map(|(phone, _)| *phone).find(|phone| *phone != apply.phone)
    }

    /// READY-3, and by which procedure one changes phones (MOVE-1, MOVE-4, MOVE-5).
    fn other_phone_lets_go(&self, apply: &Apply, other: PhoneId, no: &mut Checks) {
        let platforms = (self.phones[other.0].platform, self.phones[apply.phone.0].platform);
        let way = match platforms {
            (Platform::Android, Platform::Android) => "MOVE-1",
            (Platform::Android, Platform::Iphone) => "MOVE-4",
            (Platform::Iphone, _) => "MOVE-5",
        };
        let carried = self.carried_by(other);
        let held = carried.iter().any(|id| self.is_held(*id));
        let expired = carried.iter().all(|id| self.is_over(*id));
        no.perhaps(expired, Question::OldPhoneExpired, &["READY-3", "VALID-2", way]);
        match apply.menu {
            Menu::First => {
                no.when(!expired, &["READY-3", way]);
                no.when(!expired && held, &["LOSS-3", "LOSS-4"]);
            }
            Menu::ChangeOfPhone { .. } if way != "MOVE-1" => no.when(true, &["READY-3", way]),
            Menu::ChangeOfPhone { consent } => {
                no.when(!consent, &["MOVE-1", "MOVE-2"]);
                no.perhaps(held, Question::OldPhoneHeld, &["LOSS-3", "LOSS-4", "READY-3"]);
                let unregistered =
                    carried.iter().any(|id| self.certificate(*id).place == Place::NotYet);
                let rules = &["APPLY-1", "READY-3", "REG-1"];
                no.perhaps(unregistered, Question::OldPhoneUnregistered, rules);
            }
        }
    }

    fn has_no_other_phone(&self, apply: &Apply, no: &mut Checks) {
        let moves = matches!(apply.menu, Menu::ChangeOfPhone { .. });
        no.perhaps(moves, Question::NoOldPhone, &["MOVE-1", "MOVE-4", "MOVE-5"]);
    }

    /// IPHONE-1: the card-face input PIN, then the signature password. If one of them is wrong, the
    /// card may have been asked for the other or not.
    fn ask_card_twice(
        &mut self,
        apply: &Apply,
        no: Checks,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        let Some(card) = self.residents[apply.card.0].card else { return no.verdict(asked) };
        let there = self.latest_on_card(apply.card, Use::Signature).is_some();
        let card = &mut self.cards[card.0];
        let face_opens = card.card_face.would_open(apply.card_face_pin);
        let signature_opens = card.signature.would_open(apply.password);
        let mut verdict = no.verdict(asked);
        let (ask_face, ask_signature) = match &verdict {
            Err(_) => {
                let both = asked.ask(Question::PinReachedTheChip);
                (both, both)
            }
            Ok(()) if face_opens && signature_opens => (true, true),
            Ok(()) if face_opens => (asked.ask(Question::PinReachedTheChip), true),
            Ok(()) => (true, asked.ask(Question::PinReachedTheChip)),
        };
        if ask_face {
            card.card_face.enter(apply.card_face_pin);
        }
        if ask_signature && there {
            card.signature.enter(apply.password);
        }
        let mut wrong = Rules::new();
        if !face_opens {
            wrong.extend(["CARD-5", "CARD-6", "IPHONE-1"]);
        }
        if !signature_opens && there {
            wrong.push("CARD-6");
        }
        match &mut verdict {
            Err(rules) => rules.extend(wrong),
            Ok(()) if !wrong.is_empty() => return Err(wrong),
            Ok(()) => {}
        }
        verdict
    }

    /// APPLY-5: PINs for what was applied for, each twice; then the application is complete.
    pub(super) fn complete(
        &mut self,
        phone: PhoneId,
        pins: &NewPins,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        self.phone_is_used(phone, asked);
        let mut no = Checks::new();
        let application = match self.phones[phone.0].application.clone() {
            Some(application) if application.stage == ApplicationStage::Begun => application,
            application => {
                match application.map(|application| application.stage) {
                    None => no.when(true, &["APPLY-1"]),
                    Some(ApplicationStage::Rejected) => {
                        no.when(true, &["APPLY-1", "APPLY-4", "READY-1", "CARD-13"]);
                    }
                    Some(ApplicationStage::Withdrawn) => {
                        no.when(true, &["APPLY-1", "END-2", "LOSS-1", "LOSS-3", "MOVE-6"]);
                    }
                    Some(_) => no.perhaps(true, Question::NothingToDo, &["APPLY-1", "REG-3"]),
                }
                return no.verdict(asked);
            }
        };
        self.pins_fit(application.uses, pins, &mut no);
        let lying = self.now.duration_since(application.begun) > LEFT_LYING;
        no.perhaps(lying, Question::LeftLying, &["APPLY-1"]);
        let over = self.is_over(application.signed_by);
        no.perhaps(over, Question::ExpiredMeanwhile, &["APPLY-4", "READY-1", "VALID-2"]);
        let moves = application.kind == ApplicationKind::ChangeOfPhone;
        let elsewhere = self.on_phones_of(application.applicant).iter().any(|(other, id)| {
            let unregistered = self.certificate(*id).place == Place::NotYet;
            *other != phone && !self.is_over(*id) && (unregistered || !moves)
        });
        no.perhaps(elsewhere, Question::ReadyElsewhereMeanwhile, &["APPLY-1", "READY-3"]);
        let perhaps = self.phones[phone.0].deletion == Deletion::Perhaps;
        no.perhaps(perhaps, Question::PerhapsMustDelete, &["END-1", "MOVE-3", "READY-3"]);
        no.verdict(asked)?;

        for other in self.applies_on(application.applicant) {
            let begun = self.stage(other) == Some(ApplicationStage::Begun);
            if other != phone && (!begun || asked.ask(Question::CompletionEndsBegun)) {
                self.withdraw(other);
            }
        }
        let (from, by) = japan::ready_between(self.now);
        self.set_stage(phone, ApplicationStage::Waiting { from, by });
        Ok(())
    }

    fn pins_fit(&self, uses: Uses, pins: &NewPins, no: &mut Checks) {
        let signature = pins.signature.as_ref().map(|pin| pin.is_signature_password());
        let authentication = pins.authentication.as_ref().map(|pin| pin.is_four_digits());
        no.when(uses.signature && signature != Some(true), &["APPLY-5", "CARD-4", "IPHONE-1"]);
        no.when(
            uses.authentication && authentication != Some(true),
            &["APPLY-5", "CARD-5", "IPHONE-1"],
        );
        let more = (!uses.signature && signature.is_some())
            || (!uses.authentication && authentication.is_some());
        no.perhaps(more, Question::PinsForMore, &["APPLY-5"]);
    }
}
