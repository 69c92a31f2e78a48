//! Leave to set a PIN without knowing the old one. The PIN itself comes over the chip's local
//! interface, never through the channel: a resident's PINs do not leave the phone.

use inrou_rules::Use;
use serde::{Deserialize, Serialize};

use crate::image::{FileId, Image, Pin};

/// The card-face input PIN's file in the face-input application.
const CARD_FACE_PIN: FileId = FileId(0x0011);

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
pub enum PinLeave {
    /// That of the key in use, once: a reset at home (PIN-2), an unlocking at the counter (CARD-6).
    Once,
    /// That of a key which waits for its certificate, until the certificate comes (APPLY-5).
    WhileStaged,
}

/// The PIN that may now be set without knowing the old one; `None` if the issuer gave no leave.
///
/// Asking uses the leave up where it is for once: ask only to set the PIN, and commit both together.
pub fn pin_to_set(image: &mut Image, reference: PinReference) -> Option<&mut Pin> {
    let Image {
        jpki,
        face_input,
        issuer,
        ..
    } = image;
    match issuer.pin_leaves.get(&reference)? {
        PinLeave::WhileStaged => {
            let usage = match reference {
                PinReference::Signature => Use::Signature,
                PinReference::UserAuthentication => Use::UserAuthentication,
                PinReference::CardFace => return None,
            };
            Some(&mut issuer.staged.as_mut()?.credentials.get_mut(&usage)?.pin)
        }
        PinLeave::Once => {
            issuer.pin_leaves.remove(&reference);
            match reference {
                PinReference::Signature => Some(&mut jpki.signature.pin),
                PinReference::UserAuthentication => Some(&mut jpki.user_authentication.pin),
                PinReference::CardFace => face_input.as_mut()?.pins.get_mut(&CARD_FACE_PIN),
            }
        }
    }
}
