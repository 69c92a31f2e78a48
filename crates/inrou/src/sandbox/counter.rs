//! A municipality's counter: enters residents, and writes their cards on its reader.

use inrou_api::client::{Client, ClientError};
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::session::{SessionError, play};
use inrou_api::wire::authority::{
    AdmitResident, Attendance, CardIssued, CardPin, IssueCard, ResidentAdmitted, SessionOutcome,
    SessionWork,
};
use inrou_chip::client::{CardError, FaceInputClient, JpkiClient, Pin};
use inrou_chip::transport::{Transport, TransportError};
use inrou_rules::{
    Attributes, CardFacePin, ChipId, Municipality, ResidentId, SignaturePassword,
    UserAuthenticationPin, Uses,
};

/// Why the counter could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum CounterError {
    /// The authority answered with a problem, or not at all.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The session with the card broke.
    #[error(transparent)]
    Session(#[from] SessionError<TransportError>),
    /// The card on the reader did not do as it should.
    #[error(transparent)]
    Card(#[from] CardError),
    /// A PIN is to be set that the resident did not choose.
    #[error("the resident chose no PIN for the {0:?}")]
    NoPin(CardPin),
}

/// The PINs that a resident chooses at the counter.
#[derive(Clone, Copy)]
pub struct ChosenPins<'a> {
    /// For the signature certificate.
    pub signature: Option<&'a SignaturePassword>,
    /// For the user-authentication certificate.
    pub user_authentication: Option<&'a UserAuthenticationPin>,
    /// For the face-input application.
    pub card_face: &'a CardFacePin,
}

/// A municipality's counter.
pub struct Counter {
    /// Calls the authority's API, signing as a counter.
    pub client: Client,
    /// The municipality.
    pub municipality: Municipality,
}

impl Counter {
    /// Enters a resident; under one `key`, once.
    ///
    /// # Errors
    /// [`CounterError::Client`].
    pub async fn admit(
        &self,
        attributes: &Attributes,
        key: &IdempotencyKey,
    ) -> Result<ResidentId, CounterError> {
        let request =
            AdmitResident { municipality: self.municipality, attributes: attributes.clone() };
        let admitted: ResidentAdmitted =
            self.client.post("/residents").json(&request).once(key).answer().await?;
        Ok(admitted.resident)
    }

    /// Issues the card that lies on the reader, and writes it: keys, then the resident's PINs, then
    /// certificates. Taken up again under the same `key`, it goes on where it stopped.
    ///
    /// # Errors
    /// [`CounterError`].
    pub async fn issue_card<T: Transport>(
        &self,
        resident: ResidentId,
        chip: ChipId,
        uses: Uses,
        pins: ChosenPins<'_>,
        key: &IdempotencyKey,
        reader: &mut T,
    ) -> Result<CardIssued, CounterError> {
        let request =
            IssueCard { chip, uses, attendance: Attendance::InPerson, counter: self.municipality };
        let path = format!("/residents/{resident}/card");
        let issued: CardIssued = self.client.post(&path).json(&request).once(key).answer().await?;
        while !self.write_card(resident, pins, reader).await? {}
        Ok(issued)
    }

    /// One session with the card, and the PINs that may be set after it. Answers whether the card is
    /// up to date.
    async fn write_card<T: Transport>(
        &self,
        resident: ResidentId,
        pins: ChosenPins<'_>,
        reader: &mut T,
    ) -> Result<bool, CounterError> {
        let work = SessionWork::WriteCard { resident };
        let outcome = play(&self.client, &work, |command| reader.transmit(command)).await;
        let open = match outcome {
            Ok(SessionOutcome::CardWritten { pins, .. }) => pins,
            Ok(_) => Vec::new(),
            Err(SessionError::Client(error)) if nothing_to_do(&error) => return Ok(true),
            Err(error) => return Err(error.into()),
        };
        for pin in &open {
            set_pin(*pin, pins, reader)?;
        }
        Ok(open.is_empty())
    }
}

fn nothing_to_do(error: &ClientError) -> bool {
    error.problem().is_some_and(|problem| problem.is(inrou_api::problem::Code::NOTHING_TO_DO))
}

fn set_pin<T: Transport>(
    pin: CardPin,
    chosen: ChosenPins<'_>,
    reader: &mut T,
) -> Result<(), CounterError> {
    match pin {
        CardPin::Signature => {
            let password = chosen.signature.ok_or(CounterError::NoPin(pin))?;
            JpkiClient::select(reader)?.set_pin(Pin::Signature(password))?;
        }
        CardPin::UserAuthentication => {
            let digits = chosen.user_authentication.ok_or(CounterError::NoPin(pin))?;
            JpkiClient::select(reader)?.set_pin(Pin::UserAuthentication(digits))?;
        }
        CardPin::CardFace => FaceInputClient::select(reader)?.set_pin(chosen.card_face)?,
    }
    Ok(())
}
