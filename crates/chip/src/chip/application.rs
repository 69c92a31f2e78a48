//! The applications of a chip: which elementary files they have, and what opens each.

use std::borrow::Cow;

use crate::image::{Bytes, FileId, Image, Personality, Pin, SecretBytes};
use crate::issuer::PinReference;
use crate::{face_input, jpki};

/// An application that can be selected, besides the card manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Application {
    Jpki,
    FaceInput,
}

/// What an elementary file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// A transparent file that can be read.
    File(Access),
    /// A PIN (a key reference to compare with).
    Pin,
    /// A private key to sign with.
    PrivateKey(Access),
}

/// What must have been verified before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Free,
    /// One of these PINs.
    AnyOf(&'static [FileId]),
}

const SIGNATURE_PASSWORD: Access = Access::AnyOf(&[jpki::SIGNATURE_PASSWORD]);
const USER_AUTHENTICATION_PIN: Access = Access::AnyOf(&[jpki::USER_AUTHENTICATION_PIN]);
const FACE_INPUT_ANY: Access = Access::AnyOf(&[
    face_input::PIN,
    face_input::VERIFICATION_NUMBER_A,
    face_input::VERIFICATION_NUMBER_B,
]);

impl Application {
    /// The application of that name on this chip.
    pub(super) fn by_name(aid: &[u8], image: &Image) -> Option<Self> {
        if aid == jpki::AID {
            Some(Self::Jpki)
        } else if aid == face_input::AID && image.face_input.is_some() {
            Some(Self::FaceInput)
        } else {
            None
        }
    }

    /// What the EF `id` is; `None` if there is none.
    pub(super) fn element(self, image: &Image, id: FileId) -> Option<Element> {
        let element = match self {
            Self::Jpki => jpki_element(image.personality, id),
            Self::FaceInput => face_input_element(id),
        }?;
        // A certificate that the chip does not carry has no file.
        let absent = matches!(element, Element::File(_)) && self.content(image, id).is_none();
        (!absent).then_some(element)
    }

    /// The content of a transparent EF.
    pub(super) fn content(self, image: &Image, id: FileId) -> Option<Cow<'_, [u8]>> {
        let files = match self {
            Self::Jpki if id == jpki::AVAILABILITY => {
                return Some(Cow::Owned(jpki::availability(&image.jpki).to_vec()));
            }
            Self::Jpki => &image.jpki.files,
            Self::FaceInput => &image.face_input.as_ref()?.files,
        };
        files.get(&id).map(|Bytes(content)| Cow::Borrowed(content.as_slice()))
    }

    /// The PIN in an EF.
    pub(super) fn pin(self, image: &Image, id: FileId) -> Option<&Pin> {
        match self {
            Self::Jpki => Some(&image.jpki.credential(jpki::usage_of_pin(id)?).pin),
            Self::FaceInput => image.face_input.as_ref()?.pins.get(&id),
        }
    }

    /// The PIN in an EF, to change it.
    pub(super) fn pin_mut(self, image: &mut Image, id: FileId) -> Option<&mut Pin> {
        match self {
            Self::Jpki => Some(&mut image.jpki.credential_mut(jpki::usage_of_pin(id)?).pin),
            Self::FaceInput => image.face_input.as_mut()?.pins.get_mut(&id),
        }
    }

    /// The private key in an EF.
    pub(super) fn private_key(self, image: &Image, id: FileId) -> Option<&SecretBytes> {
        match self {
            Self::Jpki => image.jpki.credential(jpki::usage_of_private_key(id)?).key.as_ref(),
            Self::FaceInput => Some(&image.face_input.as_ref()?.signing_key),
        }
    }

    /// The private key that a signature command means when it names none.
    pub(super) fn default_key(self) -> Option<FileId> {
        match self {
            Self::Jpki => None,
            Self::FaceInput => Some(face_input::SIGNING_KEY),
        }
    }

    /// Which of the PINs that a holder may change an EF is.
    pub(super) fn pin_reference(self, id: FileId) -> Option<PinReference> {
        match self {
            Self::Jpki => jpki::usage_of_pin(id).map(PinReference::from),
            Self::FaceInput => (id == face_input::PIN).then_some(PinReference::CardFace),
        }
    }
}

fn jpki_element(personality: Personality, id: FileId) -> Option<Element> {
    Some(match id {
        jpki::SIGNATURE_CERTIFICATE => Element::File(SIGNATURE_PASSWORD),
        jpki::USER_AUTHENTICATION_CERTIFICATE if personality.is_phone() => {
            Element::File(USER_AUTHENTICATION_PIN)
        }
        jpki::USER_AUTHENTICATION_CERTIFICATE
        | jpki::SIGNATURE_ISSUER_CERTIFICATE
        | jpki::USER_AUTHENTICATION_ISSUER_CERTIFICATE
        | jpki::TOKEN_INFORMATION
        | jpki::AVAILABILITY => Element::File(Access::Free),
        jpki::SIGNATURE_PASSWORD | jpki::USER_AUTHENTICATION_PIN => Element::Pin,
        jpki::SIGNATURE_KEY => Element::PrivateKey(SIGNATURE_PASSWORD),
        jpki::USER_AUTHENTICATION_KEY => Element::PrivateKey(USER_AUTHENTICATION_PIN),
        _ => return None,
    })
}

fn face_input_element(id: FileId) -> Option<Element> {
    Some(match id {
        face_input::MY_NUMBER => {
            Element::File(Access::AnyOf(&[face_input::PIN, face_input::VERIFICATION_NUMBER_A]))
        }
        face_input::ATTRIBUTES => {
            Element::File(Access::AnyOf(&[face_input::PIN, face_input::VERIFICATION_NUMBER_B]))
        }
        face_input::INTEGRITY | face_input::SESSION_PUBLIC_KEY | face_input::SIGNED_PUBLIC_KEY => {
            Element::File(FACE_INPUT_ANY)
        }
        face_input::CERTIFICATE | face_input::BASIC_INFORMATION => Element::File(Access::Free),
        face_input::PIN
        | face_input::BLOCKED_PIN
        | face_input::VERIFICATION_NUMBER_A
        | face_input::VERIFICATION_NUMBER_B => Element::Pin,
        face_input::SIGNING_KEY => Element::PrivateKey(Access::Free),
        _ => return None,
    })
}
