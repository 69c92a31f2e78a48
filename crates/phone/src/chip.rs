//! The secure element inside a phone, as the app reaches it: over its local interface.
//!
//! The chip has power only while something is done with it, so that nothing stays verified and an
//! idle chip can be lent to another program. After power-on its card manager is selected.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inrou_api::problem::{Code, Problem};
use inrou_api::signature::SigningError;
use inrou_chip::apdu::{Command, Response, SHORT_MAXIMUM, StatusWord};
use inrou_chip::client::{CardError, JpkiClient};
use inrou_chip::files::Folder;
use inrou_chip::memory::FileMedium;
use inrou_chip::transport::{Transport, TransportError};
use inrou_chip::tray::{ChipName, Taken, Tray, TrayError};
use inrou_chip::{Chip, Interface};
use inrou_pki::digest::HashAlgorithm;

use crate::fleet::Parts;
use crate::problem::of_own_tray;

/// INTERNAL AUTHENTICATE with the device key.
const SIGN_WITH_DEVICE_KEY: (u8, u8, u8, u8) = (0x00, 0x88, 0x00, 0x01);

/// A phone's chip.
pub(crate) struct PhoneChip {
    tray: Arc<Tray>,
    name: ChipName,
    /// The chip while a secure channel is open on it.
    channel: Mutex<Option<Taken>>,
}

impl PhoneChip {
    /// The chip in a phone's folder; nothing is opened before it is used.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub(crate) fn new(folder: Folder, name: &ChipName, parts: &Parts) -> Result<Self, TrayError> {
        let (entropy, keys) = (parts.entropy.clone(), parts.keys.clone());
        let tray = Tray::open(folder, "the phone's app", entropy, keys)?;
        let tray = tray.observed_by(parts.observer.clone());
        Ok(Self { tray: Arc::new(tray), name: name.clone(), channel: Mutex::default() })
    }

    /// Finds out whether the chip can be had.
    ///
    /// # Errors
    /// `phone-busy` if it is lent, `chip-file-damaged`.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        match &*self.channel() {
            Some(_) => Ok(()),
            None => self.take().map(drop),
        }
    }

    /// Works in the JPKI application. Nothing stays verified after.
    ///
    /// # Errors
    /// The outer one: the chip cannot be had. The inner one: the chip's.
    pub(crate) fn jpki<T>(
        &self,
        work: impl FnOnce(&mut JpkiClient<'_, Chip<FileMedium>>) -> Result<T, CardError>,
    ) -> Result<Result<T, CardError>, Problem> {
        let channel = self.channel();
        if channel.is_some() {
            return Err(Problem::new(Code::PHONE_BUSY));
        }
        let mut chip = self.take()?;
        Ok(JpkiClient::select(&mut *chip).and_then(|mut client| work(&mut client)))
    }

    /// Signs a message with the device key: DER `ECDSA-Sig-Value`. May be called while a secure
    /// channel is open.
    ///
    /// # Errors
    /// The chip cannot be had, or has no device key.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let failed = |why: &dyn std::fmt::Display| SigningError(why.to_string());
        let digest = HashAlgorithm::Sha256.digest(message);
        let (class, instruction, p1, p2) = SIGN_WITH_DEVICE_KEY;
        let command = Command::new(class, instruction, p1, p2)
            .with_data(digest.as_bytes())
            .expecting(SHORT_MAXIMUM)
            .to_bytes();
        let answer = match &mut *self.channel() {
            Some(chip) => chip.transmit(&command),
            None => self.take().map_err(|problem| failed(&problem))?.transmit(&command),
        };
        let answer = answer.map_err(|error| failed(&error))?;
        match Response::parse(&answer) {
            Some(Response { data, status: StatusWord::SUCCESS }) => Ok(data),
            Some(Response { status, .. }) => Err(failed(&status)),
            None => Err(failed(&TransportError::Removed)),
        }
    }

    /// Opens the chip for a secure-channel session; it closes when what is given is dropped.
    ///
    /// # Errors
    /// `phone-busy`, `chip-file-damaged`.
    pub(crate) fn open_channel(self: &Arc<Self>) -> Result<Channel, Problem> {
        let mut channel = self.channel();
        if channel.is_some() {
            return Err(Problem::new(Code::PHONE_BUSY));
        }
        *channel = Some(self.take()?);
        Ok(Channel(Arc::clone(self)))
    }

    /// Lends the chip to another program.
    ///
    /// # Errors
    /// `phone-busy` while a secure channel is open, or if it is lent.
    pub(crate) fn lend(&self, to: &str) -> Result<(), Problem> {
        let channel = self.channel();
        if channel.is_some() {
            return Err(Problem::new(Code::PHONE_BUSY));
        }
        let lent = self.tray.lend(&self.name, to);
        lent.map_err(|error| of_own_tray(error, &self.name))
    }

    /// Ends the lending.
    pub(crate) fn take_back(&self) {
        self.tray.take_back(&self.name);
    }

    fn take(&self) -> Result<Taken, Problem> {
        let mut chip =
            self.tray.take(&self.name).map_err(|error| of_own_tray(error, &self.name))?;
        chip.power_on(Interface::Local);
        Ok(chip)
    }

    fn channel(&self) -> MutexGuard<'_, Option<Taken>> {
        self.channel.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The chip during a secure-channel session.
pub(crate) struct Channel(Arc<PhoneChip>);

impl Channel {
    /// Passes a command on.
    ///
    /// # Errors
    /// The chip does not answer.
    pub(crate) fn transmit(&self, command: &[u8]) -> Result<Vec<u8>, Problem> {
        match &mut *self.0.channel() {
            Some(chip) => chip.transmit(command).map_err(Problem::internal),
            None => Err(Problem::new(Code::PHONE_BUSY)),
        }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        *self.0.channel() = None;
    }
}
