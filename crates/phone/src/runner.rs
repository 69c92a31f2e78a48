//! Carries out the steps of a procedure: chip, card and authority, one work after the other. The
//! phone's memory is written before each, so that whatever is cut off is taken up again.

use std::sync::Arc;

use inrou_api::client::Client;
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::session::play;
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{
    ApplicationAccepted, BeginEnrolment, CertificateView, EnrolmentStage, EnrolmentView, PhoneView,
    RequestDone, SessionOutcome, SessionWork, SignedStatement, SigningKey,
};
use inrou_api::wire::phone::{PhoneState, Procedure, Step};
use inrou_chip::client::Pin;
use inrou_rules::{CertificateStatus, EnrolmentId, Platform, Refusal, Use, Uses};
use tokio::runtime::Handle;

use crate::card;
use crate::flow::{Addressee, Flow, Outcome, Situation, Then, Work, is_of_card};
use crate::phone::Phone;
use crate::problem::{of_chip, of_session};
use crate::progress::Progress;
use crate::secrets::{PinName, Secrets};

impl Phone {
    /// Takes a step, and does the work that follows from it.
    ///
    /// # Errors
    /// What was entered is wrong, or the work failed; the procedure's state says how to go on.
    pub(crate) async fn step(self: Arc<Self>, step: Step) -> Result<PhoneState, Problem> {
        let then = match step {
            Step::Begin { procedure, usage } => {
                self.begin(procedure, usage).await.map(|()| Then::Ask)
            }
            Step::Cancel => {
                self.cancel();
                Ok(Then::Ask)
            }
            step => self.take(&step),
        };
        let done = match then {
            Ok(Then::Work) => self.work().await,
            Ok(Then::Ask) => Ok(()),
            Err(problem) => Err(problem),
        };
        self.save().await?;
        done?;
        self.blocking(|phone| Ok(phone.state())).await
    }

    /// Asks the authority how it sees this phone, and takes that over.
    ///
    /// # Errors
    /// Those of the request.
    pub(crate) async fn look(&self) -> Result<(), Problem> {
        let view: PhoneView = self.authority.get("/phones/self").answer().await?;
        let mut live = self.live();
        if let (Some(flow), Some(enrolment)) = (&mut live.stored.flow, &view.enrolment) {
            flow.heard(enrolment);
        }
        live.stored.enrolment = view.enrolment;
        live.stored.certificates = view.certificates;
        live.stored.deletion_due = view.deletion_due;
        live.stored.resumption = view.resumption;
        Ok(())
    }

    async fn begin(&self, procedure: Procedure, usage: Option<Use>) -> Result<(), Problem> {
        let open = self.live().procedure_in_the_way();
        if let Some(open) = open {
            return Err(Problem::new(Code::PROCEDURE_OPEN)
                .with("procedure", open.procedure.name())
                .with("next", open.next.name()));
        }
        let mut act = [0; 16];
        self.parts.entropy.fill(&mut act);
        let act = format!("{:032x}", u128::from_be_bytes(act));
        // A phone that is not registered has no key to ask with, and nothing to register or to resume.
        let asks = matches!(procedure, Procedure::Register | Procedure::Resume);
        if asks && self.live().stored.registered {
            self.look().await?;
        }
        let flow = match procedure {
            Procedure::Register => {
                let enrolment = self.live().stored.enrolment.clone();
                let flow = enrolment.and_then(|view| Flow::registering(&view, act));
                flow.ok_or_else(|| Problem::from(Refusal::NoSuchRegistration))?
            }
            Procedure::Apply | Procedure::ChangePhone => {
                if self.model().is_none() {
                    return Err(Problem::new(Code::PHONE_NOT_SUPPORTED).by_rule("READY-2"));
                }
                if procedure == Procedure::ChangePhone && self.is_iphone() {
                    return Err(Problem::bad_request("procedure"));
                }
                self.check_none_under_way().await?;
                Flow::begin(procedure, usage, act)?
            }
            Procedure::Resume => {
                self.check_can_be_resumed()?;
                Flow::begin(procedure, usage, act)?
            }
            Procedure::Revoke | Procedure::RevokeOther | Procedure::ResetPin => {
                Flow::begin(procedure, usage, act)?
            }
        };
        self.cancel();
        self.live().stored.flow = Some(flow);
        Ok(())
    }

    /// Whether it is an iPhone, whose procedures are others.
    pub(crate) fn is_iphone(&self) -> bool {
        self.live().stored.platform == Platform::Iphone
    }

    /// The chip holds the keys of one application: the person hears so before the card is asked for
    /// (REG-3). What was heard last may be old.
    async fn check_none_under_way(&self) -> Result<(), Problem> {
        let is_under_way = || {
            let live = self.live();
            let stage = live.stored.enrolment.as_ref().map(|view| &view.stage);
            matches!(stage, Some(EnrolmentStage::Completed { .. } | EnrolmentStage::Ready { .. }))
        };
        if !is_under_way() {
            return Ok(());
        }
        self.look().await?;
        if is_under_way() { Err(Refusal::ApplicationUnderWay.into()) } else { Ok(()) }
    }

    /// LOSS-2: it is told beforehand what resuming leads to, or why there is nothing to resume.
    fn check_can_be_resumed(&self) -> Result<(), Problem> {
        let live = self.live();
        if live.stored.resumption.is_some() {
            return Ok(());
        }
        let by_operator = |view: &CertificateView| match view.status {
            CertificateStatus::Held { cause, .. } => cause.by_operator(),
            _ => false,
        };
        if live.stored.certificates.iter().any(by_operator) {
            return Err(Refusal::HeldByOperator.into());
        }
        Err(Refusal::NothingHeld.into())
    }

    fn cancel(&self) {
        let mut live = self.live();
        live.stored.flow = None;
        live.secrets = Secrets::default();
        (live.applicant, live.applicant_seen, live.ticked) = (None, false, None);
    }

    fn take(&self, step: &Step) -> Result<Then, Problem> {
        let mut live = self.live();
        let (flow, secrets) = live.flow()?;
        flow.step(step, secrets)
    }

    /// Does everything that can be done without the person.
    async fn work(self: &Arc<Self>) -> Result<(), Problem> {
        let done = self.work_on().await;
        self.live().secrets.forget_the_rest();
        done
    }

    async fn work_on(self: &Arc<Self>) -> Result<(), Problem> {
        if let Err(problem) = self.blocking(|phone| phone.chip.check()).await {
            self.live().flow()?.0.note(&problem);
            return Err(problem);
        }
        while let Some(work) = self.next_work()? {
            self.save().await?;
            self.goes_on(Progress::at(&work));
            match self.carry_out(&work).await {
                Ok(outcome) => self.live().flow()?.0.done(outcome, self.id),
                Err(problem) if self.has_failed(&work, &problem)? => {
                    self.after_failure(&work).await;
                    return Err(problem);
                }
                Err(problem) => tracing::debug!(%problem, "what failed had been done before"),
            }
        }
        Ok(())
    }

    /// Notes a failure; whether it is one, and not the answer to what was done before.
    fn has_failed(&self, work: &Work, problem: &Problem) -> Result<bool, Problem> {
        let mut live = self.live();
        if problem.is(Code::PHONE_UNKNOWN) {
            live.stored.registered = false;
        }
        let (flow, secrets) = live.flow()?;
        flow.failed(work, problem);
        if is_of_card(problem.code()) {
            secrets.card = None;
        }
        Ok(flow.problem().is_some())
    }

    fn next_work(&self) -> Result<Option<Work>, Problem> {
        let mut live = self.live();
        let (registered, now) = (live.stored.registered, self.parts.clock.now());
        let (flow, secrets) = live.flow()?;
        Ok(flow.work(secrets, Situation { registered, now }))
    }

    /// Where registration failed, the authority may have moved on.
    async fn after_failure(&self, work: &Work) {
        if let Work::Store(_) = work
            && let Err(problem) = self.look().await
        {
            tracing::debug!(%problem, "the authority was not heard");
        }
    }

    async fn carry_out(self: &Arc<Self>, work: &Work) -> Result<Outcome, Problem> {
        match work {
            Work::RegisterPhone => self.register().await,
            Work::BeginEnrolment { uses, replaces } => self.begin_enrolment(*uses, *replaces).await,
            Work::MakeKeys(enrolment) => {
                let work = SessionWork::MakeKeys { enrolment: *enrolment };
                match self.session(&self.authority, work).await? {
                    SessionOutcome::KeysAttested { keys } => Ok(Outcome::KeysMade(keys)),
                    _ => Err(unexpected()),
                }
            }
            Work::BeginRequest(request) => {
                let call = self.authority.post("/requests").json(request);
                let begun = call.once(&self.key("request")?).answer().await?;
                Ok(Outcome::RequestBegun(begun))
            }
            Work::Sign { with, statement } => self.sign(*with, statement.clone()).await,
            Work::Send { to, cms } => self.send(to, cms.clone()).await,
            Work::AllowPin(request) => {
                let work = SessionWork::AllowPinSet { request: request.clone() };
                match self.session(&self.authority, work).await? {
                    SessionOutcome::PinSetAllowed { .. } => Ok(Outcome::PinAllowed),
                    _ => Err(unexpected()),
                }
            }
            Work::SetPin(usage) => self.set_pin(*usage).await,
            Work::Complete(enrolment) => {
                let path = format!("/enrolments/{enrolment}/completion");
                let call = self.authority.post(&path).json(&());
                let view: EnrolmentView = call.once(&self.key("completion")?).answer().await?;
                let mut live = self.live();
                live.applicant = None;
                live.stored.enrolment = Some(view.clone());
                Ok(Outcome::Completed(view))
            }
            Work::Store(enrolment) => self.store(*enrolment).await,
            Work::Delete => self.delete().await.map(|()| Outcome::Deleted),
        }
    }

    /// The phone makes itself known: the one request that is not signed.
    async fn register(self: &Arc<Self>) -> Result<Outcome, Problem> {
        let work = {
            let live = self.live();
            let (platform, model) = (live.stored.platform, live.stored.model.clone());
            SessionWork::RegisterPhone { chip: self.id, platform, model }
        };
        match self.session(&self.stranger, work).await? {
            SessionOutcome::PhoneRegistered => {
                self.live().stored.registered = true;
                self.listen();
                Ok(Outcome::PhoneRegistered)
            }
            _ => Err(unexpected()),
        }
    }

    async fn begin_enrolment(&self, uses: Uses, replaces: bool) -> Result<Outcome, Problem> {
        let begin = BeginEnrolment { uses, confirmed: true, change_of_phone: replaces };
        let call = self.authority.post("/enrolments").json(&begin);
        let begun = call.once(&self.key("enrolment")?).answer().await?;
        Ok(Outcome::EnrolmentBegun(begun))
    }

    async fn sign(
        self: &Arc<Self>,
        with: SigningKey,
        statement: Base64,
    ) -> Result<Outcome, Problem> {
        let signed = self.blocking(move |phone| match with {
            SigningKey::Card => phone.sign_on_card(&statement.0),
            SigningKey::Phone => phone.sign_on_chip(&statement.0),
        });
        Ok(Outcome::Signed(Base64(signed.await?)))
    }

    fn sign_on_card(&self, statement: &[u8]) -> Result<Vec<u8>, Problem> {
        let (card, password) = {
            let live = self.live();
            let card = live.card.clone().ok_or_else(|| Problem::new(Code::CARD_NOT_PRESENT))?;
            let secrets = &live.secrets;
            // What opened one card costs no other a try.
            if secrets.card.as_deref().is_some_and(|read| read != card.name()) {
                return Err(Problem::new(Code::WRONG_CARD).by_rule("APPLY-4"));
            }
            (card, secrets.card_password.clone().ok_or_else(unexpected)?)
        };
        let now = self.parts.clock.now();
        let signed = card.sign(&*self.parts.cards, &password, statement, now);
        let secrets = &mut self.live().secrets;
        match &signed {
            Ok(_) => secrets.card = Some(card.name().to_owned()),
            Err(problem) if problem.is(Code::WRONG_PIN) || problem.is(Code::PIN_BLOCKED) => {
                secrets.forget_card();
            }
            Err(_) => {}
        }
        signed
    }

    fn sign_on_chip(&self, statement: &[u8]) -> Result<Vec<u8>, Problem> {
        let password = self.live().secrets.phone_password.take().ok_or_else(unexpected)?;
        let now = self.parts.clock.now();
        let signed =
            self.chip.jpki(|client| card::sign(client, &password, statement, true, now))?;
        signed.map_err(|error| of_chip(error, PinName::Phone(Use::Signature)))
    }

    async fn send(&self, to: &Addressee, cms: Base64) -> Result<Outcome, Problem> {
        let statement = SignedStatement { cms };
        let key = self.key("signed")?;
        let outcome = match to {
            Addressee::Enrolment(enrolment) => {
                let path = format!("/enrolments/{enrolment}/application");
                let call = self.authority.post(&path).json(&statement).once(&key);
                let accepted: ApplicationAccepted = call.answer().await?;
                let mut live = self.live();
                // Who consented has been told that the card was read.
                let seen = live.flow()?.0.procedure() == Procedure::ChangePhone;
                (live.applicant, live.applicant_seen) = (Some(accepted.applicant), seen);
                drop(live);
                Outcome::ApplicationAccepted(accepted.uses)
            }
            Addressee::Request(request) => {
                let path = format!("/requests/{request}");
                let call = self.authority.post(&path).json(&statement).once(&key);
                Outcome::RequestDone { empties: self.note_request(call.answer().await?) }
            }
        };
        self.live().secrets.forget_card();
        Ok(outcome)
    }

    /// Notes what a request led to, and whether the chip has to delete what it holds.
    fn note_request(&self, done: RequestDone) -> bool {
        let now = self.parts.clock.now();
        let mut live = self.live();
        match done {
            RequestDone::Revocation { certificates } => {
                live.stored.certificates = certificates;
                true
            }
            RequestDone::Resumption { certificates } => {
                let is_live = |view: &CertificateView| {
                    !matches!(view.status, CertificateStatus::Revoked { .. })
                        && now <= view.not_after
                };
                let empties = !certificates.iter().any(is_live);
                live.stored.certificates = certificates;
                live.stored.resumption = None;
                empties
            }
            RequestDone::OtherRevocation | RequestDone::PinReset => false,
        }
    }

    /// Sets the new PIN over the chip's local interface: it never leaves the phone (APPLY-5).
    async fn set_pin(self: &Arc<Self>, usage: Use) -> Result<Outcome, Problem> {
        self.blocking(move |phone| {
            let (password, pin) = {
                let mut live = phone.live();
                (live.secrets.new_password.take(), live.secrets.new_pin.take())
            };
            let new = match usage {
                Use::Signature => password.as_ref().map(Pin::Signature),
                Use::UserAuthentication => pin.as_ref().map(Pin::UserAuthentication),
            };
            let new = new.ok_or_else(unexpected)?;
            let set = phone.chip.jpki(|client| client.set_pin(new))?;
            set.map_err(|error| of_chip(error, PinName::Phone(usage)))?;
            if usage == Use::UserAuthentication {
                phone.forget_passkey();
            }
            Ok(Outcome::PinSet(usage))
        })
        .await
    }

    /// 登録する (REG-1).
    async fn store(self: &Arc<Self>, enrolment: EnrolmentId) -> Result<Outcome, Problem> {
        let work = SessionWork::StoreCertificates { enrolment };
        let outcome = self.session(&self.authority, work).await?;
        let SessionOutcome::CertificatesStored { certificates, usable_from } = outcome else {
            return Err(unexpected());
        };
        let mut live = self.live();
        live.stored.certificates = certificates;
        live.stored.deleted = None;
        live.checked.clear();
        if let Some(view) =
            live.stored.enrolment.as_mut().filter(|view| view.enrolment == enrolment)
        {
            let (since, usable_from) = (self.parts.clock.now(), Some(usable_from));
            view.stage = EnrolmentStage::Registered { since, usable_from };
        }
        Ok(Outcome::Stored { usable_from })
    }

    /// Plays a secure-channel session between the authority and the chip.
    pub(crate) async fn session(
        self: &Arc<Self>,
        client: &Client,
        work: SessionWork,
    ) -> Result<SessionOutcome, Problem> {
        let permit = Arc::clone(&self.sessions).acquire_owned().await.or_internal()?;
        let (client, runtime) = (client.clone(), Handle::current());
        self.blocking(move |phone| {
            let _permit = permit;
            let channel = phone.chip.open_channel()?;
            let played = play(&client, &work, |command| {
                phone.plays_a_command();
                channel.transmit(command)
            });
            runtime.block_on(played).map_err(of_session)
        })
        .await
    }

    fn key(&self, part: &str) -> Result<IdempotencyKey, Problem> {
        self.live().flow()?.0.key(part).or_internal()
    }
}

/// The other end, or our own procedure, is not what it should be.
pub(crate) fn unexpected() -> Problem {
    Problem::new(Code::INTERNAL_ERROR)
}
