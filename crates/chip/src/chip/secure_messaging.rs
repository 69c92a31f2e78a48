//! Secure messaging of the face-input application: SET SESSION KEY, then command and response data
//! under AES-128-CBC. It hides; it does not authenticate.

use aes::Aes128;
use cbc::cipher::block_padding::Iso7816;
use cbc::cipher::{BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit};
use rsa::Oaep;
use rsa::sha2::Sha256;
use zeroize::Zeroizing;

use super::application::Application;
use super::dispatch::{Powered, ins};
use super::signing::{ChipRandom, rsa_key};
use crate::apdu::{Answer, Command, StatusWord};
use crate::memory::Medium;
use crate::{face_input, tlv};

/// CLA of secure messaging with an authenticated header, which this application does not have.
const AUTHENTICATED_CLASS: u8 = 0x0C;

/// There is no session key.
const NO_SESSION: StatusWord = StatusWord(0x69FC);

const KEY_DELIVERY: u16 = 0xA0;
const ENCRYPTION_KEY: u16 = 0x80;
/// Bytes of key material delivered; the first sixteen are the key.
const SEED: usize = 32;
const CRYPTOGRAM: u16 = 0x86;
const EXPECTED_LENGTH: u16 = 0x96;
const PADDING_INDICATOR: u8 = 0x01;
const BLOCK: usize = 16;

/// A session key and the number of the next command.
pub(super) struct SecureMessaging {
    key: Zeroizing<[u8; BLOCK]>,
    counter: u64,
}

impl<M: Medium> Powered<'_, M> {
    /// SET SESSION KEY: key material, encrypted to the key in EF 0006 with RSA-OAEP and SHA-256. The
    /// card-face input PIN must have been verified; a verification number does not do.
    pub(super) fn set_session_key(
        &mut self,
        application: Application,
        command: &Command<'_>,
    ) -> Answer {
        let Some(face_input) = &self.memory.image().face_input else {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        };
        if application != Application::FaceInput || !self.session.is_verified(face_input::PIN) {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        if (command.p1, command.p2) != (0x00, 0x00) {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let key = rsa_key(&face_input.session_key)?;
        let mut random = ChipRandom(self.entropy);
        let delivery = key
            .decrypt_blinded(&mut random, Oaep::new::<Sha256>(), command.data)
            .map(Zeroizing::new)
            .map_err(|_| StatusWord::WRONG_DATA)?;
        let secure_messaging = SecureMessaging::delivered(&delivery);
        self.session.secure_messaging = Some(secure_messaging.ok_or(StatusWord::WRONG_DATA)?);
        Ok(Vec::new())
    }

    /// Answers a command under secure messaging (CLA `08`) to the selected application. A command that
    /// does not open ends the session.
    pub(super) fn in_application_secured(
        &mut self,
        application: Application,
        command: &Command<'_>,
    ) -> Answer {
        let mut secure_messaging = self.session.secure_messaging.take().ok_or(NO_SESSION)?;
        if command.class == AUTHENTICATED_CLASS {
            return Err(StatusWord::SECURE_MESSAGING_MISSING);
        }
        secure_messaging.counter += 1;
        let plain = secure_messaging.open(command).ok_or(StatusWord::SECURE_MESSAGING_INCORRECT)?;
        let answer = self.in_application(application, &plain.command(command));
        let protected = answer.map(|data| secure_messaging.protect(&data));
        self.session.secure_messaging = Some(secure_messaging);
        protected
    }
}

/// What was inside a protected command.
enum Plain {
    Data(Zeroizing<Vec<u8>>),
    Expected(usize),
}

impl Plain {
    fn command<'a>(&'a self, protected: &Command<'_>) -> Command<'a> {
        let header = Command::new(0x00, protected.instruction, protected.p1, protected.p2);
        match self {
            Self::Data(data) => header.with_data(data),
            Self::Expected(expected) => header.expecting(*expected),
        }
    }
}

impl SecureMessaging {
    /// The session of a delivery `A0 { 80 seed }`; no other form is accepted.
    fn delivered(delivery: &[u8]) -> Option<Self> {
        let seed = tlv::sole(ENCRYPTION_KEY, tlv::sole(KEY_DELIVERY, delivery)?)?;
        let key = seed.first_chunk().filter(|_| seed.len() == SEED)?;
        Some(Self { key: Zeroizing::new(*key), counter: 0 })
    }

    /// Opens the one data object that a command may have: the expected length for READ BINARY, a
    /// cryptogram for VERIFY and SELECT.
    fn open(&self, command: &Command<'_>) -> Option<Plain> {
        match command.instruction {
            ins::READ_BINARY => match *tlv::sole(EXPECTED_LENGTH, command.data)? {
                [0, 0, 0] => Some(Plain::Expected(usize::MAX)),
                [0, high, low] => Some(Plain::Expected(u16::from_be_bytes([high, low]).into())),
                _ => None,
            },
            ins::VERIFY | ins::SELECT => {
                let cryptogram =
                    tlv::sole(CRYPTOGRAM, command.data)?.strip_prefix(&[PADDING_INDICATOR])?;
                cbc::Decryptor::<Aes128>::new((&*self.key).into(), &self.initial_vector())
                    .decrypt_padded_vec::<Iso7816>(cryptogram)
                    .ok()
                    .map(|data| Plain::Data(Zeroizing::new(data)))
            }
            _ => None,
        }
    }

    fn protect(&self, data: &[u8]) -> Vec<u8> {
        if data.is_empty() {
            return Vec::new();
        }
        let cryptogram = cbc::Encryptor::<Aes128>::new((&*self.key).into(), &self.initial_vector())
            .encrypt_padded_vec::<Iso7816>(data);
        tlv::object(CRYPTOGRAM, &[&[PADDING_INDICATOR], cryptogram.as_slice()].concat())
    }

    /// The number of the command, encrypted: the same for the command and its answer.
    fn initial_vector(&self) -> aes::Block {
        let mut block = aes::Block::default();
        block[BLOCK - 8..].copy_from_slice(&self.counter.to_be_bytes());
        Aes128::new((&*self.key).into()).encrypt_block(&mut block);
        block
    }
}

#[cfg(test)]
mod tests {
    use rsa::{BigUint, RsaPublicKey};

    use super::*;
    use crate::Chip;
    use crate::image::Bytes;
    use crate::memory::InMemoryMedium;
    use crate::testing::{
        SELECT_FACE_INPUT, SELECT_JPKI, card_image, exchange, phone_image, powered,
    };

    const SEED: [u8; 32] = *b"thirty-two bytes of key material";
    const VERIFY_PIN: &str = "00 20 00 91 04 35363738";
    const READ_NUMBER: &str = "08 B0 81 00 05 96 03 00 0000 00";

    #[test]
    fn a_session_hides_the_answer_and_counts_every_command() {
        let mut chip = in_session();
        for counter in 1..=3 {
            assert_eq!(opened(&exchange(&mut chip, READ_NUMBER), counter).len(), 17);
        }
        let selected = exchange(&mut chip, &cryptogram("08 A4 02 0C", &[0x00, 0x01], 4));
        assert_eq!(selected, "9000");
        assert_eq!(exchange(&mut chip, "00 B0 00 00 02"), "FF109000", "in the clear, uncounted");
        let part = exchange(&mut chip, "08 B0 00 03 05 96 03 00 0004 00");
        assert_eq!(opened(&part, 5), b"1234");
        assert_eq!(exchange(&mut chip, &cryptogram("08 20 00 91", b"0000", 6)), "63C2");
        assert_eq!(exchange(&mut chip, READ_NUMBER), "6982", "counted too");
        assert_eq!(exchange(&mut chip, &cryptogram("08 20 00 91", b"5678", 8)), "9000");
        assert_eq!(opened(&exchange(&mut chip, READ_NUMBER), 9).len(), 17);
    }

    #[test]
    fn a_command_that_does_not_open_ends_the_session() {
        let right = cryptogram("08 20 00 91", b"5678", 1);
        let out_of_step = cryptogram("08 20 00 91", b"5678", 2);
        for broken in [
            &*out_of_step,
            &right.replace("86 11 01", "86 11 02"),
            &right.replace("86 11 01", "87 11 01"),
            "08 20 00 91 05 96 03 00 0000",
            "08 20 00 91 03 86 01 01",
            "08 20 00 91",
            "08 B0 81 00 05 86 03 01 0000 00",
            "08 B0 81 00 06 96 04 00 000000 00",
            "08 B0 81 00 0A 96 03 00 0000 96 03 00 0000 00",
            "08 2A 00 93 05 96 03 00 0000 00",
        ] {
            let mut chip = in_session();
            assert_eq!(exchange(&mut chip, broken), "6988", "{broken}");
            assert_eq!(exchange(&mut chip, READ_NUMBER), "69FC", "{broken}");
        }
        let mut chip = in_session();
        assert_eq!(exchange(&mut chip, &right), "9000");
        let mut chip = in_session();
        assert_eq!(exchange(&mut chip, &right.replacen("08", "0C", 1)), "6987");
        assert_eq!(exchange(&mut chip, READ_NUMBER), "69FC");
    }

    #[test]
    fn selecting_an_application_or_a_reset_ends_the_session() {
        let mut chip = in_session();
        exchange(&mut chip, SELECT_FACE_INPUT);
        assert_eq!(exchange(&mut chip, READ_NUMBER), "69FC");
        let mut chip = in_session();
        chip.reset();
        exchange(&mut chip, SELECT_FACE_INPUT);
        assert_eq!(exchange(&mut chip, READ_NUMBER), "69FC");
    }

    #[test]
    fn a_session_key_needs_the_card_face_pin() {
        let delivery = delivery(&tlv::object(0xA0, &tlv::object(0x80, &SEED)));
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_FACE_INPUT);
        assert_eq!(exchange(&mut chip, &delivery), "6982");
        exchange(&mut chip, "00 20 00 94 0C 313233343536373839303130");
        assert_eq!(exchange(&mut chip, &delivery), "6982", "a verification number does not do");
        exchange(&mut chip, VERIFY_PIN);
        assert_eq!(exchange(&mut chip, &delivery.replacen("0000", "0001", 1)), "6A86");
        assert_eq!(exchange(&mut chip, &delivery), "9000");
        for image in [card_image(), phone_image()] {
            let mut chip = powered(image);
            exchange(&mut chip, SELECT_JPKI);
            assert_eq!(exchange(&mut chip, &delivery), "6982", "no session in this application");
        }
    }

    #[test]
    fn other_forms_of_delivery_are_refused() {
        let encryption = tlv::object(0x80, &SEED);
        let authentication = tlv::object(0x81, &SEED);
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_FACE_INPUT);
        exchange(&mut chip, VERIFY_PIN);
        for form in [
            encryption.clone(),
            tlv::object(0xA0, &authentication),
            tlv::object(0xA0, &[encryption, authentication].concat()),
            tlv::object(0xA0, &tlv::object(0x80, &SEED[..16])),
            vec![],
        ] {
            assert_eq!(exchange(&mut chip, &delivery(&form)), "6A80");
        }
        assert_eq!(exchange(&mut chip, "80 AE 00 00 10 00112233445566778899AABBCCDDEEFF"), "6A80");
        assert_eq!(exchange(&mut chip, "80 AE 00 00"), "6A80");
        assert_eq!(exchange(&mut chip, READ_NUMBER), "69FC");
    }

    fn in_session() -> Chip<InMemoryMedium> {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_FACE_INPUT);
        exchange(&mut chip, VERIFY_PIN);
        let delivery = delivery(&tlv::object(0xA0, &tlv::object(0x80, &SEED)));
        assert_eq!(exchange(&mut chip, &delivery), "9000");
        chip
    }

    /// SET SESSION KEY with `content`, encrypted to the key that the card shows.
    fn delivery(content: &[u8]) -> String {
        let image = card_image();
        let file = &image.face_input.unwrap().files[&face_input::SESSION_PUBLIC_KEY];
        let (exponent, modulus) = tlv::take(tlv::sole(0xA1, file).unwrap()).unwrap();
        let number = BigUint::from_bytes_be;
        let modulus = number(tlv::sole(0x91, modulus).unwrap());
        let key = RsaPublicKey::new(modulus, number(exponent.value)).unwrap();
        let entropy = inrou_pki::SeededEntropy::new(4);
        let mut random = ChipRandom(&entropy);
        let delivery = key.encrypt(&mut random, Oaep::new::<Sha256>(), content).unwrap();
        format!("80AE0000 000100 {}", String::from(Bytes(delivery)))
    }

    /// A command whose data are hidden.
    fn cryptogram(header: &str, data: &[u8], counter: u64) -> String {
        let sealed = session(counter).protect(data);
        let (object, _) = tlv::take(&sealed).unwrap();
        let body = String::from(Bytes(object.value[1..].to_vec()));
        format!("{header} {:02X} 86 {:02X} 01 {body}", sealed.len(), object.value.len())
    }

    /// What a protected answer says.
    fn opened(answer: &str, counter: u64) -> Vec<u8> {
        let answer = Bytes::try_from(answer.to_owned()).unwrap();
        let object = answer.strip_suffix(&[0x90, 0x00]).expect("9000");
        let command = Command::new(0x08, ins::VERIFY, 0, 0).with_data(object);
        match session(counter).open(&command) {
            Some(Plain::Data(data)) => data.to_vec(),
            _ => panic!("it does not open"),
        }
    }

    fn session(counter: u64) -> SecureMessaging {
        let key = Zeroizing::new(*SEED.first_chunk().unwrap());
        SecureMessaging { key, counter }
    }
}
