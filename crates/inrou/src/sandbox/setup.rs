//! How a test resident is entered and gets a card and phones. Stopped midway, it goes on where it stopped:
//! each step is made under a key of its own.

use std::sync::Arc;

use inrou_api::idempotency::IdempotencyKey;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::phone::NewPhone;
use inrou_chip::client::{CardError, FaceInputClient, JpkiClient, Pin};
use inrou_chip::personalisation::CardData;
use inrou_chip::transport::Transport;
use inrou_chip::tray::{ChipName, Tray, TrayError};
use inrou_phone::Fleet;
use inrou_pki::digest::HashAlgorithm;
use inrou_rules::{
    CardFacePin, ChipId, ResidentId, SignaturePassword, UserAuthenticationPin, japan, validity,
};
use jiff::Timestamp;
use jiff::civil::time;

use super::counter::{ChosenPins, Counter, CounterError};
use crate::maker::{Maker, MakerError};
use crate::residents::TestResident;

/// Why the first start did not get to its end.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A card could not be made.
    #[error(transparent)]
    Maker(#[from] MakerError),
    /// A card could not be laid on the table.
    #[error(transparent)]
    Tray(#[from] TrayError),
    /// The counter could not issue a card.
    #[error(transparent)]
    Counter(#[from] CounterError),
    /// A card did not do as it should.
    #[error(transparent)]
    Card(#[from] CardError),
    /// A phone could not be bought.
    #[error(transparent)]
    Phone(Problem),
    /// A name cannot name a card.
    #[error("{0} cannot name a card")]
    Name(String),
}

/// When the sandbox's history begins: before the first card is issued.
pub fn beginning<'a>(
    residents: impl IntoIterator<Item = &'a TestResident>,
    start: Timestamp,
) -> Timestamp {
    residents.into_iter().map(issuance).min().unwrap_or(start).min(start)
}

/// Buys the phones that the residents own.
///
/// # Errors
/// [`SetupError::Phone`].
pub async fn buy_phones(residents: &[TestResident], fleet: Arc<Fleet>) -> Result<(), SetupError> {
    let wanted: Vec<NewPhone> = residents
        .iter()
        .flat_map(|resident| &resident.phones)
        .map(|phone| NewPhone {
            name: phone.name.to_string(),
            platform: phone.platform,
            model: phone.model.clone(),
        })
        .collect();
    let bought = tokio::task::spawn_blocking(move || {
        wanted.iter().try_for_each(|phone| match fleet.buy(phone) {
            // A first start that was broken off had bought it.
            Err(problem) if problem.is(Code::PHONE_NAME_TAKEN) => Ok(()),
            other => other,
        })
    });
    bought.await.map_err(Problem::internal).and_then(|done| done).map_err(SetupError::Phone)
}

/// The hour at which counters issue cards here: eleven o'clock in Japan.
pub fn issuance(resident: &TestResident) -> Timestamp {
    japan::moment(resident.card.issued.to_datetime(time(11, 0, 0, 0)))
}

/// Enters a resident, issues the card and lays it into the tray.
///
/// # Errors
/// [`SetupError`].
pub async fn enter(
    resident: &TestResident,
    maker: &Maker,
    tray: &Arc<Tray>,
    counter: &Counter,
) -> Result<ResidentId, SetupError> {
    let handle = resident.handle.as_str();
    let name: ChipName = handle.parse().map_err(|_| SetupError::Name(handle.to_owned()))?;
    let chip = chip_of(handle);
    let pins = &resident.card.pins;
    let data = CardData {
        chip,
        attributes: &resident.attributes,
        my_number: &resident.my_number,
        municipality: resident.municipality,
        expires: validity::card_expires(resident.card.issued, resident.attributes.birth_date),
        security_code: "2468",
        signature_password: None,
        user_authentication_pin: None,
        card_face_pin: &pins.card_face,
    };
    match tray.create(&name, maker.card(&data)?) {
        Ok(()) | Err(TrayError::Exists(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let chosen = ChosenPins {
        signature: pins.signature.as_ref(),
        user_authentication: pins.user_authentication.as_ref(),
        card_face: &pins.card_face,
    };
    let admitted = counter.admit(&resident.attributes, &step_key(handle, "admit")).await?;
    let mut card = tray.take(&name)?;
    card.power_on(inrou_chip::chip::Interface::Local);
    let (uses, key) = (resident.card.certificates, step_key(handle, "card"));
    counter.issue_card(admitted, chip, uses, chosen, &key, &mut *card).await?;
    spend_tries(resident, &mut *card)?;
    card.power_off();
    Ok(admitted)
}

/// Spends the wrong tries that the resident's story tells of.
fn spend_tries<T: Transport>(resident: &TestResident, card: &mut T) -> Result<(), SetupError> {
    let (pins, tries) = (&resident.card.pins, resident.card.wrong_tries);
    let wrong = |done: Result<(), CardError>| match done {
        Ok(()) | Err(CardError::WrongPin { .. } | CardError::Blocked) => Ok(()),
        Err(error) => Err(error),
    };
    if let Some(right) = &pins.signature
        && let Some(guess) = other(right, ["WRONG1", "WRONG2"], SignaturePassword::parse)
    {
        let left = SignaturePassword::TRIES.saturating_sub(tries.signature);
        let mut client = JpkiClient::select(card)?;
        while client.tries_left(inrou_rules::Use::Signature)? > left {
            wrong(client.verify(Pin::Signature(&guess)))?;
        }
    }
    if let Some(right) = &pins.user_authentication
        && let Some(guess) = other(right, ["0000", "1111"], UserAuthenticationPin::parse)
    {
        let left = UserAuthenticationPin::TRIES.saturating_sub(tries.user_authentication);
        let mut client = JpkiClient::select(card)?;
        while client.tries_left(inrou_rules::Use::UserAuthentication)? > left {
            wrong(client.verify(Pin::UserAuthentication(&guess)))?;
        }
    }
    if let Some(guess) = other(&pins.card_face, ["0000", "1111"], CardFacePin::parse) {
        let left = CardFacePin::TRIES.saturating_sub(tries.card_face);
        let mut client = FaceInputClient::select(card)?;
        while client.tries_left()? > left {
            wrong(client.verify(&guess))?;
        }
    }
    Ok(())
}

/// One of two guesses that is not the right one.
fn other<P: PartialEq, E>(
    right: &P,
    guesses: [&str; 2],
    parse: impl Fn(&str) -> Result<P, E>,
) -> Option<P> {
    guesses.iter().filter_map(|guess| parse(guess).ok()).find(|guess| guess != right)
}

/// The chip of a test resident's card: always the same for a name, so that a first start that was
/// broken off finds the card it made.
fn chip_of(handle: &str) -> ChipId {
    let digest = HashAlgorithm::Sha256.digest(format!("inrou card {handle}").as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&digest.as_bytes()[..16]);
    ChipId::from_bytes(id)
}

fn step_key(handle: &str, step: &str) -> IdempotencyKey {
    format!("setup-{step}-{handle}")
        .parse()
        .expect("a handle is at most 32 letters, digits and hyphens")
}
