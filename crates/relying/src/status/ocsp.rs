//! Asking an OCSP responder (RFC 6960; GET and caching by RFC 5019, nonces by RFC 9654).

use inrou_pki::digest::HashAlgorithm;
use inrou_pki::ocsp::{request_to_path, write_request};
use inrou_pki::path::{self, Evidence};
use inrou_pki::status::Moment;

use super::{FailureReason, Question, StatusClient, StatusSource, Told};

/// Longest answer that is read, in bytes.
const MAX_ANSWER: usize = 256 * 1024;

/// Longer addresses are not for GET (RFC 5019 §5).
const LONGEST_GET: usize = 255;

const REQUEST: &str = "application/ocsp-request";
const RESPONSE: &str = "application/ocsp-response";

impl StatusClient {
    pub(super) async fn ask_ocsp(&self, question: &Question<'_>) -> Told {
        let address = question.ocsp_address().ok_or(FailureReason::NoAddress)?;
        if question.settings.nonce {
            let mut nonce = [0; 32];
            self.entropy.fill(&mut nonce);
            return self.post_ocsp(question, address, Some(&nonce)).await;
        }
        let path = request_to_path(&question.request(None)?);
        let full = format!("{}/{path}", address.trim_end_matches('/'));
        if full.len() > LONGEST_GET {
            return self.post_ocsp(question, address, None).await;
        }
        self.get_kept(question, (StatusSource::Ocsp, &full), MAX_ANSWER, |answer, moment| {
            question.judge_ocsp(answer, None, moment)
        })
        .await
    }

    async fn post_ocsp(
        &self,
        question: &Question<'_>,
        address: &str,
        nonce: Option<&[u8]>,
    ) -> Told {
        let request = question.request(nonce)?;
        let answer = self.http.post(address, (REQUEST, request), RESPONSE, MAX_ANSWER);
        let answer = answer.await?;
        let status = question.judge_ocsp(&answer, nonce, question.moment())?;
        Ok((status, answer))
    }
}

impl Question<'_> {
    fn ocsp_address(&self) -> Option<&str> {
        let set = self.kind.and_then(|kind| self.settings.issuer.of(kind.usage).ocsp_uri.as_ref());
        set.map(|uri| uri.as_str()).or_else(|| self.certificate.ocsp_uri())
    }

    /// SHA-1 names the issuer here, as RFC 5019 has it; nothing rests on its strength.
    fn request(&self, nonce: Option<&[u8]>) -> Result<Vec<u8>, FailureReason> {
        let issuer = self.anchors.issuer_of(self.certificate);
        let issuer = issuer.map_err(|_| FailureReason::Issuer)?;
        write_request(issuer, self.certificate, HashAlgorithm::Sha1, nonce)
            .map_err(|_| FailureReason::Issuer)
    }

    fn judge_ocsp(
        &self,
        response: &[u8],
        nonce: Option<&[u8]>,
        moment: Moment,
    ) -> Result<inrou_pki::Status, FailureReason> {
        let evidence = Evidence::Ocsp { response, nonce };
        Ok(path::status(self.certificate, self.anchors, evidence, moment)?)
    }
}
