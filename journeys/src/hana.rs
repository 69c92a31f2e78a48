//! Hana, who puts her certificates on her phone as the guide has it (S0 2-C to 2-E), over the phone's
//! HTTP API.

use inrou_api::client::Client;
use inrou_api::wire::authority::Notices;
use inrou_api::wire::phone::{
    Consent, NextStep, OpenLink, PhoneState, Procedure, PutCard, ShownTransaction, Step, Typed,
};
use inrou_api::wire::transaction::{Transaction, TransactionState};
use inrou_rules::{Uses, japan};
use jiff::Timestamp;

/// Her phone, below the API of the phones.
pub const PHONE: &str = "/phones/hana-phone";
/// Her card's signature password.
pub const CARD_PASSWORD: &str = "MIZUNO12";
/// Her card's user-authentication PIN.
pub const CARD_PIN: &str = "1206";
/// The signature password that she sets on her phone.
pub const PHONE_PASSWORD: &str = "PHONE123";
/// The user-authentication PIN that she sets on her phone.
pub const PHONE_PIN: &str = "7294";

/// How much longer than usual a long poll may take.
const WAIT: std::time::Duration = std::time::Duration::from_secs(30);

/// Yesterday at ten, when applications are worked on (HOURS-1): where a sandbox begins that is to show the
/// present later, at whatever hour that is.
///
/// # Panics
/// There was no yesterday.
pub fn yesterday_at_ten(now: Timestamp) -> Timestamp {
    let yesterday = japan::day(now).yesterday().expect("the calendar is long enough");
    japan::moment(yesterday.at(10, 0, 0, 0))
}

/// S0 2-C, 2-D: the steps in the order of the guide (APPLY-1).
///
/// # Panics
/// A step does not do what the guide says.
pub async fn apply(phone: &Client) {
    step(phone, Step::Begin { procedure: Procedure::Apply, usage: None }).await;
    step(phone, Step::CardPassword { password: Typed::new(CARD_PASSWORD) }).await;
    step(phone, Step::Choose { uses: Uses::BOTH, confirmed: true }).await;
    let put = phone.put(&format!("{PHONE}/card")).json(&PutCard { card: "hana".to_owned() });
    put.answer::<PhoneState>().await.expect("the card is free");
    step(phone, Step::ReadCard).await;
    let typed = || Typed::new(PHONE_PASSWORD);
    step(phone, Step::NewSignaturePassword { password: typed(), again: typed() }).await;
    let typed = || Typed::new(PHONE_PIN);
    let state = step(phone, Step::NewUserAuthenticationPin { pin: typed(), again: typed() }).await;
    // It is ten in the morning: worked on at once (HOURS-1).
    let next = state.procedure.expect("she applies").next;
    assert!(matches!(next, NextStep::Wait { .. } | NextStep::Register), "{next:?}");
}

/// S0 2-E: the notice comes (HOURS-2), and "register" is pressed (REG-1).
///
/// # Panics
/// A step does not do what the guide says.
pub async fn register(phone: &Client) {
    hears(phone).await;
    let state = step(phone, Step::Register).await;
    let next = state.procedure.expect("she registers").next;
    assert!(matches!(next, NextStep::Done { .. }));
    assert_eq!(state.certificates.len(), 2);
}

/// The notice comes that the certificates can be registered (HOURS-2).
///
/// # Panics
/// It does not.
pub async fn hears(phone: &Client) {
    let path = format!("{PHONE}/notices");
    let notices = phone.get(&path).query([("wait", "30")]).waiting(WAIT);
    let notices: Notices = notices.answer().await.expect("there are notices");
    assert_eq!(notices.notices[0].code, "registration-ready");
}

/// One step of the procedure under way.
///
/// # Panics
/// It is refused.
pub async fn step(phone: &Client, step: Step) -> PhoneState {
    let call = phone.post(&format!("{PHONE}/steps")).json(&step);
    call.answer().await.expect("the step is taken")
}

/// Opens a link on the phone and approves what is asked for there (USE-1).
///
/// # Panics
/// It is not taken.
pub async fn consents(phone: &Client, link: &str, pin: &str) {
    let open = OpenLink { link: link.to_owned() };
    let call = phone.post(&format!("{PHONE}/transactions")).json(&open);
    let shown: ShownTransaction = call.answer().await.expect("the link is the portal's");
    let path = format!("{PHONE}/transactions/{}/consent", shown.transaction.id.as_str());
    // The second is tried only where it is asked for, beside a site's signature.
    let approve = Consent::Approve { pin: Typed::new(pin), proof: Some(Typed::new(PHONE_PIN)) };
    let done: Transaction = phone.post(&path).json(&approve).answer().await.expect("it is taken");
    assert_eq!(done.state, TransactionState::Done);
}
