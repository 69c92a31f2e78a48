//! An authority that listens, a counter that calls it, and chips to write to.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::{Arc, Mutex};

use inrou_api::client::Client;
use inrou_api::clock::TestClock;
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::server::{Shell, Trigger, listen, serve, shutdown};
use inrou_api::session::play;
use inrou_api::signature::{DeviceKey, RoleKey, SigningError};
use inrou_api::statement::Statement;
use inrou_api::wire::authority::{
    AdmitResident, Attendance, CardIssued, IssueCard, ResidentAdmitted, SessionOutcome, SessionWork,
};
use inrou_authority::key_folder::KeyFolder;
use inrou_authority::settings::{Caller, Permission, Settings};
use inrou_authority::store::{SqliteSettings, SqliteStore, Store};
use inrou_authority::{Authority, Parts, http};
use inrou_chip::apdu::Command;
use inrou_chip::chip::{Chip, Interface};
use inrou_chip::client::{JpkiClient, Pin};
use inrou_chip::face_input::{MyNumber, RecordIssuer};
use inrou_chip::image::Personality;
use inrou_chip::issuer::{self, MakerCa, MakerCertificate};
use inrou_chip::memory::{InMemoryMedium, Memory};
use inrou_chip::personalisation::{self, CardData};
use inrou_chip::scp03::MasterKey;
use inrou_pki::cms::NewMessage;
use inrou_pki::keys::{KeyAlgorithm, Passphrase};
use inrou_pki::profile::IssuerSettings;
use inrou_pki::{
    Certificate, Entropy, FreshKeys, KeySource, SeededEntropy, Signer, SoftwareKey, SystemEntropy,
    pem,
};
use inrou_rules::{
    Attributes, ChipId, ResidentId, Sex, SignaturePassword, Use, UserAuthenticationPin, Uses,
};
use jiff::Timestamp;
use jiff::civil::date;

pub const CARD_PASSWORD: &str = "CARD1234";
pub const CARD_PIN: &str = "1234";

/// A chip that several parts of a test speak to in turn.
pub type SharedChip = Arc<Mutex<Chip<InMemoryMedium>>>;

pub struct House {
    pub clock: Arc<TestClock>,
    pub authority: Arc<Authority>,
    pub base: String,
    pub counter: Client,
    /// The counter of one municipality, in which nobody lives.
    pub kodaira: Client,
    /// Where the authority keeps everything.
    pub store: Arc<dyn Store>,
    entropy: Arc<dyn Entropy>,
    maker: MakerCa,
    master: fn() -> MasterKey,
    // Both end with the house.
    _serving: Trigger,
    _folder: tempfile::TempDir,
}

impl House {
    /// An authority at `start`, on an empty folder.
    pub async fn at(start: &str) -> Self {
        Self::by_rules(start, inrou_rules::Settings::default()).await
    }

    /// An authority that settles by these what the rulebook leaves open.
    pub async fn by_rules(start: &str, rules: inrou_rules::Settings) -> Self {
        Self::drawing(start, rules, Arc::new(SystemEntropy)).await
    }

    /// As [`by_rules`](Self::by_rules), with another source of random bytes.
    pub async fn drawing(
        start: &str,
        rules: inrou_rules::Settings,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        // With RUST_LOG set, a failing test tells what the service logged.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::at(start.parse().unwrap()));
        let maker_key = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
        let maker = MakerCa::found(Box::new(maker_key), Timestamp::UNIX_EPOCH).unwrap();
        let (callers, counter_key) = callers();
        let master = || MasterKey::from_bytes([9; 16]);
        let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let store: Arc<dyn Store> = Arc::new(
            SqliteStore::open(&folder.path().join("store.db"), SqliteSettings::default()).unwrap(),
        );
        let authority = Arc::new(
            Authority::open(Parts {
                store: store.clone(),
                clock: clock.clone(),
                entropy: entropy.clone(),
                key_source: Arc::new(FreshKeys),
                key_folder: KeyFolder::open(
                    folder.path().join("keys"),
                    Passphrase::new("test".to_owned()),
                )
                .unwrap(),
                crl_folder: folder.path().join("crl"),
                log_folder: folder.path().join("log").into(),
                maker: MakerCertificate::from_der(maker.certificate()).unwrap(),
                channel_master: master(),
                settings: Settings {
                    rules,
                    callers,
                    issuer: IssuerSettings::default().published_at(&base).unwrap(),
                    ..Settings::default()
                },
            })
            .unwrap(),
        );
        let (trigger, told) = shutdown();
        let router = http::router(authority.clone(), told.clone())
            .merge(http::publication(authority.clone()));
        let router = Shell::new("authority", entropy.clone()).wrap(router);
        tokio::spawn(serve(listener, router, told));
        let api = format!("{base}/authority/v1");
        let counter = Client::new(&api, &[], clock.clone(), entropy.clone())
            .unwrap()
            .signing(Arc::new(RoleKey::new("role:counter", counter_key.clone())));
        let kodaira = Client::new(&api, &[], clock.clone(), entropy.clone())
            .unwrap()
            .signing(Arc::new(RoleKey::new("role:kodaira", counter_key)));
        Self {
            clock,
            authority,
            base,
            counter,
            kodaira,
            store,
            entropy,
            maker,
            master,
            _serving: trigger,
            _folder: folder,
        }
    }

    /// Enters a resident who lives in Kiyose.
    pub async fn admit(&self, attributes: &Attributes) -> ResidentId {
        let request = AdmitResident {
            municipality: "13221".parse().unwrap(),
            attributes: attributes.clone(),
        };
        let key = IdempotencyKey::new(&*self.entropy);
        let call = self.counter.post("/residents").json(&request).once(&key);
        call.answer::<ResidentAdmitted>().await.unwrap().resident
    }

    /// Issues a card with certificates and PINs, as a counter does.
    pub async fn issue_card(
        &self,
        resident: ResidentId,
        attributes: &Attributes,
        uses: Uses,
    ) -> SharedChip {
        let card = self.order_card(resident, attributes, uses).await;
        self.write_card(resident, &card).await;
        set_pins(&card, uses, CARD_PASSWORD, CARD_PIN);
        self.write_card(resident, &card).await;
        card
    }

    /// Issues a card whose certificates are on order; nothing is written to it yet.
    pub async fn order_card(
        &self,
        resident: ResidentId,
        attributes: &Attributes,
        uses: Uses,
    ) -> SharedChip {
        let id = ChipId::from_bytes(self.random());
        let card = self.blank_card(id, attributes);
        let request = IssueCard {
            chip: id,
            uses,
            attendance: Attendance::InPerson,
            counter: "13221".parse().unwrap(),
        };
        let key = IdempotencyKey::new(&*self.entropy);
        let path = format!("/residents/{resident}/card");
        let call = self.counter.post(&path).json(&request).once(&key);
        call.answer::<CardIssued>().await.unwrap();
        card
    }

    /// One session of the counter with a card.
    pub async fn write_card(&self, resident: ResidentId, card: &SharedChip) -> SessionOutcome {
        let work = SessionWork::WriteCard { resident };
        play(&self.counter, &work, |command| transmit(card, command)).await.unwrap()
    }

    /// A new phone that has made itself known.
    pub async fn phone(&self) -> Phone {
        self.phone_with(Arc::new(FreshKeys)).await
    }

    /// As [`phone`](Self::phone), an iPhone.
    pub async fn iphone(&self) -> Phone {
        self.phone_of(inrou_rules::Platform::Iphone, Arc::new(FreshKeys)).await
    }

    /// As [`phone`](Self::phone), with another source of the chip's keys.
    pub async fn phone_with(&self, keys: Arc<dyn KeySource>) -> Phone {
        self.phone_of(inrou_rules::Platform::Android, keys).await
    }

    async fn phone_of(&self, platform: inrou_rules::Platform, keys: Arc<dyn KeySource>) -> Phone {
        let id = ChipId::from_bytes(self.random());
        let issuer = issuer::manufacture(&id, &(self.master)(), &self.maker, &FreshKeys).unwrap();
        let personality = match platform {
            inrou_rules::Platform::Android => Personality::Android,
            inrou_rules::Platform::Iphone => Personality::Ios,
        };
        let image = personalisation::phone(personality, id, issuer);
        let chip = self.chip(image, keys);
        let api = format!("{}/authority/v1", self.base);
        let anybody = Client::new(&api, &[], self.clock.clone(), self.entropy.clone()).unwrap();
        let work =
            SessionWork::RegisterPhone { chip: id, platform, model: "Test phone".to_owned() };
        play(&anybody, &work, |command| transmit(&chip, command)).await.unwrap();
        let device = chip.clone();
        let sign = move |message: &[u8]| sign_as_device(&device, message);
        let client = anybody.signing(Arc::new(DeviceKey::new(format!("phone:{id}"), sign)));
        Phone { id, chip, client }
    }

    /// A key for a request that creates something.
    pub fn key(&self) -> IdempotencyKey {
        IdempotencyKey::new(&*self.entropy)
    }

    fn blank_card(&self, id: ChipId, attributes: &Attributes) -> SharedChip {
        let issuer = issuer::manufacture(&id, &(self.master)(), &self.maker, &FreshKeys).unwrap();
        let root = FreshKeys.generate(KeyAlgorithm::Rsa2048).unwrap();
        let records = RecordIssuer::certify(
            &root,
            Arc::new(FreshKeys.generate(KeyAlgorithm::Rsa2048).unwrap()),
        )
        .unwrap();
        let data = CardData {
            chip: id,
            attributes,
            my_number: &MyNumber::parse(b"123456789010").unwrap(),
            municipality: "13221".parse().unwrap(),
            expires: date(2035, 2, 17),
            security_code: "1234",
            signature_password: None,
            user_authentication_pin: None,
            card_face_pin: &inrou_rules::CardFacePin::parse("5678").unwrap(),
        };
        let image =
            personalisation::card(&data, &records, &FreshKeys, &SeededEntropy::new(3), issuer)
                .unwrap();
        self.chip(image, Arc::new(FreshKeys))
    }

    fn chip(&self, image: inrou_chip::image::Image, keys: Arc<dyn KeySource>) -> SharedChip {
        let memory = Memory::create(InMemoryMedium::default(), image).unwrap();
        let mut chip = Chip::new(memory, self.entropy.clone(), keys);
        chip.power_on(Interface::Local);
        Arc::new(Mutex::new(chip))
    }

    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes);
        bytes
    }
}

/// A phone with its chip, and a client that signs with its device key.
pub struct Phone {
    pub id: ChipId,
    pub chip: SharedChip,
    pub client: Client,
}

/// Sets the PINs that the issuer gave leave for.
pub fn set_pins(chip: &SharedChip, uses: Uses, password: &str, pin: &str) {
    let mut chip = chip.lock().unwrap();
    let mut client = JpkiClient::select(&mut *chip).unwrap();
    if uses.signature {
        client.set_pin(Pin::Signature(&SignaturePassword::parse(password).unwrap())).unwrap();
    }
    if uses.user_authentication {
        let pin = UserAuthenticationPin::parse(pin).unwrap();
        client.set_pin(Pin::UserAuthentication(&pin)).unwrap();
    }
}

/// Signs a statement with a chip's signature key: it stands in the message.
pub fn sign_statement(
    chip: &SharedChip,
    password: &str,
    statement: &Statement,
    now: Timestamp,
) -> Vec<u8> {
    sign(chip, password, (&statement.to_bytes(), true), now)
}

/// Signs with a chip's signature key what stands in the message, or beside it.
pub fn sign(
    chip: &SharedChip,
    password: &str,
    (content, attached): (&[u8], bool),
    signing_time: Timestamp,
) -> Vec<u8> {
    let mut chip = chip.lock().unwrap();
    let mut client = JpkiClient::select(&mut *chip).unwrap();
    client.verify(Pin::Signature(&SignaturePassword::parse(password).unwrap())).unwrap();
    let signer = Certificate::from_der(&client.certificate(Use::Signature).unwrap()).unwrap();
    let message = NewMessage { content, attached, signer: &signer, chain: &[], signing_time };
    let prepared = message.prepare().unwrap();
    let signature = client.sign(Use::Signature, &prepared.digest()).unwrap();
    prepared.finish(&signature).unwrap()
}

pub fn transmit(chip: &SharedChip, command: &[u8]) -> Result<Vec<u8>, std::convert::Infallible> {
    Ok(chip.lock().unwrap().process(command))
}

/// The holder of most cards here.
pub fn hanako() -> Attributes {
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

fn sign_as_device(chip: &SharedChip, message: &[u8]) -> Result<Vec<u8>, SigningError> {
    let mut chip = chip.lock().unwrap();
    let digest = inrou_pki::digest::HashAlgorithm::Sha256.digest(message);
    let authenticate =
        Command::new(0x00, 0x88, 0x00, 0x01).with_data(digest.as_bytes()).expecting(256).to_bytes();
    let mut answer = chip.process(&authenticate);
    if !answer.ends_with(&[0x90, 0x00]) {
        // Not selected. Selecting it always would close a secure channel between its two halves.
        let select = Command::new(0x00, 0xA4, 0x04, 0x0C).with_data(&issuer::AID).to_bytes();
        assert_eq!(chip.process(&select), [0x90, 0x00]);
        answer = chip.process(&authenticate);
    }
    let (signature, status) = answer.split_at(answer.len() - 2);
    if status == [0x90, 0x00] {
        Ok(signature.to_vec())
    } else {
        Err(SigningError(format!("{status:02X?}")))
    }
}

fn callers() -> (std::collections::BTreeMap<String, Caller>, Arc<SoftwareKey>) {
    let key = Arc::new(FreshKeys.generate(KeyAlgorithm::EcP256).unwrap());
    let caller = Caller {
        public_key: pem::encode("PUBLIC KEY", key.public_key().spki()),
        permissions: vec![
            Permission::Counter,
            Permission::Hotline,
            Permission::Operator,
            Permission::Holders,
            Permission::History,
            Permission::Linkage,
            Permission::Consents,
            Permission::Withdrawals,
            Permission::Audit,
        ],
        municipality: None,
    };
    let of_kodaira = Caller {
        permissions: vec![Permission::Counter],
        municipality: Some("13211".parse().unwrap()),
        ..caller.clone()
    };
    ([("counter".to_owned(), caller), ("kodaira".to_owned(), of_kodaira)].into(), key)
}
