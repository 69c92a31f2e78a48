//! Which command goes where.

use inrou_pki::{Entropy, KeySource};

use super::application::Application;
use super::session::Session;
use super::{Interface, IssuerContext};
use crate::apdu::{Answer, Command, Response, SHORT_MAXIMUM, StatusWord};
use crate::image::FileId;
use crate::issuer;
use crate::memory::{Medium, Memory};

/// The card manager's name, as GlobalPlatform gives it. Clients select its first seven bytes.
const CARD_MANAGER: [u8; 8] = [0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00];
const SHORTEST_CARD_MANAGER_NAME: usize = 7;

/// INS bytes that the chip knows.
pub(super) mod ins {
    pub(in crate::chip) const VERIFY: u8 = 0x20;
    pub(in crate::chip) const CHANGE_REFERENCE_DATA: u8 = 0x24;
    pub(in crate::chip) const COMPUTE_DIGITAL_SIGNATURE: u8 = 0x2A;
    pub(in crate::chip) const GET_CHALLENGE: u8 = 0x84;
    pub(in crate::chip) const INTERNAL_AUTHENTICATE: u8 = 0x88;
    pub(in crate::chip) const SELECT: u8 = 0xA4;
    pub(in crate::chip) const SET_SESSION_KEY: u8 = 0xAE;
    pub(in crate::chip) const READ_BINARY: u8 = 0xB0;
    pub(in crate::chip) const READ_RECORD: u8 = 0xB2;
    pub(in crate::chip) const GET_RESPONSE: u8 = 0xC0;
    pub(in crate::chip) const GET_DATA: u8 = 0xCA;
    pub(in crate::chip) const LAST_COMMAND_INDICATOR: u8 = 0xFC;
}

/// A chip that has power.
pub(super) struct Powered<'a, M> {
    pub(super) memory: &'a mut Memory<M>,
    pub(super) session: &'a mut Session,
    pub(super) entropy: &'a dyn Entropy,
    pub(super) keys: &'a dyn KeySource,
}

/// In the class byte: the command is protected by the secure channel (GlobalPlatform 11.1.4).
const SECURE_MESSAGING: u8 = 0x04;

impl<M: Medium> Powered<'_, M> {
    pub(super) fn answer(&mut self, command: &Command<'_>) -> Response {
        let Command { class, instruction, p1, .. } = *command;
        if (class, instruction) == (0x00, ins::GET_RESPONSE) {
            return self.rest_of_answer(command);
        }
        self.session.remaining.clear();
        if (class, instruction, p1) == (0x00, ins::SELECT, 0x04) {
            let answer = self.select_by_name(command);
            return self.fit(command, answer);
        }
        match (class, self.session.selected) {
            (0x01..=0x03 | 0x81..=0x83, _) => StatusWord::CHANNEL_NOT_SUPPORTED.into(),
            (_, None) => self.in_card_manager(command),
            (0x00 | 0x80, Some(application)) => {
                let answer = self.in_application(application, command);
                self.fit(command, answer)
            }
            (0x08 | 0x0C, Some(application)) => {
                let answer = self.in_application_secured(application, command);
                self.fit(command, answer)
            }
            _ => StatusWord::CLASS_NOT_SUPPORTED.into(),
        }
    }

    /// Answers a command to the selected application, without secure messaging.
    pub(super) fn in_application(
        &mut self,
        application: Application,
        command: &Command<'_>,
    ) -> Answer {
        match (command.class & 0x80, command.instruction) {
            (0x00, ins::SELECT) => self.select_file(application, command),
            (0x00, ins::READ_BINARY) => self.read_binary(application, command),
            (0x00, ins::READ_RECORD) => Err(StatusWord::WRONG_FILE_STRUCTURE),
            (0x00, ins::VERIFY) => self.verify(application, command),
            (0x00, ins::CHANGE_REFERENCE_DATA) => self.change_reference_data(application, command),
            (0x80, ins::COMPUTE_DIGITAL_SIGNATURE) => self.sign(application, command),
            (0x80, ins::SET_SESSION_KEY) => self.set_session_key(application, command),
            (0x00, ins::GET_CHALLENGE) => self.challenge(command),
            (0x00, ins::INTERNAL_AUTHENTICATE) => Err(match application {
                Application::Jpki => StatusWord::SECURITY_STATUS_NOT_SATISFIED,
                Application::FaceInput => StatusWord::CONDITIONS_NOT_SATISFIED,
            }),
            (0x00, ins::GET_DATA) => Err(StatusWord::DATA_NOT_FOUND),
            (0x80, ins::LAST_COMMAND_INDICATOR) if !self.memory.image().personality.is_phone() => {
                Err(StatusWord::WRONG_LENGTH)
            }
            _ => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED),
        }
    }

    fn in_card_manager(&mut self, command: &Command<'_>) -> Response {
        let answer = match (command.class, command.instruction) {
            (0x00, ins::GET_DATA) => self.data_object(command),
            (0x00, ins::GET_CHALLENGE) => self.challenge(command),
            (0x00, ins::SELECT) => Err(if command.p1 == 0x02 || !command.data.is_empty() {
                StatusWord::FILE_NOT_FOUND
            } else {
                StatusWord::WRONG_P1_P2
            }),
            _ if self.hides_card_manager() => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED),
            // What the secure channel protects has an answer, its MAC, whether or not Le asks for one.
            (class, _) if class & SECURE_MESSAGING != 0 => return self.by_issuer(command).into(),
            _ => self.by_issuer(command),
        };
        self.fit(command, answer)
    }

    fn by_issuer(&mut self, command: &Command<'_>) -> Answer {
        let mut image = self.memory.image().clone();
        let Response { data, status } = issuer::process(
            &mut IssuerContext {
                image: &mut image,
                channel: &mut self.session.channel,
                entropy: self.entropy,
                keys: self.keys,
            },
            command,
        );
        if image == *self.memory.image() || self.memory.commit(image).is_ok() {
            return if status == StatusWord::SUCCESS { Ok(data) } else { Err(status) };
        }
        self.session.channel = issuer::Channel::default();
        Err(StatusWord::MEMORY_FAILURE)
    }

    fn select_by_name(&mut self, command: &Command<'_>) -> Answer {
        if !matches!(command.p2, 0x00 | 0x0C) {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let name = command.data;
        if let Some(application) = Application::by_name(name, self.memory.image()) {
            self.session.select(application);
            return Ok(Vec::new());
        }
        let is_card_manager =
            CARD_MANAGER.starts_with(name) && name.len() >= SHORTEST_CARD_MANAGER_NAME;
        if !is_card_manager || self.hides_card_manager() {
            return Err(StatusWord::FILE_NOT_FOUND);
        }
        self.session.select_card_manager();
        Ok(if command.p2 == 0x00 { card_manager_information() } else { Vec::new() })
    }

    /// Over the contactless link a phone shows its JPKI application alone.
    fn hides_card_manager(&self) -> bool {
        self.session.interface == Interface::Contactless
            && self.memory.image().personality.is_phone()
    }

    /// GET DATA: the tag is P1-P2. What does not fit a short answer asks for an extended Le.
    fn data_object(&self, command: &Command<'_>) -> Answer {
        let tag = FileId(u16::from_be_bytes([command.p1, command.p2]));
        let object = self.memory.image().data_objects.get(&tag);
        object.map(|content| content.to_vec()).ok_or(StatusWord::DATA_NOT_FOUND)
    }

    /// GET CHALLENGE: 1 to 256 random bytes.
    fn challenge(&self, command: &Command<'_>) -> Answer {
        if (command.p1, command.p2) != (0, 0) {
            return Err(StatusWord::WRONG_P1_P2);
        }
        match command.expected {
            Some(expected) if !command.extended && command.data.is_empty() => {
                let mut challenge = vec![0; expected];
                self.entropy.fill(&mut challenge);
                Ok(challenge)
            }
            Some(_) if command.extended => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
            _ => Err(StatusWord::WRONG_LENGTH),
        }
    }

    /// Fits an answer to the Le of its command: without Le it waits for GET RESPONSE, and if Le is too
    /// small the answer names the right one.
    fn fit(&mut self, command: &Command<'_>, answer: Answer) -> Response {
        match (answer, command.expected) {
            (Ok(data), None) if !data.is_empty() => {
                self.session.remaining = data;
                self.more().into()
            }
            (Ok(data), Some(expected)) if data.len() > expected => {
                if data.len() > SHORT_MAXIMUM {
                    return StatusWord::WRONG_LENGTH.into();
                }
                StatusWord(0x6C00 | data.len() as u16 & 0xFF).into()
            }
            (answer, _) => answer.into(),
        }
    }

    fn rest_of_answer(&mut self, command: &Command<'_>) -> Response {
        if (command.p1, command.p2) != (0x00, 0x00) {
            return StatusWord::WRONG_P1_P2.into();
        }
        let Some(expected) = command.expected else {
            return StatusWord::WRONG_LENGTH.into();
        };
        if self.session.remaining.is_empty() {
            return StatusWord::CONDITIONS_NOT_SATISFIED.into();
        }
        let rest = self.session.remaining.split_off(expected.min(self.session.remaining.len()));
        let data = std::mem::replace(&mut self.session.remaining, rest);
        let status =
            if self.session.remaining.is_empty() { StatusWord::SUCCESS } else { self.more() };
        Response { data, status }
    }

    /// `61xx`: how much of the answer waits; `00` is 256 bytes or more.
    fn more(&self) -> StatusWord {
        let waiting = u8::try_from(self.session.remaining.len()).unwrap_or(0);
        StatusWord(0x6100 | u16::from(waiting))
    }
}

/// The card manager's file control information (GlobalPlatform Card Specification 2.3, §11.9.3.1):
/// its name, and that a command may have 255 bytes of data.
fn card_manager_information() -> Vec<u8> {
    let mut information = vec![0x6F, 0x10, 0x84, 0x08];
    information.extend(CARD_MANAGER);
    information.extend([0xA5, 0x04, 0x9F, 0x65, 0x01, 0xFF]);
    information
}

#[cfg(test)]
mod tests {
    use crate::chip::Interface;
    use crate::testing::{
        SELECT_CARD_MANAGER, SELECT_FACE_INPUT, SELECT_JPKI, card_image, exchange, phone_image,
        powered,
    };

    #[test]
    fn names_of_foreign_applications_are_unknown() {
        // What OpenSC's other drivers ask before it asks for a My Number card.
        for command in [
            "00 A4 04 00 07 76270000000000",
            "00 A4 04 00 06 A00000000101",
            "00 A4 04 0C 0A E82B0601040181C31F02",
            "00 A4 04 00 09 D2330000004573744549",
            "00 A4 04 00 09 A00000030800001000",
            "00 A4 04 00 0B A000000308000010000100",
            "00 A4 04 00 08 A000000116DB0000",
            "00 A4 04 00 07 A0000000790100",
            "00 A4 04 00 08 F276A288BCFBA69D",
            "00 A4 04 00 09 A0000003974254465900",
            "00 A4 04 00 06 D2760001240100",
            "00 A4 04 00",
        ] {
            let mut chip = powered(card_image());
            let answer = exchange(&mut chip, command);
            assert!(["6A82", "6700"].contains(&&*answer), "{command} {answer}");
            assert_eq!(exchange(&mut chip, SELECT_JPKI), "9000");
        }
        let mut chip = powered(card_image());
        assert_eq!(exchange(&mut chip, "00 CA DF 30 05"), "6A88");
        exchange(&mut chip, SELECT_JPKI);
        assert_eq!(exchange(&mut chip, "00 CA DF 30 05"), "6A88");
        assert_eq!(exchange(&mut chip, "00 CB 3F FF 03 5C017E 08"), "6D00");
    }

    #[test]
    fn names_must_be_whole() {
        let mut chip = powered(card_image());
        assert_eq!(exchange(&mut chip, "00 A4 04 0C 09 D392F0002601000000"), "6A82");
        assert_eq!(exchange(&mut chip, "00 A4 04 0C 0B D392F00026010000000100"), "6A82");
        assert_eq!(exchange(&mut chip, "00 A4 04 02 0A D392F000260100000001"), "6A86");
        assert_eq!(exchange(&mut chip, "00 A4 04 0C 06 A00000015100"), "6A82");
        assert_eq!(exchange(&mut chip, "00 A4 04 0C 09 A00000015100000000"), "6A82");
    }

    #[test]
    fn a_failed_selection_changes_nothing() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, "00 A4 02 0C 02 000A");
        assert_eq!(exchange(&mut chip, "00 A4 04 0C 05 F000000001"), "6A82");
        assert_eq!(exchange(&mut chip, "00 B0 00 00 04"), "308203E89000");
    }

    #[test]
    fn the_card_manager_names_itself_when_asked() {
        let mut chip = powered(phone_image());
        assert_eq!(exchange(&mut chip, SELECT_CARD_MANAGER), "9000");
        assert_eq!(
            exchange(&mut chip, "00 A4 04 00 08 A000000151000000 00"),
            "6F108408A000000151000000A5049F6501FF9000"
        );
    }

    #[test]
    fn the_card_manager_fits_its_answers_to_le() {
        let mut chip = powered(card_image());
        let initialize_update = "80 50 01 00 08 0102030405060708";
        assert_eq!(exchange(&mut chip, initialize_update), "611D");
        assert!(exchange(&mut chip, "00 C0 00 00 1D").ends_with("9000"));
        assert_eq!(exchange(&mut chip, &format!("{initialize_update} 08")), "6C1D");
        assert!(exchange(&mut chip, &format!("{initialize_update} 1D")).ends_with("9000"));
    }

    #[test]
    fn data_objects_are_given_while_no_application_is_selected() {
        let mut chip = powered(card_image());
        let municipality = "00 CA 00 F0 00";
        assert_eq!(exchange(&mut chip, municipality), "31333232319000");
        assert_eq!(exchange(&mut chip, "00 CA 00 F2 00"), "32303335303231379000");
        assert_eq!(exchange(&mut chip, "00 CA 5F 51 00"), "E000FF8131FE45149000");
        assert_eq!(exchange(&mut chip, "00 CA 00 45 00").len(), 36);
        assert_eq!(exchange(&mut chip, "00 CA 12 34 00"), "6A88");
        assert_eq!(exchange(&mut chip, "00 CA 00 F0 01"), "6C05");
        exchange(&mut chip, SELECT_JPKI);
        assert_eq!(exchange(&mut chip, municipality), "6A88");
        exchange(&mut chip, SELECT_CARD_MANAGER);
        assert_eq!(exchange(&mut chip, municipality), "31333232319000");
    }

    #[test]
    fn a_challenge_is_as_long_as_asked_for_and_never_the_same() {
        let mut chip = powered(card_image());
        for select in [SELECT_CARD_MANAGER, SELECT_JPKI, SELECT_FACE_INPUT] {
            exchange(&mut chip, select);
            let challenge = exchange(&mut chip, "00 84 00 00 10");
            assert_eq!(challenge.len(), 36);
            assert_ne!(challenge, exchange(&mut chip, "00 84 00 00 10"));
            assert_eq!(exchange(&mut chip, "00 84 00 00 00").len(), 516);
            assert_eq!(exchange(&mut chip, "00 84 00 00"), "6700");
            assert_eq!(exchange(&mut chip, "00 84 00 01 10"), "6A86");
            assert_eq!(exchange(&mut chip, "00 84 00 00 00 01 00"), "6985");
        }
    }

    #[test]
    fn reg_4_over_the_contactless_link_a_phone_shows_its_jpki_application_alone() {
        let mut chip = powered(phone_image());
        assert_eq!(exchange(&mut chip, SELECT_CARD_MANAGER), "9000");
        chip.power_on(Interface::Contactless);
        assert_eq!(exchange(&mut chip, SELECT_CARD_MANAGER), "6A82");
        assert_eq!(exchange(&mut chip, SELECT_FACE_INPUT), "6A82");
        assert_eq!(exchange(&mut chip, "80 50 01 00 08 0102030405060708 00"), "6D00");
        assert_eq!(exchange(&mut chip, "84 E2 80 00 01 00"), "6D00");
        assert_eq!(exchange(&mut chip, SELECT_JPKI), "9000");
        assert_eq!(exchange(&mut chip, "00 B0 86 00 04"), "4A504B499000");
    }

    #[test]
    fn a_phone_has_no_face_input_application() {
        assert_eq!(exchange(&mut powered(phone_image()), SELECT_FACE_INPUT), "6A82");
    }

    #[test]
    fn unknown_classes_channels_and_instructions_are_refused() {
        let mut chip = powered(card_image());
        assert_eq!(exchange(&mut chip, "01 CA 00 F0 00"), "6881", "nor in the card manager");
        exchange(&mut chip, SELECT_JPKI);
        for (command, answer) in [
            ("01 B0 8A 00 04", "6881"),
            ("A0 B0 8A 00 04", "6E00"),
            ("FF FF FF FF", "6E00"),
            ("08 B0 8A 00 04", "69FC"),
            ("0C B0 8A 00 04", "69FC"),
            ("80 B0 8A 00 04", "6D00"),
            ("00 D6 8A 00 01 00", "6D00"),
            ("80 AE 00 00 01 00", "6982"),
            ("80 FC 00 00", "6700"),
            ("00 C0 00 00 00", "6985"),
            ("00 C0 00 01 00", "6A86"),
            ("00 C0 00 00", "6700"),
        ] {
            assert_eq!(exchange(&mut chip, command), answer, "{command}");
        }
        let mut phone = powered(phone_image());
        exchange(&mut phone, SELECT_JPKI);
        assert_eq!(exchange(&mut phone, "80 FC 00 00"), "6D00");
    }

    #[test]
    fn without_power_there_is_no_answer() {
        let mut chip = powered(card_image());
        chip.power_off();
        assert_eq!(exchange(&mut chip, SELECT_JPKI), "");
        assert!(chip.reset().is_empty());
        assert_eq!(chip.power_on(Interface::Local), crate::chip::ANSWER_TO_RESET);
        assert_eq!(chip.reset(), crate::chip::ANSWER_TO_RESET);
    }
}
