//! S0 1-B 1: applying online, signed on the phone; the office that receives it; the notice of what it
//! decides (USE-2).

use inrou_journeys::browser::{Person, Way};
use inrou_journeys::hana::{PHONE_PASSWORD, consents};

use crate::house::House;
use crate::portal::{logs_in, looks_again};

in_every_way!(s0_1_b_moving_out, s0_1_b_child_allowance_returned_and_corrected);

async fn s0_1_b_moving_out(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let mut hana = Person::new("moving-out", way).await;
    logs_in(&hana, &house).await;
    hana.sees("S0 1-B 1", "home-page.title").await;
    hana.presses("procedures.title").await;
    hana.sees("S0 1-B 1 online applications", "procedures.title").await;
    hana.presses("apply.moving-out").await;
    hana.sees("S0 1-B 1 moving", "apply.moving-out").await;
    hana.types("apply.new-address", "見本町１").await;
    hana.presses("apply.review").await;
    hana.is_told("USE-2", "fields-invalid").await;
    hana.types("apply.new-address", "北海道札幌市見本町１").await;
    hana.types_day("apply.moving-date", ["2026", "12", "01"]).await;
    hana.presses("apply.review").await;
    hana.sees("USE-2", "review.title").await;
    hana.presses("review.send").await;
    hana.sees("USE-2", "application.title").await;
    let page = hana.address().await;
    hana.presses("hand-over.open-app").await;
    hana.waits_for("open.title").await;
    hana.presses_words(&hana.reads(".menu a").await).await;
    hana.sees("S0 1-C 2 sign", "transaction-page.sign").await;
    hana.types("step.phone-password-of", PHONE_PASSWORD).await;
    hana.presses("button.sign").await;
    hana.waits_for("answered.done").await;
    hana.goes_to(&page).await;
    hana.waits_for_words(&hana.words("application.received")).await;
    hana.sees("USE-2", "application.title").await;
    hana.leaves().await;

    let mut clerk = Person::new("office", way).await;
    clerk.goes_to(&house.at_host("office.localhost")).await;
    clerk.sees("USE-2", "office.sign-in").await;
    clerk.presses_words(&clerk.reads(".menu button").await).await;
    clerk.sees("USE-2", "office.title").await;
    clerk.presses_words(&clerk.reads("tbody a").await).await;
    clerk.sees("USE-2", "office-file.title").await;
    clerk.presses("office-file.accept").await;
    clerk.waits_for_words(&clerk.words("office.accepted")).await;
    clerk.sees("USE-2", "office-file.title").await;
    clerk.leaves().await;
    house.ends().await;
}

async fn s0_1_b_child_allowance_returned_and_corrected(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let mut hana = Person::new("child-allowance", way).await;
    logs_in(&hana, &house).await;
    hana.goes_to(&house.portal("/apply/child-allowance")).await;
    hana.sees("S0 1-B 1 child care", "apply.child-allowance").await;
    hana.types("apply.child-name", "水野　めぐみ").await;
    hana.types_day("apply.child-birth-date", ["2024", "05", "05"]).await;
    hana.ticks("child-living.together").await;
    hana.types("apply.bank", "見本銀行　清瀬支店").await;
    hana.types("apply.account", "1234567").await;
    hana.presses("apply.review").await;
    hana.sees("USE-2", "review.title").await;
    hana.presses("review.send").await;
    hana.waits_for("application.title").await;
    let link = hana.reads("[data-renews] code").await;
    consents(&house.sandbox.anybody("/phone/v1").unwrap(), &link, PHONE_PASSWORD).await;
    let page = hana.address().await;
    looks_again(&hana, &page).await;
    hana.waits_for_words(&hana.words("application.received")).await;
    hana.leaves().await;

    let mut clerk = Person::new("office-returns", way).await;
    clerk.goes_to(&house.at_host("office.localhost")).await;
    clerk.presses_words(&clerk.reads(".menu button").await).await;
    clerk.waits_for("office.title").await;
    clerk.presses_words(&clerk.reads("tbody a").await).await;
    clerk.waits_for("office-file.title").await;
    clerk.presses("office-file.return").await;
    // A reason has to be given.
    clerk.waits_for_some("#reason-fault").await;
    clerk.looks_around("USE-2").await;
    clerk.types("office-file.reason", "口座の名義を確認してください。").await;
    clerk.presses("office-file.return").await;
    clerk.waits_for_words(&clerk.words("application.why")).await;
    clerk.leaves().await;

    let mut hana = Person::new("notices", way).await;
    logs_in(&hana, &house).await;
    hana.presses("portal-menu.notices").await;
    hana.sees("S0 1-B 1 notices", "notices.title").await;
    hana.presses("portal-menu.applications").await;
    hana.sees("USE-2", "applications.title").await;
    hana.presses_words(&hana.reads("li.card .name a").await).await;
    hana.sees("USE-2", "application.title").await;
    hana.presses("application.correct").await;
    hana.sees("S0 1-B 1 child care", "apply.child-allowance").await;
    assert!(hana.attribute("#account", "value").await == "1234567", "nothing is typed again");
    hana.leaves().await;
    house.ends().await;
}
