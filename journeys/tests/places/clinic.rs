//! A clinic's reception: the phone as a health-insurance card, and as no driving licence.

use inrou_journeys::browser::{Person, Way};

use crate::house::House;
use crate::{answers_as, looks_at};

in_every_way!(use_4_a_patient_registers_and_comes, use_5_the_phone_is_no_driving_licence);

async fn use_4_a_patient_registers_and_comes(way: Way) {
    let house = House::of(&["hana"]).await;
    let site = house.at_host("clinic.localhost");
    let mut person = Person::new("clinic", way).await;
    person.goes_to(&site).await;
    person.sees("S0 1-B 4", "clinic.title").await;
    // Nobody is received who has not registered.
    person.presses("clinic.come").await;
    answers_as(&person, "success").await;
    looks_at(&mut person, "clinic.not-registered").await;
    person.presses("clinic.register").await;
    answers_as(&person, "success").await;
    looks_at(&mut person, "clinic.registered").await;
    person.presses("clinic.come").await;
    answers_as(&person, "success").await;
    looks_at(&mut person, "clinic.received").await;
    assert!(person.page_says(&person.words("clinic-scheme.national")).await);
    person.goes_to(&format!("{site}/office")).await;
    looks_at(&mut person, "clinic-office.title").await;
    assert_eq!(person.counts("tbody tr").await, 1);
    person.leaves().await;
    house.ends().await;
}

async fn use_5_the_phone_is_no_driving_licence(way: Way) {
    let house = House::of(&["hana"]).await;
    let site = house.at_host("clinic.localhost");
    let mut person = Person::new("clinic-refused", way).await;
    person.goes_to(&site).await;
    person.presses("clinic.licence").await;
    person.sees("S2 5-A Q6", "clinic.no-licence").await;
    assert!(person.page_says(&person.words("clinic.licence-on-card")).await);
    person.presses("page.to-start").await;
    person.presses("clinic.come").await;
    answers_as(&person, "on-hold").await;
    person.is_told("USE-4", "certificate-on-hold").await;
    person.leaves().await;
    house.ends().await;
}
