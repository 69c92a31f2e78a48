//! What the staff decides, and what a site changes meanwhile (REG-4).

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::browser::Answer;
use crate::events;
use crate::house::House;
use crate::keys::Key;
use crate::registration::{approval, decide, manage, may_ask, staff};
use crate::site::Site;

/// The site's name becomes another one.
async fn renames(house: &House, site: &Site, name: &str) -> Answer {
    let mut registration = site.registration();
    registration["client_name"] = json!(name);
    manage(house, site, Method::PUT, Some(&registration)).await
}

/// A key is added or removed by a request of its own.
async fn keys(house: &House, site: &Site, below: &str, key: Option<&Value>) -> Answer {
    let path = format!("/provider/v1/clients/{}/keys{below}", site.id);
    let method = if key.is_some() { "POST" } else { "DELETE" };
    house.with_token(method, &path, site.registration_token(), key).await
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_what_was_changed_since_it_was_looked_at_is_not_approved() {
    let house = House::that_approves_at_once(false).await;
    let site = house.site("digital-auth").await;
    let looked = staff(&house, Method::GET, &approval(&site), None).await.json();
    assert_eq!((&looked["client"]["version"], &looked["approved"]), (&json!(1), &Value::Null));
    assert_eq!(renames(&house, &site, "見本の別の銀行").await.status, StatusCode::OK);
    for standing in ["approved", "refused"] {
        let refused = decide(&house, &site, standing, 1).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
        assert_eq!(refused.json()["code"], "registration-changed");
        assert_eq!(refused.json()["params"]["version"], "2");
    }
    assert!(!may_ask(&house, &site).await);
    assert_eq!(decide(&house, &site, "approved", 2).await.status, StatusCode::OK);
    assert!(may_ask(&house, &site).await);
    renames(&house, &site, "三つ目の銀行").await;
    let looked = staff(&house, Method::GET, &approval(&site), None).await.json();
    assert_eq!(looked["client"]["client_name"], "三つ目の銀行");
    assert_eq!(looked["approved"]["client_name"], "見本の別の銀行", "what was approved before");
    let back = renames(&house, &site, "見本の別の銀行").await.json();
    assert_eq!(back["standing"], "approved", "it is what was approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_refusal_says_why_and_a_change_is_looked_at_again() {
    let house = House::that_approves_at_once(false).await;
    let site = house.site("digital-auth").await;
    let refused = decide(&house, &site, "refused", 1).await;
    assert_eq!(refused.status, StatusCode::OK, "{}", refused.text);
    let seen = manage(&house, &site, Method::GET, None).await.json();
    let told = (&seen["standing"], &seen["reason"]);
    assert_eq!(told, (&json!("refused"), &json!("It was checked.")));
    let same = manage(&house, &site, Method::PUT, Some(&site.registration())).await.json();
    assert_eq!(same["standing"], "refused", "nothing was changed");
    let changed = renames(&house, &site, "見本信用金庫").await.json();
    assert_eq!((&changed["standing"], &changed["reason"]), (&json!("pending"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_change_that_is_refused_is_undone_by_going_back_to_what_was_approved() {
    let house = House::that_approves_at_once(false).await;
    let site = house.site("digital-auth").await;
    decide(&house, &site, "approved", 1).await;
    renames(&house, &site, "見本の別の銀行").await;
    let refused = decide(&house, &site, "refused", 2).await;
    assert_eq!(refused.json()["standing"], "refused", "{}", refused.text);
    assert!(!may_ask(&house, &site).await);
    let looked = staff(&house, Method::GET, &approval(&site), None).await.json();
    assert_eq!(looked["approved"]["client_name"], "見本銀行", "it is still what was approved");
    let back = manage(&house, &site, Method::PUT, Some(&site.registration())).await.json();
    let told = (&back["standing"], &back["version"], &back["reason"]);
    assert_eq!(told, (&json!("approved"), &json!(3), &Value::Null));
    assert!(may_ask(&house, &site).await);

    // Where the site itself is refused, nothing that it goes back to is approved.
    decide(&house, &site, "suspended", 3).await;
    decide(&house, &site, "refused", 3).await;
    renames(&house, &site, "見本の別の銀行").await;
    let back = manage(&house, &site, Method::PUT, Some(&site.registration())).await.json();
    assert_eq!(back["standing"], "pending");
    assert!(!may_ask(&house, &site).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_suspension_outlasts_changes_and_is_lifted_by_the_staff_alone() {
    let house = House::that_approves_at_once(false).await;
    let site = house.site("digital-auth").await;
    decide(&house, &site, "approved", 1).await;
    decide(&house, &site, "suspended", 1).await;
    assert_eq!(renames(&house, &site, "見本信用金庫").await.json()["standing"], "suspended");
    assert_eq!(decide(&house, &site, "approved", 2).await.status, StatusCode::OK);
    assert!(may_ask(&house, &site).await);
    let all = events::all(&house, &site).await;
    let whats: Vec<&str> = all.iter().map(|event| event["what"].as_str().unwrap()).collect();
    assert_eq!(whats[1..], ["resumed", "changed", "suspended", "approved", "registered"]);
    assert_eq!(all[1]["by"], "role:staff");
    assert_eq!(all[1]["detail"], "It was checked.");
    assert_eq!(all[2]["by"], Value::Null);
    // What the staff did is kept longer than what happened to log-ins.
    house.wait(31 * 24 * 3600);
    house.tidies().await;
    let kept = events::all(&house, &site).await;
    let whats: Vec<&str> = kept.iter().map(|event| event["what"].as_str().unwrap()).collect();
    assert_eq!(whats, ["resumed", "suspended", "approved"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_clients_are_listed_by_where_they_stand() {
    let house = House::that_approves_at_once(false).await;
    let (first, second) = (house.site("digital-auth").await, house.site("digital-auth").await);
    let third = house.site("digital-auth").await;
    decide(&house, &second, "approved", 1).await;
    let list = async |query: &str| {
        let address = format!("/provider/v1/approvals?{query}");
        let answer = staff(&house, Method::GET, &address, None).await;
        let json = answer.json();
        let ids = json["items"].as_array().unwrap_or_else(|| panic!("{}", answer.text)).iter();
        let ids: Vec<String> =
            ids.map(|one| one["client_id"].as_str().unwrap().to_owned()).collect();
        (ids, json["next"].as_str().map(str::to_owned))
    };
    assert_eq!(list("limit=50").await.0.len(), 3);
    assert_eq!(list("standing=approved").await.0, [second.id.as_str()]);
    let (ids, next) = list("standing=pending&limit=1").await;
    assert_eq!(ids, [first.id.as_str()]);
    let more = format!("standing=pending&limit=1&cursor={}", next.unwrap());
    assert_eq!(list(&more).await, (vec![third.id.clone()], None));
    // The next page begins where it did although the last one of the page before is gone.
    let gone = manage(&house, &first, Method::DELETE, None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text);
    assert_eq!(list(&more).await, (vec![third.id.clone()], None));
    let others = list(&more.replace("standing=pending&", "")).await;
    assert_eq!(others.0, [second.id.as_str()]);
    assert_eq!(list("limit=50").await.0, [second.id.as_str(), third.id.as_str()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_keys_come_and_go_one_by_one_and_overlap() {
    let house = House::that_approves_at_once(false).await;
    let (mut site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    decide(&house, &site, "approved", 1).await;
    let old = std::mem::replace(&mut site.key, Key::es256());
    let mut new = site.key.jwk();
    new["kid"] = json!("2027");
    let added = keys(&house, &site, "", Some(&new)).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.text);
    assert_eq!(
        (&added.json()["standing"], &added.json()["version"]),
        (&json!("approved"), &json!(2))
    );
    house.tokens(&site, &person).await;
    let new_key = std::mem::replace(&mut site.key, old);
    house.tokens(&site, &person).await;
    // The old one has no name: its thumbprint names it (RFC 7638 §3).
    let jwk = site.key.jwk();
    let canonical = format!(
        r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
        jwk["x"].as_str().unwrap(),
        jwk["y"].as_str().unwrap()
    );
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.as_bytes());
    let thumbprint = crate::keys::base64url(digest.as_ref());
    let removed = keys(&house, &site, &format!("/{thumbprint}"), None).await;
    assert_eq!(removed.json()["jwks"]["keys"].as_array().unwrap().len(), 1, "{}", removed.text);
    let code = house.code(&site, &person).await;
    let refused = house.token(&site, &site.exchange(&house, &code)).await;
    assert_eq!(refused.json()["code"], "client-assertion-invalid", "the old key is gone");
    site.key = new_key;
    assert_eq!(house.token(&site, &site.exchange(&house, &code)).await.status, StatusCode::OK);
    let refused = keys(&house, &site, "/2026", None).await;
    assert_eq!(refused.json()["code"], "key-unknown");
    let refused = keys(&house, &site, "/2027", None).await;
    assert_eq!(refused.json()["code"], "key-unsound", "the last one stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_acts_at_one_time_do_not_overwrite_each_other() {
    let house = House::that_approves_at_once(false).await;
    let site = house.site("digital-auth").await;
    decide(&house, &site, "approved", 1).await;
    let named = [0, 1, 2, 3, 4, 5].map(|number| {
        let mut key = Key::es256().jwk();
        key["kid"] = json!(format!("key-{number}"));
        key
    });
    let suspended = json!({"standing": "suspended", "reason": "It was checked."});
    let path = approval(&site);
    let suspends = staff(&house, Method::PUT, &path, Some(&suspended));
    let adds = async |key: &Value| keys(&house, &site, "", Some(key)).await;
    let [a, b, c, d, e, f] = &named;
    let done = tokio::join!(adds(a), adds(b), suspends, adds(c), adds(d), adds(e), adds(f));
    let (a, b, c, d, e, f, g) = done;
    for answer in [a, b, c, d, e, f, g] {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
    let seen = manage(&house, &site, Method::GET, None).await.json();
    assert_eq!(seen["jwks"]["keys"].as_array().unwrap().len(), 7, "each key is there");
    assert_eq!(seen["standing"], "suspended", "and so is the decision");
    assert_eq!(seen["version"], 7);
}
