//! The rulebook as pure code: what the service decides, without I/O, clock, randomness, crypto or prose.
//!
//! A resident's state is one aggregate, [`Resident`]. [`decide`] turns a [`Command`] into [`Event`]s or
//! a [`Refusal`]; [`apply`] folds an event into the state and cannot fail; [`due_issuance`] says which
//! certificates are to be made now. Time is always an argument. What the rulebook leaves open is in
//! [`Settings`]; what holds in every history is an [`Invariant`].
//!
//! Rules are named by their ids in `docs/rulebook.md`, as in CARD-7.

pub mod hotline;
pub mod hours;
pub mod japan;
pub mod names;
pub mod validity;

mod apply;
mod attributes;
mod certificate;
mod command;
mod decide;
mod eligibility;
mod event;
mod ids;
mod invariants;
mod issuance;
mod new_pins;
mod pin;
mod refusal;
mod resident;
mod settings;
mod source_end;

pub use apply::apply;
pub use attributes::{Attributes, Change, Sex};
pub use certificate::{
    Certificate, CertificateId, CertificateStatus, HoldCause, Medium, RevocationReason, Serial,
    Use, Uses,
};
pub use command::{Command, Issuance, OperatorAct, Presence, RevocationWay};
pub use decide::{Resumption, decide, resumption};
pub use event::Event;
pub use ids::{
    CardId, ChipId, EnrolmentId, InvalidId, MemberId, Municipality, OperationId, RecordVersion,
    ResidentId,
};
pub use invariants::{Invariant, broken_invariants};
pub use issuance::{DueCertificate, Order, due_issuance, whole_second};
pub use new_pins::{NewPins, TypedTwice};
pub use pin::{CardFacePin, PinForm, SignaturePassword, UserAuthenticationPin};
pub use refusal::{Refusal, RefusalCode};
pub use resident::{
    Application, ApplicationStage, Card, Departure, FormerPhone, Phone, PhoneStage, Platform,
    Resident, Standing,
};
pub use settings::{BusinessHours, InvalidBusinessHours, Settings, VisibilityDelay};
pub use source_end::{PhoneFate, SourceEnd};
