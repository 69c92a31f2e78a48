//! What phones are asked, and answer. The first phone that brings a good link may answer, once.

use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Shutdown, Wait, long_poll};
use inrou_api::wire::portal::EvidenceKind;
use inrou_api::wire::transaction::{
    Answering, Purpose, Taking, Transaction, TransactionAnswer, TransactionId, TransactionState,
};
use inrou_pki::certificate::Certificate;
use inrou_relying::{
    Invalid, StatusSource, TransactionRecord, Validated, answer_digest, check_phone,
};
use jiff::Timestamp;

use crate::Portal;
use crate::history::entry;
use crate::secrets::sha256;
use crate::store::{Application, Confirmation, Entry, Outcome, Receipt, Session, Settlement};

/// What an answer leads to, and what the history says of it.
type Judged = (Outcome, Option<Entry>);

impl Portal {
    /// A phone takes a transaction by its link. It may come again, also when it has answered.
    ///
    /// # Errors
    /// `transaction-unknown`; `handover-forged`, `handover-stale`, `handover-taken`; it is not open and was
    /// not taken by this phone; the store's.
    pub(crate) async fn take(
        &self,
        id: &TransactionId,
        taking: Taking,
    ) -> Result<Transaction, Problem> {
        let record = self.find_transaction(id).await?;
        let now = self.now();
        let taken = self.links.judge(&record, &taking, now)?;
        let id = id.clone();
        let record = self.change(move |store| store.take(&id, &taken, now)).await?;
        let record = record.ok_or_else(|| Problem::new(Code::TRANSACTION_UNKNOWN))?;
        check_phone(&record, &taking.phone)?;
        Ok(self.shown(&record, record.view(now)))
    }

    /// What the browser that began a log-in shows after the answer.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn confirm(
        &self,
        record: &TransactionRecord,
        confirmation: Confirmation,
    ) -> Result<(), Problem> {
        let (id, now) = (record.id.clone(), self.now());
        self.change(move |store| store.confirm(&id, confirmation, now)).await
    }

    /// With what is left to do for the person.
    fn shown(&self, record: &TransactionRecord, transaction: Transaction) -> Transaction {
        let back = format!("{}/portal/login/return", self.public_base());
        let afterwards = self.links.afterwards(record, &back, self.now());
        Transaction { afterwards, ..transaction }
    }

    /// Takes a phone's answer. What cannot be judged for the moment leaves the transaction open.
    ///
    /// # Errors
    /// `transaction-unknown`, `handover-taken` if it is another phone, `transaction-expired`,
    /// `transaction-done` if it was answered otherwise;
    /// why the answer did not pass; `status-unavailable`, `service-unavailable`; the store's.
    pub(crate) async fn answer(
        &self,
        id: &TransactionId,
        Answering { phone, answer }: Answering,
    ) -> Result<Transaction, Problem> {
        let (digest, now) = (answer_digest(&answer), self.now());
        let record = self.find_transaction(id).await?;
        check_phone(&record, &phone)?;
        if record.state(now) != TransactionState::Open {
            return Ok(self.shown(&record, record.told(&digest, now)?));
        }
        let (outcome, entry) = match (record.purpose, answer) {
            (Purpose::LogIn, TransactionAnswer::Refused) => (Outcome::Refused, None),
            (_, TransactionAnswer::Cannot { reason }) => (Outcome::Failed(reason.code()), None),
            (Purpose::LogIn, TransactionAnswer::LogIn { certificate, signature }) => {
                self.judge_login(&record, &certificate.0, &signature.0, now).await?
            }
            (Purpose::Sign, answer @ TransactionAnswer::Refused)
            | (Purpose::Sign, answer @ TransactionAnswer::Sign { .. }) => {
                self.judge_signing(&record, &answer, now).await?
            }
            _ => return Err(Problem::bad_request("the answer to another purpose")),
        };
        // To judge it took its time, and what is over by now is.
        let now = self.now();
        let settlement =
            Settlement { transaction: id.clone(), answer: digest, at: now, outcome, entry };
        let settled = self.change(move |store| store.settle(&settlement)).await?;
        let settled = settled.ok_or_else(|| Problem::new(Code::TRANSACTION_UNKNOWN))?;
        self.open_logins.close(id);
        Ok(self.shown(&settled, settled.told(&digest, now)?))
    }

    /// Looks until a transaction is no longer open, at most as long as `wait`.
    pub(crate) async fn settles<F>(
        &self,
        look: impl Fn() -> F,
        wait: Wait,
        shutdown: &Shutdown,
    ) -> Result<(), Problem>
    where
        F: Future<Output = Result<Option<TransactionRecord>, Problem>>,
    {
        let changes = self.changes();
        let found = look().await?;
        let Some(record) = found.filter(|found| found.state(self.now()) == TransactionState::Open)
        else {
            return Ok(());
        };
        let is_settled =
            |found: &TransactionRecord| found.state(self.now()) != TransactionState::Open;
        let poll = long_poll(changes, wait.duration(), shutdown, || async {
            Ok::<_, Problem>(look().await?.filter(is_settled))
        });
        tokio::select! {
            polled = poll => { polled?; }
            () = self.clock.wait_until(record.expires) => {}
        }
        Ok(())
    }

    /// Whether the log-in of this secret stands otherwise than its page shows, at once or within `wait`.
    ///
    /// # Errors
    /// `not-found`; the store's.
    pub(crate) async fn login_turns(
        &self,
        login: &str,
        shown: &str,
        wait: Wait,
        shutdown: &Shutdown,
    ) -> Result<bool, Problem> {
        let changes = self.changes();
        let look = || async {
            let found = self.login_transaction(login).await?;
            found.ok_or_else(|| Problem::new(Code::NOT_FOUND))
        };
        let turned = |found: &TransactionRecord| found.standing(self.now()).name() != shown;
        let turns = look().await?.turns(self.now());
        let poll = long_poll(changes, wait.duration(), shutdown, || async {
            Ok::<_, Problem>(turned(&look().await?).then_some(()))
        });
        tokio::select! {
            polled = poll => { polled?; }
            () = self.clock.wait_until(turns) => {}
        }
        Ok(turned(&look().await?))
    }

    async fn find_transaction(&self, id: &TransactionId) -> Result<TransactionRecord, Problem> {
        let id = id.clone();
        let found = self.store(move |store| store.transaction(&id)).await?;
        let found = self.ended_in_time(found).await?;
        found.ok_or_else(|| Problem::new(Code::TRANSACTION_UNKNOWN))
    }

    /// A transaction that was found, as it stands now. Before anybody is told that its time is over, the
    /// store ends it: an answer that comes between is judged by what the store has.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn ended_in_time(
        &self,
        found: Option<TransactionRecord>,
    ) -> Result<Option<TransactionRecord>, Problem> {
        let now = self.now();
        match found {
            Some(found) if found.is_overdue(now) => {
                self.change(move |store| store.end(&found.id, now)).await
            }
            found => Ok(found),
        }
    }

    /// A log-in's answer (USE-1). The history of the certificate's holder tells of a failure as well,
    /// but only if the key did sign: certificates are no secret.
    async fn judge_login(
        &self,
        record: &TransactionRecord,
        certificate: &[u8],
        signature: &[u8],
        now: Timestamp,
    ) -> Result<Judged, Problem> {
        let judged = match Certificate::from_der(certificate) {
            Ok(certificate) => {
                let asked = record.view(now);
                let judged = self.validator.verify_login(&asked, &certificate, signature, now);
                judged.await
            }
            Err(error) => Err(error.into()),
        };
        let act = format!("transaction:{}", record.id.as_str());
        match judged {
            Ok(validated) => {
                let Some(holder) = self.holder(certificate).await? else {
                    return Ok((Outcome::Failed(Code::CERTIFICATE_UNTRUSTED), None));
                };
                let medium = validated.kind.medium;
                let entry = entry(&holder.subject, act, now, "logged-in", medium.as_str());
                let entry = entry.with("medium", medium.as_str());
                let session = self.new_session(record, holder.subject, certificate.to_vec());
                Ok((Outcome::LoggedIn(Box::new(session)), Some(entry)))
            }
            Err(invalid) if invalid.may_pass() => Err(invalid.into()),
            Err(invalid) => {
                let code = invalid.code();
                let holder = match &invalid {
                    Invalid::Revoked { .. } | Invalid::OnHold { .. } => {
                        self.holder(certificate).await?
                    }
                    _ => None,
                };
                let entry = holder.map(|holder| {
                    entry(&holder.subject, act, now, "login-failed", "holder")
                        .with("code", code.as_str())
                });
                Ok((Outcome::Failed(code), entry))
            }
        }
    }

    /// The answer to what an application asks to be signed (USE-2).
    async fn judge_signing(
        &self,
        record: &TransactionRecord,
        answer: &TransactionAnswer,
        now: Timestamp,
    ) -> Result<Judged, Problem> {
        let id = record.id.clone();
        let application = self.store(move |store| store.application_of(&id)).await?;
        let application = application.ok_or_else(|| Problem::new(Code::TRANSACTION_UNKNOWN))?;
        let act = format!("transaction:{}", record.id.as_str());
        let said = |code: &'static str, actor: &'static str| {
            entry(&application.subject, act, now, code, actor)
                .with("procedure", application.procedure_name())
        };
        let TransactionAnswer::Sign { cms, .. } = answer else {
            return Ok((Outcome::Refused, Some(said("signing-refused", "holder"))));
        };
        match self.judge_signature(&application, &cms.0, now).await? {
            Ok(signer) => {
                let entry = said("application-sent", signer.kind.medium.as_str());
                let receipt = receipt(&application, cms.0.clone(), signer);
                Ok((Outcome::Received(Box::new(receipt)), Some(entry)))
            }
            Err(code) => {
                let entry = said("signing-failed", "holder").with("code", code.as_str());
                Ok((Outcome::Failed(code), Some(entry)))
            }
        }
    }

    /// The signer, if it is the resident who applies; else why the signature does not pass.
    async fn judge_signature(
        &self,
        application: &Application,
        cms: &[u8],
        now: Timestamp,
    ) -> Result<Result<Validated, Code>, Problem> {
        let document = application.document.as_bytes();
        let judged = self.validator.verify_cms(cms, Some(document), now).await;
        let signer = match judged {
            Ok(signed) => signed.signer,
            Err(invalid) if invalid.may_pass() => return Err(invalid.into()),
            Err(invalid) => return Ok(Err(invalid.code())),
        };
        let holder = self.holder(signer.certificate.as_der()).await?;
        let is_applicant = holder.is_some_and(|holder| holder.subject == application.subject);
        Ok(if is_applicant { Ok(signer) } else { Err(Code::SIGNER_OTHER_PERSON) })
    }

    fn new_session(
        &self,
        record: &TransactionRecord,
        subject: String,
        certificate: Vec<u8>,
    ) -> Session {
        Session {
            token: sha256(self.secrets.token(&record.id).as_bytes()),
            id: self.secrets.session(&record.id),
            subject,
            certificate,
            origin: record.origin.clone(),
            since: self.now(),
            expires: self.until(self.settings.session_life),
            used: false,
            ended: None,
        }
    }
}

fn receipt(application: &Application, cms: Vec<u8>, signer: Validated) -> Receipt {
    Receipt {
        application: application.id.clone(),
        cms,
        certificate: signer.certificate.as_der().to_vec(),
        evidence_kind: match signer.evidence.source {
            StatusSource::Ocsp => EvidenceKind::Ocsp,
            StatusSource::Crl => EvidenceKind::Crl,
        },
        evidence: signer.evidence.der,
        checked_at: signer.evidence.checked_at,
    }
}
