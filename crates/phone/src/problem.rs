//! What goes wrong with chips and cards, as problems.

use inrou_api::problem::{Code, Problem};
use inrou_api::session::SessionError;
use inrou_chip::client::CardError;
use inrou_chip::memory::MemoryError;
use inrou_chip::transport::TransportError;
use inrou_chip::tray::{ChipName, TrayError};
use inrou_rules::Refusal;

use crate::secrets::PinName;

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
        (CardError::NotSetUp | CardError::NoFile | CardError::NotThisCard, PinName::Card) => {
            Problem::new(Code::NOT_A_MY_NUMBER_CARD).by_rule("READY-1")
        }
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
    matches!(error, CardError::Malformed | CardError::Unexpected(_))
}
