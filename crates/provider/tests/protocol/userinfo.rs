//! `userinfo` (OpenID Connect Core §5.3, RFC 6750 §3).

use axum::http::StatusCode;

use crate::browser::Answer;
use crate::house::{House, path};
use crate::site::Form;

async fn opened(house: &House, credentials: &str) -> Answer {
    house.get(&path("userinfo"), &[("authorization", credentials)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn oidcc_userinfo_get_post_header_post_body_tell_what_was_consented_to() {
    let house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let tokens = house.tokens(&site, &person).await;
    let token = tokens["access_token"].as_str().unwrap();
    let header = format!("Bearer {token}");
    let in_form = Form::default().set("access_token", token);
    let by_header = [("authorization", header.as_str())];
    for told in [
        opened(&house, &header).await,
        opened(&house, &format!("bearer {token}")).await,
        house.post_with("userinfo", &Form::default(), &by_header).await,
        house.post("userinfo", &in_form).await,
    ] {
        assert_eq!(told.status, StatusCode::OK, "{}", told.text);
        assert_eq!(told.header("cache-control"), "no-store");
        let told = told.json();
        let names: Vec<&String> = told.as_object().unwrap().keys().collect();
        assert_eq!(names, ["birthdate", "name", "sub"]);
        assert_eq!((&told["name"], &told["birthdate"]), (&"水野　花".into(), &"19800217".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oidcc_scope_profile_email_phone_give_nothing_for_they_are_not_served() {
    let house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let request = site.request().set("scope", "openid profile email phone");
    let back = house.browser().log_in(&request, &person).await;
    let tokens = house.token(&site, &site.exchange(&house, &back["code"])).await.json();
    let told = house.userinfo(&site, tokens["access_token"].as_str().unwrap()).await.json();
    let names: Vec<&String> = told.as_object().unwrap().keys().collect();
    assert_eq!(names, ["sub"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_core_5_1_a_client_of_fapi_and_who_registers_so_is_told_in_the_forms_of_the_standard()
{
    let house = House::new().await;
    let person = house.person("水野　花");
    let registered = serde_json::json!({"claims_format": "oidc"});
    for site in [house.site("fapi2").await, house.site_with(registered).await] {
        let request = site.request().set("scope", "openid name address birthdate gender");
        let back = house.browser().log_in(&house.asks(&site, &request).await, &person).await;
        let tokens = house.token(&site, &site.exchange(&house, &back["code"])).await.json();
        let told = house.userinfo(&site, tokens["access_token"].as_str().unwrap()).await.json();
        assert_eq!(told["address"]["formatted"], "東京都清瀬市中里１－２－３");
        assert_eq!(told["birthdate"], "1980-02-17");
        assert_eq!(told["gender"], "female");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_core_8_1_clients_of_a_sector_call_a_person_by_one_name_and_others_by_another() {
    let house = House::new().await;
    let person = house.person("水野　花");
    let mut names = Vec::new();
    for sector in ["bank.example", "bank.example", "shop.example"] {
        let site = house.site_with(serde_json::json!({"sector": sector})).await;
        let tokens = house.tokens(&site, &person).await;
        let told = house.userinfo(&site, tokens["access_token"].as_str().unwrap()).await.json();
        names.push(told["sub"].as_str().unwrap().to_owned());
    }
    assert_eq!(names[0], names[1]);
    assert_ne!(names[0], names[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_6750_3_1_each_refusal_has_its_word_its_status_and_its_challenge() {
    let house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let tokens = house.tokens(&site, &person).await;
    let token = tokens["access_token"].as_str().unwrap();
    let bearer = format!("Bearer {token}");
    let in_form = Form::default().set("access_token", token);
    let by_header = [("authorization", bearer.as_str())];
    let in_query = format!("{}?access_token={token}", path("userinfo"));
    for (requirement, answer, refusal) in [
        (
            "FAPI2 5.3.4-2",
            house.get(&in_query, &[]).await,
            "400 invalid_request access-token-misplaced",
        ),
        (
            "§2",
            house.post_with("userinfo", &in_form, &by_header).await,
            "400 invalid_request access-token-misplaced",
        ),
        ("§2.1", opened(&house, "Basic abc").await, "400 invalid_request access-token-misplaced"),
        ("§2.1", opened(&house, "Bearer a b").await, "400 invalid_request access-token-misplaced"),
        ("§2.1", opened(&house, "Bearer ").await, "400 invalid_request access-token-misplaced"),
        ("§2.1", opened(&house, "Bearer").await, "400 invalid_request access-token-misplaced"),
        ("§3.1", opened(&house, "Bearer unknown").await, "401 invalid_token access-token-invalid"),
        (
            "RFC 9449 §7.1",
            opened(&house, &format!("DPoP {token}")).await,
            "401 invalid_token access-token-key-wrong",
        ),
    ] {
        assert_eq!(answer.refusal(), refusal, "{requirement}");
        let word = refusal.split(' ').nth(1).unwrap();
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with("Bearer realm="), "{challenge}");
        assert!(challenge.contains(&format!("error=\"{word}\"")), "{challenge}");
        assert!(challenge.contains("DPoP realm=\"inrou\""), "{challenge}");
    }
    let bare = house.get(&path("userinfo"), &[]).await;
    assert_eq!(bare.status, StatusCode::UNAUTHORIZED);
    assert_eq!(bare.json()["code"], "access-token-missing");
    let challenge = bare.header("www-authenticate");
    assert!(!challenge.contains("error"), "RFC 6750 §3.1: no error where nothing was shown");
    house.wait(300);
    let late = opened(&house, &bearer).await;
    assert_eq!(late.refusal(), "401 invalid_token access-token-invalid");
}
