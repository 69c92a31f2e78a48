//! That the judge can fail: what the service answers is changed on its way, as a fault of the service
//! would change it, and must be noticed.

use inrou_oracle::{Act, Person, Platform, ResidentId, Uses};
use inrou_pki::Status;
use inrou_rules::{CertificateStatus, Use};
use jiff::civil::date;

use crate::life::Life;
use crate::script::{Script, Step};
use crate::seen::Seen;
use crate::town::PLACES;

/// A hold that stands in the views, and of which OCSP says nothing.
pub async fn unpublished_hold() {
    let noticed = with(|seen| {
        for status in seen.ocsp.values_mut() {
            if matches!(status, Status::OnHold { .. }) {
                *status = Status::Good;
            }
        }
    });
    let why = noticed.await.expect_err("the hold was not published");
    assert!(why.contains("OCSP tells Good, not [OnHold"), "{why}");
}

/// The signature certificate of a card that is found is good again, in the views and at OCSP.
pub async fn returned_signature() {
    let noticed = with(|seen: &mut Seen| {
        for view in seen.residents.iter_mut().flat_map(|resident| &mut resident.certificates) {
            if let CertificateStatus::Revoked { at, .. } = view.status
                && view.usage == Use::Signature
            {
                view.status = CertificateStatus::Active { since: at };
            }
        }
    });
    let why = noticed.await.expect_err("a signature certificate has returned");
    assert!(why.contains("has Active") && why.contains("not [Revoked"), "{why}");
}

/// A card is lost and found, seen through this lens.
async fn with(lens: fn(&mut Seen)) -> Result<(), String> {
    let (resident, at, by) = (ResidentId(0), PLACES[0], Person::InPerson);
    let script = Script {
        residents: vec![(date(1990, 11, 22), at)],
        phones: vec![Platform::Android],
        steps: [
            Act::IssueCard { resident, at, uses: Uses::BOTH, by },
            Act::HoldCard { resident },
            Act::CardFound { resident, at, new_signature: false, by },
        ]
        .map(|act| Step::Act { act, mishap: None, repeats: false })
        .into(),
    };
    let mut life = Life::begin(&script).await;
    life.lens = lens;
    for step in &script.steps {
        life.step(step).await?;
    }
    Ok(())
}
