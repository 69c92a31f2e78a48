//! Several residents, or several applications of one, on one chip: it holds the keys of one
//! application at a time (REG-3), and serves one resident (READY-3).

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

#[path = "support/applying.rs"]
mod applying;
#[path = "support/house.rs"]
mod house;
#[path = "support/interrupted.rs"]
mod interrupted;

use std::sync::Arc;

use applying::{apply, begin, complete, make_keys, notices, register, sign};
use house::{House, Phone, SharedChip, hanako, set_pins};
use inrou_api::wire::authority::{
    EnrolmentStage, EnrolmentView, Notices, PhoneView, SessionOutcome,
};
use inrou_authority::store::{PhoneRecord, Write};
use inrou_rules::{ResidentId, Settings, Uses};
use interrupted::Interrupted;
use jiff::SignedDuration;

const MORNING: &str = "2026-11-21T01:00:00Z";
const EVENING: &str = "2026-11-21T13:00:00Z";

async fn resident_with_card(house: &House) -> (ResidentId, SharedChip) {
    let resident = house.admit(&hanako()).await;
    let card = house.issue_card(resident, &hanako(), Uses::BOTH).await;
    (resident, card)
}

async fn stage(phone: &Phone, of: &EnrolmentView) -> EnrolmentStage {
    let path = format!("/enrolments/{}", of.enrolment);
    phone.client.get(&path).answer::<EnrolmentView>().await.unwrap().stage
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_3_while_an_application_is_worked_on_its_chip_takes_no_other() {
    let house = House::at(EVENING).await;
    let phone = house.phone().await;
    let (_, first) = resident_with_card(&house).await;
    let (_, second) = resident_with_card(&house).await;
    let applied = apply(&house, &phone, &first, Uses::BOTH).await.unwrap();
    let refused = apply(&house, &phone, &second, Uses::BOTH).await;
    assert_eq!(refused.unwrap_err(), "application-under-way");

    // The first one is issued in the morning, and its keys are still there.
    let EnrolmentStage::Completed { due, .. } = applied.stage else { panic!("{applied:?}") };
    house.clock.advance_to(due);
    assert_eq!(house.authority.run_due_jobs().unwrap(), None);
    assert_eq!(begin(&house, &phone, Uses::BOTH).await.unwrap_err(), "application-under-way");
    let outcome = register(&phone, applied.enrolment).await.unwrap();
    assert!(matches!(outcome, SessionOutcome::CertificatesStored { .. }), "{outcome:?}");

    // From then on the chip serves the first resident (READY-3).
    let refused = apply(&house, &phone, &second, Uses::BOTH).await;
    assert_eq!(refused.unwrap_err(), "phone-serves-another");
    // What the second one began in vain is not what the phone is about.
    let view: PhoneView = phone.client.get("/phones/self").answer().await.unwrap();
    let shown = view.enrolment.unwrap();
    assert_eq!(shown.enrolment, applied.enrolment);
    assert!(matches!(shown.stage, EnrolmentStage::Registered { .. }), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_3_keys_are_not_made_where_another_application_was_completed_meanwhile() {
    let house = House::at(EVENING).await;
    let phone = house.phone().await;
    let (_, card) = resident_with_card(&house).await;
    let begun = begin(&house, &phone, Uses::BOTH).await.unwrap();
    let keys = make_keys(&phone, begun.enrolment).await.unwrap();
    let other = begin(&house, &phone, Uses::BOTH).await.unwrap();
    sign(&house, &phone, &card, &begun, &keys).await.unwrap();
    complete(&phone, begun.enrolment).await.unwrap();
    let refused = make_keys(&phone, other.enrolment).await;
    assert_eq!(refused.unwrap_err(), "application-under-way");
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_3_an_application_that_was_given_up_before_its_last_screen_blocks_nobody() {
    let house = House::at(MORNING).await;
    let phone = house.phone().await;
    let (_, first) = resident_with_card(&house).await;
    let (_, second) = resident_with_card(&house).await;
    let begun = begin(&house, &phone, Uses::BOTH).await.unwrap();
    let keys = make_keys(&phone, begun.enrolment).await.unwrap();
    sign(&house, &phone, &first, &begun, &keys).await.unwrap();

    let applied = apply(&house, &phone, &second, Uses::BOTH).await.unwrap();
    // The first one's keys are gone: it is over, and cannot be completed or handed in again.
    let refused = complete(&phone, begun.enrolment).await;
    let over = refused.map(|view| view.stage).unwrap();
    assert_eq!(over, EnrolmentStage::Ended { code: "application-withdrawn".to_owned() });
    let again = sign(&house, &phone, &first, &begun, &keys).await;
    assert_eq!(again.unwrap_err(), "no-such-application");
    assert_eq!(make_keys(&phone, begun.enrolment).await.unwrap_err(), "no-such-application");

    assert_eq!(house.authority.run_due_jobs().unwrap(), None);
    assert_eq!(notices(&phone).await, ["registration-ready"]);
    register(&phone, applied.enrolment).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_3_of_two_that_were_begun_the_one_whose_keys_are_made_last_goes_on() {
    let house = House::at(MORNING).await;
    let phone = house.phone().await;
    let (_, card) = resident_with_card(&house).await;
    let one = begin(&house, &phone, Uses::BOTH).await.unwrap();
    let keys = make_keys(&phone, one.enrolment).await.unwrap();
    let other = begin(&house, &phone, Uses::BOTH).await.unwrap();
    let others = make_keys(&phone, other.enrolment).await.unwrap();
    let refused = sign(&house, &phone, &card, &one, &keys).await;
    assert_eq!(refused.unwrap_err(), "no-such-application");
    sign(&house, &phone, &card, &other, &others).await.unwrap();
    set_pins(&phone.chip, Uses::BOTH, "PHONE567", "5678");
    complete(&phone, other.enrolment).await.unwrap();
    assert_eq!(house.authority.run_due_jobs().unwrap(), None);
    register(&phone, other.enrolment).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_3_a_job_that_is_refused_for_good_ends_and_the_resident_is_told() {
    let house = House::at(EVENING).await;
    let phone = house.phone().await;
    let (_, card) = resident_with_card(&house).await;
    let applied = apply(&house, &phone, &card, Uses::BOTH).await.unwrap();
    // Somebody else has come to be served by the chip, by whatever way.
    let known = house.store.phone(phone.id).unwrap().unwrap();
    let resident = Some(house.admit(&hanako()).await);
    let taken = PhoneRecord { resident, ..known.value };
    let put = Write::PutPhone { expected: Some(known.version), phone: taken };
    house.store.commit(put.into()).unwrap();

    let EnrolmentStage::Completed { due, .. } = applied.stage else { panic!("{applied:?}") };
    house.clock.advance_to(due);
    assert_eq!(house.authority.run_due_jobs().unwrap(), None);
    let code = "phone-serves-another".to_owned();
    assert_eq!(stage(&phone, &applied).await, EnrolmentStage::Ended { code: code.clone() });
    let told: Notices = phone.client.get("/notices").answer().await.unwrap();
    assert_eq!(told.notices.len(), 1);
    assert_eq!(told.notices[0].code, "application-rejected");
    assert_eq!(told.notices[0].params.get("reason"), Some(&code));
    let view: PhoneView = phone.client.get("/phones/self").answer().await.unwrap();
    assert_eq!(view.enrolment.unwrap().stage, EnrolmentStage::Ended { code });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_one_lease_goes_on_with_its_other_jobs() {
    let entropy = Arc::new(Interrupted::default());
    let house = House::drawing(EVENING, Settings::default(), entropy.clone()).await;
    let mut applicants = Vec::new();
    for _ in 0..3 {
        let phone = house.phone().await;
        let (_, card) = resident_with_card(&house).await;
        let applied = apply(&house, &phone, &card, Uses::BOTH).await.unwrap();
        applicants.push((phone, applied));
    }
    let EnrolmentStage::Completed { due, .. } = applicants[0].1.stage else { panic!() };
    house.clock.advance_to(due);

    // While the first certificate is planned, the lease runs out and another worker takes one job.
    let until = due + SignedDuration::from_mins(10);
    let (clock, store) = (house.clock.clone(), house.store.clone());
    // The random part of a signature certificate's common name.
    entropy.at(4, move || {
        clock.advance_by(SignedDuration::from_mins(3));
        let now = inrou_api::clock::Clock::now(&*clock);
        let taken = store.commit(Write::LeaseJobs { now, until, limit: 1 }.into()).unwrap();
        assert_eq!(taken.leased_jobs.len(), 1);
    });
    assert_eq!(house.authority.run_due_jobs().unwrap(), Some(until));
    let mut ready = 0;
    for (phone, _) in &applicants {
        ready += notices(phone).await.len();
    }
    assert_eq!(ready, 2);

    // That worker is gone: the job is done once its lease has run out.
    house.clock.advance_to(until);
    assert_eq!(house.authority.run_due_jobs().unwrap(), None);
    for (phone, applied) in &applicants {
        assert_eq!(notices(phone).await, ["registration-ready"]);
        register(phone, applied.enrolment).await.unwrap();
    }
}
