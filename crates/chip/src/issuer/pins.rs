//! Leave to set a PIN without knowing the old one. The PIN itself comes over the chip's local
//! interface, never through the channel: a resident's PINs do not leave the phone.

use inrou_rules::{EnrolmentId, Use};
use serde::{Deserialize, Serialize};

use crate::apdu::StatusWord;
use crate::face_input;
use crate::image::{Image, Pin};

/// One of the PINs that a resident sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinReference {
    /// The password of the signature key.
    Signature,
    /// The PIN of the user-authentication key.
    UserAuthentication,
    /// The card-face input PIN (券面入力用暗証番号), on a card only.
    CardFace,
}

impl PinReference {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Signature, Self::UserAuthentication, Self::CardFace];

    /// Whose key the PIN guards; `None` for the card-face input PIN.
    pub fn usage(self) -> Option<Use> {
        match self {
            Self::Signature => Some(Use::Signature),
            Self::UserAuthentication => Some(Use::UserAuthentication),
            Self::CardFace => None,
        }
    }
}

impl From<Use> for PinReference {
    fn from(usage: Use) -> Self {
        match usage {
            Use::Signature => Self::Signature,
            Use::UserAuthentication => Self::UserAuthentication,
        }
    }
}

/// Whose PIN may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PinLeave {
    /// That of the key in use, once: a reset at home (PIN-2), an unlocking at the counter (CARD-6).
    Once,
    /// That of a key which waits for its certificate, until the certificate comes (APPLY-5).
    WhileStaged,
}

/// The PIN that may now be set without knowing the old one; `None` if the issuer gave no leave.
///
/// Asking uses the leave up where it is for once: ask only to set the PIN, and commit both together.
pub fn pin_to_set(image: &mut Image, reference: PinReference) -> Option<&mut Pin> {
    let usage = reference.usage();
    if let PinLeave::WhileStaged = image.issuer.pin_leaves.get(&reference)? {
        let staged = image.issuer.staged.as_mut()?;
        return staged.credentials.get_mut(&usage?).map(|credential| &mut credential.pin);
    }
    image.issuer.pin_leaves.remove(&reference);
    match usage {
        Some(usage) => Some(&mut image.jpki.credential_mut(usage).pin),
        None => image.face_input.as_mut()?.pins.get_mut(&face_input::PIN),
    }
}

/// Gives leave to set the PIN of a key in use, or the card-face input PIN, once.
pub(super) fn allow_once(image: &mut Image, reference: PinReference) -> Result<(), StatusWord> {
    let is_there = match reference.usage() {
        Some(usage) => image.jpki.credential(usage).key.is_some(),
        None => image.face_input.is_some(),
    };
    allow(image, reference, PinLeave::Once, is_there)
}

/// Gives leave to set the PIN of a key that is staged under this enrolment.
pub(super) fn allow_while_staged(
    image: &mut Image,
    reference: PinReference,
    enrolment: EnrolmentId,
) -> Result<(), StatusWord> {
    let staged = image.issuer.staged.as_ref().filter(|staged| staged.enrolment == enrolment);
    let is_there = staged
        .zip(reference.usage())
        .is_some_and(|(staged, usage)| staged.credentials.contains_key(&usage));
    allow(image, reference, PinLeave::WhileStaged, is_there)
}

fn allow(
    image: &mut Image,
    reference: PinReference,
    leave: PinLeave,
    is_there: bool,
) -> Result<(), StatusWord> {
    if !is_there {
        return Err(StatusWord::DATA_NOT_FOUND);
    }
    image.issuer.pin_leaves.insert(reference, leave);
    Ok(())
}
