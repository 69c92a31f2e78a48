//! STORE DATA and ACTIVATE: files of the card's applications, and the certificates of new keys.

use inrou_pki::Certificate;
use inrou_rules::{EnrolmentId, Use};
use zeroize::Zeroizing;

use super::command::Channel;
use super::keys;
use super::receipt::{CarriedCertificate, Storage};
use super::state::StorageRecord;
use crate::apdu::StatusWord;
use crate::chip::IssuerContext;
use crate::image::{Bytes, Credential, FileId, Image};
use crate::{face_input, jpki};

/// READ BINARY reaches no further: its offset has 15 bits.
const LONGEST_FILE: usize = 0x7FFF;

/// What STORE DATA writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A data object that GET DATA gives while no application is selected, by its tag.
    DataObject(FileId),
    /// The holder's certificate; it comes into use by ACTIVATE.
    Certificate(Use),
    /// The certificate of its issuer; it comes into use by ACTIVATE.
    IssuerCertificate(Use),
    /// A file of the card's face-input application, or one of its verification numbers, which are
    /// no secrets of the resident but stand on the card.
    FaceInput(FileId),
}

impl Target {
    /// Application and file, as they stand before the content.
    pub(super) fn to_bytes(self) -> [u8; 3] {
        let (application, FileId(file)) = match self {
            Self::DataObject(tag) => (0x00, tag),
            Self::Certificate(usage) => (0x01, jpki::certificate(usage)),
            Self::IssuerCertificate(usage) => (0x01, jpki::issuer_certificate(usage)),
            Self::FaceInput(file) => (0x02, file),
        };
        let [high, low] = file.to_be_bytes();
        [application, high, low]
    }

    fn from_bytes([application, high, low]: [u8; 3]) -> Option<Self> {
        let file = FileId(u16::from_be_bytes([high, low]));
        match application {
            0x00 => Some(Self::DataObject(file)),
            0x01 => Use::ALL.into_iter().find_map(|usage| match file {
                _ if file == jpki::certificate(usage) => Some(Self::Certificate(usage)),
                _ if file == jpki::issuer_certificate(usage) => {
                    Some(Self::IssuerCertificate(usage))
                }
                _ => None,
            }),
            0x02 => Some(Self::FaceInput(file)),
            _ => None,
        }
    }
}

/// A file of which not all blocks have come.
pub(super) struct Incoming {
    target: Target,
    next_block: u8,
    content: Zeroizing<Vec<u8>>,
}

/// Takes a block of a file: number 0 begins with application and file and starts anew; every other
/// must be the next.
pub(super) fn take_block(channel: &mut Channel, block: u8, data: &[u8]) -> Result<(), StatusWord> {
    let incoming = match (block, channel.incoming.take()) {
        (0, _) => {
            let (target, content) = data.split_first_chunk().ok_or(StatusWord::WRONG_LENGTH)?;
            let target = Target::from_bytes(*target).ok_or(StatusWord::FILE_NOT_FOUND)?;
            Incoming { target, next_block: 1, content: Zeroizing::new(content.to_vec()) }
        }
        (_, Some(mut incoming)) if incoming.next_block == block => {
            incoming.content.extend_from_slice(data);
            incoming.next_block = block.checked_add(1).ok_or(StatusWord::NOT_ENOUGH_MEMORY)?;
            incoming
        }
        _ => return Err(StatusWord::CONDITIONS_NOT_SATISFIED),
    };
    if incoming.content.len() > LONGEST_FILE {
        return Err(StatusWord::NOT_ENOUGH_MEMORY);
    }
    channel.incoming = Some(incoming);
    Ok(())
}

/// Does with a whole file what its target asks for: certificates wait for ACTIVATE.
pub(super) fn finish_file(context: &mut IssuerContext<'_>) -> Result<(), StatusWord> {
    let Incoming { target, content, .. } =
        context.channel.incoming.take().ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
    match target {
        Target::DataObject(tag) => {
            context.image.data_objects.insert(tag, Bytes(content.to_vec()));
        }
        Target::Certificate(usage) => {
            context.channel.certificates.insert(jpki::certificate(usage), content);
        }
        Target::IssuerCertificate(usage) => {
            context.channel.certificates.insert(jpki::issuer_certificate(usage), content);
        }
        Target::FaceInput(file) => write_face_input(context, file, &content)?,
    }
    Ok(())
}

/// Makes the certificates that came, and the keys staged for them, the ones in use; writes the
/// receipt. What was staged besides is given up. Asked again with the same certificates, it changes
/// nothing.
pub(super) fn activate(
    context: &mut IssuerContext<'_>,
    enrolment: EnrolmentId,
) -> Result<(), StatusWord> {
    let carried = take_carried(context.channel)?;
    let uses = carried.iter().map(|carried| carried.usage).collect();
    let image = &mut *context.image;
    if let Some(record) = &image.issuer.storage
        && record.enrolment == enrolment
    {
        let same = record.uses == uses && carried.iter().all(|carried| is_stored(image, carried));
        return if same { Ok(()) } else { Err(StatusWord::CONDITIONS_NOT_SATISFIED) };
    }
    let credentials = staged_credentials(image, &carried, &enrolment)?;
    for (carried, credential) in carried.iter().zip(credentials) {
        let files = &mut image.jpki.files;
        files.insert(jpki::certificate(carried.usage), Bytes(carried.certificate.clone()));
        files.insert(jpki::issuer_certificate(carried.usage), Bytes(carried.issuer.clone()));
        *image.jpki.credential_mut(carried.usage) = credential;
    }
    image.issuer.give_up_staged();
    image.issuer.receipts += 1;
    let receipt = Storage::new(image.issuer.receipts, &enrolment, &carried);
    let receipt = keys::sign(image, &receipt)?;
    image.issuer.storage = Some(StorageRecord { enrolment, uses, receipt });
    Ok(())
}

/// The certificates that came through this channel, each with its issuer's, ordered by use.
fn take_carried(channel: &mut Channel) -> Result<Vec<CarriedCertificate>, StatusWord> {
    let mut came = std::mem::take(&mut channel.certificates);
    let mut carried = Vec::new();
    for usage in Use::ALL {
        let certificate = came.remove(&jpki::certificate(usage));
        match (certificate, came.remove(&jpki::issuer_certificate(usage))) {
            (Some(certificate), Some(issuer)) => carried.push(CarriedCertificate {
                usage,
                certificate: certificate.to_vec(),
                issuer: issuer.to_vec(),
            }),
            (None, None) => {}
            _ => return Err(StatusWord::CONDITIONS_NOT_SATISFIED),
        }
    }
    if carried.is_empty() { Err(StatusWord::CONDITIONS_NOT_SATISFIED) } else { Ok(carried) }
}

fn is_stored(image: &Image, carried: &CarriedCertificate) -> bool {
    let holds = |file, content: &[u8]| {
        image.jpki.files.get(&file).is_some_and(|stored| **stored == *content)
    };
    holds(jpki::certificate(carried.usage), &carried.certificate)
        && holds(jpki::issuer_certificate(carried.usage), &carried.issuer)
}

/// The staged keys, one for each certificate, each with the PIN that was set for it, or else with
/// the PIN of the key in use before.
///
/// `6985` if they are staged under another enrolment, or have no PIN yet; `6A88` if a key is not
/// there; `6A80` if a certificate is not for its key.
fn staged_credentials(
    image: &Image,
    carried: &[CarriedCertificate],
    enrolment: &EnrolmentId,
) -> Result<Vec<Credential>, StatusWord> {
    let staged = image.issuer.staged.as_ref().filter(|staged| staged.enrolment == *enrolment);
    let staged = staged.ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
    let credential = |carried: &CarriedCertificate| {
        let made = staged.credentials.get(&carried.usage).ok_or(StatusWord::DATA_NOT_FOUND)?;
        let read =
            |certificate| Certificate::from_der(certificate).map_err(|_| StatusWord::WRONG_DATA);
        let (certificate, _) = (read(&carried.certificate)?, read(&carried.issuer)?);
        if certificate.public_key() != Ok(&keys::public(&made.key)?) {
            return Err(StatusWord::WRONG_DATA);
        }
        let former = &image.jpki.credential(carried.usage).pin;
        let pin = [&made.pin, former].into_iter().find(|pin| pin.is_set());
        let pin = pin.ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?.clone();
        Ok(Credential { pin, key: Some(made.key.clone()) })
    };
    carried.iter().map(credential).collect()
}

/// The card-face input PIN is the resident's and does not pass here.
fn write_face_input(
    context: &mut IssuerContext<'_>,
    file: FileId,
    content: &[u8],
) -> Result<(), StatusWord> {
    let application = context.image.face_input.as_mut().ok_or(StatusWord::FILE_NOT_FOUND)?;
    match file {
        face_input::MY_NUMBER
        | face_input::ATTRIBUTES
        | face_input::INTEGRITY
        | face_input::CERTIFICATE
        | face_input::BASIC_INFORMATION
        | face_input::SESSION_PUBLIC_KEY
        | face_input::SIGNED_PUBLIC_KEY => {
            application.files.insert(file, Bytes(content.to_vec()));
        }
        face_input::VERIFICATION_NUMBER_A | face_input::VERIFICATION_NUMBER_B => {
            let number = application.pins.get_mut(&file).ok_or(StatusWord::FILE_NOT_FOUND)?;
            let mut salt = [0; 16];
            context.entropy.fill(&mut salt);
            number.set(content, salt);
        }
        _ => return Err(StatusWord::FILE_NOT_FOUND),
    }
    Ok(())
}
