//! A card is brought up to date on the counter's reader: keys, then the PINs that the resident types on a pad
//! of its own, then certificates. Nobody of the staff sees a PIN, and none is kept: what is typed goes to the
//! card. What is begun is known by a name that the clerk's page hands to the pad; after a restart it is begun
//! anew, and what the card has done is found done.

use std::sync::Arc;

use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::session::{SessionError, play};
use inrou_api::wire::authority::{CardPin, SessionOutcome, SessionWork};
use inrou_api::wire::phone::Typed;
use inrou_chip::client::{CardError, FaceInputClient, JpkiClient, Pin};
use inrou_chip::transport::{Transport, TransportError};
use inrou_rules::{
    CardFacePin, MemberId, PinForm, ResidentId, SignaturePassword, UserAuthenticationPin,
};
use jiff::{SignedDuration, Timestamp};

use crate::Desk;
use crate::journal::Act;
use crate::reader::Reader;
use crate::secrets::hex;
use crate::staff::{Duty, Member};

/// How long the pad waits for the resident.
const LIFE: SignedDuration = SignedDuration::from_mins(30);

/// How many sessions a card may need; more would be without end.
const SESSIONS: usize = 6;

/// A card on the reader that waits for its resident's PINs.
#[derive(Clone, Debug)]
pub(crate) struct Writing {
    /// What the pad's address holds.
    pub(crate) id: String,
    pub(crate) resident: ResidentId,
    /// Whose reader it lies on.
    member: MemberId,
    card: String,
    /// What the resident has to choose; empty once the card is up to date.
    pub(crate) pins: Vec<CardPin>,
    expires: Timestamp,
}

/// What the resident typed, twice each. Wiped when it is dropped.
#[derive(Default)]
pub(crate) struct TypedPins {
    pub(crate) signature: [Option<Typed>; 2],
    pub(crate) user_authentication: [Option<Typed>; 2],
    pub(crate) card_face: [Option<Typed>; 2],
}

/// PINs that have their form.
#[derive(Default)]
struct Chosen {
    signature: Option<SignaturePassword>,
    user_authentication: Option<UserAuthenticationPin>,
    card_face: Option<CardFacePin>,
}

impl Desk {
    /// Begins to write the card that lies on the reader, up to where the resident's PINs are needed.
    ///
    /// # Errors
    /// `reader-unavailable`, `permission-denied`, those of the reader, the card and the authority.
    pub(crate) async fn write_card(
        &self,
        by: &Member,
        resident: ResidentId,
        card: String,
    ) -> Result<Writing, Problem> {
        let entry = self.plain(by, Act::WriteCard, Some(resident));
        self.carry_out(by, Duty::Cards, entry, async {
            self.own_resident(by, resident).await?;
            let pins = self.sessions(resident, &card).await?;
            let writing = Writing {
                id: hex(&self.random::<16>()),
                resident,
                member: by.id,
                card,
                pins,
                expires: self.until(LIFE),
            };
            let now = self.now();
            let mut open = self.writings();
            open.retain(|other| other.expires > now && other.member != by.id);
            open.push(writing.clone());
            Ok(writing)
        })
        .await
    }

    /// The writing of that name, while it is under way.
    ///
    /// # Errors
    /// `writing-over`.
    pub(crate) fn writing(&self, id: &str) -> Result<Writing, Problem> {
        let now = self.now();
        let open = self.writings();
        let found = open.iter().find(|writing| writing.id == id && writing.expires > now);
        found.cloned().ok_or_else(|| Problem::new(Code::WRITING_OVER))
    }

    /// Sets the PINs that the resident typed on the card, and writes what is left.
    ///
    /// # Errors
    /// `writing-over`, `pin-form`, `pins-differ`; those of the reader, the card and the authority.
    pub(crate) async fn set_pins(&self, id: &str, typed: TypedPins) -> Result<(), Problem> {
        let writing = self.writing(id)?;
        let chosen = typed.read(&writing.pins)?;
        let (card, pins) = (writing.card.clone(), writing.pins.clone());
        let reader = self.reader()?;
        let set = tokio::task::spawn_blocking(move || {
            let mut transport = reader.connect(&card)?;
            pins.iter().try_for_each(|pin| chosen.set(*pin, &mut *transport))
        });
        set.await.or_internal()??;
        let pins = self.sessions(writing.resident, &writing.card).await?;
        if let Some(open) = self.writings().iter_mut().find(|open| open.id == id) {
            open.pins = pins;
        }
        Ok(())
    }

    /// Sessions with the card, until it is up to date or waits for PINs: which.
    async fn sessions(&self, resident: ResidentId, card: &str) -> Result<Vec<CardPin>, Problem> {
        let work = SessionWork::WriteCard { resident };
        let (reader, name) = (self.reader()?, card.to_owned());
        let connect = tokio::task::spawn_blocking(move || reader.connect(&name));
        let mut transport = connect.await.or_internal()??;
        for _ in 0..SESSIONS {
            let played =
                play(&self.authority.counter, &work, |command| transport.transmit(command));
            match played.await {
                Ok(SessionOutcome::CardWritten { pins, .. }) if !pins.is_empty() => {
                    return Ok(pins);
                }
                Ok(_) => {}
                Err(SessionError::Client(error)) => {
                    let is_over =
                        error.problem().is_some_and(|problem| problem.is(Code::NOTHING_TO_DO));
                    if is_over {
                        return Ok(Vec::new());
                    }
                    return Err(error.into());
                }
                Err(SessionError::Chip(error)) => return Err(unread(error)),
            }
        }
        Ok(Vec::new())
    }

    /// The reader.
    ///
    /// # Errors
    /// `reader-unavailable`.
    pub(crate) fn reader(&self) -> Result<Arc<dyn Reader>, Problem> {
        self.reader.clone().ok_or_else(|| Problem::new(Code::READER_UNAVAILABLE))
    }
}

impl TypedPins {
    /// What was typed for these, read.
    fn read(&self, pins: &[CardPin]) -> Result<Chosen, Problem> {
        let mut chosen = Chosen::default();
        for pin in pins {
            let typed = match pin {
                CardPin::Signature => &self.signature,
                CardPin::UserAuthentication => &self.user_authentication,
                CardPin::CardFace => &self.card_face,
            };
            let [one, other] =
                [0, 1].map(|at| typed[at].as_ref().map_or("", |typed| typed.as_str()));
            let form = |fault: PinForm| {
                let problem = Problem::new(Code::PIN_FORM).with("pin", name(*pin));
                problem.with("fault", fault_name(fault))
            };
            match pin {
                CardPin::Signature => {
                    chosen.signature = Some(SignaturePassword::parse(one).map_err(form)?);
                }
                CardPin::UserAuthentication => {
                    let read = UserAuthenticationPin::parse(one).map_err(form)?;
                    chosen.user_authentication = Some(read);
                }
                CardPin::CardFace => {
                    chosen.card_face = Some(CardFacePin::parse(one).map_err(form)?);
                }
            }
            if one != other {
                return Err(Problem::new(Code::CARD_PINS_DIFFER).with("pin", name(*pin)));
            }
        }
        Ok(chosen)
    }
}

impl Chosen {
    fn set(&self, pin: CardPin, card: &mut (dyn Transport + Send)) -> Result<(), Problem> {
        let missing = || Problem::new(Code::WRITING_OVER);
        let done = match pin {
            CardPin::Signature => {
                let password = self.signature.as_ref().ok_or_else(missing)?;
                JpkiClient::select(card).and_then(|mut jpki| jpki.set_pin(Pin::Signature(password)))
            }
            CardPin::UserAuthentication => {
                let digits = self.user_authentication.as_ref().ok_or_else(missing)?;
                JpkiClient::select(card)
                    .and_then(|mut jpki| jpki.set_pin(Pin::UserAuthentication(digits)))
            }
            CardPin::CardFace => {
                let digits = self.card_face.as_ref().ok_or_else(missing)?;
                FaceInputClient::select(card).and_then(|mut face| face.set_pin(digits))
            }
        };
        done.map_err(|error| match error {
            CardError::Transport(error) => unread(error),
            error => Problem::new(Code::WRONG_CARD).caused_by(error),
        })
    }
}

/// The name of a PIN's field.
pub(crate) const fn field(pin: CardPin) -> &'static str {
    match pin {
        CardPin::Signature => "signature",
        CardPin::UserAuthentication => "user_authentication",
        CardPin::CardFace => "card_face",
    }
}

/// What is wrong with a form, in problems.
const fn fault_name(fault: PinForm) -> &'static str {
    match fault {
        PinForm::Length => "length",
        PinForm::Character => "character",
        PinForm::NoLetter => "no-letter",
        PinForm::NoDigit => "no-digit",
    }
}

/// What a PIN is called in problems.
pub(crate) const fn name(pin: CardPin) -> &'static str {
    match pin {
        CardPin::Signature => "card-signature",
        CardPin::UserAuthentication => "card-user-authentication",
        CardPin::CardFace => "card-face",
    }
}

fn unread(error: TransportError) -> Problem {
    Problem::new(Code::CARD_REMOVED).caused_by(error)
}
