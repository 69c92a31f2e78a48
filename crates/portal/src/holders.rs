//! Whose certificate it is: the authority knows.

use inrou_api::client::ClientError;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{FindHolder, Holder};

use crate::Portal;

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
}

/// That the authority does not do what this portal asks of it is no matter of the resident's.
pub(crate) fn unavailable(error: ClientError) -> Problem {
    Problem::new(Code::SERVICE_UNAVAILABLE).caused_by(error)
}
