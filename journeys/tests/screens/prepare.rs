//! S0 2-A, S2 2-A, S3 STEP 1 to 3: what is needed, and a phone that is not supported.

use inrou_journeys::browser::{Person, Way};

use crate::house::House;

in_every_way!(s0_2_a_what_is_needed, ready_2_an_unsupported_phone);

async fn s0_2_a_what_is_needed(way: Way) {
    let house = House::of(&["hana"]).await;
    let mut hana = Person::new("prepare", way).await;
    hana.goes_to(&house.at_host("phone.localhost")).await;
    hana.sees("S0 2-C 1", "phones.title").await;
    hana.goes_to(&house.phone("hana-phone", "")).await;
    hana.sees("S0 2-C 2", "button.menu").await;
    hana.presses("button.apply-for-phone").await;
    hana.sees("S0 2-A", "prepare.title").await;
    assert!(hana.page_says(&hana.words("prepare.phone-good")).await);
    // Where to ask is on every page, in one place (HELP-1).
    hana.presses("page.help").await;
    hana.looks_around("HELP-1").await;
    assert!(hana.page_says("0120-95-0178").await);
    hana.presses("button.apply-for-phone").await;
    hana.waits_for("step.card-password").await;
    hana.leaves().await;
    house.ends().await;
}

async fn ready_2_an_unsupported_phone(way: Way) {
    let house = House::of(&["kota"]).await;
    let mut kota = Person::new("unsupported", way).await;
    kota.goes_to(&house.phone("kota-phone", "")).await;
    kota.sees("S3 STEP 3", "button.menu").await;
    assert!(!kota.page_says(&kota.words("button.apply-for-phone")).await);
    kota.presses("unsupported.why").await;
    kota.sees("S3 STEP 3 unsupported", "unsupported.title").await;
    assert!(kota.page_says("Sandbox Phone 8").await);
    assert!(kota.page_says(&kota.words("unsupported.use-card")).await);
    kota.presses("button.to-menu").await;
    kota.waits_for("button.menu").await;
    kota.leaves().await;
    house.ends().await;
}
