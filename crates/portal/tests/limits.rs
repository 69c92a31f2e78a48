//! What anybody may begin without proof is bounded.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

mod support;

use axum::body::Body;
use axum::http::Request;
use inrou_api::server::Source;
use inrou_api::wire::portal::LoginBegun;
use inrou_api::wire::transaction::TransactionAnswer;
use jiff::SignedDuration;
use support::{House, OPEN_LOGINS, key, problem};
use tower::ServiceExt;

#[tokio::test]
async fn no_more_log_ins_wait_for_their_phones_than_may() {
    let house = House::new().await;
    let begin = async |key| -> Result<LoginBegun, _> {
        problem(house.anybody().post("/logins").once(&key).answer().await)
    };
    let first = key();
    let begun = begin(first.clone()).await.unwrap();
    for _ in 1..OPEN_LOGINS {
        begin(key()).await.unwrap();
    }
    let refused = begin(key()).await.unwrap_err();
    assert_eq!((refused.code(), refused.status().as_u16()), ("too-many-requests", 429));
    assert_eq!(refused.param("wait"), Some("180"));
    // What was begun goes on, and the same request is answered as before.
    assert_eq!(begin(first).await.unwrap().transaction, begun.transaction);
    support::links::note(&begun.link);
    house.open(&begun.transaction).await.unwrap();
    house.answer(&begun.transaction, &TransactionAnswer::Refused).await.unwrap();
    // It is answered: another one has its place.
    begin(key()).await.unwrap();
    assert!(begin(key()).await.is_err());
    // What nobody answers is over after its time.
    house.clock.advance_by(SignedDuration::from_mins(3));
    begin(key()).await.unwrap();
}

#[tokio::test]
async fn a_noisy_neighbour_shuts_nobody_else_out() {
    let house = House::new().await;
    let begin = async |address: &str| {
        let from = Source::of(address.parse().unwrap());
        let form = Request::post("/portal/login")
            .header("host", "localhost")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .extension(from)
            .body(Body::from(format!("key={}", key().as_str())));
        let answer = house.portal.screens.clone().oneshot(form.unwrap()).await.unwrap();
        answer.status().as_u16()
    };
    for number in 0..OPEN_LOGINS.div_ceil(10) {
        assert_eq!(begin(&format!("2001:db8::{number}")).await, 303);
    }
    assert_eq!(begin("2001:db8::ffff").await, 429);
    assert_eq!(begin("192.0.2.1").await, 303);
    // A share comes free as all room does.
    house.clock.advance_by(SignedDuration::from_mins(3));
    assert_eq!(begin("2001:db8::ffff").await, 303);
}
