//! Changing phones, and phones that are lost and found, over HTTP.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

#[path = "support/applying.rs"]
mod applying;
#[path = "support/house.rs"]
mod house;
#[path = "support/life.rs"]
mod life;

use applying::{apply, ask, begin_by, change_phone, delete, make_keys, notices, register, sign};
use house::{CARD_PASSWORD, House, hanako};
use inrou_api::clock::Clock;
use inrou_api::wire::authority::{
    BeginRequest, EnrolmentStage, Operate, OperatorAct, ReportLoss, RequestDone, Resumption,
    RevokePhone, SessionOutcome,
};
use inrou_pki::Status;
use inrou_rules::{CertificateStatus, Medium, OperationId, Platform, RevocationReason, Use, Uses};
use jiff::SignedDuration;
use life::{Life, MORNING, phone_view};

const SIGNATURE: Uses = Uses { signature: true, user_authentication: false };
const AUTHENTICATION: Uses = Uses { signature: false, user_authentication: true };

fn superseded(status: Status) -> bool {
    matches!(status, Status::Revoked { reason: RevocationReason::Superseded, .. })
}

fn stopped(status: Status) -> bool {
    matches!(status, Status::Revoked { reason: RevocationReason::CessationOfOperation, .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn move_1_the_new_phone_is_registered_and_move_2_the_old_ones_end_at_issuance() {
    let life = Life::on_android().await;
    let new = life.house.phone().await;
    let refused = apply(&life.house, &new, &life.card, Uses::BOTH).await;
    assert_eq!(refused.unwrap_err(), "phone-elsewhere");

    let old: Vec<_> = on_medium(&life, Medium::Phone).await;
    let applied = change_phone(&life.house, &new, &life.card, Uses::BOTH).await.unwrap();
    assert!(old.iter().all(|&id| life.status(id) == Status::Good), "nobody is left without");
    let watched = life.house.clock.now() + SignedDuration::from_hours(48);
    assert_eq!(life.house.authority.run_due_jobs().unwrap(), Some(watched), "MOVE-3");
    assert!(old.iter().all(|&id| superseded(life.status(id))));
    register(&new, applied.enrolment).await.unwrap();
    for usage in Use::ALL {
        assert_eq!(life.told(Medium::Phone, usage).await, Status::Good);
    }
    assert_eq!(life.view().await.phone, Some(new.id));

    // The old phone hears at its next contact that it has to delete, and proves it (MOVE-3).
    assert_eq!(notices(&life.phone).await.last().unwrap(), "certificates-revoked");
    assert_eq!(phone_view(&life.phone).await.deletion_due, Some(life.house.clock.now()));
    assert_eq!(life.view().await.former_phones[0].chip, life.phone.id);
    let deleted = delete(&life.phone).await.unwrap();
    assert!(matches!(deleted, SessionOutcome::Deleted { .. }), "{deleted:?}");
    assert_eq!(life.view().await.former_phones, []);
    life.house.clock.advance_to(watched);
    assert_eq!(life.house.authority.run_due_jobs().unwrap(), None);
    assert_eq!(life.view().await.former_phones, []);
}

async fn on_medium(life: &Life, medium: Medium) -> Vec<inrou_rules::CertificateId> {
    let mut ids = Vec::new();
    for usage in Use::ALL {
        ids.push(life.newest(medium, usage).await);
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn move_1_the_card_signs_the_consent_or_it_is_none() {
    let life = Life::on_android().await;
    let new = life.house.phone().await;
    // It was begun as a change of phone, and the card signed without the consent.
    let begun = begin_by(&life.house, &new, Uses::BOTH, true).await.unwrap();
    let keys = make_keys(&new, begun.enrolment).await.unwrap();
    let refused = sign(&life.house, &new, &life.card, &begun, &keys).await;
    assert_eq!(refused.unwrap_err(), "application-content-mismatch");
    // It was begun without, and the card signed a consent.
    let begun = begin_by(&life.house, &new, Uses::BOTH, false).await.unwrap();
    let keys = make_keys(&new, begun.enrolment).await.unwrap();
    let refused = applying::sign_by(&life.house, &new, &life.card, &begun, &keys, true).await;
    assert_eq!(refused.unwrap_err(), "application-content-mismatch");
}

#[tokio::test(flavor = "multi_thread")]
async fn move_3_an_old_phone_that_stays_away_is_unconfirmed_and_its_receipt_is_taken_later() {
    let life = Life::on_android().await;
    let new = life.house.phone().await;
    change_phone(&life.house, &new, &life.card, SIGNATURE).await.unwrap();
    life.house.authority.run_due_jobs().unwrap();
    life.house.clock.advance_by(SignedDuration::from_hours(48));
    assert_eq!(life.house.authority.run_due_jobs().unwrap(), None);
    let former = life.view().await.former_phones.remove(0);
    assert_eq!((former.chip, former.platform), (life.phone.id, Platform::Android));
    assert_eq!(former.overdue_since, Some(life.house.clock.now()));
    assert!(phone_view(&life.phone).await.deletion_due.is_some());
    delete(&life.phone).await.unwrap();
    assert_eq!(life.view().await.former_phones, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn move_4_and_move_5_other_pairs_end_the_old_phones_first() {
    let life = Life::on_android().await;
    let iphone = life.house.iphone().await;
    let refused = change_phone(&life.house, &iphone, &life.card, Uses::BOTH).await;
    assert_eq!(refused.unwrap_err(), "revoke-on-android-first");

    let house = House::at(MORNING).await;
    let iphone = house.iphone().await;
    let life = Life::on(house, iphone).await;
    let android = life.house.phone().await;
    let refused = change_phone(&life.house, &android, &life.card, Uses::BOTH).await;
    assert_eq!(refused.unwrap_err(), "delete-on-iphone-first");
    // END-4: by the card at hand; across platforms MOVE-6 would do.
    let with = inrou_api::wire::authority::SigningKey::Card;
    let card = (&life.card, CARD_PASSWORD);
    ask(&life.house, &life.phone, BeginRequest::Revocation { with }, card).await.unwrap();
    delete(&life.phone).await.unwrap();
    apply(&life.house, &android, &life.card, Uses::BOTH).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn move_6_another_phones_are_revoked_with_the_card_and_are_told_at_once() {
    let life = Life::on_android().await;
    let card = (&life.card, CARD_PASSWORD);
    let here = ask(&life.house, &life.phone, BeginRequest::OtherRevocation, card).await;
    assert_eq!(here.unwrap_err(), "nothing-elsewhere");
    let iphone = life.house.iphone().await;
    let phone = ("PHONE567", &life.phone.chip);
    let by_phone =
        ask(&life.house, &iphone, BeginRequest::OtherRevocation, (phone.1, phone.0)).await;
    assert_eq!(by_phone.unwrap_err(), "certificate-wrong-kind");

    let done = ask(&life.house, &iphone, BeginRequest::OtherRevocation, card).await.unwrap();
    assert_eq!(done, RequestDone::OtherRevocation);
    for usage in Use::ALL {
        assert!(stopped(life.told(Medium::Phone, usage).await));
    }
    assert!(phone_view(&life.phone).await.deletion_due.is_some());
    let again = ask(&life.house, &iphone, BeginRequest::OtherRevocation, card).await;
    assert_eq!(again.unwrap_err(), "nothing-elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn move_6_a_phone_that_carries_somebody_elses_is_none_to_ask_from() {
    let life = Life::on_android().await;
    let other = life.house.admit(&hanako()).await;
    let others_card = life.house.issue_card(other, &hanako(), Uses::BOTH).await;
    let card = (&others_card, CARD_PASSWORD);
    let refused = ask(&life.house, &life.phone, BeginRequest::OtherRevocation, card).await;
    assert_eq!(refused.unwrap_err(), "asking-phone-serves-another");
}

#[tokio::test(flavor = "multi_thread")]
async fn loss_2_use_is_resumed_with_the_card_and_told_before() {
    let life = Life::on_android().await;
    let card = (&life.card, CARD_PASSWORD);
    let early = ask(&life.house, &life.phone, BeginRequest::Resumption, card).await;
    assert_eq!(early.unwrap_err(), "nothing-held");
    assert_eq!(phone_view(&life.phone).await.resumption, None);

    life.lose(Medium::Phone).await;
    assert!(matches!(
        life.told(Medium::Phone, Use::UserAuthentication).await,
        Status::OnHold { .. }
    ));
    let told = Resumption { resumed: AUTHENTICATION, anew: SIGNATURE, emptied: false };
    assert_eq!(phone_view(&life.phone).await.resumption, Some(told));
    // LOSS-4: who holds nothing but the phone resumes nothing.
    let phone = (&life.phone.chip, "PHONE567");
    let by_phone = ask(&life.house, &life.phone, BeginRequest::Resumption, phone).await;
    assert_eq!(by_phone.unwrap_err(), "certificate-wrong-kind");

    let done = ask(&life.house, &life.phone, BeginRequest::Resumption, card).await.unwrap();
    let RequestDone::Resumption { certificates } = done else { panic!("{done:?}") };
    assert_eq!(certificates.len(), 2);
    assert_eq!(life.told(Medium::Phone, Use::UserAuthentication).await, Status::Good);
    assert!(stopped(life.told(Medium::Phone, Use::Signature).await));
    assert_eq!(notices(&life.phone).await.last().unwrap(), "certificates-resumed");

    // The signature certificate is applied for and registered again, on the same phone.
    let applied = apply(&life.house, &life.phone, &life.card, SIGNATURE).await.unwrap();
    life.house.authority.run_due_jobs().unwrap();
    register(&life.phone, applied.enrolment).await.unwrap();
    assert_eq!(life.told(Medium::Phone, Use::Signature).await, Status::Good);
}

#[tokio::test(flavor = "multi_thread")]
async fn loss_2_a_found_iphones_are_all_issued_and_registered_anew() {
    let house = House::at(MORNING).await;
    let iphone = house.iphone().await;
    let life = Life::on(house, iphone).await;
    life.lose(Medium::Phone).await;
    let told = Resumption { resumed: Uses::NONE, anew: Uses::BOTH, emptied: true };
    assert_eq!(phone_view(&life.phone).await.resumption, Some(told));
    let card = (&life.card, CARD_PASSWORD);
    ask(&life.house, &life.phone, BeginRequest::Resumption, card).await.unwrap();
    assert!(stopped(life.told(Medium::Phone, Use::UserAuthentication).await));
    delete(&life.phone).await.unwrap();
    let applied = apply(&life.house, &life.phone, &life.card, Uses::BOTH).await.unwrap();
    life.house.authority.run_due_jobs().unwrap();
    register(&life.phone, applied.enrolment).await.unwrap();
    assert_eq!(life.told(Medium::Phone, Use::UserAuthentication).await, Status::Good);
}

#[tokio::test(flavor = "multi_thread")]
async fn loss_2_what_was_not_told_yet_is_told_when_its_delay_is_over() {
    let rules = inrou_rules::Settings {
        visibility_delay: inrou_rules::VisibilityDelay::OFFICIAL,
        ..inrou_rules::Settings::default()
    };
    let house = House::by_rules(MORNING, rules).await;
    let phone = house.phone().await;
    let life = Life::on(house, phone).await;
    let usable = life.house.clock.now() + SignedDuration::from_mins(15);
    let usage = Use::UserAuthentication;
    assert_eq!(life.told(Medium::Phone, usage).await, Status::Unknown);
    life.lose(Medium::Phone).await;
    let card = (&life.card, CARD_PASSWORD);
    ask(&life.house, &life.phone, BeginRequest::Resumption, card).await.unwrap();
    assert_eq!(life.told(Medium::Phone, usage).await, Status::Unknown);
    life.house.clock.advance_to(usable);
    life.house.authority.run_due_jobs().unwrap();
    assert_eq!(life.told(Medium::Phone, usage).await, Status::Good, "HOURS-3");
}

#[tokio::test(flavor = "multi_thread")]
async fn loss_3_the_hotline_revokes_while_it_answers_and_holds_at_any_hour() {
    let life = Life::on_android().await;
    // 20:00 in Japan.
    life.house.clock.advance_to("2026-11-21T11:00:00Z".parse().unwrap());
    let revocation = RevokePhone { chip: life.phone.id };
    let closed = life.call_by(&life.house.counter, "phone/revocation", &revocation).await;
    let closed = closed.unwrap_err();
    assert_eq!(closed.code(), "hotline-closed");
    assert_eq!(closed.param("opens").unwrap(), "2026-11-22T00:30:00Z");
    life.call("hold", &ReportLoss { medium: Medium::Phone }).await.unwrap();

    life.house.clock.advance_to("2026-11-22T00:30:00Z".parse().unwrap());
    let revoked = life.call("phone/revocation", &revocation).await.unwrap();
    assert_eq!(revoked.phone, None);
    assert!(stopped(life.told(Medium::Phone, Use::Signature).await));
    assert_eq!(life.call("phone/revocation", &revocation).await.unwrap(), revoked);
}

#[tokio::test(flavor = "multi_thread")]
async fn loss_4_what_the_operator_holds_the_resident_does_not_resume() {
    let life = Life::on_android().await;
    let id = life.newest(Medium::Phone, Use::UserAuthentication).await;
    let named = |act| Operate {
        operation: OperationId::from_bytes([5; 16]),
        act,
        certificates: vec![inrou_api::wire::authority::CertificateName {
            usage: id.usage,
            serial: id.serial.to_string(),
        }],
    };
    let held = life.call("operations", &named(OperatorAct::Hold)).await.unwrap();
    assert_eq!(life.call("operations", &named(OperatorAct::Hold)).await.unwrap(), held);
    assert!(matches!(life.status(id), Status::OnHold { .. }));
    let card = (&life.card, CARD_PASSWORD);
    let refused = ask(&life.house, &life.phone, BeginRequest::Resumption, card).await;
    assert_eq!(refused.unwrap_err(), "held-by-operator");
    life.call("operations", &named(OperatorAct::Lift)).await.unwrap();
    assert_eq!(life.status(id), Status::Good);

    life.call("operations", &named(OperatorAct::AskToReapply)).await.unwrap();
    assert_eq!(notices(&life.phone).await.last().unwrap(), "reapplication-asked");
    let view = phone_view(&life.phone).await;
    let asked = view.certificates.iter().filter(|c| c.reapplication_asked);
    assert_eq!(asked.map(|c| c.usage).collect::<Uses>(), AUTHENTICATION);
    let reason = RevocationReason::KeyCompromise;
    let revoked = life.call("operations", &named(OperatorAct::Revoke { reason })).await.unwrap();
    let at = life.house.clock.now();
    let mut of_use = revoked.certificates.iter().filter(|c| c.medium == Medium::Phone);
    assert!(of_use.any(|c| c.status == CertificateStatus::Revoked { at, reason }));
    assert_eq!(life.status(id), Status::Revoked { at, reason });

    let mut stranger = named(OperatorAct::Hold);
    stranger.certificates[0].serial = "FFFF".to_owned();
    let refused = life.call("operations", &stranger).await;
    assert_eq!(refused.unwrap_err(), "certificate-of-another");
}

#[tokio::test(flavor = "multi_thread")]
async fn loss_2_a_signature_certificate_that_the_operator_held_is_not_lifted() {
    let life = Life::on_android().await;
    let id = life.newest(Medium::Phone, Use::Signature).await;
    let named = |act| Operate {
        operation: OperationId::from_bytes([5; 16]),
        act,
        certificates: vec![inrou_api::wire::authority::CertificateName {
            usage: id.usage,
            serial: id.serial.to_string(),
        }],
    };
    life.call("operations", &named(OperatorAct::Hold)).await.unwrap();
    let refused = life.call("operations", &named(OperatorAct::Lift)).await;
    assert_eq!(refused.unwrap_err(), "signature-stays-held");
    assert!(matches!(life.status(id), Status::OnHold { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn loss_1_a_change_of_phone_on_its_way_is_withdrawn_with_the_loss() {
    let life = Life::on_android().await;
    let new = life.house.phone().await;
    life.house.clock.advance_to("2026-11-21T13:00:00Z".parse().unwrap());
    let applied = change_phone(&life.house, &new, &life.card, Uses::BOTH).await.unwrap();
    life.lose(Medium::Phone).await;
    let path = format!("/enrolments/{}", applied.enrolment);
    let view: inrou_api::wire::authority::EnrolmentView =
        new.client.get(&path).answer().await.unwrap();
    assert!(matches!(view.stage, EnrolmentStage::Ended { .. }), "{view:?}");
}
