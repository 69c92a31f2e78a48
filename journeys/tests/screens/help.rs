//! S0 1-F: whom to call, and whether anybody answers just now; S0 1-D 2: whether this is the real portal.

use inrou_journeys::browser::{Person, Way};
use inrou_words::{Form, Value, text};
use serde_json::json;

use crate::house::House;

in_every_way!(s0_1_f_whom_to_call, s0_1_d_2_is_this_the_portal, s0_1_d_2_encrypted);

async fn s0_1_f_whom_to_call(way: Way) {
    // A Friday, a minute before the hotline closes.
    let house = House::at("2026-11-27T19:59:00+09:00", &["hana"]).await;
    let mut hana = Person::new("help", way).await;
    hana.goes_to(&house.phone("hana-phone", "")).await;
    hana.presses("page.help").await;
    hana.sees("S0 1-F", "button.menu").await;
    for (of, number) in [
        ("help-page.hotline", "0120-95-0178"),
        ("help-page.ip-phone", "050-3818-1250"),
        ("help-page.call-centre", "0570-783-578"),
        ("help-page.about-cards", "0120-0178-27"),
        ("help-page.about-numbers", "0120-0178-26"),
        ("help-page.fax", "0120-601-785"),
    ] {
        let help = hana.reads("#help").await;
        let (_, after) = help.split_once(&hana.words(of)).unwrap_or_else(|| panic!("{of}: {help}"));
        assert!(after.trim_start().starts_with(number), "{of}: {after}");
    }
    for line in ["help-page.weekdays", "help-page.weekends", "help-page.about-loss"] {
        assert!(hana.page_says(&hana.words(line)).await, "{line}");
    }
    let (closes, opens) =
        ("20:00:00".parse().unwrap(), "2026-11-28T09:30:00+09:00".parse().unwrap());
    let open = said(&hana, "hours.open", "until", Value::Time(closes));
    let closed = said(&hana, "hours.closed", "opens", Value::Moment(opens));
    assert!(hana.page_says(&open).await, "HOURS-4: open");
    // HOURS-4: it knows the day and the hour. HELP-1: in the same place, whosever page it is.
    house.turns_to("2026-11-27T20:00:00+09:00");
    for page in [
        house.phone("hana-phone", ""),
        house.portal(""),
        house.at_host("office.localhost"),
        house.sandbox.base.clone(),
    ] {
        hana.goes_to(&page).await;
        hana.presses("page.help").await;
        hana.waits_for_some("footer > #help:first-child[open]").await;
        assert!(hana.page_says(&closed).await, "HOURS-4 at {page}");
    }
    hana.leaves().await;
    house.ends().await;
}

async fn s0_1_d_2_is_this_the_portal(way: Way) {
    let house = House::of(&["hana"]).await;
    let mut hana = Person::new("connection", way).await;
    hana.goes_to(&house.portal("")).await;
    hana.presses("connection.title").await;
    hana.sees("S0 1-D 2", "connection.title").await;
    assert!(hana.page_says("inrou up --tls").await, "it is not encrypted, and says so");
    assert!(!hana.page_says("SHA-256").await, "and shows no certificate");
    hana.presses("page.to-start").await;
    hana.waits_for("welcome.title").await;
    hana.leaves().await;
    house.ends().await;
}

async fn s0_1_d_2_encrypted(way: Way) {
    let house = House::encrypted(&["hana"]).await;
    let mut hana = Person::new("connection-encrypted", way).await;
    // The CA is the sandbox's own; nobody had her browser trust it.
    hana.browser.devtools("Security.setIgnoreCertificateErrors", json!({ "ignore": true })).await;
    hana.goes_to(&house.portal("")).await;
    hana.presses("connection.title").await;
    hana.sees("S0 1-D 2", "connection.title").await;
    assert!(hana.page_says(&hana.words("connection.encrypted")).await);
    // That it is the certificate which others are shown, too, `tests/connection.rs` sees to.
    assert_eq!(
        hana.counts("main dl.facts dd").await,
        5,
        "USE-6: whose, of whom, from, until, fingerprint"
    );
    hana.leaves().await;
    house.ends().await;
}

/// What a text says to her with a value.
fn said(person: &Person, code: &str, name: &str, value: Value<'static>) -> String {
    text(code).in_language(person.way.language).with(name, value).render(Form::Plain)
}
