//! An enrolment's document: what the authority keeps of an application besides the resident's state.

use inrou_api::problem::{Code, OrInternal};
use inrou_api::statement::Statement;
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{AttestedKey, EnrolmentStage, EnrolmentView};
use inrou_pki::PublicKey;
use inrou_rules::{ChipId, EnrolmentId, Platform, ResidentId, Use, Uses};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Authority;
use crate::problem::Failed;
use crate::store::{Document, DocumentKind, Opaque, Version, Write};

/// The documents of enrolments; their owner is the phone's chip.
const ENROLMENT: DocumentKind = DocumentKind("enrolment");

/// How long an enrolment is remembered whose challenge has expired unused.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// How many are read at a time.
const PAGE: u32 = 256;

/// An enrolment. *This type is stored*: fields are only ever added.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Enrolment {
    pub(crate) id: EnrolmentId,
    pub(crate) chip: ChipId,
    pub(crate) platform: Platform,
    pub(crate) uses: Uses,
    /// Whether it is a change of phone, to which the card's signature consents (MOVE-1).
    #[serde(default)]
    pub(crate) change_of_phone: bool,
    /// The version of the notices that were confirmed.
    pub(crate) terms: String,
    /// What the card's signature must cover.
    pub(crate) challenge: Base64,
    pub(crate) challenge_expires: Timestamp,
    /// What the attestations of its keys answer.
    pub(crate) key_challenge: Base64,
    /// The keys made in the chip; empty until they are.
    pub(crate) keys: Vec<AttestedKey>,
    /// Who applied, once the card has signed.
    pub(crate) resident: Option<ResidentId>,
    pub(crate) stage: EnrolmentStage,
}

impl Enrolment {
    /// What the card has to sign.
    pub(crate) fn statement(&self) -> Statement {
        Statement::Application {
            challenge: self.challenge.clone(),
            change_of_phone: self.change_of_phone,
            chip: self.chip,
            enrolment: self.id,
            keys: inrou_api::statement::keys_digest(&self.keys),
            terms: self.terms.clone(),
            uses: self.uses,
        }
    }

    /// The attested key for a use.
    pub(crate) fn key(&self, usage: Use) -> Option<PublicKey> {
        key_of(&self.keys, usage)
    }

    /// As its phone sees it.
    pub(crate) fn view(&self) -> EnrolmentView {
        EnrolmentView { enrolment: self.id, uses: self.uses, stage: self.stage.clone() }
    }

    /// The write that stores it.
    pub(crate) fn write(&self, expected: Option<Version>) -> Write {
        Write::PutDocument {
            expected,
            document: Document {
                kind: ENROLMENT,
                id: self.id.to_string(),
                owner: Some(self.chip.to_string()),
                expires: self.forgotten_from(),
                body: Opaque(serde_json::to_vec(self).unwrap_or_default()),
            },
        }
    }
}

impl Enrolment {
    /// It is over, for this reason.
    pub(crate) fn end(&mut self, code: &str) {
        self.stage = EnrolmentStage::Ended { code: code.to_owned() };
    }

    /// From when on it need not be remembered: once nobody can sign the application any more, unless
    /// somebody has.
    pub(crate) fn forgotten_from(&self) -> Option<Timestamp> {
        match self.resident {
            None => self.challenge_expires.saturating_add(REMEMBERED).ok(),
            Some(_) => None,
        }
    }
}

impl Authority {
    /// The enrolments of a chip that are remembered.
    pub(crate) fn enrolments_on(&self, chip: ChipId) -> Result<Vec<(Version, Enrolment)>, Failed> {
        let owner = chip.to_string();
        let (mut after, mut found) = (None, Vec::new());
        loop {
            let page = self.store.documents(ENROLMENT, Some(&owner), after.as_deref(), PAGE)?;
            after = page.last().map(|document| document.value.id.clone());
            for document in &page {
                let enrolment = serde_json::from_slice(&document.value.body.0).or_internal()?;
                found.push((document.version, enrolment));
            }
            if page.len() < PAGE as usize {
                return Ok(found);
            }
        }
    }

    /// An enrolment with its version.
    pub(crate) fn enrolment(&self, id: EnrolmentId) -> Result<(Version, Enrolment), Failed> {
        let found =
            self.store.document(ENROLMENT, &id.to_string())?.ok_or(Code::ENROLMENT_UNKNOWN)?;
        let enrolment = serde_json::from_slice(&found.value.body.0).or_internal()?;
        Ok((found.version, enrolment))
    }

    /// As [`enrolment`](Self::enrolment), if it is that chip's.
    pub(crate) fn enrolment_of(
        &self,
        chip: ChipId,
        id: EnrolmentId,
    ) -> Result<(Version, Enrolment), Failed> {
        let (version, enrolment) = self.enrolment(id)?;
        if enrolment.chip == chip {
            Ok((version, enrolment))
        } else {
            Err(Code::ENROLMENT_UNKNOWN.into())
        }
    }
}

/// The key for a use among those that were attested.
pub(crate) fn key_of(keys: &[AttestedKey], usage: Use) -> Option<PublicKey> {
    let key = keys.iter().find(|key| key.usage == usage)?;
    PublicKey::from_spki(&key.spki.0).ok()
}
