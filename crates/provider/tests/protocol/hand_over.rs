//! How a log-in is handed over to a phone, and back to the page that began (USE-1): every way in which
//! somebody else's page or phone tries to get in between.

use axum::http::StatusCode;
use inrou_api::wire::transaction::{
    Afterwards, PhoneSecret, Transaction, TransactionAnswer, TransactionState,
};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser};
use crate::house::{House, PHONE};
use crate::site::Site;

/// Another phone.
const OTHER: PhoneSecret = PhoneSecret([8; 32]);

async fn house() -> (House, Site) {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    (house, site)
}

fn code(answer: &Answer) -> String {
    answer.json()["code"].as_str().unwrap_or_default().to_owned()
}

fn transaction(answer: &Answer) -> Transaction {
    serde_json::from_str(&answer.text).unwrap_or_else(|_| panic!("{}", answer.text))
}

/// What the ID token says.
fn claims(tokens: &Value) -> Value {
    crate::keys::claims(tokens["id_token"].as_str().unwrap())
}

/// The link that is pressed on the same device.
async fn pressed(browser: &mut Browser<'_>, id: &str) -> String {
    let page = browser.visit(&format!("/provider/log-ins/{id}")).await;
    let (_, link) = page.text.split_once("open?link=").unwrap();
    let link = link.split_once("&amp;lang=").unwrap().0;
    url::form_urlencoded::parse(format!("l={link}").as_bytes()).next().unwrap().1.into_owned()
}

/// The page of a log-in, and what it asks while it waits.
async fn shown(browser: &mut Browser<'_>, id: &str) -> (Answer, String) {
    let page = browser.visit(&format!("/provider/log-ins/{id}")).await;
    let (_, waits) = page.text.split_once("data-waits=\"").unwrap();
    let waits = waits.split_once('"').unwrap().0.to_owned();
    (page, waits)
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_code_serves_for_five_seconds_and_changes_each_second() {
    let (house, site) = house().await;
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    let first = browser.scans(&id).await;
    house.wait(1);
    let second = browser.scans(&id).await;
    assert_ne!(first, second);
    let code_of_now = browser.visit(&format!("/provider/log-ins/{id}/code")).await;
    assert!(code_of_now.text.contains(&second.replace('&', "&#38;")), "{}", code_of_now.text);
    assert!(code_of_now.text.starts_with("<svg"), "no page around it");
    // A photo of it.
    house.wait(5);
    let late = house.take(&first, PHONE).await;
    assert_eq!((late.status, code(&late).as_str()), (StatusCode::GONE, "handover-stale"));
    let good = house.take(&second, PHONE).await;
    assert_eq!(good.status, StatusCode::OK, "{}", good.text);
    house.wait(60);
    assert_eq!(house.take(&second, PHONE).await.status, StatusCode::OK, "it has taken it");
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_link_that_was_changed_or_is_of_another_hand_over_is_forged() {
    let (house, site) = house().await;
    let (mut browser, mut other) = (house.browser(), house.browser());
    let id = browser.begin(&site.request()).await;
    let other_id = other.begin(&site.request()).await;
    let link = browser.scans(&id).await;
    let (address, query) = link.split_once('?').unwrap();
    let mac = query.split_once("&m=").unwrap().1;
    let (_, others) = other
        .scans(&other_id)
        .await
        .split_once('?')
        .map(|(a, q)| (a.to_owned(), q.to_owned()))
        .unwrap();
    let pressed = pressed(&mut browser, &id).await;
    let pressed_mac = pressed.split_once("m=").unwrap().1.to_owned();
    let mut flipped = mac.to_owned();
    let last = if flipped.starts_with('A') { "B" } else { "A" };
    flipped.replace_range(..1, last);
    house.wait(1);
    for forged in [
        format!("{address}?t=1&m={mac}"),
        format!("{address}?t=4294967295&m={mac}"),
        format!("{address}?t=0&m={flipped}"),
        format!("{address}?t=0&m="),
        format!("{address}?t=0&m={mac}AA"),
        format!("{address}?m={mac}"),
        format!("{address}?t=0&m={pressed_mac}"),
        format!("{address}?{others}"),
    ] {
        let answer = house.take(&forged, PHONE).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{forged}: {}", answer.text);
        assert_eq!(code(&answer), "handover-forged", "{forged}");
    }
    assert_eq!(house.take(&link, PHONE).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_the_first_phone_takes_it_and_its_page_tells_of_a_second_one() {
    let (house, site) = house().await;
    let person = house.person("水野　花");
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    let link = browser.scans(&id).await;
    let taken = transaction(&house.take(&link, PHONE).await);
    let (page, waits) = shown(&mut browser, &id).await;
    assert!(!page.text.contains("<svg class=\"qr\""), "the code is of no more use");
    assert!(waits.ends_with("shown=taken"), "{waits}");
    // Nobody else may look, or answer.
    let second = house.take(&link, OTHER).await;
    assert_eq!((second.status, code(&second).as_str()), (StatusCode::CONFLICT, "handover-taken"));
    let stolen = house.answer_as(&id, &person.log_in(&taken), OTHER).await;
    assert_eq!(code(&stolen), "handover-taken");
    assert_eq!(browser.visit(&waits).await.status, StatusCode::OK, "the page looks again");
    let (page, waits) = shown(&mut browser, &id).await;
    assert!(page.text.contains("別のスマートフォンも"), "{}", page.text);
    assert!(waits.ends_with("shown=contested"), "{waits}");
    let done = transaction(&house.answer_as(&id, &person.log_in(&taken), PHONE).await);
    assert_eq!((done.state, done.afterwards), (TransactionState::Done, None));
    assert!(browser.goes_back(&id).await.contains_key("code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_on_the_same_device_only_the_browser_that_began_goes_on() {
    let (house, site) = house().await;
    let person = house.person("水野　花");
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    let link = pressed(&mut browser, &id).await;
    let taken = transaction(&house.take(&link, PHONE).await);
    let done = transaction(&house.answer_as(&id, &person.log_in(&taken), PHONE).await);
    let Some(Afterwards::Return { to }) = done.afterwards else { panic!("{done:?}") };
    let to = to.strip_prefix("http://localhost:8080").unwrap();
    // The page that polls alone, as a relaying one would, waits.
    let (page, waits) = shown(&mut browser, &id).await;
    assert!(waits.ends_with("shown=awaits-return") && page.status == StatusCode::OK);
    // The victim's own browser is another one: nobody is logged in by it.
    let mut victim = house.browser();
    let told = victim.visit(to).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.text.contains("data-code=\"handover-other-browser\""), "{}", told.text);
    victim.begin(&site.request()).await;
    assert_eq!(victim.visit(to).await.status, StatusCode::FORBIDDEN, "known, but not the one");
    let guessed = format!("/provider/log-ins/{id}/return?r=AAAA");
    assert!(browser.visit(&guessed).await.text.contains("data-code=\"handover-forged\""));
    assert!(shown(&mut browser, &id).await.1.ends_with("shown=awaits-return"), "still");
    assert_eq!(browser.visit(to).await.status, StatusCode::SEE_OTHER);
    let back = browser.goes_back(&id).await;
    let tokens = house.token(&site, &site.exchange(&house, &back["code"])).await.json();
    assert_eq!(claims(&tokens)["flow"], "same-device");
    // The tab from which the app was opened is looked at again: the code does not come a second time.
    let old_tab = browser.visit(&format!("/provider/log-ins/{id}")).await;
    assert!(old_tab.text.contains("data-code=\"transaction-done\""), "{}", old_tab.text);
    assert_eq!(house.userinfo(&site, tokens["access_token"].as_str().unwrap()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_the_number_of_the_phone_is_asked_for_on_the_page_that_began() {
    let house = House::new().await;
    let site = house.site_with(json!({"number_check": "always"})).await;
    let person = house.person("水野　花");
    let begin = async |browser: &mut Browser<'_>| {
        let id = browser.begin(&site.request()).await;
        let asked = house.transaction(&id).await;
        let done = transaction(&house.answer(&id, &person.log_in(&asked)).await);
        let Some(Afterwards::TypeNumber { number }) = done.afterwards else { panic!("{done:?}") };
        (id, number)
    };
    let number_of = |id: &str| format!("/provider/log-ins/{id}/number");
    let form = |typed: &str| crate::site::Form::default().set("number", typed);

    let mut browser = house.browser();
    let (id, number) = begin(&mut browser).await;
    assert!(number.len() == 4 && number.bytes().all(|c| c.is_ascii_digit()), "{number}");
    let (page, _) = shown(&mut browser, &id).await;
    assert!(page.text.contains("name=\"number\"") && !page.text.contains(&number));
    // A live phishing page has come so far; without the number it comes no further, nor by log-in anew.
    let silent = browser.authorize(&site.request().set("prompt", "none")).await.back();
    assert_eq!(silent["error"], "login_required");
    let wrong = if number == "0000" { "0001" } else { "0000" };
    browser.submit(&number_of(&id), &form(wrong)).await;
    assert!(shown(&mut browser, &id).await.0.text.contains("あと2回"));
    // In the wide digits of a Japanese keyboard.
    let wide: String = number
        .chars()
        .map(|c| char::from_u32(c as u32 - '0' as u32 + '０' as u32).unwrap())
        .collect();
    let sent = browser.submit(&number_of(&id), &form(&wide)).await;
    assert_eq!(sent.to(), number_of(&id));
    let on = browser.visit(&number_of(&id)).await;
    assert!(on.text.contains(&format!("url=/provider/log-ins/{id}")), "{}", on.text);
    assert!(browser.goes_back(&id).await.contains_key("code"));

    let (id, _) = begin(&mut browser).await;
    for _ in 0..3 {
        browser.submit(&number_of(&id), &form("no number")).await;
    }
    let back = browser.goes_back(&id).await;
    assert_eq!((&*back["error"], &*back["inrou_code"]), ("access_denied", "handover-number-wrong"));
    // A number of another browser's is worth nothing, and one that comes late neither.
    let (id, number) = begin(&mut browser).await;
    let foreign = house.browser().submit(&number_of(&id), &form(&number)).await;
    assert!(foreign.text.contains("data-code=\"login-not-begun\""));
    house.wait(120);
    browser.submit(&number_of(&id), &form(&number)).await;
    assert_eq!(browser.goes_back(&id).await["inrou_code"], "handover-timed-out");
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_how_it_came_to_the_phone_is_signed_and_told_to_the_site() {
    let (house, site) = house().await;
    let person = house.person("水野　花");
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    let asked = house.transaction(&id).await;
    assert_eq!(asked.site.as_deref(), Some("bank.example"));
    let pressed =
        Transaction { flow: Some(inrou_api::wire::transaction::Flow::SameDevice), ..asked.clone() };
    let lied = house.answer(&id, &person.log_in(&pressed)).await;
    assert_eq!(code(&lied), "login-signature-invalid");
    let tokens = house.tokens(&site, &person).await;
    assert_eq!(claims(&tokens)["flow"], "qr");
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_another_browser_neither_sees_the_page_nor_polls_it() {
    let (house, site) = house().await;
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    let mut other = house.browser();
    for known in [false, true] {
        if known {
            other.begin(&site.request()).await;
        }
        for page in ["", "/code", "/number", "/news?shown=over"] {
            let answer = other.visit(&format!("/provider/log-ins/{id}{page}")).await;
            assert!(answer.text.contains("login-not-begun"), "{page}: {}", answer.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_second_press_and_a_restart_in_the_middle_do_no_harm() {
    let (mut house, site) = house().await;
    let person = house.person("水野　花");
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    let link = pressed(&mut browser, &id).await;
    let cookie = browser.cookie.clone();
    house.restart();
    let taken = transaction(&house.take(&link, PHONE).await);
    house.restart();
    let answer = person.log_in(&taken);
    let (first, second) =
        tokio::join!(house.answer_as(&id, &answer, PHONE), house.answer_as(&id, &answer, PHONE));
    let first = transaction(&first);
    assert_eq!(first.afterwards, transaction(&second).afterwards);
    house.restart();
    assert_eq!(transaction(&house.take(&link, PHONE).await).afterwards, first.afterwards);
    let otherwise = house.answer_as(&id, &TransactionAnswer::Refused, PHONE).await;
    assert_eq!(code(&otherwise), "transaction-done");
    let Some(Afterwards::Return { to }) = first.afterwards else { panic!("no way back") };
    let mut browser = Browser { house: &house, cookie, console: None };
    for _ in 0..2 {
        assert_eq!(
            browser.visit(to.strip_prefix("http://localhost:8080").unwrap()).await.status,
            303
        );
    }
    let back = browser.goes_back(&id).await;
    assert_eq!(back["code"], browser.goes_back(&id).await["code"], "until it is exchanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_what_ended_says_how_on_both_sides() {
    let (house, site) = house().await;
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    let link = browser.scans(&id).await;
    house.take(&link, PHONE).await;
    house.answer_as(&id, &TransactionAnswer::Refused, PHONE).await;
    assert_eq!(code(&house.take(&link, OTHER).await), "transaction-refused");
    assert_eq!(browser.goes_back(&id).await["inrou_code"], "transaction-refused");
    let id = browser.begin(&site.request()).await;
    let link = browser.scans(&id).await;
    house.wait(5 * 60);
    assert_eq!(code(&house.take(&link, PHONE).await), "transaction-expired");
    assert_eq!(browser.goes_back(&id).await["inrou_code"], "transaction-expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_forms_of_the_page_that_waits_may_end_at_the_site_that_is_registered_alone() {
    let (house, site) = house().await;
    let mut browser = house.browser();
    let id = browser.begin(&site.request()).await;
    let page = browser.visit(&format!("/provider/log-ins/{id}")).await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://bank.example;"), "{policy}");
}
