//! SELECT of files, READ BINARY.

use super::application::{Application, Element};
use super::dispatch::Powered;
use crate::apdu::{Answer, Command, StatusWord};
use crate::image::FileId;
use crate::memory::Medium;

impl<M: Medium> Powered<'_, M> {
    /// SELECT of an EF under the selected application (P1 `02`); no file control information.
    ///
    /// SELECT of the master file does what genuine cards do: `9000`, and nothing.
    pub(super) fn select_file(
        &mut self,
        application: Application,
        command: &Command<'_>,
    ) -> Answer {
        match (command.p1, command.p2, command.data) {
            (0x00, 0x00, []) => Ok(Vec::new()),
            (0x00, 0x00 | 0x0C, _) => Err(StatusWord::FILE_NOT_FOUND),
            (0x02, 0x00 | 0x0C, &[high, low]) => {
                let id = FileId(u16::from_be_bytes([high, low]));
                self.element(application, id).ok_or(StatusWord::FILE_NOT_FOUND)?;
                self.session.current = Some(id);
                Ok(Vec::new())
            }
            (0x02, 0x00 | 0x0C, _) => Err(StatusWord::WRONG_LENGTH),
            _ => Err(StatusWord::WRONG_P1_P2),
        }
    }

    /// READ BINARY: of the current EF from a 15-bit offset, or of the EF with the short identifier in
    /// P1 (`80` and above), which becomes the current one, from the offset in P2.
    pub(super) fn read_binary(
        &mut self,
        application: Application,
        command: &Command<'_>,
    ) -> Answer {
        let expected = match command.expected {
            Some(expected) if command.data.is_empty() && !command.extended => expected,
            _ => return Err(StatusWord::WRONG_LENGTH),
        };
        let (id, offset) = if command.p1 & 0x80 == 0 {
            let id = self.session.current.ok_or(StatusWord::NO_CURRENT_FILE)?;
            (id, usize::from(u16::from_be_bytes([command.p1, command.p2])))
        } else {
            let id = short_identifier(command.p1)?;
            self.element(application, id).ok_or(StatusWord::FILE_NOT_FOUND)?;
            self.session.current = Some(id);
            (id, usize::from(command.p2))
        };
        let Some(Element::File(access)) = self.element(application, id) else {
            return Err(StatusWord::WRONG_FILE_STRUCTURE);
        };
        if !self.session.satisfies(access) {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        let content = application.content(self.memory.image(), id);
        let content = content.as_deref().ok_or(StatusWord::FILE_NOT_FOUND)?;
        match content.get(offset..) {
            Some(rest) if !rest.is_empty() => Ok(rest[..expected.min(rest.len())].to_vec()),
            _ => Err(StatusWord::OFFSET_OUT_OF_RANGE),
        }
    }

    /// The EF that P2 of a command to a PIN or key means: `80` the current one, `80` and a short
    /// identifier that one, which becomes the current one.
    pub(super) fn referenced(
        &mut self,
        application: Application,
        command: &Command<'_>,
    ) -> Result<(FileId, Element), StatusWord> {
        let id = if command.p2 == 0x80 {
            self.session.current.ok_or(StatusWord::NO_CURRENT_FILE)?
        } else {
            short_identifier(command.p2)?
        };
        let element = self.element(application, id).ok_or(StatusWord::DATA_NOT_FOUND)?;
        self.session.current = Some(id);
        Ok((id, element))
    }

    fn element(&self, application: Application, id: FileId) -> Option<Element> {
        application.element(self.memory.image(), id)
    }
}

/// The EF of `100xxxxx`, a short identifier from 1 to 30.
fn short_identifier(byte: u8) -> Result<FileId, StatusWord> {
    match byte {
        0x81..=0x9E => Ok(FileId(u16::from(byte & 0x1F))),
        _ => Err(StatusWord::WRONG_P1_P2),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{
        SELECT_FACE_INPUT, SELECT_JPKI, card_image, certificate, exchange, phone_image, powered,
    };

    #[test]
    fn certificates_are_read_in_pieces_from_any_offset() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        assert_eq!(exchange(&mut chip, "00 A4 02 0C 02 000A"), "9000");
        assert_eq!(exchange(&mut chip, "00 B0 00 00 04"), "308203E89000");
        assert_eq!(exchange(&mut chip, "00 B0 00 00 07"), "308203E8A1A1A19000");
        let first = exchange(&mut chip, "00 B0 00 00 00");
        assert_eq!(first.len(), 2 * (256 + 2));
        let tail = exchange(&mut chip, "00 B0 03 E9 00");
        assert_eq!(tail, "A1A1A19000", "1004 bytes end here, whatever Le is");
        assert_eq!(exchange(&mut chip, "00 B0 03 EB 01"), "A19000");
        assert_eq!(exchange(&mut chip, "00 B0 03 EC 01"), "6B00");
        assert_eq!(exchange(&mut chip, "00 B0 7F FF 01"), "6B00");
    }

    #[test]
    fn a_short_identifier_reads_and_selects() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        assert_eq!(exchange(&mut chip, "00 B0 8A 02 02"), "03E89000");
        assert_eq!(exchange(&mut chip, "00 B0 00 02 02"), "03E89000", "it is the current file");
        assert_eq!(exchange(&mut chip, "00 B0 83 00 01"), "6A82");
        assert_eq!(exchange(&mut chip, "00 B0 9F 00 01"), "6A86");
        assert_eq!(exchange(&mut chip, "00 B0 A1 00 01"), "6A86");
    }

    #[test]
    fn the_signature_certificate_needs_its_password() {
        for image in [card_image(), phone_image()] {
            let mut chip = powered(image);
            exchange(&mut chip, SELECT_JPKI);
            assert_eq!(exchange(&mut chip, "00 A4 02 0C 02 0001"), "9000");
            assert_eq!(exchange(&mut chip, "00 B0 00 00 04"), "6982");
            exchange(&mut chip, "00 20 00 98 04 31323334");
            assert_eq!(exchange(&mut chip, "00 B0 81 00 04"), "6982", "the other PIN");
            exchange(&mut chip, "00 20 00 9B 06 414243313233");
            assert_eq!(exchange(&mut chip, "00 B0 81 00 04"), "308203E89000");
        }
    }

    #[test]
    fn the_user_authentication_certificate_needs_its_pin_on_a_phone_only() {
        for (image, answer) in [(card_image(), "308203E89000"), (phone_image(), "6982")] {
            let mut chip = powered(image);
            exchange(&mut chip, SELECT_JPKI);
            assert_eq!(exchange(&mut chip, "00 B0 8A 00 04"), answer);
            exchange(&mut chip, "00 20 00 98 04 31323334");
            assert_eq!(exchange(&mut chip, "00 B0 8A 00 04"), "308203E89000");
        }
    }

    #[test]
    fn issuer_certificates_token_information_and_availability_are_free() {
        let mut chip = powered(phone_image());
        exchange(&mut chip, SELECT_JPKI);
        assert_eq!(exchange(&mut chip, "00 B0 82 04 01"), "529000");
        assert_eq!(exchange(&mut chip, "00 B0 8B 04 01"), "A29000");
        assert_eq!(exchange(&mut chip, "00 B0 86 00 10"), "4A504B49415047505345544F4B454E209000");
        assert_eq!(exchange(&mut chip, "00 B0 88 00 00"), "8F8F009000");
    }

    #[test]
    fn a_certificate_that_is_not_there_has_no_file() {
        let mut image = card_image();
        image.jpki.files.remove(&crate::jpki::SIGNATURE_CERTIFICATE);
        let mut chip = powered(image);
        exchange(&mut chip, SELECT_JPKI);
        assert_eq!(exchange(&mut chip, "00 A4 02 0C 02 0001"), "6A82");
        assert_eq!(exchange(&mut chip, "00 B0 88 00 00"), "008F009000");
    }

    #[test]
    fn pins_and_keys_cannot_be_read() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, "00 20 00 98 04 31323334");
        exchange(&mut chip, "00 20 00 9B 06 414243313233");
        for short in ["97", "98", "9A", "9B"] {
            assert_eq!(exchange(&mut chip, &format!("00 B0 {short} 00 00")), "6981");
        }
        exchange(&mut chip, "00 A4 02 0C 02 001A");
        assert_eq!(exchange(&mut chip, "00 B0 00 00 00"), "6981");
        exchange(&mut chip, SELECT_FACE_INPUT);
        assert_eq!(exchange(&mut chip, "00 B0 93 00 00"), "6981");
    }

    #[test]
    fn reads_that_ask_for_nothing_or_too_much_are_refused() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        assert_eq!(exchange(&mut chip, "00 B0 00 00 00"), "6986", "no current file");
        exchange(&mut chip, "00 A4 02 0C 02 000A");
        assert_eq!(exchange(&mut chip, "00 B0 00 00"), "6700", "no Le");
        assert_eq!(exchange(&mut chip, "00 B0 00 00 01 00 00"), "6700", "data");
        assert_eq!(exchange(&mut chip, "00 B0 00 00 00 01 00"), "6700", "extended");
        assert_eq!(exchange(&mut chip, "00 B2 01 04 00"), "6981", "there are no records");
    }

    #[test]
    fn selecting_an_application_leaves_the_current_file() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, "00 A4 02 0C 02 000A");
        exchange(&mut chip, SELECT_JPKI);
        assert_eq!(exchange(&mut chip, "00 B0 00 00 00"), "6986");
    }

    #[test]
    fn the_master_file_is_selected_as_genuine_cards_do() {
        let mut chip = powered(card_image());
        assert_eq!(exchange(&mut chip, "00 A4 00 00"), "6A86");
        assert_eq!(exchange(&mut chip, "00 A4 00 00 02 3F00"), "6A82");
        assert_eq!(exchange(&mut chip, "00 A4 02 0C 02 0001"), "6A82");
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, "00 A4 02 0C 02 000A");
        assert_eq!(exchange(&mut chip, "00 A4 00 00"), "9000");
        assert_eq!(exchange(&mut chip, "00 B0 00 00 04"), "308203E89000", "without effect");
        assert_eq!(exchange(&mut chip, "00 A4 00 00 02 3F00"), "6A82");
        assert_eq!(exchange(&mut chip, "00 A4 02 0C 01 0A"), "6700");
        assert_eq!(exchange(&mut chip, "00 A4 02 04 02 000A"), "6A86");
        assert_eq!(certificate(0xA1).len(), 1004);
    }

    #[test]
    fn face_input_files_open_to_the_observed_numbers() {
        const PIN: &str = "00 20 00 91 04 35363738";
        const NUMBER_A: &str = "00 20 00 94 0C 313233343536373839303130";
        const NUMBER_B: &str = "00 20 00 95 0E 3535303231373230333531323334";
        let cases = [
            (None, [false, false, false, true, true, false, false]),
            (Some(PIN), [true, true, true, true, true, true, true]),
            (Some(NUMBER_A), [true, false, true, true, true, true, true]),
            (Some(NUMBER_B), [false, true, true, true, true, true, true]),
        ];
        for (verify, opens) in cases {
            let mut chip = powered(card_image());
            exchange(&mut chip, SELECT_FACE_INPUT);
            if let Some(verify) = verify {
                assert_eq!(exchange(&mut chip, verify), "9000");
            }
            for (file, opens) in (1..=7).zip(opens) {
                let answer = exchange(&mut chip, &format!("00 B0 8{file} 00 01"));
                assert_eq!(answer.ends_with("9000"), opens, "{verify:?} {file}");
                assert!(opens || answer == "6982");
            }
        }
    }

    #[test]
    fn verification_numbers_bear_ten_wrong_entries_and_the_blocked_pin_none() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_FACE_INPUT);
        assert_eq!(exchange(&mut chip, "00 20 00 94"), "63CA");
        assert_eq!(exchange(&mut chip, "00 20 00 95"), "63CA");
        assert_eq!(exchange(&mut chip, "00 20 00 91"), "63C3");
        assert_eq!(exchange(&mut chip, "00 20 00 92"), "63C0");
        assert_eq!(exchange(&mut chip, "00 20 00 92 04 30303030"), "6984");
    }
}
