//! A phone that was found: S0 2-F and S2 5-B, as read in "Where guides disagree" (LOSS-2, LOSS-4).

use super::acts::Uses;
use super::causes::Cause;
use super::expected::{Checks, Rules};
use super::pins::Entry;
use super::questions::{Asked, Question};
use super::world::*;

impl World {
    /// LOSS-2: 「利用再開」. User authentication: the hold is lifted. Signature: never; a new one is
    /// issued. iPhone: reissued as a whole. The holder of the phone alone cannot do it (LOSS-4): it
    /// takes the card and its signature password.
    pub(super) fn resume(
        &mut self,
        phone: PhoneId,
        card: Option<ResidentId>,
        password: Entry,
        asked: &mut Asked,
    ) -> Result<(), Rules> {
        self.phone_is_used(phone, asked);
        let carried = self.carried_by(phone);
        let held: Vec<_> = carried.iter().copied().filter(|id| self.is_held(*id)).collect();
        let resumed = self.ids().any(|id| {
            let certificate = self.certificate(id);
            let cause = match certificate.standing {
                Standing::Ended { cause, .. } => Some(cause),
                _ => None,
            };
            certificate.medium == Medium::Phone(phone)
                && matches!(cause, Some(Cause::WaitsForReissue | Cause::Reissued))
        });
        let mut no = Checks::new();
        no.when(card.is_none(), &["LOSS-2", "LOSS-4"]);
        no.when(carried.is_empty() && !resumed, &["LOSS-2"]);
        no.perhaps(held.is_empty(), Question::NothingToDo, &["LOSS-2"]);
        let expired = !held.is_empty() && held.iter().all(|id| self.is_over(*id));
        no.perhaps(expired, Question::OnlyExpired, &["LOSS-2", "VALID-1", "VALID-2"]);
        let Some(card) = card else { return no.verdict(asked) };
        let strange = self.carries_of(phone).is_some_and(|holder| holder != card);
        no.when(strange, &["APPLY-4", "LOSS-4", "READY-1", "READY-3"]);
        let signed_by = self.card_signs(card, password, no, asked)?;

        let iphone = self.phones[phone.0].platform == Platform::Iphone;
        let mut anew = Uses::NONE;
        for id in held {
            let signature = self.certificate(id).usage == Use::Signature;
            if !signature && !iphone {
                self.lift_if_it_may(id, asked);
                continue;
            }
            self.end(id, Cause::WaitsForReissue, Between::at(self.now));
            anew.signature |= signature;
            anew.authentication |= !signature;
        }
        if iphone && anew != Uses::NONE {
            anew = Uses::BOTH;
        }
        let busy = self.is_on_its_way(phone) || self.stage(phone) == Some(ApplicationStage::Ready);
        if anew != Uses::NONE && !busy && !asked.ask(Question::ReissueIsAppliedFor) {
            self.begin(phone, card, ApplicationKind::Reissue, anew, signed_by, asked);
        }
        Ok(())
    }
}
