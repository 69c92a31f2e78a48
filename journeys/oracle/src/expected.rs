//! What must come of an act, and how refusals are collected.

use super::questions::{Asked, Question};
use super::world::{ApplicationStage, CertificateId, PhoneId, Place, Standing, World};

/// The rules that justify a refusal, in order and each once.
pub type Rules = Vec<&'static str>;

#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// The act is done, and exactly this changes.
    Done(Vec<Change>),
    /// The act is refused, by any of these rules, and nothing changes but tries of a PIN.
    Refused { rules: Rules },
    /// The sources do not say which. The world stays as it was: the test takes over the world of
    /// the way that the service went (see [`World::settle`]).
    Either(Vec<Way>),
}

/// One of several outcomes that are allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// The answers to open questions that lead here.
    pub answers: Vec<(Question, bool)>,
    /// Never `Either`.
    pub expected: Expected,
    /// The world afterwards.
    pub world: World,
}

/// Something that must be seen after an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// There is a new certificate; on a card it is good at once, on a phone it waits.
    Issued(CertificateId),
    /// A phone's certificate is registered, and good.
    Registered(CertificateId),
    Held(CertificateId),
    HoldLifted(CertificateId),
    /// Revoked, or lapsed by a change of attributes.
    Ended(CertificateId),
    /// An application on this phone has come to this stage; `None` when it gave way.
    Application(PhoneId, Option<ApplicationStage>),
    /// This phone has data to delete, or has deleted it.
    Deletion(PhoneId),
    /// PINs were set or tried on a card or a phone.
    Tries,
}

/// Reasons against an act: those that the rules give, and those that they leave open.
#[derive(Default)]
pub struct Checks {
    firm: Rules,
    open: Vec<(Question, Rules)>,
}

impl Checks {
    pub fn new() -> Checks {
        Checks::default()
    }

    /// These rules refuse the act.
    pub fn when(&mut self, refused: bool, rules: &[&'static str]) {
        if refused {
            self.firm.extend(rules);
        }
    }

    /// These rules may be read as refusing the act.
    pub fn perhaps(&mut self, open: bool, question: Question, rules: &[&'static str]) {
        if open {
            self.open.push((question, rules.to_vec()));
        }
    }

    /// Whether the act is refused by rules that leave nothing open.
    pub fn is_firm(&self) -> bool {
        !self.firm.is_empty()
    }

    /// Goes on, or refuses. A refusal may name the open reasons as well as the firm ones.
    pub fn verdict(&self, asked: &mut Asked) -> Result<(), Rules> {
        let mut all = self.firm.clone();
        all.extend(self.open.iter().flat_map(|(_, rules)| rules));
        let refused = self.is_firm() || self.open.iter().any(|(question, _)| asked.ask(*question));
        if refused { Err(in_order(all)) } else { Ok(()) }
    }
}

pub fn in_order(mut rules: Rules) -> Rules {
    rules.sort_unstable();
    rules.dedup();
    rules
}

pub fn refuse<T>(rules: &[&'static str]) -> Result<T, Rules> {
    Err(in_order(rules.to_vec()))
}

impl World {
    /// What differs in the world afterwards.
    pub fn changes_to(&self, after: &World) -> Vec<Change> {
        let mut changes = Vec::new();
        for (index, new) in after.certificates.iter().enumerate() {
            let id = CertificateId(index);
            let Some(old) = self.certificates.get(index) else {
                changes.push(Change::Issued(id));
                if new.standing != Standing::Good {
                    changes.push(Change::Ended(id));
                }
                continue;
            };
            if old.place == Place::NotYet && new.place == Place::OnChip {
                changes.push(Change::Registered(id));
            }
            match (old.standing, new.standing) {
                (before, now) if before == now => {}
                (_, Standing::Held { .. }) => changes.push(Change::Held(id)),
                (_, Standing::Good) => changes.push(Change::HoldLifted(id)),
                (_, Standing::Ended { .. }) => changes.push(Change::Ended(id)),
            }
        }
        for (index, new) in after.phones.iter().enumerate() {
            let (id, old) = (PhoneId(index), &self.phones[index]);
            if old.application != new.application {
                let stage = new.application.as_ref().map(|application| application.stage);
                changes.push(Change::Application(id, stage));
            }
            if old.deletion != new.deletion {
                changes.push(Change::Deletion(id));
            }
        }
        let tries = |world: &World| {
            let of_cards = world.cards.iter().map(|c| (c.signature, c.authentication, c.card_face));
            let of_phones = world.phones.iter().map(|p| (p.signature, p.authentication));
            (of_cards.take(self.cards.len()).collect::<Vec<_>>(), of_phones.collect::<Vec<_>>())
        };
        if tries(self) != tries(after) {
            changes.push(Change::Tries);
        }
        changes
    }
}
