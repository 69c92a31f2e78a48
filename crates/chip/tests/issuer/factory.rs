//! What the tests of the issuer's commands share: a maker, chips, an issuer of certificates.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use inrou_chip::apdu::{Command, Response, StatusWord};
use inrou_chip::image::{Image, Personality};
use inrou_chip::issuer::{
    self, Attestation, AttestedKey, CarriedCertificate, Challenge, DeletionRequest, MakerCa,
    MakerCertificate, Operation, Outcome, PinReference, ScriptError, Session, Step,
};
use inrou_chip::memory::{InMemoryMedium, Medium, Memory};
use inrou_chip::scp03::MasterKey;
use inrou_chip::{Chip, Interface, jpki, personalisation};
use inrou_pki::keys::KeyError;
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, PublicKey, SeededEntropy, SoftwareKey};
use inrou_rules::{ChipId, EnrolmentId, Use, Uses};
use jiff::Timestamp;

pub const CHIP: ChipId = ChipId::from_bytes([0xC1; 16]);
pub const OTHER_CHIP: ChipId = ChipId::from_bytes([0xC2; 16]);
pub const ENROLMENT: EnrolmentId = EnrolmentId::from_bytes([0xE1; 16]);
pub const NEXT_ENROLMENT: EnrolmentId = EnrolmentId::from_bytes([0xE2; 16]);
pub const CHALLENGE: Challenge = Challenge([0x33; 32]);
pub const OTHER_CHALLENGE: Challenge = Challenge([0x44; 32]);
pub const REQUEST: DeletionRequest = DeletionRequest([0xDE; 16]);
pub const PASSWORD: &[u8] = b"ABC123";
pub const PIN: &[u8] = b"1234";

/// A pool of keys that were made once; each chip draws from it in turn.
pub struct ReadyKeys(AtomicUsize);

impl KeySource for ReadyKeys {
    fn generate(&self, algorithm: KeyAlgorithm) -> Result<SoftwareKey, KeyError> {
        static READY: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
        if algorithm != KeyAlgorithm::Rsa2048 {
            return FreshKeys.generate(algorithm);
        }
        let ready = READY.get_or_init(|| {
            let make = || FreshKeys.generate(algorithm).unwrap().to_pkcs8().to_vec();
            (0..6).map(|_| make()).collect()
        });
        SoftwareKey::from_pkcs8(&ready[self.0.fetch_add(1, Ordering::Relaxed) % ready.len()])
    }
}

pub fn master() -> MasterKey {
    MasterKey::from_bytes([7; 16])
}

pub fn maker() -> &'static MakerCa {
    static MAKER: OnceLock<MakerCa> = OnceLock::new();
    MAKER.get_or_init(another_maker)
}

pub fn another_maker() -> MakerCa {
    let key = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
    MakerCa::found(Box::new(key), "2020-01-01T00:00:00Z".parse::<Timestamp>().unwrap()).unwrap()
}

pub fn trusted_maker() -> MakerCertificate {
    MakerCertificate::from_der(maker().certificate()).unwrap()
}

/// The chip of a new Android phone.
pub fn new_phone(chip: ChipId) -> Image {
    let issuer = issuer::manufacture(&chip, &master(), maker(), &FreshKeys).unwrap();
    personalisation::phone(Personality::Android, chip, issuer)
}

pub fn create<M: Medium>(medium: M, image: Image) -> Chip<M> {
    powered(Memory::create(medium, image).unwrap(), 0)
}

/// A chip that takes up what is on its medium; the keys that it makes are others.
pub fn reopen<M: Medium>(medium: M) -> Chip<M> {
    powered(Memory::open(medium).unwrap(), 3)
}

fn powered<M: Medium>(memory: Memory<M>, first_key: usize) -> Chip<M> {
    let keys = Arc::new(ReadyKeys(AtomicUsize::new(first_key)));
    let mut chip = Chip::new(memory, Arc::new(SeededEntropy::new(1)), keys);
    chip.power_on(Interface::Local);
    chip
}

pub fn phone() -> Chip<InMemoryMedium> {
    create(InMemoryMedium::default(), new_phone(CHIP))
}

/// A session of the issuer with the chip that says it is `chip`.
pub fn session(chip: ChipId, operations: Vec<Operation>) -> (Session, Vec<Vec<u8>>) {
    Session::new(chip, master().diversify(&chip), &SeededEntropy::new(2), operations)
}

/// Plays a batch as a phone does.
pub fn play<M: Medium>(chip: &mut Chip<M>, commands: &[Vec<u8>]) -> Vec<Vec<u8>> {
    issuer::play(chip, commands).unwrap()
}

pub fn run<M: Medium>(
    chip: &mut Chip<M>,
    operations: Vec<Operation>,
) -> Result<Vec<Outcome>, ScriptError> {
    let (mut session, mut commands) = session(chip.image().chip, operations);
    loop {
        match session.next(&play(chip, &commands))? {
            Step::Send(next) => commands = next,
            Step::Done(outcomes) => return Ok(outcomes),
        }
    }
}

/// The status word with which the chip refuses the only operation of a session.
pub fn refusal<M: Medium>(chip: &mut Chip<M>, operation: Operation) -> StatusWord {
    match run(chip, vec![operation]) {
        Err(ScriptError::Refused { operation: 0, status }) => status,
        other => panic!("not refused: {other:?}"),
    }
}

pub fn make_keys(enrolment: EnrolmentId, uses: Uses) -> Operation {
    let keys = kinds(uses, KeyAlgorithm::Rsa2048);
    Operation::MakeKeys { enrolment, challenge: CHALLENGE, keys }
}

/// Keys of one kind for each use.
pub fn kinds(uses: Uses, algorithm: KeyAlgorithm) -> BTreeMap<Use, KeyAlgorithm> {
    uses.iter().map(|usage| (usage, algorithm)).collect()
}

pub fn allow_new_pins(enrolment: EnrolmentId) -> Vec<Operation> {
    let allow = |usage: Use| Operation::AllowPin {
        reference: PinReference::from(usage),
        enrolment: Some(enrolment),
    };
    Use::ALL.map(allow).into()
}

/// Makes keys for both uses under an enrolment, and judges their attestations.
pub fn attested_keys<M: Medium>(chip: &mut Chip<M>, enrolment: EnrolmentId) -> [PublicKey; 2] {
    let attestations = attestations(chip, enrolment);
    judged(chip, enrolment, attestations)
}

/// The public keys in attestations of the keys for both uses.
pub fn judged<M: Medium>(
    chip: &Chip<M>,
    enrolment: EnrolmentId,
    attestations: Vec<Attestation>,
) -> [PublicKey; 2] {
    let mut keys = Use::ALL.into_iter().zip(attestations).map(|(usage, attestation)| {
        let key = AttestedKey::Credential { enrolment, usage };
        attestation.verify(&trusted_maker(), &chip.image().chip, &key, &CHALLENGE).unwrap()
    });
    [keys.next().unwrap(), keys.next().unwrap()]
}

pub fn attestations<M: Medium>(chip: &mut Chip<M>, enrolment: EnrolmentId) -> Vec<Attestation> {
    attestations_of(chip, make_keys(enrolment, Uses::BOTH))
}

pub fn attestations_of<M: Medium>(chip: &mut Chip<M>, make_keys: Operation) -> Vec<Attestation> {
    match run(chip, vec![make_keys]).unwrap().remove(0) {
        Outcome::Keys(attestations) => attestations,
        other => panic!("{other:?}"),
    }
}

/// Sets a PIN as the phone's application does.
pub fn set_pin<M: Medium>(chip: &mut Chip<M>, usage: Use, pin: &[u8]) -> StatusWord {
    select_jpki(chip);
    let reference = 0x80 | jpki::pin(usage).0 as u8;
    status(chip, &Command::new(0x00, 0x24, 0x01, reference).with_data(pin))
}

pub fn verify_pin<M: Medium>(chip: &mut Chip<M>, usage: Use, pin: &[u8]) -> StatusWord {
    select_jpki(chip);
    let reference = 0x80 | jpki::pin(usage).0 as u8;
    status(chip, &Command::new(0x00, 0x20, 0x00, reference).with_data(pin))
}

/// The signature of the live key of a use over a message, after VERIFY.
pub fn sign<M: Medium>(
    chip: &mut Chip<M>,
    usage: Use,
    pin: &[u8],
    message: &[u8],
) -> Result<Vec<u8>, StatusWord> {
    match verify_pin(chip, usage, pin) {
        StatusWord::SUCCESS => {}
        refused => return Err(refused),
    }
    let reference = 0x80 | jpki::private_key(usage).0 as u8;
    let command = Command::new(0x80, 0x2A, 0x03, reference).with_data(message).expecting(256);
    let response = Response::parse(&chip.process(&command.to_bytes())).unwrap();
    if response.status == StatusWord::SUCCESS { Ok(response.data) } else { Err(response.status) }
}

pub fn select_jpki<M: Medium>(chip: &mut Chip<M>) {
    let select = Command::new(0x00, 0xA4, 0x04, 0x0C).with_data(&jpki::AID);
    assert_eq!(status(chip, &select), StatusWord::SUCCESS);
}

pub fn status<M: Medium>(chip: &mut Chip<M>, command: &Command<'_>) -> StatusWord {
    Response::parse(&chip.process(&command.to_bytes())).unwrap().status
}

struct HolderKey<'a>(&'a PublicKey);

impl rcgen::PublicKeyData for HolderKey<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.subject_public_key()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        match self.0.algorithm() {
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => {
                &rcgen::PKCS_RSA_SHA256
            }
            KeyAlgorithm::EcP256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            KeyAlgorithm::EcP384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        }
    }
}

/// A certificate for `key`, of the usual size, with its issuer's.
pub fn certify(usage: Use, key: &PublicKey) -> CarriedCertificate {
    let issuer_key = rcgen::KeyPair::generate().unwrap();
    let mut issuer = rcgen::CertificateParams::new([]).unwrap();
    issuer.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let issuer_certificate = issuer.self_signed(&issuer_key).unwrap();
    let issuer = rcgen::Issuer::new(issuer, issuer_key);
    // As long as genuine certificates, so that it takes many blocks.
    let holder = rcgen::CertificateParams::new(vec!["x".repeat(60) + ".example"; 15]).unwrap();
    let certificate = holder.signed_by(&HolderKey(key), &issuer).unwrap();
    CarriedCertificate {
        usage,
        certificate: certificate.der().to_vec(),
        issuer: issuer_certificate.der().to_vec(),
    }
}

pub fn certify_both(keys: &[PublicKey; 2]) -> Vec<CarriedCertificate> {
    Use::ALL.into_iter().zip(keys).map(|(usage, key)| certify(usage, key)).collect()
}

pub fn store(enrolment: EnrolmentId, certificates: &[CarriedCertificate]) -> Operation {
    Operation::StoreCertificates { enrolment, certificates: certificates.to_vec() }
}

pub fn delete(request: DeletionRequest) -> Operation {
    Operation::Delete { request, usage: None }
}

/// Everything up to where certificates can be stored.
pub fn prepare<M: Medium>(chip: &mut Chip<M>, enrolment: EnrolmentId) -> Vec<CarriedCertificate> {
    let keys = attested_keys(chip, enrolment);
    run(chip, allow_new_pins(enrolment)).unwrap();
    assert_eq!(set_pin(chip, Use::Signature, PASSWORD), StatusWord::SUCCESS);
    assert_eq!(set_pin(chip, Use::UserAuthentication, PIN), StatusWord::SUCCESS);
    certify_both(&keys)
}

/// A phone that carries both certificates, with PASSWORD and PIN.
pub fn registered_phone() -> (Chip<InMemoryMedium>, Vec<CarriedCertificate>) {
    let mut chip = phone();
    let certificates = prepare(&mut chip, ENROLMENT);
    run(&mut chip, vec![store(ENROLMENT, &certificates)]).unwrap();
    (chip, certificates)
}
