//! Makes the seeds: valid inputs of every kind, by the project's own code and with new keys.

use inrou_chip::Chip;
use inrou_chip::client::{FaceInputClient, JpkiClient, Pin};
use inrou_chip::issuer::{Challenge, Operation, Session, Step, play};
use inrou_chip::memory::InMemoryMedium;
use inrou_chip::transport::{Transport, TransportError};
use inrou_fuzz::card::{
    CARD_FACE_PIN, CHIP, SIGNATURE_PASSWORD, USER_AUTHENTICATION_PIN, master_key, powered_card,
    push_step,
};
use inrou_fuzz::pki::{CONTENT, HOLDER_SERIAL, REVOKED, SIGNED_AT, settings};
use inrou_pdf::{NewSignature, Pdf, SecurityStore};
use inrou_pki::cms::{NewMessage, NewPdfMessage, SignedMessage};
use inrou_pki::crl::{CrlEntry, NewCrl, Partition};
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::ocsp::{request_to_path, write_request};
use inrou_pki::profile::{CommonName, HolderRequest, Place, PolicyOid};
use inrou_pki::status::Withdrawal;
use inrou_pki::tsp::{Rejection, TimeStampRequest, TimeStampUnit};
use inrou_pki::{
    Certificate, FreshKeys, KeyAlgorithm, KeySource, PersonalAttributes, SeededEntropy, Signer,
    SoftwareKey,
};
use inrou_rules::{
    CardFacePin, EnrolmentId, Medium, RevocationReason, Serial, Sex, SignaturePassword, Use,
    UserAuthenticationPin,
};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use std::error::Error;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let issuer = Issuer::found()?;
    issuer.certificates()?;
    issuer.messages()?;
    issuer.requests()?;
    issuer.crls()?;
    issuer.files()?;
    time_stamps()?;
    sessions()
}

/// An issuer of signature certificates, its responder, and one holder.
struct Issuer {
    key: SoftwareKey,
    certificate: Certificate,
    responder: Certificate,
    holder_key: SoftwareKey,
    holder: Certificate,
    place: Place,
}

impl Issuer {
    fn found() -> Outcome<Self> {
        let settings = settings();
        let fresh = || FreshKeys.generate(KeyAlgorithm::Rsa2048);
        let (key, responder_key, holder_key) = (fresh()?, fresh()?, fresh()?);
        let usage = Use::Signature;
        let certificate = settings
            .issuer_certificate(usage, key.public_key(), Serial(1_000), SIGNED_AT)?
            .sign(&key)?;
        let responder = settings
            .responder_certificate(
                usage,
                &certificate,
                responder_key.public_key(),
                Serial(77),
                SIGNED_AT,
            )?
            .sign(&key)?;
        let place = Place {
            code: "13221".parse()?,
            prefecture: "Tokyo-to".to_owned(),
            municipality: "Kiyose-shi".to_owned(),
        };
        let attributes = PersonalAttributes {
            name: "印籠　太郎".to_owned(),
            name_substitutes: "00000".to_owned(),
            birth_date: Some(date(1980, 2, 17)),
            sex: Sex::Male,
            address: "東京都清瀬市".to_owned(),
            address_substitutes: "000000".to_owned(),
        };
        let request = HolderRequest {
            usage,
            medium: Medium::Card,
            serial: HOLDER_SERIAL,
            not_before: SIGNED_AT,
            not_after: in_days(1_000),
            public_key: holder_key.public_key(),
            place: &place,
            common_name: &CommonName::for_signature(SIGNED_AT, 1, place.code),
            attributes: Some(&attributes),
        };
        let holder = settings.holder_certificate(&certificate, &request)?.sign(&key)?;
        Ok(Self { key, certificate, responder, holder_key, holder, place })
    }

    fn certificates(&self) -> Outcome<()> {
        write("certificate", "issuer", self.certificate.as_der())?;
        write("certificate", "holder", self.holder.as_der())?;
        write("certificate", "responder", self.responder.as_der())
    }

    fn messages(&self) -> Outcome<()> {
        for (name, attached) in [("attached", true), ("detached", false)] {
            let message = NewMessage {
                content: CONTENT,
                attached,
                signer: &self.holder,
                chain: std::slice::from_ref(&self.certificate),
                signing_time: SIGNED_AT,
            };
            write("cms", name, &message.sign(&self.holder_key)?)?;
        }
        Ok(())
    }

    fn requests(&self) -> Outcome<()> {
        for (name, hash, nonce) in [
            ("sha1", HashAlgorithm::Sha1, None),
            ("sha256-nonce", HashAlgorithm::Sha256, Some(&[0x4E; 32][..])),
        ] {
            let request = write_request(&self.certificate, &self.holder, hash, nonce)?;
            write("ocsp_request", name, &request)?;
            write("ocsp_request", &format!("{name}-path"), request_to_path(&request).as_bytes())?;
        }
        Ok(())
    }

    /// A sealed PDF file, and the same with a security store.
    fn files(&self) -> Outcome<()> {
        let pdf = Pdf::read(page())?;
        let new = NewSignature { field: "Seal", signing_time: SIGNED_AT, room: 4 * 1024 };
        let prepared = pdf.prepare_signature(&new)?;
        let message = NewPdfMessage {
            content: prepared.signed_bytes(),
            signer: &self.holder,
            chain: std::slice::from_ref(&self.certificate),
        };
        let signature = message.sign(&self.holder_key)?;
        let sealed = prepared.finish(&signature)?;
        write("pdf", "sealed", &sealed)?;
        let store = SecurityStore {
            certificates: vec![self.certificate.as_der().to_vec()],
            ..SecurityStore::default()
        };
        write("pdf", "stored", &Pdf::read(sealed)?.with_security_store(&store)?)
    }

    fn crls(&self) -> Outcome<()> {
        let partition = Partition::Holders {
            usage: Use::Signature,
            medium: Medium::Card,
            place: self.place.clone(),
        };
        let crl = NewCrl {
            issuer: &self.certificate,
            scope: Some((&settings(), &partition)),
            number: 129,
            this_update: SIGNED_AT,
            next_update: in_days(1),
        };
        let entries = REVOKED.map(|serial| CrlEntry {
            serial,
            at: SIGNED_AT,
            withdrawal: Withdrawal::Revoked(RevocationReason::KeyCompromise),
        });
        let mut der = Cursor::new(Vec::new());
        crl.write(entries.into_iter(), &self.key, &mut der)?;
        write("crl", "card", der.get_ref())
    }
}

/// A time-stamp authority of its own: a request, its answer, and the token over the attached message's
/// signature.
fn time_stamps() -> Outcome<()> {
    let (key, unit_key) =
        (FreshKeys.generate(KeyAlgorithm::EcP256)?, FreshKeys.generate(KeyAlgorithm::EcP256)?);
    let settings = settings();
    let issuer = settings.time_stamp_issuer(key.public_key(), Serial(1), SIGNED_AT)?.sign(&key)?;
    let certificate =
        settings.time_stamp_unit(&issuer, unit_key.public_key(), Serial(2), SIGNED_AT)?;
    let certificate = certificate.sign(&key)?;
    write("certificate", "stamp-issuer", issuer.as_der())?;
    write("certificate", "stamp-unit", certificate.as_der())?;
    let policy = PolicyOid::try_from("1.3.6.1.4.1.99999.1".to_owned())?;
    let unit = TimeStampUnit::new(certificate, Arc::new(unit_key), policy)?;
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../seeds");
    let message = SignedMessage::from_der(&fs::read(seeds.join("cms/attached"))?)?;
    let imprint = HashAlgorithm::Sha256.digest(message.signature());
    let request = TimeStampRequest::new(imprint, [0x4E; 8]);
    write("tsp", "request", &request.to_der())?;
    write("tsp", "answer", &unit.answer(&request.to_der(), SIGNED_AT, 1))?;
    write("tsp", "rejection", &Rejection::BadAlgorithm.to_der())?;
    write("tsp", "token", &unit.stamp(&request, SIGNED_AT, 2).map_err(|error| error.to_string())?)
}

/// Sessions as the clients hold them.
fn sessions() -> Outcome<()> {
    let digest = HashAlgorithm::Sha256.digest(CONTENT);
    let password = SignaturePassword::parse(SIGNATURE_PASSWORD).expect("letters and digits");
    let pin = UserAuthenticationPin::parse(USER_AUTHENTICATION_PIN).expect("four digits");
    record("jpki", |card| {
        let mut jpki = JpkiClient::select(card)?;
        jpki.token_label()?;
        jpki.issuer_certificate(Use::Signature)?;
        for (usage, pin) in [
            (Use::Signature, Pin::Signature(&password)),
            (Use::UserAuthentication, Pin::UserAuthentication(&pin)),
        ] {
            jpki.tries_left(usage)?;
            jpki.verify(pin)?;
            jpki.certificate(usage)?;
            jpki.sign(usage, &digest)?;
            jpki.set_pin(pin)?;
        }
        Ok(())
    })?;
    record("face-input", |card| {
        let mut face_input = FaceInputClient::select(card)?;
        let pin = CardFacePin::parse(CARD_FACE_PIN).expect("four digits");
        face_input.tries_left()?;
        face_input.verify(&pin)?;
        face_input.my_number()?;
        face_input.attributes()?;
        Ok(face_input.set_pin(&pin)?)
    })?;
    record("issuer", enrol)
}

/// The issuer has the chip make keys, through the secure channel.
fn enrol(card: &mut Recorder) -> Outcome<()> {
    let operations = vec![
        Operation::MakeDeviceKey { challenge: Challenge([1; 32]) },
        Operation::MakeKeys {
            enrolment: EnrolmentId::from_bytes([0xE1; 16]),
            challenge: Challenge([2; 32]),
            keys: Use::ALL.map(|usage| (usage, KeyAlgorithm::Rsa2048)).into(),
        },
    ];
    let (mut session, mut commands) =
        Session::new(CHIP, master_key().diversify(&CHIP), &SeededEntropy::new(2), operations);
    while let Step::Send(next) = session.next(&play(card, &commands)?)? {
        commands = next;
    }
    Ok(())
}

fn record(name: &str, hold: impl FnOnce(&mut Recorder) -> Outcome<()>) -> Outcome<()> {
    let mut card = Recorder { chip: powered_card().0, session: Vec::new() };
    hold(&mut card)?;
    write("apdu", name, &card.session)
}

/// A card, and the commands that it was sent.
struct Recorder {
    chip: Chip<InMemoryMedium>,
    session: Vec<u8>,
}

impl Transport for Recorder {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        push_step(&mut self.session, command);
        self.chip.transmit(command)
    }
}

/// A PDF file with one page.
fn page() -> Vec<u8> {
    const OBJECTS: [&str; 4] = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << >> >>",
        "<< /Length 8 >>\nstream\n0 0 m S \nendstream",
    ];
    let mut out = "%PDF-1.7\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (at, object) in OBJECTS.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", out.len()));
        out.push_str(&format!("{} 0 obj\n{object}\nendobj\n", at + 1));
    }
    let section = out.len();
    out.push_str(&format!(
        "xref\n0 5\n{table}trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n{section}\n%%EOF\n"
    ));
    out.into_bytes()
}

fn in_days(days: i64) -> Timestamp {
    SIGNED_AT + SignedDuration::from_hours(24 * days)
}

fn write(target: &str, name: &str, seed: &[u8]) -> Outcome<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../seeds").join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(name), seed)?)
}
