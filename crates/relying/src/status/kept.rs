//! Getting what may be got again later: by GET, kept as long as its service and its own times allow.

use std::sync::Arc;

use inrou_pki::Status;
use inrou_pki::crl::Crl;
use inrou_pki::ocsp::OcspResponse;
use inrou_pki::status::Moment;
use jiff::{SignedDuration, Timestamp};

use super::cache::{Kept, Verdict};
use super::http::{Answer, Caching};
use super::{
    FailureReason, FetchError, Question, StatusClient, StatusEvidence, StatusSource, Told,
};

impl StatusClient {
    /// Gets what `judge` finds a status in: what was kept of it if that may still be used, else what
    /// the service has now. Only what passed is kept.
    pub(super) async fn get_kept(
        &self,
        question: &Question<'_>,
        (source, address): (StatusSource, &str),
        limit: usize,
        judge: impl Fn(&[u8], Moment) -> Result<Status, FailureReason>,
    ) -> Told {
        let kept = self.cache.find(&address.to_owned());
        if let Some(kept) = kept.as_ref().filter(|kept| kept.is_fresh(question.now))
            && let Ok(status) = judge(&kept.body, question.moment_of_kept())
        {
            self.note(question, source, status, kept);
            return Ok((status, kept.body.to_vec()));
        }
        let etag = kept.as_ref().and_then(|kept| kept.etag.as_deref());
        let answer = self.http.get(address, etag, limit).await?;
        let body: Arc<[u8]> = match (&answer.body, &kept) {
            (Some(body), _) => body.as_slice().into(),
            (None, Some(kept)) => kept.body.clone(),
            (None, None) => return Err(FetchError::Status(304).into()),
        };
        let status = judge(&body, question.moment())?;
        if let Some(kept) = self.keep(address, body.clone(), &answer, question.now) {
            self.note(question, source, status, &kept);
        }
        Ok((status, body.to_vec()))
    }

    /// Keeps what passed its checks, as its service allows.
    fn keep(
        &self,
        address: &str,
        body: Arc<[u8]>,
        answer: &Answer,
        now: Timestamp,
    ) -> Option<Kept> {
        let fresh_until = match answer.caching {
            Caching::Never => return None,
            Caching::Unsaid => None,
            Caching::Revalidate => Some(now),
            Caching::Seconds(seconds) => {
                Some(now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(now))
            }
        };
        let etag = answer.etag.clone();
        let kept = Kept { body, etag, fresh_until };
        self.cache.keep(address.to_owned(), kept.clone());
        Some(kept)
    }

    /// Notes what was said of a certificate, for as long as nobody need be asked again.
    fn note(&self, question: &Question<'_>, source: StatusSource, status: Status, kept: &Kept) {
        if !kept.is_fresh(question.now) {
            return;
        }
        let Some((produced_at, (from, next_update))) = times(source, &kept.body) else { return };
        let until = kept.fresh_until.map_or(next_update, |until| until.min(next_update));
        let (body, span) = (kept.body.clone(), (from, until));
        let verdict = Verdict { status, source, body, span, produced_at };
        self.verdicts.keep(question.certificate.fingerprint(), verdict);
    }

    /// What was said of a certificate lately, if that may still be used.
    pub(super) fn said_lately(&self, question: &Question<'_>) -> Option<(Status, StatusEvidence)> {
        let verdict = self.verdicts.find(&question.certificate.fingerprint())?;
        if !verdict.holds(question.now) {
            return None;
        }
        let Verdict { status, source, body, produced_at, .. } = verdict;
        let (der, checked_at) = (body.to_vec(), question.now);
        Some((status, StatusEvidence { source, der, checked_at, produced_at }))
    }
}

/// When it was signed, of an OCSP response; thisUpdate and nextUpdate, of all that one answers.
fn times(source: StatusSource, der: &[u8]) -> Option<(Option<Timestamp>, (Timestamp, Timestamp))> {
    match source {
        StatusSource::Crl => {
            let crl = Crl::from_der(der.to_vec()).ok()?;
            Some((None, (crl.this_update(), crl.next_update())))
        }
        StatusSource::Ocsp => {
            let response = OcspResponse::from_der(der).ok()?;
            let from = response.answers().map(|answer| answer.this_update).max()?;
            let until =
                response.answers().map(|answer| answer.next_update.unwrap_or(answer.this_update));
            Some((Some(response.produced_at()), (from, until.min()?)))
        }
    }
}
