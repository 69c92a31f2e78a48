//! What the hotline does: holds at any hour, revocations while it answers (HOURS-4).

use inrou_api::acting::Acting;
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
        acting: Option<Acting>,
    ) -> Result<ResidentView, Failed> {
        self.act_by_call(id, &Command::Hold { medium: request.medium }, acting)
    }

    /// Ends the use of a phone's certificates on request (LOSS-3, END-5).
    pub(crate) fn revoke_phone(
        &self,
        id: ResidentId,
        request: &RevokePhone,
        acting: Option<Acting>,
    ) -> Result<ResidentView, Failed> {
        let way = RevocationWay::Hotline;
        self.act_by_call(id, &Command::RevokePhone { chip: request.chip, way }, acting)
    }

    fn act_by_call(
        &self,
        id: ResidentId,
        command: &Command,
        acting: Option<Acting>,
    ) -> Result<ResidentView, Failed> {
        self.act(id, Actor::Hotline { acting }, command, &|_| Vec::new())?;
        self.resident_view(id)
    }
}
