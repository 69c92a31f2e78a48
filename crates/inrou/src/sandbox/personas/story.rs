//! What happens to a persona beside what the file tells.

use inrou_api::problem::{OrInternal, Problem};
use inrou_api::wire::authority::{
    Attendance, ChangeRecord, ChooseCertificates, ReportLoss, ResidentView,
};
use inrou_pki::Status;
use inrou_rules::{ResidentId, Use, Uses};

use super::medium;
use crate::residents::TestResident;
use crate::sandbox::Role;
use crate::sandbox::stage::Stage;

/// A persona's story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Story {
    /// Nothing happens.
    Plain,
    /// The card, or the phone, is reported lost (CARD-11, LOSS-1).
    Lost,
    /// The card's certificates are given up, whereby the phone's end too (VALID-4).
    GivenUp,
    /// A new address is recorded: the certificate that has the old one in it ends (CARD-7).
    Moved,
    /// The certificates end before the sandbox begins.
    Outlived,
}

impl Story {
    /// The story of the persona of that name.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "on-hold" | "on-hold-phone" => Self::Lost,
            "revoked" | "revoked-phone" => Self::GivenUp,
            "address-changed" => Self::Moved,
            "expired" => Self::Outlived,
            _ => Self::Plain,
        }
    }

    /// Whether the persona's certificate of a use is as good as when it was issued.
    pub(super) fn spares(self, usage: Use) -> bool {
        match self {
            Self::Plain => true,
            Self::Moved => usage == Use::UserAuthentication,
            Self::Lost | Self::GivenUp | Self::Outlived => false,
        }
    }

    /// Whether the certificate of a use stands as it does at the story's end.
    pub(super) fn has_come_to_pass(self, usage: Use, status: Status, has_ended: bool) -> bool {
        match self {
            Self::Outlived => has_ended,
            _ if has_ended => false,
            Self::Lost => matches!(status, Status::OnHold { .. }),
            _ if self.spares(usage) => matches!(status, Status::Good),
            _ => matches!(status, Status::Revoked { .. }),
        }
    }

    /// Has it happen to a persona whose card is issued, and whose phone is registered.
    ///
    /// # Errors
    /// The authority's.
    pub(super) async fn happen(
        self,
        stage: &Stage,
        persona: &TestResident,
        resident: ResidentId,
    ) -> Result<(), Problem> {
        match self {
            Self::Plain | Self::Outlived => Ok(()),
            Self::Lost => {
                let loss = ReportLoss { medium: medium(persona) };
                told(stage, Role::Hotline, resident, "hold", &loss).await
            }
            Self::GivenUp => {
                let choice = ChooseCertificates {
                    uses: Uses { signature: false, user_authentication: false },
                    attendance: Attendance::InPerson,
                    counter: persona.municipality,
                };
                told(stage, Role::Counter, resident, "card/certificates", &choice).await
            }
            Self::Moved => {
                let mut attributes = persona.attributes.clone();
                attributes.address = attributes.address.replace('９', "１０");
                attributes.address_reading = attributes.address_reading.replace("きゅう", "じゅう");
                attributes.address_substitutes = "0".repeat(attributes.address.chars().count());
                let change = ChangeRecord {
                    attributes,
                    municipality: persona.municipality,
                    reissue: false,
                    attendance: Attendance::InPerson,
                };
                told(stage, Role::Counter, resident, "record", &change).await
            }
        }
    }
}

async fn told(
    stage: &Stage,
    role: Role,
    resident: ResidentId,
    what: &str,
    body: &impl serde::Serialize,
) -> Result<(), Problem> {
    let client = stage.world.client("/authority/v1", role).or_internal()?;
    let call = client.post(&format!("/residents/{resident}/{what}")).json(body);
    call.answer::<ResidentView>().await.map(drop).or_internal()
}
