//! S0 1-B and 1-C: logging in to the portal with the phone: on the same device, by the QR code from
//! another, refused, too late; and where one is logged in.

use inrou_journeys::browser::{Person, Way};
use inrou_journeys::hana::{PHONE_PIN, consents};

use crate::house::House;

in_every_way!(
    s0_1_c_on_the_same_device,
    s0_1_c_by_qr_code_from_another_device,
    use_1_refused_and_too_late,
    use_7_where_one_is_logged_in,
);

/// Goes to the portal and logs in there, with the phone as a program.
pub async fn logs_in(hana: &Person, house: &House) {
    hana.goes_to(&house.portal("/login")).await;
    hana.presses("login.with-phone").await;
    hana.waits_for("login-wait.title").await;
    let link = hana.reads("[data-renews] code").await;
    consents(&house.sandbox.anybody("/phone/v1").unwrap(), &link, PHONE_PIN).await;
    looks_again(hana, &house.portal("/login/wait")).await;
    hana.waits_for("home-page.title").await;
}

/// Looks at the page that waits, where no scripts run: else it goes on by itself.
pub async fn looks_again(hana: &Person, page: &str) {
    if !hana.way.scripts {
        hana.goes_to(page).await;
    }
}

async fn s0_1_c_on_the_same_device(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let [mut hana, mut stranger] = Person::with_two(["log-in", "log-in-elsewhere"], way).await;
    hana.goes_to(&house.portal("")).await;
    hana.sees("S0 1-C 1", "welcome.title").await;
    hana.presses("button.log-in").await;
    hana.sees("S0 1-C 1 log-in", "login.title").await;
    hana.presses("login.with-phone").await;
    hana.sees("S0 1-C 1 wait", "login-wait.title").await;
    hana.presses("hand-over.open-app").await;
    hana.sees("REG-4", "open.title").await;
    hana.presses_words(&hana.reads(".menu a").await).await;
    hana.sees("S0 1-C 2 log-in", "transaction-page.log-in").await;
    hana.types("transaction-page.pin", "0000").await;
    hana.presses("button.log-in").await;
    hana.is_told("PIN-1", "wrong-pin").await;
    hana.types("transaction-page.pin", PHONE_PIN).await;
    hana.presses("button.log-in").await;
    hana.sees("USE-1", "answered.done").await;
    // It goes on only in the browser that began.
    stranger.goes_to(&hana.attribute("main a.button", "href").await).await;
    stranger.is_told("USE-1", "handover-other-browser").await;
    stranger.leaves().await;
    hana.presses("answered.return").await;
    hana.sees("S0 1-B 1", "home-page.title").await;
    hana.leaves().await;
    house.ends().await;
}

async fn s0_1_c_by_qr_code_from_another_device(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let [desk, mut phone] = Person::with_two(["log-in-at-a-desk", "log-in-by-code"], way).await;
    desk.goes_to(&house.portal("/login")).await;
    desk.presses("login.with-phone").await;
    desk.waits_for("login-wait.title").await;
    assert_eq!(desk.counts("svg.qr[role=img][aria-label]").await, 1);
    // What the code says stands below it.
    let link = desk.reads("[data-renews] code").await;
    phone.goes_to(&house.phone("hana-phone", "")).await;
    phone.presses("scan.title").await;
    phone.sees("S0 1-C 2", "scan.title").await;
    phone.types("scan.link", &link).await;
    phone.presses("button.next").await;
    phone.sees("S0 1-C 2 log-in", "transaction-page.log-in").await;
    if way.scripts {
        desk.waits_for_words(&desk.words("hand-over.taken")).await;
        assert_eq!(desk.counts("svg.qr").await, 0, "the code is of no more use");
    }
    phone.types("transaction-page.pin", PHONE_PIN).await;
    phone.presses("button.log-in").await;
    phone.waits_for("answered.done").await;
    if !way.scripts {
        desk.presses("hand-over.look").await;
    }
    desk.waits_for("home-page.title").await;
    assert!(!phone.address().await.contains("/portal"), "the session is the desk's");
    desk.leaves().await;
    phone.leaves().await;
    house.ends().await;
}

async fn use_1_refused_and_too_late(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let mut hana = Person::new("log-in-refused", way).await;
    hana.goes_to(&house.portal("/login")).await;
    hana.presses("login.with-phone").await;
    hana.waits_for("login-wait.title").await;
    hana.presses("hand-over.open-app").await;
    hana.waits_for("open.title").await;
    hana.presses_words(&hana.reads(".menu a").await).await;
    hana.waits_for("transaction-page.log-in").await;
    hana.presses("button.refuse").await;
    hana.sees("USE-1", "answered.refused").await;
    hana.goes_to(&house.portal("/login/wait")).await;
    hana.sees("USE-1", "login-over.title").await;
    hana.presses("login-wait.anew").await;
    hana.waits_for("login-wait.title").await;
    house.turns_to("2026-11-24T10:40:00+09:00");
    if !way.scripts {
        hana.presses("hand-over.look").await;
    }
    hana.is_told("USE-1", "transaction-expired").await;
    hana.leaves().await;
    house.ends().await;
}

async fn use_7_where_one_is_logged_in(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let [mut hana, elsewhere] = Person::with_two(["sessions", "sessions-elsewhere"], way).await;
    logs_in(&elsewhere, &house).await;
    logs_in(&hana, &house).await;
    hana.presses("sessions.title").await;
    hana.sees("USE-7", "sessions.title").await;
    hana.presses("sessions.end-others").await;
    // This one is left.
    hana.waits_for_some("li.card:only-child").await;
    elsewhere.reloads().await;
    elsewhere.waits_for("welcome.title").await;
    hana.presses("button.log-out").await;
    hana.sees("USE-1", "goodbye.title").await;
    elsewhere.leaves().await;
    hana.leaves().await;
    house.ends().await;
}
