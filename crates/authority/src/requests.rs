//! What a resident asks for with a signed statement: revocation of this phone's certificates (END-2,
//! END-3) or another's (MOVE-6), resumption (LOSS-2), PIN reset (PIN-2).

use inrou_api::problem::{Code, Problem};
use inrou_api::statement::Statement;
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{BeginRequest, Challenge, RequestBegun, RequestDone, SigningKey};
use inrou_rules::{ChipId, Command, Medium, Refusal, ResidentId, RevocationWay, Use};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Authority;
use crate::http::Keep;
use crate::problem::Failed;
use crate::store::{Actor, Document, DocumentKind, Opaque, StoreError, Version, Write};

/// The documents of requests; their owner is the phone's chip.
const REQUEST: DocumentKind = DocumentKind("request");

/// How long a request is remembered after its challenge has expired.
const REMEMBERED: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// A request. *This type is stored*: fields are only ever added.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) chip: ChipId,
    pub(crate) asked: BeginRequest,
    pub(crate) challenge: Base64,
    pub(crate) challenge_expires: Timestamp,
    /// Whose phone it was carried out for, once it was.
    pub(crate) carried_out: Option<ResidentId>,
    /// Whether the chip has had its leave to set a PIN: it gets it once.
    #[serde(default)]
    pub(crate) leave_given: bool,
}

impl Request {
    fn statement(&self) -> Statement {
        let (challenge, chip, request) = (self.challenge.clone(), self.chip, self.id.clone());
        match self.asked {
            BeginRequest::Revocation { with } => {
                Statement::Revocation { challenge, chip, request, with }
            }
            BeginRequest::PinReset { usage } => {
                Statement::PinReset { challenge, chip, request, usage }
            }
            BeginRequest::OtherRevocation => {
                Statement::OtherRevocation { challenge, chip, request }
            }
            BeginRequest::Resumption => Statement::Resumption { challenge, chip, request },
        }
    }

    fn begun(&self) -> RequestBegun {
        RequestBegun {
            request: self.id.clone(),
            challenge: Challenge { value: self.challenge.clone(), expires: self.challenge_expires },
        }
    }

    pub(crate) fn write(&self, expected: Option<Version>) -> Write {
        Write::PutDocument {
            expected,
            document: Document {
                kind: REQUEST,
                id: self.id.clone(),
                owner: Some(self.chip.to_string()),
                expires: self.challenge_expires.saturating_add(REMEMBERED).ok(),
                body: Opaque(serde_json::to_vec(self).unwrap_or_default()),
            },
        }
    }
}

impl Authority {
    /// Begins a request under `id`; once begun it stays as it is.
    pub(crate) fn begin_request(
        &self,
        chip: ChipId,
        id: String,
        asked: BeginRequest,
        keep: Keep<'_, RequestBegun>,
    ) -> Result<RequestBegun, Failed> {
        let request = Request {
            id,
            chip,
            asked,
            challenge: self.random_32(),
            challenge_expires: self.deadline(self.settings.challenge_life),
            carried_out: None,
            leave_given: false,
        };
        let begun = request.begun();
        match self.commit([request.write(None), keep(&begun)].into_iter().collect()) {
            Ok(_) => Ok(begun),
            Err(StoreError::Conflict) => Ok(self.request(chip, &request.id)?.1.begun()),
            Err(error) => Err(error.into()),
        }
    }

    /// Carries out a request whose statement was signed.
    pub(crate) fn carry_out_request(
        &self,
        chip: ChipId,
        id: &str,
        cms: &[u8],
    ) -> Result<RequestDone, Failed> {
        let (version, request) = self.request(chip, id)?;
        if request.carried_out.is_none() && self.clock.now() >= request.challenge_expires {
            return Err(Code::CHALLENGE_EXPIRED.into());
        }
        let signer = self.signer_of(cms, &request.statement())?;
        if signer.id.usage != Use::Signature {
            return Err(Code::CERTIFICATE_WRONG_KIND.into());
        }
        let actor = match signer.medium {
            Medium::Card => Actor::Card { chip: signer.chip },
            Medium::Phone => Actor::Phone { chip: signer.chip },
        };
        let command = match (request.asked, signer.medium) {
            (BeginRequest::Revocation { with: SigningKey::Phone }, Medium::Phone) => {
                Command::RevokePhone { chip, way: RevocationWay::PhoneSignature(signer.id) }
            }
            (BeginRequest::Revocation { with: SigningKey::Card }, Medium::Card) => {
                Command::RevokePhone { chip, way: RevocationWay::CardSignature(signer.id) }
            }
            (BeginRequest::PinReset { usage }, Medium::Card) => {
                Command::ResetPhonePin { chip, usage, signed_with: signer.id }
            }
            (BeginRequest::OtherRevocation, Medium::Card) => {
                self.check_serves_nobody_else(chip, signer.resident)?;
                Command::RevokeOtherPhone { asked_on: chip, signed_with: signer.id }
            }
            (BeginRequest::Resumption, Medium::Card) => {
                Command::ResumePhone { chip, signed_with: signer.id }
            }
            _ => return Err(Code::CERTIFICATE_WRONG_KIND.into()),
        };
        // A repetition finds the request carried out: a leave to set a PIN is given once.
        if request.carried_out.is_none() {
            let done = Request { carried_out: Some(signer.resident), ..request.clone() };
            let also = |_: &_| vec![done.write(Some(version))];
            self.act(signer.resident, actor, &command, &also)?;
        }
        Ok(match request.asked {
            BeginRequest::Revocation { .. } => {
                RequestDone::Revocation { certificates: self.certificates_on(chip)? }
            }
            BeginRequest::PinReset { .. } => RequestDone::PinReset,
            BeginRequest::OtherRevocation => RequestDone::OtherRevocation,
            BeginRequest::Resumption => {
                RequestDone::Resumption { certificates: self.certificates_on(chip)? }
            }
        })
    }

    /// MOVE-6: a phone that carries somebody else's certificates is not one that carries none.
    fn check_serves_nobody_else(&self, chip: ChipId, resident: ResidentId) -> Result<(), Failed> {
        match self.phone(chip)?.value.resident {
            Some(served) if served != resident => Err(Refusal::AskingPhoneServesAnother.into()),
            _ => Ok(()),
        }
    }

    /// A request of that chip, with its version.
    pub(crate) fn request(&self, chip: ChipId, id: &str) -> Result<(Version, Request), Failed> {
        let found = self.store.document(REQUEST, id)?.ok_or(Code::REQUEST_UNKNOWN)?;
        let request: Request =
            serde_json::from_slice(&found.value.body.0).map_err(Problem::internal)?;
        if request.chip == chip {
            Ok((found.version, request))
        } else {
            Err(Code::REQUEST_UNKNOWN.into())
        }
    }
}
