//! Residents with a card, and phones whose chips have made their keys: all that an application needs,
//! put into the store at once, and the application signed by the card.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use inrou_api::statement::{Statement, keys_digest};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{AttestedKey, BeginEnrolment};
use inrou_authority::keys::CertifiedKey;
use inrou_authority::store::{
    AttributeVersion, CertificateRecord, DocumentKind, Holder, Partition, PhoneRecord, Salt,
    Status, Unit, Write,
};
use inrou_pki::cms::NewMessage;
use inrou_pki::profile::{CommonName, HolderRequest, IssuerSettings, Place};
use inrou_pki::{
    Certificate, Entropy, FreshKeys, KeyAlgorithm, KeySource, PersonalAttributes, Signer,
    SoftwareKey, SystemEntropy,
};
use inrou_rules::{
    Attributes, Card, CardId, CertificateId, CertificateStatus, ChipId, EnrolmentId, Medium,
    Municipality, Platform, RecordVersion, Resident, ResidentId, Serial, Sex, Standing, Use, Uses,
};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

use crate::office::Office;

/// How many apply at the same moment.
pub const AT_ONCE: usize = 128;

/// One who is ready to apply.
pub struct Applicant {
    pub chip: ChipId,
    pub enrolment: EnrolmentId,
    /// The signed application.
    pub cms: Vec<u8>,
}

/// Where applicants come from. Keys are made once: whose they are does not matter to any step.
pub struct Applicants<'a> {
    office: &'a Office,
    issuers: Vec<(Use, Arc<CertifiedKey>)>,
    card_key: SoftwareKey,
    phone_keys: Vec<AttestedKey>,
}

impl<'a> Applicants<'a> {
    pub fn of(office: &'a Office) -> Self {
        let key = || FreshKeys.generate(KeyAlgorithm::Rsa2048).unwrap();
        let attested =
            |usage| AttestedKey { usage, spki: Base64(key().public_key().spki().to_vec()) };
        Self {
            office,
            issuers: office.authority.trust_anchors().unwrap(),
            card_key: key(),
            phone_keys: Use::ALL.map(attested).to_vec(),
        }
    }

    /// So many more, ready to hand in their applications.
    pub fn prepare(&self, count: usize) -> Vec<Applicant> {
        let first = Use::ALL.map(|usage| {
            let (partition, not_after) = (partition(usage), self.not_after());
            let count = u32::try_from(count).unwrap();
            let reserve = Write::ReserveSerials { partition, count, not_after };
            (usage, self.office.store.commit(reserve.into()).unwrap().serials[0].first.0)
        });
        let cards: Vec<[CertificateId; 2]> = (0..count as u64)
            .map(|n| first.map(|(usage, first)| CertificateId { usage, serial: Serial(first + n) }))
            .collect();
        let ready = Mutex::new(Vec::new());
        at_once(&cards, |card| {
            let applicant = self.one(card);
            ready.lock().unwrap().push(applicant);
        });
        ready.into_inner().unwrap()
    }

    fn one(&self, card_certificates: &[CertificateId]) -> Applicant {
        let (resident, phone) = (ResidentId::from_bytes(random()), ChipId::from_bytes(random()));
        let certificates: Vec<Certificate> =
            card_certificates.iter().map(|&id| self.card_certificate(id)).collect();
        self.enter(resident, card_certificates, &certificates, phone);

        let enrolment = EnrolmentId::from_bytes(random());
        let begin = BeginEnrolment { uses: Uses::BOTH, confirmed: true, change_of_phone: false };
        let begun =
            self.office.authority.begin_enrolment(phone, enrolment, &begin, &|_| Vec::new());
        let begun = begun.unwrap();
        self.record_keys(enrolment);
        let statement = Statement::Application {
            challenge: begun.challenge.value,
            change_of_phone: false,
            chip: phone,
            enrolment,
            keys: keys_digest(&self.phone_keys),
            terms: begun.terms,
            uses: Uses::BOTH,
        };
        let message = NewMessage {
            content: &statement.to_bytes(),
            attached: true,
            signer: &certificates[0],
            chain: &[],
            signing_time: self.now(),
        };
        Applicant { chip: phone, enrolment, cms: message.sign(&self.card_key).unwrap() }
    }

    /// The resident with an active card, and the phone that is known.
    fn enter(
        &self,
        id: ResidentId,
        ids: &[CertificateId],
        certificates: &[Certificate],
        phone: ChipId,
    ) {
        let chip = ChipId::from_bytes(random());
        let active = |&id: &CertificateId| {
            let (not_before, not_after) = (self.now(), self.not_after());
            let certificate = inrou_rules::Certificate {
                id,
                medium: Medium::Card,
                chip,
                not_before,
                not_after,
                record: RecordVersion::default(),
                source: None,
                status: CertificateStatus::Active { since: not_before },
                reapplication: None,
            };
            (id, certificate)
        };
        let resident = Resident {
            id,
            standing: Standing::Resident,
            municipality: kiyose(),
            record: RecordVersion::default(),
            card: Some(Card {
                id: CardId::from_bytes(random()),
                chip,
                expires: date(2035, 2, 17),
                ordered: Uses::NONE,
                lost_since: None,
            }),
            application: None,
            phone: None,
            former_phones: Vec::new(),
            certificates: ids.iter().map(active).collect(),
        };
        let phone = PhoneRecord {
            chip: phone,
            device_key: Vec::new(),
            model: "Benchmark".to_owned(),
            platform: Platform::Android,
            resident: None,
        };
        let attributes = AttributeVersion {
            resident: id,
            record: RecordVersion::default(),
            attributes: attributes(),
            salt: Salt(random()),
        };
        let mut unit = Unit::from_iter([
            Write::PutResident { expected: None, resident: Box::new(resident) },
            Write::PutAttributes(attributes),
            Write::PutPhone { expected: None, phone },
        ]);
        for (&certificate, signed) in ids.iter().zip(certificates) {
            unit.push(Write::PutCertificate(CertificateRecord {
                id: certificate,
                generation: 1,
                partition: partition(certificate.usage),
                holder: Some(Holder { resident: id, chip }),
                not_after: self.not_after(),
                der: signed.as_der().to_vec(),
            }));
            unit.push(Write::PutStatus { id: certificate, status: Status::Good });
        }
        self.office.store.commit(unit).unwrap();
    }

    fn card_certificate(&self, id: CertificateId) -> Certificate {
        let issuer = &self.issuers.iter().find(|(usage, _)| *usage == id.usage).unwrap().1;
        let attributes =
            (id.usage == Use::Signature).then(|| PersonalAttributes::from(&attributes()));
        let request = HolderRequest {
            usage: id.usage,
            medium: Medium::Card,
            serial: id.serial,
            not_before: self.now(),
            not_after: self.not_after(),
            public_key: self.card_key.public_key(),
            place: &Place {
                code: kiyose(),
                prefecture: "Tokyo-to".to_owned(),
                municipality: "Kiyose-shi".to_owned(),
            },
            common_name: &CommonName::for_user_authentication(&SystemEntropy, kiyose()),
            attributes: attributes.as_ref(),
        };
        let unsigned = IssuerSettings::default().holder_certificate(&issuer.certificate, &request);
        unsigned.unwrap().sign(&**issuer).unwrap()
    }

    /// What a session with the chip leaves in the enrolment.
    fn record_keys(&self, enrolment: EnrolmentId) {
        const ENROLMENT: DocumentKind = DocumentKind("enrolment");
        let found = self.office.store.document(ENROLMENT, &enrolment.to_string()).unwrap().unwrap();
        let mut document = found.value;
        let mut body: serde_json::Value = serde_json::from_slice(&document.body.0).unwrap();
        body["keys"] = serde_json::to_value(&self.phone_keys).unwrap();
        document.body.0 = serde_json::to_vec(&body).unwrap();
        let put = Write::PutDocument { expected: Some(found.version), document };
        self.office.store.commit(put.into()).unwrap();
    }

    fn now(&self) -> Timestamp {
        self.office.clock.now()
    }

    /// Within five years of issue.
    fn not_after(&self) -> Timestamp {
        self.now() + SignedDuration::from_hours(4 * 365 * 24)
    }
}

/// Does some work for each, for many at the same moment.
pub fn at_once<T: Sync>(all: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(one);
                }
            });
        }
    });
}

/// The partition of the cards' certificates.
pub fn partition(usage: Use) -> Partition {
    Partition::Residents { usage, medium: Medium::Card, municipality: kiyose() }
}

fn kiyose() -> Municipality {
    "13221".parse().unwrap()
}

fn attributes() -> Attributes {
    Attributes {
        name: "試験　花子".to_owned(),
        name_reading: "しけん　はなこ".to_owned(),
        name_substitutes: "00000".to_owned(),
        address: "東京都清瀬市架空町１－２－３".to_owned(),
        address_reading: "とうきょうときよせしかくうちょう".to_owned(),
        address_substitutes: "0".repeat(14),
        birth_date: date(1980, 2, 17),
        sex: Sex::Female,
    }
}

/// Random bytes.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemEntropy.fill(&mut bytes);
    bytes
}
