//! What the operator does to certificates of many residents: one resident at a time, under the number of
//! one operation.

use inrou_api::acting::Acting;
use inrou_api::wire::authority::{CertificateName, Operate, OperatorAct, ResidentView};
use inrou_rules::{CertificateId, Command, Refusal, ResidentId, Serial};

use crate::Authority;
use crate::problem::Failed;
use crate::store::Actor;

impl Authority {
    /// Carries out an act on a resident's certificates. Repeating it changes nothing.
    pub(crate) fn operate(
        &self,
        id: ResidentId,
        request: &Operate,
        acting: Option<Acting>,
    ) -> Result<ResidentView, Failed> {
        let operation = request.operation;
        let command = Command::Operate {
            operation,
            act: match request.act {
                OperatorAct::Hold => inrou_rules::OperatorAct::Hold,
                OperatorAct::Lift => inrou_rules::OperatorAct::Lift,
                OperatorAct::Revoke { reason } => inrou_rules::OperatorAct::Revoke(reason),
                OperatorAct::AskToReapply => inrou_rules::OperatorAct::AskToReapply,
            },
            certificates: request.certificates.iter().map(named).collect::<Result<_, _>>()?,
        };
        self.act(id, Actor::Operator { operation, acting }, &command, &|_| Vec::new())?;
        self.resident_view(id)
    }
}

/// Which certificate a name means; what is no number is nobody's.
fn named(name: &CertificateName) -> Result<CertificateId, Refusal> {
    let serial =
        u64::from_str_radix(&name.serial, 16).map_err(|_| Refusal::CertificateOfAnother)?;
    Ok(CertificateId { usage: name.usage, serial: Serial(serial) })
}
