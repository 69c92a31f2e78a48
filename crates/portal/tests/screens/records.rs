//! Notices, history and own information (USE-2, USE-7).

use axum::body::to_bytes;
use axum::http::StatusCode;
use inrou_api::wire::authority::{Notice, Notices};
use inrou_rules::Medium;
use jiff::SignedDuration;
use serde_json::Value;

use crate::browser::Browser;
use crate::support::House;

#[tokio::test]
async fn use_2_a_notice_is_new_until_it_is_looked_at_and_comes_to_a_page_that_waits() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::portal(&house);
    let home = browser.log_in(&house, &person).await;
    let asks = home.waits();
    assert_eq!(asks, "/portal/notices/news?since=0");
    let mut tab = browser.clone();
    let (news, _) = tokio::join!(tab.get(&asks), house.apply(&person));
    assert_eq!(news.status, StatusCode::OK);
    assert!(browser.get("/portal").await.has("新しいお知らせが1件あります"));
    let notices = browser.get("/portal/notices").await;
    assert!(notices.has("申請を受け付けました") && notices.has("20261121-000001"));
    assert!(notices.has("class=\"state waits\""));
    assert_eq!(browser.cookies["__Host-seen"], "1");
    assert!(!browser.get("/portal").await.has("新しいお知らせが"));
    assert!(!browser.get("/portal/notices").await.has("class=\"state waits\""));
}

#[tokio::test]
async fn the_first_page_and_a_printed_history_say_whose_they_are() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::portal(&house);
    let home = browser.log_in(&house, &person).await;
    assert!(home.has("印籠　花子さんがログインしています。"), "{}", home.body);
    assert!(home.has("アプリの「メニュー」"), "where the phone's own notices are");
    let history = browser.get("/portal/history").await;
    let printed = history.between("<p class=\"printed\">", "</p>");
    assert!(
        printed.contains("印籠　花子") && printed.contains("2026年11月21日 午前10時"),
        "{printed}"
    );
    assert!(history.has("<section class=\"stack unprinted\" aria-labelledby=\"export\">"));
    house.role_api.set_secretive(true);
    let home = browser.get("/portal").await;
    assert!(home.has("氏名は、今は表示できません") && !home.has("印籠　花子"));
}

#[tokio::test]
async fn use_2_an_authority_that_does_not_answer_keeps_nobody_from_their_notices() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::portal(&house);
    browser.log_in(&house, &person).await;
    house.apply(&person).await;
    house.role_api.set_silent(true);
    // Its clients wait for an answer much longer than that.
    let notices = tokio::time::timeout(LONGEST_LOOK, browser.get("/portal/notices")).await;
    assert!(notices.unwrap().has("申請を受け付けました"));
}

/// How long, in real time, a look at most lasts.
const LONGEST_LOOK: std::time::Duration = std::time::Duration::from_secs(10);

/// What is answered to who asks before midnight in Japan, which comes once they wait for it.
async fn over_midnight<T>(house: &House, asks: impl Future<Output = T>) -> T {
    let midnight = "2026-11-22T00:00:00+09:00".parse().unwrap();
    let waits = house.clock.awaited(midnight);
    let mut asks = std::pin::pin!(asks);
    tokio::select! {
        _ = &mut asks => panic!("nobody waits for midnight"),
        () = waits => house.clock.advance_to(midnight),
    }
    asks.await
}

#[tokio::test]
async fn use_2_a_vaccination_is_told_once_when_the_clock_says_so() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::portal(&house);
    browser.log_in(&house, &person).await;
    assert!(!browser.get("/portal/notices").await.has("予防接種"));
    house.clock.advance_by(SignedDuration::from_mins(13 * 60 + 45));
    let asks = browser.log_in(&house, &person).await.waits();
    assert_eq!(asks, "/portal/notices/news?since=0", "not yet");
    let mut tab = browser.clone();
    let news = over_midnight(&house, tab.get(&asks)).await;
    assert_eq!(news.status, StatusCode::OK);
    assert!(browser.get("/portal").await.has("新しいお知らせが1件あります"));
    for _ in 0..2 {
        let notices = browser.get("/portal/notices").await;
        assert_eq!(notices.body.matches("予防接種のお知らせ").count(), 1);
        assert!(notices.has("インフルエンザ") && notices.has("2026年12月31日までに"));
        assert!(!notices.has("風しん"), "its time was over");
    }
}

#[tokio::test]
async fn use_2_a_vaccination_is_told_over_the_api_without_a_look_at_a_screen() {
    let mut house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    house.clock.advance_by(SignedDuration::from_mins(13 * 60 + 55));
    let token = house.log_in(&person).await;
    let notices = async |house: &House, query: &str| -> Vec<Notice> {
        let call = house.resident(&token).get(&format!("/notices?{query}"));
        call.answer::<Notices>().await.unwrap().notices
    };
    assert!(notices(&house, "since=0").await.is_empty(), "not yet");
    let told = over_midnight(&house, notices(&house, "since=0&wait=30")).await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].sequence, told[0].code.as_str()), (1, "vaccination-due"));
    house.restart().await;
    assert_eq!(notices(&house, "since=0").await, told, "once, and for good");
}

#[tokio::test]
async fn use_2_a_vaccine_that_is_not_listed_is_told_by_its_name_or_as_one_that_is_not() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    house.clock.advance_by(SignedDuration::from_hours(19 * 24));
    let mut browser = Browser::portal(&house);
    browser.log_in(&house, &person).await;
    let notices = browser.get("/portal/notices").await;
    assert!(notices.has("帯状疱疹の予防接種を受ける時期") && !notices.has("shingles"));
    assert!(notices.has("一覧にない予防接種（jc-17）を受ける時期"), "{}", notices.body);
    let notices = browser.clone().speaking("en").get("/portal/notices").await;
    assert!(notices.has("shingles jab") && notices.has("not in the list (jc-17)"));
    let notices = browser.clone().speaking("ja-easy").get("/portal/notices").await;
    assert!(notices.has("たいじょうほうしん") && notices.has("（jc-17）"));
}

#[tokio::test]
async fn notices_have_pages_newest_first() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    for _ in 0..21 {
        house.apply(&person).await;
    }
    let mut browser = Browser::portal(&house);
    browser.log_in(&house, &person).await;
    let page = browser.get("/portal/notices").await;
    assert_eq!(page.body.matches("<li class=\"card\">").count(), 20);
    assert!(page.has("20261121-000021") && !page.has("20261121-000001"));
    let next = page.between("href=\"?cursor=", "\"");
    let page = browser.get(&format!("/portal/notices?cursor={next}")).await;
    assert!(page.has("20261121-000001") && !page.has("data-waits"));
    assert_eq!(browser.cookies["__Host-seen"], "21");
}

#[tokio::test]
async fn use_7_the_history_is_shown_by_kind_and_day_and_can_be_kept() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    house.role_api.happened(
        &person.subject,
        "2026-11-01T15:00:00Z".parse().unwrap(),
        "phone-registered",
    );
    house.apply(&person).await;
    let mut browser = Browser::portal(&house);
    browser.log_in(&house, &person).await;
    let rows = |page: &crate::browser::Page| page.body.matches("<tr><td>").count();
    let page = browser.get("/portal/history").await;
    assert_eq!(rows(&page), 5);
    assert!(page.has("スマートフォンへの登録が完了しました"));
    for (query, count) in [
        ("kind=logged-in&from=&to=", 2),
        ("kind=&from=2026-11-02&to=2026-11-02", 1),
        ("kind=&from=2026-11-03&to=", 4),
        ("kind=&from=&to=2026-11-01", 0),
        ("kind=nothing", 0),
    ] {
        assert_eq!(rows(&browser.get(&format!("/portal/history?{query}")).await), count, "{query}");
    }
    let faulty = browser.get("/portal/history?from=2026-11-03&to=2026-11-02&kind=logged-in").await;
    assert_eq!(faulty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(faulty.has("id=\"to-fault\"") && faulty.has("value=\"2026-11-03\""));
    assert_eq!(faulty.trouble().unwrap(), "fields-invalid");
    assert!(faulty.has("<a href=\"#to\">") && !faulty.has("<a href=\"#from\">"));
    assert!(faulty.has("<option value=\"logged-in\" selected>"));
    let faulty = browser.get("/portal/history?from=yesterday").await;
    assert!(faulty.has("id=\"from-fault\"") && !faulty.has("history.csv"));

    let csv = browser.get("/portal/history.csv?kind=&from=2026-11-02&to=2026-11-02").await;
    assert_eq!(
        csv.body,
        "\u{FEFF}\"日時\",\"種類のコード\",\"内容\",\"操作した人\"\r\n\
         \"2026-11-02T00:00:00+09:00\",\"phone-registered\",\
         \"スマートフォンへの登録が完了しました\",\"システム（自動処理）\"\r\n"
    );
    let json = browser.clone().speaking("en").get("/portal/history.json?kind=logged-in").await;
    let json: Value = serde_json::from_str(&json.body).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
    assert_eq!(json[0]["what"], "Logged in with the smartphone");
    assert_eq!(json[0]["params"]["medium"], "phone");
    let none = browser.get("/portal/history.json?kind=nothing").await;
    assert_eq!(serde_json::from_str::<Value>(&none.body).unwrap(), Value::Array(Vec::new()));
    let csv = browser.clone().speaking("en").get("/portal/history.csv?kind=nothing").await;
    assert_eq!(csv.body, "\u{FEFF}\"When\",\"Code of the kind\",\"What\",\"Who\"\r\n");
    let refused = browser.get("/portal/history.csv?from=yesterday").await;
    assert_eq!(refused.trouble().unwrap(), "bad-request");
}

#[tokio::test]
async fn the_history_has_pages_that_keep_the_filter_and_a_file_has_all_of_it() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    for _ in 0..250 {
        house.role_api.happened(&person.subject, house.now(), "certificate-issued");
    }
    house.clock.advance_by(SignedDuration::from_secs(1));
    let mut browser = Browser::portal(&house);
    browser.log_in(&house, &person).await;
    let page = browser.get("/portal/history?kind=certificate-issued").await;
    assert_eq!(page.body.matches("<tr><td>").count(), 20);
    let next = page.between("href=\"?kind=certificate-issued&#38;from=&#38;to=&amp;cursor=", "\"");
    let next = format!("/portal/history?kind=certificate-issued&from=&to=&cursor={next}");
    assert_eq!(browser.get(&next).await.body.matches("<tr><td>").count(), 20);
    let csv = browser.get("/portal/history.csv?kind=certificate-issued").await;
    assert_eq!(csv.body.lines().count(), 251);
}

#[tokio::test]
async fn use_7_a_file_of_a_long_history_has_all_of_it() {
    const MANY: usize = 20_001;
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    for _ in 0..MANY {
        house.role_api.happened(&person.subject, house.now(), "certificate-issued");
    }
    house.clock.advance_by(SignedDuration::from_secs(1));
    let mut browser = Browser::portal(&house);
    browser.log_in(&house, &person).await;
    let file = browser.download("/portal/history.csv?kind=certificate-issued").await;
    let file = to_bytes(file, usize::MAX).await.unwrap();
    assert_eq!(String::from_utf8(file.to_vec()).unwrap().lines().count(), 1 + MANY);
}

#[tokio::test]
async fn use_7_a_file_that_cannot_be_written_whole_breaks_off() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    for _ in 0..500 {
        house.role_api.happened(&person.subject, house.now(), "certificate-issued");
    }
    house.clock.advance_by(SignedDuration::from_secs(1));
    let mut browser = Browser::portal(&house);
    browser.log_in(&house, &person).await;
    let begun = browser.download("/portal/history.csv").await;
    house.role_api.set_down(true);
    assert!(to_bytes(begun, usize::MAX).await.is_err(), "it has no end");
    let refused = browser.get("/portal/history.csv").await;
    assert_eq!(refused.trouble().unwrap(), "service-unavailable");
}

#[tokio::test]
async fn use_7_a_file_breaks_off_when_its_log_in_is_ended_elsewhere() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    for _ in 0..500 {
        house.role_api.happened(&person.subject, house.now(), "certificate-issued");
    }
    house.clock.advance_by(SignedDuration::from_secs(1));
    let (mut browser, mut elsewhere) = (Browser::portal(&house), Browser::portal(&house));
    browser.log_in(&house, &person).await;
    elsewhere.log_in(&house, &person).await;
    let begun = browser.download("/portal/history.csv").await;
    elsewhere.submit("/portal/sessions/end-others", &[]).await;
    assert!(to_bytes(begun, usize::MAX).await.is_err(), "it has no end");
}

#[tokio::test]
async fn use_2_own_information_is_shown_in_the_residents_language() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::portal(&house);
    browser.log_in(&house, &person).await;
    assert!(browser.get("/portal/own").await.has("架空"));
    let page = browser.get("/portal/own/medicines").await;
    assert!(page.has("見本錠&lt;b&gt;"), "{}", page.body);
    assert!(page.has("2026年11月9日"));
    let page = browser.clone().speaking("en").get("/portal/own/medicines").await;
    assert!(page.has("once a day") && page.has("9 November 2026"));
    let page = browser.clone().speaking("ja-easy").get("/portal/own/medicines").await;
    assert!(page.has("みほんやっきょく"));
    for empty in ["checkups", "mother-and-child"] {
        let page = browser.get(&format!("/portal/own/{empty}")).await;
        assert!(page.has("情報はありません。"), "{empty}");
    }
}
