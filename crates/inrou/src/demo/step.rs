//! The steps: what each is called, which rules it shows, and how it can fail.

use inrou_rules::japan;
use inrou_words::{Form, Language, text};
use jiff::Timestamp;

use crate::fault::Fault;
use crate::unmet::Unmet;

/// A step of the job, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The card carries both certificates, and both are good.
    Card,
    /// The application, up to the card's signature.
    Apply,
    /// The phone's new PINs; the application is complete.
    NewPins,
    /// The notice that registration can be done.
    Notice,
    /// The registration.
    Register,
    /// The status of all certificates.
    StatusGood,
    /// A wrong PIN.
    WrongPin,
    /// The log-in to the portal.
    LogIn,
    /// The signed application to the office.
    Send,
    /// The relying party's check of the signature.
    Verify,
    /// The office's decision.
    Decide,
    /// The use history.
    History,
    /// What the phone holds.
    Contents,
    /// Revocation with the phone's password.
    Revoke,
    /// The status of all certificates after it.
    StatusRevoked,
    /// A second application and registration.
    Again,
    /// Revocation with the card.
    RevokeWithCard,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Step; 17] = [
        Step::Card,
        Step::Apply,
        Step::NewPins,
        Step::Notice,
        Step::Register,
        Step::StatusGood,
        Step::WrongPin,
        Step::LogIn,
        Step::Send,
        Step::Verify,
        Step::Decide,
        Step::History,
        Step::Contents,
        Step::Revoke,
        Step::StatusRevoked,
        Step::Again,
        Step::RevokeWithCard,
    ];

    /// Its name in the texts, and the rules that it shows.
    fn entry(self) -> (&'static str, &'static str) {
        match self {
            Step::Card => ("card", "CARD-1 CARD-8"),
            Step::Apply => ("apply", "APPLY-1 APPLY-4"),
            Step::NewPins => ("new-pins", "APPLY-5 HOURS-1"),
            Step::Notice => ("notice", "HOURS-2"),
            Step::Register => ("register", "REG-1 VALID-1"),
            Step::StatusGood => ("status-good", "HOURS-3"),
            Step::WrongPin => ("wrong-pin", "PIN-1"),
            Step::LogIn => ("log-in", "USE-1"),
            Step::Send => ("send", "USE-1 USE-2"),
            Step::Verify => ("verify", "USE-1"),
            Step::Decide => ("decide", "USE-2"),
            Step::History => ("history", "USE-7"),
            Step::Contents => ("contents", "REG-3"),
            Step::Revoke => ("revoke", "END-2"),
            Step::StatusRevoked => ("status-revoked", "VALID-5"),
            Step::Again => ("again", "APPLY-2 REG-1"),
            Step::RevokeWithCard => ("revoke-with-card", "END-3"),
        }
    }

    /// Its name in the texts: `demo-step.NAME`.
    pub fn name(self) -> &'static str {
        self.entry().0
    }

    /// The rules that it shows.
    pub fn rules(self) -> impl Iterator<Item = &'static str> {
        self.entry().1.split(' ')
    }

    /// The line that is printed when it held: the sandbox's time in Japan, the rules, what was done.
    pub fn line(self, at: Timestamp, language: Language) -> String {
        let (name, rules) = self.entry();
        let what = text(&format!("demo-step.{name}")).in_language(language).render(Form::Plain);
        format!("{}  {rules:15}  {what}", japan::civil(at).strftime("%H:%M:%S"))
    }
}

/// A step did not hold.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: expected {}, seen {}", step.name(), unmet.expected, unmet.seen)]
pub struct Failed {
    /// Which.
    pub step: Step,
    /// What did not hold.
    pub unmet: Unmet,
}

impl Failed {
    /// That a step did not hold.
    pub(super) fn at(step: Step, unmet: Unmet) -> Self {
        Self { step, unmet }
    }
}

impl From<Failed> for Fault {
    fn from(Failed { step, unmet }: Failed) -> Self {
        Fault::new("demo-step-failed")
            .with("step", step.name())
            .with("expected", unmet.expected)
            .with("seen", unmet.seen)
    }
}
