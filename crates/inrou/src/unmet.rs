//! What did not hold while a history was played: facts and codes.

use std::fmt;

use inrou_api::client::ClientError;
use inrou_chip::client::CardError;

/// What was expected and what was seen instead: facts and codes, never PINs or attribute values.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{seen} in place of {expected}")]
pub struct Unmet {
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub seen: String,
}

impl Unmet {
    /// Something else was seen.
    pub(crate) fn new(expected: impl fmt::Display, seen: impl fmt::Display) -> Self {
        Self { expected: expected.to_string(), seen: seen.to_string() }
    }
}

/// Holds if both are the same.
pub(crate) fn same<T: PartialEq + fmt::Display>(
    what: &str,
    expected: T,
    seen: T,
) -> Result<(), Unmet> {
    if expected == seen {
        return Ok(());
    }
    Err(Unmet::new(format_args!("{what}: {expected}"), seen))
}

impl From<ClientError> for Unmet {
    fn from(error: ClientError) -> Self {
        match error.problem() {
            Some(problem) => {
                Unmet::new("an answer", format_args!("the problem {}", problem.code()))
            }
            None => Unmet::new("an answer", error),
        }
    }
}

impl From<CardError> for Unmet {
    fn from(error: CardError) -> Self {
        Unmet::new("an answer of the chip", error)
    }
}
