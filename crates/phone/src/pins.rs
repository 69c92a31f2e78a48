//! Changing a PIN (PIN-2), and what the chip holds (REG-3).

use std::sync::Arc;

use inrou_api::problem::Problem;
use inrou_api::wire::Base64;
use inrou_api::wire::phone::{ChangePin, ChipContents, ChipKey, ReadContents};
use inrou_chip::client::{CardError, JpkiClient, Pin};
use inrou_chip::transport::Transport;
use inrou_rules::{SignaturePassword, Use, UserAuthenticationPin};

use crate::flow::new_pin;
use crate::phone::Phone;
use crate::problem::of_chip;
use crate::secrets::{PinName, password, pin};

/// Well-formed PINs that nobody has set: for asking a chip that has no try to lose.
const ANY_PASSWORD: &str = "A00000";
const ANY_PIN: &str = "0000";

/// A PIN of either key.
pub(crate) enum OwnPin {
    Signature(SignaturePassword),
    UserAuthentication(UserAuthenticationPin),
}

impl OwnPin {
    /// As the chip's client takes it.
    pub(crate) fn as_pin(&self) -> Pin<'_> {
        match self {
            Self::Signature(password) => Pin::Signature(password),
            Self::UserAuthentication(pin) => Pin::UserAuthentication(pin),
        }
    }
}

impl Phone {
    /// Changes a PIN by who knows the old one (PIN-2). A passkey stands for the old one, and is
    /// forgotten.
    ///
    /// # Errors
    /// `pin-form`, `wrong-pin`, `pin-blocked`, refusals of the new PIN, `phone-carries-none`.
    pub(crate) async fn change_pin(
        self: Arc<Self>,
        usage: Use,
        change: ChangePin,
    ) -> Result<(), Problem> {
        self.blocking(move |phone| phone.set_changed_pin(usage, &change)).await?;
        if usage == Use::UserAuthentication && self.live().stored.passkey.take().is_some() {
            self.save().await?;
        }
        Ok(())
    }

    fn set_changed_pin(&self, usage: Use, change: &ChangePin) -> Result<(), Problem> {
        let old = match usage {
            Use::Signature => OwnPin::Signature(password(&change.old, PinName::Phone(usage))?),
            Use::UserAuthentication => OwnPin::UserAuthentication(pin(&change.old)?),
        };
        let new = new_pin(usage, &change.new, &change.again)?;
        let new = match usage {
            Use::Signature => new.signature().map(Pin::Signature),
            Use::UserAuthentication => new.user_authentication().map(Pin::UserAuthentication),
        };
        let changed = self.chip.jpki(|client| {
            let new = new.ok_or(CardError::PinForm)?;
            client.verify(old.as_pin())?;
            client.set_pin(new)?;
            match client.verify(new) {
                // A key that waits for its certificate has taken the new PIN for itself. The old one
                // stands; entering it makes up for the try.
                Err(CardError::WrongPin { .. }) => {
                    client.verify(old.as_pin())?;
                    Err(CardError::PinRequired)
                }
                other => other,
            }
        })?;
        changed.map_err(|error| of_chip(error, PinName::Phone(usage)))
    }

    /// What the chip holds: certificates behind their PINs, for the PINs that are given. Blocks.
    ///
    /// # Errors
    /// `pin-form`, `wrong-pin`, `pin-blocked`, `phone-busy`.
    pub(crate) fn contents(&self, asked: &ReadContents) -> Result<ChipContents, Problem> {
        let name = PinName::Phone(Use::Signature);
        let signature = asked.signature_password.as_ref();
        let signature = signature.map(|typed| password(typed, name)).transpose()?;
        let authentication = asked.user_authentication_pin.as_ref().map(pin).transpose()?;
        let pins = [
            (Use::Signature, signature.map(OwnPin::Signature)),
            (Use::UserAuthentication, authentication.map(OwnPin::UserAuthentication)),
        ];
        let read = self.chip.jpki(|client| {
            let label = client.token_label()?;
            let mut keys = Vec::new();
            for (usage, pin) in &pins {
                match read_key(client, *usage, pin.as_ref()) {
                    Ok(key) => keys.extend(key),
                    Err(error) => return Ok(Err(of_chip(error, PinName::Phone(*usage)))),
                }
            }
            Ok(Ok(ChipContents { label, keys }))
        })?;
        read.map_err(|error| of_chip(error, name))?
    }
}

/// A key that is present, with its certificate if its PIN is given.
fn read_key<T: Transport + ?Sized>(
    client: &mut JpkiClient<'_, T>,
    usage: Use,
    pin: Option<&OwnPin>,
) -> Result<Option<ChipKey>, CardError> {
    let tries_left = client.tries_left(usage)?;
    if tries_left == 0 && !is_blocked(client, usage)? {
        return Ok(None);
    }
    let certificate = match pin {
        Some(pin) => {
            client.verify(pin.as_pin())?;
            Some(Base64(client.certificate(usage)?))
        }
        None => None,
    };
    // A right entry has brought the tries back.
    Ok(Some(ChipKey { usage, tries_left: client.tries_left(usage)?, certificate }))
}

/// Whether a PIN without tries is blocked, rather than not set.
fn is_blocked<T: Transport + ?Sized>(
    client: &mut JpkiClient<'_, T>,
    usage: Use,
) -> Result<bool, CardError> {
    let any = match usage {
        Use::Signature => SignaturePassword::parse(ANY_PASSWORD).map(OwnPin::Signature),
        Use::UserAuthentication => {
            UserAuthenticationPin::parse(ANY_PIN).map(OwnPin::UserAuthentication)
        }
    };
    let any = any.map_err(|_| CardError::PinForm)?;
    match client.verify(any.as_pin()) {
        Err(CardError::Blocked) => Ok(true),
        Err(CardError::NotSetUp) => Ok(false),
        Err(error) => Err(error),
        Ok(()) => Err(CardError::Malformed),
    }
}
