//! The host's side: what every role that uses a card or a phone's chip does with it.

mod face_input;
mod jpki;
mod link;

use thiserror::Error;

pub use face_input::FaceInputClient;
pub use jpki::{JpkiClient, Pin};

use crate::apdu::StatusWord;
use crate::transport::TransportError;

/// Why a chip did not do what it was asked, by cause.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CardError {
    /// The PIN was wrong.
    #[error("the PIN is wrong; {tries_left} tries are left")]
    WrongPin {
        /// How many wrong entries it still bears: at least one.
        tries_left: u8,
    },
    /// The PIN is locked: by this wrong entry, or since before.
    #[error("the PIN is locked")]
    Blocked,
    /// The PIN was not tried: it has too few tries left to risk them on a person's own card.
    #[error("the PIN was not tried, for only {tries_left} tries are left")]
    LastTries {
        /// How many wrong entries it still bears.
        tries_left: u8,
    },
    /// Nobody has set this PIN yet, or there is no key behind it.
    #[error("the key or its PIN is not set up")]
    NotSetUp,
    /// The PIN has to be verified first; or to set a PIN, neither it was nor has the issuer given leave.
    #[error("the PIN was not verified")]
    PinRequired,
    /// The new PIN does not have the form that this PIN must have.
    #[error("the new PIN has a wrong form")]
    PinForm,
    /// The chip has no such certificate or file.
    #[error("the chip has no such file")]
    NoFile,
    /// It is not a My Number card or a phone that stands for one.
    #[error("this is not a My Number card")]
    NotThisCard,
    /// The chip answered something that it should not have answered here.
    #[error("the card answered {0}, which is not to be expected here")]
    Unexpected(StatusWord),
    /// A file or an answer does not have its form.
    #[error("what the card gave does not have its form")]
    Malformed,
    /// There was no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

#[cfg(test)]
mod tests {
    use inrou_pki::digest::HashAlgorithm;
    use inrou_pki::{Signer, SoftwareKey};
    use inrou_rules::{CardFacePin, SignaturePassword, Use, UserAuthenticationPin};

    use super::*;
    use crate::image::Personality;
    use crate::testing::{
        CARD_FACE_PIN, MY_NUMBER, SIGNATURE_PASSWORD, USER_AUTHENTICATION_PIN, card_image,
        certificate, holder, phone_image, powered,
    };
    use crate::transport::Transport;

    #[test]
    fn card_and_phone_are_told_apart_by_their_label() {
        for (image, personality, label) in [
            (card_image(), Personality::Card, "JPKIAPICCTOKEN2"),
            (phone_image(), Personality::Android, "JPKIAPGPSETOKEN"),
        ] {
            let mut chip = powered(image);
            let mut client = JpkiClient::select(&mut chip).unwrap();
            assert_eq!(client.token_label().unwrap(), label);
            assert_eq!(client.personality().unwrap(), Some(personality));
        }
    }

    #[test]
    fn certificates_are_read_whole() {
        let mut chip = powered(phone_image());
        let mut client = JpkiClient::select(&mut chip).unwrap();
        let issuers = client.issuer_certificate(Use::Signature).unwrap();
        assert_eq!(issuers, certificate(0x52));
        for usage in Use::ALL {
            assert_eq!(client.certificate(usage), Err(CardError::PinRequired));
        }
        client.verify(Pin::Signature(&password(SIGNATURE_PASSWORD))).unwrap();
        assert_eq!(client.certificate(Use::Signature).unwrap(), certificate(0x51));
    }

    #[test]
    fn signatures_verify_for_every_hash() {
        let image = card_image();
        let key = image.jpki.signature.key.clone().unwrap();
        let key = SoftwareKey::from_pkcs8(&key).unwrap();
        let mut chip = powered(image);
        let mut client = JpkiClient::select(&mut chip).unwrap();
        let digest = HashAlgorithm::Sha256.digest(b"message");
        assert_eq!(client.sign(Use::Signature, &digest), Err(CardError::PinRequired));
        client.verify(Pin::Signature(&password(SIGNATURE_PASSWORD))).unwrap();
        let signature = client.sign(Use::Signature, &digest).unwrap();
        key.public_key().verify(key.algorithm(), b"message", &signature).unwrap();
        let digest = HashAlgorithm::Sha384.digest(b"message");
        let signature = client.sign(Use::Signature, &digest).unwrap();
        let verifier = aws_lc_rs::signature::UnparsedPublicKey::new(
            &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA384,
            key.public_key().subject_public_key(),
        );
        verifier.verify(b"message", &signature).unwrap();
    }

    #[test]
    fn wrong_pins_are_told_with_the_tries_left_until_they_lock() {
        let mut chip = powered(card_image());
        let mut client = JpkiClient::select(&mut chip).unwrap();
        let (right, wrong) = (pin(USER_AUTHENTICATION_PIN), pin("0000"));
        let (right, wrong) = (Pin::UserAuthentication(&right), Pin::UserAuthentication(&wrong));
        assert_eq!(client.tries_left(Use::UserAuthentication), Ok(3));
        for tries_left in [2, 1] {
            assert_eq!(client.verify(wrong), Err(CardError::WrongPin { tries_left }));
            assert_eq!(client.tries_left(Use::UserAuthentication), Ok(tries_left));
        }
        assert_eq!(client.verify(wrong), Err(CardError::Blocked));
        assert_eq!(client.verify(right), Err(CardError::Blocked));
        assert_eq!(client.tries_left(Use::UserAuthentication), Ok(0));
    }

    #[test]
    fn the_last_two_tries_on_a_persons_own_card_are_spared() {
        let mut chip = powered(card_image());
        let mut own = OwnCard(&mut chip);
        let mut client = JpkiClient::select(&mut own).unwrap();
        let (right, wrong) = (pin(USER_AUTHENTICATION_PIN), pin("0000"));
        let (right, wrong) = (Pin::UserAuthentication(&right), Pin::UserAuthentication(&wrong));
        assert_eq!(client.verify(wrong), Err(CardError::WrongPin { tries_left: 2 }));
        for attempt in [wrong, right] {
            assert_eq!(client.verify(attempt), Err(CardError::LastTries { tries_left: 2 }));
        }
        assert_eq!(client.tries_left(Use::UserAuthentication), Ok(2));
        JpkiClient::select(&mut chip).unwrap().verify(right).unwrap();
    }

    #[test]
    fn pin_2_a_pin_is_changed_by_who_knows_it() {
        let mut chip = powered(phone_image());
        let mut client = JpkiClient::select(&mut chip).unwrap();
        let (old, new) = (password(SIGNATURE_PASSWORD), password("NEW999"));
        assert_eq!(client.set_pin(Pin::Signature(&new)), Err(CardError::PinRequired));
        client.verify(Pin::Signature(&old)).unwrap();
        client.set_pin(Pin::Signature(&new)).unwrap();
        assert_eq!(client.verify(Pin::Signature(&old)), Err(CardError::WrongPin { tries_left: 4 }));
        client.verify(Pin::Signature(&new)).unwrap();
    }

    #[test]
    fn what_is_not_set_up_says_so() {
        let image = card_image();
        let mut phone = crate::personalisation::phone(Personality::Ios, image.chip, image.issuer);
        phone.jpki.user_authentication.pin = image.jpki.user_authentication.pin;
        let mut chip = powered(phone);
        let mut client = JpkiClient::select(&mut chip).unwrap();
        assert_eq!(client.certificate(Use::UserAuthentication), Err(CardError::NoFile));
        let signature = password(SIGNATURE_PASSWORD);
        assert_eq!(client.verify(Pin::Signature(&signature)), Err(CardError::NotSetUp));
        client.verify(Pin::UserAuthentication(&pin(USER_AUTHENTICATION_PIN))).unwrap();
        let digest = HashAlgorithm::Sha256.digest(b"");
        assert_eq!(client.sign(Use::UserAuthentication, &digest), Err(CardError::NotSetUp));
    }

    #[test]
    fn the_face_input_application_gives_number_and_attributes() {
        let mut chip = powered(card_image());
        let mut client = FaceInputClient::select(&mut chip).unwrap();
        assert_eq!(client.my_number(), Err(CardError::PinRequired));
        let card_face = CardFacePin::parse(CARD_FACE_PIN).unwrap();
        client.verify(&card_face).unwrap();
        assert_eq!(client.tries_left(), Ok(3));
        assert_eq!(client.my_number().unwrap().as_bytes(), MY_NUMBER);
        let attributes = client.attributes().unwrap();
        assert_eq!(attributes.name, holder().name);
        assert_eq!(attributes.address, holder().address);
        client.set_pin(&CardFacePin::parse("0000").unwrap()).unwrap();
        assert_eq!(client.verify(&card_face), Err(CardError::WrongPin { tries_left: 2 }));
    }

    #[test]
    fn a_removed_card_and_a_foreign_card_are_told_apart() {
        let mut phone = powered(phone_image());
        assert_eq!(FaceInputClient::select(&mut phone).err(), Some(CardError::NotThisCard));
        phone.power_off();
        let removed = CardError::Transport(TransportError::Removed);
        assert_eq!(JpkiClient::select(&mut phone).err(), Some(removed));
    }

    #[test]
    fn answers_that_make_no_sense_are_errors() {
        for (answer, error) in [
            (vec![], CardError::Malformed),
            (vec![0x90], CardError::Malformed),
            (vec![0x61, 0x10], CardError::Malformed),
            (vec![0xAA, 0x61, 0x10], CardError::Malformed),
            (vec![0x6C, 0x10], CardError::Unexpected(StatusWord(0x6C10))),
            (vec![0x6F, 0x00], CardError::Unexpected(StatusWord(0x6F00))),
        ] {
            assert_eq!(JpkiClient::select(&mut Always(answer)).err(), Some(error));
        }
        let mut always_9000 = Always(vec![0x90, 0x00]);
        let mut client = JpkiClient::select(&mut always_9000).unwrap();
        assert_eq!(client.certificate(Use::Signature), Err(CardError::Malformed));
        let unexpected = CardError::Unexpected(StatusWord::SUCCESS);
        assert_eq!(client.tries_left(Use::Signature), Err(unexpected));
    }

    /// A chip that stands for a person's own card.
    struct OwnCard<T>(T);

    impl<T: Transport> Transport for OwnCard<T> {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
            self.0.transmit(command)
        }

        fn spares_last_tries(&self) -> bool {
            true
        }
    }

    /// Gives one answer to everything.
    struct Always(Vec<u8>);

    impl Transport for Always {
        fn transmit(&mut self, _command: &[u8]) -> Result<Vec<u8>, TransportError> {
            Ok(self.0.clone())
        }
    }

    fn password(text: &str) -> SignaturePassword {
        SignaturePassword::parse(text).unwrap()
    }

    fn pin(text: &str) -> UserAuthenticationPin {
        UserAuthenticationPin::parse(text).unwrap()
    }
}
