//! How often a site may have residents asked (REG-4).

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::browser::Answer;
use crate::events;
use crate::house::House;
use crate::registration::{approval, manage, staff};
use crate::site::{Form, Site};

/// Limits with another member.
fn limits(member: &str, most: u32) -> Value {
    let mut limits = json!({"log_ins_a_minute": 100, "log_ins_a_day": 1000,
        "signatures_a_minute": 100, "signatures_a_day": 1000});
    limits[member] = json!(most);
    limits
}

async fn limited(house: &House, profile: &str, member: &str, most: u32) -> Site {
    house.site_with(json!({"profile": profile, "limits": limits(member, most)})).await
}

async fn asks(house: &House, site: &Site) -> String {
    house.browser().authorize(&site.request()).await.fate()
}

async fn pushes(house: &House, site: &Site) -> Answer {
    house.post("ext/par/request", &site.proven(house, &site.request())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_no_more_log_ins_begin_in_a_minute_than_registered() {
    let mut house = House::new().await;
    let site = limited(&house, "digital-auth", "log_ins_a_minute", 2).await;
    let other = house.site("digital-auth").await;
    for _ in 0..2 {
        assert_eq!(asks(&house, &site).await, "asked");
    }
    let refused = "back temporarily_unavailable client-limit-reached";
    assert_eq!(asks(&house, &site).await, refused);
    assert_eq!(asks(&house, &other).await, "asked", "another site has its own");
    house.restart();
    assert_eq!(asks(&house, &site).await, refused, "a restart forgives nothing");
    house.wait(60);
    assert_eq!(asks(&house, &site).await, "asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_day_has_its_limit_too_and_ends_at_midnight_in_japan() {
    let house = House::new().await;
    let site = house
        .site_with(json!({"limits": {"log_ins_a_minute": 1, "log_ins_a_day": 2,
            "signatures_a_minute": 1, "signatures_a_day": 1}}))
        .await;
    assert_eq!(asks(&house, &site).await, "asked");
    house.wait(60);
    assert_eq!(asks(&house, &site).await, "asked");
    house.wait(60);
    assert!(asks(&house, &site).await.ends_with("client-limit-reached"));
    // It is 10:02 in Japan.
    house.wait((13 * 60 + 57) * 60);
    assert!(asks(&house, &site).await.ends_with("client-limit-reached"), "23:59");
    house.wait(60);
    assert_eq!(asks(&house, &site).await, "asked", "midnight");
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_what_is_pushed_counts_when_it_is_and_not_again() {
    let house = House::new().await;
    let site = limited(&house, "fapi2", "log_ins_a_minute", 2).await;
    let first = pushes(&house, &site).await.json();
    assert_eq!(pushes(&house, &site).await.status, StatusCode::CREATED);
    house.wait(15);
    let refused = pushes(&house, &site).await;
    assert_eq!(refused.refusal(), "429 temporarily_unavailable client-limit-reached");
    assert_eq!(refused.header("retry-after"), "45");
    let asked = Form::default()
        .set("client_id", &site.id)
        .set("request_uri", first["request_uri"].as_str().unwrap());
    assert_eq!(house.browser().authorize(&asked).await.fate(), "asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_orders_of_signatures_have_limits_of_their_own() {
    let house = House::new().await;
    let mut key = crate::keys::Key::es256().jwk();
    key["use"] = json!("enc");
    let more = json!({"scope": "openid name birthdate sign", "more_keys": [key],
        "limits": limits("signatures_a_minute", 1)});
    let site = house.site_with(more).await;
    let order = json!({"purpose": "申込みのため", "document": "申込書\n"});
    let orders = async || site.calls(&house, "POST", "/api/sign-transactions", Some(&order)).await;
    assert_eq!(orders().await.status, StatusCode::CREATED);
    let refused = orders().await;
    assert_eq!(refused.refusal(), "429 temporarily_unavailable client-limit-reached");
    assert_eq!(refused.header("retry-after"), "60");
    let consent = json!({"attributes": ["name"], "purpose": "お届けのため", "until": "2027-03-31"});
    let refused = site.calls(&house, "POST", "/provider/v1/consents", Some(&consent)).await;
    assert_eq!(refused.refusal(), "429 temporarily_unavailable client-limit-reached");
    assert_eq!(asks(&house, &site).await, "asked", "log-ins are counted by themselves");
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_that_a_limit_was_reached_stands_in_the_log_once_in_its_window() {
    let house = House::new().await;
    let site = limited(&house, "digital-auth", "log_ins_a_minute", 1).await;
    for _ in 0..2 {
        for _ in 0..3 {
            asks(&house, &site).await;
        }
        house.wait(60);
    }
    let all = events::all(&house, &site).await;
    let reached: Vec<&Value> =
        all.iter().filter(|event| event["what"] == "limit-reached").collect();
    assert_eq!(reached.len(), 2, "{all:?}");
    assert_eq!(reached[0]["code"], "client-limit-reached");
    assert_eq!(reached[0]["detail"], "log_ins_a_minute");
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_limits_that_are_not_sound_are_refused() {
    let house = House::new().await;
    for (member, most) in [
        ("log_ins_a_minute", 0),
        ("log_ins_a_day", 99),
        ("signatures_a_minute", 10_000_001),
        ("signatures_a_day", 1),
    ] {
        let mut registration = Site::new().registration();
        registration["limits"] = limits(member, most);
        let refused = house.post_json("/provider/v1/clients", &registration).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
        assert_eq!(refused.json()["code"], "limits-invalid");
        assert_eq!(refused.json()["params"]["member"], member);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_the_staff_sets_limits_and_says_why() {
    let house = House::that_approves_at_once(false).await;
    let site = house.site("digital-auth").await;
    crate::registration::decide(&house, &site, "approved", 1).await;
    let path = format!("{}/limits", approval(&site));
    let set = json!({"limits": limits("log_ins_a_minute", 1), "reason": "So many were agreed."});
    let done = staff(&house, Method::PUT, &path, Some(&set)).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert_eq!(done.json()["standing"], "approved");
    assert_eq!(done.json()["limits_in_force"]["log_ins_a_minute"], 1);
    assert_eq!(done.json()["limits_set"], set["limits"]);
    let told = manage(&house, &site, Method::GET, None).await.json();
    assert_eq!(told["limits_set"], set["limits"]);
    let mut developer = house.browser();
    let page = format!("/provider/console/clients/{}", site.id);
    developer.submit(&page, &Form::default().set("token", site.registration_token())).await;
    let page = format!("{page}/registration");
    let says_so = "この上限は担当者が決めました。";
    let shown = developer.visit(&page).await.text;
    assert!(shown.contains("ログインは1分間に1回まで") && shown.contains(says_so), "{shown}");
    assert_eq!(asks(&house, &site).await, "asked");
    assert!(asks(&house, &site).await.ends_with("client-limit-reached"));

    for (faulty, code) in [
        (json!({"limits": limits("log_ins_a_day", 1), "reason": "No."}), "limits-invalid"),
        (json!({"reason": " "}), "approval-invalid"),
    ] {
        let refused = staff(&house, Method::PUT, &path, Some(&faulty)).await;
        assert_eq!(refused.json()["code"], code, "{}", refused.text);
    }
    let freed = json!({"reason": "As all others have it."});
    let done = staff(&house, Method::PUT, &path, Some(&freed)).await;
    assert_eq!(done.json()["limits_in_force"]["log_ins_a_minute"], 60_000);
    assert_eq!(done.json()["limits_set"], Value::Null);
    let shown = developer.visit(&page).await.text;
    assert!(!shown.contains(says_so), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_what_the_staff_lets_a_site_do_outlasts_every_change_of_its_registration() {
    let mut house = House::that_approves_at_once(false).await;
    let site = house.site("digital-auth").await;
    crate::registration::decide(&house, &site, "approved", 1).await;
    let path = format!("{}/limits", approval(&site));
    let set = json!({"limits": limits("log_ins_a_minute", 1), "reason": "So many were agreed."});
    let done = staff(&house, Method::PUT, &path, Some(&set)).await.json();
    assert_eq!(
        (&done["version"], &done["limits"]),
        (&json!(1), &Value::Null),
        "it registered none"
    );

    // The same again, as it was registered: without limits.
    let same = manage(&house, &site, Method::PUT, Some(&site.registration())).await.json();
    assert_eq!((&same["standing"], &same["version"]), (&json!("approved"), &json!(1)));
    assert_eq!(same["limits_in_force"], set["limits"]);

    // Who asks for more is looked at again, and has what the staff set until the staff sets it otherwise.
    let mut more = site.registration();
    more["limits"] = limits("log_ins_a_minute", 50);
    let changed = manage(&house, &site, Method::PUT, Some(&more)).await.json();
    let told = (&changed["standing"], &changed["limits"], &changed["limits_in_force"]);
    assert_eq!(told, (&json!("pending"), &more["limits"], &set["limits"]));
    crate::registration::decide(&house, &site, "approved", 2).await;
    house.restart();
    assert_eq!(asks(&house, &site).await, "asked");
    assert!(asks(&house, &site).await.ends_with("client-limit-reached"));

    let freed = json!({"reason": "As it registered them."});
    let done = staff(&house, Method::PUT, &path, Some(&freed)).await.json();
    assert_eq!(done["limits_in_force"], more["limits"]);
    assert_eq!(asks(&house, &site).await, "asked");
}
