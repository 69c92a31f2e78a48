//! The procedures of the guides as a state machine, without I/O.
//!
//! A [`Flow`] takes the steps that a person makes ([`Flow::step`]), says which [`Work`] is to be done
//! now ([`Flow::work`]) and is told what came of it ([`Flow::done`], [`Flow::failed`]). It is stored
//! after every change and holds no secret: after a restart it asks again for the PIN that it needs.

mod steps;
mod work;

#[cfg(test)]
mod tests;

use inrou_api::idempotency::{IdempotencyKey, InvalidKey};
use inrou_api::problem::Problem;
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{EnrolmentBegun, EnrolmentStage, EnrolmentView, SigningKey};
use inrou_api::wire::phone::{NextStep, Procedure, StepProblem};
use inrou_rules::{EnrolmentId, Use, Uses};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::secrets::Secrets;

pub(crate) use steps::{Then, new_pin};
pub(crate) use work::{Outcome, Situation, Work, is_of_card};

/// A procedure under way. *This type is stored*: fields are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flow {
    order: Order,
    stage: Stage,
    /// What idempotency keys begin with: drawn when the procedure began.
    act: String,
    /// Grows whenever the procedure begins anew at the authority, and tells those keys apart.
    attempt: u32,
    problem: Option<StepProblem>,
}

/// What the person wants. *Stored.*
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "procedure", rename_all = "kebab-case")]
enum Order {
    Apply {
        choice: Option<Uses>,
        /// Whether it is a change of phone (MOVE-1).
        #[serde(default)]
        replaces: bool,
    },
    Register,
    Revoke {
        with: Option<SigningKey>,
    },
    RevokeOther,
    Resume {
        confirmed: bool,
    },
    ResetPin {
        usage: Use,
    },
}

/// How far it is. *Stored.*
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "kebab-case")]
enum Stage {
    /// Nothing has been begun at the authority.
    Asked,
    /// An enrolment has begun: the chip is to make its keys.
    KeysDue { begun: EnrolmentBegun },
    /// The statement is to be signed, before its challenge expires.
    Unsigned { to: Addressee, statement: Base64, expires: Timestamp },
    /// It is signed, and not sent before the person has consented to the end of what is on the old phone
    /// (MOVE-1).
    Unconsented { to: Addressee, cms: Base64 },
    /// It is signed, and to be sent.
    Signed { to: Addressee, cms: Base64 },
    /// A PIN reset was granted: the chip is to be given its leave.
    LeaveDue { request: String },
    /// New PINs are to be set for these; then an application is to be completed.
    PinsDue { enrolment: Option<EnrolmentId>, uses: Uses },
    /// The application is complete: work on it begins at `due` (HOURS-1).
    Waiting { enrolment: EnrolmentId, due: Timestamp },
    /// The certificates are issued (REG-1).
    Ready { enrolment: EnrolmentId },
    /// The certificates are revoked: the chip is to delete them.
    DeletionDue,
    /// Nothing is left to do.
    Done { usable_from: Option<Timestamp> },
}

/// Where a signed statement goes. *Stored.*
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Addressee {
    Enrolment(EnrolmentId),
    Request(String),
}

impl Flow {
    /// Begins a procedure; `act` is text that nobody else draws, of letters and digits.
    ///
    /// # Errors
    /// `bad-request` where a PIN reset does not say which PIN, or another procedure does;
    /// registration begins by [`Flow::registering`].
    pub(crate) fn begin(
        procedure: Procedure,
        usage: Option<Use>,
        act: String,
    ) -> Result<Self, Problem> {
        let order = match (procedure, usage) {
            (Procedure::Apply, None) => Order::Apply { choice: None, replaces: false },
            (Procedure::ChangePhone, None) => Order::Apply { choice: None, replaces: true },
            (Procedure::Revoke, None) => Order::Revoke { with: None },
            (Procedure::RevokeOther, None) => Order::RevokeOther,
            (Procedure::Resume, None) => Order::Resume { confirmed: false },
            (Procedure::ResetPin, Some(usage)) => Order::ResetPin { usage },
            _ => return Err(Problem::bad_request("usage")),
        };
        Ok(Self { order, stage: Stage::Asked, act, attempt: 0, problem: None })
    }

    /// Takes up the registration of an application that the authority has (REG-1). `None` if there is
    /// nothing to register.
    pub(crate) fn registering(view: &EnrolmentView, act: String) -> Option<Self> {
        let enrolment = view.enrolment;
        let stage = match view.stage {
            EnrolmentStage::Completed { due, .. } => Stage::Waiting { enrolment, due },
            EnrolmentStage::Ready { .. } => Stage::Ready { enrolment },
            _ => return None,
        };
        Some(Self { order: Order::Register, stage, act, attempt: 0, problem: None })
    }

    /// Which procedure it is.
    pub(crate) fn procedure(&self) -> Procedure {
        match self.order {
            Order::Apply { replaces: false, .. } => Procedure::Apply,
            Order::Apply { replaces: true, .. } => Procedure::ChangePhone,
            Order::Register => Procedure::Register,
            Order::Revoke { .. } => Procedure::Revoke,
            Order::RevokeOther => Procedure::RevokeOther,
            Order::Resume { .. } => Procedure::Resume,
            Order::ResetPin { .. } => Procedure::ResetPin,
        }
    }

    /// What the person has to do next.
    pub(crate) fn next(&self, secrets: &Secrets) -> NextStep {
        match &self.stage {
            Stage::Asked | Stage::KeysDue { .. } | Stage::Unsigned { .. } => {
                self.next_before_signature(secrets)
            }
            Stage::Unconsented { .. } => NextStep::ConsentToReplacement,
            Stage::Signed { .. } | Stage::LeaveDue { .. } => NextStep::Complete,
            Stage::PinsDue { uses, .. } => match uses.iter().next() {
                Some(Use::Signature) => NextStep::NewSignaturePassword { applicant: None },
                Some(Use::UserAuthentication) => {
                    NextStep::NewUserAuthenticationPin { applicant: None }
                }
                None => NextStep::Complete,
            },
            Stage::Waiting { due, .. } => NextStep::Wait { due: *due },
            Stage::Ready { .. } => NextStep::Register,
            Stage::DeletionDue => NextStep::Delete,
            Stage::Done { usable_from } => NextStep::Done { usable_from: *usable_from },
        }
    }

    /// Why the last step did not succeed.
    pub(crate) fn problem(&self) -> Option<&StepProblem> {
        self.problem.as_ref()
    }

    /// Whether another procedure may take its place: it is over, or the authority alone is at work,
    /// and what comes of that can be registered later.
    pub(crate) fn may_be_replaced(&self) -> bool {
        matches!(self.stage, Stage::Done { .. } | Stage::Waiting { .. } | Stage::Ready { .. })
    }

    /// Whether it may yet have the chip delete what it holds.
    pub(crate) fn is_on_the_way_to_deletion(&self) -> bool {
        matches!(self.order, Order::Revoke { .. } | Order::Resume { .. })
            && !matches!(self.stage, Stage::Done { .. })
    }

    /// The idempotency key for one part of the procedure: the same one until the authority has
    /// answered.
    ///
    /// # Errors
    /// What was stored was changed by hand.
    pub(crate) fn key(&self, part: &str) -> Result<IdempotencyKey, InvalidKey> {
        format!("{}-{}-{part}", self.act, self.attempt).parse()
    }

    fn next_before_signature(&self, secrets: &Secrets) -> NextStep {
        match self.order {
            Order::Revoke { with: None } => NextStep::ConfirmRevocation,
            Order::Revoke { with: Some(SigningKey::Phone) } => NextStep::PhonePassword,
            Order::Resume { confirmed: false } => NextStep::ConfirmResumption,
            _ if secrets.card_password.is_none() => NextStep::CardPassword,
            Order::Apply { choice: None, .. } => NextStep::Choose,
            _ => NextStep::ReadCard,
        }
    }

    /// Begins anew at the authority, with what the person wants as it is.
    fn start_over(&mut self) {
        self.stage = Stage::Asked;
        self.attempt = self.attempt.wrapping_add(1);
    }

    /// Begins anew, and lets the person choose anew.
    fn ask_again(&mut self) {
        self.start_over();
        match &mut self.order {
            Order::Apply { choice, .. } => *choice = None,
            Order::Revoke { with } => *with = None,
            Order::Resume { confirmed } => *confirmed = false,
            Order::Register => self.order = Order::Apply { choice: None, replaces: false },
            Order::RevokeOther | Order::ResetPin { .. } => {}
        }
    }
}
