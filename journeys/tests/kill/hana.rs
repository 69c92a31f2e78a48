//! Hana does the whole job, and carries on as a person would when something dies under her.

use inrou_api::client::{Client, ClientError};
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::problem::Code;
use inrou_api::wire::authority::Notices;
use inrou_api::wire::phone::{
    Consent, NextStep, OpenLink, PhoneState, Procedure, PutCard, ShownTransaction, Step, Typed,
};
use inrou_api::wire::portal::{
    ApplicationDrawnUp, DrawUpApplication, LoginBegun, LoginView, Procedure as OnlineProcedure,
};
use inrou_api::wire::transaction::{Transaction, TransactionState};
use inrou_journeys::hana::{CARD_PASSWORD, PHONE, PHONE_PASSWORD, PHONE_PIN};
use inrou_pki::SystemEntropy;
use inrou_rules::Uses;
use serde::de::DeserializeOwned;

/// How often she tries before she gives up.
const PATIENCE: usize = 60;

/// The parts of the job, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// S0 2-C, 2-D.
    Application,
    /// The job of the authority, and its notice (HOURS-1, HOURS-2).
    Issuance,
    /// S0 2-E.
    Registration,
    /// USE-1.
    LogIn,
    /// USE-2.
    Signing,
    /// S0 2-G.
    Revocation,
}

impl Part {
    /// All of them.
    pub const ALL: [Part; 6] = [
        Part::Application,
        Part::Issuance,
        Part::Registration,
        Part::LogIn,
        Part::Signing,
        Part::Revocation,
    ];
}

/// Hana, with her phone and the portal before her.
pub struct Hana {
    /// The API of the phones.
    pub phone: Client,
    /// The portal's.
    pub portal: Client,
    /// What the portal's page keeps.
    pub session: Option<String>,
}

impl Hana {
    /// Does one part of the job to its end.
    pub async fn does(&mut self, part: Part) {
        match part {
            Part::Application => self.apply().await,
            Part::Issuance => self.wait().await,
            Part::Registration => self.register().await,
            Part::LogIn => self.log_in().await,
            Part::Signing => self.send_application().await,
            Part::Revocation => self.revoke().await,
        }
    }

    async fn apply(&self) {
        for _ in 0..PATIENCE {
            let next = match self.state().await.procedure {
                Some(under_way) if under_way.procedure == Procedure::Apply => under_way.next,
                _ => {
                    self.step(Step::Begin { procedure: Procedure::Apply, usage: None }).await;
                    continue;
                }
            };
            let password = || Typed::new(PHONE_PASSWORD);
            let pin = || Typed::new(PHONE_PIN);
            let step = match next {
                NextStep::CardPassword => {
                    Step::CardPassword { password: Typed::new(CARD_PASSWORD) }
                }
                NextStep::Choose => Step::Choose { uses: Uses::BOTH, confirmed: true },
                NextStep::ReadCard => {
                    let put = PutCard { card: "hana".to_owned() };
                    let put = self.phone.put(&format!("{PHONE}/card")).json(&put);
                    // If it does not get there, the next look shows it.
                    let _ = put.answer::<PhoneState>().await;
                    Step::ReadCard
                }
                NextStep::NewSignaturePassword { .. } => {
                    Step::NewSignaturePassword { password: password(), again: password() }
                }
                NextStep::NewUserAuthenticationPin { .. } => {
                    Step::NewUserAuthenticationPin { pin: pin(), again: pin() }
                }
                NextStep::Complete => Step::Complete,
                NextStep::Wait { .. } | NextStep::Register => return,
                next => panic!("{next:?} in an application"),
            };
            self.step(step).await;
        }
        panic!("the application does not come to its end");
    }

    /// Until the notice comes.
    async fn wait(&self) {
        let path = format!("{PHONE}/notices");
        let wait = std::time::Duration::from_secs(30);
        let poll = || self.phone.get(&path).query([("wait", "30")]).waiting(wait);
        for _ in 0..PATIENCE {
            let notices: Option<Notices> = taken(poll().answer().await);
            let ready = |notices: Notices| {
                notices.notices.iter().filter(|each| each.code == "registration-ready").count()
            };
            match notices.map_or(0, ready) {
                0 => {}
                count => return assert_eq!(count, 1, "one notice"),
            }
        }
        panic!("the notice does not come");
    }

    async fn register(&self) {
        for _ in 0..PATIENCE {
            match self.state().await.procedure.map(|under_way| under_way.next) {
                Some(NextStep::Done { .. }) => return,
                _ => self.step(Step::Register).await,
            }
        }
        panic!("the registration does not come to its end");
    }

    async fn log_in(&mut self) {
        let key = IdempotencyKey::new(&SystemEntropy);
        let begun: LoginBegun = self.posted("/logins", None::<&()>, &key).await;
        for _ in 0..PATIENCE {
            let path = format!("/logins/{}", begun.login);
            let login: Option<LoginView> = taken(self.portal.get(&path).answer().await);
            match login {
                Some(LoginView { state: TransactionState::Done, session, .. }) => {
                    self.session = session;
                    self.portal = self.portal.clone().showing(self.session.clone().unwrap());
                    return;
                }
                Some(LoginView { state: TransactionState::Open, .. }) => {
                    self.consent(&begun.link, PHONE_PIN).await;
                }
                Some(login) => panic!("the log-in is {:?}", login.state),
                None => {}
            }
        }
        panic!("the log-in does not come to its end");
    }

    async fn send_application(&self) {
        let fields = [("new_address", "北海道札幌市見本町１"), ("moving_date", "2026-12-01")];
        let form = DrawUpApplication {
            procedure: OnlineProcedure::MovingOut,
            fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        };
        let key = IdempotencyKey::new(&SystemEntropy);
        let drawn_up: ApplicationDrawnUp = self.posted("/applications", Some(&form), &key).await;
        for _ in 0..PATIENCE {
            if self.consent(&drawn_up.link, PHONE_PASSWORD).await == Some(TransactionState::Done) {
                return;
            }
        }
        panic!("the document is not signed");
    }

    async fn revoke(&self) {
        for _ in 0..PATIENCE {
            let next = match self.state().await.procedure {
                Some(under_way) if under_way.procedure == Procedure::Revoke => under_way.next,
                _ => {
                    self.step(Step::Begin { procedure: Procedure::Revoke, usage: None }).await;
                    continue;
                }
            };
            let step = match next {
                NextStep::ConfirmRevocation => {
                    Step::ConfirmRevocation { confirmed: true, with_card: false }
                }
                NextStep::PhonePassword => {
                    Step::PhonePassword { password: Typed::new(PHONE_PASSWORD) }
                }
                NextStep::Delete => Step::Delete,
                NextStep::Done { .. } => return,
                next => panic!("{next:?} in a revocation"),
            };
            self.step(step).await;
        }
        panic!("the revocation does not come to its end");
    }

    /// What the phone shows.
    pub async fn state(&self) -> PhoneState {
        for _ in 0..PATIENCE {
            if let Some(state) = taken(self.phone.get(PHONE).answer().await) {
                return state;
            }
        }
        panic!("the phone does not answer");
    }

    /// A step that may be cut off, or come too late: the next look shows where things stand.
    async fn step(&self, step: Step) {
        let call = self.phone.post(&format!("{PHONE}/steps")).json(&step);
        let _: Option<PhoneState> = taken(call.answer().await);
    }

    /// Opens a link on the phone and approves; tells how it ended, if that was heard.
    async fn consent(&self, link: &str, pin: &str) -> Option<TransactionState> {
        let open = OpenLink { link: link.to_owned() };
        let call = self.phone.post(&format!("{PHONE}/transactions")).json(&open);
        let shown: ShownTransaction = taken(call.answer().await)?;
        if shown.transaction.state != TransactionState::Open {
            return Some(shown.transaction.state);
        }
        let id = shown.transaction.id;
        let path = format!("{PHONE}/transactions/{}/consent", id.as_str());
        let approve = Consent::Approve { pin: Typed::new(pin), proof: None };
        let done: Transaction = taken(self.phone.post(&path).json(&approve).answer().await)?;
        Some(done.state)
    }

    /// A request to the portal, under one key until it is answered.
    async fn posted<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Option<&impl serde::Serialize>,
        key: &IdempotencyKey,
    ) -> T {
        for _ in 0..PATIENCE {
            let mut call = self.portal.post(path).once(key);
            if let Some(body) = body {
                call = call.json(body);
            }
            if let Some(answer) = taken(call.answer().await) {
                return answer;
            }
        }
        panic!("the portal does not answer");
    }
}

/// An answer, if it came and was no refusal. Refusals are what a cut-off step leaves behind; the end
/// of the job shows whether they did harm.
fn taken<T>(answer: Result<T, ClientError>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(error @ (ClientError::Problem(_) | ClientError::Unavailable(_))) => {
            assert!(
                error.problem().is_none_or(|problem| !problem.is(Code::INTERNAL_ERROR)),
                "{error}"
            );
            None
        }
        Err(error) => panic!("{error}"),
    }
}
