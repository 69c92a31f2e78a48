//! Registration by the site's developer (RFC 7591, RFC 7592), and approval by the staff (REG-4).

use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use inrou_api::clock::Clock;
use inrou_api::signature::{RoleKey, Target, sign};
use inrou_pki::SystemEntropy;
use serde_json::{Value, json};

use crate::browser::Answer;
use crate::house::{BASE, House, path};
use crate::keys::Key;
use crate::site::Site;

/// A request to a registration, with its token.
pub async fn manage(house: &House, site: &Site, method: Method, body: Option<&Value>) -> Answer {
    manage_by(house, &site.id, site.registration_token(), method, body).await
}

async fn manage_by(
    house: &House,
    id: &str,
    token: &str,
    method: Method,
    body: Option<&Value>,
) -> Answer {
    house.with_token(method.as_str(), &format!("/provider/v1/clients/{id}"), token, body).await
}

/// A request of the staff, signed.
pub async fn staff(house: &House, method: Method, path: &str, body: Option<&Value>) -> Answer {
    let body = body.map(Value::to_string).unwrap_or_default();
    staff_sends(house, method, path, ("application/json", &body)).await
}

/// The same with a body of another type, and perhaps a query.
pub async fn staff_sends(
    house: &House,
    method: Method,
    address: &str,
    (media_type, body): (&'static str, &str),
) -> Answer {
    let (path, query) = match address.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (address, None),
    };
    let mut headers = HeaderMap::new();
    let target = Target { method: &method, authority: "localhost:8080", path, query };
    let key = RoleKey::new("role:staff", house.staff_key.clone());
    sign(&target, &mut headers, body.as_bytes(), &key, house.clock.now(), &SystemEntropy)
        .await
        .unwrap();
    let mut request = Request::builder().method(method).uri(address);
    headers.insert(header::HOST, "localhost:8080".parse().unwrap());
    headers.insert(header::CONTENT_TYPE, media_type.parse().unwrap());
    *request.headers_mut().unwrap() = headers;
    house.send(request.body(body.to_owned().into()).unwrap()).await
}

pub fn approval(site: &Site) -> String {
    format!("/provider/v1/approvals/{}", site.id)
}

/// The staff decides about a site, of which it has seen that version.
pub async fn decide(house: &House, site: &Site, standing: &str, version: u64) -> Answer {
    let decision = json!({"standing": standing, "version": version, "reason": "It was checked."});
    staff(house, Method::PUT, &approval(site), Some(&decision)).await
}

/// Whether a browser that the site sends is asked to log in.
pub async fn may_ask(house: &House, site: &Site) -> bool {
    let address = format!("{}?{}", path("auth"), site.request().encoded());
    house.browser().visit(&address).await.status == StatusCode::SEE_OTHER
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_7592_2_1_the_token_of_a_registration_opens_it_and_no_other() {
    let house = House::new().await;
    let (site, other) = (house.site("digital-auth").await, house.site("fapi2").await);
    let seen = manage(&house, &site, Method::GET, None).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.text);
    assert_eq!(seen.json()["client_name"], "見本銀行");
    assert_eq!(seen.json()["standing"], "approved");
    // RFC 7592 §3.
    assert_eq!(seen.json()["registration_access_token"], site.registration_token());
    let address = format!("{BASE}/provider/v1/clients/{}", site.id);
    assert_eq!(seen.json()["registration_client_uri"], address);
    for (id, token) in [
        (site.id.as_str(), other.registration_token()),
        (other.id.as_str(), site.registration_token()),
        ("RP99999999", site.registration_token()),
        (site.id.as_str(), ""),
    ] {
        for method in [Method::GET, Method::DELETE] {
            let refused = manage_by(&house, id, token, method, None).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.text);
            assert_eq!(refused.json()["code"], "registration-token-invalid");
        }
    }
}

/// A change of a registration as it was read.
async fn changes(house: &House, site: &Site, if_match: &[&str], body: &Value) -> Answer {
    let mut request = Request::put(format!("/provider/v1/clients/{}", site.id))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {}", site.registration_token()));
    for tags in if_match {
        request = request.header(header::IF_MATCH, *tags);
    }
    house.send(request.body(body.to_string().into()).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_9110_13_1_1_what_changed_since_it_was_read_is_not_overwritten() {
    let house = House::that_approves_at_once(false).await;
    let site = house.site("digital-auth").await;
    let reads = async || manage(&house, &site, Method::GET, None).await;
    let tag = async || reads().await.header("etag");
    let first = tag().await;
    assert_eq!(tag().await, first, "reading changes nothing");
    let mut registration = site.registration();
    let mut named = |name: &str| {
        registration["client_name"] = json!(name);
        registration.clone()
    };
    let done = changes(&house, &site, &[&first], &named("見本信用金庫")).await;
    assert_eq!((done.status, done.json()["version"].as_u64()), (StatusCode::OK, Some(2)));
    let second = tag().await;
    let weak = format!("W/{second}");
    let stale: [&[&str]; 5] = [&[&first], &[&weak], &["\"2\""], &["2"], &[""]];
    for tags in stale {
        let refused = changes(&house, &site, tags, &named("見本商店")).await;
        assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED, "{tags:?} {}", refused.text);
        assert_eq!(refused.json()["code"], "registration-not-as-read");
    }
    let now = reads().await.json();
    assert_eq!((&now["client_name"], &now["version"]), (&json!("見本信用金庫"), &json!(2)));

    // What is shown changes with each decision of the staff, too.
    decide(&house, &site, "approved", 2).await;
    let third = tag().await;
    assert_ne!(third, second);
    let refused = changes(&house, &site, &[&second], &named("見本商店")).await;
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED, "{}", refused.text);
    let lists = format!("{first} , {third}");
    let fresh: [&[&str]; 2] = [&["\"other\"", &lists], &["*"]];
    for (tags, name) in fresh.into_iter().zip(["見本商店", "見本工房"]) {
        let done = changes(&house, &site, tags, &named(name)).await;
        assert_eq!(done.status, StatusCode::OK, "{tags:?} {}", done.text);
    }

    // What is wrong by itself is told first, and a new site is told its tag.
    let refused = changes(&house, &site, &[&first], &named(" ")).await;
    assert_eq!(refused.json()["code"], "registration-invalid", "{}", refused.text);
    let made = house.post_json("/provider/v1/clients", &Site::new().registration()).await;
    let mut new = Site::new();
    new.is_registered(&made.json());
    assert_eq!(manage(&house, &new, Method::GET, None).await.header("etag"), made.header("etag"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_7592_2_2_a_key_is_changed_by_putting_the_new_one_beside_the_old_one() {
    let house = House::new().await;
    let (mut site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let old = std::mem::replace(&mut site.key, Key::es256());
    let code = house.code(&site, &person).await;
    let refused = house.token(&site, &site.exchange(&house, &code)).await;
    assert_eq!(refused.json()["error"], "invalid_client", "the new key is not registered");
    let mut registration = site.registration();
    let mut names = vec![old.jwk(), site.key.jwk()];
    for (number, key) in names.iter_mut().enumerate() {
        key["kid"] = json!(format!("key-{number}"));
    }
    registration["jwks"] = json!({"keys": names});
    let changed = manage(&house, &site, Method::PUT, Some(&registration)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let seen = manage(&house, &site, Method::GET, None).await.json();
    assert_eq!(seen["jwks"]["keys"].as_array().unwrap().len(), 2);
    registration["redirect_uris"] = json!(["http://bank.example/plain"]);
    let refused = manage(&house, &site, Method::PUT, Some(&registration)).await;
    assert_eq!(refused.json()["code"], "registration-invalid");
    assert_eq!(refused.json()["params"]["member"], "redirect_uris");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_7592_2_3_a_client_that_is_deleted_takes_its_tokens_with_it() {
    let house = House::new().await;
    for profile in ["digital-auth", "fapi2"] {
        let (site, person) = (house.site(profile).await, house.person("水野　花"));
        let tokens = house.tokens(&site, &person).await;
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(house.userinfo(&site, access).await.status, StatusCode::OK);
        let deleted = manage(&house, &site, Method::DELETE, None).await;
        assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.text);
        assert_eq!(house.userinfo(&site, access).await.status, StatusCode::UNAUTHORIZED);
        let again = manage(&house, &site, Method::DELETE, None).await;
        assert_eq!(again.status, StatusCode::UNAUTHORIZED);
        assert!(!may_ask(&house, &site).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_site_asks_nobody_before_the_staff_has_approved_it() {
    let house = House::that_approves_at_once(false).await;
    let site = house.site("digital-auth").await;
    assert_eq!(manage(&house, &site, Method::GET, None).await.json()["standing"], "pending");
    let fate = house.browser().authorize(&site.request()).await.fate();
    assert_eq!(fate, "page 403 client-not-approved", "nobody is led anywhere");
    let refused = house.token(&site, &site.exchange(&house, "code")).await;
    assert_eq!(refused.refusal(), "403 unauthorized_client client-not-approved");

    let done = decide(&house, &site, "approved", 1).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert!(may_ask(&house, &site).await);

    let mut registration = site.registration();
    registration["jwks"] = json!({"keys": [Key::es256().jwk()]});
    let changed = manage(&house, &site, Method::PUT, Some(&registration)).await;
    assert_eq!(changed.json()["standing"], "approved", "a key is the site's own matter");
    registration["client_name"] = json!("別の銀行");
    let changed = manage(&house, &site, Method::PUT, Some(&registration)).await;
    assert_eq!(changed.json()["standing"], "pending", "another name was never looked at");
    assert!(!may_ask(&house, &site).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_suspension_says_why_and_lasts_whatever_the_developer_changes() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    for faulty in [
        json!({"standing": "suspended", "reason": " "}),
        json!({"standing": "suspended", "reason": "x".repeat(501)}),
        json!({"standing": "pending", "reason": "wait", "version": 1}),
        json!({"standing": "approved", "reason": "No version is named."}),
        json!({"standing": "refused", "reason": "No version is named."}),
        json!({"standing": "suspended", "reason": "turned \u{202e} around"}),
    ] {
        let refused = staff(&house, Method::PUT, &approval(&site), Some(&faulty)).await;
        assert_eq!(refused.json()["code"], "approval-invalid", "{faulty}");
    }
    let tokens = house.tokens(&site, &house.person("水野　花")).await;
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(house.userinfo(&site, access).await.status, StatusCode::OK);
    let suspended = json!({"standing": "suspended", "reason": "The site answers no more."});
    let done = staff(&house, Method::PUT, &approval(&site), Some(&suspended)).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    let seen = manage(&house, &site, Method::PUT, Some(&site.registration())).await.json();
    assert_eq!(seen["standing"], "suspended");
    assert_eq!(seen["reason"], "The site answers no more.");
    assert!(!may_ask(&house, &site).await);
    let closed = house.userinfo(&site, access).await;
    assert_eq!(closed.refusal(), "401 invalid_token access-token-invalid", "what it was given too");
    let listed = staff(&house, Method::GET, "/provider/v1/approvals", None).await;
    assert_eq!(listed.json()["items"][0]["client_id"], site.id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_nobody_but_the_staff_decides() {
    let house = House::that_approves_at_once(false).await;
    let site = house.site("digital-auth").await;
    let request = Request::put(approval(&site))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::HOST, "localhost:8080");
    let body = json!({"standing": "approved", "version": 1, "reason": "Mine."}).to_string();
    let refused = house.send(request.body(body.into()).unwrap()).await;
    assert_eq!(refused.json()["code"], "signature-missing");
    let unknown = staff(
        &house,
        Method::PUT,
        "/provider/v1/approvals/RP99999999",
        Some(&json!({"standing": "approved", "version": 1, "reason": "It was checked."})),
    )
    .await;
    assert_eq!(unknown.json()["code"], "client-unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn fapi_5_3_2_2_8_addresses_of_ones_own_machine_are_for_sandboxes_alone() {
    for is_sandbox in [true, false] {
        let house = House::that_approves_at_once(is_sandbox).await;
        for member in ["redirect_uris", "post_logout_redirect_uris"] {
            for uri in ["http://localhost:3000/back", "http://127.0.0.1/", "http://[::1]:1/x"] {
                let mut registration = Site::new().registration();
                registration[member] = json!([uri]);
                let answer = house.post_json("/provider/v1/clients", &registration).await;
                let told = match is_sandbox {
                    true => (StatusCode::CREATED, json!(null)),
                    false => (StatusCode::BAD_REQUEST, json!("redirect-uri-local")),
                };
                assert_eq!((answer.status, answer.json()["code"].clone()), told, "{member} {uri}");
            }
        }
    }
}
