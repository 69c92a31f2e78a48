//! What residents hold in their hands: cards and phones, each with its chip and the PINs that are known.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use inrou_api::client::Client;
use inrou_api::session::play;
use inrou_api::signature::{DeviceKey, SigningError};
use inrou_api::wire::authority::{EnrolmentBegun, SessionWork};
use inrou_chip::apdu::Command;
use inrou_chip::chip::{Chip, Interface};
use inrou_chip::client::{CardError, JpkiClient, Pin};
use inrou_chip::face_input::{MyNumber, RecordIssuer};
use inrou_chip::image::{Image, Personality};
use inrou_chip::issuer;
use inrou_chip::memory::{InMemoryMedium, Memory};
use inrou_chip::personalisation::{self, CardData};
use inrou_oracle::Entry;
use inrou_pki::cms::NewMessage;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::{Certificate, Entropy, KeyAlgorithm, KeySource, SystemEntropy};
use inrou_rules::{
    Attributes, CardFacePin, ChipId, Platform, SignaturePassword, Use, UserAuthenticationPin, Uses,
};
use jiff::Timestamp;
use jiff::civil::date;

use crate::keys::ReadyKeys;
use crate::town::{Town, channel_master, maker};

pub const CARD_PASSWORD: &str = "CARD1234";
pub const CARD_PIN: &str = "1234";
pub const PHONE_PASSWORD: &str = "PHONE567";
pub const PHONE_PIN: &str = "5678";
/// What somebody types who does not know it.
const WRONG_PASSWORD: &str = "WRONG999";
const WRONG_PIN: &str = "0000";

/// A chip that several speak to in turn, with the secrets of its holder.
#[derive(Clone)]
pub struct Thing {
    pub id: ChipId,
    pub chip: Arc<Mutex<Chip<InMemoryMedium>>>,
    pub password: &'static str,
    pub pin: &'static str,
}

pub struct Phone {
    pub thing: Thing,
    pub client: Client,
    /// The application that a card signed last on it, and what for.
    pub applied: Mutex<Option<(EnrolmentBegun, Uses)>>,
}

/// Why a key did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRefusal {
    /// The PIN was wrong, or is locked.
    Pin,
    /// There is no key, or no certificate.
    Missing,
}

impl Thing {
    /// A card before anything is written to it.
    pub fn card(attributes: &Attributes) -> Self {
        let id = new_id();
        let root = ReadyKeys.generate(KeyAlgorithm::Rsa2048).unwrap();
        let signer = Arc::new(ReadyKeys.generate(KeyAlgorithm::Rsa2048).unwrap());
        let data = CardData {
            chip: id,
            attributes,
            my_number: &MyNumber::parse(b"123456789010").unwrap(),
            municipality: "13221".parse().unwrap(),
            expires: date(2035, 2, 17),
            security_code: "1234",
            signature_password: None,
            user_authentication_pin: None,
            card_face_pin: &CardFacePin::parse("5678").unwrap(),
        };
        let issuer = issuer::manufacture(&id, &channel_master(), maker(), &ReadyKeys).unwrap();
        let records = RecordIssuer::certify(&root, signer).unwrap();
        let image = personalisation::card(&data, &records, &ReadyKeys, &SystemEntropy, issuer);
        Self::of(id, image.unwrap(), CARD_PASSWORD, CARD_PIN)
    }

    fn of(id: ChipId, image: Image, password: &'static str, pin: &'static str) -> Self {
        let memory = Memory::create(InMemoryMedium::default(), image).unwrap();
        let mut chip = Chip::new(memory, Arc::new(SystemEntropy), Arc::new(ReadyKeys));
        chip.power_on(Interface::Local);
        Self { id, chip: Arc::new(Mutex::new(chip)), password, pin }
    }

    /// One command of a session.
    pub fn transmit(&self, command: &[u8]) -> Result<Vec<u8>, Infallible> {
        Ok(self.chip.lock().unwrap().process(command))
    }

    /// Enters a PIN: wrong ones first, as often as said.
    pub fn enter(&self, usage: Use, entry: Entry) -> Result<(), KeyRefusal> {
        let wrong = std::iter::repeat_n(false, entry.wrong.into());
        let mut entered = Err(KeyRefusal::Pin);
        for right in wrong.chain(entry.then_right.then_some(true)) {
            entered = self.verify(usage, right);
        }
        entered
    }

    fn verify(&self, usage: Use, right: bool) -> Result<(), KeyRefusal> {
        let mut chip = self.chip.lock().unwrap();
        let mut client = JpkiClient::select(&mut *chip).unwrap();
        let verified = match usage {
            Use::Signature => {
                let text = if right { self.password } else { WRONG_PASSWORD };
                client.verify(Pin::Signature(&SignaturePassword::parse(text).unwrap()))
            }
            Use::UserAuthentication => {
                let text = if right { self.pin } else { WRONG_PIN };
                client.verify(Pin::UserAuthentication(&UserAuthenticationPin::parse(text).unwrap()))
            }
        };
        match verified {
            Ok(()) => Ok(()),
            Err(CardError::WrongPin { .. } | CardError::Blocked) => Err(KeyRefusal::Pin),
            Err(CardError::NotSetUp) => Err(KeyRefusal::Missing),
            Err(other) => panic!("the chip does not do what it should: {other}"),
        }
    }

    /// Sets the PINs of these keys, if the chip lets it.
    pub fn set_pins(&self, uses: Uses) -> Result<(), CardError> {
        let mut chip = self.chip.lock().unwrap();
        let mut client = JpkiClient::select(&mut *chip).unwrap();
        if uses.signature {
            let password = SignaturePassword::parse(self.password).unwrap();
            client.set_pin(Pin::Signature(&password))?;
        }
        if uses.user_authentication {
            let pin = UserAuthenticationPin::parse(self.pin).unwrap();
            client.set_pin(Pin::UserAuthentication(&pin))?;
        }
        Ok(())
    }

    /// Signs a message, once the PIN was entered.
    pub fn sign(
        &self,
        usage: Use,
        (content, attached): (&[u8], bool),
        signing_time: Timestamp,
    ) -> Result<Vec<u8>, KeyRefusal> {
        let mut chip = self.chip.lock().unwrap();
        let mut client = JpkiClient::select(&mut *chip).unwrap();
        let signer = client.certificate(usage).map_err(|_| KeyRefusal::Missing)?;
        let signer = Certificate::from_der(&signer).unwrap();
        let message = NewMessage { content, attached, signer: &signer, chain: &[], signing_time };
        let prepared = message.prepare().unwrap();
        let signature = client.sign(usage, &prepared.digest()).map_err(|_| KeyRefusal::Missing)?;
        Ok(prepared.finish(&signature).unwrap())
    }

    /// The certificate that the chip carries for a use, as it stands in its memory.
    pub fn carries(&self, usage: Use) -> Option<Certificate> {
        let chip = self.chip.lock().unwrap();
        let file = chip.image().jpki.files.get(&inrou_chip::jpki::certificate(usage));
        let der = file.filter(|der| !der.is_empty())?;
        Some(Certificate::from_der(der).expect("a certificate stands in the file"))
    }

    /// How many wrong entries a PIN still bears.
    pub fn tries_left(&self, usage: Use) -> u8 {
        self.chip.lock().unwrap().image().jpki.credential(usage).pin.tries_left()
    }
}

impl Phone {
    /// A new phone that has made itself known.
    pub async fn new(town: &Town, platform: Platform) -> Self {
        let id = new_id();
        let issuer = issuer::manufacture(&id, &channel_master(), maker(), &ReadyKeys).unwrap();
        let personality = match platform {
            Platform::Android => Personality::Android,
            Platform::Iphone => Personality::Ios,
        };
        let image = personalisation::phone(personality, id, issuer);
        let thing = Thing::of(id, image, PHONE_PASSWORD, PHONE_PIN);
        let anybody = town.anybody();
        let work = SessionWork::RegisterPhone { chip: id, platform, model: "Model".to_owned() };
        play(&anybody, &work, |command| thing.transmit(command)).await.unwrap();
        let device = thing.clone();
        let sign = move |message: &[u8]| sign_as_device(&device, message);
        let client = anybody.signing(Arc::new(DeviceKey::new(format!("phone:{id}"), sign)));
        Self { thing, client, applied: Mutex::default() }
    }
}

fn new_id() -> ChipId {
    let mut bytes = [0; 16];
    SystemEntropy.fill(&mut bytes);
    ChipId::from_bytes(bytes)
}

fn sign_as_device(thing: &Thing, message: &[u8]) -> Result<Vec<u8>, SigningError> {
    let mut chip = thing.chip.lock().unwrap();
    let digest = HashAlgorithm::Sha256.digest(message);
    let authenticate =
        Command::new(0x00, 0x88, 0x00, 0x01).with_data(digest.as_bytes()).expecting(256).to_bytes();
    let mut answer = chip.process(&authenticate);
    if !answer.ends_with(&[0x90, 0x00]) {
        // Not selected. Selecting it always would close a secure channel between its two halves.
        let select = Command::new(0x00, 0xA4, 0x04, 0x0C).with_data(&issuer::AID).to_bytes();
        chip.process(&select);
        answer = chip.process(&authenticate);
    }
    let (signature, status) = answer.split_at(answer.len() - 2);
    if status == [0x90, 0x00] {
        Ok(signature.to_vec())
    } else {
        Err(SigningError(format!("{status:02X?}")))
    }
}
