//! The main job over HTTP, as card, phone and counter see it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

#[path = "support/applying.rs"]
mod applying;
#[path = "support/house.rs"]
mod house;

use std::collections::BTreeSet;
use std::sync::Arc;

use applying::notices;
use house::{House, Phone, hanako, sign_statement, transmit};
use inrou_api::clock::Clock;
use inrou_api::server::shutdown;
use inrou_api::session::play;
use inrou_api::statement::Statement;
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{
    BeginEnrolment, BeginRequest, CertificateView, EnrolmentBegun, EnrolmentStage, EnrolmentView,
    PhoneView, ReportLoss, RequestBegun, RequestDone, ResidentView, SessionOutcome, SessionWork,
    SignedStatement, SigningKey,
};
use inrou_pki::keys::KeyError;
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, SoftwareKey, Status};
use inrou_rules::{
    CertificateId, CertificateStatus, Medium, ResidentId, RevocationReason, Serial, Settings, Use,
    Uses, VisibilityDelay,
};
use jiff::{SignedDuration, Timestamp};

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_carried_on_a_phone_end_to_end() {
    let house = House::at("2026-11-21T01:00:00Z").await;
    let now = house.clock.now();
    let (resident, phone, certificates) = carried(&house, now).await;
    assert_eq!(certificates.len(), 2);
    let of_card = house.counter.get(&format!("/residents/{resident}"));
    let seen: ResidentView = of_card.answer().await.unwrap();
    for usage in Use::ALL {
        let on = |medium| {
            seen.certificates.iter().find(|c| c.usage == usage && c.medium == medium).unwrap()
        };
        assert_eq!(on(Medium::Phone).not_after, on(Medium::Card).not_after, "VALID-1");
        assert!(matches!(on(Medium::Phone).status, CertificateStatus::Active { .. }));
    }

    revoke(&house, &phone).await;
    let view: PhoneView = phone.client.get("/phones/self").answer().await.unwrap();
    assert_eq!(view.deletion_due, None);
}

/// Revocation with the phone's own key (END-2), deletion with a receipt.
async fn revoke(house: &House, phone: &Phone) {
    let now = house.clock.now();
    let ask = BeginRequest::Revocation { with: SigningKey::Phone };
    let call = phone.client.post("/requests").json(&ask).once(&house.key());
    let begun: RequestBegun = call.answer().await.unwrap();
    let statement = Statement::Revocation {
        challenge: begun.challenge.value,
        chip: phone.id,
        request: begun.request.clone(),
        with: SigningKey::Phone,
    };
    let cms = Base64(sign_statement(&phone.chip, "PHONE567", &statement, now));
    let path = format!("/requests/{}", begun.request);
    let call = phone.client.post(&path).json(&SignedStatement { cms });
    let RequestDone::Revocation { certificates } = call.answer().await.unwrap() else { panic!() };
    for certificate in certificates {
        let reason = RevocationReason::CessationOfOperation;
        assert_eq!(certificate.status, CertificateStatus::Revoked { at: now, reason });
    }
    let outcome =
        play(&phone.client, &SessionWork::Delete, |command| transmit(&phone.chip, command)).await;
    assert!(matches!(outcome, Ok(SessionOutcome::Deleted { .. })), "{outcome:?}");
}

/// A resident who has applied for both certificates, and set their PINs.
async fn applied(house: &House) -> (ResidentId, Phone, EnrolmentView) {
    let phone = house.phone().await;
    let (resident, view) = apply(house, &phone, Uses::BOTH).await;
    (resident, phone, view)
}

/// A new resident applies for these uses on a phone, and sets their PINs.
async fn apply(house: &House, phone: &Phone, uses: Uses) -> (ResidentId, EnrolmentView) {
    let hanako = hanako();
    let resident = house.admit(&hanako).await;
    let card = house.issue_card(resident, &hanako, Uses::BOTH).await;

    let view = applying::apply(house, phone, &card, uses).await.unwrap();
    let again = applying::complete(phone, view.enrolment).await.unwrap();
    assert_eq!(again.stage, view.stage);
    (resident, view)
}

/// A resident with a phone that carries both certificates, usable from that moment on.
async fn carried(house: &House, usable: Timestamp) -> (ResidentId, Phone, Vec<CertificateView>) {
    let phone = house.phone().await;
    let (resident, certificates) = carry(house, &phone, Uses::BOTH, usable).await;
    (resident, phone, certificates)
}

/// A new resident's certificates for these uses, put on a phone, usable from that moment on.
async fn carry(
    house: &House,
    phone: &Phone,
    uses: Uses,
    usable: Timestamp,
) -> (ResidentId, Vec<CertificateView>) {
    let (resident, completed) = apply(house, phone, uses).await;
    // It is 10:00 in Japan, or not much later (HOURS-1).
    let now = house.clock.now();
    assert_eq!(completed.stage, EnrolmentStage::Completed { at: now, due: now });

    // The job, the notice (HOURS-2).
    house.authority.run_due_jobs().unwrap();
    assert_eq!(notices(phone).await.last().unwrap(), "registration-ready");

    // Registration (REG-1).
    let work = SessionWork::StoreCertificates { enrolment: completed.enrolment };
    let outcome = play(&phone.client, &work, |command| transmit(&phone.chip, command)).await;
    let Ok(SessionOutcome::CertificatesStored { certificates, usable_from }) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(usable_from, usable);
    (resident, certificates)
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_3_a_phone_is_shown_the_certificates_of_the_resident_whom_it_serves_now() {
    let house = House::at("2026-11-21T01:00:00Z").await;
    let (_, phone, _) = carried(&house, house.clock.now()).await;
    revoke(&house, &phone).await;
    house.clock.advance_by(SignedDuration::from_hours(1));
    let one = Uses::from_iter([Use::Signature]);
    let (_, certificates) = carry(&house, &phone, one, house.clock.now()).await;
    let view: PhoneView = phone.client.get("/phones/self").answer().await.unwrap();
    let ids = |of: &[CertificateView]| of.iter().map(id).collect::<Vec<_>>();
    assert_eq!(ids(&view.certificates), ids(&certificates));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_nobody_signed_is_forgotten_though_nothing_else_happens() {
    let house = House::at("2026-11-21T01:00:00Z").await;
    let phone = house.phone().await;
    let begin = BeginEnrolment { uses: Uses::BOTH, confirmed: true, change_of_phone: false };
    let call = phone.client.post("/enrolments").json(&begin).once(&house.key());
    let begun: EnrolmentBegun = call.answer().await.unwrap();
    let (trigger, told) = shutdown();
    tokio::spawn(house.authority.clone().work(told));
    let path = format!("/enrolments/{}", begun.enrolment);
    let _: EnrolmentView = phone.client.get(&path).answer().await.unwrap();
    house.clock.advance_by(SignedDuration::from_hours(25));
    let forgotten = async {
        while phone.client.get(&path).answer::<EnrolmentView>().await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), forgotten).await.unwrap();
    trigger.finish().await;
}

fn id(certificate: &CertificateView) -> CertificateId {
    let serial = Serial(u64::from_str_radix(&certificate.serial, 16).unwrap());
    CertificateId { usage: certificate.usage, serial }
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_3_both_certificates_are_told_once_the_delay_is_over() {
    let visibility_delay = VisibilityDelay::OFFICIAL;
    let rules = Settings { visibility_delay, ..Settings::default() };
    let house = House::by_rules("2026-11-21T01:00:00Z", rules).await;
    let usable = house.clock.now() + SignedDuration::from_mins(15);
    let (_, _, certificates) = carried(&house, usable).await;
    let told = || {
        let index = house.authority.status_index();
        certificates.iter().map(|found| index.status(id(found))).collect::<Vec<_>>()
    };
    assert_eq!(house.authority.run_due_jobs().unwrap(), Some(usable));
    assert_eq!(told(), [Status::Unknown; 2]);

    house.clock.advance_to(usable);
    // Both fall due at once, and neither is put off because of the other.
    assert_eq!(house.authority.run_due_jobs().unwrap(), None);
    assert_eq!(told(), [Status::Good; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_1_what_a_night_has_gathered_is_issued_together() {
    let house = House::at("2026-11-21T13:00:00Z").await;
    let morning: Timestamp = "2026-11-21T23:00:00Z".parse().unwrap();
    let mut applicants = Vec::new();
    for _ in 0..5 {
        let (resident, phone, completed) = applied(&house).await;
        let at = house.clock.now();
        assert_eq!(completed.stage, EnrolmentStage::Completed { at, due: morning });
        applicants.push((resident, phone));
    }
    assert_eq!(house.authority.run_due_jobs().unwrap(), Some(morning));
    // One card is lost in the night: that application is rejected, and the others do not suffer.
    let (lost, _) = &applicants[2];
    let loss = ReportLoss { medium: Medium::Card };
    let hold = house.counter.post(&format!("/residents/{lost}/hold")).json(&loss);
    let _: ResidentView = hold.answer().await.unwrap();

    house.clock.advance_to(morning);
    assert_eq!(house.authority.run_due_jobs().unwrap(), None);
    let mut serials = BTreeSet::new();
    for (n, (resident, phone)) in applicants.iter().enumerate() {
        let told = if n == 2 { "application-rejected" } else { "registration-ready" };
        assert_eq!(notices(phone).await, [told]);
        let view: ResidentView =
            house.counter.get(&format!("/residents/{resident}")).answer().await.unwrap();
        let issued = view.certificates.iter().filter(|found| found.medium == Medium::Phone);
        let issued: Vec<_> = issued.map(id).collect();
        assert_eq!(issued.len(), if n == 2 { 0 } else { 2 });
        serials.extend(issued);
    }
    assert_eq!(serials.len(), 8);
}

/// Makes keys of one kind, whatever is asked for.
struct OneKind;

impl KeySource for OneKind {
    fn generate(&self, _: KeyAlgorithm) -> Result<SoftwareKey, KeyError> {
        FreshKeys.generate(KeyAlgorithm::EcP256)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_1_a_key_of_another_kind_than_the_settings_say_is_refused() {
    let house = House::at("2026-11-21T01:00:00Z").await;
    let phone = house.phone_with(Arc::new(OneKind)).await;
    let begin = BeginEnrolment { uses: Uses::BOTH, confirmed: true, change_of_phone: false };
    let call = phone.client.post("/enrolments").json(&begin).once(&house.key());
    let begun: EnrolmentBegun = call.answer().await.unwrap();
    let work = SessionWork::MakeKeys { enrolment: begun.enrolment };
    let refused = play(&phone.client, &work, |command| transmit(&phone.chip, command)).await;
    let told = format!("{:?}", refused.unwrap_err());
    assert!(told.contains("attestation-invalid") && told.contains("other-key"), "{told}");
}
