//! What a counter still has to write to a card, besides what the resident's state says.

use std::collections::BTreeSet;

use inrou_api::problem::Problem;
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{AttestedKey, CardPin};
use inrou_pki::Entropy;
use inrou_rules::{CardId, Command, EnrolmentId, Refusal, Resident, ResidentId};
use serde::{Deserialize, Serialize};

use crate::Authority;
use crate::act::{ATTEMPTS, Attempt};
use crate::problem::Failed;
use crate::store::{Actor, Document, DocumentKind, Opaque, StoreError, Version, Write};

/// The documents of cards; their owner is the resident.
const CARD_WORK: DocumentKind = DocumentKind("card-work");

/// The work on one card. *This type is stored*: fields are only ever added.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CardWork {
    pub(crate) card: CardId,
    /// Under what the keys of the present order are made in the chip.
    pub(crate) order: EnrolmentId,
    /// What the attestations of its keys answer.
    pub(crate) key_challenge: Base64,
    /// The keys of the present order; empty until they are made.
    pub(crate) keys: Vec<AttestedKey>,
    /// The PINs that the counter unlocked and the chip does not know of yet (CARD-6).
    pub(crate) unlocked: BTreeSet<CardPin>,
}

impl CardWork {
    /// The work on a new card.
    pub(crate) fn new(card: CardId, entropy: &dyn Entropy) -> Self {
        Self {
            card,
            order: drawn_order(entropy),
            key_challenge: drawn_challenge(entropy),
            keys: Vec::new(),
            unlocked: BTreeSet::new(),
        }
    }

    /// The present order is carried out; the next one has keys of its own.
    pub(crate) fn end_order(&mut self, entropy: &dyn Entropy) {
        self.order = drawn_order(entropy);
        self.key_challenge = drawn_challenge(entropy);
        self.keys.clear();
    }

    /// The write that stores it.
    pub(crate) fn write(&self, owner: ResidentId, expected: Option<Version>) -> Write {
        Write::PutDocument {
            expected,
            document: Document {
                kind: CARD_WORK,
                id: self.card.to_string(),
                owner: Some(owner.to_string()),
                expires: None,
                body: Opaque(serde_json::to_vec(self).unwrap_or_default()),
            },
        }
    }
}

impl Authority {
    /// The work on a card, with its version.
    pub(crate) fn card_work(&self, card: CardId) -> Result<(Version, CardWork), Failed> {
        let found = self.store.document(CARD_WORK, &card.to_string())?.ok_or(Refusal::NoCard)?;
        let work = serde_json::from_slice(&found.value.body.0).map_err(Problem::internal)?;
        Ok((found.version, work))
    }

    /// Carries out a command about a resident's card, and changes the work on it in the same commit;
    /// `change` says whether it changed anything. Both are loaded anew if somebody else was quicker.
    pub(crate) fn act_on_card(
        &self,
        id: ResidentId,
        actor: Actor,
        command: &Command,
        change: impl Fn(&mut CardWork) -> bool,
    ) -> Result<(), Failed> {
        for _ in 0..ATTEMPTS {
            let loaded = self.load(id)?;
            let card = loaded.resident.card.as_ref().ok_or(Refusal::NoCard)?.id;
            let (version, mut work) = self.card_work(card)?;
            let changed = change(&mut work);
            let also =
                |_: &Resident| changed.then(|| work.write(id, Some(version))).into_iter().collect();
            match self.decide_and_commit(&loaded, actor, command, &also) {
                Err(Attempt::Conflict) => {}
                done => return Ok(done.map(drop)?),
            }
        }
        Err(StoreError::Conflict.into())
    }
}

fn drawn_order(entropy: &dyn Entropy) -> EnrolmentId {
    let mut order = [0; 16];
    entropy.fill(&mut order);
    EnrolmentId::from_bytes(order)
}

fn drawn_challenge(entropy: &dyn Entropy) -> Base64 {
    let mut challenge = vec![0; 32];
    entropy.fill(&mut challenge);
    Base64(challenge)
}
