//! How acts are done at the service: calls that are made again when their answers are lost.

use std::sync::Mutex;

use inrou_api::client::{Call, Client, ClientError};
use inrou_api::clock::Clock as _;
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::session::{SessionError, play};
use inrou_api::wire::authority::{SessionOutcome, SessionWork};
use inrou_oracle as oracle;
use inrou_oracle::Act;
use inrou_pki::SystemEntropy;
use inrou_rules::{Attributes, Municipality, ResidentId, Sex, Use, Uses};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::outcome::{Done, Outcome};
use crate::things::{Phone, Thing};
use crate::town::Town;

/// How often a call is made whose answer does not come.
const ATTEMPTS: usize = 4;

/// Everybody, as the service knows them.
pub struct People {
    pub town: Town,
    pub residents: Vec<Resident>,
    pub phones: Vec<Phone>,
}

pub struct Resident {
    pub id: ResidentId,
    pub now: Mutex<Present>,
}

/// What is true of a resident at present.
#[derive(Clone)]
pub struct Present {
    pub attributes: Attributes,
    pub municipality: oracle::Municipality,
    pub card: Option<Thing>,
}

impl Resident {
    pub fn new(id: ResidentId, attributes: Attributes, municipality: oracle::Municipality) -> Self {
        Self { id, now: Mutex::new(Present { attributes, municipality, card: None }) }
    }

    pub fn present(&self) -> Present {
        self.now.lock().unwrap().clone()
    }
}

impl People {
    /// Does an act.
    pub async fn act(&self, act: &Act, repeats: bool) -> Outcome {
        let caller = Caller { repeats };
        match act {
            Act::IssueCard { .. }
            | Act::ReissueCard { .. }
            | Act::AddCertificates { .. }
            | Act::StopCertificates { .. }
            | Act::RenewCertificates { .. }
            | Act::Change { .. }
            | Act::Die { .. }
            | Act::MoveAbroad { .. }
            | Act::ReportCardLost { .. }
            | Act::CardFound { .. }
            | Act::Unlock { .. }
            | Act::HoldCard { .. }
            | Act::HoldPhone { .. }
            | Act::RevokePhone { .. } => self.at_the_counter(act, caller).await.into(),
            _ => self.on_a_phone(act, caller).await.into(),
        }
    }
}

/// How calls are made in this act.
#[derive(Clone, Copy)]
pub struct Caller {
    /// Each call is made twice.
    repeats: bool,
}

impl Caller {
    /// Makes a call until there is an answer; and once more, if that is asked for: what is answered
    /// then is the same.
    pub async fn ask<T: DeserializeOwned>(self, call: impl Fn() -> Call) -> Done<T> {
        let first = insistently(&call).await;
        if self.repeats {
            let again = insistently(&call).await;
            let told = |answer: &Result<Value, Outcome>| match answer {
                Ok(value) => value.to_string(),
                Err(outcome) => format!("{outcome:?}"),
            };
            if told(&first) != told(&again) {
                let (first, again) = (told(&first), told(&again));
                return Err(Outcome::Broken(format!("repeated: {first}, then {again}")));
            }
        }
        serde_json::from_value(first?).map_err(|error| Outcome::Broken(error.to_string()))
    }

    /// Under an idempotency key of its own.
    pub async fn once<T: DeserializeOwned>(self, call: impl Fn() -> Call) -> Done<T> {
        let key = IdempotencyKey::new(&SystemEntropy);
        self.ask(|| call().once(&key)).await
    }

    /// A session with a chip, opened anew when its answers are lost.
    pub async fn session(
        self,
        client: &Client,
        work: SessionWork,
        thing: &Thing,
    ) -> Done<SessionOutcome> {
        let mut played = self.session_once(client, &work, thing).await;
        if self.repeats && played.is_ok() && !matches!(work, SessionWork::WriteCard { .. }) {
            played = self.session_once(client, &work, thing).await;
        }
        played
    }

    async fn session_once(
        self,
        client: &Client,
        work: &SessionWork,
        thing: &Thing,
    ) -> Done<SessionOutcome> {
        for _ in 0..ATTEMPTS {
            match play(client, work, |command| thing.transmit(command)).await {
                Ok(outcome) => return Ok(outcome),
                Err(SessionError::Client(ClientError::Unavailable(_))) => {}
                Err(SessionError::Client(error)) => return Err(error.into()),
                Err(SessionError::Chip(never)) => match never {},
            }
        }
        Err(Outcome::Broken(format!("a session brings no answer: {work:?}")))
    }
}

/// Reads something that has to be there.
pub async fn read<T: DeserializeOwned>(call: impl Fn() -> Call) -> T {
    let read = insistently(&call).await.unwrap_or_else(|outcome| panic!("{outcome:?}"));
    serde_json::from_value(read).unwrap()
}

async fn insistently(call: &impl Fn() -> Call) -> Done<Value> {
    for _ in 0..ATTEMPTS {
        match call().answer().await {
            Err(ClientError::Unavailable(_)) => {}
            answered => return answered.map_err(Outcome::from),
        }
    }
    Err(Outcome::Broken("a call brings no answer".to_owned()))
}

/// The service's word for a use.
pub fn usage(of: oracle::Use) -> Use {
    match of {
        oracle::Use::Signature => Use::Signature,
        oracle::Use::Authentication => Use::UserAuthentication,
    }
}

pub fn uses(of: oracle::Uses) -> Uses {
    Uses { signature: of.signature, user_authentication: of.authentication }
}

pub fn municipality(of: oracle::Municipality) -> Municipality {
    of.0.to_string().parse().expect("a municipality's code")
}

/// Somebody who lives there and was born then.
pub fn attributes(birth_date: jiff::civil::Date, place: oracle::Municipality) -> Attributes {
    let address = address(place, 1);
    Attributes {
        name: "試験　花子".to_owned(),
        name_reading: "しけん　はなこ".to_owned(),
        name_substitutes: "00000".to_owned(),
        address_substitutes: "0".repeat(address.chars().count()),
        address,
        address_reading: "みほんちょう".to_owned(),
        birth_date,
        sex: Sex::Female,
    }
}

/// The n-th house there.
pub fn address(place: oracle::Municipality, house: u32) -> String {
    let digit = char::from_u32(u32::from('０') + house % 10).expect("a digit");
    let town = if place.0 == 13221 { "清瀬市" } else { "小平市" };
    format!("東京都{town}見本町{digit}")
}

impl People {
    pub fn now(&self) -> jiff::Timestamp {
        self.town.clock.now()
    }
}
