//! Second tabs, the back button, reloads, second presses, and sessions that somebody planted.

use inrou_api::wire::phone::ChipContents;
use inrou_api::wire::portal::ApplicationView;
use inrou_journeys::browser::Browser;
use inrou_journeys::hana::{PHONE_PASSWORD, PHONE_PIN};
use inrou_web::percent;
use serde_json::json;

use crate::hana::{MOVING_OUT, approves, clerk, hands_over, link, logs_in, phone, waits};
use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_session_is_not_taken_over() {
    let house = House::where_hana_has_certificates().await;
    let browser = Browser::start().await;
    // Another program on this machine, at another port of the same name, sets its own session.
    let mut planted = logs_in(&house).await;
    hands_over(&planted, &browser, &house.sandbox.base).await;
    browser.client.goto(&house.portal("/sessions")).await.unwrap();
    browser
        .client
        .execute("document.querySelector('form[action$=logout]').submit()", vec![])
        .await
        .unwrap();
    waits(&browser, "return location.pathname === '/portal/goodbye'").await;
    hands_over(&planted, &browser, &house.sandbox.base).await;
    browser.client.goto(&house.portal("/login")).await.unwrap();
    browser.client.execute("document.querySelector('main form').submit()", vec![]).await.unwrap();
    waits(&browser, "return location.pathname === '/portal/login/wait'").await;
    let asked =
        browser.client.execute("return document.querySelector('main code').textContent", vec![]);
    let asked = asked.await.unwrap();
    approves(&house, asked.as_str().unwrap(), PHONE_PIN).await;
    // The page goes on by itself.
    waits(&browser, "return location.pathname === '/portal'").await;
    waits(&browser, "return document.querySelector('form[action$=logout]') !== null").await;
    let cookies =
        browser.devtools("Network.getCookies", json!({ "urls": [house.sandbox.base] })).await;
    let cookies = cookies["cookies"].as_array().unwrap().clone();
    let session = cookies.iter().find(|cookie| cookie["name"] == "__Host-portal").unwrap();
    assert_ne!(session["value"], planted.cookies["__Host-portal"]);
    assert_eq!((&session["httpOnly"], &session["secure"]), (&json!(true), &json!(true)));
    assert_eq!(session["sameSite"], "Lax");
    assert_eq!(planted.get("/portal/notices").await.status, 303, "it opens nothing");
    let seen = browser.client.execute("return document.cookie", vec![]).await.unwrap();
    assert_eq!(seen, "", "scripts see no cookie");
    browser.close().await.unwrap();
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_not_cut_off_by_a_page_that_goes_on() {
    let house = House::where_hana_has_certificates().await;
    let browser = Browser::start().await;
    browser.client.goto(&house.portal("/login")).await.unwrap();
    browser.client.execute("document.querySelector('main form').submit()", vec![]).await.unwrap();
    waits(&browser, "return location.pathname === '/portal/login/wait'").await;
    let asked = "
        document.forms[0].dataset.sent = 'yes';
        return document.querySelector('main code').textContent;";
    let asked = browser.client.execute(asked, vec![]).await.unwrap();
    approves(&house, asked.as_str().unwrap(), PHONE_PIN).await;
    // The page hears more than once that it is old, so it has stayed.
    let hears = "
        const asked = performance.getEntriesByType('resource');
        const news = document.querySelector('[data-waits]').dataset.waits;
        const told = asked.filter((one) => one.name.endsWith(news) && one.responseStatus === 200);
        return told.length > 1;";
    waits(&browser, hears).await;
    browser.client.execute("delete document.forms[0].dataset.sent", vec![]).await.unwrap();
    waits(&browser, "return location.pathname === '/portal'").await;
    browser.close().await.unwrap();
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn back_after_a_log_out_shows_nothing_of_what_was_there() {
    let house = House::where_hana_has_certificates().await;
    let browser = Browser::start().await;
    hands_over(&logs_in(&house).await, &browser, &house.sandbox.base).await;
    for page in ["", "/own/medicines", "/notices", "/sessions"] {
        browser.client.goto(&house.portal(page)).await.unwrap();
    }
    // A second tab, with a form that is being filled in.
    let first = browser.client.window().await.unwrap();
    let second = browser.client.new_window(true).await.unwrap().handle;
    browser.client.switch_to_window(second.clone()).await.unwrap();
    browser.client.goto(&house.portal("/apply/moving-out")).await.unwrap();
    browser.client.switch_to_window(first).await.unwrap();
    browser
        .client
        .execute("document.querySelector('form[action$=logout]').submit()", vec![])
        .await
        .unwrap();
    waits(&browser, "return location.pathname === '/portal/goodbye'").await;
    for _ in 0..3 {
        browser.client.back().await.unwrap();
        waits(&browser, "return location.pathname === '/portal/login'").await;
        waits(&browser, "return document.querySelector('nav.pages') === null").await;
    }
    browser.client.switch_to_window(second).await.unwrap();
    browser
        .client
        .execute("document.getElementById('filled').requestSubmit()", vec![])
        .await
        .unwrap();
    waits(&browser, "return document.querySelector('.trouble')?.dataset.code === 'login-required'")
        .await;
    browser.close().await.unwrap();
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn back_to_a_page_of_pins_finds_them_empty_and_reloads_send_nothing_again() {
    let house = House::where_hana_has_certificates().await;
    let browser = Browser::start().await;
    browser.client.goto(&house.phone("hana-phone", "/pins/signature")).await.unwrap();
    let types = "
        const [old, fresh] = arguments;
        const fields = document.querySelector('main form').elements;
        document.querySelectorAll('.show input').forEach((box) => box.click());
        [fields.old.value, fields.new.value, fields.again.value] = [old, fresh, fresh];";
    let typed = vec![json!(PHONE_PASSWORD), json!("NEWPASS1")];
    browser.client.execute(types, typed.clone()).await.unwrap();
    browser.client.goto(&house.phone("hana-phone", "")).await.unwrap();
    browser.client.back().await.unwrap();
    let empty = "
        const fields = [...document.querySelectorAll('input[data-show]')];
        return fields.length === 3 && fields.every((one) => one.value === '' && one.type === 'password');";
    waits(&browser, empty).await;

    browser.client.execute(types, typed).await.unwrap();
    browser
        .client
        .execute("document.querySelector('main form').requestSubmit()", vec![])
        .await
        .unwrap();
    waits(&browser, "return location.search.startsWith('?changed=yes&told=')").await;
    for _ in 0..2 {
        browser.client.refresh().await.unwrap();
        waits(&browser, "return document.querySelector('.told') !== null").await;
    }
    browser.client.back().await.unwrap();
    waits(&browser, empty).await;
    assert_eq!(tries_left(&house).await, [5, 3]);
    browser.close().await.unwrap();
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_was_stopped_or_is_come_back_to_can_be_sent_again() {
    let house = House::where_hana_has_certificates().await;
    let browser = Browser::start().await;
    let wrong = "
        const fields = document.querySelector('main form').elements;
        [fields.old.value, fields.new.value, fields.again.value] = ['WRONG123', 'NEWPASS1', 'NEWPASS1'];";
    let presses = format!("{wrong} document.querySelector('main form button').click();");
    // While the change that was stopped is under way, the page of that stands there, and goes on by itself.
    let is_form = "return document.querySelector('main form [name=old]') !== null";
    let is_told = "return document.querySelector('.trouble')?.dataset.code === 'wrong-pin'";
    let page = house.phone("hana-phone", "/pins/signature");
    browser.client.goto(&page).await.unwrap();
    // Pressed twice: one form is sent. Then the loading is stopped, as by Esc.
    let stops = format!(
        "{wrong}
        const form = document.querySelector('main form'), button = form.querySelector('button');
        let sent = 0;
        navigation.addEventListener('navigate', () => {{ sent += 1; setTimeout(() => stop()); }});
        const over = new Promise((end) => navigation.addEventListener('navigateerror', end, {{ once: true }}));
        button.click();
        button.click();
        return over.then(() => [sent, form.dataset.sent ?? null]);"
    );
    house.gate.shuts();
    let stopped = browser.client.execute(&stops, vec![]).await.unwrap();
    house.gate.opens();
    assert_eq!(stopped, json!([1, null]), "one form was sent, and it lives");
    browser.client.goto(&page).await.unwrap();
    waits(&browser, is_form).await;
    browser.client.execute(&presses, vec![]).await.unwrap();
    waits(&browser, is_told).await;
    // Back to the page as it was left, and once more.
    browser.client.back().await.unwrap();
    waits(&browser, "return document.querySelector('.trouble') === null").await;
    waits(&browser, "return document.querySelector('form[data-sent]') === null").await;
    waits(&browser, is_form).await;
    browser.client.execute(&presses, vec![]).await.unwrap();
    waits(&browser, is_told).await;
    browser.close().await.unwrap();
    house.ends().await;
}

/// Tries left of the phone's password and PIN.
async fn tries_left(house: &House) -> [u8; 2] {
    let phone = house.sandbox.anybody("/phone/v1").unwrap();
    let asked = phone.post("/phones/hana-phone/contents").json(&json!({}));
    let contents: ChipContents = asked.answer().await.unwrap();
    let left = |usage| contents.keys.iter().find(|key| key.usage == usage).unwrap().tries_left;
    [left(inrou_rules::Use::Signature), left(inrou_rules::Use::UserAuthentication)]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_form_of_the_phone_that_is_pressed_twice_acts_once() {
    let house = House::where_hana_has_certificates().await;
    let phone = phone(&house);
    let twice = async |path: &str, form: &str, fields: &[(&str, &str)]| {
        let page = phone.clone().get(&format!("/phones/hana-phone{form}")).await;
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .chain([("once", page.hidden("once"))])
            .collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let path = format!("/phones/hana-phone{path}");
        let (mut one, mut other) = (phone.clone(), phone.clone());
        let (first, second) = tokio::join!(one.post(&path, &fields), other.post(&path, &fields));
        assert_eq!((first.status, second.status), (303, 303), "{path}: {}", second.body);
        assert_eq!(first.header("location"), second.header("location"), "{path}");
        let location = first.header("location").unwrap().to_owned();
        let shown = one.get(&location).await;
        (location, shown)
    };
    // A wrong PIN costs one try.
    let wrong = [("old", "WRONG123"), ("new", "NEWPASS1"), ("again", "NEWPASS1")];
    let (_, shown) = twice("/pins/signature", "/pins/signature", &wrong).await;
    assert_eq!(shown.trouble(), Some("wrong-pin"));
    assert_eq!(tries_left(&house).await, [4, 3]);
    let right = [("old", PHONE_PASSWORD), ("new", "NEWPASS1"), ("again", "NEWPASS1")];
    let (led, shown) = twice("/pins/signature", "/pins/signature", &right).await;
    assert!(led.contains("?changed=yes&told=") && shown.trouble().is_none(), "{led}");
    twice("/check", "/check", &[("pin", "0000")]).await;
    assert_eq!(tries_left(&house).await, [5, 2]);
    // A log-in is approved.
    let mut portal = crate::http::Visitor::at(house.sandbox.base.clone());
    let key = portal.get("/portal/login").await.hidden("key");
    let asked = link(&portal.submit("/portal/login", &[("key", &key)]).await);
    let consent = [("link", asked.as_str()), ("consent", "approve"), ("secret", PHONE_PIN)];
    let form = format!("/open?link={}", percent(&asked));
    let (led, _) = twice("/consent", &form, &consent).await;
    assert!(led.contains("/answered/done?of="), "{led}");
    assert_eq!(portal.get("/portal/login/wait").await.header("location"), Some("/portal"));
    // Each step of a procedure.
    let (_, shown) = twice("/begin", "", &[("procedure", "revoke")]).await;
    assert_eq!(shown.trouble(), None);
    let steps: [&[(&str, &str)]; 2] = [
        &[("step", "confirm-revocation"), ("confirmed", "yes")],
        &[("step", "phone-password"), ("secret", "NEWPASS1")],
    ];
    for step in steps {
        let (_, shown) = twice("/procedure", "/procedure", step).await;
        assert_eq!(shown.trouble(), None, "{step:?}");
    }
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_form_of_portal_and_office_that_is_pressed_twice_acts_once() {
    let house = House::where_hana_has_certificates().await;
    let mut portal = logs_in(&house).await;
    let with = |act: &'static str, key: String| {
        let fields = MOVING_OUT.map(|(name, typed)| (name, typed.to_owned()));
        fields.into_iter().chain([("act", act.to_owned()), ("key", key)]).collect::<Vec<_>>()
    };
    let path = "/portal/apply/moving-out";
    let review = with("review", String::new());
    let review: Vec<_> = review.iter().map(|(name, typed)| (*name, typed.as_str())).collect();
    let key = portal.post(path, &review).await.hidden("key");
    let send = with("send", key);
    let send: Vec<_> = send.iter().map(|(name, typed)| (*name, typed.as_str())).collect();
    let mut other = portal.clone();
    let (first, second) = tokio::join!(portal.post(path, &send), other.post(path, &send));
    assert_eq!((first.status, first.header("location")), (303, second.header("location")));
    let waits = portal.get(first.header("location").unwrap()).await;
    approves(&house, &link(&waits), PHONE_PASSWORD).await;
    let session = portal.cookies["__Host-portal"].clone();
    let client = house.sandbox.anybody("/portal/v1").unwrap().showing(&session);
    let all: inrou_api::page::Page<ApplicationView> =
        client.get("/applications").answer().await.unwrap();
    assert_eq!(all.items.len(), 1);

    let mut office = clerk(&house).await;
    let file = format!("/applications/{}", all.items[0].application);
    let key = office.get(&file).await.hidden("key");
    let (accept, key) = (format!("{file}/accept"), [("key", key.as_str())]);
    let mut tab = office.clone();
    let (first, second) = tokio::join!(office.post(&accept, &key), tab.post(&accept, &key));
    assert_eq!((first.header("location"), second.header("location")), (Some(&*file), Some(&*file)));
    for form in ["/portal/sessions/extend", "/portal/sessions/end-others", "/portal/logout"] {
        let mut other = portal.clone();
        let (first, second) = tokio::join!(portal.post(form, &[]), other.post(form, &[]));
        assert_eq!((first.status, second.status), (303, 303), "{form}");
    }
    house.ends().await;
}
