//! Personas: who answers a relying party in place of somebody with a phone, by outcome. Those with cards
//! are residents of the sandbox's authority, and answer with the certificates and signatures of their
//! cards, or of their phones if they have some. They are made when they are first asked for, those with
//! phones at the first start; and anew when their certificates have ended or their making was broken off.
//!
//! - `making`: how one is made; `story`: what happens to some of them
//! - `told`: the files that tell of them

mod making;
mod story;
mod told;

use std::sync::Arc;

use inrou_api::clock::Clock;
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::wire::transaction::{Hindrance, Purpose, Transaction, TransactionAnswer};
use inrou_chip::chip::Interface;
use inrou_chip::client::{CardError, JpkiClient};
use inrou_chip::files::Folder;
use inrou_chip::transport::Transport;
use inrou_chip::tray::Tray;
use inrou_phone::answer::{self, usage_of, uses_of};
use inrou_pki::Certificate;
use inrou_provider::personas::{Offered, PersonaAnswer, Personas, Response};
use inrou_rules::{CertificateId, Medium, SignaturePassword, Use, UserAuthenticationPin, japan};
use jiff::Timestamp;

use self::making::{Standing, chip_of, is_supported, will_register};
use self::story::Story;
pub(super) use self::told::{FILE, files, of_first_start};
use super::stage::Props;
use crate::person::{PHONE_PASSWORD, PHONE_PIN};
use crate::residents::{CardPins, ResidentsError, Source, TestResident, WrongTries};

/// What is told of who has a phone's chip that answers.
const OWNER: &str = "a persona";

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
    /// Where they act while they are made.
    pub(super) props: Props,
    /// Where their cards lie, and beside each a mark once its persona is made.
    pub(super) folder: Folder,
    /// The files that tell of those with cards.
    pub(super) files: Vec<Source>,
    /// One persona is made, or answers, at a time.
    pub(super) busy: tokio::sync::Mutex<()>,
}

impl Personas for Cast {
    fn offered(&self, purpose: Purpose) -> Vec<Offered> {
        let with_card = self.with_card().unwrap_or_default();
        let with_card = with_card.into_iter().filter(|persona| self.is_there(persona));
        let with_card = with_card.map(|persona| offered(&persona, needed_for(purpose)));
        let without = WITHOUT_CARD.map(|(name, _)| Offered {
            name: name.to_owned(),
            succeeds: false,
            medium: None,
        });
        with_card.chain(without).collect()
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
        let (story, _busy) = (Story::of(name), self.busy.lock().await);
        for number in 1..MOST_CARDS {
            let numbered = numbered(&persona, number)?;
            let standing = self.standing(&chip_of(&numbered)?)?;
            match standing {
                Standing::Made => {}
                Standing::BrokenOff => continue,
                Standing::Missing if story == Story::Outlived => return Ok(None),
                Standing::Missing => self.make(story, &numbered).await?,
            }
            match self.by_chip(story, numbered, asked.clone()).await? {
                Some(answer) => return Ok(Some(PersonaAnswer::Answers(answer))),
                None if standing == Standing::Made => {}
                // The next one would not come out otherwise.
                None => break,
            }
        }
        Err(Problem::new(Code::INTERNAL_ERROR))
    }

    /// Whether a persona is there, or can be made.
    fn is_there(&self, persona: &TestResident) -> bool {
        let made = || {
            let chip = chip_of(&numbered(persona, 1)?)?;
            self.standing(&chip).map(|standing| standing == Standing::Made)
        };
        Story::of(persona.handle.as_str()) != Story::Outlived || made().unwrap_or_default()
    }

    /// Those with cards, as of today: the ages of some are told from it.
    fn with_card(&self) -> Result<Vec<TestResident>, ResidentsError> {
        let today = japan::day(self.props.clock.now());
        let read = self.files.iter().map(|file| file.residents(today));
        Ok(read.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// The answer by the chip of a persona who is made; `None` if it is not as it must be any more.
    async fn by_chip(
        &self,
        story: Story,
        persona: TestResident,
        asked: Transaction,
    ) -> Result<Option<TransactionAnswer>, Problem> {
        let chip = chip_of(&persona)?;
        let (tray, interface, pins) = match medium(&persona) {
            Medium::Card => {
                let pins = persona.card.pins.clone();
                (self.props.tray.clone(), Interface::Contactless, pins)
            }
            Medium::Phone => {
                let folder = self.props.phones.join(chip.as_str());
                let ground = &self.props.ground;
                let (entropy, keys) = (ground.entropy.clone(), ground.keys.clone());
                let tray = Tray::open(&folder, OWNER, entropy, keys).or_internal()?;
                (Arc::new(tray), Interface::Local, phone_pins(&persona))
            }
        };
        let (usage, now) = (usage_of(asked.purpose), self.props.clock.now());
        let told = hindrance(&persona, uses_of(&asked));
        let answer = move || {
            let mut chip = tray.take(&chip).or_internal()?;
            chip.power_on(interface);
            let answered = answer_of(&mut *chip, &pins, &asked, now);
            chip.power_off();
            match answered {
                Ok(answered) => Ok(Some(answered)),
                Err(CardError::Blocked | CardError::NotSetUp | CardError::NoFile) => Ok(None),
                Err(error) => Err(Problem::internal(error)),
            }
        };
        let answered = tokio::task::spawn_blocking(answer).await.or_internal()??;
        Ok(match (answered, told) {
            (Some((answer, certificate)), None) => {
                self.still_plays(story, usage, &certificate).then_some(answer)
            }
            (None, Some(reason)) => Some(TransactionAnswer::Cannot { reason }),
            _ => None,
        })
    }

    /// Whether the certificate of an answer, DER, is as the persona's must be.
    fn still_plays(&self, story: Story, usage: Use, certificate: &[u8]) -> bool {
        let Ok(certificate) = Certificate::from_der(certificate) else { return false };
        let Some(serial) = certificate.serial() else { return false };
        let has_ended = certificate.not_after() < self.props.clock.now();
        let status = self.props.authority.status_index().status(CertificateId { usage, serial });
        story.has_come_to_pass(usage, status, has_ended)
    }
}

/// The uses of the certificates that sites are answered with: who signs proves to be there, too.
fn needed_for(purpose: Purpose) -> &'static [Use] {
    match purpose {
        Purpose::LogIn => &[Use::UserAuthentication],
        Purpose::Sign | Purpose::SignDigest => &[Use::Signature, Use::UserAuthentication],
    }
}

/// A persona, as it is offered where certificates of those uses are needed.
fn offered(persona: &TestResident, uses: &[Use]) -> Offered {
    let name = persona.handle.to_string();
    let story = Story::of(&name);
    let spared = uses.iter().all(|usage| story.spares(*usage));
    let succeeds = spared && hindrance(persona, uses.iter().copied()).is_none();
    Offered { name, succeeds, medium: Some(medium(persona)) }
}

/// By what a persona answers.
fn medium(persona: &TestResident) -> Medium {
    if persona.phones.is_empty() { Medium::Card } else { Medium::Phone }
}

/// What keeps a persona from answering with the certificates of some uses, as the file tells.
fn hindrance(persona: &TestResident, uses: impl IntoIterator<Item = Use>) -> Option<Hindrance> {
    uses.into_iter().find_map(|usage| hindrance_of(persona, usage))
}

/// What keeps a persona from answering with the certificate of a use, as the file tells.
fn hindrance_of(persona: &TestResident, usage: Use) -> Option<Hindrance> {
    let (card, most) = (&persona.card, WrongTries::MOST);
    let has_certificate = match medium(persona) {
        Medium::Card => card.certificates.contains(usage),
        Medium::Phone => will_register(persona),
    };
    let is_locked = match usage {
        Use::Signature => card.wrong_tries.signature >= most.signature,
        Use::UserAuthentication => card.wrong_tries.user_authentication >= most.user_authentication,
    };
    match medium(persona) {
        Medium::Phone if !is_supported(persona) => Some(Hindrance::PhoneNotSupported),
        _ if !has_certificate => Some(Hindrance::NoCertificate),
        Medium::Card if is_locked => Some(Hindrance::PinBlocked),
        _ => None,
    }
}

/// The persona with a card of that number, and with a phone that is called like it: another card is
/// another resident's.
fn numbered(persona: &TestResident, number: u32) -> Result<TestResident, Problem> {
    let mut one = persona.clone();
    one.handle = format!("persona-{}-{number}", persona.handle).parse().or_internal()?;
    for phone in &mut one.phones {
        phone.name = one.handle.clone();
    }
    Ok(one)
}

/// The PINs that personas choose for their phones.
fn phone_pins(persona: &TestResident) -> CardPins {
    CardPins {
        signature: SignaturePassword::parse(PHONE_PASSWORD).ok(),
        user_authentication: UserAuthenticationPin::parse(PHONE_PIN).ok(),
        card_face: persona.card.pins.card_face.clone(),
    }
}

/// The answer of a chip, and the certificate by which it answers.
fn answer_of<T: Transport>(
    chip: &mut T,
    pins: &CardPins,
    asked: &Transaction,
    now: Timestamp,
) -> Result<(TransactionAnswer, Vec<u8>), CardError> {
    let mut client = JpkiClient::select(chip)?;
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

#[cfg(test)]
mod tests;
