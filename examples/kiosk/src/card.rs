//! Who somebody is by the card on the reader: a challenge that the card signs with its user-authentication
//! key, after its PIN of four digits (CARD-5).

use inrou_api::client::Client;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{FindHolder, Holder};
use inrou_api::wire::transaction::Purpose;
use inrou_chip::client::{CardError, JpkiClient, Pin};
use inrou_chip::image::Personality;
use inrou_chip::transport::{Transport, TransportError};
use inrou_pki::Certificate;
use inrou_relying::Validator;
use inrou_rules::{PinForm, Refusal, Use, UserAuthenticationPin};
use jiff::Timestamp;

use crate::copies::Person;

/// How the PIN is called in problems.
const PIN: &str = "card-user-authentication";

/// What is signed: so that no signature for something else is one for this.
const DOMAIN: &[u8] = b"inrou-kiosk-log-in-1\0";

/// The kiosk's card reader.
pub trait Reader: Send + Sync {
    /// The names of the cards that can be put on it.
    ///
    /// # Errors
    /// `reader-unavailable`, `internal-error`.
    fn cards(&self) -> Result<Vec<String>, Problem>;

    /// Connects to the card of that name, for this use alone; dropping the connection takes its power away.
    ///
    /// # Errors
    /// `not-found`, `card-not-present`, `card-busy`, `reader-unavailable`.
    fn connect(&self, name: &str) -> Result<Box<dyn Transport + Send>, Problem>;
}

/// What a card answered to a challenge.
pub(crate) struct Answer {
    certificate: Certificate,
    challenge: [u8; 32],
    signature: Vec<u8>,
}

/// Has the card sign a challenge. A PIN of a wrong form costs no try.
///
/// # Errors
/// `pin-form`, `wrong-pin`, `pin-blocked`, `last-tries`, `card-carries-none`, `not-a-my-number-card`,
/// `card-removed`, and what a [`Reader`] says.
pub(crate) fn challenge(
    reader: &dyn Reader,
    card: &str,
    typed: &str,
    challenge: [u8; 32],
) -> Result<Answer, Problem> {
    let pin = UserAuthenticationPin::parse(typed).map_err(wrong_form)?;
    let mut card = reader.connect(card)?;
    sign(&mut *card, &pin, challenge).map_err(problem)
}

fn sign(
    card: &mut (dyn Transport + Send),
    pin: &UserAuthenticationPin,
    challenge: [u8; 32],
) -> Result<Answer, CardError> {
    let mut client = JpkiClient::select(card)?;
    // A phone is not put on the reader here: it answers by its app.
    if client.personality()? != Some(Personality::Card) {
        return Err(CardError::NotThisCard);
    }
    let certificate = client.certificate(Use::UserAuthentication)?;
    let certificate = Certificate::from_der(&certificate).map_err(|_| CardError::Malformed)?;
    let key = certificate.public_key().map_err(|_| CardError::Malformed)?;
    let digest = key.algorithm().signature().hash().digest(&message(challenge));
    client.verify(Pin::UserAuthentication(pin))?;
    let signature = client.sign(Use::UserAuthentication, &digest)?;
    Ok(Answer { certificate, challenge, signature })
}

/// Judges the answer, and asks the authority whose certificate it is. Nothing is asked before the signature
/// has passed.
///
/// # Errors
/// `login-signature-invalid`, and what is wrong with the certificate; `service-unavailable`.
pub(crate) async fn learn(
    validator: &Validator,
    authority: &Client,
    answer: Answer,
    now: Timestamp,
) -> Result<Person, Problem> {
    let Answer { certificate, challenge, signature } = answer;
    let invalid = || Problem::new(Code::LOGIN_SIGNATURE_INVALID);
    let key = certificate.public_key().map_err(|_| invalid())?;
    key.verify(key.algorithm().signature(), &message(challenge), &signature)
        .map_err(|_| invalid())?;
    validator.validate(&certificate, now, Purpose::LogIn).await?;
    let request = FindHolder { certificate: Base64(certificate.as_der().to_vec()) };
    let unavailable = |error| Problem::new(Code::SERVICE_UNAVAILABLE).caused_by(error);
    let holder: Result<Holder, _> = authority.post("/holders").json(&request).answer().await;
    let Holder { subject, attributes } = holder.map_err(unavailable)?;
    let attributes = attributes.ok_or_else(|| Problem::new(Code::SERVICE_UNAVAILABLE))?;
    Ok(Person {
        id: subject,
        name: attributes.name,
        address: attributes.address,
        birth_date: attributes.birth_date,
    })
}

fn message(challenge: [u8; 32]) -> Vec<u8> {
    [DOMAIN, &challenge].concat()
}

fn wrong_form(form: PinForm) -> Problem {
    let fault = match form {
        PinForm::Length => "length",
        PinForm::Character => "character",
        PinForm::NoLetter => "no-letter",
        PinForm::NoDigit => "no-digit",
    };
    Problem::new(Code::PIN_FORM).by_rule("CARD-5").with("pin", PIN).with("fault", fault)
}

fn problem(error: CardError) -> Problem {
    let of_pin = |code| Problem::new(code).by_rule("CARD-6").with("pin", PIN);
    match error {
        CardError::WrongPin { tries_left } => of_pin(Code::WRONG_PIN).with("left", tries_left),
        CardError::LastTries { tries_left } => of_pin(Code::LAST_TRIES).with("left", tries_left),
        CardError::Blocked => of_pin(Code::PIN_BLOCKED),
        CardError::NotSetUp | CardError::NoFile => {
            Refusal::CardCarriesNone { usage: Use::UserAuthentication }.into()
        }
        CardError::Transport(TransportError::Removed) => Problem::new(Code::CARD_REMOVED),
        CardError::Transport(TransportError::Busy) => Problem::new(Code::CARD_BUSY),
        CardError::Transport(TransportError::Reader(_)) => Problem::new(Code::READER_UNAVAILABLE),
        CardError::NotThisCard | CardError::Malformed | CardError::Unexpected(_) => {
            Problem::new(Code::NOT_A_MY_NUMBER_CARD).caused_by(error)
        }
        CardError::PinRequired | CardError::PinForm => Problem::internal(error),
    }
}
