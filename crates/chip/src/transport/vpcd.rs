//! A chip as a virtual card in vsmartcard's `vpcd`, by which every PC/SC program sees it.
//!
//! Messages go both ways as a length (two bytes, big-endian) and that many bytes. From vpcd a message
//! of one byte is a control: power off, power on, reset, or a request for the ATR; every other message
//! is a command APDU.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};

use zeroize::Zeroizing;

use crate::chip::{ANSWER_TO_RESET, Chip, Interface};
use crate::memory::Medium;

/// Where vpcd listens by default, for its first slot.
pub const DEFAULT_ADDRESS: (&str, u16) = ("127.0.0.1", 0x8C7B);

const POWER_OFF: u8 = 0x00;
const POWER_ON: u8 = 0x01;
const RESET: u8 = 0x02;
const ATR: u8 = 0x04;

/// A place in a virtual reader.
#[derive(Debug)]
pub struct Slot {
    stream: TcpStream,
}

/// Takes the card out of its slot from another thread.
#[derive(Debug)]
pub struct Eject {
    stream: TcpStream,
}

impl Slot {
    /// Connects to vpcd.
    ///
    /// # Errors
    /// Nobody listens there.
    pub fn connect(address: impl ToSocketAddrs) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// What ends [`Slot::serve`].
    ///
    /// # Errors
    /// The system has no room for another handle.
    pub fn eject(&self) -> io::Result<Eject> {
        Ok(Eject { stream: self.stream.try_clone()? })
    }

    /// Answers for `chip`, spoken to over `interface`, until vpcd or [`Eject`] ends the connection. The
    /// chip is without power afterwards.
    ///
    /// # Errors
    /// The connection failed.
    pub fn serve<M: Medium>(mut self, chip: &mut Chip<M>, interface: Interface) -> io::Result<()> {
        let result = self.answer_all(chip, interface);
        chip.power_off();
        result
    }

    fn answer_all<M: Medium>(
        &mut self,
        chip: &mut Chip<M>,
        interface: Interface,
    ) -> io::Result<()> {
        while let Some(message) = self.receive()? {
            match **message {
                [POWER_OFF] => chip.power_off(),
                [POWER_ON] => drop(chip.power_on(interface)),
                [RESET] => drop(chip.reset()),
                [ATR] => self.send(&ANSWER_TO_RESET)?,
                [] | [_] => {}
                _ => self.send(&chip.process(&message))?,
            }
        }
        Ok(())
    }

    /// The next message; `None` at the end of the connection.
    fn receive(&mut self) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        let mut length = [0; 2];
        self.hurry()?;
        match self.stream.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            result => result?,
        }
        let mut message = Zeroizing::new(vec![0; u16::from_be_bytes(length).into()]);
        self.hurry()?;
        self.stream.read_exact(&mut message)?;
        Ok(Some(message))
    }

    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let length = u16::try_from(message.len())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "too long for vpcd"))?;
        self.stream.write_all(&[&length.to_be_bytes(), message].concat())
    }

    /// vpcd writes length and message apart; without an acknowledgement at once for the first, the
    /// second is held back for 40 ms. Linux forgets the option, so it is set before every receive.
    fn hurry(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            use std::os::linux::net::TcpStreamExt;
            self.stream.set_quickack(true)?;
        }
        Ok(())
    }
}

impl Eject {
    /// Ends the connection: the reader shows the slot as empty.
    pub fn eject(&self) {
        // It may have ended already, which is as good.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::testing::{SELECT_JPKI, card_image, chip_on};
    use crate::{image::Bytes, memory::InMemoryMedium};

    #[test]
    fn vpcd_sees_a_card_that_heeds_power_and_reset() {
        let (mut vpcd, card) = insert();
        assert_eq!(vpcd.ask(&[ATR]), ANSWER_TO_RESET);
        vpcd.tell(&[POWER_ON]);
        assert_eq!(vpcd.ask(&[ATR]), ANSWER_TO_RESET);
        assert_eq!(vpcd.ask(&hex(SELECT_JPKI)), [0x90, 0x00]);
        assert_eq!(vpcd.ask(&hex("00 20 00 98 04 31323334")), [0x90, 0x00]);
        let sign = hex("80 2A 03 97 01 FF 00");
        assert_eq!(vpcd.ask(&sign).len(), 258);
        vpcd.tell(&[RESET]);
        vpcd.tell(&[0x09]);
        vpcd.ask(&hex(SELECT_JPKI));
        assert_eq!(vpcd.ask(&sign).len(), 258, "a warm reset forgets nothing");
        vpcd.tell(&[POWER_OFF]);
        assert!(vpcd.ask(&hex(SELECT_JPKI)).is_empty(), "no power, no answer");
        vpcd.tell(&[POWER_ON]);
        vpcd.ask(&hex(SELECT_JPKI));
        assert_eq!(vpcd.ask(&sign), [0x69, 0x82]);
        drop(vpcd);
        let mut chip = card.join().unwrap().unwrap();
        assert!(chip.process(&hex(SELECT_JPKI)).is_empty(), "out of the reader, no power");
    }

    #[test]
    fn an_ejected_card_ends_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let slot = Slot::connect(listener.local_addr().unwrap()).unwrap();
        let eject = slot.eject().unwrap();
        let mut chip = chip_on(InMemoryMedium::default(), card_image());
        let card = thread::spawn(move || slot.serve(&mut chip, Interface::Contactless));
        let (mut vpcd, _) = listener.accept().unwrap();
        eject.eject();
        assert_eq!(vpcd.read(&mut [0]).unwrap(), 0);
        card.join().unwrap().unwrap();
    }

    #[test]
    fn a_connection_that_breaks_within_a_message_is_an_error() {
        let (mut vpcd, card) = insert();
        vpcd.0.write_all(&[0x00, 0x05, 0x00]).unwrap();
        drop(vpcd);
        assert!(card.join().unwrap().is_err());
    }

    type Served = thread::JoinHandle<io::Result<Chip<InMemoryMedium>>>;

    fn insert() -> (Vpcd, Served) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let slot = Slot::connect(listener.local_addr().unwrap()).unwrap();
        let mut chip = chip_on(InMemoryMedium::default(), card_image());
        let card =
            thread::spawn(move || slot.serve(&mut chip, Interface::Contactless).map(|()| chip));
        (Vpcd(listener.accept().unwrap().0), card)
    }

    /// The reader's side.
    struct Vpcd(TcpStream);

    impl Vpcd {
        fn tell(&mut self, message: &[u8]) {
            let length = u16::try_from(message.len()).unwrap();
            self.0.write_all(&[&length.to_be_bytes(), message].concat()).unwrap();
        }

        fn ask(&mut self, message: &[u8]) -> Vec<u8> {
            self.tell(message);
            let mut length = [0; 2];
            self.0.read_exact(&mut length).unwrap();
            let mut answer = vec![0; u16::from_be_bytes(length).into()];
            self.0.read_exact(&mut answer).unwrap();
            answer
        }
    }

    fn hex(text: &str) -> Vec<u8> {
        Bytes::try_from(text.replace(' ', "")).unwrap().to_vec()
    }
}
