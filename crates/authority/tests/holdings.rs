//! What each of one's phones still holds, and the proof of it, over HTTP.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

#[path = "support/applying.rs"]
mod applying;
#[path = "support/house.rs"]
mod house;
#[path = "support/life.rs"]
mod life;

use applying::{change_phone, code, delete, register};
use inrou_api::clock::Clock;
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{
    Deletion, DeletionJudged, FindHolder, Holder, HoldingPhone, Holdings, JudgeDeletion,
    SessionOutcome,
};
use inrou_rules::{CertificateStatus, ChipId, Medium, Use, Uses};
use jiff::SignedDuration;
use life::Life;

/// The phones, as the role knows them that residents look at them through.
async fn phones(life: &Life) -> Vec<HoldingPhone> {
    let id = life.newest(Medium::Card, Use::Signature).await;
    let certificate = Base64(life.house.store.certificate(id).unwrap().unwrap().der);
    let asked = life.house.counter.post("/holders").json(&FindHolder { certificate });
    let Holder { subject, .. } = asked.answer().await.unwrap();
    let path = format!("/holders/{subject}/phones");
    life.house.counter.get(&path).answer::<Holdings>().await.unwrap().phones
}

async fn judged(life: &Life, shown: &JudgeDeletion) -> Result<DeletionJudged, String> {
    life.house.counter.post("/deletion-receipts").json(shown).answer().await.map_err(code)
}

async fn deletes(life: &Life) -> JudgeDeletion {
    match delete(&life.phone).await.unwrap() {
        SessionOutcome::Deleted { receipt, certificate } => {
            JudgeDeletion { chip: life.phone.id, receipt, certificate }
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn move_3_each_phone_is_shown_with_what_it_holds_from_due_to_confirmed() {
    let life = Life::on_android().await;
    let [only] = phones(&life).await.try_into().unwrap();
    assert_eq!((only.chip, only.deletion), (life.phone.id, Deletion::NotDue));
    assert_eq!(only.certificates.len(), 2);

    let new = life.house.phone().await;
    let applied = change_phone(&life.house, &new, &life.card, Uses::BOTH).await.unwrap();
    life.house.authority.run_due_jobs().unwrap();
    register(&new, applied.enrolment).await.unwrap();
    let since = life.house.clock.now();
    let deletion = async || {
        let all = phones(&life).await;
        assert_eq!(all.len(), 2);
        let revoked = |status| matches!(status, CertificateStatus::Revoked { .. });
        let old = all.iter().find(|phone| phone.chip == life.phone.id).unwrap();
        assert!(old.certificates.iter().all(|view| revoked(view.status)));
        let held = all.iter().find(|phone| phone.chip == new.id).unwrap();
        assert_eq!(held.deletion, Deletion::NotDue);
        old.deletion
    };
    assert_eq!(deletion().await, Deletion::Due { since });
    life.house.clock.advance_by(SignedDuration::from_hours(48));
    life.house.authority.run_due_jobs().unwrap();
    assert_eq!(deletion().await, Deletion::Unconfirmed { since });
    deletes(&life).await;
    assert_eq!(deletion().await, Deletion::Confirmed { at: life.house.clock.now() });
}

#[tokio::test(flavor = "multi_thread")]
async fn end_1_a_receipt_is_judged_for_whoever_is_shown_it() {
    let life = Life::on_android().await;
    let new = life.house.phone().await;
    change_phone(&life.house, &new, &life.card, Uses::BOTH).await.unwrap();
    life.house.authority.run_due_jobs().unwrap();
    let shown = deletes(&life).await;
    let good = judged(&life, &shown).await.unwrap();
    assert_eq!((good.number, good.empty), (2, Uses::BOTH), "the first one was for the storage");
    assert_eq!(good.deleted.len(), 2);
    assert_eq!(good.confirmed, Some(life.house.clock.now()));
    assert!(!good.used_since);

    for at in [0, shown.receipt.0.len() / 2, shown.receipt.0.len() - 1] {
        let mut flipped = shown.clone();
        flipped.receipt.0[at] ^= 1;
        assert_eq!(judged(&life, &flipped).await.unwrap_err(), "receipt-invalid", "byte {at}");
    }
    let of_another = JudgeDeletion { chip: ChipId::from_bytes([7; 16]), ..shown.clone() };
    assert_eq!(judged(&life, &of_another).await.unwrap_err(), "receipt-invalid");
    let strange = Base64(
        life.house
            .store
            .certificate(life.newest(Medium::Card, Use::Signature).await)
            .unwrap()
            .unwrap()
            .der,
    );
    let by_another = JudgeDeletion { certificate: strange, ..shown.clone() };
    assert_eq!(judged(&life, &by_another).await.unwrap_err(), "receipt-invalid");

    // Used again: the old receipt is genuine, and no longer says how things stand.
    let back = change_phone(&life.house, &life.phone, &life.card, Uses::BOTH).await.unwrap();
    life.house.authority.run_due_jobs().unwrap();
    register(&life.phone, back.enrolment).await.unwrap();
    assert!(judged(&life, &shown).await.unwrap().used_since);
}
