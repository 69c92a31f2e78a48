//! The chip's end of the channel.

use inrou_rules::ChipId;
use zeroize::Zeroizing;

use super::keys::{Challenges, StaticKeys};
use super::session::{MAC, Place, Session, equal};
use super::{
    AUTHENTICATION_FAILED, DIVERSIFICATION, KEY_INFORMATION, KEY_VERSION, MAXIMUM_DATA,
    PROTECTED_CLASS, SECURITY_LEVEL,
};
use crate::apdu::{Command, Response, StatusWord};

/// The secure channel as the chip sees it. It lives in volatile memory: a reset, the selection of
/// an application or anything wrong in a command closes it, and its keys are wiped.
#[derive(Default)]
pub struct CardChannel(State);

#[derive(Default)]
enum State {
    #[default]
    Closed,
    Challenged {
        session: Session,
        host_cryptogram: [u8; 8],
    },
    Open(Session),
}

/// A command that came through the channel.
pub struct Opened {
    /// Its data in the clear.
    pub data: Zeroizing<Vec<u8>>,
    place: Place,
}

impl CardChannel {
    /// INITIALIZE UPDATE (`80 50 key-version 00 08 host-challenge`). Closes what was open, and
    /// answers key diversification data, key information, card challenge, card cryptogram.
    ///
    /// # Errors
    /// [`StatusWord::DATA_NOT_FOUND`] for a key version that is not there,
    /// [`StatusWord::WRONG_P1_P2`], [`StatusWord::WRONG_LENGTH`].
    pub fn initialize_update(
        &mut self,
        command: &Command<'_>,
        chip: &ChipId,
        keys: &StaticKeys,
        card: [u8; 8],
    ) -> Result<Vec<u8>, StatusWord> {
        self.close();
        if command.p2 != 0 {
            return Err(StatusWord::WRONG_P1_P2);
        }
        if ![0, KEY_VERSION].contains(&command.p1) {
            return Err(StatusWord::DATA_NOT_FOUND);
        }
        let host = command.data.try_into().map_err(|_| StatusWord::WRONG_LENGTH)?;
        let challenges = Challenges { host, card };
        let keys = keys.session(&challenges);
        let mut answer = chip.as_bytes()[..DIVERSIFICATION].to_vec();
        answer.extend_from_slice(&KEY_INFORMATION);
        answer.extend_from_slice(&card);
        answer.extend_from_slice(&keys.card_cryptogram(&challenges));
        let host_cryptogram = keys.host_cryptogram(&challenges);
        self.0 = State::Challenged { session: Session::new(keys), host_cryptogram };
        Ok(answer)
    }

    /// EXTERNAL AUTHENTICATE (`84 82 33 00 10 host-cryptogram C-MAC`): opens the channel.
    ///
    /// # Errors
    /// The channel is closed, and stays so:
    /// [`StatusWord::CONDITIONS_NOT_SATISFIED`] if no INITIALIZE UPDATE came right before,
    /// [`StatusWord::WRONG_P1_P2`] for another security level,
    /// [`StatusWord::SECURITY_STATUS_NOT_SATISFIED`] for a wrong C-MAC,
    /// `6300` for a wrong cryptogram.
    pub fn external_authenticate(&mut self, command: &Command<'_>) -> Result<(), StatusWord> {
        let State::Challenged { mut session, host_cryptogram } = std::mem::take(&mut self.0) else {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        };
        if (command.p1, command.p2) != (SECURITY_LEVEL, 0) {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let cryptogram = authentic(&mut session, command)?;
        let cryptogram = cryptogram.try_into().map_err(|_| StatusWord::WRONG_LENGTH)?;
        if !equal(cryptogram, &host_cryptogram) {
            return Err(AUTHENTICATION_FAILED);
        }
        self.0 = State::Open(session);
        Ok(())
    }

    /// Checks the C-MAC of a command and decrypts its data.
    ///
    /// # Errors
    /// [`StatusWord::SECURITY_STATUS_NOT_SATISFIED`] without an open channel, for a command that
    /// is not protected, not authentic (altered, repeated, out of order) or not decryptable. The
    /// channel is then closed.
    pub fn open(&mut self, command: &Command<'_>) -> Result<Opened, StatusWord> {
        let State::Open(mut session) = std::mem::take(&mut self.0) else {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        };
        let encrypted = authentic(&mut session, command)?;
        session.advance();
        let data = match encrypted {
            [] => Some(Zeroizing::default()),
            _ => session.decrypt_command(encrypted),
        };
        let data = data.ok_or(StatusWord::SECURITY_STATUS_NOT_SATISFIED)?;
        let place = session.place();
        self.0 = State::Open(session);
        Ok(Opened { data, place })
    }

    /// Protects the answer to a command that [`CardChannel::open`] gave. An error status word goes
    /// bare, without data (§6.2.5). Data over [`MAXIMUM_DATA`] would not fit a short answer.
    pub fn seal(&self, opened: &Opened, response: Response) -> Response {
        let Response { data, status } = response;
        debug_assert!(data.len() <= MAXIMUM_DATA);
        let State::Open(session) = &self.0 else {
            return StatusWord::SECURITY_STATUS_NOT_SATISFIED.into();
        };
        if status != StatusWord::SUCCESS {
            return status.into();
        }
        let mut data = match data.as_slice() {
            [] => Vec::new(),
            data => session.encrypt_answer(&opened.place, data),
        };
        let mac = session.answer_mac(&opened.place, &data, status);
        data.extend_from_slice(&mac);
        Response { data, status }
    }

    /// Forgets the session.
    pub fn close(&mut self) {
        self.0 = State::Closed;
    }
}

/// The data of a command without its C-MAC, which is right.
fn authentic<'a>(session: &mut Session, command: &Command<'a>) -> Result<&'a [u8], StatusWord> {
    let refused = StatusWord::SECURITY_STATUS_NOT_SATISFIED;
    let (data, mac) = command.data.split_last_chunk::<MAC>().ok_or(refused)?;
    let authentic =
        command.class == PROTECTED_CLASS && equal(mac, &session.command_mac(command, data));
    if authentic { Ok(data) } else { Err(refused) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authentic_command_with_a_wrong_cryptogram_authenticates_nobody() {
        let chip = ChipId::from_bytes([0x01; 16]);
        let keys = StaticKeys::from_bytes([0x02; 16], [0x03; 16]);
        let challenges = Challenges { host: [0x04; 8], card: [0x05; 8] };
        let session_keys = keys.session(&challenges);
        let right = session_keys.host_cryptogram(&challenges);
        for (cryptogram, outcome) in
            [(right, Ok(())), (right.map(|byte| !byte), Err(AUTHENTICATION_FAILED))]
        {
            let mut card = CardChannel::default();
            let initialize = Command::new(0x80, 0x50, 0, 0).with_data(&challenges.host);
            card.initialize_update(&initialize, &chip, &keys, challenges.card).unwrap();
            let command = Command::new(PROTECTED_CLASS, 0x82, SECURITY_LEVEL, 0);
            let mut host = Session::new(keys.session(&challenges));
            let mac = host.command_mac(&command, &cryptogram);
            let data = [cryptogram, mac].concat();
            assert_eq!(card.external_authenticate(&command.with_data(&data)), outcome);
        }
    }
}
