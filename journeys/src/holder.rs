//! A resident with a card and a phone, who puts certificates on it as the guide has it (S0 2-C to 2-E), over
//! the phone's HTTP API.

use std::time::Duration;

use inrou_api::client::Client;
use inrou_api::wire::authority::Notices;
use inrou_api::wire::phone::{NextStep, PhoneState, Procedure, PutCard, Step, Typed};
use inrou_rules::Uses;

/// The signature password that everybody sets on a phone.
pub const PHONE_PASSWORD: &str = "PHONE123";
/// The user-authentication PIN that everybody sets on a phone.
pub const PHONE_PIN: &str = "7294";

/// How much longer than usual a long poll may take.
const WAIT: Duration = Duration::from_secs(30);

/// Who, with which phone.
#[derive(Clone, Copy, Debug)]
pub struct Holder {
    /// The phone, below the API of the phones.
    pub phone: &'static str,
    /// The card's name on the table.
    pub card: &'static str,
    /// The card's signature password.
    pub card_password: &'static str,
}

impl Holder {
    /// S0 2-C, 2-D: the steps in the order of the guide (APPLY-1).
    ///
    /// # Panics
    /// A step does not do what the guide says.
    pub async fn applies(&self, phone: &Client) {
        self.steps(phone, Step::Begin { procedure: Procedure::Apply, usage: None }).await;
        self.steps(phone, Step::CardPassword { password: Typed::new(self.card_password) }).await;
        self.steps(phone, Step::Choose { uses: Uses::BOTH, confirmed: true }).await;
        let put = PutCard { card: self.card.to_owned() };
        let put = phone.put(&format!("{}/card", self.phone)).json(&put);
        put.answer::<PhoneState>().await.expect("the card is free");
        self.steps(phone, Step::ReadCard).await;
        let typed = || Typed::new(PHONE_PASSWORD);
        self.steps(phone, Step::NewSignaturePassword { password: typed(), again: typed() }).await;
        let typed = || Typed::new(PHONE_PIN);
        let set = Step::NewUserAuthenticationPin { pin: typed(), again: typed() };
        let state = self.steps(phone, set).await;
        // It is ten in the morning: worked on at once (HOURS-1).
        let next = state.procedure.expect("there is an application").next;
        assert!(matches!(next, NextStep::Wait { .. } | NextStep::Register), "{next:?}");
    }

    /// S0 2-E: the notice comes (HOURS-2), and "register" is pressed (REG-1).
    ///
    /// # Panics
    /// A step does not do what the guide says.
    pub async fn registers(&self, phone: &Client) {
        self.hears(phone, "registration-ready").await;
        let state = self.steps(phone, Step::Register).await;
        let next = state.procedure.expect("there is a registration").next;
        assert!(matches!(next, NextStep::Done { .. }));
        assert_eq!(state.certificates.len(), 2);
    }

    /// A notice of this code comes.
    ///
    /// # Panics
    /// It does not.
    pub async fn hears(&self, phone: &Client, code: &str) {
        let path = format!("{}/notices", self.phone);
        let mut since = 0;
        loop {
            let from = since.to_string();
            let asked = phone.get(&path).query([("since", from.as_str()), ("wait", "30")]);
            let heard: Notices = asked.waiting(WAIT).answer().await.expect("the phone answers");
            assert!(!heard.notices.is_empty(), "{code} does not come");
            if heard.notices.iter().any(|notice| notice.code == code) {
                return;
            }
            since = heard.next;
        }
    }

    /// One step of the procedure under way.
    ///
    /// # Panics
    /// It is refused.
    pub async fn steps(&self, phone: &Client, step: Step) -> PhoneState {
        let call = phone.post(&format!("{}/steps", self.phone)).json(&step);
        call.answer().await.expect("the step is taken")
    }
}
