//! What goes wrong with chips and cards, as problems.

use inrou_api::problem::{Code, Problem};
use inrou_api::session::SessionError;
use inrou_api::wire::phone::StepProblem;
use inrou_chip::client::CardError;
use inrou_chip::memory::MemoryError;
use inrou_chip::transport::TransportError;
use inrou_chip::transport::pcsc::PcscError;
use inrou_chip::tray::{ChipName, TrayError};
use inrou_rules::{Refusal, Use};

use crate::secrets::PinName;

/// A problem, for whoever looks later.
pub(crate) fn kept(problem: &Problem) -> StepProblem {
    let params = problem.params().map(|(name, value)| (name.to_owned(), value.to_owned()));
    StepProblem { code: problem.code().to_owned(), params: params.collect() }
}

/// What a chip did not do, where the PIN at stake is `pin`.
pub(crate) fn of_chip(error: CardError, pin: PinName) -> Problem {
    match (error, pin) {
        (CardError::WrongPin { tries_left }, _) => Problem::new(Code::WRONG_PIN)
            .by_rule(pin.rule())
            .with("pin", pin.as_str())
            .with("left", tries_left),
        (CardError::Blocked, _) => {
            Problem::new(Code::PIN_BLOCKED).by_rule(pin.rule()).with("pin", pin.as_str())
        }
        (CardError::NotSetUp | CardError::NoFile, PinName::Phone(usage)) => {
            Refusal::PhoneCarriesNone { usage }.into()
        }
        (CardError::NotSetUp | CardError::NoFile, PinName::Card) => {
            Problem::from(Refusal::CardCarriesNone { usage: Use::Signature }).by_rule("READY-1")
        }
        (CardError::LastTries { tries_left }, _) => Problem::new(Code::LAST_TRIES)
            .by_rule(pin.rule())
            .with("pin", pin.as_str())
            .with("left", tries_left),
        // Without its PIN, a new one is set by leave alone: it was used up.
        (CardError::PinRequired, _) => Problem::new(Code::CONFLICT),
        (CardError::Transport(error), PinName::Card) => of_card_transport(&error),
        (error, PinName::Card) if is_foreign(&error) => {
            Problem::new(Code::NOT_A_MY_NUMBER_CARD).by_rule("READY-1").caused_by(error)
        }
        (error, _) => Problem::internal(error),
    }
}

/// Why the phone's own chip cannot be had.
pub(crate) fn of_own_tray(error: TrayError, chip: &ChipName) -> Problem {
    match error {
        TrayError::InUse(_) | TrayError::Elsewhere { .. } => {
            Problem::new(Code::PHONE_BUSY).caused_by(error)
        }
        TrayError::Memory(error) => of_memory(error, chip.as_str()),
        error => Problem::internal(error),
    }
}

/// Why a card of the sandbox cannot be had.
pub(crate) fn of_card_tray(error: TrayError, chip: &str) -> Problem {
    match error {
        TrayError::NoSuchChip(_) => Problem::new(Code::NOT_FOUND).caused_by(error),
        TrayError::InUse(_) | TrayError::Elsewhere { .. } => {
            Problem::new(Code::CARD_BUSY).caused_by(error)
        }
        TrayError::Memory(error) => of_memory(error, chip),
        error => Problem::internal(error),
    }
}

/// Why a card in a reader cannot be had.
pub(crate) fn of_reader(error: PcscError) -> Problem {
    let code = match error {
        PcscError::NoCard => Code::CARD_NOT_PRESENT,
        PcscError::Busy => Code::CARD_BUSY,
        PcscError::NoLibrary
        | PcscError::NoService
        | PcscError::NoReader
        | PcscError::Failed(_) => Code::READER_UNAVAILABLE,
    };
    Problem::new(code).caused_by(error)
}

/// What came of a secure-channel session that brought no outcome.
pub(crate) fn of_session(error: SessionError<Problem>) -> Problem {
    match error {
        SessionError::Client(error) => error.into(),
        SessionError::Chip(problem) => problem,
    }
}

fn of_card_transport(error: &TransportError) -> Problem {
    let code = match error {
        TransportError::Removed => Code::CARD_REMOVED,
        TransportError::Busy => Code::CARD_BUSY,
        TransportError::Reader(_) => Code::READER_UNAVAILABLE,
    };
    Problem::new(code).caused_by(error.clone())
}

fn of_memory(error: MemoryError, chip: &str) -> Problem {
    match error {
        MemoryError::NoImage | MemoryError::Form(_) => {
            Problem::new(Code::CHIP_FILE_DAMAGED).with("path", chip).caused_by(error)
        }
        error => Problem::internal(error),
    }
}

/// Whether the chip does not behave as a My Number card does.
fn is_foreign(error: &CardError) -> bool {
    use CardError::{Malformed, NotThisCard, Unexpected};
    matches!(error, Malformed | NotThisCard | Unexpected(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_14_each_trouble_with_a_reader_has_its_code() {
        for (error, code) in [
            (PcscError::NoCard, "card-not-present"),
            (PcscError::Busy, "card-busy"),
            (PcscError::NoLibrary, "reader-unavailable"),
            (PcscError::NoService, "reader-unavailable"),
            (PcscError::NoReader, "reader-unavailable"),
            (PcscError::Failed(1), "reader-unavailable"),
        ] {
            assert_eq!(of_reader(error).code(), code);
        }
        for (error, code) in [
            (TransportError::Removed, "card-removed"),
            (TransportError::Busy, "card-busy"),
            (TransportError::Reader("x".to_owned()), "reader-unavailable"),
        ] {
            let error = CardError::Transport(error);
            assert_eq!(of_chip(error.clone(), PinName::Card).code(), code);
            let own = of_chip(error, PinName::Phone(Use::Signature));
            assert_eq!(own.code(), "internal-error", "a phone's own chip is in no reader");
        }
    }

    #[test]
    fn card_6_spared_tries_are_told_as_such() {
        let problem = of_chip(CardError::LastTries { tries_left: 2 }, PinName::Card);
        assert_eq!((problem.code(), problem.param("left")), ("last-tries", Some("2")));
    }
}
