//! What phones are asked, and answer. The first phone that brings a good link may answer, once.

use inrou_api::client::ClientError;
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Shutdown, Wait, long_poll};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{FindHolder, Holder};
use inrou_api::wire::transaction::{
    Answering, Flow, LoginProof, Purpose, Taking, Transaction, TransactionAnswer, TransactionId,
    TransactionState,
};
use inrou_pki::certificate::Certificate;
use inrou_relying::{Invalid, TransactionRecord, Validated, answer_digest, check_phone};
use inrou_rules::Medium;
use jiff::Timestamp;

use crate::Provider;
use crate::events::{Event, What};
use crate::secrets::{Digest, base64url};
use crate::signing::Signed;
use crate::store::{Authorization, Confirmation, Grant, Outcome, Settlement};

impl Provider {
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
        let asked = self.asked(id).await?;
        let now = self.now();
        let taken = match self.links.judge(&asked.transaction, &taking, now) {
            Ok(taken) => taken,
            Err(problem) => {
                self.note_link_refused(&asked, &problem).await?;
                return Err(problem);
            }
        };
        let id = id.clone();
        let asked = self.change(move |store| store.take(&id, &taken, now)).await?;
        let asked = asked.ok_or_else(|| Problem::new(Code::TRANSACTION_UNKNOWN))?;
        check_phone(&asked.transaction, &taking.phone)?;
        Ok(self.shown(&asked.transaction, asked.transaction.view(now)))
    }

    async fn note_link_refused(
        &self,
        of: &Authorization,
        problem: &Problem,
    ) -> Result<(), Problem> {
        self.note(Event {
            transaction: Some(of.transaction.id.clone()),
            sign_transaction: of.request.sign_transaction.clone(),
            code: Some(problem.code().to_owned()),
            ..Event::new(of.client.clone(), What::LinkRefused, self.now())
        })
        .await
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
        format!("{}/provider/v1/transactions/{}", self.settings.base(), transaction.as_str())
    }

    /// With what is left to do for the person.
    fn shown(&self, record: &TransactionRecord, transaction: Transaction) -> Transaction {
        let back =
            format!("{}/provider/log-ins/{}/return", self.settings.base(), record.id.as_str());
        let afterwards = self.links.afterwards(record, &back, self.now());
        Transaction { afterwards, ..transaction }
    }

    /// Takes a phone's answer. What cannot be judged for the moment leaves the transaction open.
    ///
    /// # Errors
    /// `transaction-unknown`, `handover-taken` if it is another phone, `transaction-expired`,
    /// `transaction-done` if it was answered otherwise;
    /// why the answer did not pass; `status-unavailable`, `service-unavailable`; the store's.
    pub(crate) async fn take_answer(
        &self,
        id: &TransactionId,
        Answering { phone, answer }: Answering,
    ) -> Result<Transaction, Problem> {
        let (digest, now) = (answer_digest(&answer), self.now());
        let asked = self.asked(id).await?;
        check_phone(&asked.transaction, &phone)?;
        if asked.transaction.state(now) != TransactionState::Open {
            let told = asked.transaction.told(&digest, now)?;
            return Ok(self.shown(&asked.transaction, told));
        }
        let outcome = match answer {
            TransactionAnswer::Refused => Outcome::Refused,
            TransactionAnswer::Cannot { reason } => Outcome::Hindered(reason.code()),
            TransactionAnswer::LogIn { certificate, signature }
                if asked.transaction.purpose == Purpose::LogIn =>
            {
                self.judge_login(&asked, &certificate.0, &signature.0, now).await?
            }
            answer => self.judge_signing(&asked, answer, now).await?,
        };
        // To judge it took its time, and what is over by now is.
        let now = self.now();
        let settlement = Settlement { transaction: id.clone(), answer: digest, at: now, outcome };
        let settled = self.change(move |store| store.settle(&settlement)).await?;
        let settled = settled.ok_or_else(|| Problem::new(Code::TRANSACTION_UNKNOWN))?;
        self.open_logins.close(id);
        Ok(self.shown(&settled.transaction, settled.transaction.told(&digest, now)?))
    }

    /// Whether a log-in of this browser stands otherwise than its page shows, at once or within `wait`.
    ///
    /// # Errors
    /// `login-not-begun`; the store's.
    pub(crate) async fn turns(
        &self,
        (id, browser): (&TransactionId, &Digest),
        shown: &str,
        wait: Wait,
        shutdown: &Shutdown,
    ) -> Result<bool, Problem> {
        let changes = self.changes();
        let turned = |found: &Authorization| found.transaction.standing(self.now()).name() != shown;
        let turns = self.authorization(id, browser).await?.transaction.turns(self.now());
        let poll = long_poll(changes, wait.duration(), shutdown, || async {
            let found = self.authorization(id, browser).await?;
            Ok::<_, Problem>(turned(&found).then_some(()))
        });
        tokio::select! {
            polled = poll => { polled?; }
            () = self.clock.wait_until(turns) => {}
        }
        Ok(turned(&self.authorization(id, browser).await?))
    }

    /// What the browser that began a log-in shows after the answer.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn confirm(
        &self,
        id: &TransactionId,
        confirmation: Confirmation,
    ) -> Result<(), Problem> {
        let (id, now) = (id.clone(), self.now());
        self.change(move |store| store.confirm(&id, confirmation, now)).await
    }

    /// A transaction with all that belongs to it, as it stands now. Before anybody is told that its time is
    /// over, the store ends it: an answer that comes between is judged by what the store has.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn find_authorization(
        &self,
        id: &TransactionId,
    ) -> Result<Option<Authorization>, Problem> {
        let (id, now) = (id.clone(), self.now());
        let wanted = id.clone();
        let found = self.store(move |store| store.authorization(&wanted)).await?;
        match found {
            Some(found) if found.transaction.is_overdue(now) => {
                self.change(move |store| store.end(&id, now)).await
            }
            found => Ok(found),
        }
    }

    /// The same for a phone.
    ///
    /// # Errors
    /// `transaction-unknown`; the store's.
    pub(crate) async fn asked(&self, id: &TransactionId) -> Result<Authorization, Problem> {
        let found = self.find_authorization(id).await?;
        found.ok_or_else(|| Problem::new(Code::TRANSACTION_UNKNOWN))
    }

    /// A log-in's answer (USE-1), and what it grants.
    async fn judge_login(
        &self,
        asked: &Authorization,
        certificate: &[u8],
        signature: &[u8],
        now: Timestamp,
    ) -> Result<Outcome, Problem> {
        let validated = match self.verify_login(asked, certificate, signature, now).await? {
            Ok(validated) => validated,
            Err(code) => return Ok(Outcome::Failed(code)),
        };
        let granted = self.grant(asked, certificate, validated.kind.medium, now).await?;
        Ok(granted.map_or_else(Outcome::Failed, Outcome::Granted))
    }

    /// Who proves to be there, for this transaction and no other; else why nobody does.
    async fn verify_login(
        &self,
        asked: &Authorization,
        certificate: &[u8],
        signature: &[u8],
        now: Timestamp,
    ) -> Result<Result<Validated, Code>, Problem> {
        let shown = asked.transaction.view(now);
        passed(match Certificate::from_der(certificate) {
            Ok(by) => self.validator.verify_login(&shown, &by, signature, now).await,
            Err(error) => Err(error.into()),
        })
    }

    /// A signature's answer (USE-1), and what it grants.
    async fn judge_signing(
        &self,
        asked: &Authorization,
        answer: TransactionAnswer,
        now: Timestamp,
    ) -> Result<Outcome, Problem> {
        let transaction = &asked.transaction;
        let (judged, signature, proof) = match (transaction.purpose, transaction.digest, answer) {
            (Purpose::Sign, None, TransactionAnswer::Sign { cms, proof }) => {
                let document = Some(transaction.text.as_bytes());
                let judged = self.validator.verify_cms(&cms.0, document, now).await;
                (judged.map(|signed| signed.signer), cms.0, proof)
            }
            (
                Purpose::SignDigest,
                Some(digest),
                TransactionAnswer::SignDigest { certificate, signature, proof },
            ) => {
                let judged = match Certificate::from_der(&certificate.0) {
                    Ok(by) => self.validator.verify_digest(&digest, &by, &signature.0, now).await,
                    Err(error) => Err(error.into()),
                };
                (judged, signature.0, proof)
            }
            _ => return Err(Problem::bad_request("the answer to another purpose")),
        };
        let validated = match passed(judged)? {
            Ok(validated) => validated,
            Err(code) => return Ok(Outcome::Failed(code)),
        };
        let certificate = validated.certificate.as_der().to_vec();
        if let Err(code) = self.judge_proof_of_signer(asked, &certificate, proof, now).await? {
            return Ok(Outcome::Failed(code));
        }
        let granted = self.grant(asked, &certificate, validated.kind.medium, now).await?;
        let signed = Box::new(Signed { signature, certificate, at: now });
        Ok(granted.map_or_else(Outcome::Failed, |grant| Outcome::Signed(grant, signed)))
    }

    /// That the signer of that certificate is who answers: a signature that was made for another
    /// transaction, or that another site had made over what it chose, is worth nothing by itself.
    async fn judge_proof_of_signer(
        &self,
        asked: &Authorization,
        certificate: &[u8],
        proof: Option<LoginProof>,
        now: Timestamp,
    ) -> Result<Result<(), Code>, Problem> {
        if !asked.transaction.handover.checks.proof {
            return Ok(Ok(()));
        }
        let Some(LoginProof { certificate: by, signature }) = proof else {
            return Ok(Err(Code::LOGIN_PROOF_MISSING));
        };
        if let Err(code) = self.verify_login(asked, &by.0, &signature.0, now).await? {
            return Ok(Err(code));
        }
        let (signer, present) =
            (self.linkage(certificate, None).await?, self.linkage(&by.0, None).await?);
        Ok(match (signer, present) {
            (Ok(signer), Ok(present)) if signer.person == present.person => Ok(()),
            (Ok(_), Ok(_)) => Err(Code::SIGNER_OTHER_PERSON),
            _ => Err(Code::CERTIFICATE_UNTRUSTED),
        })
    }

    /// What the holder of a certificate grants; else why nothing is.
    async fn grant(
        &self,
        asked: &Authorization,
        certificate: &[u8],
        medium: Medium,
        now: Timestamp,
    ) -> Result<Result<Box<Grant>, Code>, Problem> {
        let shares = !asked.transaction.shares.is_empty();
        // The attributes are asked for only if the site is given some.
        let holder = match shares {
            true => self.holder(certificate).await?,
            false => self
                .linkage(certificate, None)
                .await?
                .ok()
                .map(|linkage| Holder { subject: linkage.person, attributes: None }),
        };
        let Some(holder) = holder else { return Ok(Err(Code::CERTIFICATE_UNTRUSTED)) };
        let client = self.client(&asked.client).await?;
        let Some(client) = client else { return Ok(Err(Code::CLIENT_UNKNOWN)) };
        let subject = self.subject(&client, &holder.subject);
        if asked.request.subject.as_ref().is_some_and(|wanted| *wanted != subject) {
            return Ok(Err(Code::OTHER_PERSON_LOGGED_IN));
        }
        Ok(Ok(Box::new(Grant {
            id: base64url(&self.random::<16>()),
            client: client.id,
            subject,
            scope: asked.request.scope,
            nonce: asked.request.nonce.clone(),
            at: now,
            medium,
            flow: asked.transaction.handover.taken.as_ref().map_or(Flow::Qr, |taken| taken.flow),
            attributes: holder.attributes,
            sign_transaction: asked.request.sign_transaction.clone(),
            transaction: asked.transaction.id.clone(),
            expires: self.until(self.settings.grant_life),
        })))
    }

    /// Asks the authority who holds a certificate. `None` if it does not know it.
    async fn holder(&self, certificate: &[u8]) -> Result<Option<Holder>, Problem> {
        let request = FindHolder { certificate: Base64(certificate.to_vec()) };
        match self.authority.post("/holders").json(&request).answer().await {
            Ok(holder) => Ok(Some(holder)),
            Err(ClientError::Problem(problem)) if problem.is(Code::CERTIFICATE_UNTRUSTED) => {
                Ok(None)
            }
            Err(error) => Err(Problem::new(Code::SERVICE_UNAVAILABLE).caused_by(error)),
        }
    }
}

/// What was judged; else why it does not pass.
///
/// # Errors
/// It cannot be judged for the moment.
fn passed(judged: Result<Validated, Invalid>) -> Result<Result<Validated, Code>, Problem> {
    match judged {
        Ok(validated) => Ok(Ok(validated)),
        Err(invalid) if invalid.may_pass() => Err(invalid.into()),
        Err(invalid) => Ok(Err(invalid.code())),
    }
}
