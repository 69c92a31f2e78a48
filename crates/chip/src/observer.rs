//! Looking on while somebody speaks to a chip.
//!
//! An [`Observer`] is told every command and its answer. What must not be written down is taken out
//! before the observer sees anything: PINs, in whatever form of VERIFY, CHANGE REFERENCE DATA or RESET
//! RETRY COUNTER they come, and all that the face-input application answers, for its files hold the
//! My Number and the resident's attributes.

use std::fmt;

use inrou_rules::ChipId;

use crate::apdu::Command;
use crate::chip::Interface;
use crate::image::Personality;

/// Whoever looks on. It is called while the chip is in use: it should be quick, and speak to no chip.
pub trait Observer: Send + Sync {
    /// A command was answered.
    fn exchanged(&self, exchange: &Exchange);
}

/// One command and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The chip that answered.
    pub chip: ChipId,
    /// What it passes for.
    pub personality: Personality,
    /// The way by which the command came.
    pub interface: Interface,
    /// The command.
    pub command: Masked,
    /// The answer, the status word at its end.
    pub answer: Masked,
}

/// Bytes of which some are kept secret. As text it is hexadecimal, with `**` for each byte that is not
/// shown, so that the length stays visible.
#[derive(Clone, PartialEq, Eq)]
pub struct Masked(Vec<Option<u8>>);

impl Masked {
    /// A command, without the PIN that it may carry.
    pub(crate) fn command(command: &[u8]) -> Self {
        let shown = shown_of_command(command);
        Self(command.iter().enumerate().map(|(at, &byte)| (at < shown).then_some(byte)).collect())
    }

    /// An answer as it is.
    pub(crate) fn answer(answer: &[u8]) -> Self {
        Self(answer.iter().copied().map(Some).collect())
    }

    /// An answer of which the status word alone is shown.
    pub(crate) fn status_of(answer: &[u8]) -> Self {
        let data = answer.len().saturating_sub(STATUS);
        Self(answer.iter().enumerate().map(|(at, &byte)| (at >= data).then_some(byte)).collect())
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| match byte {
            Some(byte) => write!(f, "{byte:02X}"),
            None => f.write_str("**"),
        })
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Masked({self})")
    }
}

/// VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER (ISO/IEC 7816-4 §11.6); with the lowest bit set
/// their data are in BER-TLV.
const WITH_PIN: [u8; 3] = [0x20, 0x24, 0x2C];

/// CLA, INS, P1, P2.
const HEADER: usize = 4;

/// SW1 and SW2.
const STATUS: usize = 2;

/// How many bytes at the beginning of a command may be shown. The class is not looked at, and with a
/// PIN nothing behind Lc is shown: a digit may stand where a wrong length makes it an Le. Of what is no
/// command APDU the header alone is shown, whatever it was meant to be.
fn shown_of_command(command: &[u8]) -> usize {
    match Command::parse(command) {
        Ok(parsed) if !WITH_PIN.contains(&(parsed.instruction & !1)) => command.len(),
        Ok(parsed) if parsed.data.is_empty() => HEADER,
        Ok(parsed) if parsed.extended => HEADER + 3,
        Ok(_) => HEADER + 1,
        Err(_) => HEADER,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use inrou_rules::{CardFacePin, SignaturePassword, Use, UserAuthenticationPin};
    use proptest::prelude::*;

    use super::*;
    use crate::client::{FaceInputClient, JpkiClient, Pin};
    use crate::memory::InMemoryMedium;
    use crate::testing::{
        CARD_FACE_PIN, CHIP, MY_NUMBER, SIGNATURE_PASSWORD, USER_AUTHENTICATION_PIN, card_image,
        chip_on, exchange,
    };

    #[derive(Default)]
    struct Notebook(Mutex<Vec<Exchange>>);

    impl Observer for Notebook {
        fn exchanged(&self, exchange: &Exchange) {
            self.0.lock().unwrap().push(exchange.clone());
        }
    }

    #[test]
    fn pins_are_hidden_and_their_length_is_not() {
        for (command, shown) in [
            ("002000980431323334", "0020009804********"),
            ("00200098", "00200098"),
            ("0024019B06414243313233", "0024019B06************"),
            ("002C009804313233340A", "002C009804**********"),
            ("08200011108601FFFF", "08200011**********"),
            ("8021009806810431323334", "8021009806************"),
            ("0020009800000431323334", "00200098000004********"),
            // Wrong lengths: with one digit as the Le, all as the Le, and none that fits.
            ("002000980331323334", "0020009803********"),
            ("0020009831", "00200098**"),
            ("00200098003132", "00200098******"),
            ("002000980931323334", "00200098**********"),
            ("00A4040009A0", "00A40400****"),
            ("00A4020C02001B", "00A4020C02001B"),
            ("80", "80"),
            ("", ""),
        ] {
            assert_eq!(Masked::command(&hex(command)).to_string(), shown, "{command}");
        }
    }

    #[test]
    fn an_observer_sees_every_command_and_no_secret() {
        let notebook = Arc::new(Notebook::default());
        let mut card = chip_on(InMemoryMedium::default(), card_image());
        card.observed_by(notebook.clone());
        card.power_on(Interface::Contactless);
        let password = SignaturePassword::parse(SIGNATURE_PASSWORD).unwrap();
        let pin = UserAuthenticationPin::parse(USER_AUTHENTICATION_PIN).unwrap();
        let face_pin = CardFacePin::parse(CARD_FACE_PIN).unwrap();
        let mut jpki = JpkiClient::select(&mut card).unwrap();
        jpki.verify(Pin::Signature(&password)).unwrap();
        let certificate = jpki.certificate(Use::Signature).unwrap();
        jpki.verify(Pin::UserAuthentication(&pin)).unwrap();
        jpki.set_pin(Pin::UserAuthentication(&pin)).unwrap();
        let mut face_input = FaceInputClient::select(&mut card).unwrap();
        face_input.verify(&face_pin).unwrap();
        let number = face_input.my_number().unwrap();
        let name = face_input.attributes().unwrap().name;
        // The My Number is verification number A.
        let with_number = [&b"\x00\x20\x00\x94\x0C"[..], MY_NUMBER].concat();
        assert_eq!(card.process(&with_number), [0x90, 0x00]);
        assert!(exchange(&mut card, "00 B0 81 00 00").ends_with("9000"));

        let seen = notebook.0.lock().unwrap();
        assert!(seen.iter().all(|exchange| exchange.chip == CHIP));
        assert!(seen.iter().all(|exchange| exchange.interface == Interface::Contactless));
        let lines = seen.iter().map(|seen| format!("{} {}\n", seen.command, seen.answer));
        let all: String = lines.collect();
        for expected in [
            "0020008006************ 9000\n",
            "0024018004******** 9000\n",
            "002000940C************************ 9000\n",
            "00B0000000 **********************************9000\n",
        ] {
            assert!(all.contains(expected), "{expected}: {all}");
        }
        assert!(all.contains(&of(&certificate[..200])), "what is no secret is there");
        assert_eq!(number.as_bytes(), MY_NUMBER);
        for secret in [
            SIGNATURE_PASSWORD.as_bytes(),
            USER_AUTHENTICATION_PIN.as_bytes(),
            CARD_FACE_PIN.as_bytes(),
            MY_NUMBER,
            name.as_bytes(),
        ] {
            assert!(!all.contains(&of(secret)), "{all}");
        }
    }

    #[test]
    fn debug_shows_no_more_than_the_text() {
        let command = Masked::command(&hex("002000980431323334"));
        assert_eq!(format!("{command:?}"), "Masked(0020009804********)");
        let answer = Masked::status_of(&hex("FF100C319000"));
        assert_eq!(answer.to_string(), "********9000");
        assert_eq!(Masked::status_of(&[0x90]).to_string(), "90");
        assert_eq!(Masked::answer(&hex("FF9000")).to_string(), "FF9000");
    }

    proptest! {
        #[test]
        fn whatever_carries_a_pin_shows_nothing_of_it(
            class: u8,
            instruction in prop::sample::select(vec![0x20_u8, 0x21, 0x24, 0x25, 0x2C, 0x2D]),
            pin in "[0-9A-Z]{4,16}",
            lc: u8,
            extended: bool,
            tail in prop::collection::vec(any::<u8>(), 0..4),
        ) {
            let mut command = vec![class, instruction, 0x00, 0x9B];
            if extended { command.extend([0, 0]) }
            command.push(lc);
            let head = command.len();
            command.extend(pin.as_bytes());
            command.extend(tail);
            let shown = Masked::command(&command);
            prop_assert_eq!(shown.0.len(), command.len());
            prop_assert!(shown.0[head..].iter().all(Option::is_none), "{}", shown);
        }
    }

    fn of(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    fn hex(text: &str) -> Vec<u8> {
        crate::image::Bytes::try_from(text.to_owned()).unwrap().0
    }
}
