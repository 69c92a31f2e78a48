//! What a resident lets sites have of the latest attributes: the authority keeps it.

use inrou_api::client::ClientError;
use inrou_api::consent::ConsentId;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::authority::{ConsentView, Consents};

use crate::Portal;
use crate::holders::unavailable;
use crate::store::Session;

impl Portal {
    /// The resident's consents, the newest first.
    ///
    /// # Errors
    /// `service-unavailable` if the authority cannot be asked now.
    pub(crate) async fn consents(&self, session: &Session) -> Result<Consents, Problem> {
        let path = format!("/holders/{}/consents", session.subject);
        self.authority.get(&path).answer().await.map_err(unavailable)
    }

    /// One of the resident's consents.
    ///
    /// # Errors
    /// `not-found`; `service-unavailable`.
    pub(crate) async fn consent(
        &self,
        session: &Session,
        id: &str,
    ) -> Result<ConsentView, Problem> {
        let found = self.consents(session).await?.consents.into_iter();
        let mut found = found.filter(|found| found.terms.consent.as_str() == id);
        found.next().ok_or_else(|| Problem::new(Code::NOT_FOUND))
    }

    /// Withdraws a consent. Repeating it changes nothing.
    ///
    /// # Errors
    /// `not-found`; `service-unavailable`.
    pub(crate) async fn withdraw(
        &self,
        session: &Session,
        id: String,
    ) -> Result<ConsentView, Problem> {
        let id = ConsentId::try_from(id).map_err(|_| Problem::new(Code::NOT_FOUND))?;
        let path = format!("/holders/{}/consents/{id}/withdrawal", session.subject);
        self.authority.post(&path).answer().await.map_err(|error| match &error {
            ClientError::Problem(problem) if problem.is(Code::CONSENT_UNKNOWN) => {
                Problem::new(Code::NOT_FOUND)
            }
            _ => unavailable(error),
        })
    }
}
