//! What came of an act at the service, and by which rules it may be refused.

use inrou_api::client::ClientError;
use inrou_rules::Refusal;

use crate::things::KeyRefusal;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// By the service, with its code.
    Refused(String),
    /// At a PIN: by the chip itself.
    Pin,
    /// On this side: there is nothing by which to ask at all, or what was asked tells it is no good.
    Impossible,
    /// Something that must never be.
    Broken(String),
}

/// Codes of the protocol that are no refusals of the rulebook's, and the rules that they stand for.
const PROTOCOL: &[(&str, &[&str])] = &[
    // The enrolment is another's, or over.
    ("enrolment-unknown", &["APPLY-1", "REG-1"]),
    // There is no application on it whose certificates could be stored.
    ("keys-not-made", &["APPLY-1", "REG-3"]),
    // How an application ended that was given up or taken back, or whose certificates were revoked.
    ("application-withdrawn", &["APPLY-1"]),
    ("certificate-revoked", &["APPLY-1"]),
    ("challenge-expired", &["APPLY-1"]),
    ("nothing-to-do", &["REG-1", "CARD-6"]),
    // A statement that takes the card's key is signed with the phone's.
    ("certificate-wrong-kind", &["LOSS-4", "APPLY-4"]),
];

/// A code names one rule of the rulebook. Where one code serves several procedures, these are the rules
/// of the others that say the same.
const SAME: &[(&str, &[&str])] = &[
    ("no-card", &["CARD-1", "CARD-12"]),
    ("card-expired", &["CARD-1", "CARD-10", "CARD-12"]),
    ("no-such-phone", &["LOSS-2", "LOSS-3", "MOVE-6", "PIN-2"]),
    ("nothing-to-hold", &["CARD-11"]),
];

/// The rules that a refusal's code stands for; none for a code that is no refusal's.
pub fn rules_of(code: &str) -> Vec<&'static str> {
    let by_rule = Refusal::CODES.iter().filter(|entry| entry.code == code).map(|entry| entry.rule);
    let others = PROTOCOL.iter().chain(SAME).filter(|(known, _)| *known == code);
    by_rule.chain(others.flat_map(|(_, rules)| rules.iter().copied())).collect()
}

/// Done, or why not.
pub type Done<T = ()> = Result<T, Outcome>;

impl From<ClientError> for Outcome {
    fn from(error: ClientError) -> Self {
        match error.problem() {
            Some(problem) if !rules_of(problem.code()).is_empty() => {
                Outcome::Refused(problem.code().to_owned())
            }
            _ => Outcome::Broken(error.to_string()),
        }
    }
}

impl From<KeyRefusal> for Outcome {
    fn from(refusal: KeyRefusal) -> Self {
        match refusal {
            KeyRefusal::Pin => Outcome::Pin,
            KeyRefusal::Missing => Outcome::Impossible,
        }
    }
}

impl From<Done> for Outcome {
    fn from(done: Done) -> Self {
        done.err().unwrap_or(Outcome::Done)
    }
}
