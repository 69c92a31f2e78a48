//! Personas: who answers a relying party in place of somebody with a phone, by outcome. Those with cards
//! are residents of the sandbox's authority, and answer with their cards' certificates and signatures;
//! their cards are made when they are first asked for, and anew when they have ended.

use std::sync::Arc;

use inrou_api::client::Client;
use inrou_api::clock::{Clock, SandboxClock};
use inrou_api::problem::{OrInternal, Problem};
use inrou_api::wire::authority::{
    Attendance, ChangeRecord, ChooseCertificates, ReportLoss, ResidentView,
};
use inrou_api::wire::transaction::{Hindrance, Purpose, Transaction, TransactionAnswer};
use inrou_authority::Authority;
use inrou_chip::chip::Interface;
use inrou_chip::client::{CardError, JpkiClient};
use inrou_chip::transport::Transport;
use inrou_chip::tray::{ChipName, Tray, TrayError};
use inrou_phone::answer::{self, usage_of};
use inrou_pki::{Certificate, Status};
use inrou_provider::personas::{PersonaAnswer, Personas, Response};
use inrou_rules::{CertificateId, Medium, ResidentId, Use, Uses, japan};
use jiff::Timestamp;

use super::SandboxError;
use super::counter::Counter;
use super::setup;
use crate::maker::Maker;
use crate::residents::{CardPins, Fault, ResidentsError, Source, TestResident};

/// The personas with cards, who come with the program.
const BUILT_IN: &str = include_str!("../../data/personas.json");

/// The file in the data folder that adds some.
pub(super) const FILE: &str = "personas.json";

/// The one whose card must be older than the sandbox.
pub(super) const EXPIRED: &str = "expired";

/// Those without cards, and what they answer.
const WITHOUT_CARD: [(&str, Says); 4] = [
    ("refused", Says::Answer(TransactionAnswer::Refused)),
    ("timed-out", Says::Nothing),
    ("wrong-pin", Says::Answer(TransactionAnswer::Cannot { reason: Hindrance::WrongPin })),
    (
        "phone-not-supported",
        Says::Answer(TransactionAnswer::Cannot { reason: Hindrance::PhoneNotSupported }),
    ),
];

/// How many cards a persona may have had.
const MOST_CARDS: u32 = 100;

enum Says {
    Answer(TransactionAnswer),
    Nothing,
}

/// All personas of a sandbox.
pub(super) struct Cast {
    pub(super) clock: Arc<SandboxClock>,
    pub(super) maker: Arc<Maker>,
    pub(super) tray: Arc<Tray>,
    pub(super) authority: Arc<Authority>,
    /// Calls the authority as a counter, and as the hotline.
    pub(super) counter: Client,
    pub(super) hotline: Client,
    /// The files that tell of those with cards.
    pub(super) files: Vec<Source>,
    /// One card is made, or used, at a time.
    pub(super) busy: tokio::sync::Mutex<()>,
}

/// The files that tell of personas with cards: the program's, and the data folder's if there is one.
///
/// # Errors
/// The folder's cannot be read, or a name in it is taken.
pub(super) fn files(
    own: Option<Source>,
    day: jiff::civil::Date,
) -> Result<Vec<Source>, SandboxError> {
    let mut files = vec![Source::of_text(BUILT_IN)];
    let mut names: Vec<String> = WITHOUT_CARD.map(|(name, _)| name.to_owned()).into();
    names.extend(files[0].residents(day)?.into_iter().map(|persona| persona.handle.to_string()));
    if let Some(own) = own {
        let taken = own
            .residents(day)?
            .into_iter()
            .find(|persona| names.iter().any(|name| name == persona.handle.as_str()));
        if let Some(taken) = taken {
            let resident = Some(taken.handle.to_string());
            let fault = Fault::NameTwice;
            return Err(ResidentsError { file: None, line: None, resident, fault }.into());
        }
        files.push(own);
    }
    Ok(files)
}

/// The persona whose card must be older than the sandbox, for one that begins on that day.
///
/// # Errors
/// The program's own file is wrong.
pub(super) fn expired(day: jiff::civil::Date) -> Result<Option<TestResident>, SandboxError> {
    let all = Source::of_text(BUILT_IN).residents(day)?;
    Ok(all.into_iter().find(|one| one.handle.as_str() == EXPIRED).and_then(|one| numbered(&one, 1)))
}

impl Personas for Cast {
    fn names(&self) -> Vec<String> {
        let with_card = self.with_card().unwrap_or_default();
        let with_card = with_card.into_iter().map(|persona| persona.handle.to_string());
        with_card.chain(WITHOUT_CARD.map(|(name, _)| name.to_owned())).collect()
    }

    fn answer<'a>(&'a self, name: &'a str, asked: &'a Transaction) -> Response<'a> {
        Box::pin(self.respond(name, asked))
    }
}

impl Cast {
    async fn respond(
        &self,
        name: &str,
        asked: &Transaction,
    ) -> Result<Option<PersonaAnswer>, Problem> {
        if let Some((_, says)) = WITHOUT_CARD.iter().find(|(known, _)| *known == name) {
            return Ok(Some(match says {
                Says::Answer(answer) => PersonaAnswer::Answers(answer.clone()),
                Says::Nothing => PersonaAnswer::StaysSilent,
            }));
        }
        let all = self.with_card().or_internal()?;
        let Some(persona) = all.into_iter().find(|one| one.handle.as_str() == name) else {
            return Ok(None);
        };
        let _busy = self.busy.lock().await;
        for number in 1..MOST_CARDS {
            let Some(numbered) = numbered(&persona, number) else { return Ok(None) };
            if let Some(answer) = self.by_card(name, &numbered, asked).await? {
                return Ok(Some(PersonaAnswer::Answers(answer)));
            }
        }
        Ok(None)
    }

    /// Those with cards, as of today: the ages of some are told from it.
    fn with_card(&self) -> Result<Vec<TestResident>, ResidentsError> {
        let today = japan::day(self.clock.now());
        let read = self.files.iter().map(|file| file.residents(today));
        Ok(read.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// The answer by a card of that persona, which is made if it is not there; `None` if the persona needs
    /// another one.
    async fn by_card(
        &self,
        name: &str,
        persona: &TestResident,
        asked: &Transaction,
    ) -> Result<Option<TransactionAnswer>, Problem> {
        let chip: ChipName = persona.handle.as_str().parse().or_internal()?;
        match self.tray.entry(&chip) {
            Ok(_) => {}
            Err(TrayError::NoSuchChip(_)) if name == EXPIRED => return Ok(None),
            Err(TrayError::NoSuchChip(_)) => self.make(name, persona).await?,
            Err(error) => return Err(Problem::internal(error)),
        }
        let (tray, pins, asked) = (self.tray.clone(), persona.card.pins.clone(), asked.clone());
        let (usage, now) = (usage_of(asked.purpose), self.clock.now());
        let answer = move || {
            let mut card = tray.take(&chip).or_internal()?;
            card.power_on(Interface::Contactless);
            let answered = by_chip(&mut *card, &pins, &asked, now);
            card.power_off();
            match answered {
                Ok((answer, certificate)) => Ok((answer, Some(certificate))),
                Err(CardError::Blocked) => Ok((cannot(Hindrance::PinBlocked), None)),
                Err(CardError::NotSetUp | CardError::NoFile) => {
                    Ok((cannot(Hindrance::NoCertificate), None))
                }
                Err(error) => Err(Problem::internal(error)),
            }
        };
        let (answer, by) = tokio::task::spawn_blocking(answer).await.or_internal()??;
        let plays = by.is_none_or(|certificate| self.still_plays(name, usage, &certificate));
        Ok(plays.then_some(answer))
    }

    /// Whether the certificate of an answer, DER, is as the persona's must be.
    fn still_plays(&self, name: &str, usage: Use, certificate: &[u8]) -> bool {
        let Ok(certificate) = Certificate::from_der(certificate) else { return false };
        let has_ended = certificate.not_after() < self.clock.now();
        if name == EXPIRED {
            return has_ended;
        }
        let Some(serial) = certificate.serial() else { return false };
        let id = CertificateId { usage, serial };
        let status = self.authority.status_index().status(id);
        let as_told = match (name, usage) {
            ("on-hold", _) => matches!(status, Status::OnHold { .. }),
            // A new address ends the certificate that has the old one in it (CARD-7).
            ("revoked", _) | ("address-changed", Use::Signature) => {
                matches!(status, Status::Revoked { .. })
            }
            _ => matches!(status, Status::Good),
        };
        as_told && !has_ended
    }

    /// Has the persona's card issued, and what belongs to the story happen.
    async fn make(&self, name: &str, persona: &TestResident) -> Result<(), Problem> {
        let counter = Counter { client: self.counter.clone(), municipality: persona.municipality };
        let entered = setup::enter(persona, &self.maker, &self.tray, &counter).await;
        let resident = entered.map_err(Problem::internal)?;
        match name {
            "on-hold" => {
                let loss = ReportLoss { medium: Medium::Card };
                told(&self.hotline, resident, "hold", &loss).await
            }
            "revoked" => {
                let choice = ChooseCertificates {
                    uses: Uses { signature: false, user_authentication: false },
                    attendance: Attendance::InPerson,
                    counter: persona.municipality,
                };
                told(&self.counter, resident, "card/certificates", &choice).await
            }
            "address-changed" => {
                let mut attributes = persona.attributes.clone();
                attributes.address = attributes.address.replace('９', "１０");
                attributes.address_reading = attributes.address_reading.replace("きゅう", "じゅう");
                attributes.address_substitutes = "0".repeat(attributes.address.chars().count());
                let change = ChangeRecord {
                    attributes,
                    municipality: persona.municipality,
                    reissue: false,
                    attendance: Attendance::InPerson,
                };
                told(&self.counter, resident, "record", &change).await
            }
            _ => Ok(()),
        }
    }
}

async fn told(
    client: &Client,
    resident: ResidentId,
    what: &str,
    body: &impl serde::Serialize,
) -> Result<(), Problem> {
    let call = client.post(&format!("/residents/{resident}/{what}")).json(body);
    call.answer::<ResidentView>().await.map(drop).map_err(Problem::internal)
}

/// The persona with a card of that number: another card is another resident's.
fn numbered(persona: &TestResident, number: u32) -> Option<TestResident> {
    let handle = format!("persona-{}-{number}", persona.handle).parse().ok()?;
    Some(TestResident { handle, ..persona.clone() })
}

/// The answer of a card, and the certificate by which it answers.
fn by_chip<T: Transport>(
    card: &mut T,
    pins: &CardPins,
    asked: &Transaction,
    now: Timestamp,
) -> Result<(TransactionAnswer, Vec<u8>), CardError> {
    let mut client = JpkiClient::select(card)?;
    let answer = match asked.purpose {
        Purpose::LogIn => {
            let pin = pins.user_authentication.as_ref().ok_or(CardError::NotSetUp)?;
            answer::log_in(&mut client, pin, asked)?
        }
        Purpose::Sign | Purpose::SignDigest => {
            let password = pins.signature.as_ref().ok_or(CardError::NotSetUp)?;
            let proof = match asked.proof {
                true => {
                    let pin = pins.user_authentication.as_ref().ok_or(CardError::NotSetUp)?;
                    Some(answer::prove(&mut client, pin, asked)?)
                }
                false => None,
            };
            answer::sign(&mut client, password, asked, proof, now)?
        }
    };
    Ok((answer, client.certificate(usage_of(asked.purpose))?))
}

fn cannot(reason: Hindrance) -> TransactionAnswer {
    TransactionAnswer::Cannot { reason }
}
