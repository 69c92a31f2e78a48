//! What a person typed, for as long as it is needed: in memory only, wiped when it is dropped.

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::phone::Typed;
use inrou_rules::{PinForm, SignaturePassword, Use, UserAuthenticationPin};

/// The secrets of the procedure under way.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    /// The card's signature password: kept for the next attempt when a read fails (APPLY-6).
    pub(crate) card_password: Option<SignaturePassword>,
    /// The card that it opened: no other is tried with it. One that was refused is none (APPLY-6).
    pub(crate) card: Option<String>,
    /// The phone's signature password.
    pub(crate) phone_password: Option<SignaturePassword>,
    /// The new signature password.
    pub(crate) new_password: Option<SignaturePassword>,
    /// The new user-authentication PIN.
    pub(crate) new_pin: Option<UserAuthenticationPin>,
    /// A new PIN that is easily guessed: kept until the person says whether to take it.
    pub(crate) doubted_pin: Option<Typed>,
    /// No secret, and not kept either: "register" was pressed (REG-1).
    pub(crate) register: bool,
}

impl Secrets {
    /// Forgets the card's password: it was wrong, or it has done its work.
    pub(crate) fn forget_card(&mut self) {
        (self.card_password, self.card) = (None, None);
    }

    /// Forgets everything but the card's password.
    pub(crate) fn forget_the_rest(&mut self) {
        (self.phone_password, self.new_password, self.new_pin) = (None, None, None);
        self.doubted_pin = None;
        self.register = false;
    }
}

/// How words and problems name a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PinName {
    Card,
    Phone(Use),
}

impl PinName {
    /// The value of the parameter `pin`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card-signature",
            Self::Phone(Use::Signature) => "phone-signature",
            Self::Phone(Use::UserAuthentication) => "phone-user-authentication",
        }
    }

    /// The rule by which wrong entries are counted.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Card => "CARD-6",
            Self::Phone(_) => "PIN-1",
        }
    }
}

/// Checks the form of a signature password before a try is spent on it.
///
/// # Errors
/// `pin-form`.
pub(crate) fn password(typed: &Typed, name: PinName) -> Result<SignaturePassword, Problem> {
    SignaturePassword::parse(typed.as_str()).map_err(|form| wrong_form(name, form))
}

/// Checks the form of a user-authentication PIN before a try is spent on it.
///
/// # Errors
/// `pin-form`.
pub(crate) fn pin(typed: &Typed) -> Result<UserAuthenticationPin, Problem> {
    let name = PinName::Phone(Use::UserAuthentication);
    UserAuthenticationPin::parse(typed.as_str()).map_err(|form| wrong_form(name, form))
}

fn wrong_form(name: PinName, form: PinForm) -> Problem {
    let (fault, rule) = match (form, name) {
        (PinForm::Length, PinName::Phone(Use::UserAuthentication)) => ("length", "CARD-5"),
        (PinForm::Character, PinName::Phone(Use::UserAuthentication)) => ("character", "CARD-5"),
        (PinForm::Length, _) => ("length", "CARD-4"),
        (PinForm::Character, _) => ("character", "CARD-4"),
        (PinForm::NoLetter, _) => ("no-letter", "CARD-4"),
        (PinForm::NoDigit, _) => ("no-digit", "CARD-4"),
    };
    Problem::new(Code::PIN_FORM).by_rule(rule).with("pin", name.as_str()).with("fault", fault)
}
