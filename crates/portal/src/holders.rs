//! Whose certificate it is: the authority knows.

use std::time::Duration;

use inrou_api::client::ClientError;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{FindHolder, Holder};
use inrou_rules::Attributes;

use crate::Portal;
use crate::store::Session;

/// How long, in real time, what can be shown without the authority's word waits for it.
const PATIENCE: Duration = Duration::from_secs(2);

impl Portal {
    /// Asks the authority who holds a certificate, as a pairwise identifier of this portal. `None` if
    /// the authority does not know it.
    ///
    /// # Errors
    /// `service-unavailable` if it cannot be asked now.
    pub(crate) async fn holder(&self, certificate: &[u8]) -> Result<Option<Holder>, Problem> {
        let request = FindHolder { certificate: Base64(certificate.to_vec()) };
        let call = self.authority.post("/holders").json(&request);
        match call.answer().await {
            Ok(holder) => Ok(Some(holder)),
            Err(ClientError::Problem(problem)) if problem.is(Code::CERTIFICATE_UNTRUSTED) => {
                Ok(None)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Who is logged in, for pages that can do without; `None` if the authority does not tell soon.
    pub(crate) async fn resident(&self, session: &Session) -> Option<Attributes> {
        let told = soon(self.applicant(session)).await;
        told.inspect_err(|problem| tracing::info!(code = problem.code(), "nobody tells who it is"))
            .ok()
    }
}

/// What somebody answers, unless that takes long.
///
/// # Errors
/// `service-unavailable` if it does; those of the answer.
pub(crate) async fn soon<T>(
    answer: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let answered = tokio::time::timeout(PATIENCE, answer).await;
    answered.unwrap_or_else(|_| Err(Problem::new(Code::SERVICE_UNAVAILABLE)))
}

/// That the authority does not do what this portal asks of it is no matter of the resident's.
pub(crate) fn unavailable(error: ClientError) -> Problem {
    Problem::new(Code::SERVICE_UNAVAILABLE).caused_by(error)
}
