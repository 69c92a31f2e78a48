//! In a sandbox, personas answer in place of people with phones: each always in the same way, on the same
//! path as a phone. Who they are, the sandbox says.

use std::pin::Pin;

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::transaction::{
    Answering, PhoneSecret, Purpose, Taking, Transaction, TransactionAnswer, TransactionId,
};
use inrou_rules::Medium;

use crate::Provider;
use crate::refused::Refused;
use crate::store::{Confirmation, Outcome, Settlement};

/// What a `login_hint` begins with that names a persona.
const PREFIX: &str = "persona:";

/// Who answers for personas.
pub trait Personas: Send + Sync {
    /// Those that there are, where somebody is asked for this.
    fn offered(&self, purpose: Purpose) -> Vec<Offered>;

    /// How one of them answers, once it has been made. `None` if there is none of that name.
    ///
    /// # Errors
    /// The persona could not be made.
    fn answer<'a>(&'a self, name: &'a str, asked: &'a Transaction) -> Response<'a>;
}

/// A persona that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Its name.
    pub name: String,
    /// Whether the site gets what it asks for.
    pub succeeds: bool,
    /// By what it answers; `None` for one that comes to use neither card nor phone.
    pub medium: Option<Medium>,
}

/// An answer that is being made.
pub type Response<'a> =
    Pin<Box<dyn Future<Output = Result<Option<PersonaAnswer>, Problem>> + Send + 'a>>;

/// How a persona answers.
pub enum PersonaAnswer {
    /// As a phone would.
    Answers(TransactionAnswer),
    /// Never: its time is over at once.
    StaysSilent,
}

/// The persona that a hint names.
pub(crate) fn hinted(login_hint: Option<&str>) -> Option<&str> {
    login_hint.and_then(|hint| hint.strip_prefix(PREFIX))
}

impl Provider {
    /// The personas that may answer where this is asked; none outside of a sandbox.
    pub(crate) fn personas(&self, purpose: Purpose) -> Vec<Offered> {
        self.personas.as_ref().map(|personas| personas.offered(purpose)).unwrap_or_default()
    }

    /// Has a persona answer a transaction. Whatever the outcome, the transaction has it. Outside of a
    /// sandbox nothing happens.
    ///
    /// # Errors
    /// `persona-unknown`; what keeps the transaction open; the store's.
    pub(crate) async fn answer_as(&self, name: &str, id: &TransactionId) -> Result<(), Refused> {
        let Some(personas) = &self.personas else { return Ok(()) };
        // As a phone on the same device, whose person comes back to the browser that began.
        let link = self.link(&self.asked(id).await?.transaction);
        let mac = link.rsplit_once("m=").map(|(_, mac)| mac.to_owned()).unwrap_or_default();
        let phone = PhoneSecret(self.random());
        let asked = self.take(id, Taking { second: None, mac, phone: phone.clone() }).await?;
        match personas.answer(name, &asked).await? {
            None => Err(Refused::new(Code::PERSONA_UNKNOWN)),
            Some(PersonaAnswer::StaysSilent) => Ok(self.give_up(id).await?),
            Some(PersonaAnswer::Answers(answer)) => {
                let refused = match self.take_answer(id, Answering { phone, answer }).await {
                    Ok(_) => return Ok(self.confirm(id, Confirmation::Return).await?),
                    Err(refused) => refused,
                };
                // Why it did not pass is what the site is told.
                match self.asked(id).await?.transaction.result(self.now()) {
                    Some(_) => Ok(()),
                    None => Err(refused.into()),
                }
            }
        }
    }

    /// Ends a transaction as if nobody had answered it in time.
    async fn give_up(&self, id: &TransactionId) -> Result<(), Problem> {
        let settlement = Settlement {
            transaction: id.clone(),
            answer: [0; 32],
            at: self.now(),
            outcome: Outcome::Expired,
        };
        self.change(move |store| store.settle(&settlement)).await?;
        self.open_logins.close(id);
        Ok(())
    }
}
