//! The event log of a site (REG-4): each outcome has its line, which says what happened and why.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use inrou_api::wire::transaction::{Hindrance, PhoneSecret, TransactionAnswer};
use serde_json::{Value, json};

use crate::house::{House, PHONE};
use crate::site::{Form, Site, VERIFIER};

/// The log as the site's developer reads it, the latest first.
async fn page(house: &House, site: &Site, query: &str) -> Value {
    let path = format!("/provider/v1/clients/{}/events{query}", site.id);
    let bearer = format!("Bearer {}", site.registration_token());
    let answer = house.get(&path, &[("authorization", &bearer)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

/// All that happened, the latest first.
pub async fn all(house: &House, site: &Site) -> Vec<Value> {
    page(house, site, "?limit=200").await["items"].as_array().unwrap().clone()
}

/// What happened to one transaction, in its order: `what`, with `code` and `detail` if there are.
pub async fn of(house: &House, site: &Site, transaction: &str) -> Vec<String> {
    let page = page(house, site, &format!("?transaction={transaction}&limit=200")).await;
    let mut events = page["items"].as_array().unwrap().clone();
    events.reverse();
    let words = |event: &Value| {
        let members = ["what", "code", "detail"].map(|name| event[name].as_str());
        members.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    events.iter().map(words).collect()
}

/// The same without what was before that.
async fn since(house: &House, site: &Site, transaction: &str, what: &str) -> Vec<String> {
    let all = of(house, site, transaction).await;
    let from = all.iter().position(|event| event.starts_with(what));
    all[from.unwrap_or_else(|| panic!("{all:?}"))..].to_vec()
}

async fn exchange(house: &House, site: &Site, form: &Form) {
    let refused = house.token(site, form).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_log_in_is_told_from_its_beginning_to_its_last_token() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    let asked = house.transaction(&id).await;
    house.answer(&id, &house.person("水野　花").log_in(&asked)).await;
    let back = browser.goes_back(&id).await;
    let tokens = house.token(&site, &site.exchange(&house, &back["code"])).await.json();
    let claims = crate::keys::claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["transaction"], json!(id), "so the site can find it");
    house.token(&site, &site.refresh(&house, &tokens)).await;
    let token = tokens["refresh_token"].as_str().unwrap();
    let given_back = Form::default().set("token", token);
    house.post("revoke", &site.proven(&house, &given_back)).await;
    let told =
        ["asked", "taken qr", "granted phone", "led-back", "exchanged", "refreshed", "given-back"];
    assert_eq!(of(&house, &site, &id).await, told);
    // It says nothing of the person, nor what opens a door.
    let whole = page(&house, &site, "").await.to_string();
    for secret in ["水野", "清瀬", &back["code"], token, claims["sub"].as_str().unwrap()] {
        assert!(!whole.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_each_end_of_a_log_in_has_its_line() {
    let house = House::new().await;
    let site = house.site_with(json!({"number_check": "always"})).await;
    let mut browser = house.browser();
    let answered = async |answer: &TransactionAnswer| {
        let mut browser = house.browser();
        let id = browser.begin(&site.request()).await;
        house.answer(&id, answer).await;
        let back = browser.goes_back(&id).await;
        assert_eq!(back["inrou_transaction"], id, "so the site can find it");
        let told = since(&house, &site, &id, "taken").await;
        assert_eq!(told.len(), 2, "{told:?}");
        told[1].clone()
    };
    assert_eq!(answered(&TransactionAnswer::Refused).await, "refused transaction-refused");
    for reason in [
        Hindrance::WrongPin,
        Hindrance::PinBlocked,
        Hindrance::NoCertificate,
        Hindrance::CertificateHeld,
        Hindrance::CertificateRevoked,
        Hindrance::CertificateExpired,
        Hindrance::PhoneNotSupported,
    ] {
        let told = answered(&TransactionAnswer::Cannot { reason }).await;
        assert_eq!(told, format!("hindered {}", reason.code()));
    }
    let other = browser.begin(&site.request()).await;
    let other = house.person("水野　花").log_in(&house.transaction(&other).await);
    assert_eq!(answered(&other).await, "failed login-signature-invalid");

    // The number is typed wrong, then right; or wrong to the end.
    for (typed, end) in [(1, "number-right"), (3, "number-wrong handover-number-wrong")] {
        let id = browser.begin(&site.request()).await;
        let asked = house.transaction(&id).await;
        let done = house.answer(&id, &house.person("水野　花").log_in(&asked)).await.json();
        let number = format!("/provider/log-ins/{id}/number");
        for _ in 0..typed {
            browser.submit(&number, &Form::default().set("number", "x")).await;
        }
        let right = done["afterwards"]["number"].as_str().unwrap();
        browser.submit(&number, &Form::default().set("number", right)).await;
        let told = since(&house, &site, &id, "number-wrong").await;
        assert_eq!(told.last().unwrap(), end);
        assert_eq!(told[0], if typed == 1 { "number-wrong" } else { &told[0] });
    }
    // Nobody answers; nobody types the number.
    let id = browser.begin(&site.request()).await;
    let unconfirmed = browser.begin(&site.request()).await;
    let asked = house.transaction(&unconfirmed).await;
    house.answer(&unconfirmed, &house.person("水野　花").log_in(&asked)).await;
    assert_eq!(of(&house, &site, &id).await, ["asked"]);
    house.wait(301);
    assert_eq!(of(&house, &site, &id).await, ["asked", "expired transaction-expired"]);
    let told = since(&house, &site, &unconfirmed, "granted").await;
    assert_eq!(told, ["granted phone", "expired handover-timed-out"]);
    assert_eq!(of(&house, &site, &id).await.len(), 2, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_who_gets_in_between_has_a_line_and_fills_no_log() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    let link = browser.scans(&id).await;
    let forged = link.replace("m=", "m=A");
    house.take(&forged, PHONE).await;
    house.wait(6);
    house.take(&link, PHONE).await;
    let fresh = browser.scans(&id).await;
    house.take(&fresh, PHONE).await;
    house.take(&fresh, PHONE).await;
    house.take(&fresh, PhoneSecret([8; 32])).await;
    let told = [
        "asked",
        "link-refused handover-forged",
        "link-refused handover-stale",
        "taken qr",
        "contested qr",
    ];
    assert_eq!(of(&house, &site, &id).await, told);
    for _ in 0..120 {
        house.take(&forged, PHONE).await;
    }
    assert_eq!(of(&house, &site, &id).await.len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_tokens_that_are_refused_have_a_line_with_the_reason() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    let asked = house.transaction(&id).await;
    house.answer(&id, &house.person("水野　花").log_in(&asked)).await;
    let code = browser.goes_back(&id).await["code"].clone();
    let good = site.exchange(&house, &code);
    exchange(&house, &site, &good.clone().without("code_verifier")).await;
    let other = VERIFIER.replace('a', "b");
    let form = site.proven(&house, &good.clone().set("code_verifier", &other));
    exchange(&house, &site, &form).await;
    let form = site.proven(&house, &good.clone().set("redirect_uri", "https://bank.example/other"));
    exchange(&house, &site, &form).await;
    house.token(&site, &site.exchange(&house, &code)).await;
    exchange(&house, &site, &site.exchange(&house, &code)).await;
    let told = [
        "tokens-refused parameter-missing code_verifier",
        "tokens-refused code-verifier-invalid",
        "tokens-refused code-invalid `redirect_uri` is another",
        "exchanged",
        "tokens-refused code-invalid it was exchanged before, and what it gave is taken back",
    ];
    let all = of(&house, &site, &id).await;
    assert_eq!(all[4..], told, "{all:?}");
    // What belongs to no transaction stands among all.
    exchange(&house, &site, &site.exchange(&house, "no code")).await;
    let latest = page(&house, &site, "?limit=1").await["items"][0].clone();
    assert_eq!(
        (&latest["what"], &latest["code"]),
        (&json!("tokens-refused"), &json!("code-invalid"))
    );
    assert_eq!(latest["transaction"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_the_log_is_paged_opened_by_its_own_token_and_outlives_a_restart() {
    let mut house = House::new().await;
    let site = house.site("digital-auth").await;
    let stranger = house.site("digital-auth").await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(house.browser().begin(&site.request()).await);
    }
    house.restart();
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = page(&house, &site, &query).await;
        for event in page["items"].as_array().unwrap() {
            match event["transaction"].as_str() {
                Some(transaction) => seen.push(transaction.to_owned()),
                None => assert_eq!(event["what"], "registered"),
            }
        }
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=2&cursor={next}");
    }
    ids.reverse();
    assert_eq!(seen, ids);
    let path = format!("/provider/v1/clients/{}/events", site.id);
    for bearer in ["Bearer x".to_owned(), format!("Bearer {}", stranger.registration_token())] {
        let refused = house.get(&path, &[("authorization", &bearer)]).await;
        assert_eq!(refused.json()["code"], "registration-token-invalid");
    }
    assert!(of(&house, &stranger, &ids[0]).await.is_empty(), "another's is as good as none");
    let token = format!("Bearer {}", site.registration_token());
    let headers = [("authorization", token.as_str())];
    let wrong = house.get(&format!("{path}?cursor=x"), &headers).await;
    assert_eq!(wrong.json()["code"], "bad-request");
    // With the site goes its log.
    let request = Request::delete(format!("/provider/v1/clients/{}", site.id));
    let request = request.header(header::AUTHORIZATION, token).body(Body::empty()).unwrap();
    assert_eq!(house.send(request).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_the_console_shows_each_transaction_to_who_has_the_token() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    house.answer(&id, &TransactionAnswer::Refused).await;
    let log = format!("/provider/console/clients/{}", site.id);
    let of_one = format!("{log}/transactions/{id}");
    let closed = house.get(&log, &[]).await;
    assert!(closed.text.contains("name=\"token\"") && !closed.text.contains(&id));
    assert_eq!(house.get(&of_one, &[]).await.to(), log);
    let form = |token: &str| Form::default().set("token", token);
    let refused = browser.submit(&log, &form("x")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let opened = browser.submit(&log, &form(site.registration_token())).await;
    let cookie = opened.headers[header::SET_COOKIE].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let shown = house.get(&log, &[("cookie", &cookie)]).await;
    assert!(shown.text.contains(&of_one) && shown.text.contains("transaction-refused"));
    let shown = house.get(&of_one, &[("cookie", &cookie)]).await;
    let places =
        ["ブラウザーが来て", "スマートフォンが受け取りました", "transaction-refused", "Respect it"];
    let places = places.map(|part| shown.text.find(part));
    assert!(places.is_sorted() && places[0].is_some(), "{places:?}: {}", shown.text);
    // A mark that was changed, of another site, or an hour old opens nothing.
    let stranger = house.site("digital-auth").await;
    let others = format!("/provider/console/clients/{}", stranger.id);
    for (path, cookie) in [
        (&log, format!("{cookie}A")),
        (&others, cookie.clone()),
        (&others, cookie.replace(&site.id, &stranger.id)),
    ] {
        let closed = house.get(path, &[("cookie", &cookie)]).await;
        assert!(closed.text.contains("name=\"token\""), "{path} {cookie}");
    }
    house.wait(3601);
    let closed = house.get(&log, &[("cookie", &cookie)]).await;
    assert!(closed.text.contains("name=\"token\""));
}
