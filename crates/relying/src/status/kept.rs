//! Getting what may be got again later: by GET, kept as long as its service and its own times allow.

use std::sync::Arc;

use inrou_pki::Status;
use inrou_pki::status::Moment;
use jiff::{SignedDuration, Timestamp};

use super::cache::Kept;
use super::http::{Answer, Caching};
use super::{FailureReason, FetchError, Question, StatusClient, Told};

impl StatusClient {
    /// Gets what `judge` finds a status in: what was kept of it if that may still be used, else what
    /// the service has now. Only what passed is kept.
    pub(super) async fn get_kept(
        &self,
        question: &Question<'_>,
        address: &str,
        limit: usize,
        judge: impl Fn(&[u8], Moment) -> Result<Status, FailureReason>,
    ) -> Told {
        let kept = self.cache.find(address);
        if let Some(kept) = kept.as_ref().filter(|kept| kept.is_fresh(question.now))
            && let Ok(status) = judge(&kept.body, question.moment_of_kept())
        {
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
        self.keep(address, body.clone(), &answer, question.now);
        Ok((status, body.to_vec()))
    }

    /// Keeps what passed its checks, as its service allows.
    fn keep(&self, address: &str, body: Arc<[u8]>, answer: &Answer, now: Timestamp) {
        let fresh_until = match answer.caching {
            Caching::Never => return,
            Caching::Unsaid => None,
            Caching::Revalidate => Some(now),
            Caching::Seconds(seconds) => {
                Some(now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(now))
            }
        };
        let etag = answer.etag.clone();
        self.cache.keep(address, Kept { body, etag, fresh_until });
    }
}
