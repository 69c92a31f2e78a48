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
    "/portal/consents",
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
    assert!(waits.has(&format!("href=\"http://phone.localhost:8080/open?link={encoded}%3Fm%3D")));
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
    // Whoever shows the secret of the log-in alone finds it done, and begins no second session.
    let second = other.get("/portal/login/wait").await;
    assert!(second.has("data-code=\"login-required\""));
}

#[tokio::test]
async fn two_tabs_that_wait_for_one_log_in_both_go_on_from_it() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::portal(&house);
    let key = browser.get("/portal/login").await.hidden("key");
    let waits = browser.submit("/portal/login", &[("key", &key)]).await;
    house.approve(&person, &waits.transaction()).await;
    let secret = browser.cookies["__Host-login"].clone();
    assert_eq!(browser.get("/portal/login/wait").await.location().unwrap(), "/portal");
    // The second tab looks again before the first has gone on: the session has begun, and is not used yet.
    let mut tab = browser.clone();
    tab.cookies.insert("__Host-login".into(), secret.clone());
    assert_eq!(tab.get("/portal/login/wait").await.location().unwrap(), "/portal");
    assert_eq!(browser.get("/portal/sessions").await.status, StatusCode::OK, "it lives");
    // Or later, when the first tab has taken the log-in's cookie, or not yet.
    tab.cookies.insert("__Host-login".into(), secret);
    for tab in [&mut browser, &mut tab] {
        assert_eq!(tab.get("/portal/login/wait").await.location().unwrap(), "/portal");
    }
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
    for cookie in ["0123:/portal/history", "0123", ""] {
        browser.cookies.insert("__Host-login".into(), cookie.into());
        let none = browser.get("/portal/login/wait").await;
        assert_eq!(none.trouble().unwrap(), "login-not-begun");
    }
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
    let typed = browser.get("/portal/goodbye").await;
    assert_eq!(typed.location().unwrap(), "/portal", "nobody has logged out");
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
async fn use_7_each_log_in_is_named_by_where_it_was_begun() {
    let mut house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let told = "Mozilla/5.0 (Windows NT 10.0; rv:144.0) Gecko/20100101 Firefox/144.0";
    let mut browser = Browser::portal(&house).saying("user-agent", told);
    browser.log_in(&house, &person).await;
    Browser::portal(&house).log_in(&house, &person).await;
    // The phone's operation check logs in so.
    house.log_in(&person).await;
    // Whoever has its screens has the portal.
    let cookies = std::mem::take(&mut browser.cookies);
    drop(browser);
    house.restart().await;
    let mut after = Browser::portal(&house);
    after.cookies = cookies;
    let list = after.get("/portal/sessions").await;
    for origin in ["ブラウザーから：Firefox, Windows", "ブラウザーから<", "アプリなどから"]
    {
        assert_eq!(list.body.matches(origin).count(), 1, "{origin}: {}", list.body);
    }
}

#[tokio::test]
async fn a_session_that_ended_is_told_as_such_and_what_a_log_out_ended_is_not() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (mut timed_out, mut ended) = (Browser::portal(&house), Browser::portal(&house));
    let mut logged_out = Browser::portal(&house);
    for browser in [&mut timed_out, &mut ended, &mut logged_out] {
        browser.log_in(&house, &person).await;
    }
    logged_out.submit("/portal/logout", &[]).await;
    let told = async |browser: &mut Browser| {
        let away = browser.get("/portal/notices").await;
        browser.follow(away).await.trouble().unwrap()
    };
    assert_eq!(told(&mut logged_out).await, "login-required");
    timed_out.submit("/portal/sessions/end-others", &[]).await;
    assert_eq!(told(&mut ended).await, "session-ended");
    house.clock.advance_by(SignedDuration::from_mins(30));
    assert_eq!(told(&mut timed_out).await, "session-ended");
    assert_eq!(timed_out.get("/portal").await.trouble().unwrap(), "session-ended");
    assert_eq!(logged_out.get("/portal").await.trouble(), None);
}

#[tokio::test]
async fn a_session_can_be_extended_and_its_pages_say_until_when_it_lasts() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::portal(&house);
    let home = browser.log_in(&house, &person).await;
    assert!(home.has("data-left=\"1800\"") && home.has("10時30分</span>までログインしています"));
    house.clock.advance_by(SignedDuration::from_mins(26));
    // Looking puts nothing off.
    assert!(browser.get("/portal/notices").await.has("data-left=\"240\""));
    let left = browser.get("/portal/sessions/left").await.body;
    assert!(left.contains("\"left\":240"), "{left}");
    let fields = [("to", "/portal/notices")];
    let extended = browser.post("/portal/sessions/extend", &fields).await;
    assert_eq!(extended.location().unwrap(), "/portal/notices");
    let cookie = extended.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("Max-Age=5400;"), "an hour longer than the session: {cookie}");
    assert!(browser.follow(extended).await.has("data-left=\"1800\""));
    let elsewhere = browser.post("/portal/sessions/extend", &[("to", "//evil.example/")]).await;
    assert_eq!(elsewhere.location().unwrap(), "/portal");
    // At most for half a day in all: ten times and more.
    for _ in 0..23 {
        house.clock.advance_by(SignedDuration::from_mins(29));
        browser.post("/portal/sessions/extend", &[]).await;
    }
    house.clock.advance_by(SignedDuration::from_mins(15));
    let last = browser.submit("/portal/sessions/extend", &[]).await;
    assert!(
        last.has("午後10時</span>までログインしています") && !last.has("/portal/sessions/extend")
    );
    house.clock.advance_by(SignedDuration::from_mins(30));
    assert!(browser.get("/portal/sessions/left").await.body.contains("\"left\":0"));
    let over = browser.post("/portal/sessions/extend", &[]).await;
    assert_eq!(over.location().unwrap(), "/portal/login?to=/portal/sessions/extend");
}

#[tokio::test]
async fn who_lost_the_phone_meanwhile_extends_no_session() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::portal(&house);
    browser.log_in(&house, &person).await;
    let held = Status::OnHold { since: house.now() };
    house.authority.set_status(&person.user_authentication.certificate, held);
    house.clock.advance_by(SignedDuration::from_mins(20));
    let refused = browser.post("/portal/sessions/extend", &[]).await;
    assert_eq!(refused.trouble().unwrap(), "certificate-on-hold");
    assert_eq!(browser.get("/portal/notices").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_is_over_is_forgotten_without_anybody_coming() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::portal(&house);
    browser.log_in(&house, &person).await;
    let (trigger, told) = inrou_api::server::shutdown();
    let tidy = tokio::spawn(house.portal.portal.upgrade().unwrap().tidy(told));
    house.clock.advance_by(SignedDuration::from_hours(2));
    let forgets = async {
        while browser.get("/portal").await.trouble().is_some() {
            tokio::task::yield_now().await;
        }
    };
    let limit = std::time::Duration::from_secs(60);
    tokio::time::timeout(limit, forgets).await.expect("it is forgotten");
    trigger.finish().await;
    tidy.await.unwrap();
}

#[tokio::test]
async fn the_menu_says_which_of_its_pages_is_shown() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::portal(&house);
    browser.log_in(&house, &person).await;
    for path in ["/portal", "/portal/applications", "/portal/notices", "/portal/history?kind="] {
        let page = browser.get(path).await;
        let plain = path.split('?').next().unwrap();
        assert!(page.has(&format!("<a href=\"{plain}\" aria-current=\"page\">")), "{path}");
        assert_eq!(page.body.matches("aria-current=\"page\"").count(), 1);
    }
    assert!(!browser.get("/portal/apply").await.has("aria-current=\"page\""));
}

#[tokio::test]
async fn a_portal_that_knows_no_own_information_offers_none() {
    let house = House::without_own_information().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::portal(&house);
    let home = browser.log_in(&house, &person).await;
    assert!(home.has("href=\"/portal/apply\"") && !home.has("/portal/own"));
    for page in ["", "/medicines", "/checkups", "/mother-and-child"] {
        let none = browser.get(&format!("/portal/own{page}")).await;
        assert_eq!(none.trouble().unwrap(), "not-found");
    }
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
