//! The face-input application, from outside.

use inrou_rules::CardFacePin;
use zeroize::Zeroizing;

use super::CardError;
use super::link::Link;
use crate::face_input::{self, CardAttributes, MyNumber};
use crate::transport::Transport;

/// A card whose face-input application is selected.
pub struct FaceInputClient<'t, T: ?Sized> {
    link: Link<'t, T>,
}

impl<'t, T: Transport + ?Sized> FaceInputClient<'t, T> {
    /// Selects the application.
    ///
    /// # Errors
    /// [`CardError::NotThisCard`], also on a phone; or there is no answer.
    pub fn select(transport: &'t mut T) -> Result<Self, CardError> {
        Link::select(transport, &face_input::AID).map(|link| Self { link })
    }

    /// How many wrong entries the card-face input PIN still bears. Costs none.
    ///
    /// # Errors
    /// There is no answer, or not this one.
    pub fn tries_left(&mut self) -> Result<u8, CardError> {
        self.link.tries_left(face_input::PIN)
    }

    /// Verifies the card-face input PIN: the files below are open from here on.
    ///
    /// # Errors
    /// [`CardError::WrongPin`], [`CardError::Blocked`], [`CardError::LastTries`].
    pub fn verify(&mut self, pin: &CardFacePin) -> Result<(), CardError> {
        self.link.verify(face_input::PIN, pin.as_bytes())
    }

    /// The My Number.
    ///
    /// # Errors
    /// [`CardError::PinRequired`], [`CardError::Malformed`].
    pub fn my_number(&mut self) -> Result<MyNumber, CardError> {
        let file = Zeroizing::new(self.link.read_object(face_input::MY_NUMBER)?);
        face_input::parse_my_number_file(&file).ok_or(CardError::Malformed)
    }

    /// Name, address, birth date and sex.
    ///
    /// # Errors
    /// [`CardError::PinRequired`], [`CardError::Malformed`].
    pub fn attributes(&mut self) -> Result<CardAttributes, CardError> {
        let file = self.link.read_object(face_input::ATTRIBUTES)?;
        face_input::parse_attributes_file(&file).ok_or(CardError::Malformed)
    }

    /// Sets the card-face input PIN. The old one must have been verified, or the issuer have given
    /// leave to do without (CARD-6).
    ///
    /// # Errors
    /// [`CardError::PinRequired`].
    pub fn set_pin(&mut self, new: &CardFacePin) -> Result<(), CardError> {
        self.link.set_pin(face_input::PIN, new.as_bytes())
    }
}
