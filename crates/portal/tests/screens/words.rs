//! What every page says: in each language, and in easy Japanese with a reading for each kanji.

use inrou_api::wire::authority::ConsentState;
use inrou_rules::Medium;
use inrou_web::testing::bare_kanji;

use crate::browser::{Browser, Page};
use crate::consents::{BANK, SHOP, gives_consents};
use crate::support::{House, MOVING_OUT};

/// Every page of portal and office, in a language.
async fn pages(language: &str) -> Vec<Page> {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::portal(&house).speaking(language);
    let mut clerk = Browser::office(&house).speaking(language);
    let mut pages = vec![clerk.get("/sign-in").await];
    for path in ["/portal", "/portal/login", "/portal/login?to=/portal/own", "/portal/nothing"] {
        pages.push(browser.get(path).await);
    }
    let key = pages[2].hidden("key");
    pages.push(browser.submit("/portal/login", &[("key", &key)]).await);
    house.refuse(&pages.last().unwrap().transaction()).await;
    pages.push(browser.get("/portal/login/wait").await);
    pages.push(browser.log_in(&house, &person).await);
    Browser::portal(&house).log_in(&house, &person).await;
    for path in [
        "/portal/apply",
        "/portal/apply/moving-out",
        "/portal/apply/child-allowance",
        "/portal/applications",
        "/portal/notices",
        "/portal/sessions",
        "/portal/consents",
        "/portal/own",
        "/portal/own/medicines",
        "/portal/own/checkups",
        "/portal/own/mother-and-child",
    ] {
        pages.push(browser.get(path).await);
    }
    gives_consents(&house, &person);
    house.role_api.set_consent_state(SHOP, ConsentState::Expired);
    let (bank, shop) = (format!("/portal/consents/{BANK}"), format!("/portal/consents/{SHOP}"));
    for path in ["/portal/consents", &bank, &shop] {
        pages.push(browser.get(path).await);
    }
    pages.push(browser.submit(&format!("{bank}/withdrawal"), &[]).await);
    let child = [
        ("child_name", "こども"),
        ("child_birth_date", "2024-05-06"),
        ("child_living", "apart"),
        ("bank", "A"),
        ("account", "1234567"),
        ("act", "review"),
    ];
    pages.push(browser.post("/portal/apply/child-allowance", &child).await);
    pages.push(browser.post("/portal/apply/child-allowance", &[("act", "review")]).await);
    pages.push(browser.post("/portal/apply/moving-out", &[("act", "review")]).await);
    let form: Vec<_> = MOVING_OUT.iter().copied().chain([("act", "review")]).collect();
    pages.push(browser.post("/portal/apply/moving-out", &form).await);

    let mut applications = Vec::new();
    for _ in 0..3 {
        let key = browser.post("/portal/apply/moving-out", &form).await.hidden("key");
        let send = [("act", "send"), ("key", key.as_str())];
        let fields: Vec<_> = MOVING_OUT.iter().copied().chain(send).collect();
        let signs = browser.submit("/portal/apply/moving-out", &fields).await;
        let path = signs.waits().split("/news").next().unwrap().to_owned();
        applications.push((path, signs.transaction()));
        pages.push(signs);
    }
    let (refused, refusal) = &applications[0];
    house.refuse(refusal).await;
    pages.push(browser.get(refused).await);
    for (path, transaction) in &applications[1..] {
        house.approve(&person, transaction).await;
        pages.push(browser.get(path).await);
    }
    pages.push(clerk.submit("/sign-in", &[("municipality", "13221")]).await);
    for ((path, _), (decision, reason)) in
        applications[1..].iter().zip([("accept", ""), ("return", "よく みてください")])
    {
        let file = format!("/applications/{}", path.rsplit('/').next().unwrap());
        let shown = clerk.get(&file).await;
        let key = shown.hidden("key");
        pages.push(shown);
        pages.push(clerk.post(&format!("{file}/return"), &[("key", &key)]).await);
        let fields = [("key", key.as_str()), ("reason", reason)];
        pages.push(clerk.submit(&format!("{file}/{decision}"), &fields).await);
        pages.push(browser.get(path).await);
    }
    for path in ["/portal/notices", "/portal/history", "/portal/history?from=x", "/portal"] {
        pages.push(browser.get(path).await);
    }
    pages.push(browser.get("/portal/applications").await);
    pages.push(clerk.get("/?").await);
    pages.push(browser.submit("/portal/logout", &[]).await);
    pages
}

#[tokio::test]
async fn help_2_no_page_of_easy_japanese_has_a_kanji_without_its_reading() {
    for page in pages("ja-easy").await {
        let bare = bare_kanji(&page.body);
        assert!(bare.is_empty(), "{}: {bare:?}", page.between("<h1>", "</h1>"));
    }
}

#[tokio::test]
async fn every_text_of_every_page_exists_in_every_language() {
    for language in ["ja", "ja-easy", "en"] {
        for page in pages(language).await {
            assert!(page.has("<html lang=\""), "{}", page.body);
            // What has no text shows as its code, and a value that was not given in its braces.
            let texts = page.body.split('<').filter_map(|part| part.split_once('>'));
            for (_, text) in texts {
                let is_code = |word: &str| {
                    let code = word.split_once('.');
                    let plain = |part: &str| {
                        !part.is_empty()
                            && part.bytes().all(|c| c.is_ascii_lowercase() || c == b'-')
                    };
                    code.is_some_and(|(family, name)| plain(family) && plain(name))
                };
                assert!(!text.split_whitespace().any(is_code), "{language}: {text}");
                assert!(!text.contains(['{', '}']), "{language}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn help_1_every_page_has_the_real_services_numbers_and_dials_none() {
    for language in ["ja", "ja-easy", "en"] {
        for page in pages(language).await {
            let help = page.between("<footer>", "</footer>");
            for number in [
                "0120-95-0178",
                "050-3818-1250",
                "0570-783-578",
                "0120-0178-27",
                "0120-0178-26",
                "0120-601-785",
                "https://www.kojinbango-card.go.jp/otoiawase/",
            ] {
                assert!(help.contains(number), "{language}: {number}");
            }
            assert!(!page.body.contains("tel:"), "{language}");
        }
    }
}
