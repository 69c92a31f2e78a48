//! The authorization endpoint (RFC 6749 §4.1, OpenID Connect Core §3.1.2).

use axum::http::{Request, StatusCode, header};
use serde_json::json;

use crate::cases;
use crate::house::{House, ISSUER, path};
use crate::keys;
use crate::site::{CALLBACK, Form};

#[tokio::test(flavor = "multi_thread")]
async fn oidc_core_3_1_2_each_request_is_refused_or_asked_as_the_standard_says() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    for [requirement, change, fate] in
        cases::<[String; 3]>(include_str!("cases/authorization.json"))
    {
        let answer = house.browser().authorize(&site.request().changed(&change)).await;
        assert_eq!(answer.fate(), fate, "{requirement}: {change}");
        assert_eq!(answer.header("cache-control"), "no-store", "{change}");
        if answer.status == StatusCode::SEE_OTHER && answer.fate() != "asked" {
            let state = (change != "state" && change != "+state=another").then_some("a state");
            assert_eq!(answer.back().get("state").map(String::as_str), state, "{change}");
            let description = &answer.back()["error_description"];
            assert!(
                description.is_ascii() && !description.contains(['"', '\\']),
                "RFC 6749 §4.1.2.1"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oidcc_server_a_person_logs_in_and_the_site_is_given_a_code() {
    let house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let back = house.browser().log_in(&site.request(), &person).await;
    assert!(back["code"].len() >= 43, "FAPI2 5.4.1-4");
    assert_eq!(back["state"], "a state");
    assert!(back.contains_key("session_state"), "the shape");
    assert_eq!(back["iss"], ISSUER, "FAPI2 5.3.2.2-7");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_6749_4_1_2_1_a_person_who_refuses_is_led_back_with_access_denied() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let mut browser = house.browser();
    let transaction = browser.begin(&site.request()).await;
    house.answer(&transaction, &inrou_api::wire::transaction::TransactionAnswer::Refused).await;
    let back = browser.goes_back(&transaction).await;
    assert_eq!(back["error"], "access_denied");
    assert_eq!(back["state"], "a state");
    assert!(!back.contains_key("code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn oidcc_redirect_uri_query_ok_mismatch_and_added_are_told_apart_as_strings() {
    let house = House::new().await;
    let registered = format!("{CALLBACK}?foo=bar");
    let site = house.site_with(json!({"redirect_uris": [registered]})).await;
    for other in [CALLBACK, &format!("{CALLBACK}?foo=baz"), &format!("{registered}&more=1")] {
        let answer = house.browser().authorize(&site.request().set("redirect_uri", other)).await;
        assert_eq!(answer.fate(), "page 400 redirect-uri-unregistered", "{other}");
    }
    let request = site.request().set("redirect_uri", &registered);
    let back = house.browser().log_in(&request, &house.person("水野　花")).await;
    assert_eq!((&*back["foo"], back.contains_key("code")), ("bar", true), "RFC 6749 §3.1.2");
}

#[tokio::test(flavor = "multi_thread")]
async fn fapi2_5_3_2_2_7_both_answers_to_a_pushed_request_name_who_gives_them() {
    let house = House::new().await;
    let (site, person) = (house.site("fapi2").await, house.person("水野　花"));
    let asked = house.asks(&site, &site.request()).await;
    let back = house.browser().log_in(&asked, &person).await;
    assert_eq!((&*back["iss"], &*back["state"]), (ISSUER, "a state"));
    assert!(!back.contains_key("session_state"), "of the shape alone");
    let tokens = house.token(&site, &site.exchange(&house, &back["code"])).await.json();
    assert_eq!(tokens["token_type"], "DPoP");
    let told = house.userinfo(&site, tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(told["name"], "水野　花");

    let mut browser = house.browser();
    let transaction = browser.begin(&house.asks(&site, &site.request()).await).await;
    house.answer(&transaction, &inrou_api::wire::transaction::TransactionAnswer::Refused).await;
    let back = browser.goes_back(&transaction).await;
    assert_eq!((&*back["iss"], &*back["state"]), (ISSUER, "a state"));
    assert_eq!((&*back["error"], back.contains_key("code")), ("access_denied", false));
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_core_3_1_2_1_a_form_of_another_site_is_as_good_as_a_query() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let request = Request::post(path("auth"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("origin", "https://bank.example")
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "document");
    let answer = house.send(request.body(site.request().encoded().into()).unwrap()).await;
    // RFC 9700 §4.12: never 307, by which a browser would send the form on.
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let mut browser = house.browser();
    assert_eq!(browser.visit(&answer.to()).await.fate(), "asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_reaches_nothing_that_changes_anything() {
    let house = House::new().await;
    let endpoints =
        ["/provider/log-out".to_owned(), path("token"), "/provider/v1/clients".to_owned()];
    for endpoint in endpoints {
        let request = Request::post(&endpoint)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "cross-site")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document");
        let answer = house.send(request.body("a=b".into()).unwrap()).await;
        assert_eq!(answer.json()["code"], "cross-origin-refused", "{endpoint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9110_15_5_6_another_method_is_told_which_are_served() {
    let house = House::new().await;
    for (endpoint, method, allow) in [
        ("auth", "PUT", "GET,HEAD,POST"),
        ("logout", "DELETE", "GET,HEAD,POST"),
        ("token", "GET", "POST"),
        ("ext/par/request", "GET", "POST"),
        ("revoke", "GET", "POST"),
        ("userinfo", "DELETE", "GET,HEAD,POST"),
        ("certs", "POST", "GET,HEAD"),
    ] {
        let request = Request::builder().method(method).uri(path(endpoint));
        let answer = house.send(request.body("".into()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{endpoint}");
        assert_eq!(answer.header("allow"), allow, "{endpoint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_core_3_1_2_1_ui_locales_choose_the_language_of_the_pages() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    for (locales, lang) in [("fr en-GB ja", "en"), ("ja-x-easy", "ja-easy"), ("ja-JP en", "ja")] {
        let request = site.request().set("ui_locales", locales);
        let answer = house.browser().authorize(&request).await;
        assert!(answer.to().ends_with(&format!("?lang={lang}")), "{locales}: {}", answer.to());
    }
    let id = house.browser().begin(&site.request().set("ui_locales", "en")).await;
    assert!(house.transaction(&id).await.text.starts_with("You log in"), "the phone’s text too");
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_core_5_5_a_claim_that_is_asked_for_is_given_like_a_scope() {
    let house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let claims = json!({"userinfo": {"gender": null}}).to_string();
    let request = site.request().set("scope", "openid").set("claims", &claims);
    let back = house.browser().log_in(&request, &person).await;
    let tokens = house.token(&site, &site.exchange(&house, &back["code"])).await.json();
    let told = house.userinfo(&site, tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(told["gender"], "2");
    assert!(told.get("name").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn oidcc_claims_essential_and_other_scope_order_are_given_what_they_name() {
    let house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let essential = json!({"userinfo": {"name": {"essential": true}}}).to_string();
    for (scope, claims, told) in [
        ("openid", Some(&essential), &["name", "sub"][..]),
        ("birthdate name openid", None, &["birthdate", "name", "sub"]),
    ] {
        let mut request = site.request().set("scope", scope);
        if let Some(claims) = claims {
            request = request.set("claims", claims);
        }
        let back = house.browser().log_in(&request, &person).await;
        let tokens = house.token(&site, &site.exchange(&house, &back["code"])).await.json();
        let answer = house.userinfo(&site, tokens["access_token"].as_str().unwrap()).await.json();
        let names: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, told, "{scope}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow() {
    let house = House::new().await;
    let (site, person) = (house.site("fapi2").await, house.person("水野　花"));
    let request = site.request().without("nonce").without("state");
    let back = house.browser().log_in(&house.asks(&site, &request).await, &person).await;
    assert!(!back.contains_key("state"));
    let tokens = house.token(&site, &site.exchange(&house, &back["code"])).await.json();
    let claims = keys::claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&claims["aud"], claims.get("nonce")), (&json!(site.id), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_core_5_5_1_somebody_else_than_the_one_who_is_named_is_not_logged_in() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let (hana, ken) = (house.person("水野　花"), house.person("水野　健"));
    let tokens = house.tokens(&site, &hana).await;
    let id_token = tokens["id_token"].as_str().unwrap();
    let named = json!({"id_token": {"sub": {"value": keys::claims(id_token)["sub"]}}}).to_string();
    for (name, value) in [("id_token_hint", id_token), ("claims", &named)] {
        let request = site.request().set(name, value);
        let back = house.browser().log_in(&request, &ken).await;
        assert_eq!(back["error"], "login_required", "{name}");
        assert_eq!(back["inrou_code"], "other-person-logged-in", "{name}");
        let back = house.browser().log_in(&request, &hana).await;
        assert!(back.contains_key("code"), "{name}: {back:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fapi2_5_3_2_2_14_long_states_and_nonces_are_given_back_whole() {
    let house = House::new().await;
    let person = house.person("水野　花");
    let site = house.site("digital-auth").await;
    let long = "n".repeat(255);
    let request = site.request().set("nonce", &long).set("state", &long);
    let back = house.browser().log_in(&request, &person).await;
    assert_eq!(back["state"], long);
    let tokens = house.token(&site, &site.exchange(&house, &back["code"])).await.json();
    assert_eq!(keys::claims(tokens["id_token"].as_str().unwrap())["nonce"], long);
    let request = site.request().set("state", &"n".repeat(256));
    let fate = house.browser().authorize(&request).await.fate();
    assert_eq!(fate, "back invalid_request parameter-malformed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_nobody_knows_is_led_nowhere() {
    let house = House::new().await;
    let request = Form::default().set("client_id", "x").set("redirect_uri", CALLBACK);
    assert_eq!(house.browser().authorize(&request).await.fate(), "page 400 client-unknown");
}
