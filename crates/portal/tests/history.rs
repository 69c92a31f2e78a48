//! The use history (USE-7): acts at the portal and at the authority in one list.
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use inrou_api::client::Client;
use inrou_api::page::{Cursor, Page};
use inrou_api::wire::authority::HistoryEntry;
use inrou_rules::Medium;
use inrou_words::{Form, Language, text};
use jiff::SignedDuration;
use support::{House, code};

async fn fetch(client: &Client, query: &str) -> Page<HistoryEntry> {
    client.get(&format!("/history{query}")).answer().await.unwrap()
}

fn codes(entries: &[HistoryEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.code.as_str()).collect()
}

/// All pages one after the other, with what is done before each.
async fn all(client: &Client, query: &str, mut before_each: impl FnMut()) -> Vec<HistoryEntry> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    for _ in 0..1_000 {
        before_each();
        let page = fetch(client, &format!("?{query}{cursor}")).await;
        found.extend(page.items);
        match page.next {
            Some(next) => cursor = format!("&cursor={}", next.as_str()),
            None => return found,
        }
    }
    panic!("the history does not end");
}

#[tokio::test]
async fn use_7_both_histories_come_as_one_newest_first() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let minute = SignedDuration::from_mins(1);
    house.role_api.happened(&person.subject, house.now(), "certificate-issued");
    house.clock.advance_by(minute);
    let token = house.log_in(&person).await;
    house.clock.advance_by(minute);
    house.role_api.happened(&person.subject, house.now(), "certificate-held");
    house.clock.advance_by(minute);
    let client = house.resident(&token);
    house.draw_up(&token).await;
    let page = fetch(&client, "").await;
    let expected = ["application-drawn-up", "certificate-held", "logged-in", "certificate-issued"];
    assert_eq!(codes(&page.items), expected);
    assert_eq!(page.next, None);
    assert!(page.items.is_sorted_by(|newer, older| newer.at >= older.at));
}

#[tokio::test]
async fn pages_of_every_size_tell_each_entry_once() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    // More than one page of the authority's own.
    for number in 0..130 {
        house.role_api.happened(&person.subject, house.now(), &format!("theirs-{number}"));
        house.clock.advance_by(SignedDuration::from_secs(1));
        if number % 10 == 9 {
            house.log_in(&person).await;
            house.clock.advance_by(SignedDuration::from_secs(1));
        }
    }
    let client = house.resident(&house.log_in(&person).await);
    let whole = all(&client, "limit=200", || {}).await;
    assert_eq!(whole.len(), 130 + 13 + 1);
    assert!(whole.is_sorted_by(|newer, older| newer.at >= older.at));
    for limit in [1, 7, 100, 143, 144] {
        let pages = all(&client, &format!("limit={limit}"), || {}).await;
        assert!(pages == whole, "by {limit}");
    }
    // What comes in meanwhile does not shift the pages.
    let later = || {
        house.clock.advance_by(SignedDuration::from_secs(1));
        house.role_api.happened(&person.subject, house.now(), "later");
    };
    let mut with_first = all(&client, "limit=50", later).await;
    assert_eq!(with_first.remove(0).code, "later");
    assert!(with_first == whole);
}

#[tokio::test]
async fn the_list_is_filtered_by_kind_and_time() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let start = house.now();
    for _ in 0..3 {
        house.log_in(&person).await;
        house.role_api.happened(&person.subject, house.now(), "certificate-held");
        house.clock.advance_by(SignedDuration::from_hours(1));
    }
    let client = house.resident(&house.log_in(&person).await);
    let hour = |hours| start + SignedDuration::from_hours(hours);
    let page = fetch(&client, "?code=certificate-held").await;
    assert_eq!(codes(&page.items), ["certificate-held"; 3]);
    assert_eq!(codes(&fetch(&client, "?code=none").await.items), [""; 0]);
    let page = fetch(&client, &format!("?from={}&to={}", hour(1), hour(2))).await;
    assert_eq!(page.items.iter().map(|entry| entry.at).collect::<Vec<_>>(), [hour(1); 2]);
    let page = fetch(&client, &format!("?code=logged-in&from={}", hour(1))).await;
    assert_eq!(page.items.len(), 3);
    let one_by_one = all(&client, &format!("limit=1&code=logged-in&to={}", hour(3)), || {}).await;
    assert_eq!(one_by_one.len(), 3);
}

#[tokio::test]
async fn a_history_is_its_residents_alone_and_needs_the_authority() {
    let house = House::new().await;
    let (hanako, taro) =
        (house.person("印籠　花子", Medium::Phone), house.person("印籠　太郎", Medium::Phone));
    house.role_api.happened(&hanako.subject, house.now(), "certificate-issued");
    house.log_in(&hanako).await;
    let client = house.resident(&house.log_in(&taro).await);
    assert_eq!(codes(&fetch(&client, "").await.items), ["logged-in"]);
    house.role_api.set_down(true);
    assert_eq!(code(client.get("/history").bytes().await), "service-unavailable");
    house.role_api.set_down(false);
    let position = serde_json::json!({
        "until": house.now().to_string(), "own": u64::MAX, "page": "x", "told": u32::MAX,
    });
    let within = Cursor::after(&position).unwrap();
    for cursor in ["x", "bnVsbA", "e30", within.as_str()] {
        let wrong = client.get(&format!("/history?cursor={cursor}")).bytes().await;
        assert_eq!(code(wrong), "bad-request", "{cursor}");
    }
}

#[tokio::test]
async fn every_entry_and_notice_has_its_words_and_no_attribute_value() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (token, _) = house.apply(&person).await;
    let client = house.resident(&token);
    for entry in fetch(&client, "").await.items {
        let code = format!("history.{}", entry.code);
        let params = entry.params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for language in Language::ALL {
            let words = text(&code).in_language(language).with_all(params.clone());
            let said = words.render(Form::Plain);
            assert!(text(&code).exists() && !said.contains('{'), "{said}");
        }
        assert!(text(&format!("actor.{}", entry.actor)).exists());
        let all: String = entry.params.values().cloned().collect();
        assert!(!all.contains("花子") && !all.contains("清瀬"));
    }
    let notices: inrou_api::wire::authority::Notices =
        client.get("/notices").answer().await.unwrap();
    for notice in notices.notices {
        let words = inrou_words::notice(&notice.code).unwrap();
        let names: Vec<_> = words.parameters().iter().map(|one| one.name.as_str()).collect();
        assert_eq!(notice.params.keys().map(String::as_str).collect::<Vec<_>>(), names);
    }
}
