//! What each of a resident's phones still holds, as the authority knows it (MOVE-3).

use inrou_api::client::ClientError;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::authority::{DeletionJudged, Holdings, JudgeDeletion};

use crate::Portal;
use crate::holders::unavailable;
use crate::store::Session;

impl Portal {
    /// The resident's phones, the one last used first.
    ///
    /// # Errors
    /// `service-unavailable` if the authority cannot be asked now.
    pub(crate) async fn phones(&self, session: &Session) -> Result<Holdings, Problem> {
        let path = format!("/holders/{}/phones", session.subject);
        self.authority.get(&path).answer().await.map_err(unavailable)
    }

    /// What a phone's deletion receipt proves, for whoever is shown it.
    ///
    /// # Errors
    /// `receipt-invalid`; `service-unavailable` if the authority cannot be asked now.
    pub(crate) async fn judge_deletion(
        &self,
        shown: &JudgeDeletion,
    ) -> Result<DeletionJudged, Problem> {
        let asked = self.authority.post("/deletion-receipts").json(shown);
        asked.answer().await.map_err(|error| match error {
            ClientError::Problem(problem) if problem.is(Code::RECEIPT_INVALID) => *problem,
            error => unavailable(error),
        })
    }
}
