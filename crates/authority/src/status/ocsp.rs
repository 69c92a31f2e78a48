//! The OCSP responder: finds the issuer's key that is asked about, and has that key's own responder
//! tell the status.

use std::error::Error;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use inrou_api::problem::{Code, OrInternal};
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::ocsp::{AnswerTimes, CertId, OcspRequest, Refusal, Responder};
use inrou_pki::{Certificate, Status};
use inrou_rules::{CertificateId, Use};
use jiff::Timestamp;

use super::Life;
use super::answers::{KeptAnswers, OcspAnswer};
use crate::Authority;
use crate::keys::ResponderKey;
use crate::problem::Failed;

/// The responders that are ready, and the answers that are kept.
#[derive(Default)]
pub(crate) struct Ocsp {
    desks: RwLock<Vec<Arc<Desk>>>,
    answers: KeptAnswers,
}

/// Where questions about one generation of an issuer are answered.
struct Desk {
    usage: Use,
    key: ResponderKey,
    responder: Responder,
}

impl Authority {
    /// Answers an OCSP request (RFC 6960; nonce by RFC 9654), whatever it is: what cannot be answered
    /// is refused in the protocol's own words. Up to 32 certificates may be asked about at once; those
    /// that are not of the same key as the first that is ours are answered as unknown.
    ///
    /// Blocks while it signs, and at times on the store.
    pub fn answer_ocsp(&self, request: &[u8]) -> OcspAnswer {
        let Ok(request) = OcspRequest::from_der(request) else {
            return refusal(Refusal::MalformedRequest);
        };
        match self.answer_request(&request) {
            Ok(Some(answer)) => answer,
            Ok(None) => refusal(Refusal::Unauthorized),
            Err(Failed(problem)) => {
                tracing::error!(%problem, cause = problem.source(), "an OCSP request was not answered");
                let later = problem.is(Code::STORE_UNAVAILABLE);
                refusal(if later { Refusal::TryLater } else { Refusal::InternalError })
            }
        }
    }

    /// The answer to a request that is ready, if there is one. Does not block.
    pub(crate) fn ready_ocsp_answer(&self, request: &[u8]) -> Option<OcspAnswer> {
        self.kept_answer(&OcspRequest::from_der(request).ok()?)
    }

    fn kept_answer(&self, request: &OcspRequest<'_>) -> Option<OcspAnswer> {
        let id = only_certificate(request)?;
        if self.status.is_behind() {
            return None;
        }
        self.ocsp.answers.find(id.as_der(), &self.status, self.clock.now())
    }

    /// `None`: nothing of what is asked about is ours.
    fn answer_request(&self, request: &OcspRequest<'_>) -> Result<Option<OcspAnswer>, Failed> {
        if let Some(answer) = self.kept_answer(request) {
            return Ok(Some(answer));
        }
        self.status.settle(&*self.store)?;
        let now = self.clock.now();
        let Some(desk) = self.desk(request, now)? else { return Ok(None) };
        let next_update = now.saturating_add(self.settings.ocsp_life).unwrap_or(Timestamp::MAX);
        let times = AnswerTimes {
            produced_at: now,
            this_update: now,
            // After its signer's end nobody would take it.
            next_update: next_update.min(desk.responder.certificate().not_after()),
        };
        let mut told = None;
        let der = Bytes::from(desk.answer(request, times, |id| {
            let status = self.status.status(id);
            told = Some((id, status));
            status
        })?);
        // What is unknown is not kept: there is no end of serial numbers to ask about, and a
        // certificate on its way to its chip is good in a moment.
        let (Some(only), Some((id, status))) =
            (only_certificate(request), told.filter(|(_, status)| *status != Status::Unknown))
        else {
            return Ok(Some(OcspAnswer { der, life: None }));
        };
        let life = Arc::new(Life::of(times.this_update, times.next_update, &der));
        self.ocsp.answers.keep(only.as_der(), id, status, life.clone(), der.clone());
        Ok(Some(OcspAnswer { der, life: Some(life) }))
    }

    /// Where the request is answered.
    fn desk(&self, request: &OcspRequest<'_>, now: Timestamp) -> Result<Option<Arc<Desk>>, Failed> {
        for id in request.certificates() {
            if let Some(desk) = self.ocsp.find(id, now) {
                return Ok(Some(desk));
            }
            let generations = self.keys.generations();
            let asked = generations.iter().find(|(_, key)| is_issuer(&key.certificate, id));
            let Some((usage, issuer)) = asked else { continue };
            let Some(key) = self.responder_at(*usage, issuer.generation, now)? else { continue };
            return self.ocsp.open(*usage, key).map(Some);
        }
        Ok(None)
    }
}

impl Ocsp {
    fn find(&self, id: &CertId<'_>, now: Timestamp) -> Option<Arc<Desk>> {
        let desks = self.desks.read().unwrap_or_else(PoisonError::into_inner);
        desks.iter().find(|desk| desk.responder.speaks_for(id) && desk.key.serves_at(now)).cloned()
    }

    fn open(&self, usage: Use, key: ResponderKey) -> Result<Arc<Desk>, Failed> {
        let certificate = key.key.certificate.clone();
        let responder = Responder::new(&key.issuer.certificate, certificate, key.key.clone());
        let desk = Arc::new(Desk { usage, responder: responder.or_internal()?, key });
        let mut desks = self.desks.write().unwrap_or_else(PoisonError::into_inner);
        desks.retain(|other| !Arc::ptr_eq(&other.key.issuer, &desk.key.issuer));
        desks.push(desk.clone());
        Ok(desk)
    }
}

impl Desk {
    fn answer(
        &self,
        request: &OcspRequest<'_>,
        times: AnswerTimes,
        mut status: impl FnMut(CertificateId) -> Status,
    ) -> Result<Vec<u8>, Failed> {
        let answer = self.responder.answer(request, times, |id| match id.serial() {
            Some(serial) => status(CertificateId { usage: self.usage, serial }),
            None => Status::Unknown,
        });
        Ok(answer.or_internal()?)
    }
}

/// The certificate that is asked about, where the answer may be kept: there is but one, and no nonce.
fn only_certificate<'a, 'r>(request: &'r OcspRequest<'a>) -> Option<&'r CertId<'a>> {
    match request.certificates() {
        [only] if request.nonce().is_none() => Some(only),
        _ => None,
    }
}

/// Whether the certificate asked about is one of this issuer's key.
fn is_issuer(issuer: &Certificate, id: &CertId<'_>) -> bool {
    let (Some(hash @ (HashAlgorithm::Sha1 | HashAlgorithm::Sha256)), Ok(key)) =
        (id.hash(), issuer.public_key())
    else {
        return false;
    };
    hash.digest(issuer.subject().as_der()).as_bytes() == id.issuer_name_hash()
        && hash.digest(key.subject_public_key()).as_bytes() == id.issuer_key_hash()
}

fn refusal(refusal: Refusal) -> OcspAnswer {
    OcspAnswer { der: refusal.to_der().into(), life: None }
}
