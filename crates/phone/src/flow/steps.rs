//! What a person does in a procedure.

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::authority::SigningKey;
use inrou_api::wire::phone::{NextStep, Step, Typed};
use inrou_rules::{NewPins, Refusal, TypedTwice, Use, Uses};

use super::{Flow, Order, Stage};
use crate::secrets::{PinName, Secrets, password};

/// What follows a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The next step is asked for.
    Ask,
    /// The work that is due is done first.
    Work,
}

impl Flow {
    /// Takes a step.
    ///
    /// # Errors
    /// `step-out-of-turn` if it is not the step's turn; what was entered is wrong, which the procedure
    /// notes. It stays where it was.
    pub(crate) fn step(&mut self, step: &Step, secrets: &mut Secrets) -> Result<Then, Problem> {
        let taken = self.take(step, secrets);
        match &taken {
            Ok(_) => self.problem = None,
            // Out of its turn: that says nothing of the step whose turn it is.
            Err(problem) if problem.is(Code::STEP_OUT_OF_TURN) => {}
            Err(problem) => self.note(problem),
        }
        taken
    }

    fn take(&mut self, step: &Step, secrets: &mut Secrets) -> Result<Then, Problem> {
        let next = self.next(secrets);
        match (step, &next) {
            // Until the card is read, what was entered before may be entered anew.
            (
                Step::CardPassword { password: typed },
                NextStep::CardPassword | NextStep::Choose | NextStep::ReadCard,
            ) => {
                secrets.card_password = Some(password(typed, PinName::Card)?);
                secrets.card = None;
                Ok(Then::Ask)
            }
            (Step::Choose { uses, confirmed }, NextStep::Choose | NextStep::ReadCard) => {
                self.choose(*uses, *confirmed, &next)
            }
            (
                Step::ConfirmRevocation { confirmed, with_card },
                NextStep::ConfirmRevocation
                | NextStep::PhonePassword
                | NextStep::CardPassword
                | NextStep::ReadCard,
            ) => self.confirm_revocation(*confirmed, *with_card, &next),
            (Step::ConfirmResumption, NextStep::ConfirmResumption) => {
                self.order = Order::Resume { confirmed: true };
                Ok(Then::Ask)
            }
            (Step::ConsentToReplacement, NextStep::ConsentToReplacement) => {
                self.consent_to_replacement();
                Ok(Then::Work)
            }
            (Step::PhonePassword { password: typed }, NextStep::PhonePassword) => {
                let name = PinName::Phone(Use::Signature);
                secrets.phone_password = Some(password(typed, name)?);
                Ok(Then::Work)
            }
            (
                Step::NewSignaturePassword { password, again },
                NextStep::NewSignaturePassword { .. },
            ) => {
                let new = new_pin(Use::Signature, password, again)?;
                secrets.new_password = new.signature().cloned();
                Ok(Then::Work)
            }
            (
                Step::NewUserAuthenticationPin { pin, again },
                NextStep::NewUserAuthenticationPin { .. },
            ) => {
                let new = new_pin(Use::UserAuthentication, pin, again)?;
                secrets.new_pin = new.user_authentication().cloned();
                Ok(Then::Work)
            }
            (Step::Register, NextStep::Register) => {
                secrets.register = true;
                Ok(Then::Work)
            }
            // Pressed as the phone heard of itself that it was registered.
            (Step::Register, NextStep::Done { .. })
                if matches!(self.order, Order::Apply { .. } | Order::Register) =>
            {
                Ok(Then::Ask)
            }
            (Step::ReadCard, NextStep::ReadCard)
            | (Step::Complete, NextStep::Complete)
            | (Step::Delete, NextStep::Delete) => Ok(Then::Work),
            _ => Err(out_of_turn(&next)),
        }
    }

    /// APPLY-2, APPLY-3.
    fn choose(&mut self, uses: Uses, confirmed: bool, next: &NextStep) -> Result<Then, Problem> {
        let Order::Apply { choice, .. } = &mut self.order else {
            return Err(out_of_turn(next));
        };
        if uses.is_empty() {
            return Err(Refusal::NoneSelected.into());
        }
        if !confirmed {
            return Err(Refusal::NotConfirmed.into());
        }
        let changed = choice.replace(uses) != Some(uses);
        if changed && self.stage != Stage::Asked {
            self.start_over();
        }
        Ok(Then::Ask)
    }

    /// MOVE-1: only now may what the card has signed be sent.
    fn consent_to_replacement(&mut self) {
        if let Stage::Unconsented { to, cms } = &self.stage {
            self.stage = Stage::Signed { to: to.clone(), cms: cms.clone() };
        }
    }

    /// END-2, END-3: the way may be changed until the signature is made.
    fn confirm_revocation(
        &mut self,
        confirmed: bool,
        with_card: bool,
        next: &NextStep,
    ) -> Result<Then, Problem> {
        let Order::Revoke { with } = &mut self.order else {
            return Err(out_of_turn(next));
        };
        if !confirmed {
            return Err(Problem::new(Code::REVOCATION_NOT_CONFIRMED).by_rule("END-2"));
        }
        let way = if with_card { SigningKey::Card } else { SigningKey::Phone };
        let changed = with.replace(way) != Some(way);
        if changed && self.stage != Stage::Asked {
            self.start_over();
        }
        Ok(Then::Ask)
    }
}

fn out_of_turn(next: &NextStep) -> Problem {
    Problem::new(Code::STEP_OUT_OF_TURN).by_rule("APPLY-1").with("next", next.name())
}

/// A new PIN: its form, and that both entries are equal (APPLY-5).
pub(crate) fn new_pin(usage: Use, first: &Typed, second: &Typed) -> Result<NewPins, Problem> {
    let typed = TypedTwice { first: first.as_str(), second: second.as_str() };
    let (signature, user_authentication) = match usage {
        Use::Signature => (Some(typed), None),
        Use::UserAuthentication => (None, Some(typed)),
    };
    Ok(NewPins::parse(Uses::from_iter([usage]), signature, user_authentication)?)
}
