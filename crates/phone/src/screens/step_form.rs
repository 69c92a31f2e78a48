//! What the forms of a procedure send.

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::phone::{Procedure, Step, Typed};
use inrou_rules::{Use, Uses};
use serde::Deserialize;

/// Begins a procedure.
#[derive(Deserialize)]
pub(super) struct BeginForm {
    pub(super) procedure: Procedure,
    pub(super) usage: Option<Use>,
    /// In place of one that is open, which is given up.
    pub(super) instead: Option<String>,
}

/// One step: its name, and the fields of its form. What was typed is kept in memory that is wiped.
#[derive(Deserialize)]
pub(super) struct StepForm {
    step: String,
    secret: Option<Typed>,
    again: Option<Typed>,
    signature: Option<String>,
    user_authentication: Option<String>,
    confirmed: Option<String>,
    with_card: Option<String>,
    /// The card to be put to the phone, for `read-card`.
    pub(super) card: Option<String>,
}

impl StepForm {
    /// Whether it is the form with the cards to choose from.
    pub(super) fn reads_card(&self) -> bool {
        self.step == "read-card"
    }

    /// The step; `None` to take the new PIN that was doubted.
    ///
    /// # Errors
    /// `bad-request` if there is no such step.
    pub(super) fn into_step(self) -> Result<Option<Step>, Problem> {
        let [first, second] =
            [self.secret, self.again].map(|typed| typed.unwrap_or_else(|| Typed::new("")));
        let confirmed = self.confirmed.is_some();
        Ok(Some(match self.step.as_str() {
            "take-doubted-pin" => return Ok(None),
            "card-password" => Step::CardPassword { password: first },
            "choose" => {
                let chosen = [
                    (self.signature, Use::Signature),
                    (self.user_authentication, Use::UserAuthentication),
                ];
                let chosen = chosen.into_iter().filter_map(|(ticked, usage)| ticked.map(|_| usage));
                Step::Choose { uses: Uses::from_iter(chosen), confirmed }
            }
            "read-card" => Step::ReadCard,
            "consent-to-replacement" => Step::ConsentToReplacement,
            "new-signature-password" => {
                Step::NewSignaturePassword { password: first, again: second }
            }
            "new-user-authentication-pin" => {
                Step::NewUserAuthenticationPin { pin: first, again: second }
            }
            "complete" => Step::Complete,
            "register" => Step::Register,
            "confirm-revocation" => {
                Step::ConfirmRevocation { confirmed, with_card: self.with_card.is_some() }
            }
            "confirm-resumption" => Step::ConfirmResumption,
            "phone-password" => Step::PhonePassword { password: first },
            "delete" => Step::Delete,
            "cancel" => Step::Cancel,
            _ => return Err(Problem::new(Code::BAD_REQUEST).with("reason", "step")),
        }))
    }
}
