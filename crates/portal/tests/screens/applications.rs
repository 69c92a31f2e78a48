//! Online applications (USE-2), from the form to the office's answer.

use axum::http::StatusCode;
use inrou_rules::Medium;
use jiff::SignedDuration;

use crate::browser::{Browser, Page};
use crate::support::{House, MOVING_OUT, Person};

const CHILD: &[(&str, &str)] = &[
    ("child_name", "印籠　一郎"),
    ("child_birth_date", "2024-05-06"),
    ("child_living", "together"),
    ("bank", "見本銀行　清瀬支店"),
    ("account", "1234567"),
];

/// The fields with one changed or added.
fn with<'a>(
    fields: &[(&'a str, &'a str)],
    name: &'a str,
    typed: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let others = fields.iter().copied().filter(|(other, _)| *other != name);
    others.chain([(name, typed)]).collect()
}

/// Fills in a form, looks it over and sends it on; gives the page that asks for the signature.
async fn draw_up(browser: &mut Browser, procedure: &str, fields: &[(&str, &str)]) -> Page {
    let path = format!("/portal/apply/{procedure}");
    let review = browser.post(&path, &with(fields, "act", "review")).await;
    assert_eq!(review.status, StatusCode::OK, "{}", review.body);
    let key = review.hidden("key");
    let fields = with(fields, "act", "send");
    browser.submit(&path, &with(&fields, "key", &key)).await
}

/// The address of the application that a page waits for.
fn address(page: &Page) -> String {
    page.waits().split("/news").next().unwrap().to_owned()
}

async fn logged_in(house: &House, name: &str) -> (Person, Browser) {
    let person = house.person(name, Medium::Phone);
    let mut browser = Browser::portal(house);
    browser.log_in(house, &person).await;
    (person, browser)
}

#[tokio::test]
async fn what_is_longer_than_a_field_takes_is_refused_in_words_and_kept_to_be_mended() {
    let house = House::new().await;
    let (_, mut browser) = logged_in(&house, "印籠　花子").await;
    let path = "/portal/apply/moving-out";
    let form = browser.get(path).await;
    assert_eq!(form.body.matches("200文字まで").count(), 2, "address and reason");
    assert!(!form.has("maxlength"), "nothing is cut without a word");
    let long = "a".repeat(60_000);
    let fields = with(MOVING_OUT, "reason", &long);
    let fields = with(&fields, "act", "review");
    let page = browser.post(path, &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.has("id=\"reason-fault\"") && page.has(&long));
    assert!(browser.get(&format!("{path}?lang=en")).await.location().is_some());
    assert!(browser.get(path).await.has(&long), "in another language as well");
}

#[tokio::test]
async fn use_2_an_application_goes_from_its_form_to_the_office_and_back() {
    let house = House::new().await;
    let (person, mut browser) = logged_in(&house, "印籠　花子").await;
    for (procedure, fields, title) in
        [("moving-out", MOVING_OUT, "転出届"), ("child-allowance", CHILD, "児童手当　認定請求書")]
    {
        let path = format!("/portal/apply/{procedure}");
        assert!(browser.get("/portal/apply").await.has(&format!("href=\"{path}\"")));
        let review = browser.post(&path, &with(fields, "act", "review")).await;
        for (_, typed) in fields {
            assert!(review.has(&format!("value=\"{typed}\"")), "{typed}");
        }
        assert!(review.has("印籠　花子") && review.has("東京都清瀬市中里１－２－３"));
        let corrects = browser.post(&path, &with(fields, "act", "correct")).await;
        for (name, typed) in fields.iter().filter(|(name, _)| *name != "child_living") {
            assert!(corrects.between(&format!("id=\"{name}\""), ">").contains(typed));
        }

        let signs = draw_up(&mut browser, procedure, fields).await;
        assert!(signs.has(&format!("<pre tabindex=\"0\" lang=\"ja\">{title}\n")), "{}", signs.body);
        assert!(signs.has("<svg class=\"qr\""));
        let (address, asks, transaction) = (address(&signs), signs.waits(), signs.transaction());
        let mut tab = browser.clone();
        let (news, ()) = tokio::join!(tab.get(&asks), house.approve(&person, &transaction));
        assert_eq!(news.status, StatusCode::OK);
        let received = browser.get(&address).await;
        assert!(received.has("20261121-00000"));
        assert!(received.has("class=\"told\""));
        let document = browser.get(&format!("{address}/document.txt")).await;
        assert!(document.body.starts_with(title));
        assert_eq!(
            document.headers["content-disposition"],
            "attachment; filename=\"document.txt\""
        );
        let signature = browser.get(&format!("{address}/signature.p7s")).await;
        assert_eq!(signature.headers["content-type"], "application/pkcs7-signature");

        // The office returns it, and what was typed is there to be corrected.
        let mut clerk = Browser::office(&house);
        clerk.submit("/sign-in", &[("municipality", "13221")]).await;
        let file = format!("/applications/{}", address.rsplit('/').next().unwrap());
        let key = clerk.get(&file).await.hidden("key");
        let reason = [("key", key.as_str()), ("reason", "<日付>を\r\n確かめてください")];
        let asks = received.waits();
        let returns = format!("{file}/return");
        let (news, returned) = tokio::join!(tab.get(&asks), clerk.post(&returns, &reason));
        assert_eq!((news.status, returned.status), (StatusCode::OK, StatusCode::SEE_OTHER));
        let returned = browser.get(&address).await;
        assert!(returned.has("&lt;日付&gt;を\n確かめてください"), "{}", returned.body);
        let correct = format!("{path}?from={}", address.rsplit('/').next().unwrap());
        assert!(returned.has(&format!("href=\"{correct}\"")));
        let form = browser.get(&correct).await;
        for (name, typed) in fields.iter().filter(|(name, _)| *name != "child_living") {
            assert!(form.between(&format!("id=\"{name}\""), ">").contains(typed));
        }
    }
    let list = browser.get("/portal/applications").await;
    assert_eq!(list.body.matches("class=\"state bad\"").count(), 2);
}

#[tokio::test]
async fn a_form_with_faults_says_so_at_each_field_and_keeps_what_was_typed() {
    let house = House::new().await;
    let (_, mut browser) = logged_in(&house, "印籠　花子").await;
    let typed = "\"><script>alert(1)</script>";
    let fields = [("new_address", typed), ("moving_date", "2027-12-01"), ("act", "review")];
    let page = browser.post("/portal/apply/moving-out", &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.trouble().unwrap(), "fields-invalid");
    assert!(!page.has("<script>alert"));
    assert!(page.has("value=\"&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;\""));
    for field in ["new_address", "moving_date"] {
        let input = page.between(&format!("<input id=\"{field}\""), ">");
        assert!(input.contains("aria-invalid=\"true\""), "{input}");
        assert!(input.contains(&format!("aria-describedby=\"{field}-fault ")), "{input}");
        assert!(page.has(&format!("id=\"{field}-fault\"")));
    }
    assert!(page.between("<input id=\"moving_date\"", ">").contains("value=\"2027-12-01\""));
    assert!(!page.between("<input id=\"reason\"", ">").contains("required"));
}

#[tokio::test]
async fn what_was_typed_stays_over_a_switch_of_the_language_until_it_is_given_up() {
    let house = House::new().await;
    let (_, mut browser) = logged_in(&house, "印籠　花子").await;
    let path = "/portal/apply/moving-out";
    let faulty = with(MOVING_OUT, "moving_date", "2027-12-01");
    let page = browser.post(path, &with(&faulty, "act", "review")).await;
    assert!(page.has("href=\"/portal/apply/moving-out?lang=en\""));
    let answer = browser.get("/portal/apply/moving-out?lang=en").await;
    let form = browser.follow(answer).await;
    assert!(form.has("<html lang=\"en\"") && form.has("豊玉北") && form.has("2027-12-01"));
    // What an address asks for stays in it.
    let filtered = browser.get("/portal/history?kind=logged-in").await;
    assert!(filtered.has("href=\"/portal/history?kind=logged-in&#38;lang=ja\""));
    let given_up = browser.post(path, &with(&faulty, "act", "give-up")).await;
    assert_eq!(given_up.location().unwrap(), "/portal/apply");
    assert!(!browser.get(path).await.has("豊玉北"));
}

#[tokio::test]
async fn every_fault_of_the_claim_of_the_child_allowance_is_told_by_its_field() {
    let house = House::new().await;
    let (_, mut browser) = logged_in(&house, "印籠　花子").await;
    for (field, typed, fault) in [
        ("child_name", " ", "入力してください"),
        ("child_birth_date", "6 May", "2026-12-01の形"),
        ("child_birth_date", "2026-11-22", "今日より後"),
        // The last day of the allowance is the 31 March after the 18th birthday; who was born on 1
        // April is of the year before.
        ("child_birth_date", "2008-04-01", "18歳になってから"),
        ("child_living", "elsewhere", "どちらか"),
        ("bank", "", "入力してください"),
        ("account", "123456", "7桁"),
        ("account", "１２３４５６７", "7桁"),
    ] {
        let fields = with(CHILD, field, typed);
        let fields = with(&fields, "act", "review");
        let page = browser.post("/portal/apply/child-allowance", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {typed}");
        let told = page.between(&format!("id=\"{field}-fault\">"), "</p>");
        assert!(told.contains(fault), "{field} {typed}: {told}");
    }
    for born in ["2026-11-21", "2008-04-02"] {
        let fields = with(CHILD, "child_birth_date", born);
        let fields = with(&fields, "act", "review");
        let page = browser.post("/portal/apply/child-allowance", &fields).await;
        assert_eq!(page.status, StatusCode::OK, "{born}");
    }
    let fields = with(CHILD, "color", "red");
    let page = browser.post("/portal/apply/child-allowance", &with(&fields, "act", "review")).await;
    assert_eq!(page.trouble().unwrap(), "fields-invalid");
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_one_application() {
    let house = House::new().await;
    let (_, mut browser) = logged_in(&house, "印籠　花子").await;
    let path = "/portal/apply/moving-out";
    let key = browser.post(path, &with(MOVING_OUT, "act", "review")).await.hidden("key");
    let fields = with(MOVING_OUT, "act", "send");
    let fields = with(&fields, "key", &key);
    let first = browser.post(path, &fields).await.location().unwrap();
    let second = browser.post(path, &fields).await.location().unwrap();
    assert_eq!(first, second);
    let list = browser.get("/portal/applications").await;
    assert_eq!(list.body.matches("<li class=\"card\">").count(), 1);
    // A key is for one content.
    let other = browser.post(path, &with(&fields, "reason", "")).await;
    assert_eq!(other.trouble().unwrap(), "idempotency-key-reused");
    let none = browser.post(path, &with(MOVING_OUT, "act", "send")).await;
    assert_eq!(none.trouble().unwrap(), "idempotency-key-missing");
    let unknown = browser.post(path, &with(MOVING_OUT, "act", "x")).await;
    assert_eq!(unknown.trouble().unwrap(), "bad-request");
    assert_eq!(browser.get("/portal/apply/nothing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_was_typed_when_the_session_ended_waits_for_the_same_resident() {
    let house = House::new().await;
    let (person, mut browser) = logged_in(&house, "印籠　花子").await;
    house.clock.advance_by(SignedDuration::from_mins(30));
    let path = "/portal/apply/moving-out";
    let answer = browser.post(path, &with(MOVING_OUT, "act", "review")).await;
    assert_eq!(answer.location().unwrap(), "/portal/login?to=/portal/apply/moving-out");
    // Another resident at the same browser sees nothing of it.
    let (_, mut other) = logged_in(&house, "別人　太郎").await;
    assert!(!other.get(path).await.has("豊玉北"));
    assert!(!other.get("/portal").await.has("href=\"/portal/apply/moving-out\""));

    let home = browser.log_in(&house, &person).await;
    assert!(home.has("href=\"/portal/apply/moving-out\""));
    let form = browser.get(path).await;
    assert!(form.has("class=\"told\""));
    for (name, typed) in MOVING_OUT {
        assert!(form.between(&format!("id=\"{name}\""), ">").contains(typed), "{name}");
    }
    draw_up(&mut browser, "moving-out", MOVING_OUT).await;
    assert!(!browser.get(path).await.has("豊玉北"));
    // A token that nobody ever had keeps nothing.
    let mut stranger = Browser::portal(&house);
    stranger.cookies.insert("__Host-portal".into(), "0123".into());
    let answer = stranger.post(path, &with(MOVING_OUT, "act", "review")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    // Nor does that of a session which the resident has ended.
    let mut stolen = Browser::portal(&house);
    stolen.log_in(&house, &person).await;
    browser.submit("/portal/sessions/end-others", &[]).await;
    let answer = stolen.post(path, &with(MOVING_OUT, "act", "review")).await;
    assert_eq!(answer.location().unwrap(), "/portal/login?to=/portal/apply/moving-out");
    assert!(!browser.get(path).await.has("豊玉北"));
}

#[tokio::test]
async fn a_signature_that_was_refused_or_came_too_late_can_be_asked_for_again() {
    let house = House::new().await;
    let (person, mut browser) = logged_in(&house, "印籠　花子").await;
    let signs = draw_up(&mut browser, "moving-out", MOVING_OUT).await;
    let path = address(&signs);
    house.refuse(&signs.transaction()).await;
    let refused = browser.get(&path).await;
    assert_eq!(refused.trouble().unwrap(), "transaction-refused");
    assert!(refused.has(&format!("href=\"/portal/apply/moving-out?from={}\"", &path[21..])));
    let (again, key) = (format!("{path}/signature"), refused.hidden("key"));
    let first = browser.submit(&again, &[("key", &key)]).await.transaction();
    let twice = browser.submit(&again, &[("key", &key)]).await.transaction();
    assert_eq!(first, twice);
    house.clock.advance_by(SignedDuration::from_mins(15));
    let late = browser.get(&path).await;
    assert_eq!(late.trouble().unwrap(), "transaction-expired");
    let key = late.hidden("key");
    let signs = browser.submit(&again, &[("key", &key)]).await;
    house.approve(&person, &signs.transaction()).await;
    // A stale page: it is signed meanwhile.
    let stale = browser.submit(&again, &[("key", "0123456789abcdef0123456789abcdef")]).await;
    assert!(stale.has("class=\"told\""), "{}", stale.body);
}

#[tokio::test]
async fn an_application_of_somebody_else_is_not_there() {
    let house = House::new().await;
    let (person, mut browser) = logged_in(&house, "印籠　花子").await;
    let signs = draw_up(&mut browser, "moving-out", MOVING_OUT).await;
    let path = address(&signs);
    house.approve(&person, &signs.transaction()).await;
    let (_, mut other) = logged_in(&house, "別人　太郎").await;
    let from = format!("/portal/apply/moving-out?from={}", &path[21..]);
    let files = ["document.txt", "signature.p7s", "news?state=received"];
    for path in files.map(|file| format!("{path}/{file}")).into_iter().chain([path.clone(), from]) {
        let page = other.get(&path).await;
        assert_eq!(
            (page.status, page.trouble().unwrap().as_str()),
            (StatusCode::NOT_FOUND, "not-found"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_address_of_strange_characters_is_not_found() {
    let house = House::new().await;
    let (_, mut browser) = logged_in(&house, "印籠　花子").await;
    let key = "0123456789abcdef0123456789abcdef";
    for id in ["%0A", "%E7%94%B3%E8%AB%8B", "%00", "%F0%9F%92%A3", "..%2F.."] {
        let path = format!("/portal/applications/{id}");
        assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND, "{id}");
        let signs = browser.post(&format!("{path}/signature"), &[("key", key)]).await;
        assert_eq!(signs.status, StatusCode::NOT_FOUND, "{id}");
        let form = browser.get(&format!("/portal/apply/moving-out?from={id}")).await;
        assert_eq!(form.status, StatusCode::NOT_FOUND, "{id}");
        let ended = browser.post("/portal/sessions/end", &[("session", id)]).await;
        assert_eq!(ended.status, StatusCode::NOT_FOUND, "{id}");
        // Nobody is logged in: the log-in leads nowhere strange.
        let away = Browser::portal(&house).get(&path).await;
        assert_eq!(away.location().unwrap(), "/portal/login", "{id}");
    }
}

#[tokio::test]
async fn the_list_of_applications_has_pages() {
    let house = House::new().await;
    let (_, mut browser) = logged_in(&house, "印籠　花子").await;
    for _ in 0..21 {
        draw_up(&mut browser, "moving-out", MOVING_OUT).await;
    }
    let page = browser.get("/portal/applications").await;
    assert_eq!(page.body.matches("<li class=\"card\">").count(), 20);
    let next = page.between("href=\"?cursor=", "\"");
    let page = browser.get(&format!("/portal/applications?cursor={next}")).await;
    assert_eq!(page.body.matches("<li class=\"card\">").count(), 1);
    let page = browser.get("/portal/applications?cursor=other").await;
    assert_eq!(page.trouble().unwrap(), "bad-request");
}
