//! Cards that can be put to a phone, and the one that lies on it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use inrou_api::problem::{Code, Problem};
use inrou_chip::Interface;
use inrou_chip::client::{CardError, JpkiClient, Pin};
use inrou_chip::image::Personality;
use inrou_chip::transport::pcsc::{LastTries, Pcsc};
use inrou_chip::transport::{Transport, TransportError};
use inrou_chip::tray::{Taken, Tray};
use inrou_pki::Certificate;
use inrou_pki::cms::NewMessage;
use inrou_rules::{SignaturePassword, Use};
use jiff::Timestamp;

use crate::problem::{of_card_tray, of_chip, of_reader};
use crate::secrets::PinName;

/// A way to cards near the phone: the sandbox's table, or a reader.
pub trait CardSource: Send + Sync {
    /// The names of the cards that can be put to a phone.
    ///
    /// # Errors
    /// `reader-unavailable`, `internal-error`.
    fn cards(&self) -> Result<Vec<String>, Problem>;

    /// Connects to a card, for this use alone; dropping the connection takes the card's power away.
    ///
    /// # Errors
    /// `not-found` if there is no card of that name, `card-not-present`, `card-busy`,
    /// `reader-unavailable`.
    fn connect(&self, name: &str) -> Result<Box<dyn Transport + Send>, Problem>;

    /// The card of the holder of a phone, where that is known.
    fn card_of_holder(&self, phone: &str) -> Option<&str>;
}

/// The sandbox's table: a tray of card files.
pub struct TableOfCards {
    tray: Arc<Tray>,
    holders: BTreeMap<String, String>,
}

impl TableOfCards {
    /// The cards of a tray; of nobody it is known who holds which phone.
    pub fn new(tray: Arc<Tray>) -> Self {
        Self { tray, holders: BTreeMap::new() }
    }

    /// With the card of the holder of each of these phones, by the phone's name.
    #[must_use]
    pub fn of_holders(mut self, holders: BTreeMap<String, String>) -> Self {
        self.holders = holders;
        self
    }
}

impl CardSource for TableOfCards {
    fn cards(&self) -> Result<Vec<String>, Problem> {
        let chips = self.tray.list().map_err(|error| of_card_tray(error, "cards"))?;
        let cards = chips.into_iter().filter(|chip| chip.personality == Personality::Card);
        Ok(cards.map(|card| card.name.to_string()).collect())
    }

    fn connect(&self, name: &str) -> Result<Box<dyn Transport + Send>, Problem> {
        let chip = name.parse().map_err(|_| Problem::new(Code::NOT_FOUND))?;
        let mut card = self.tray.take(&chip).map_err(|error| of_card_tray(error, name))?;
        card.power_on(Interface::Contactless);
        Ok(Box::new(Powered(card)))
    }

    fn card_of_holder(&self, phone: &str) -> Option<&str> {
        self.holders.get(phone).map(String::as_str)
    }
}

/// Cards in PC/SC readers, a person's own among them; a card goes by its reader's name.
pub struct ReaderCards {
    pcsc: Pcsc,
    last_tries: LastTries,
}

impl ReaderCards {
    /// The readers of this service. `last_tries` says whether the last two tries may be spent.
    pub fn new(pcsc: Pcsc, last_tries: LastTries) -> Self {
        Self { pcsc, last_tries }
    }
}

impl CardSource for ReaderCards {
    fn cards(&self) -> Result<Vec<String>, Problem> {
        self.pcsc.readers().map_err(of_reader)
    }

    fn connect(&self, name: &str) -> Result<Box<dyn Transport + Send>, Problem> {
        let card = self.pcsc.connect(name, self.last_tries).map_err(of_reader)?;
        Ok(Box::new(card))
    }

    fn card_of_holder(&self, _: &str) -> Option<&str> {
        None
    }
}

struct Powered(Taken);

impl Transport for Powered {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.0.transmit(command)
    }
}

/// The card that lies on a phone. Taking it away ends a read that is under way.
#[derive(Clone, Debug)]
pub(crate) struct CardOnPhone {
    name: String,
    lies: Arc<AtomicBool>,
    /// Held by who speaks to the card: a look at the tries left does not disturb a read.
    speaking: Arc<Mutex<()>>,
}

impl CardOnPhone {
    /// A card that was just put there.
    pub(crate) fn put(name: String) -> Self {
        Self { name, lies: Arc::new(AtomicBool::new(true)), speaking: Arc::default() }
    }

    /// Its name on the table.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Takes it away.
    pub(crate) fn take_away(&self) {
        self.lies.store(false, Ordering::SeqCst);
    }

    /// The tries left of its signature password (PIN-1).
    ///
    /// # Errors
    /// The card cannot be had, or is no My Number card.
    pub(crate) fn tries_left(&self, source: &dyn CardSource) -> Result<u8, Problem> {
        self.jpki(source, |client| client.tries_left(Use::Signature))
    }

    /// Signs a statement with the card's signature key: attached CMS, DER (APPLY-4).
    ///
    /// # Errors
    /// `wrong-pin`, `pin-blocked`, `not-a-my-number-card`, `card-removed`, `card-busy`, and what a
    /// [`CardSource`] says.
    pub(crate) fn sign(
        &self,
        source: &dyn CardSource,
        password: &SignaturePassword,
        statement: &[u8],
        now: Timestamp,
    ) -> Result<Vec<u8>, Problem> {
        self.jpki(source, |client| sign(client, password, statement, true, now))
    }

    fn jpki<T>(
        &self,
        source: &dyn CardSource,
        work: impl FnOnce(&mut JpkiClient<'_, OnPhone>) -> Result<T, CardError>,
    ) -> Result<T, Problem> {
        let _speaking = self.speaking.lock().unwrap_or_else(PoisonError::into_inner);
        let card = source.connect(&self.name)?;
        let mut card = OnPhone { card, lies: Arc::clone(&self.lies) };
        let done = JpkiClient::select(&mut card).and_then(|mut client| {
            // Another phone is no card.
            match client.personality()? {
                Some(Personality::Card) => work(&mut client),
                _ => Err(CardError::NotThisCard),
            }
        });
        done.map_err(|error| of_chip(error, PinName::Card))
    }
}

/// Signs content with the signature key of a chip: CMS, DER.
///
/// # Errors
/// The chip's; [`CardError::Malformed`] if its certificate or its signature is none.
pub(crate) fn sign<T: Transport + ?Sized>(
    client: &mut JpkiClient<'_, T>,
    password: &SignaturePassword,
    content: &[u8],
    attached: bool,
    now: Timestamp,
) -> Result<Vec<u8>, CardError> {
    client.verify(Pin::Signature(password))?;
    let certificate = client.certificate(Use::Signature)?;
    let certificate = Certificate::from_der(&certificate).map_err(|_| CardError::Malformed)?;
    let message =
        NewMessage { content, attached, signer: &certificate, chain: &[], signing_time: now };
    let prepared = message.prepare().map_err(|_| CardError::Malformed)?;
    let signature = client.sign(Use::Signature, &prepared.digest())?;
    prepared.finish(&signature).map_err(|_| CardError::Malformed)
}

/// A connection that breaks when the card is taken away.
struct OnPhone {
    card: Box<dyn Transport + Send>,
    lies: Arc<AtomicBool>,
}

impl Transport for OnPhone {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        if self.lies.load(Ordering::SeqCst) {
            self.card.transmit(command)
        } else {
            Err(TransportError::Removed)
        }
    }

    fn spares_last_tries(&self) -> bool {
        self.card.spares_last_tries()
    }
}
