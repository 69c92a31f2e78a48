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
        let plain = secure_messaging
            .open(command)
            .ok_or(StatusWord::SECURE_MESSAGING_INCORRECT)?;
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
        Some(Self {
            key: Zeroizing::new(*key),
            counter: 0,
        })
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
        tlv::object(
            CRYPTOGRAM,
            &[&[PADDING_INDICATOR], cryptogram.as_slice()].concat(),
        )
    }

    /// The number of the command, encrypted: the same for the command and its answer.
    fn initial_vector(&self) -> aes::Block {
        let mut block = aes::Block::default();
        block[BLOCK - 8..].copy_from_slice(&self.counter.to_be_bytes());
        Aes128::new((&*self.key).into()).encrypt_block(&mut block);
        block
    }
}
