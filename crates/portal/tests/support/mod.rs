//! A portal that listens, the authority that it asks, residents with their phones, and a clerk.
#![allow(dead_code, clippy::panic, clippy::unwrap_used)]

pub mod links;

use std::path::Path;
use std::sync::{Arc, Weak};

use inrou_api::client::{Client, ClientError};
use inrou_api::clock::{Clock, TestClock};
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::problem::Problem;
use inrou_api::server::{Shell, Trigger, listen, serve, shutdown};
use inrou_api::signature::RoleKey;
use inrou_api::wire::portal::{
    ApplicationDrawnUp, DrawUpApplication, LoginBegun, LoginView, Procedure,
};
use inrou_api::wire::transaction::{Answering, Transaction, TransactionAnswer, TransactionId};
use inrou_pki::{Entropy, FreshKeys, KeyAlgorithm, KeySource, Signer, SystemEntropy, pem};
use inrou_portal::settings::{Caller, Permission, Settings};
use inrou_portal::store::SqliteStore;
use inrou_portal::{Parts, Portal, own, router, screens};
use inrou_relying::testing::{Holder, TestAuthority, resident};
use inrou_rules::{Attributes, Medium, Municipality, Use};
use inrou_web::ProblemPages;
use jiff::Timestamp;
use tempfile::TempDir;

pub use inrou_relying::testing::RoleApi;

/// The portal's address, as people know it: it stays the same over restarts.
pub const PUBLIC: &str = "http://localhost:8080";

/// 10:00 in Japan.
pub const START: &str = "2026-11-21T01:00:00Z";

pub struct House {
    pub clock: Arc<TestClock>,
    /// Issues certificates and tells their status.
    pub authority: TestAuthority,
    /// Tells whose they are.
    pub role_api: RoleApi,
    pub portal: Running,
    clerk_key: Arc<dyn Signer>,
    portal_key: Arc<dyn Signer>,
    folder: TempDir,
    has_own_information: bool,
}

/// A portal that listens.
pub struct Running {
    pub base: String,
    /// The portal's screens, in this process.
    pub screens: axum::Router,
    /// The receiving office's.
    pub office: axum::Router,
    pub portal: Weak<Portal>,
    serving: Trigger,
    served: tokio::task::JoinHandle<()>,
}

/// A resident with the certificates of one medium.
#[derive(Clone)]
pub struct Person {
    pub subject: String,
    pub attributes: Attributes,
    pub user_authentication: Holder,
    pub signature: Holder,
}

impl House {
    pub async fn new() -> Self {
        Self::of(KeyAlgorithm::EcP256).await
    }

    /// A house in which all certificates are of that algorithm.
    pub async fn of(algorithm: KeyAlgorithm) -> Self {
        Self::built(algorithm, true).await
    }

    /// A house in which nobody has the residents' own information.
    pub async fn without_own_information() -> Self {
        Self::built(KeyAlgorithm::EcP256, false).await
    }

    async fn built(algorithm: KeyAlgorithm, has_own_information: bool) -> Self {
        // With RUST_LOG set, a failing test tells what the service logged.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let clock = Arc::new(TestClock::at(START.parse().unwrap()));
        let authority = TestAuthority::open(clock.clone(), algorithm).await;
        let (portal_key, clerk_key) = (role_key(), role_key());
        let role_api =
            RoleApi::open(clock.clone(), "portal", portal_key.public_key().clone()).await;
        let folder = tempfile::tempdir().unwrap();
        let parts = Outside {
            clock: &clock,
            authority: &authority,
            role_api: &role_api,
            clerk: &*clerk_key,
            portal_key: &portal_key,
            file: &folder.path().join("portal.db"),
            has_own_information,
        };
        let portal = Running::open(parts).await;
        Self {
            clock,
            authority,
            role_api,
            portal,
            clerk_key,
            portal_key,
            folder,
            has_own_information,
        }
    }

    /// Stops the portal and opens it again on what it left.
    pub async fn restart(&mut self) {
        self.portal.serving.pull();
        let served = &mut self.portal.served;
        served.await.unwrap();
        // Whoever has the portal has its file.
        (self.portal.screens, self.portal.office) = Default::default();
        let parts = Outside {
            clock: &self.clock,
            authority: &self.authority,
            role_api: &self.role_api,
            clerk: &*self.clerk_key,
            portal_key: &self.portal_key,
            file: &self.folder.path().join("portal.db"),
            has_own_information: self.has_own_information,
        };
        self.portal = Running::open(parts).await;
    }

    /// Where the store lies.
    pub fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("portal.db")
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A resident of Kiyose, known to the authority.
    pub fn person(&self, name: &str, medium: Medium) -> Person {
        let attributes = resident(name, "東京都清瀬市中里１－２－３");
        let issue = |usage| self.authority.issue(usage, medium, &attributes);
        let person = Person {
            subject: IdempotencyKey::new(&SystemEntropy).as_str().to_owned(),
            user_authentication: issue(Use::UserAuthentication),
            signature: issue(Use::Signature),
            attributes,
        };
        self.know(&person);
        person
    }

    /// Has the authority know whose these certificates are.
    pub fn know(&self, person: &Person) {
        for holder in [&person.user_authentication, &person.signature] {
            let certificate = &holder.certificate;
            self.role_api.know(certificate, &person.subject, &person.attributes);
        }
    }

    /// Whoever calls the portal.
    pub fn anybody(&self) -> Client {
        self.client("/portal/v1")
    }

    /// Who shows a session's token.
    pub fn resident(&self, token: &str) -> Client {
        self.anybody().showing(token)
    }

    /// A clerk of the receiving office.
    pub fn clerk(&self) -> Client {
        self.clerk_as("clerk")
    }

    /// One of the roles `clerk`, `kiyose`, `nerima` and `idler`, which are set up with one key.
    pub fn clerk_as(&self, name: &str) -> Client {
        self.role(&format!("role:{name}"), self.clerk_key.clone())
    }

    /// The key of a clerk, as it signs requests.
    pub fn clerk_role(&self) -> RoleKey {
        RoleKey::new("role:clerk", self.clerk_key.clone())
    }

    /// A role that signs under that name.
    pub fn role(&self, id: &str, key: Arc<dyn Signer>) -> Client {
        self.client("/office/v1").signing(Arc::new(RoleKey::new(id, key)))
    }

    fn client(&self, path: &str) -> Client {
        let base = format!("{}{path}", self.portal.base);
        Client::new(&base, &[], self.clock.clone(), entropy()).unwrap()
    }

    // --- what people do ---

    /// A page asks for a log-in.
    pub async fn begin(&self) -> LoginBegun {
        let begun: LoginBegun = self.anybody().post("/logins").once(&key()).answer().await.unwrap();
        links::note(&begun.link);
        begun
    }

    /// The page polls.
    pub async fn poll(&self, login: &LoginBegun) -> LoginView {
        let path = format!("/logins/{}", login.login);
        self.anybody().get(&path).answer().await.unwrap()
    }

    /// The phone opens a link.
    pub async fn open(&self, transaction: &TransactionId) -> Result<Transaction, Problem> {
        let path = format!("/transactions/{}/taking", transaction.as_str());
        let taking = links::taking(transaction);
        problem(self.anybody().post(&path).json(&taking).answer().await)
    }

    /// The phone answers.
    pub async fn answer(
        &self,
        transaction: &TransactionId,
        answer: &TransactionAnswer,
    ) -> Result<Transaction, Problem> {
        let path = format!("/transactions/{}/answer", transaction.as_str());
        // Whoever answers has opened it.
        let _ = self.open(transaction).await;
        let answering = Answering { phone: links::phone(), answer: answer.clone() };
        problem(self.anybody().post(&path).json(&answering).answer().await)
    }

    /// The whole log-in; gives the session's token.
    pub async fn log_in(&self, person: &Person) -> String {
        let login = self.begin().await;
        let asked = self.open(&login.transaction).await.unwrap();
        let answer = person.user_authentication.log_in(&asked);
        self.answer(&login.transaction, &answer).await.unwrap();
        self.poll(&login).await.session.unwrap()
    }

    /// A moving-out notification is drawn up.
    pub async fn draw_up(&self, token: &str) -> ApplicationDrawnUp {
        let call = self.resident(token).post("/applications").json(&form(MOVING_OUT));
        let drawn_up: ApplicationDrawnUp = call.once(&key()).answer().await.unwrap();
        links::note(&drawn_up.link);
        drawn_up
    }

    /// It is signed on the phone.
    pub async fn sign(&self, person: &Person, drawn_up: &ApplicationDrawnUp) -> TransactionAnswer {
        links::note(&drawn_up.link);
        let asked = self.open(&drawn_up.transaction).await.unwrap();
        let answer = person.signature.sign(&asked, self.now());
        self.answer(&drawn_up.transaction, &answer).await.unwrap();
        answer
    }

    /// From the log-in to the office; gives token and application.
    pub async fn apply(&self, person: &Person) -> (String, String) {
        let token = self.log_in(person).await;
        let drawn_up = self.draw_up(&token).await;
        self.sign(person, &drawn_up).await;
        (token, drawn_up.application)
    }
}

/// What a portal needs from outside.
struct Outside<'a> {
    clock: &'a Arc<TestClock>,
    authority: &'a TestAuthority,
    role_api: &'a RoleApi,
    clerk: &'a dyn Signer,
    portal_key: &'a Arc<dyn Signer>,
    file: &'a Path,
    has_own_information: bool,
}

impl Running {
    async fn open(outside: Outside<'_>) -> Self {
        let api = format!("{}/authority/v1", outside.role_api.base());
        let client = Client::new(&api, &[], outside.clock.clone(), entropy()).unwrap();
        let key = RoleKey::new("role:portal", outside.portal_key.clone());
        let validator = outside.authority.validator(outside.authority.relying_settings());
        let clerk = |municipality: Option<&str>, permissions: &[Permission]| Caller {
            public_key: pem::encode("PUBLIC KEY", outside.clerk.public_key().spki()),
            permissions: permissions.to_vec(),
            municipality: municipality.map(|code| code.parse::<Municipality>().unwrap()),
        };
        let callers = [
            ("clerk".to_owned(), clerk(None, &[Permission::Clerk])),
            ("kiyose".to_owned(), clerk(Some("13221"), &[Permission::Clerk])),
            ("nerima".to_owned(), clerk(Some("13120"), &[Permission::Clerk])),
            ("idler".to_owned(), clerk(None, &[])),
        ];
        let portal = Portal::open(Parts {
            store: Arc::new(SqliteStore::open(outside.file, &SystemEntropy).unwrap()),
            clock: outside.clock.clone(),
            entropy: entropy(),
            authority: client.signing(Arc::new(key)),
            validator,
            own: outside.has_own_information.then(|| Arc::new(Own) as Arc<dyn own::OwnInformation>),
            settings: Settings {
                callers: callers.into(),
                open_logins: OPEN_LOGINS,
                app: Some("http://phone.localhost:8080/open".to_owned()),
                ..Settings::default()
            },
        });
        let (serving, told) = shutdown();
        let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let portal = Arc::new(portal.unwrap());
        let shell = || Shell::new("portal", entropy());
        let pages = Arc::new(ProblemPages(screens::site(&portal)));
        let screens = screens::router(portal.clone(), told.clone());
        let screens = shell().with_pages(pages).wrap(screens);
        let municipalities = ["13120", "13221"].map(|code| code.parse().unwrap());
        let office = screens::office(portal.clone(), municipalities.to_vec());
        let pages = ProblemPages(screens::office_site(&portal));
        let office = shell().with_pages(Arc::new(pages)).wrap(office);
        let router = shell().wrap(router(portal.clone(), told.clone()));
        let served = tokio::spawn(serve(listener, router, told));
        let portal = Arc::downgrade(&portal);
        Self { base, screens, office, portal, serving, served }
    }
}

/// Own information of everybody: one medicine, a vaccination of which the time is over, one that is due
/// tomorrow, and two in December that the portal does not know: one with a name, one without.
struct Own;

impl own::OwnInformation for Own {
    fn of(&self, _: &Attributes) -> Result<own::OwnRecords, Problem> {
        let words = |ja: &str, reading: &str, en: &str| own::Words {
            ja: ja.to_owned(),
            reading: reading.to_owned(),
            en: en.to_owned(),
        };
        let medicine = own::Medicine {
            on: jiff::civil::date(2026, 11, 9),
            pharmacy: words("見本薬局", "みほんやっきょく", "Mihon Pharmacy"),
            name: words("見本錠<b>", "みほんじょう", "Mihon tablets <b>"),
            amount: words("１日１回", "いちにちいっかい", "once a day"),
        };
        let day = |month, day| jiff::civil::date(2026, month, day);
        let due = |vaccine: &str, from, until| {
            let vaccine = vaccine.to_owned();
            own::Vaccination { vaccine, name: None, from, until }
        };
        let named = own::Vaccination {
            name: Some(words(
                "帯状疱疹の予防接種",
                "たいじょうほうしんの よぼうせっしゅ",
                "shingles jab",
            )),
            ..due("shingles", day(12, 10), day(12, 31))
        };
        Ok(own::OwnRecords {
            medicines: vec![medicine],
            vaccinations: vec![
                due("rubella", day(10, 1), day(11, 20)),
                due("influenza", day(11, 22), day(12, 31)),
                named,
                due("jc-17", day(12, 10), day(12, 31)),
            ],
            ..own::OwnRecords::default()
        })
    }
}

/// How many log-ins may wait for their phones.
pub const OPEN_LOGINS: usize = 20;

/// What somebody fills in who moves to Nerima.
pub const MOVING_OUT: &[(&str, &str)] = &[
    ("new_address", "東京都練馬区豊玉北４－５－６"),
    ("moving_date", "2026-12-01"),
    ("reason", "転勤のため"),
];

/// A form with these fields.
pub fn form(fields: &[(&str, &str)]) -> DrawUpApplication {
    let fields = fields.iter().map(|(name, typed)| (name.to_string(), typed.to_string()));
    DrawUpApplication { procedure: Procedure::MovingOut, fields: fields.collect() }
}

/// A key for a request that creates something.
pub fn key() -> IdempotencyKey {
    IdempotencyKey::new(&SystemEntropy)
}

pub fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SystemEntropy)
}

pub fn role_key() -> Arc<dyn Signer> {
    Arc::new(FreshKeys.generate(KeyAlgorithm::EcP256).unwrap())
}

/// The answer, or the problem in its place.
pub fn problem<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> Result<T, Problem> {
    answer.map_err(|error| match error {
        ClientError::Problem(problem) => *problem,
        other => panic!("{other}"),
    })
}

/// The code of the problem that came in the place of an answer.
pub fn code<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> String {
    problem(answer).unwrap_err().code().to_owned()
}
