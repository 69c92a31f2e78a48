//! What can go wrong with a chip, as errors of the command.

use inrou_chip::client::CardError;
use inrou_chip::memory::MemoryError;
use inrou_chip::transport::TransportError;
use inrou_chip::transport::pcsc::PcscError;
use inrou_chip::tray::TrayError;
use inrou_rules::{Medium, Use};

use super::places::Place;
use crate::fault::Fault;

/// Why a chip of the sandbox cannot be had.
pub(super) fn of_tray(error: TrayError, place: &Place) -> Fault {
    match error {
        TrayError::NoSuchChip(_) => Fault::new("chip-unknown").with("name", &place.name),
        TrayError::InUse(_) | TrayError::Elsewhere { .. } => busy(place.medium),
        TrayError::Memory(MemoryError::NoImage | MemoryError::Form(_)) => {
            Fault::new("chip-file-damaged").with("path", place.file().display())
        }
        TrayError::Memory(MemoryError::Medium(_)) | TrayError::Directory(_) => {
            Fault::new("file-access-denied").with("path", place.file().display())
        }
        error => {
            tracing::error!(error = ?error, "a chip cannot be had");
            Fault::new("internal-error")
        }
    }
}

/// Another uses the chip.
fn busy(medium: Medium) -> Fault {
    Fault::new(match medium {
        Medium::Card => "card-busy",
        Medium::Phone => "phone-busy",
    })
}

/// Why a card in a reader cannot be had.
pub(super) fn of_reader(error: PcscError) -> Fault {
    Fault::new(match error {
        PcscError::NoCard => "card-not-present",
        PcscError::Busy => "card-busy",
        PcscError::NoLibrary
        | PcscError::NoService
        | PcscError::NoReader
        | PcscError::Failed(_) => "reader-unavailable",
    })
}

/// What a chip did not do, where the certificate at stake is that of `usage`.
pub(super) fn of_chip(error: CardError, usage: Use, medium: Medium) -> Fault {
    let pin = pin_name(usage, medium);
    match error {
        CardError::WrongPin { tries_left } => {
            Fault::new("wrong-pin").with("pin", pin).with("left", tries_left)
        }
        CardError::Blocked => Fault::new("pin-blocked").with("pin", pin),
        CardError::LastTries { tries_left } => {
            Fault::new("last-tries").with("pin", pin).with("left", tries_left)
        }
        CardError::NotSetUp | CardError::NoFile => {
            Fault::new("certificate-absent").with("usage", usage.as_str())
        }
        CardError::Transport(TransportError::Removed) => Fault::new("card-removed"),
        CardError::Transport(TransportError::Busy) => busy(medium),
        CardError::Transport(TransportError::Reader(_)) => Fault::new("reader-unavailable"),
        error => {
            tracing::warn!(%error, "the chip does not answer as a My Number card does");
            Fault::new("not-a-my-number-card")
        }
    }
}

/// How words name the PIN of a certificate.
pub(super) fn pin_name(usage: Use, medium: Medium) -> &'static str {
    match (medium, usage) {
        (Medium::Card, Use::Signature) => "card-signature",
        (Medium::Card, Use::UserAuthentication) => "card-user-authentication",
        (Medium::Phone, Use::Signature) => "phone-signature",
        (Medium::Phone, Use::UserAuthentication) => "phone-user-authentication",
    }
}

#[cfg(test)]
mod tests {
    use inrou_chip::apdu::StatusWord;
    use inrou_words::Language;

    use super::*;

    #[test]
    fn whatever_a_chip_does_not_do_is_said_in_whole_sentences() {
        let mut errors: Vec<Fault> =
            [PcscError::NoCard, PcscError::NoLibrary, PcscError::Busy].map(of_reader).into();
        for medium in [Medium::Card, Medium::Phone] {
            for usage in Use::ALL {
                let all = [
                    CardError::WrongPin { tries_left: 1 },
                    CardError::Blocked,
                    CardError::LastTries { tries_left: 2 },
                    CardError::NotSetUp,
                    CardError::PinRequired,
                    CardError::NotThisCard,
                    CardError::Unexpected(StatusWord(0x6F00)),
                    CardError::Transport(TransportError::Removed),
                    CardError::Transport(TransportError::Busy),
                    CardError::Transport(TransportError::Reader("x".to_owned())),
                ];
                errors.extend(all.map(|error| of_chip(error, usage, medium)));
            }
        }
        for (error, language) in errors.iter().flat_map(|e| Language::ALL.map(|l| (e, l))) {
            let lines = error.lines(language);
            assert_eq!(lines.lines().count(), 2, "{lines}");
            assert!(!lines.contains('{'), "{lines}");
        }
    }
}
