//! New chips: what a maker and a municipality put on a card, and what a new phone's chip holds.

use std::collections::BTreeMap;

use inrou_pki::keys::KeyError;
use inrou_pki::{Entropy, KeyAlgorithm, KeySource, Signer, SoftwareKey};
use inrou_rules::{
    Attributes, CardFacePin, ChipId, Municipality, SignaturePassword, Use, UserAuthenticationPin,
};
use jiff::civil::Date;
use thiserror::Error;

use crate::chip::ANSWER_TO_RESET;
use crate::face_input::{self, MyNumber, RecordError, RecordIssuer};
use crate::image::{
    Bytes, Credential, FaceInputState, FileId, Image, JpkiState, Personality, Pin, SecretBytes,
};
use crate::issuer::IssuerState;
use crate::jpki;

/// GET DATA: an identification of the card, ASCII.
const CARD_IDENTIFICATION: FileId = FileId(0x0045);
/// GET DATA: the municipality that issued the card, five digits.
const MUNICIPALITY: FileId = FileId(0x00F0);
/// GET DATA: the last day of the card, `YYYYMMDD`.
const EXPIRY: FileId = FileId(0x00F2);
/// GET DATA: the answer to reset without its first byte.
const CONTACT_ATR: FileId = FileId(0x5F51);

/// What a card is made from.
pub struct CardData<'a> {
    /// The chip's identity.
    pub chip: ChipId,
    /// Name, address, birth date, sex.
    pub attributes: &'a Attributes,
    /// A made-up My Number: its check digit must be wrong.
    pub my_number: &'a MyNumber,
    /// The municipality that issues the card.
    pub municipality: Municipality,
    /// The last day of the card.
    pub expires: Date,
    /// The four digits of the security code (セキュリティコード) printed on the card.
    pub security_code: &'a str,
    /// The password for the signature key, where the card is to carry one.
    pub signature_password: Option<&'a SignaturePassword>,
    /// The PIN for the user-authentication key, where the card is to carry one.
    pub user_authentication_pin: Option<&'a UserAuthenticationPin>,
    /// The card-face input PIN.
    pub card_face_pin: &'a CardFacePin,
}

/// Why a card cannot be made.
#[derive(Debug, Error)]
pub enum PersonalisationError {
    /// The My Number could be a person's: its check digit is right.
    #[error("the My Number could be a person's; a made-up one has a wrong check digit")]
    PossibleMyNumber,
    /// The security code is not four digits, or the birth date is before the Meiji era.
    #[error("no verification number can be made from birth date and security code")]
    VerificationNumber,
    /// No key could be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The records could not be signed.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// The chip of a new phone: no keys, no PINs, no certificates.
pub fn phone(personality: Personality, chip: ChipId, issuer: IssuerState) -> Image {
    Image {
        personality,
        chip,
        data_objects: BTreeMap::new(),
        jpki: jpki_state(personality, chip),
        face_input: None,
        issuer,
    }
}

/// A new card: the face-input application is complete; the JPKI application has its PINs, and waits
/// for keys and certificates ([`install`], or the issuer's commands).
///
/// # Errors
/// See [`PersonalisationError`].
pub fn card(
    data: &CardData<'_>,
    records: &RecordIssuer,
    keys: &dyn KeySource,
    entropy: &dyn Entropy,
    issuer: IssuerState,
) -> Result<Image, PersonalisationError> {
    let mut jpki = jpki_state(Personality::Card, data.chip);
    if let Some(password) = data.signature_password {
        jpki.signature.pin.set(password.as_bytes(), salt(entropy));
    }
    if let Some(pin) = data.user_authentication_pin {
        jpki.user_authentication.pin.set(pin.as_bytes(), salt(entropy));
    }
    Ok(Image {
        personality: Personality::Card,
        chip: data.chip,
        data_objects: data_objects(data),
        jpki,
        face_input: Some(face_input_state(data, records, keys, entropy)?),
        issuer,
    })
}

/// Puts a key and its certificates (DER) on a chip, as the maker of test cards does; the service does
/// it through the issuer's commands.
pub fn install(
    image: &mut Image,
    usage: Use,
    key: &SoftwareKey,
    certificate: &[u8],
    issuer_certificate: &[u8],
) {
    image.jpki.credential_mut(usage).key = Some(SecretBytes::new(key.to_pkcs8().to_vec()));
    image.jpki.files.insert(jpki::certificate(usage), Bytes(certificate.to_vec()));
    image.jpki.files.insert(jpki::issuer_certificate(usage), Bytes(issuer_certificate.to_vec()));
}

fn jpki_state(personality: Personality, chip: ChipId) -> JpkiState {
    let without_key = |usage| Credential { pin: Pin::unset(jpki::tries(usage)), key: None };
    let token_information = jpki::token_information(personality, chip);
    JpkiState {
        files: BTreeMap::from([(jpki::TOKEN_INFORMATION, token_information)]),
        signature: without_key(Use::Signature),
        user_authentication: without_key(Use::UserAuthentication),
    }
}

fn face_input_state(
    data: &CardData<'_>,
    records: &RecordIssuer,
    keys: &dyn KeySource,
    entropy: &dyn Entropy,
) -> Result<FaceInputState, PersonalisationError> {
    if data.my_number.has_right_check_digit() {
        return Err(PersonalisationError::PossibleMyNumber);
    }
    let birth = data.attributes.birth_date;
    let number_b = face_input::verification_number_b(birth, data.expires, data.security_code)
        .ok_or(PersonalisationError::VerificationNumber)?;
    let signing_key = keys.generate(KeyAlgorithm::Rsa2048)?;
    let session_key = keys.generate(KeyAlgorithm::Rsa2048)?;
    let my_number = face_input::my_number_file(data.my_number);
    let attributes = face_input::attributes_file(data.attributes);
    let files = [
        (face_input::INTEGRITY, records.integrity_file(&my_number, &attributes)?),
        (face_input::MY_NUMBER, my_number),
        (face_input::ATTRIBUTES, attributes),
        (face_input::CERTIFICATE, records.certificate_file().to_vec()),
        (face_input::BASIC_INFORMATION, face_input::basic_information_file()),
        (
            face_input::SESSION_PUBLIC_KEY,
            face_input::session_public_key_file(session_key.public_key())?,
        ),
        (face_input::SIGNED_PUBLIC_KEY, records.signed_public_key_file(signing_key.public_key())?),
    ];
    let pin = |value: &[u8], tries| Pin::new(value, salt(entropy), tries);
    let mut blocked = pin(&salt(entropy), 1);
    blocked.spend_try();
    let number_tries = face_input::VERIFICATION_NUMBER_TRIES;
    let pins = [
        (face_input::PIN, pin(data.card_face_pin.as_bytes(), CardFacePin::TRIES)),
        (face_input::BLOCKED_PIN, blocked),
        (face_input::VERIFICATION_NUMBER_A, pin(data.my_number.as_bytes(), number_tries)),
        (face_input::VERIFICATION_NUMBER_B, pin(number_b.as_bytes(), number_tries)),
    ];
    Ok(FaceInputState {
        files: files.into_iter().map(|(id, content)| (id, Bytes(content))).collect(),
        pins: BTreeMap::from(pins),
        signing_key: SecretBytes::new(signing_key.to_pkcs8().to_vec()),
        session_key: SecretBytes::new(session_key.to_pkcs8().to_vec()),
    })
}

fn data_objects(data: &CardData<'_>) -> BTreeMap<FileId, Bytes> {
    let serial: String = data.chip.to_string().chars().take(16).collect();
    let expiry = data.expires.strftime("%Y%m%d").to_string();
    [
        (CARD_IDENTIFICATION, serial.as_bytes()),
        (MUNICIPALITY, data.municipality.as_str().as_bytes()),
        (EXPIRY, expiry.as_bytes()),
        (CONTACT_ATR, &ANSWER_TO_RESET[1..]),
    ]
    .map(|(tag, content)| (tag, Bytes(content.to_vec())))
    .into()
}

fn salt(entropy: &dyn Entropy) -> [u8; 16] {
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    salt
}
