//! Log-in by hand-over, and every way in which it ends (USE-1).

use axum::http::StatusCode;
use inrou_pki::Status;
use inrou_rules::{Medium, RevocationReason};
use jiff::SignedDuration;

use crate::browser::Browser;
use crate::support::House;

/// Every page for which one has to be logged in.
const OWN_PAGES: &[&str] = &[
    "/portal/sessions",
    "/portal/apply",
    "/portal/apply/moving-out",
    "/portal/applications",
    "/portal/applications/0123",
    "/portal/applications/0123/document.txt",
    "/portal/notices",
    "/portal/notices/news?since=0",
    "/portal/history",
    "/portal/history.csv",
    "/portal/history.json",
    "/portal/own",
    "/portal/own/medicines",
];

#[tokio::test]
async fn use_1_a_log_in_by_link_or_code_leads_to_a_session_of_its_own() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::portal(&house);
    assert!(browser.get("/portal").await.has("href=\"/portal/login\""));
    let page = browser.get("/portal/login").await;
    let begun = browser.post("/portal/login", &[("key", &page.hidden("key"))]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER);
    let cookie = begun.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-login="), "{cookie}");
    for attribute in ["; Path=/;", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let waits = browser.follow(begun).await;
    let link = format!("http://localhost:8080/portal/v1/transactions/{}", waits.transaction());
    assert!(waits.has("<svg class=\"qr\""));
    let encoded = link.replace(':', "%3A").replace('/', "%2F");
    assert!(waits.has(&format!("href=\"http://phone.localhost:8080/open?link={encoded}\"")));
    assert!(waits.has("およそ3分"));
    assert!(!browser.cookies.contains_key("__Host-portal"));

    // The page hears of it while it waits.
    let (mut other, asks) = (browser.clone(), waits.waits());
    let transaction = waits.transaction();
    let (news, ()) = tokio::join!(other.get(&asks), house.approve(&person, &transaction));
    assert_eq!(news.status, StatusCode::OK);
    let done = browser.get("/portal/login/wait").await;
    assert_eq!(done.location().unwrap(), "/portal");
    assert!(browser.cookies.contains_key("__Host-portal"));
    assert!(!browser.cookies.contains_key("__Host-login"));
    assert!(browser.follow(done).await.has("action=\"/portal/logout\""));
    // The other tab finds it done, and begins no second session.
    let second = other.get("/portal/login/wait").await;
    assert!(second.has("data-code=\"login-required\""));
    other.cookies.insert("__Host-portal".into(), browser.cookies["__Host-portal"].clone());
    assert_eq!(other.get("/portal/login/wait").await.location().unwrap(), "/portal");
}

#[tokio::test]
async fn a_second_press_begins_one_log_in() {
    let house = House::new().await;
    let mut browser = Browser::portal(&house);
    let key = browser.get("/portal/login").await.hidden("key");
    let first = browser.submit("/portal/login", &[("key", &key)]).await.transaction();
    let second = browser.submit("/portal/login", &[("key", &key)]).await.transaction();
    assert_eq!(first, second);
    let guessed = browser.post("/portal/login", &[("key", "1")]).await;
    assert_eq!(guessed.trouble().unwrap(), "idempotency-key-malformed");
}

#[tokio::test]
async fn a_log_in_that_does_not_succeed_ends_in_a_page_that_says_why() {
    let house = House::new().await;
    let begin = async || {
        let mut browser = Browser::portal(&house);
        let key = browser.get("/portal/login").await.hidden("key");
        let waits = browser.submit("/portal/login", &[("key", &key)]).await;
        (browser, waits.transaction())
    };
    let (mut browser, transaction) = begin().await;
    house.refuse(&transaction).await;
    let over = browser.get("/portal/login/wait").await;
    assert_eq!(over.trouble().unwrap(), "transaction-refused");
    assert!(!browser.cookies.contains_key("__Host-portal"));
    // From there it goes on with a log-in of its own.
    let anew = browser.submit("/portal/login", &[("key", &over.hidden("key"))]).await;
    assert_ne!(anew.transaction(), transaction);

    let (mut browser, _) = begin().await;
    house.clock.advance_by(SignedDuration::from_mins(3));
    assert_eq!(browser.get("/portal/login/wait").await.trouble().unwrap(), "transaction-expired");

    let now = house.now();
    let revoked = Status::Revoked { at: now, reason: RevocationReason::CessationOfOperation };
    for (status, code) in
        [(revoked, "certificate-revoked"), (Status::OnHold { since: now }, "certificate-on-hold")]
    {
        let person = house.person("印籠　花子", Medium::Phone);
        house.authority.set_status(&person.user_authentication.certificate, status);
        let (mut browser, transaction) = begin().await;
        let id = transaction.try_into().unwrap();
        let asked = house.open(&id).await.unwrap();
        house.answer(&id, &person.user_authentication.log_in(&asked)).await.unwrap_err();
        assert_eq!(browser.get("/portal/login/wait").await.trouble().unwrap(), code);
        assert!(!browser.cookies.contains_key("__Host-portal"));
    }
}

#[tokio::test]
async fn a_token_that_was_known_before_the_log_in_opens_nothing_after_it() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::portal(&house);
    // Somebody put a token of their own into the browser.
    browser.cookies.insert("__Host-portal".into(), "planted".into());
    browser.log_in(&house, &person).await;
    let first = browser.cookies["__Host-portal"].clone();
    assert_ne!(first, "planted");
    // Logging in again, with a log-in that was begun elsewhere, ends the session that was here.
    let mut begun = Browser::portal(&house);
    begun.log_in(&house, &person).await;
    let key = Browser::portal(&house).get("/portal/login").await.hidden("key");
    let waits = browser.submit("/portal/login", &[("key", &key)]).await;
    house.approve(&person, &waits.transaction()).await;
    browser.get("/portal/login/wait").await;
    let second = browser.cookies["__Host-portal"].clone();
    assert_ne!(first, second);
    let mut before = Browser::portal(&house);
    before.cookies.insert("__Host-portal".into(), first);
    assert_eq!(before.get("/portal/sessions").await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/portal/sessions").await.status, StatusCode::OK);
    // A log-in that nobody began.
    let mut browser = Browser::portal(&house);
    browser.cookies.insert("__Host-login".into(), "0123:/portal/history".into());
    assert_eq!(browser.get("/portal/login/wait").await.location().unwrap(), "/portal/login");
}

#[tokio::test]
async fn whoever_is_not_logged_in_is_sent_to_log_in_and_comes_back() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    for path in OWN_PAGES {
        let answer = Browser::portal(&house).get(path).await;
        let expected = format!("/portal/login?to={}", path.split('?').next().unwrap());
        assert_eq!(answer.location().unwrap(), expected);
    }
    let mut browser = Browser::portal(&house);
    let login = browser.get("/portal/login?to=/portal/history").await;
    assert_eq!(login.trouble().unwrap(), "login-required");
    let fields = [("key", login.hidden("key")), ("to", login.hidden("to"))];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let waits = browser.submit("/portal/login", &fields).await;
    house.approve(&person, &waits.transaction()).await;
    assert_eq!(browser.get("/portal/login/wait").await.location().unwrap(), "/portal/history");
    // Nowhere else.
    let mut browser = Browser::portal(&house);
    let login = browser.get("/portal/login?to=//evil.example/portal/").await;
    assert_eq!((login.trouble(), login.hidden("to").as_str()), (None, ""));
    let fields = [("key", login.hidden("key")), ("to", "https://evil.example/".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let waits = browser.submit("/portal/login", &fields).await;
    house.approve(&person, &waits.transaction()).await;
    assert_eq!(browser.get("/portal/login/wait").await.location().unwrap(), "/portal");
}

#[tokio::test]
async fn a_log_out_ends_the_session_however_often_it_is_pressed() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::portal(&house);
    browser.log_in(&house, &person).await;
    let mut tab = browser.clone();
    let gone = browser.submit("/portal/logout", &[]).await;
    assert!(gone.has("<h1>ログアウトしました</h1>"));
    assert!(!browser.cookies.contains_key("__Host-portal"));
    // The second tab has the old cookie still.
    assert_eq!(tab.get("/portal/notices").await.status, StatusCode::SEE_OTHER);
    assert!(tab.submit("/portal/logout", &[]).await.has("<h1>ログアウトしました</h1>"));
    assert!(browser.submit("/portal/logout", &[]).await.has("<h1>ログアウトしました</h1>"));
}

#[tokio::test]
async fn a_session_ends_by_time_and_by_the_residents_will() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (mut one, mut other) = (Browser::portal(&house), Browser::portal(&house));
    let mut third = Browser::portal(&house);
    for browser in [&mut one, &mut other, &mut third] {
        browser.log_in(&house, &person).await;
    }
    let list = one.get("/portal/sessions").await;
    assert_eq!(list.body.matches("<li class=\"card\">").count(), 3);
    let id = list.between("name=\"session\" value=\"", "\"");
    one.submit("/portal/sessions/end", &[("session", &id)]).await;
    one.submit("/portal/sessions/end", &[("session", &id)]).await;
    assert_eq!(one.get("/portal/sessions").await.body.matches("<li class=\"card\">").count(), 2);
    let list = one.submit("/portal/sessions/end-others", &[]).await;
    assert_eq!(list.body.matches("<li class=\"card\">").count(), 1);
    assert!(!list.has("end-others"));
    assert_eq!(third.get("/portal/sessions").await.status, StatusCode::SEE_OTHER);
    assert_eq!(other.get("/portal/sessions").await.status, StatusCode::SEE_OTHER);
    let unknown = one.post("/portal/sessions/end", &[("session", "0123")]).await;
    assert_eq!(unknown.trouble().unwrap(), "not-found");
    house.clock.advance_by(SignedDuration::from_mins(30));
    assert_eq!(one.get("/portal/sessions").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_page_of_another_site_makes_nobody_log_in_or_out() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::portal(&house);
    browser.log_in(&house, &person).await;
    for header in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://phone.localhost:8080"),
        ("origin", "null"),
    ] {
        let mut forged = browser.clone().saying(header.0, header.1);
        for path in ["/portal/login", "/portal/logout", "/portal/sessions/end-others"] {
            let refused = forged.post(path, &[("key", "0123456789abcdef0123456789abcdef")]).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN);
            assert_eq!(refused.trouble().unwrap(), "cross-origin-refused");
        }
    }
    assert_eq!(browser.get("/portal/sessions").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_address_of_a_form_leads_back_to_the_page_above_it() {
    let house = House::new().await;
    for (path, above) in [
        ("/portal/logout", "/portal"),
        ("/portal/sessions/end", "/portal/sessions"),
        ("/portal/sessions/end-others", "/portal/sessions"),
        ("/portal/applications/%0A/signature", "/portal/applications/%0A"),
    ] {
        assert_eq!(Browser::portal(&house).get(path).await.location().unwrap(), above);
    }
    for (path, above) in [("/sign-out", "/"), ("/applications/0/accept", "/applications/0")] {
        assert_eq!(Browser::office(&house).get(path).await.location().unwrap(), above);
    }
}

#[tokio::test]
async fn an_address_that_is_not_there_is_a_page_that_says_so() {
    let house = House::new().await;
    let page = Browser::portal(&house).get("/portal/nothing/here").await;
    assert_eq!((page.status, page.trouble().unwrap()), (StatusCode::NOT_FOUND, "not-found".into()));
    assert!(page.has("href=\"/portal\""));
}
