//! Requests that are pushed (RFC 9126; FAPI 2.0 §5.3.2.2-2 to -4, -12).

use axum::http::StatusCode;
use serde_json::json;

use crate::cases;
use crate::house::House;
use crate::site::Form;

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9126_2_3_each_request_that_does_not_hold_is_refused() {
    let house = House::new().await;
    let site = house.site("fapi2").await;
    for [requirement, change, refusal] in cases::<[String; 3]>(include_str!("cases/pushed.json")) {
        let form = site.proven(&house, &site.request()).changed(&change);
        let answer = house.post("ext/par/request", &form).await;
        assert_eq!(answer.refusal(), refusal, "{requirement}: {change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9126_2_2_what_is_pushed_has_a_name_for_a_while() {
    let house = House::new().await;
    let site = house.site("fapi2").await;
    // FAPI2 5.3.2.2-14 and the suite: no `state`, and a nonce longer than the shape takes.
    let request = site.request().without("state").set("nonce", &"n".repeat(384));
    let answer = house.post("ext/par/request", &site.proven(&house, &request)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    let named = answer.json();
    assert!(
        named["request_uri"].as_str().unwrap().starts_with("urn:ietf:params:oauth:request_uri:")
    );
    assert!(named["expires_in"].as_i64().unwrap() < 600, "FAPI2 5.3.2.2-12");
}

#[tokio::test(flavor = "multi_thread")]
async fn fapi2_5_3_2_2_3_a_request_that_was_not_pushed_is_refused() {
    let house = House::new().await;
    let site = house.site("fapi2").await;
    let answer = house.browser().authorize(&site.request()).await;
    assert_eq!(answer.fate(), "back invalid_request push-needed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_the_shape_may_push_as_well() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let pushed = house.post("ext/par/request", &site.proven(&house, &site.request())).await.json();
    let asked = Form::default()
        .set("client_id", &site.id)
        .set("request_uri", pushed["request_uri"].as_str().unwrap());
    let back = house.browser().log_in(&asked, &house.person("水野　花")).await;
    assert_eq!(back["state"], "a state");
    assert!(back.contains_key("code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9101_5_what_stands_beside_a_pushed_request_is_not_looked_at() {
    let house = House::new().await;
    let site = house.site("fapi2").await;
    let asked = house.asks(&site, &site.request()).await;
    let asked =
        asked.set("state", "other").set("redirect_uri", "https://evil.example").set("scope", "x");
    let back = house.browser().log_in(&asked, &house.person("水野　花")).await;
    assert_eq!(back["state"], "a state");
    assert!(back.contains_key("code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn fapi2_note_3_a_pushed_request_may_be_looked_at_twice_and_serves_one_log_in() {
    let house = House::new().await;
    let (site, person) = (house.site("fapi2").await, house.person("水野　花"));
    let asked = house.asks(&site, &site.request()).await;
    // A preloader of links, then the person, and another who saw the address.
    assert_eq!(house.browser().authorize(&asked).await.fate(), "asked");
    let (mut browser, mut other) = (house.browser(), house.browser());
    let late = other.begin(&asked).await;
    assert!(browser.log_in(&asked, &person).await.contains_key("code"));
    // RFC 9126 §7.3.
    assert_eq!(house.browser().authorize(&asked).await.fate(), "page 400 request-uri-invalid");
    let transaction = house.transaction(&late).await;
    house.answer(&late, &person.log_in(&transaction)).await;
    let back = other.goes_back(&late).await;
    assert_eq!(
        (&*back["error"], &*back["inrou_code"]),
        ("invalid_request_uri", "request-uri-invalid")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9126_4_a_pushed_request_is_its_client_s_and_for_a_while() {
    let house = House::new().await;
    let (site, other) = (house.site("fapi2").await, house.site("fapi2").await);
    let asked = house.asks(&site, &site.request()).await;
    let stolen = asked.clone().set("client_id", &other.id);
    let fate = "page 400 request-uri-invalid";
    assert_eq!(house.browser().authorize(&stolen).await.fate(), fate);
    house.wait(89);
    assert_eq!(house.browser().authorize(&asked).await.fate(), "asked");
    house.wait(1);
    assert_eq!(house.browser().authorize(&asked).await.fate(), fate);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9126_4_a_pushed_request_is_there_after_a_restart() {
    let mut house = House::new().await;
    let site = house.site("fapi2").await;
    let asked = house.asks(&site, &site.request()).await;
    house.restart();
    assert_eq!(house.browser().authorize(&asked).await.fate(), "asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn fapi2_5_4_2_keys_that_are_called_alike_or_are_weak_are_not_registered() {
    let house = House::new().await;
    let site = house.site("fapi2").await;
    let mut key = site.key.jwk();
    key["kid"] = json!("one");
    for (keys, code) in [
        (json!([key, key]), "key-unsound"),
        (json!([{"kty": "oct", "k": "c2VjcmV0"}]), "private-key-sent"),
        (json!([]), "key-unsound"),
    ] {
        let mut registration = site.registration();
        registration["jwks"] = json!({"keys": keys});
        let request = axum::http::Request::post("/provider/v1/clients")
            .header("content-type", "application/json")
            .body(registration.to_string().into());
        let answer = house.send(request.unwrap()).await.json();
        assert_eq!(answer["code"], code, "{keys}");
    }
}
