//! VERIFY and CHANGE REFERENCE DATA.

use inrou_rules::{CardFacePin, SignaturePassword, UserAuthenticationPin};

use super::Interface;
use super::application::{Application, Element};
use super::dispatch::Powered;
use crate::apdu::{Answer, Command, StatusWord};
use crate::image::{FileId, Image, Pin};
use crate::issuer::{self, PinReference};
use crate::memory::Medium;

impl<M: Medium> Powered<'_, M> {
    /// VERIFY. Without data it tells the tries left and changes nothing, verified or blocked or not.
    ///
    /// The try is counted and durable before the PIN is compared: who takes the power away learns
    /// nothing for free.
    pub(super) fn verify(&mut self, application: Application, command: &Command<'_>) -> Answer {
        let id = self.referenced_pin(application, command)?;
        if command.p1 != 0x00 {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let pin = self.pin(application, id)?;
        let tries_left = pin.tries_left();
        if command.data.is_empty() {
            return Err(StatusWord::tries_left(tries_left));
        }
        if !pin.is_set() {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        if tries_left == 0 {
            return Err(StatusWord::BLOCKED);
        }
        self.session.clear_verified(id);
        self.update_pin(application, id, Pin::spend_try)?;
        if !self.pin(application, id)?.matches(command.data) {
            return Err(StatusWord::tries_left(tries_left - 1));
        }
        self.update_pin(application, id, Pin::restore_tries)?;
        self.session.set_verified(id);
        Ok(Vec::new())
    }

    /// CHANGE REFERENCE DATA (P1 `01`): the data is the new PIN. The old one must have been verified,
    /// or the issuer have given leave to do without (APPLY-5, PIN-2, CARD-6).
    pub(super) fn change_reference_data(
        &mut self,
        application: Application,
        command: &Command<'_>,
    ) -> Answer {
        let id = self.referenced_pin(application, command)?;
        if command.p1 != 0x01 {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let reference = application
            .pin_reference(id)
            .ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
        let mut image = self.memory.image().clone();
        let pin = if self.heeds_leave(&image) && image.issuer.gives_leave(reference) {
            issuer::pin_to_set(&mut image, reference)
        } else if self.session.is_verified(id) {
            application.pin_mut(&mut image, id)
        } else {
            None
        };
        let pin = pin.ok_or(StatusWord::SECURITY_STATUS_NOT_SATISFIED)?;
        check_form(reference, command.data).ok_or(StatusWord::WRONG_DATA)?;
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt);
        pin.set(command.data, salt);
        self.memory
            .commit(image)
            .map_err(|_| StatusWord::MEMORY_FAILURE)?;
        Ok(Vec::new())
    }

    /// On a phone the first PIN is set inside the phone, never over the contactless link.
    fn heeds_leave(&self, image: &Image) -> bool {
        !image.personality.is_phone() || self.session.interface == Interface::Local
    }

    fn referenced_pin(
        &mut self,
        application: Application,
        command: &Command<'_>,
    ) -> Result<FileId, StatusWord> {
        match self.referenced(application, command)? {
            (id, Element::Pin) => Ok(id),
            _ => Err(StatusWord::WRONG_FILE_STRUCTURE),
        }
    }

    fn pin(&self, application: Application, id: FileId) -> Result<&Pin, StatusWord> {
        application
            .pin(self.memory.image(), id)
            .ok_or(StatusWord::DATA_NOT_FOUND)
    }

    fn update_pin(
        &mut self,
        application: Application,
        id: FileId,
        change: impl FnOnce(&mut Pin),
    ) -> Result<(), StatusWord> {
        let updated = self.memory.update(|image| {
            if let Some(pin) = application.pin_mut(image, id) {
                change(pin);
            }
        });
        updated.map_err(|_| StatusWord::MEMORY_FAILURE)
    }
}

/// The forms of PINs (CARD-4, CARD-5).
fn check_form(reference: PinReference, value: &[u8]) -> Option<()> {
    let typed = std::str::from_utf8(value).ok()?;
    match reference {
        PinReference::Signature => SignaturePassword::parse(typed).map(drop),
        PinReference::UserAuthentication => UserAuthenticationPin::parse(typed).map(drop),
        PinReference::CardFace => CardFacePin::parse(typed).map(drop),
    }
    .ok()
}
