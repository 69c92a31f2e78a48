//! Hana, who puts her certificates on her phone as the guide has it (S0 2-C to 2-E), over the phone's
//! HTTP API.

use inrou_api::client::Client;
use inrou_api::wire::phone::{Consent, OpenLink, PhoneState, ShownTransaction, Step, Typed};
use inrou_api::wire::transaction::{Transaction, TransactionState};
use inrou_rules::japan;
use jiff::Timestamp;

use crate::holder::Holder;
pub use crate::holder::{PHONE_PASSWORD, PHONE_PIN};

/// Her phone, below the API of the phones.
pub const PHONE: &str = "/phones/hana-phone";
/// Her card's signature password.
pub const CARD_PASSWORD: &str = "MIZUNO12";
/// Her card's user-authentication PIN.
pub const CARD_PIN: &str = "1206";
/// Hana, by her phone and card.
pub const HANA: Holder = Holder { phone: PHONE, card: "hana", card_password: CARD_PASSWORD };

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
    HANA.applies(phone).await;
}

/// S0 2-E: the notice comes (HOURS-2), and "register" is pressed (REG-1).
///
/// # Panics
/// A step does not do what the guide says.
pub async fn register(phone: &Client) {
    HANA.registers(phone).await;
}

/// The notice comes that the certificates can be registered (HOURS-2).
///
/// # Panics
/// It does not.
pub async fn hears(phone: &Client) {
    HANA.hears(phone, "registration-ready").await;
}

/// One step of the procedure under way.
///
/// # Panics
/// It is refused.
pub async fn step(phone: &Client, step: Step) -> PhoneState {
    HANA.steps(phone, step).await
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
