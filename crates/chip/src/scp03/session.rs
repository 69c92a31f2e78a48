//! What both ends of an open channel compute: the C-MAC chain, the encryption counter, R-MACs.

use aes::Aes128;
use aes::cipher::block_padding::Iso7816;
use aes::cipher::{BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::PROTECTED_CLASS;
use super::keys::{Key, SessionKeys, cmac, left_half};
use crate::apdu::{Command, StatusWord};

/// Bytes of a C-MAC or R-MAC on the wire.
pub(super) const MAC: usize = 8;

/// The running state of a session.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Session {
    keys: SessionKeys,
    /// The whole MAC of the last command, which goes before the next one (§6.2.3).
    chain: [u8; 16],
    /// Counts the commands after EXTERNAL AUTHENTICATE, whether they have data or not (§6.2.6).
    counter: u64,
}

/// The place of one command in the session: what its answer is protected with.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Place {
    chain: [u8; 16],
    counter: u64,
}

/// Who speaks, for the initial vector of the encryption (§6.2.6, §6.2.7).
#[derive(Clone, Copy)]
enum Direction {
    Command = 0x00,
    Answer = 0x80,
}

impl Session {
    pub fn new(keys: SessionKeys) -> Self {
        Self { keys, chain: [0; 16], counter: 0 }
    }

    /// The C-MAC of a command with this protected `data`, MAC not included; the chain moves on.
    ///
    /// It covers the header as it stands on the wire: Lc counts the MAC and has the form, short or
    /// extended, of the command.
    pub fn command_mac(&mut self, command: &Command<'_>, data: &[u8]) -> [u8; MAC] {
        let Command { instruction, p1, p2, .. } = *command;
        let [.., high, low] = (data.len() + MAC).to_be_bytes();
        let lc: &[u8] = if command.extended { &[0, high, low] } else { &[low] };
        let header = [PROTECTED_CLASS, instruction, p1, p2];
        self.chain = cmac(&self.keys.mac, &[&self.chain, &header, lc, data]);
        left_half(&self.chain)
    }

    /// Counts one more command after EXTERNAL AUTHENTICATE.
    pub fn advance(&mut self) {
        self.counter += 1;
    }

    /// Where the session stands.
    pub fn place(&self) -> Place {
        Place { chain: self.chain, counter: self.counter }
    }

    /// Encrypts command data.
    pub fn encrypt_command(&self, data: &[u8]) -> Vec<u8> {
        self.encrypt(self.counter, Direction::Command, data)
    }

    /// Decrypts command data; `None` if it is not padded whole blocks.
    pub fn decrypt_command(&self, data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.decrypt(self.counter, Direction::Command, data)
    }

    /// Encrypts answer data.
    pub fn encrypt_answer(&self, place: &Place, data: &[u8]) -> Vec<u8> {
        self.encrypt(place.counter, Direction::Answer, data)
    }

    /// Decrypts answer data; `None` if it is not padded whole blocks.
    pub fn decrypt_answer(&self, place: &Place, data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.decrypt(place.counter, Direction::Answer, data)
    }

    /// The R-MAC of an answer with this protected `data` (§6.2.5).
    pub fn answer_mac(&self, place: &Place, data: &[u8], status: StatusWord) -> [u8; MAC] {
        left_half(&cmac(&self.keys.rmac, &[&place.chain, data, &status.0.to_be_bytes()]))
    }

    fn encrypt(&self, counter: u64, direction: Direction, data: &[u8]) -> Vec<u8> {
        let iv = initial_vector(&self.keys.enc, counter, direction);
        cbc::Encryptor::<Aes128>::new(self.keys.enc.as_bytes().into(), &iv.into())
            .encrypt_padded_vec::<Iso7816>(data)
    }

    fn decrypt(
        &self,
        counter: u64,
        direction: Direction,
        data: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let iv = initial_vector(&self.keys.enc, counter, direction);
        cbc::Decryptor::<Aes128>::new(self.keys.enc.as_bytes().into(), &iv.into())
            .decrypt_padded_vec::<Iso7816>(data)
            .ok()
            .map(Zeroizing::new)
    }
}

/// Whether two MACs or cryptograms are equal, in a time that does not tell where they differ.
pub(super) fn equal(left: &[u8; MAC], right: &[u8; MAC]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(left, right).is_ok()
}

fn initial_vector(key: &Key, counter: u64, direction: Direction) -> [u8; 16] {
    let mut block = [0; 16];
    block[0] = direction as u8;
    block[8..].copy_from_slice(&counter.to_be_bytes());
    let mut block = block.into();
    Aes128::new(key.as_bytes().into()).encrypt_block(&mut block);
    block.into()
}
