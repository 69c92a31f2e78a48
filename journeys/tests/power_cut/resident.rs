//! The resident: what she does, what she has seen, and how she carries on after an outage. Her browser
//! keeps its keys and links; everything else she finds as it is.

use std::time::Duration;

use inrou_api::client::{Call, Client, ClientError};
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::page::Page;
use inrou_api::wire::authority::{HistoryEntry, Notices};
use inrou_api::wire::phone::{
    ChipContents, Consent, NextStep, OpenLink, PhoneState, Procedure, ProcedureState, PutCard,
    ReadContents, ShownTransaction, Step, Typed,
};
use inrou_api::wire::portal::{
    ApplicationDetail, ApplicationDrawnUp, ApplicationState, Decision, DrawUpApplication,
    LoginBegun, LoginView, Procedure as OnlineProcedure, ReceivedApplication,
};
use inrou_api::wire::transaction::{Transaction, TransactionState};
use inrou_rules::{SignaturePassword, Use, UserAuthenticationPin, Uses};
use serde::de::DeserializeOwned;

use crate::founding::RESIDENT;
use crate::house::House;
use crate::tries::Tries;

pub const PHONE: &str = "hana-phone";
const CARD_PASSWORD: &str = "MIZUNO12";
const PHONE_PASSWORD: &str = "PHONE123";
const PHONE_PIN: &str = "4321";
const WRONG_PASSWORD: &str = "WRONG999";
const WRONG_PIN: &str = "0000";

/// The steps of the job, in order. Each may be repeated until it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    MistypeCardPassword,
    ReadCard,
    SetPins,
    Register,
    LogIn,
    SendApplication,
    Decide,
    LookBack,
    Revoke,
}

impl Act {
    pub const ALL: [Self; 9] = [
        Self::MistypeCardPassword,
        Self::ReadCard,
        Self::SetPins,
        Self::Register,
        Self::LogIn,
        Self::SendApplication,
        Self::Decide,
        Self::LookBack,
        Self::Revoke,
    ];

    /// Whether certificates are issued, activated or revoked.
    pub fn changes_certificates(self) -> bool {
        matches!(self, Self::SetPins | Self::Register | Self::Revoke)
    }
}

/// What she and her browser know, whatever becomes of the power.
#[derive(Clone, Debug)]
pub struct Resident {
    /// Of the card's signature password.
    pub card: Tries,
    /// Of the phone's signature password.
    pub phone_password: Tries,
    /// Of the phone's user-authentication PIN.
    pub phone_pin: Tries,
    login: Option<LoginBegun>,
    session: Option<String>,
    drawn_up: Option<ApplicationDrawnUp>,
}

impl Resident {
    /// Before she has done anything.
    pub fn new() -> Self {
        Self {
            card: Tries::new(SignaturePassword::TRIES),
            phone_password: Tries::new(SignaturePassword::TRIES),
            phone_pin: Tries::new(UserAuthenticationPin::TRIES),
            login: None,
            session: None,
            drawn_up: None,
        }
    }

    /// Does a step, from wherever it was left.
    pub async fn act(&mut self, act: Act, house: &House) {
        match act {
            Act::MistypeCardPassword | Act::ReadCard => self.apply(act, house).await,
            Act::SetPins => {
                self.apply(act, house).await;
                house.notice("registration-ready").await;
            }
            Act::Register => self.register(house).await,
            Act::LogIn => self.log_in(house).await,
            Act::SendApplication => self.send_application(house).await,
            Act::Decide => self.decide(house).await,
            Act::LookBack => self.look_back(house).await,
            Act::Revoke => self.revoke(house).await,
        }
    }

    /// What the phone shows, but for what was drawn at random, what is in memory only (the applicant's
    /// attributes), and how many tries are left.
    pub async fn screen(&self, house: &House) -> String {
        let state: PhoneState = house.answer(house.phone.get(&at_phone(""))).await;
        let shown = state.procedure.map(|shown| {
            let next = match shown.next {
                NextStep::NewSignaturePassword { .. } => {
                    NextStep::NewSignaturePassword { applicant: None }
                }
                next => next,
            };
            (shown.procedure, next, shown.problem.map(|problem| problem.code))
        });
        let stage = state.enrolment.map(|found| (found.uses, found.stage));
        let certificates: Vec<_> = state
            .certificates
            .iter()
            .map(|found| (found.usage, found.medium, found.not_after, found.status))
            .collect();
        format!("{shown:?} {stage:?} {certificates:?}")
    }

    /// What the portal shows of her acts, and the office of her applications.
    pub async fn records(&self, house: &House) -> [Vec<String>; 2] {
        let mut acts = Vec::new();
        if self.session.is_some() {
            let history: Page<HistoryEntry> =
                house.answer(self.at_portal(house).get("/history")).await;
            acts = history.items.into_iter().map(|entry| entry.code).collect();
        }
        let received: Page<ReceivedApplication> =
            house.answer(house.office.get("/applications")).await;
        let received = received.items.into_iter();
        let received = received.map(|found| format!("{} {:?}", found.reference, found.state));
        [acts, received.collect()]
    }

    /// S0 2-C, 2-D, as far as to the end of `act`. The first password that she types is wrong.
    async fn apply(&mut self, act: Act, house: &House) {
        loop {
            let procedure = match house.procedure().await {
                Some(found) if found.procedure == Procedure::Apply => found,
                _ => {
                    house.step(begin(Procedure::Apply)).await;
                    continue;
                }
            };
            match procedure.next {
                NextStep::CardPassword if act == Act::MistypeCardPassword => {
                    if self.card.wrong_was_seen() {
                        return;
                    }
                    house.step(Step::CardPassword { password: typed(WRONG_PASSWORD) }).await;
                }
                NextStep::CardPassword => {
                    house.step(Step::CardPassword { password: typed(CARD_PASSWORD) }).await;
                }
                NextStep::Choose => {
                    house.step(Step::Choose { uses: Uses::BOTH, confirmed: true }).await;
                }
                NextStep::ReadCard => self.read_card(house).await,
                NextStep::NewSignaturePassword { .. } if act == Act::ReadCard => return,
                NextStep::NewSignaturePassword { .. } => {
                    let (password, again) = (typed(PHONE_PASSWORD), typed(PHONE_PASSWORD));
                    house.step(Step::NewSignaturePassword { password, again }).await;
                }
                NextStep::NewUserAuthenticationPin { .. } => {
                    let (pin, again) = (typed(PHONE_PIN), typed(PHONE_PIN));
                    house.step(Step::NewUserAuthenticationPin { pin, again }).await;
                }
                NextStep::Complete => {
                    house.step(Step::Complete).await;
                }
                // The notice comes (HOURS-2).
                NextStep::Wait { .. } => house.notice("registration-ready").await,
                NextStep::Register => return,
                next => panic!("{next:?} in an application"),
            }
        }
    }

    async fn read_card(&mut self, house: &House) {
        let put = PutCard { card: RESIDENT.to_owned() };
        house.answer::<PhoneState>(house.phone.put(&at_phone("/card")).json(&put)).await;
        if self.card.wrong_was_seen() {
            self.card.right_is_typed();
            house.step(Step::ReadCard).await;
            self.card.right_was_seen();
        } else {
            self.card.wrong_is_typed();
            if let Err(left) = house.with_pin::<PhoneState>(house.steps(Step::ReadCard)).await {
                self.card.wrong_is_seen(left);
            }
        }
    }

    /// S0 2-E: "register" is pressed (REG-1).
    async fn register(&mut self, house: &House) {
        while house.procedure().await.unwrap().next == NextStep::Register {
            house.step(Step::Register).await;
        }
        house.notice("certificates-registered").await;
    }

    /// USE-1. The first PIN that she types is wrong.
    async fn log_in(&mut self, house: &House) {
        let key: IdempotencyKey = "the-browser-drew-this-for-the-log-in".parse().unwrap();
        loop {
            let Some(begun) = self.login.clone() else {
                self.login = Some(house.answer(house.portal.post("/logins").once(&key)).await);
                continue;
            };
            let path = format!("/logins/{}", begun.login);
            let login: LoginView = house.answer(house.portal.get(&path)).await;
            match login.state {
                TransactionState::Done => {
                    self.session = login.session;
                    assert!(self.session.is_some(), "a session that nobody had");
                    return;
                }
                TransactionState::Open => {
                    consent(&mut self.phone_pin, house, &begun.link, WRONG_PIN, PHONE_PIN).await;
                }
                state => panic!("the log-in is {state:?}"),
            }
        }
    }

    /// USE-2: an application is drawn up, and signed on the phone.
    async fn send_application(&mut self, house: &House) {
        let portal = self.at_portal(house);
        let key: IdempotencyKey = "the-browser-drew-this-for-the-form".parse().unwrap();
        loop {
            let Some(drawn_up) = self.drawn_up.clone() else {
                let form = moving_out();
                let call = portal.post("/applications").json(&form).once(&key);
                self.drawn_up = Some(house.answer(call).await);
                continue;
            };
            let path = format!("/applications/{}", drawn_up.application);
            let detail: ApplicationDetail = house.answer(portal.get(&path)).await;
            match detail.view.state {
                ApplicationState::Received { .. } => return,
                ApplicationState::WaitsForSignature => {
                    let tries = &mut self.phone_password;
                    consent(tries, house, &drawn_up.link, WRONG_PASSWORD, PHONE_PASSWORD).await;
                }
                state => panic!("the application is {state:?}"),
            }
        }
    }

    /// The office's clerk finds the application and accepts it.
    async fn decide(&mut self, house: &House) {
        let received: Page<ReceivedApplication> =
            house.answer(house.office.get("/applications")).await;
        let [application] = received.items.as_slice() else {
            panic!("{} applications were received", received.items.len());
        };
        let key: IdempotencyKey = "the-clerk-s-browser-drew-this".parse().unwrap();
        let path = format!("/applications/{}/decision", application.application);
        let call = house.office.post(&path).json(&Decision::Accept).once(&key);
        house.answer::<serde_json::Value>(call).await;
    }

    /// USE-7, REG-3: each act is in her history once, and the phone holds what it should.
    async fn look_back(&mut self, house: &House) {
        let history: Page<HistoryEntry> = house.answer(self.at_portal(house).get("/history")).await;
        for code in ["logged-in", "application-sent", "application-accepted", "phone-registered"] {
            let times = history.items.iter().filter(|entry| entry.code == code).count();
            assert_eq!(times, 1, "USE-7: {code}");
        }
        let read = ReadContents {
            signature_password: Some(typed(PHONE_PASSWORD)),
            user_authentication_pin: Some(typed(PHONE_PIN)),
        };
        self.phone_password.right_is_typed();
        self.phone_pin.right_is_typed();
        let call = house.phone.post(&at_phone("/contents")).json(&read);
        let contents: ChipContents = house.answer(call).await;
        self.phone_password.right_was_seen();
        self.phone_pin.right_was_seen();
        let held: Vec<Use> = contents.keys.iter().map(|key| key.usage).collect();
        assert_eq!(held, Use::ALL, "REG-3");
    }

    /// S0 2-G (END-2). The first password that she types is wrong.
    async fn revoke(&mut self, house: &House) {
        // Another wrong entry than that of the application before.
        let mut wrong_was_seen = self.phone_password.wrongs_seen() > 1;
        loop {
            let procedure = match house.procedure().await {
                Some(found) if found.procedure == Procedure::Revoke => found,
                _ => {
                    house.step(begin(Procedure::Revoke)).await;
                    continue;
                }
            };
            match procedure.next {
                NextStep::ConfirmRevocation => {
                    let step = Step::ConfirmRevocation { confirmed: true, with_card: false };
                    house.step(step).await;
                }
                NextStep::PhonePassword if wrong_was_seen => {
                    self.phone_password.right_is_typed();
                    let step = Step::PhonePassword { password: typed(PHONE_PASSWORD) };
                    house.step(step).await;
                }
                NextStep::PhonePassword => {
                    self.phone_password.wrong_is_typed();
                    let step = Step::PhonePassword { password: typed(WRONG_PASSWORD) };
                    if let Err(left) = house.with_pin::<PhoneState>(house.steps(step)).await {
                        self.phone_password.wrong_is_seen(left);
                        wrong_was_seen = true;
                    }
                }
                NextStep::Complete => {
                    house.step(Step::Complete).await;
                }
                NextStep::Delete => {
                    house.step(Step::Delete).await;
                }
                NextStep::Done { .. } => break,
                next => panic!("{next:?} in a revocation"),
            }
        }
        house.notice("certificates-revoked").await;
    }

    fn at_portal(&self, house: &House) -> Client {
        house.portal.clone().showing(self.session.clone().unwrap())
    }
}

/// Opens a link on the phone and approves, with a wrong PIN first.
async fn consent(tries: &mut Tries, house: &House, link: &str, wrong: &str, right: &str) {
    let open = OpenLink { link: link.to_owned() };
    let call = house.phone.post(&at_phone("/transactions")).json(&open);
    let shown: ShownTransaction = house.answer(call).await;
    let id = shown.transaction.id.as_str();
    let path = at_phone(&format!("/transactions/{id}/consent"));
    let approve =
        |pin| house.phone.post(&path).json(&Consent::Approve { pin: typed(pin), proof: None });
    if !tries.wrong_was_seen() {
        tries.wrong_is_typed();
        match house.with_pin::<Transaction>(approve(wrong)).await {
            Err(left) => tries.wrong_is_seen(left),
            Ok(_) => return,
        }
    }
    tries.right_is_typed();
    let done: Transaction = house.answer(approve(right)).await;
    assert_eq!(done.state, TransactionState::Done);
    tries.right_was_seen();
}

impl House {
    async fn procedure(&self) -> Option<ProcedureState> {
        self.answer::<PhoneState>(self.phone.get(&at_phone(""))).await.procedure
    }

    fn steps(&self, step: Step) -> Call {
        self.phone.post(&at_phone("/steps")).json(&step)
    }

    async fn step(&self, step: Step) {
        self.answer::<PhoneState>(self.steps(step)).await;
    }

    /// Waits for a notice to the phone.
    async fn notice(&self, code: &str) {
        let mut since = 0;
        loop {
            let call = self.phone.get(&at_phone("/notices"));
            let (from, wait) = (since.to_string(), Duration::from_secs(30));
            let call = call.query([("since", from.as_str()), ("wait", "30")]).waiting(wait);
            let heard: Notices = self.answer(call).await;
            assert!(heard.next > since, "no {code} came");
            if heard.notices.iter().any(|notice| notice.code == code) {
                return;
            }
            since = heard.next;
        }
    }

    /// What is answered to a request that must succeed.
    async fn answer<T: DeserializeOwned>(&self, call: Call) -> T {
        match call.answer().await {
            Ok(answer) => answer,
            Err(error) => self.give_up(error).await,
        }
    }

    /// What is answered, or how many tries a wrong PIN leaves.
    async fn with_pin<T: DeserializeOwned>(&self, call: Call) -> Result<T, u8> {
        match call.answer().await {
            Ok(answer) => Ok(answer),
            Err(error) => match error.problem().filter(|problem| problem.code() == "wrong-pin") {
                Some(problem) => Err(problem.param("left").unwrap().parse().unwrap()),
                None => self.give_up(error).await,
            },
        }
    }

    /// Nothing may go wrong; but what goes wrong without power is never seen.
    async fn give_up<T>(&self, error: ClientError) -> T {
        assert!(self.power.is_off(), "{error:?}");
        std::future::pending().await
    }
}

fn begin(procedure: Procedure) -> Step {
    Step::Begin { procedure, usage: None }
}

fn typed(text: &str) -> Typed {
    Typed::new(text)
}

fn at_phone(path: &str) -> String {
    format!("/phones/{PHONE}{path}")
}

fn moving_out() -> DrawUpApplication {
    let fields = [("new_address", "北海道札幌市見本町１"), ("moving_date", "2026-12-01")];
    DrawUpApplication {
        procedure: OnlineProcedure::MovingOut,
        fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    }
}
