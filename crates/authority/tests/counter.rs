//! What becomes of a card at the counter, over HTTP: renewal, replacement, return, departure.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

#[path = "support/applying.rs"]
mod applying;
#[path = "support/house.rs"]
mod house;
#[path = "support/life.rs"]
mod life;

use applying::{delete, notices};
use house::{CARD_PASSWORD, CARD_PIN, hanako, set_pins};
use inrou_api::acting::{Acting, Reason};
use inrou_api::client::Client;
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::page::Page;
use inrou_api::session::{SessionError, play};
use inrou_api::wire::authority::{
    Attendance, CardFound, ChangeRecord, FindResidents, IssueCard, RenewCertificates,
    ReportDeparture, ReportFound, ReportLoss, ResidentSummary, ResidentView, SessionWork,
};
use inrou_pki::Status;
use inrou_rules::{
    Attributes, Departure, Medium, MemberId, Municipality, RevocationReason, Standing, Use, Uses,
};
use life::{Life, kiyose};

const SIGNATURE: Uses = Uses { signature: true, user_authentication: false };

fn renewal(uses: Uses) -> RenewCertificates {
    RenewCertificates { uses, attendance: Attendance::InPerson, counter: kiyose() }
}

/// Whom a counter finds by a name and the resident's birth date.
async fn search(life: &Life, counter: &Client, name: &str) -> Vec<ResidentSummary> {
    let request = FindResidents {
        name: name.to_owned(),
        birth_date: hanako().birth_date,
        municipality: None,
    };
    let page: Page<ResidentSummary> =
        counter.post("/residents/search").json(&request).answer().await.unwrap();
    assert!(page.items.iter().all(|found| found.resident == life.resident));
    page.items
}

async fn find(life: &Life, reissue: bool, key: &IdempotencyKey) -> Result<CardFound, String> {
    let found = ReportFound { reissue, attendance: Attendance::InPerson, counter: kiyose() };
    let path = format!("/residents/{}/card/found", life.resident);
    let call = life.house.counter.post(&path).json(&found).once(key);
    call.answer().await.map_err(applying::code)
}

fn reason(status: Status) -> Option<RevocationReason> {
    match status {
        Status::Revoked { reason, .. } => Some(reason),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn card_9_a_certificate_is_renewed_in_its_window_and_the_phones_end_with_the_old() {
    let life = Life::on_android().await;
    let early = life.call_by(&life.house.counter, "card/renewal", &renewal(SIGNATURE)).await;
    let early = early.unwrap_err();
    assert_eq!(early.code(), "renewal-not-open");
    assert_eq!(early.param("opens").unwrap(), "2030-11-18");
    assert_eq!(
        life.call("card/renewal", &renewal(Uses::NONE)).await.unwrap_err(),
        "nothing-to-renew"
    );

    life.house.clock.advance_to("2030-11-18T01:00:00Z".parse().unwrap());
    let old = life.newest(Medium::Card, Use::Signature).await;
    let on_phone = life.newest(Medium::Phone, Use::Signature).await;
    let ordered = life.call("card/renewal", &renewal(SIGNATURE)).await.unwrap();
    assert_eq!(ordered.card.as_ref().unwrap().ordered, SIGNATURE);
    assert_eq!(life.call("card/renewal", &renewal(SIGNATURE)).await.unwrap(), ordered);
    assert_eq!(life.status(old), Status::Good, "until the new one is there");

    life.house.write_card(life.resident, &life.card).await;
    set_pins(&life.card, SIGNATURE, CARD_PASSWORD, CARD_PIN);
    life.house.write_card(life.resident, &life.card).await;
    let superseded = Some(RevocationReason::Superseded);
    assert_eq!(reason(life.status(old)), superseded);
    assert_eq!(reason(life.status(on_phone)), superseded, "VALID-4");
    assert_eq!(life.told(Medium::Card, Use::Signature).await, Status::Good);
    assert_ne!(life.newest(Medium::Card, Use::Signature).await, old);
    assert_eq!(life.told(Medium::Phone, Use::UserAuthentication).await, Status::Good);
}

#[tokio::test(flavor = "multi_thread")]
async fn card_12_a_found_card_is_taken_back_once() {
    let life = Life::on_android().await;
    let key = life.house.key();
    assert_eq!(find(&life, true, &key).await.unwrap_err(), "card-not-lost");
    life.lose(Medium::Card).await;
    assert!(life.view().await.card.unwrap().lost_since.is_some());
    let old = life.newest(Medium::Card, Use::Signature).await;
    let key = life.house.key();
    let found = find(&life, true, &key).await.unwrap();
    assert_eq!(found.ordered, SIGNATURE);
    assert_eq!(find(&life, true, &key).await.unwrap(), found, "its answer was lost");
    assert_eq!(life.told(Medium::Card, Use::UserAuthentication).await, Status::Good);
    assert_eq!(reason(life.status(old)), Some(RevocationReason::CessationOfOperation));
    assert_eq!(life.view().await.card.unwrap().lost_since, None);

    life.house.write_card(life.resident, &life.card).await;
    set_pins(&life.card, SIGNATURE, CARD_PASSWORD, CARD_PIN);
    life.house.write_card(life.resident, &life.card).await;
    assert_eq!(life.told(Medium::Card, Use::Signature).await, Status::Good);
}

#[tokio::test(flavor = "multi_thread")]
async fn card_11_a_lost_card_is_replaced_and_what_it_carried_ends() {
    let life = Life::on_android().await;
    let old = life.newest(Medium::Card, Use::UserAuthentication).await;
    let on_phone = life.newest(Medium::Phone, Use::UserAuthentication).await;
    life.lose(Medium::Card).await;
    life.house.issue_card(life.resident, &hanako(), Uses::BOTH).await;
    assert_eq!(reason(life.status(old)), Some(RevocationReason::CessationOfOperation));
    assert_eq!(reason(life.status(on_phone)), Some(RevocationReason::Superseded), "VALID-4");
    assert_eq!(life.told(Medium::Card, Use::UserAuthentication).await, Status::Good);
    assert_eq!(life.view().await.former_phones[0].chip, life.phone.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn card_13_a_departure_ends_everything_at_once_and_the_phone_deletes() {
    let life = Life::on_android().await;
    let departure = ReportDeparture { departure: Departure::MovedAbroad, counter: kiyose() };
    let view = life.call("departure", &departure).await.unwrap();
    assert_eq!((view.standing, view.phone), (Standing::MovedAbroad, None));
    for medium in Medium::ALL {
        for usage in Use::ALL {
            let told = reason(life.told(medium, usage).await);
            assert_eq!(told, Some(RevocationReason::AffiliationChanged));
        }
    }
    assert_eq!(life.call("departure", &departure).await.unwrap(), view);
    assert_eq!(notices(&life.phone).await.last().unwrap(), "certificates-revoked");
    delete(&life.phone).await.unwrap();
    assert_eq!(life.view().await.former_phones, []);
    let loss = ReportLoss { medium: Medium::Card };
    assert_eq!(life.call("hold", &loss).await.unwrap_err(), "not-on-register");
}

#[tokio::test(flavor = "multi_thread")]
async fn card_6_the_counter_of_one_municipality_serves_its_own_residents_alone() {
    let life = Life::on_android().await;
    let kodaira: Municipality = "13211".parse().unwrap();
    let residents: Page<ResidentSummary> =
        life.house.kodaira.get("/residents").answer().await.unwrap();
    assert!(residents.items.is_empty());
    let path = format!("/residents/{}", life.resident);
    let seen = life.house.kodaira.get(&path).answer::<ResidentView>().await;
    assert_eq!(applying::code(seen.unwrap_err()), "other-municipality");
    // Neither in another's name nor in its own.
    for counter in [kiyose(), kodaira] {
        let departure = ReportDeparture { departure: Departure::Died, counter };
        let refused = life.call_by(&life.house.kodaira, "departure", &departure).await;
        assert_eq!(refused.unwrap_err().code(), "other-municipality");
        let issue = IssueCard {
            chip: inrou_rules::ChipId::from_bytes([7; 16]),
            uses: Uses::BOTH,
            attendance: Attendance::InPerson,
            counter,
        };
        let call = life.house.kodaira.post(&format!("{path}/card")).json(&issue);
        let refused = call.once(&life.house.key()).bytes().await;
        assert_eq!(applying::code(refused.unwrap_err()), "other-municipality");
    }
    let work = SessionWork::WriteCard { resident: life.resident };
    let played =
        play(&life.house.kodaira, &work, |command| house::transmit(&life.card, command)).await;
    let Err(SessionError::Client(error)) = played else { panic!("{played:?}") };
    assert_eq!(applying::code(error), "other-municipality");
    // What is not the counter's at all.
    let loss = ReportLoss { medium: Medium::Card };
    let refused = life.call_by(&life.house.kodaira, "hold", &loss).await;
    assert_eq!(refused.unwrap_err().code(), "permission-denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn card_6_a_resident_is_found_by_name_and_birth_date_by_the_own_counter() {
    let life = Life::on_android().await;
    let Attributes { name, name_reading, .. } = hanako();
    let family = name.split('\u{3000}').next().unwrap().to_owned();
    for said in [&name, &name_reading, &family, &name.replace('\u{3000}', "")] {
        let found = search(&life, &life.house.counter, said).await;
        assert_eq!((found.len(), &found[0].name), (1, &name), "{said}");
        assert!(search(&life, &life.house.kodaira, said).await.is_empty(), "another's resident");
    }
    assert!(search(&life, &life.house.counter, "だれか").await.is_empty());
    let elsewhere = FindResidents {
        name: name.clone(),
        birth_date: hanako().birth_date,
        municipality: Some("13211".parse().unwrap()),
    };
    let page: Page<ResidentSummary> =
        life.house.counter.post("/residents/search").json(&elsewhere).answer().await.unwrap();
    assert!(page.items.is_empty());
    // Once she has another name she is found by that one.
    let renamed = Attributes { name: "見本\u{3000}花子".to_owned(), ..hanako() };
    let change = ChangeRecord {
        attributes: renamed,
        municipality: kiyose(),
        reissue: false,
        attendance: Attendance::InPerson,
    };
    life.call("record", &change).await.unwrap();
    assert!(search(&life, &life.house.counter, &name).await.is_empty());
    assert_eq!(search(&life, &life.house.counter, "見本花子").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn use_7_why_somebody_of_the_staff_acted_is_in_the_journal_and_by_whom_in_the_desks_words() {
    let life = Life::on_android().await;
    let acting = Acting { member: MemberId::from_bytes([9; 16]), reason: Reason::Stolen };
    let loss = ReportLoss { medium: Medium::Phone };
    let path = format!("/residents/{}/hold", life.resident);
    let call = life.house.counter.post(&path).json(&loss).acting(acting);
    call.answer::<ResidentView>().await.unwrap();
    let journal = life.house.store.journal(life.resident, 0, 99).unwrap();
    let told: Vec<_> = journal.iter().filter_map(|logged| logged.entry.actor.acting()).collect();
    assert!(told.len() >= 3 && told.iter().all(|one| *one == acting), "{told:?}");
}
