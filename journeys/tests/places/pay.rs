//! Cashless payment: log-in, wallet, code, till, back office.

use inrou_journeys::browser::{Person, Way};

use crate::house::House;
use crate::{answers_as, looks_at};

in_every_way!(use_1_somebody_opens_a_wallet_and_pays, use_1_who_refuses_gets_no_wallet);

async fn use_1_somebody_opens_a_wallet_and_pays(way: Way) {
    let house = House::of(&["hana"]).await;
    let site = house.at_host("pay.localhost");
    let mut person = Person::new("pay", way).await;
    person.goes_to(&site).await;
    looks_at(&mut person, "pay.welcome").await;
    person.presses("pay.log-in").await;
    answers_as(&person, "success").await;
    looks_at(&mut person, "pay.wallet").await;
    // Its first choice is 1,000 yen.
    person.presses("pay.top-up").await;
    person.waits_for("pay.wallet").await;
    person.presses("pay.give-code").await;
    looks_at(&mut person, "pay.code").await;
    let code = person.reads("#digits").await;
    person.goes_to(&format!("{site}/till")).await;
    looks_at(&mut person, "pay-till.title").await;
    // More than there is, then what there is; then the code is of no more use.
    for (yen, refusal) in [
        ("1001", Some("pay-refusal.balance-too-small")),
        ("1000", None),
        ("1000", Some("pay-refusal.code-unknown")),
    ] {
        person.types("pay-till.code", &code).await;
        person.types("pay-till.yen", yen).await;
        person.presses("pay-till.take").await;
        match refusal {
            Some(refusal) => person.waits_for_words(&person.words(refusal)).await,
            None => person.waits_for_words(&person.words("pay-till.paid")).await,
        }
        person.looks_around("pay-till").await;
    }
    // What was paid is told by the till's receipt, not by its address.
    person.goes_to(&format!("{site}/till?receipt=1&paid=1000")).await;
    assert!(!person.page_says(&person.words("pay-till.paid")).await);
    person.goes_to(&site).await;
    looks_at(&mut person, "pay.wallet").await;
    assert_eq!(person.counts("tbody tr").await, 2, "topped up, and paid");
    person.goes_to(&format!("{site}/office")).await;
    looks_at(&mut person, "pay-office.title").await;
    let subject = person.reads("code.long").await;
    // Whoever comes back is the same, as far as the site knows.
    person.goes_to(&site).await;
    person.presses("button.log-out").await;
    person.waits_for("pay.welcome").await;
    person.presses("pay.log-in").await;
    answers_as(&person, "success").await;
    person.waits_for("pay.wallet").await;
    person.goes_to(&format!("{site}/office")).await;
    assert_eq!(person.counts("li.card").await, 1);
    assert_eq!(person.reads("code.long").await, subject);
    person.leaves().await;
    house.ends().await;
}

async fn use_1_who_refuses_gets_no_wallet(way: Way) {
    let house = House::of(&["hana"]).await;
    let site = house.at_host("pay.localhost");
    let mut person = Person::new("pay-refused", way).await;
    for (persona, code) in [("refused", "transaction-refused"), ("on-hold", "certificate-on-hold")]
    {
        person.goes_to(&site).await;
        person.presses("pay.log-in").await;
        answers_as(&person, persona).await;
        person.is_told("USE-1", code).await;
        person.waits_for("site-visit.failed").await;
    }
    // What comes back twice, or to another browser, was not begun here.
    person.goes_to(&format!("{site}/callback?state=a&code=b&iss=c")).await;
    looks_at(&mut person, "site-visit.failed").await;
    assert!(person.page_says(&person.words("site-visit.not-begun")).await);
    person.goes_to(&format!("{site}/office")).await;
    assert_eq!(person.counts("li.card").await, 0);
    person.leaves().await;
    house.ends().await;
}
