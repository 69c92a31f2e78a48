//! What the hotline does: holds at any hour, revocations while it answers (HOURS-4).

use inrou_api::wire::authority::{ReportLoss, ResidentView, RevokePhone};
use inrou_rules::{Command, ResidentId, RevocationWay};

use crate::Authority;
use crate::problem::Failed;
use crate::store::Actor;

impl Authority {
    /// Puts the certificates of a lost card or phone on hold (LOSS-1, CARD-11).
    pub(crate) fn hold(
        &self,
        id: ResidentId,
        request: &ReportLoss,
    ) -> Result<ResidentView, Failed> {
        self.act_by_call(id, &Command::Hold { medium: request.medium })
    }

    /// Ends the use of a phone's certificates on request (LOSS-3, END-5).
    pub(crate) fn revoke_phone(
        &self,
        id: ResidentId,
        request: &RevokePhone,
    ) -> Result<ResidentView, Failed> {
        let way = RevocationWay::Hotline;
        self.act_by_call(id, &Command::RevokePhone { chip: request.chip, way })
    }

    fn act_by_call(&self, id: ResidentId, command: &Command) -> Result<ResidentView, Failed> {
        self.act(id, Actor::Hotline, command, &|_| Vec::new())?;
        self.resident_view(id)
    }
}
