//! Deleting what the chip may no longer hold: asked for in a procedure, or by the phone itself when it hears
//! that its certificates have ended elsewhere (MOVE-3).

use std::sync::Arc;

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::authority::{SessionOutcome, SessionWork};
use inrou_api::wire::phone::{Deleted, DeletionProof};

use crate::flow::{Flow, Outcome};
use crate::phone::Phone;
use crate::runner::unexpected;

impl Phone {
    /// Has the chip delete what it holds; the authority takes its receipt, and the phone keeps it (END-2).
    ///
    /// # Errors
    /// Those of a session; `deletion-not-due` where the receipt came before and its answer was lost.
    pub(crate) async fn delete(self: &Arc<Self>) -> Result<(), Problem> {
        let proof = match self.session(&self.authority, SessionWork::Delete).await {
            Ok(SessionOutcome::Deleted { receipt, certificate }) => {
                Some(DeletionProof { receipt, certificate })
            }
            Ok(_) => return Err(unexpected()),
            Err(problem) if is_done(&problem) => {
                self.has_deleted(None);
                return Err(problem);
            }
            Err(problem) => return Err(problem),
        };
        self.has_deleted(proof);
        self.forget_passkey();
        Ok(())
    }

    fn has_deleted(&self, proof: Option<DeletionProof>) {
        let at = self.parts.clock.now();
        let mut live = self.live();
        live.stored.deletion_due = None;
        if proof.is_some() || live.stored.deleted.is_none() {
            live.stored.deleted = Some(Deleted { at, proof });
        }
    }

    /// Whether it is on the phone itself to delete what its chip holds, as last heard: a procedure that ends
    /// in that is left to the person first, while something still `happens`.
    pub(crate) fn has_to_delete(&self, happens: bool) -> bool {
        let live = self.live();
        let left = live.stored.flow.as_ref().is_some_and(Flow::is_on_the_way_to_deletion);
        live.stored.deletion_due.is_some() && !(happens && left)
    }

    /// Deletes by itself, without anybody asking (MOVE-3); not while something else is done with the phone.
    ///
    /// # Errors
    /// `phone-busy`; those of a session, of the store.
    pub(crate) async fn delete_by_itself(self: Arc<Self>) -> Result<(), Problem> {
        let deleted = self.alone(|phone| async move {
            match phone.delete().await {
                Err(problem) if !is_done(&problem) => return Err(problem),
                _ => {}
            }
            if let Some(flow) = &mut phone.live().stored.flow {
                flow.done(Outcome::Deleted, phone.id);
            }
            phone.save().await
        });
        deleted.await
    }
}

/// Whether the chip had deleted before.
fn is_done(problem: &Problem) -> bool {
    problem.code() == "deletion-not-due" || problem.is(Code::NOTHING_TO_DO)
}
