//! Log-in by hand-over (USE-1): a page begins it and polls; the phone opens the transaction by link.

use inrou_api::idempotency::IdempotencyKey;
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Shutdown, Source, Wait};
use inrou_api::wire::portal::{LoginBegun, LoginView};
use inrou_api::wire::transaction::LoginOrigin;
use inrou_api::wire::transaction::{Purpose, TransactionId};
use inrou_relying::{Checks, Handover, Standing, TransactionRecord};
use inrou_words::{Form, Language, Term, text};
use jiff::{SignedDuration, Timestamp};

use crate::Portal;
use crate::secrets::sha256;
use crate::store::Digest;

/// Whoever knows the key of this anonymous request knows the log-in: it must be no guess.
const SHORTEST_KEY: usize = 22;

impl Portal {
    /// Begins a log-in, once a key, for whoever asks from `source`, on a page or by a program.
    ///
    /// # Errors
    /// `idempotency-key-malformed` if the key could be guessed; `too-many-requests`; the store's.
    pub(crate) async fn begin_login(
        &self,
        key: &IdempotencyKey,
        source: Source,
        origin: LoginOrigin,
        language: Language,
    ) -> Result<LoginBegun, Problem> {
        if key.as_str().len() < SHORTEST_KEY {
            return Err(Problem::new(Code::IDEMPOTENCY_KEY_MALFORMED));
        }
        let login = self.secrets.login(key);
        let hash = sha256(login.as_bytes());
        // A program has no page to come back to, and none that asks for a number.
        let checks = match &origin {
            LoginOrigin::Page { .. } => {
                Checks { number: self.settings.checks_number, comes_back: true, proof: false }
            }
            LoginOrigin::Program => Checks::default(),
        };
        let name = Term { text: &self.settings.name, reading: "" };
        let words = text("transaction.log-in").in_language(language);
        let words = words.with("asker", name).render(form(language));
        let transaction = TransactionRecord {
            origin: Some(origin),
            ..self.new_transaction(Purpose::LogIn, words, self.settings.login_life, (hash, checks))
        };
        // One that was begun before takes no room.
        if self.store(move |store| store.login(&hash)).await?.is_none() {
            let id = transaction.id.clone();
            self.open_logins.open(id, source, self.now(), transaction.expires)?;
        }
        let begun = self.change(move |store| store.begin_login(&hash, &transaction));
        let begun = begun.await?;
        Ok(LoginBegun {
            login,
            link: self.link(&begun),
            transaction: begun.id,
            expires: begun.expires,
        })
    }

    /// How a log-in stands, at once or as soon as it is no longer open.
    ///
    /// # Errors
    /// `not-found` if there is none of that secret; the store's.
    pub(crate) async fn login(
        &self,
        login: &str,
        wait: Wait,
        shutdown: &Shutdown,
    ) -> Result<LoginView, Problem> {
        let look = || self.login_transaction(login);
        self.settles(look, wait, shutdown).await?;
        let now = self.now();
        let record = look().await?.ok_or_else(|| Problem::new(Code::NOT_FOUND))?;
        let session = match record.standing(now) {
            Standing::Done => self.unused_token(&record.id, now).await?,
            _ => None,
        };
        Ok(LoginView { state: record.state(now), result: record.result(now), session })
    }

    /// The transaction of a log-in, by the secret of its page.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn login_transaction(
        &self,
        login: &str,
    ) -> Result<Option<TransactionRecord>, Problem> {
        let hash = sha256(login.as_bytes());
        let found = self.store(move |store| store.login(&hash)).await?;
        self.ended_in_time(found).await
    }

    /// A transaction to be begun now.
    pub(crate) fn new_transaction(
        &self,
        purpose: Purpose,
        text: String,
        life: SignedDuration,
        (session, checks): (Digest, Checks),
    ) -> TransactionRecord {
        let mut challenge = vec![0; 32];
        self.entropy.fill(&mut challenge);
        TransactionRecord {
            id: TransactionId::from_random(self.random()),
            purpose,
            asker: self.public_base().to_owned(),
            asker_name: self.settings.name.clone(),
            site: None,
            text,
            digest: None,
            reason: None,
            shares: Vec::new(),
            challenge,
            expires: self.until(life),
            origin: None,
            handover: Handover::new(self.now(), session, checks),
            answered: None,
        }
    }

    /// What a phone opens to answer a transaction, on the same device.
    pub(crate) fn link(&self, transaction: &TransactionRecord) -> String {
        self.links.to_press(&self.address(&transaction.id), transaction)
    }

    /// What a phone scans now to answer a transaction.
    pub(crate) fn code(&self, transaction: &TransactionRecord) -> String {
        self.links.to_scan(&self.address(&transaction.id), transaction, self.now())
    }

    fn address(&self, transaction: &TransactionId) -> String {
        format!("{}/portal/v1/transactions/{}", self.public_base(), transaction.as_str())
    }

    pub(crate) fn public_base(&self) -> &str {
        self.settings.public_base.trim_end_matches('/')
    }

    /// The token of the session that a log-in led to, until it is used.
    pub(crate) async fn unused_token(
        &self,
        transaction: &TransactionId,
        now: Timestamp,
    ) -> Result<Option<String>, Problem> {
        let token = self.secrets.token(transaction);
        let hash = sha256(token.as_bytes());
        let session = self.store(move |store| store.session(&hash)).await?;
        let given = session.is_some_and(|session| session.is_live(now) && !session.used);
        Ok(given.then_some(token))
    }
}

/// JSON has no place for readings: easy Japanese is written in kana.
fn form(language: Language) -> Form {
    match language {
        Language::JaEasy => Form::Kana,
        Language::Ja | Language::En => Form::Plain,
    }
}
