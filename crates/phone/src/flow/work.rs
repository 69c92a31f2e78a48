//! What a procedure has done by chip, card and authority.

use inrou_api::problem::{Code, Problem};
use inrou_api::statement::{Statement, keys_digest};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{
    AttestedKey, BeginRequest, Challenge, EnrolmentBegun, EnrolmentStage, EnrolmentView,
    RequestBegun, SigningKey,
};
use inrou_api::wire::phone::StepProblem;
use inrou_rules::{ChipId, EnrolmentId, Use, Uses};
use jiff::Timestamp;

use super::{Addressee, Flow, Order, Stage};
use crate::problem::kept;
use crate::secrets::Secrets;

/// What a procedure needs to know about its phone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation {
    /// Whether the authority knows the phone's device key.
    pub(crate) registered: bool,
    /// The present time.
    pub(crate) now: Timestamp,
}

/// One thing to be done. Each may be repeated: the second time it changes nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Session: the device key is made and registered.
    RegisterPhone,
    /// Begins an application, or a change of phone (MOVE-1).
    BeginEnrolment { uses: Uses, replaces: bool },
    /// Session: the chip makes the keys of an enrolment.
    MakeKeys(EnrolmentId),
    /// Begins a revocation, a resumption or a PIN reset.
    BeginRequest(BeginRequest),
    /// Signs a statement with the card or the phone.
    Sign { with: SigningKey, statement: Base64 },
    /// Sends what was signed.
    Send { to: Addressee, cms: Base64 },
    /// Session: the chip gets leave to set a PIN.
    AllowPin(String),
    /// Sets a new PIN on the chip.
    SetPin(Use),
    /// Says that the new PINs are set.
    Complete(EnrolmentId),
    /// Session: the certificates are written to the chip.
    Store(EnrolmentId),
    /// Session: the chip deletes what it holds.
    Delete,
}

impl Work {
    /// Whether the authority is asked, not only chip or card.
    fn asks_authority(&self) -> bool {
        !matches!(self, Self::Sign { .. } | Self::SetPin(_))
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// The phone is registered: noted with the phone, not here.
    PhoneRegistered,
    /// The enrolment has begun.
    EnrolmentBegun(EnrolmentBegun),
    /// The keys are made.
    KeysMade(Vec<AttestedKey>),
    /// The request has begun.
    RequestBegun(RequestBegun),
    /// The CMS that was signed.
    Signed(Base64),
    /// The authority took the application, for these.
    ApplicationAccepted(Uses),
    /// The authority carried out the request; `empties` says whether the chip has to delete what it holds.
    RequestDone { empties: bool },
    /// The chip has its leave.
    PinAllowed,
    /// The PIN is set.
    PinSet(Use),
    /// Where the application stands after completion.
    Completed(EnrolmentView),
    /// The certificates are in the chip.
    Stored { usable_from: Timestamp },
    /// The chip is empty.
    Deleted,
}

/// Refusals of a signed statement that lie in the statement's age, not in what is wanted.
const STALE: [Code; 5] = [
    Code::CHALLENGE_EXPIRED,
    Code::ENROLMENT_UNKNOWN,
    Code::REQUEST_UNKNOWN,
    Code::KEYS_NOT_MADE,
    Code::APPLICATION_CONTENT_MISMATCH,
];

/// Refusals that lie in the request or the moment: what is at hand can be sent again as it is.
const PASSING: [Code; 8] = [
    Code::SESSION_LOST,
    Code::CONFLICT,
    Code::PHONE_UNKNOWN,
    Code::REQUEST_TIMEOUT,
    Code::SIGNATURE_MISSING,
    Code::SIGNATURE_INVALID,
    Code::SIGNATURE_EXPIRED,
    Code::NONCE_REPLAYED,
];

/// Refusals that lie in the card that was read: with another one the procedure goes on.
const OF_CARD: [&str; 8] = [
    "no-card",
    "card-expired",
    "card-reported-lost",
    "card-signature-unknown",
    "card-signature-not-active",
    "card-signature-held",
    "card-signature-revoked",
    "card-signature-expired",
];

/// Whether a problem of this code lies in the card that was read.
pub(crate) fn is_of_card(code: &str) -> bool {
    OF_CARD.contains(&code)
}

impl Flow {
    /// What is to be done now; `None` if it is the person's turn, or the authority's.
    pub(crate) fn work(&mut self, secrets: &Secrets, situation: Situation) -> Option<Work> {
        if self.challenge_expired(situation.now) {
            self.start_over();
        }
        let work = self.due(secrets)?;
        let unknown = work.asks_authority() && !situation.registered;
        Some(if unknown { Work::RegisterPhone } else { work })
    }

    /// Notes what came of the work.
    pub(crate) fn done(&mut self, outcome: Outcome, chip: ChipId) {
        self.problem = None;
        match (outcome, &mut self.stage) {
            (Outcome::EnrolmentBegun(begun), Stage::Asked) => {
                self.stage = Stage::KeysDue { begun };
            }
            (Outcome::KeysMade(keys), Stage::KeysDue { begun }) => {
                if let Order::Apply { choice: Some(uses), replaces } = self.order {
                    self.stage = application(begun, &keys, uses, replaces, chip);
                }
            }
            (Outcome::RequestBegun(begun), Stage::Asked) => self.request_begun(begun, chip),
            (Outcome::Signed(cms), Stage::Unsigned { to, .. }) => {
                let to = to.clone();
                self.stage = match self.order {
                    Order::Apply { replaces: true, .. } => Stage::Unconsented { to, cms },
                    _ => Stage::Signed { to, cms },
                };
            }
            (
                Outcome::ApplicationAccepted(uses),
                &mut Stage::Signed { to: Addressee::Enrolment(enrolment), .. },
            ) => self.stage = Stage::PinsDue { enrolment: Some(enrolment), uses },
            (Outcome::RequestDone { empties }, Stage::Signed { to, .. }) => {
                self.stage = match (self.order, to) {
                    (Order::ResetPin { .. }, Addressee::Request(request)) => {
                        Stage::LeaveDue { request: std::mem::take(request) }
                    }
                    _ if empties => Stage::DeletionDue,
                    _ => Stage::Done { usable_from: None },
                };
            }
            (Outcome::PinAllowed, Stage::LeaveDue { .. }) => {
                if let Order::ResetPin { usage } = self.order {
                    let uses = Uses::from_iter([usage]);
                    self.stage = Stage::PinsDue { enrolment: None, uses };
                }
            }
            (Outcome::PinSet(usage), Stage::PinsDue { enrolment, uses }) => {
                *uses = uses.iter().filter(|&due| due != usage).collect();
                if uses.is_empty() && enrolment.is_none() {
                    self.stage = Stage::Done { usable_from: None };
                }
            }
            // Work may have begun, and even ended, before the answer came.
            (Outcome::Completed(view), Stage::PinsDue { enrolment: Some(own), .. })
                if view.enrolment == *own =>
            {
                self.follow(&view);
            }
            (Outcome::Stored { usable_from }, Stage::Ready { .. } | Stage::Done { .. }) => {
                self.stage = Stage::Done { usable_from: Some(usable_from) };
            }
            (Outcome::Deleted, Stage::DeletionDue) => {
                self.stage = Stage::Done { usable_from: None };
            }
            _ => {}
        }
    }

    /// Notes that the work failed, and goes to where the person can go on.
    pub(crate) fn failed(&mut self, work: &Work, problem: &Problem) {
        self.note(problem);
        let refused =
            problem.status().is_client_error() && !PASSING.iter().any(|&code| problem.is(code));
        match work {
            // The leave to set a PIN is used up or withdrawn.
            Work::SetPin(_) if problem.is(Code::CONFLICT) => self.start_over(),
            Work::Delete
                if problem.code() == "deletion-not-due" || problem.is(Code::NOTHING_TO_DO) =>
            {
                // The receipt came, and only the answer to it was lost.
                (self.stage, self.problem) = (Stage::Done { usable_from: None }, None);
            }
            _ if !refused || !work.asks_authority() => {}
            Work::BeginEnrolment { .. }
            | Work::BeginRequest(_)
            | Work::MakeKeys(_)
            | Work::AllowPin(_) => self.start_over(),
            Work::Send { .. } if STALE.iter().any(|&code| problem.is(code)) => self.start_over(),
            // What was chosen holds for another card as well.
            Work::Send { .. } if is_of_card(problem.code()) => self.start_over(),
            Work::Send { .. } | Work::Complete(_) => self.ask_again(),
            _ => {}
        }
    }

    /// Hears from the authority how far the application is.
    pub(crate) fn heard(&mut self, view: &EnrolmentView) {
        match self.stage {
            Stage::Waiting { enrolment, .. } if enrolment == view.enrolment => self.follow(view),
            // An answer that was overtaken may still say that it waits.
            Stage::Ready { enrolment }
                if enrolment == view.enrolment
                    && !matches!(view.stage, EnrolmentStage::Completed { .. }) =>
            {
                self.follow(view);
            }
            _ => {}
        }
    }

    fn follow(&mut self, view: &EnrolmentView) {
        let enrolment = view.enrolment;
        match &view.stage {
            EnrolmentStage::Completed { due, .. } => {
                self.stage = Stage::Waiting { enrolment, due: *due };
            }
            EnrolmentStage::Ready { .. } => self.stage = Stage::Ready { enrolment },
            EnrolmentStage::Registered { usable_from, .. } => {
                self.stage = Stage::Done { usable_from: *usable_from };
            }
            EnrolmentStage::Ended { code } => {
                self.ask_again();
                self.problem = Some(StepProblem { code: code.clone(), params: [].into() });
            }
            EnrolmentStage::Begun | EnrolmentStage::Signed => {}
        }
    }

    /// Keeps a problem for whoever looks later.
    pub(crate) fn note(&mut self, problem: &Problem) {
        self.problem = Some(kept(problem));
    }

    fn due(&self, secrets: &Secrets) -> Option<Work> {
        match &self.stage {
            Stage::Asked => match self.order {
                Order::Apply { choice, replaces } => {
                    choice.map(|uses| Work::BeginEnrolment { uses, replaces })
                }
                Order::Revoke { with } => {
                    with.map(|with| Work::BeginRequest(BeginRequest::Revocation { with }))
                }
                Order::RevokeOther => Some(Work::BeginRequest(BeginRequest::OtherRevocation)),
                Order::Resume { .. } => Some(Work::BeginRequest(BeginRequest::Resumption)),
                Order::ResetPin { usage } => {
                    Some(Work::BeginRequest(BeginRequest::PinReset { usage }))
                }
                Order::Register => None,
            },
            Stage::KeysDue { begun } => Some(Work::MakeKeys(begun.enrolment)),
            Stage::Unsigned { statement, .. } => {
                let with = self.signing_key();
                let secret = match with {
                    SigningKey::Card => &secrets.card_password,
                    SigningKey::Phone => &secrets.phone_password,
                };
                let sign = Work::Sign { with, statement: statement.clone() };
                secret.as_ref().map(|_| sign)
            }
            Stage::Signed { to, cms } => Some(Work::Send { to: to.clone(), cms: cms.clone() }),
            Stage::LeaveDue { request } => Some(Work::AllowPin(request.clone())),
            Stage::PinsDue { enrolment, uses } => match uses.iter().next() {
                Some(Use::Signature) => {
                    secrets.new_password.as_ref().map(|_| Work::SetPin(Use::Signature))
                }
                Some(Use::UserAuthentication) => {
                    secrets.new_pin.as_ref().map(|_| Work::SetPin(Use::UserAuthentication))
                }
                None => enrolment.map(Work::Complete),
            },
            Stage::Ready { enrolment } => secrets.register.then_some(Work::Store(*enrolment)),
            Stage::DeletionDue => Some(Work::Delete),
            Stage::Unconsented { .. } | Stage::Waiting { .. } | Stage::Done { .. } => None,
        }
    }

    fn signing_key(&self) -> SigningKey {
        match self.order {
            Order::Revoke { with: Some(with) } => with,
            _ => SigningKey::Card,
        }
    }

    fn challenge_expired(&self, now: Timestamp) -> bool {
        match &self.stage {
            Stage::KeysDue { begun } => begun.challenge.expires <= now,
            Stage::Unsigned { expires, .. } => *expires <= now,
            _ => false,
        }
    }

    fn request_begun(&mut self, begun: RequestBegun, chip: ChipId) {
        let RequestBegun { request, challenge: Challenge { value: challenge, expires } } = begun;
        let statement = match self.order {
            Order::Revoke { with: Some(with) } => {
                Statement::Revocation { challenge, chip, request: request.clone(), with }
            }
            Order::RevokeOther => {
                Statement::OtherRevocation { challenge, chip, request: request.clone() }
            }
            Order::Resume { .. } => {
                Statement::Resumption { challenge, chip, request: request.clone() }
            }
            Order::ResetPin { usage } => {
                Statement::PinReset { challenge, chip, request: request.clone(), usage }
            }
            _ => return,
        };
        let to = Addressee::Request(request);
        self.stage = Stage::Unsigned { to, statement: Base64(statement.to_bytes()), expires };
    }
}

/// The statement that asks for certificates (APPLY-4).
fn application(
    begun: &EnrolmentBegun,
    keys: &[AttestedKey],
    uses: Uses,
    replaces: bool,
    chip: ChipId,
) -> Stage {
    let statement = Statement::Application {
        challenge: begun.challenge.value.clone(),
        change_of_phone: replaces,
        chip,
        enrolment: begun.enrolment,
        keys: keys_digest(keys),
        terms: begun.terms.clone(),
        uses,
    };
    Stage::Unsigned {
        to: Addressee::Enrolment(begun.enrolment),
        statement: Base64(statement.to_bytes()),
        expires: begun.challenge.expires,
    }
}
